"""A company with a console, on each engine."""

from datetime import timedelta
from pathlib import Path

import pytest
from pyotp import TOTP

from tests.gate.conftest import Company
from tests.support.policies import any_serial
from troth.accounts import Passwords
from troth.gate import Outcome
from troth.kernel import SettableClock
from troth.staff import Codes, Limits, Roster, Staff, Working
from troth.storage import Database

PASSWORD = "correct horse battery staple"


class House(Company):
    """A company whose people sign in at the console."""

    def __init__(self, database: Database, keystore: Database, clock: SettableClock, folder: Path) -> None:
        super().__init__(database, keystore, clock, folder)
        self.codes = Codes(b"s" * 32)
        self.roster = Roster(
            database=database, policy=self.gate.policy, clock=clock, codes=self.codes, passwords=Passwords()
        )
        self.desk = Staff(
            database=database,
            perform=self.gate.perform_along,
            actor=self.gate.actor,
            policy=self.gate.policy,
            clock=clock,
            codes=self.codes,
            passwords=Passwords(),
            limits=Limits(timedelta(minutes=30), timedelta(hours=10)),
        )
        self._seeds: dict[str, str] = {}

    def hire(self, name: str = "ann.example", role: str = "staff.privacy") -> list[str]:
        """Add somebody who uses the invitation; gives their recovery codes."""
        _, token = self.roster.add(name=name, title=name.title(), role=role)
        _, self._seeds[name] = self.roster.invited(token)
        return self.roster.enrol(token, PASSWORD, self.code(name))

    def code(self, name: str = "ann.example") -> str:
        """The code that somebody's authenticator shows now."""
        return TOTP(self.codes.shared(self._seeds[name])).at(self.clock.now())

    def act_with(self, key: str) -> Outcome:
        """Begin to work with a key, which every member of staff may while it is good."""
        purpose = "essential.service.staff_desk"
        return self.act("instruct", "", purpose, key=key, order="begin-work")

    def at_work(self, name: str = "ann.example") -> Working:
        """Somebody who signs in, half a minute later, because a code counts once."""
        self.clock.advance(timedelta(seconds=30))
        who = self.desk.working(self.desk.sign_in(name, PASSWORD, self.code(name), "Firefox on Linux"))
        assert who is not None
        return who


@pytest.fixture
def house(database: Database, keystore: Database, clock: SettableClock, tmp_path: Path) -> House:
    """A company with the reference policy in force."""
    made = House(database, keystore, clock, tmp_path)
    made.publish(any_serial())
    return made
