"""A company that sends announcements: people who asked for them, somebody of marketing, and a message."""

import email
import email.policy
from email.message import EmailMessage
from typing import Any

from tests.support.process import ClockFile
from troth.bootstrap import Troth, compile_texts
from troth.campaigns import Campaign
from troth.gate import Ask
from troth.kernel import SettableClock, micros
from troth.outreach import read_message
from troth.vault import record_stance

EMAIL = "marketing.communications.email"
REGISTER = "essential.service.product_registration"
CANARY = "zq-canary-51d2"
TEXT = """---
name: spring-news
purpose: marketing.communications.email
channel: email
subject: News about the sensor
language: {language}
---
{{greeting}}

{words}: <https://www.example.com/sensor>
"""
PEOPLE = 14


class Marketing:
    """A company with people who asked for announcements, and somebody of marketing.

    Args:
        troth: Its folder, open.
        clock: Its clock.
        people: How many; all but one have the sensor.
    """

    def __init__(self, troth: Troth, clock: SettableClock | ClockFile, people: int = PEOPLE) -> None:
        self.size = people
        self.troth, self.clock = troth, clock
        self.key = troth.issue_key(
            name="m", role="staff.marketing", purposes=["marketing"], cases=["campaign"]
        )[0]
        self._collect = troth.issue_key(name="c", role="service.collection", purposes=["*"])[0]
        self.people = [self.register(number) for number in range(people)]
        texts = [
            TEXT.format(language="en", words="The sensor is out"),
            TEXT.format(language="de", words="Neu"),
        ]
        troth.messages.add(compile_texts(troth, [read_message(one) for one in texts]))

    def register(self, number: int) -> str:
        """Somebody registers a product and asks for announcements; gives the handle."""
        point = self.troth.policy().points["product-registration"]
        values = {
            "name": f"Ann {number}",
            "email": f"{CANARY}-{number}@example.com",
            "product": "server" if number == self.size - 1 else "sensor",
            "serial": f"SN-{number:04d}",
        }
        ask = Ask(
            act="collect",
            purpose=REGISTER,
            key=self._collect,
            values=values,
            channel="web",
            point=point.name,
            notice=str(point.notice),
            age_passed=True,
        )
        (outcome,) = self.troth.perform([ask])
        assert outcome.permitted, outcome
        self.say("consented", outcome.person)
        return outcome.person

    def say(self, stance: str, *people: str) -> None:
        """People say something about announcements."""
        with self.troth.database.transaction() as tx:
            for person in people:
                record_stance(tx, person, "marketing.communications", stance, micros(self.clock.now()))

    def draft(self, expression: str = 'product = "sensor"', **more: Any) -> Campaign:
        """A draft."""
        return self.troth.campaigns.draft(
            self.key,
            name="Spring",
            message="spring-news",
            expression=expression,
            **more,
        )

    def mails(self) -> list[EmailMessage]:
        """What lies in the mail folder."""
        found = sorted((self.troth.folder / "mail").glob("*.eml"))
        return [email.message_from_bytes(one.read_bytes(), policy=email.policy.default) for one in found]

    def run(self) -> int:
        """Do what is due."""
        return self.troth.campaign_runner.run_due()

    def counts(self, case: str) -> dict[str, int]:
        """Copies by state, where there are any."""
        found = self.troth.campaigns.progress(case).counts
        return {state: number for state, number in found.items() if number}
