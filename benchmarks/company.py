"""A made company: a Troth folder with the reference policy, keys and made people."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import troth
from troth import Ask, Outcome

REGISTER = "essential.service.product_registration"
SUPPORT = "essential.service.operations.support"
RIGHTS = "essential.service.rights_request"
_BATCH = 200


class Company:
    """A Troth folder with made people in it, each with an open ticket unless there shall be none.

    Args:
        folder: Where to make it.
        people: How many people.
        database_url: A postgresql:// URL for the data; empty for SQLite.
        keystore_url: The same for the key store.
        tickets: Whether they have one; without, very many people are made in less than half the time.
        more: Gives further values that somebody registers with, by number.
    """

    def __init__(
        self,
        folder: Path,
        people: int,
        database_url: str = "",
        keystore_url: str = "",
        *,
        tickets: bool = True,
        more: Callable[[int], dict[str, Any]] = lambda _: {},
    ) -> None:
        self.folder = folder
        self._more = more
        self._with_tickets = tickets
        made = troth.init_folder(
            folder, policy=any_serial(folder), database_url=database_url, keystore_url=keystore_url
        )
        self.troth = troth.open(folder)
        self.privacy_key = made.admin_key
        self.site_key, _ = self.troth.issue_key(
            name="site", role="service.collection", purposes=["essential.service"]
        )
        self.support_key, _ = self.troth.issue_key(
            name="support", role="staff.support", purposes=[SUPPORT], cases=["ticket"]
        )
        self.notice = str(self.troth.policy().points["product-registration"].notice)
        self.people: list[str] = []
        self.tickets: list[str] = []
        self.grow(people)

    def grow(self, people: int) -> None:
        """Add people until there are so many."""
        while len(self.people) < people:
            first = len(self.people)
            numbers = range(first, min(first + _BATCH, people))
            outcomes = done(self.troth.perform([self.registration(number) for number in numbers]))
            fresh = [outcome.person for outcome in outcomes]
            self.people += fresh
            if self._with_tickets:
                opened = done(self.troth.perform([self.opening(who) for who in fresh]))
                self.tickets += [outcome.case for outcome in opened]
        self.troth.flush_ledger()

    def registration(self, number: int) -> Ask:
        """A made person registers a product."""
        values = {
            "name": f"Person {number}",
            "email": f"person{number}@example.com",
            "product": "sensor",
            "serial": f"SN-{number:08d}",
            **self._more(number),
        }
        return self._collect(values)

    def update(self, number: int, value: str) -> Ask:
        """One sealed field of a person is written anew."""
        return self._collect({"product": value}, person=self.people[number % len(self.people)])

    def opening(self, person: str) -> Ask:
        """A ticket about a person is opened."""
        return Ask(
            act="instruct",
            order="open-case",
            case_type="ticket",
            purpose=SUPPORT,
            key=self.support_key,
            person=person,
        )

    def read(self, number: int) -> Ask:
        """Support reads one sealed field of a person under the open ticket."""
        number %= len(self.people)
        return Ask(
            act="use",
            purpose=SUPPORT,
            key=self.support_key,
            person=self.people[number],
            fields=("email",),
            case=self.tickets[number],
        )

    def _collect(self, values: dict[str, Any], person: str = "") -> Ask:
        return Ask(
            act="collect",
            purpose=REGISTER,
            key=self.site_key,
            person=person,
            values=values,
            channel="web",
            point="product-registration",
            notice=self.notice,
            age_passed=True,
        )


def any_serial(folder: Path) -> Path:
    """The reference policy, but products can be registered by serial numbers that were never issued."""
    reference = Path(__file__).resolve().parents[1] / "policies" / "software-vendor" / "policy.md"
    file = folder.parent / "any-serial.md"
    issued = "refers: {serial: issued_serial}\nowns: {product: product, version: product_version}\n"
    file.write_text(reference.read_text().replace(issued, ""))
    return file


def done(outcomes: list[Outcome]) -> list[Outcome]:
    """The outcomes, all of which must be permitted.

    Raises:
        RuntimeError: One was not; a benchmark of refusals would measure nothing.
    """
    for outcome in outcomes:
        if not outcome.permitted:
            raise RuntimeError(f"an act of the benchmark was refused: {outcome}")
    return outcomes


@contextmanager
def company(
    people: int, place: Path, *, tickets: bool = True, more: Callable[[int], dict[str, Any]] = lambda _: {}
) -> Iterator[Company]:
    """A company that is gone after the block."""
    folder = Path(tempfile.mkdtemp(prefix="troth-bench-", dir=place))
    made = Company(folder / "data", people, tickets=tickets, more=more)
    try:
        yield made
    finally:
        made.troth.close()
        shutil.rmtree(folder)
