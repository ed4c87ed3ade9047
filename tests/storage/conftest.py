"""A store of this folder's own, with one table for every kind of column and key."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.storage.shelf import shelves
from troth.storage import Database, create_all, open_database


@pytest.fixture
def store_url(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Path or URL of an empty place for a store, on each engine in turn."""
    if engine == "postgresql":
        url: str = request.getfixturevalue("pg_url")
        return url
    return str(tmp_path / "store.db")


@pytest.fixture
def store(store_url: str) -> Iterator[Database]:
    """An open store with the tables of `shelves`."""
    opened = open_database(store_url)
    create_all(opened, shelves)
    yield opened
    opened.close()
