"""Signing in does the same work whether or not an address is known: the stores touched, and the hash that is slow."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from tests.support.policies import any_serial
from troth.accounts import Accounts, WrongCredentials
from troth.adapters import create_root_key_file, open_root_key
from troth.gate import Ask, Gate, add_draft, issue_key, post_version
from troth.kernel import SettableClock, micros
from troth.storage import Database, Lookup, Row, Transaction
from troth.vault import KeyRing, Vault, create_key_store

REGISTER = "essential.service.product_registration"
KNOWN, WITHOUT, NOBODY = "ann@example.com", "bob@example.com", "nobody@example.com"
PHRASE = "correct horse battery staple"


class Counting:
    """A database that counts its units of work, and does everything else as it is.

    Args:
        inner: The database.
        name: What it is counted as.
        counts: Where.
    """

    def __init__(self, inner: Database, name: str, counts: Counter[str]) -> None:
        self._inner, self._name, self._counts = inner, name, counts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A write, counted."""
        self._counts[f"write {self._name}"] += 1
        with self._inner.transaction() as tx:
            yield tx

    @contextmanager
    def snapshot(self) -> Iterator[Transaction]:
        """A read, counted."""
        self._counts[f"read {self._name}"] += 1
        with self._inner.snapshot() as tx:
            yield tx

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A read, counted."""
        self._counts[f"read {self._name}"] += 1
        with self._inner.reading() as tx:
            yield tx

    def lookup(self, lookup: Lookup, keys: Sequence[Row]) -> dict[Row, Row]:
        """A read by itself, counted."""
        self._counts[f"read {self._name}"] += 1
        return self._inner.lookup(lookup, keys)

    def lookup_all(self, lookup: Lookup, keys: Sequence[Row]) -> dict[Row, list[Row]]:
        """A read by itself, counted."""
        self._counts[f"read {self._name}"] += 1
        return self._inner.lookup_all(lookup, keys)


@pytest.fixture
def counts() -> Counter[str]:
    """How often each kind of work was done."""
    return Counter()


@pytest.fixture
def accounts(
    database: Database, keystore: Database, clock: SettableClock, tmp_path: Path, counts: Counter[str]
) -> Accounts:
    """Accounts over counted stores; Ann has a password, Bob has none."""
    create_root_key_file(tmp_path / "root.key")
    root = open_root_key("file:root.key", tmp_path)
    create_key_store(keystore, root, micros(clock.now()))
    vault = Vault(KeyRing(Counting(keystore, "keys", counts), root))
    gate = Gate(Counting(database, "data", counts), vault, clock)
    with database.transaction() as tx:
        post_version(tx, add_draft(tx, any_serial(), clock.now()).sha256, clock.now())
        key = {
            role: issue_key(tx, name=role, role=role, purposes=["*"], cases=["*"], now=clock.now())[0]
            for role in ("service.web", "service.collection")
        }
    found = Accounts(
        perform=gate.perform, policy=gate.policy, key=lambda: key["service.web"], closing=lambda _, __: True
    )
    for number, address in enumerate((KNOWN, WITHOUT)):
        person = _register(gate, key["service.collection"], address, f"SN-{number}")
        if address == KNOWN:
            found.set_password(found.open_session(person=person), person, PHRASE)
    return found


def _register(gate: Gate, key: str, address: str, serial: str) -> str:
    values = {"name": "Somebody", "email": address, "product": "sensor", "serial": serial}
    point = gate.policy().points["product-registration"]
    more: Mapping[str, Any] = {"point": point.name, "notice": str(point.notice), "channel": "web"}
    ask = Ask(act="collect", purpose=REGISTER, key=key, values=values, age_passed=True, **more)
    (outcome,) = gate.perform([ask])
    assert outcome.permitted, outcome
    return outcome.person


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch, counts: Counter[str]) -> None:
    """Each comparison with a slow hash is counted, and done."""
    for name in ("verify", "hash"):
        monkeypatch.setattr(PasswordHasher, name, _counted(getattr(PasswordHasher, name), name, counts))


def _counted(real: Callable[..., Any], name: str, counts: Counter[str]) -> Callable[..., Any]:
    def counting(*given: Any, **named: Any) -> Any:
        counts[f"argon2 {name}"] += 1
        return real(*given, **named)

    return counting


@pytest.mark.usefixtures("verified")
def test_wrong_password_takes_the_same_work(accounts: Accounts, counts: Counter[str]) -> None:
    """Somebody with a password, somebody without one, and nobody at all: one slow hash, and as many visits of each store."""
    done = []
    for address in (NOBODY, KNOWN, WITHOUT, NOBODY):
        counts.clear()
        with pytest.raises(WrongCredentials):
            accounts.sign_in_by_password(address, "wrong" * 4)
        done.append(dict(counts))
    assert done[0]["argon2 verify"] == 1
    assert "argon2 hash" not in done[0]
    assert done[0]["read keys"] > 0
    assert done == [done[0]] * 4


@pytest.mark.usefixtures("verified")
def test_asking_for_a_link_takes_the_same_work(accounts: Accounts, counts: Counter[str]) -> None:
    """Whoever has the address."""
    done = []
    for address in (NOBODY, KNOWN):
        counts.clear()
        accounts.ask_link(address)
        done.append(dict(counts))
    assert done[0] == done[1]
