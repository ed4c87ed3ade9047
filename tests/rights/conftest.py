"""A company whose requests and disputes have clocks, on each engine."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.gate.conftest import RIGHTS, Company
from tests.support.policies import any_serial
from troth.gate import VERIFY, Outcome
from troth.gate.proofs import issue_proof
from troth.gate.sessions import open_session
from troth.kernel import SettableClock, micros
from troth.rights import FOLLOWER, MatterRow, Rights
from troth.storage import Database

DISPUTE = "essential.service.dispute"


BEGIN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def begin_again(clock: SettableClock) -> None:
    """Set the clock back to where it began: the same steps then end alike, in whatever month and on whatever weekday those before ended.

    Hypothesis takes a machine whose steps end otherwise the next time for broken.
    """
    clock.set(BEGIN)


class Desk(Company):
    """A privacy desk: people write in, staff handle what they wrote."""

    def __init__(self, database: Database, keystore: Database, clock: SettableClock, folder: Path) -> None:
        super().__init__(database, keystore, clock, folder, FOLLOWER)
        self.rights = Rights(
            database=database,
            perform=self.gate.perform_along,
            actor=self.gate.actor,
            policy=self.gate.policy,
            clock=clock,
        )

    def write(
        self,
        kind: str = "access",
        email: str = "ann@example.com",
        point: str = "privacy-request",
        **more: Any,
    ) -> Outcome:
        """Somebody sends a form."""
        declared = self.gate.policy().points[point]
        values = {"request_text": "Please.", "email": email} | ({"request_kind": kind} if kind else {})
        values = {name: value for name, value in values.items() if name in declared.fields and value}
        outcome = self.act(
            "collect", "service.collection", declared.purposes[0], channel="web", point=point,
            notice=str(declared.notice), values=values, **more,
        )  # fmt: skip
        assert outcome.permitted, outcome
        return outcome

    def vouched(self, kind: str = "access", email: str = "ann@example.com") -> Outcome:
        """Staff note what somebody asked for by telephone, and answer for knowing who it was."""
        outcome = self.act(
            "collect", "staff.privacy", RIGHTS, channel="phone", point="privacy-request", notice="request-notice",
            values={"request_text": "By telephone.", "email": email, "request_kind": kind}, key=self.staff(),
        )  # fmt: skip
        assert outcome.permitted, outcome
        return outcome

    def secret(self, person: str) -> str:
        """What the link in a mail to somebody carries, made for this use alone."""
        with self.database.transaction() as tx:
            return issue_proof(tx, person, VERIFY, micros(self.clock.now()))

    def prove(self, case: str) -> MatterRow:
        """Somebody presses the button behind the link in the mail."""
        row = self.rights.matter(case).matter
        web = self.key("service.web")
        return self.rights.verify(web, case, self.secret(row.person))

    def session(self, person: str) -> str:
        """A key in which somebody is signed in, freshly."""
        with self.database.transaction() as tx:
            return open_session(tx, person, micros(self.clock.now()))

    def staff(self, role: str = "staff.privacy") -> str:
        """A key of a role for requests and disputes; another one at each call."""
        from troth.gate import issue_key

        with self.database.transaction() as tx:
            key, _ = issue_key(
                tx, name=role, role=role, purposes=(RIGHTS, DISPUTE), cases=("*",), now=self.clock.now()
            )
        return key


@pytest.fixture
def desk(database: Database, keystore: Database, clock: SettableClock, tmp_path: Path) -> Desk:
    """A privacy desk with the reference policy in force."""
    made = Desk(database, keystore, clock, tmp_path)
    made.publish(any_serial())
    return made
