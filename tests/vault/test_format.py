"""The format as docs/vault.md describes it, read by a second implementation that shares nothing with the vault."""

import hashlib
import hmac
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select

import troth.vault
from tests.vault.stand import POLICY, MemoryRoot, Stand
from troth.kernel import TrothError
from troth.storage import Statement
from troth.vault.tables import identifier, person_key, sealed_field, store_key

JANE = "1" * 32
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "vault.md").read_text(encoding="utf-8")


class Glass(MemoryRoot):
    """A root key whose secret the test knows."""

    def secret(self) -> bytes:
        """The key."""
        return self._secret


def _opened(key: bytes, wrapped: bytes, context: str) -> bytes:
    return AESGCM(key).decrypt(wrapped[:12], wrapped[12:], context.encode())


def _derived(secret: bytes, label: str) -> bytes:
    taken = hmac.digest(bytes(32), secret, hashlib.sha256)
    return hmac.digest(taken, f"troth.{label}".encode() + b"\x01", hashlib.sha256)


def _rows(stand: Stand, table: Any, *, keys: bool = False) -> list[dict[str, Any]]:
    names = [column.name for column in table.columns]
    with (stand.keystore if keys else stand.data).snapshot() as tx:
        return [dict(zip(names, row, strict=True)) for row in tx.rows(Statement(select(table)))]


@pytest.fixture
def stand(database: Any, keystore: Any) -> Stand:
    """A vault under a root key that the test knows, with Jane."""
    root = Glass("memory:glass")
    troth.vault.create_key_store(keystore, root, 1)
    made = Stand(database, keystore, root)
    made.add(JANE, email="jane@example.com")
    return made


def test_the_page_is_enough_to_read_everything(stand: Stand) -> None:
    """From the root key down to the value, every step is as the page says."""
    assert isinstance(stand.root, Glass)
    stores = {
        row["use"]: _opened(
            stand.root.secret(), row["wrapped"], f"troth.store-key|{row['key_no']}|{row['use']}"
        )
        for row in _rows(stand, store_key, keys=True)
    }
    (wrapped,) = _rows(stand, person_key, keys=True)
    assert len(wrapped["wrapped"]) == 60
    key = _opened(stores["person"], wrapped["wrapped"], f"troth.person-key|32|{JANE}|contact|1")
    (row,) = _rows(stand, sealed_field)
    sealed = bytes(row["sealed"])
    place = f"troth.field.1|32.5|{JANE}|email|{POLICY}|1"
    value = AESGCM(key).decrypt(sealed[1:13], sealed[37:], sealed[:37] + place.encode())
    assert (sealed[0], value) == (1, b'"jane@example.com"')

    def mark(what: bytes) -> bytes:
        marking = _derived(stores["index"], "marks")
        return hashlib.blake2b(sealed[1:13] + what, digest_size=6, key=marking).digest()

    assert sealed[19:25] == mark(b"p|" + JANE.encode())
    assert sealed[25:31] == mark(b"f|email")
    assert sealed[31:37] == mark(f"v|{POLICY}|1".encode())
    assert sealed[13:19] == mark(b"m|" + sealed[19:37])
    (found,) = _rows(stand, identifier)
    blind = hmac.digest(_derived(stores["index"], "blind.email"), b"jane@example.com", hashlib.sha256)
    assert bytes(found["blind"]) == blind


def test_the_page_names_every_error_and_table() -> None:
    """Each way in which the vault refuses, and each of its tables, stands on the page."""
    for name in troth.vault.__all__:
        thing = getattr(troth.vault, name)
        if isinstance(thing, type) and issubclass(thing, TrothError) and thing.status != 403:
            assert f"`{name}`" in PAGE, name
    for table in ("person", "identifier", "sealed_field", "preference", "suppression", "erasure", "key_run"):
        assert f"`{table}`" in PAGE
