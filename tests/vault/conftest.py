"""Fixtures of the vault's tests."""

import pytest

from tests.vault.stand import Stand
from troth.storage import Database


@pytest.fixture
def stand(database: Database, keystore: Database) -> Stand:
    """A vault on each engine in turn."""
    return Stand(database, keystore)
