"""A company that writes letters, with customers and a print house."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.gate.conftest import FULFIL, SUPPORT, Company
from troth.adapters import letter_pdf
from troth.outreach import (
    Channel,
    HandedLetters,
    House,
    LetterBatch,
    LetterOrder,
    LetterText,
    Outbox,
)

LETTERS = "essential.service.notifications.letter"
TEXT = LetterText(
    "About your order", "you ordered", "{greeting}\n\nHello *{name}*, [look]({contact_link}).\n"
)
ADDRESS = {"line1": "1 Way", "city": "Town", "region": "CA", "postal_code": "94403", "country": "US"}


class Stopped(Exception):
    """The process ends here."""


class Post:
    """A company with customers and a print house."""

    def __init__(self, company: Company, folder: Path) -> None:
        self.company, self.outbox, self.folder = company, Outbox(company.database, company.clock), folder
        self.set_letter: Any = letter_pdf
        self.desk = company.key("staff.support")

    def letters(self, **more: Any) -> HandedLetters:
        """What makes batches, as a process that starts has it."""
        company = self.company
        house = House(
            Channel("letter", "address", "", "letters.recipient"), self.folder, "", "https://www.example.com",
            self._set, None, lambda _, at: f"{at:%Y-%m-%d}", lambda text: company.vault.keys.blind("letter", text).hex(),
        )._replace(**more)  # fmt: skip
        return HandedLetters(
            database=company.database, perform_along=company.gate.perform_along, actor=company.gate.actor,
            policy=company.gate.policy, outbox=self.outbox, clock=company.clock, house=house,
        )  # fmt: skip

    def _set(self, document: Mapping[str, Any]) -> tuple[bytes, int]:
        pdf: tuple[bytes, int] = self.set_letter(document)
        return pdf

    def customer(self, number: int, **values: Any) -> tuple[str, str]:
        """Somebody who ordered; gives the handle and an open ticket."""
        company = self.company
        given = {
            "name": f"Person {number}", "email": f"person{number}@example.com", "shipping_address": ADDRESS,
            "billing_address": ADDRESS, "country": "US", "payment_token": "tok", "order_lines": [{"sku": "A", "quantity": 1}],
            **values,
        }  # fmt: skip
        bought = company.act(
            "collect", "service.collection", FULFIL, point="shop", channel="web", notice="shop-notice", age_passed=True,
            values=given,
        )  # fmt: skip
        assert bought.permitted, bought
        return bought.person, company.open_case("ticket", "staff.support", SUPPORT, bought.person)

    def make(self, case: str, **more: Any) -> LetterBatch | None:
        """A batch under a case."""
        return self.letters().make(LetterOrder(case, LETTERS, TEXT, self.desk)._replace(**more))

    def state(self, case: str) -> dict[str, int]:
        """States of the messages of a case."""
        return {state: n for state, n in self.outbox.counts(case).items() if n}

    def files(self) -> list[str]:
        """What lies in the folder."""
        return sorted(one.name for one in self.folder.glob("*"))
