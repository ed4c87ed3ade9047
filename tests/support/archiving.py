"""A company with people in it, backed up, some of whom are erased since."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import troth
from tests.support.folders import made_folder
from tests.support.policies import any_serial_file
from troth.bootstrap import Troth, Wish, backup_folder, destroy_due_epochs
from troth.kernel import SettableClock

REGISTER, RIGHTS = "essential.service.product_registration", "essential.service.rights_request"
WEEK = timedelta(days=7)
FIELDS = ("name", "email", "product", "serial")


class Company:
    """A folder with people.

    Args:
        folder: Where its folder `data` and its backups are.
        people: How many register.
    """

    def __init__(self, folder: Path, people: int) -> None:
        self.folder, self.clock = folder, SettableClock(datetime(2027, 1, 4, 9, tzinfo=UTC))
        made = made_folder(folder / "data", self.clock, any_serial_file(folder))
        self.key = made.admin_key
        self.troth = self.open()
        self._site, _ = self.troth.issue_key(name="site", role="service.collection", purposes=[REGISTER])
        self._notice = str(self.troth.policy().points["product-registration"].notice)
        self.people: list[str] = []
        self.register(people)

    def open(self) -> Troth:
        """The folder, open."""
        return troth.open(self.folder / "data", clock=self.clock)

    def register(self, people: int) -> None:
        """Further people register."""
        first = len(self.people)
        outcomes = self.troth.perform(
            [
                troth.Ask(
                    act="collect",
                    purpose=REGISTER,
                    key=self._site,
                    values=dict(zip(FIELDS, (f"P {n}", f"p{n}@example.com", "s", f"S{n}"), strict=True)),
                    channel="web",
                    point="product-registration",
                    notice=self._notice,
                    age_passed=True,
                )
                for n in range(first, first + people)
            ]
        )
        self.people += [one.person for one in outcomes]

    def back_up(self, name: str) -> None:
        """Make a backup."""
        backup_folder(self.troth, self.folder / name, self.folder / f"{name}-keys")

    def wish(self, name: str, to: str) -> Wish:
        """To restore a backup beside the folder in use."""
        keys = self.folder / f"{name}-keys"
        return Wish(self.folder / name, keys, self.folder / to, present=self.folder / "data")

    def erase(self, who: str, *fields: str) -> None:
        """Erase somebody, or fields of theirs, on request."""
        case = self.case(self.troth, who)
        erasing = troth.Ask(act="erase", purpose=RIGHTS, key=self.key, person=who, case=case, fields=fields)
        assert self.troth.perform([erasing])[0].permitted

    def end_epochs(self) -> None:
        """Let the epoch keys end."""
        self.clock.advance(WEEK)
        destroy_due_epochs(self.troth)

    def case(self, running: Troth, who: str) -> str:
        """A request about somebody, opened in a folder; empty when nobody knows them."""
        ask = troth.Ask(
            act="instruct", order="open-case", case_type="request", purpose=RIGHTS, key=self.key, person=who
        )
        return running.perform([ask])[0].case

    def read(self, running: Troth, who: str) -> dict[str, str]:
        """What is read of somebody in a folder; nothing of whom nobody knows."""
        case = self.case(running, who)
        if not case:
            return {}
        ask = troth.Ask(act="use", purpose=RIGHTS, key=self.key, person=who, fields=FIELDS, case=case)
        return dict(running.perform([ask])[0].values)
