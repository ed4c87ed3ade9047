"""A running Troth in this process, whose clock stands, and people who ask it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import troth
from tests.connectors.shop import ADA
from tests.support.folders import made_folder
from troth.bootstrap import Troth
from troth.gate import Ask
from troth.kernel import SettableClock
from troth.rights import Told

RIGHTS = "essential.service.rights_request"


@contextmanager
def running(folder: Path, clock: SettableClock, policy: Path | None = None) -> Iterator["Office"]:
    """Open a data folder, made when it is not there."""
    if not folder.exists():
        made_folder(folder, clock, policy)
    with troth.open(folder, clock=clock, sequencer=False) as opened:
        yield Office(opened, clock)


class Office:
    """People write in, and staff say that it is proven who they are."""

    def __init__(self, opened: Troth, clock: SettableClock) -> None:
        self.troth = opened
        self.clock = clock
        self.staff, _ = opened.issue_key(
            name="staff", role="staff.privacy", purposes=[RIGHTS], cases=["request"]
        )
        self._form, _ = opened.issue_key(name="form", role="service.collection", purposes=["essential"])

    def ask(self, kind: str, email: str = ADA, **values: str) -> str:
        """Somebody asks; gives the case, verified and carried out as far as that goes."""
        case = self.write(kind, email, **values)
        self.troth.rights.verify(self.staff, case)
        self.go_on()
        self.go_on(hours=0.1)  # the last mail has left
        return case

    def know(self, email: str = ADA, **values: str) -> None:
        """Somebody writes in, and tells something of themselves."""
        point = self.troth.policy().points["support-contact"]
        told = {"email": email, "ticket_text": "It broke.", **values}
        ask = Ask(
            act="collect", purpose=point.purposes[0], key=self._form, channel="web", point=point.name,
            notice=str(point.notice), values=told, age_passed=True,
        )  # fmt: skip
        (outcome,) = self.troth.perform([ask])
        assert outcome.permitted, outcome

    def write(self, kind: str, email: str = ADA, **values: str) -> str:
        """Somebody asks; gives the case."""
        point = self.troth.policy().points["privacy-request"]
        values = {"request_text": "Please.", "email": email, "request_kind": kind, **values}
        ask = Ask(
            act="collect", purpose=point.purposes[0], key=self._form, channel="web", point=point.name,
            notice=str(point.notice), values=values,
        )  # fmt: skip
        (outcome,) = self.troth.perform([ask])
        assert outcome.permitted, outcome
        return outcome.case

    def go_on(self, hours: float = 0) -> None:
        """Let some time pass, and do what is due."""
        self.clock.advance(timedelta(hours=hours))
        self.troth.background.run_due()

    def told(self, case: str) -> Told:
        """A matter with its plan."""
        return self.troth.rights.matter(case)

    def items(self, case: str, store: str = "shop") -> dict[str, tuple[str, str]]:
        """State and note of a store's items, by target."""
        return {one.target: (one.state, one.note) for one in self.told(case).items if one.store == store}
