"""No password of a database stands in the settings file."""

import pytest

from troth.bootstrap.settings import (
    SETTINGS_FILE,
    DataSettings,
    KeySettings,
    Settings,
    read_settings,
    settings_text,
)
from troth.kernel import InvalidInput

URL = "postgresql://troth:zq-canary@127.0.0.1/data"


def test_password_is_left_to_the_variable(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A URL with a password is written as its variable's name, and read from the variable."""
    folder = tmp_path_factory.mktemp("data")
    text = settings_text(Settings(data=DataSettings(database=URL)))
    assert "zq-canary" not in text
    (folder / SETTINGS_FILE).write_text(text, encoding="utf-8")
    assert read_settings(folder, {"TROTH_DATABASE_URL": URL}).data.database == URL
    with pytest.raises(InvalidInput, match="TROTH_DATABASE_URL"):
        read_settings(folder, {})


def test_url_without_a_password_is_written() -> None:
    """A URL that holds no secret stands in the file."""
    url = "postgresql:///keys?host=/run/postgresql"
    assert url in settings_text(Settings(keys=KeySettings(keystore=url)))
