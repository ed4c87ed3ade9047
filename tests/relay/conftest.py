"""Two users of a folder, in process, on each engine."""

import email.policy
from email import message_from_bytes
from email.message import EmailMessage
from typing import NamedTuple

import pytest

from tests.web import conftest as web_conftest
from tests.web.conftest import Web
from troth.bootstrap import Troth
from troth.relay import Relays

engine_served = web_conftest.engine_web


class User(NamedTuple):
    """Somebody with an account."""

    key: str
    person: str
    address: str


class Two(NamedTuple):
    """Ann and Ben, who both switched the relay on.

    Args:
        web: The folder as served.
        ann: One.
        ben: The other.
    """

    web: Web
    ann: User
    ben: User

    @property
    def troth(self) -> Troth:
        """The folder."""
        return self.web.troth

    @property
    def relays(self) -> Relays:
        """The relay."""
        return self.troth.relays

    def run(self) -> None:
        """Do what is due."""
        self.troth.background.run_due()

    def mails(self, user: User) -> list[EmailMessage]:
        """What came to a mailbox by the relay, oldest first."""
        files = sorted((self.troth.folder / "mail").glob(f"{user.person}.*.eml"))
        found = [message_from_bytes(one.read_bytes(), policy=email.policy.default) for one in files]
        return [mail for mail in found if str(mail["From"]).startswith('"A user of')]

    def mail_in(self, alias: str, sender: str, text: str = "An answer", *more: str) -> None:
        """A mail to an alias is taken in and handled."""
        head = "".join(f"{one}\r\n" for one in (f"From: {sender}", "Subject: Re", *more))
        self.troth.inbox.keep(sender, [alias], f"{head}\r\n{text}\r\n".encode())
        self.run()

    def alias(self, user: User) -> str:
        """The address that the newest mail of somebody came from."""
        return str(self.mails(user)[-1]["From"].addresses[0].addr_spec)


def made(web: Web, number: int) -> User:
    """Somebody who registered a product and is signed in."""
    address = f"person{number}@example.com"
    assert web.register(address, f"SN-{number}").status_code == 201
    key = web.troth.issue_key(name="desk", role="staff.support", purposes=["essential"], cases=["*"])[0]
    found = web.post("/v1/cases", {"type": "ticket", "purpose": "essential.service.operations.support",
                                   "identify": {"email": address}}, key)  # fmt: skip
    person = found.json()["person"]
    return User(web.troth.accounts.open_session(person=person), person, address)


@pytest.fixture
def two(engine_served: Web) -> Two:
    """Ann and Ben on each engine."""
    users = made(engine_served, 1), made(engine_served, 2)
    for user in users:
        engine_served.troth.relays.switch(user.key, user.person, on=True)
    return Two(engine_served, *users)
