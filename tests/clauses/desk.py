"""People whom the reference vendor serves, and those who serve them at the console."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import MetaData, select

from tests.support.files import files_holding
from tests.web.conftest import Web
from tests.web.staff import Desk
from troth.kernel import new_id
from troth.ledger import Entry, decode_entry
from troth.ledger import entries as ledger_entries
from troth.storage import Database, Statement, data_tables, key_tables

FULFIL = "essential.service.fulfil_order"
PAY = "essential.service.payment_processing"
_AGE = {"year": 1970, "month": 4}


class Clerk(Desk):
    """A member of staff who is signed in."""

    def __init__(self, web: Web, name: str, role: str) -> None:
        super().__init__(web, name, role)
        assert self.sign_in().status_code == 303


def ticket(
    web: Web, email: str = "ann@example.com", text: str = "It does not start.", **values: Any
) -> dict[str, Any]:
    """Somebody writes to support by the form; gives case, number and person."""
    given = {"name": "Ann Example", "email": email, "ticket_text": text, **values}
    body = {"channel": "web", "notice": "support-notice", "age": _AGE, "values": given}
    answer = web.post("/collect/support-contact", body)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    row = web.troth.rights.row(told["number"])
    return {"number": row.number, "case": row.case, "person": row.person, "record": row.record}


def order(web: Web, number: str = "", **values: Any) -> dict[str, Any]:
    """Somebody buys something in the shop; gives what the shop is told."""
    key = web.troth.issue_key(name="shop", role="service.collection", purposes=[FULFIL], cases=["order"])[0]
    given = {
        "name": "Ann Example", "email": "ann@example.com", "country": "US", "payment_token": "tok-made",
        "shipping_address": {"line1": "1 Shipping Way", "city": "Town", "country": "US"},
        "billing_address": {"line1": "2 Billing Way", "city": "Town", "country": "US"},
        "order_lines": [{"sku": "EX-1", "quantity": 1}], "order_number": number or f"OR-{new_id()[-8:].upper()}", **values,
    }  # fmt: skip
    body = {"channel": "web", "notice": "shop-notice", "age_passed": True, "values": given}
    answer = web.post("/collect/shop", body, key)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def case_of_order(web: Web, key: str, number: str) -> dict[str, str]:
    """The case and the person of an order, as the holder of a key finds them by its number."""
    body = {"act": "instruct", "purpose": FULFIL, "order": "find-cases", "identify": {"order_number": number}}
    answer = web.post("/v1/acts", body, key)
    assert answer.is_success, answer.text
    (found,) = answer.json()["values"]["cases"]
    return {"case": found["case"], "person": answer.json()["person"]}


def journal(web: Web, person: str) -> list[Entry]:
    """What the ledger says of a person, oldest first; the log is verified on the way."""
    web.troth.flush_ledger()
    with web.troth.database.snapshot() as tx:
        found = [decode_entry(one.body) for one in ledger_entries(tx, 0, 10_000)]
    return [one for one in found if one.person == person]


def canary_files(web: Web, marker: str) -> list[str]:
    """Files below the folder that hold a marker, byte by byte; and tables, where the databases are no files of the folder."""
    needle = marker.encode()
    files = [str(path) for path in files_holding(web.troth.folder, needle)]
    stores = ((web.troth.database, data_tables), (web.troth.keystore, key_tables))
    held = [
        name
        for store, tables in stores
        if store.dialect != "sqlite"
        for name in _holding(store, tables, needle)
    ]
    return [*files, *held]


def _holding(store: Database, tables: MetaData, needle: bytes) -> Iterator[str]:
    """Tables a row of which holds a marker in clear."""
    with store.snapshot() as tx:
        for table in tables.sorted_tables:
            values = (value for row in tx.rows(Statement(select(table))) for value in row)
            if any(needle in (bytes(one) if isinstance(one, bytes) else str(one).encode()) for one in values):
                yield table.name
