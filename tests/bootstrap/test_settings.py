"""Settings are read strictly: a slip is refused with the name of the setting, and the environment may override places."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.bootstrap import Settings, read_settings
from troth.bootstrap.settings import (
    SETTINGS_FILE,
    DataSettings,
    KeySettings,
    LedgerSettings,
    WebSettings,
    served_at,
    settings_text,
)
from troth.kernel import InvalidInput, NotFound


def written(folder: Path, text: str) -> Path:
    """A folder with this text as its settings."""
    (folder / SETTINGS_FILE).write_text(text, encoding="utf-8")
    return folder


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    """Empty settings are the defaults."""
    assert read_settings(written(tmp_path, ""), {}) == Settings()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[web]\nprot = 80\n", "prot"),
        ("[weeb]\nport = 80\n", "weeb"),
        ('[web]\nport = "80"\n', "web.port"),
        ("web = 3\n", "web"),
        ("data = 3\n", "data"),
        ("[web\n", "line 1"),
        ("[web]\nport = 80\nport = 81\n", "line 3"),
    ],
)
@pytest.mark.parametrize("environment", [{}, {"TROTH_DATABASE_URL": "postgresql://db/troth"}])
def test_a_slip_is_named(tmp_path: Path, text: str, named: str, environment: dict[str, str]) -> None:
    """An unknown name, a wrong kind of value and bad TOML are refused; the message names file and place."""
    with pytest.raises(InvalidInput) as caught:
        read_settings(written(tmp_path, text), environment)
    assert named in caught.value.what
    assert str(tmp_path / SETTINGS_FILE) in caught.value.what
    assert caught.value.mend


def test_settings_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """A file that is not UTF-8 is refused in words."""
    (tmp_path / SETTINGS_FILE).write_bytes(b"[web]\nhost = '\xff'\n")
    with pytest.raises(InvalidInput) as caught:
        read_settings(tmp_path, {})
    assert "UTF-8" in caught.value.what


def test_a_folder_without_settings_is_no_folder_of_troth(tmp_path: Path) -> None:
    """The message says how to make one."""
    with pytest.raises(NotFound) as caught:
        read_settings(tmp_path, {})
    assert f"troth init {tmp_path}" in caught.value.mend


def test_environment_overrides_places(tmp_path: Path) -> None:
    """URLs with passwords come from the environment, over what the file says; an empty one overrides nothing."""
    written(tmp_path, '[data]\ndatabase = "other.db"\n[keys]\nroot = "file:r"\n')
    environment = {
        "TROTH_DATABASE_URL": "postgresql://a:b@db/one",
        "TROTH_KEYSTORE_URL": "postgresql://db/two",
    }
    settings = read_settings(tmp_path, environment)
    assert settings.data.database == "postgresql://a:b@db/one"
    assert settings.keys == KeySettings(keystore="postgresql://db/two", root="file:r")
    assert read_settings(tmp_path, {"TROTH_DATABASE_URL": ""}).data.database == "other.db"


def test_own_environment_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an environment given, the process's own counts."""
    monkeypatch.setenv("TROTH_DATABASE_URL", "postgresql://db/own")
    assert read_settings(written(tmp_path, "")).data.database == "postgresql://db/own"


def test_the_public_address_follows_environment_and_port(tmp_path: Path) -> None:
    """The variable overrides the file; an address that only repeats host and port follows the port that is served."""
    folder = written(tmp_path, "")
    assert (
        read_settings(folder, {"TROTH_PUBLIC_URL": "https://a.example"}).web.public_url == "https://a.example"
    )
    own = read_settings(folder, {})
    assert served_at(own, "127.0.0.1", 9000).web.public_url == "http://127.0.0.1:9000"
    named = Settings(web=WebSettings(public_url="https://privacy.example.com"))
    assert served_at(named, "127.0.0.1", 9000) == named


words = st.text(st.characters(codec="utf-8"), max_size=30)


@given(
    database=words,
    root=words,
    origin=words,
    interval=st.floats(0.001, 1e9),
    port=st.integers(1, 65_535),
)
def test_settings_survive_being_written(
    tmp_path_factory: pytest.TempPathFactory,
    database: str,
    root: str,
    origin: str,
    interval: float,
    port: int,
) -> None:
    """Whatever the settings are, the file made of them reads back the same."""
    settings = Settings(
        data=DataSettings(database=database),
        keys=KeySettings(root=root),
        ledger=LedgerSettings(origin=origin, interval=interval),
        web=WebSettings(port=port),
    )
    folder = written(tmp_path_factory.mktemp("settings"), settings_text(settings))
    assert read_settings(folder, {}) == settings
