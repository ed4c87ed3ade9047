"""A small company with the reference policy in force, on each engine."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.policies import any_serial
from troth.adapters import create_root_key_file, open_root_key
from troth.gate import Ask, Follower, Gate, Outcome, add_draft, issue_key, post_version
from troth.kernel import SettableClock, micros
from troth.ledger import Entry, decode_entry
from troth.policy import Policy, kept_policy
from troth.storage import Database, Statement
from troth.vault import KeyRing, Vault, create_key_store

ACCOUNT = "essential.service.account"
REGISTER = "essential.service.product_registration"
SUPPORT = "essential.service.operations.support"
RIGHTS = "essential.service.rights_request"
FULFIL = "essential.service.fulfil_order"


class Company:
    """A gate over empty stores, with a key for each role that a test asks for."""

    def __init__(
        self,
        database: Database,
        keystore: Database,
        clock: SettableClock,
        folder: Path,
        follow: Follower | None = None,
    ) -> None:
        create_root_key_file(folder / "root.key")
        root = open_root_key("file:root.key", folder)
        create_key_store(keystore, root, micros(clock.now()))
        self.database, self.keystore, self.clock = database, keystore, clock
        self.vault = Vault(KeyRing(keystore, root))
        self.gate = Gate(database, self.vault, clock, messages=("case-news",), follow=follow)
        self._keys: dict[str, str] = {}

    def publish(self, text: bytes) -> Policy:
        """Post a policy version."""
        with self.database.transaction() as tx:
            policy = add_draft(tx, text, self.clock.now())
            post_version(tx, policy.sha256, self.clock.now())
        return policy

    def key(self, role: str, purposes: Sequence[str] = ("*",), cases: Sequence[str] = ("*",)) -> str:
        """An API key of a role."""
        name = f"{role}|{purposes}|{cases}"
        if name not in self._keys:
            with self.database.transaction() as tx:
                self._keys[name], _ = issue_key(
                    tx, name=role, role=role, purposes=purposes, cases=cases, now=self.clock.now()
                )
        return self._keys[name]

    def act(self, act: str, role: str, purpose: str, **more: Any) -> Outcome:
        """Perform one act as a role."""
        return self.gate.perform([self.ask(act, role, purpose, **more)])[0]

    def ask(self, act: str, role: str, purpose: str, **more: Any) -> Ask:
        """An ask with the role's key."""
        key = more.pop("key", None) or self.key(role)
        return Ask(act=act, purpose=purpose, key=key, **more)

    def registration(self, number: int = 1, **values: Any) -> Ask:
        """A made person registers a product."""
        point = self.gate.policy().points["product-registration"]
        given = {
            "name": f"Person {number}",
            "email": f"person{number}@example.com",
            "product": "sensor",
            "serial": f"SN-{number:04d}",
        }
        return self.ask(
            "collect",
            "service.collection",
            REGISTER,
            values={**given, **values},
            channel="web",
            point="product-registration",
            notice=str(point.notice),
            age_passed=True,
        )

    def register(self, number: int = 1, **values: Any) -> str:
        """Register a made person and give the handle."""
        outcome = self.gate.perform([self.registration(number, **values)])[0]
        assert outcome.permitted, outcome
        return outcome.person

    def open_case(self, case_type: str, role: str, purpose: str, person: str) -> str:
        """Open a case about a person and give its id."""
        outcome = self.act("instruct", role, purpose, order="open-case", case_type=case_type, person=person)
        assert outcome.permitted, outcome
        return outcome.case

    def entries(self) -> list[Entry]:
        """Every entry staged in the ledger, oldest first."""
        from sqlalchemy import select

        from troth.ledger.tables import ledger_staged

        every = Statement(select(ledger_staged.c.body).order_by(ledger_staged.c.entry_id))
        with self.database.snapshot() as tx:
            return [decode_entry(bytes(row[0])) for row in tx.rows(every)]

    def count(self, table: Any) -> int:
        """Rows of a table of the data database."""
        from sqlalchemy import func, select

        with self.database.snapshot() as tx:
            row = tx.row(Statement(select(func.count()).select_from(table)))
        return int(row[0]) if row else 0


@pytest.fixture(scope="session")
def reference_text() -> bytes:
    """The reference policy's bytes; products are registered by any serial."""
    return any_serial()


@pytest.fixture(scope="session")
def reference(reference_text: bytes) -> Policy:
    """The reference policy, compiled."""
    return kept_policy(reference_text)


@pytest.fixture
def company(
    database: Database, keystore: Database, clock: SettableClock, tmp_path: Path, reference_text: bytes
) -> Company:
    """A company with the reference policy in force."""
    made = Company(database, keystore, clock, tmp_path)
    made.publish(reference_text)
    return made
