"""Where the stores of a fault test are."""

from collections.abc import Iterator

import pytest

from tests.support import postgres


@pytest.fixture
def on_postgres(
    pg_url: str, postgres_server: str, worker_name: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, str]]:
    """All folders made and opened meanwhile have their stores in two empty databases; gives the two names."""
    keys = f"{worker_name}_own_keys"
    postgres.create_database(postgres_server, keys)
    keys_url = postgres.renamed(postgres_server, keys)
    monkeypatch.setenv("TROTH_DATABASE_URL", pg_url)
    monkeypatch.setenv("TROTH_KEYSTORE_URL", keys_url)
    yield pg_url.partition("?")[0].rpartition("/")[2], keys
    postgres.drop_database(postgres_server, keys)
