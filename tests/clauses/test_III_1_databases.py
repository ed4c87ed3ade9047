"""Clause III.1: the other databases of the company have the new value, too."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.clauses.test_III_1 import ANN, NEW, OLD, ask, items, known_person, proven, said
from tests.web.conftest import Web, serving
from tests.web.staff import Desk
from troth.bootstrap import ConnectorSettings


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """The reference vendor, served in process."""
    with serving(tmp_path / "data") as found:
        yield found


SHOP = """
dataset:
  - fides_key: shop
    name: Shop
    collections:
      - name: customer
        fields:
          - {name: id, data_categories: [user.unique_id], fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: name, data_categories: [user.name]}
      - name: letter
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - name: customer_id
            data_categories: [user.unique_id]
            fides_meta: {references: [{dataset: shop, field: customer.id, direction: from}]}
          - {name: salutation, data_categories: [user.name]}
"""


def shop_of(folder: Path) -> Path:
    """A database of the company that calls Ann by the wrong name, and a neighbour whose name is the same."""
    path = folder / "shop.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(
            "CREATE TABLE customer (id integer PRIMARY KEY, email text, name text);"
            "CREATE TABLE letter (id integer PRIMARY KEY, customer_id integer, salutation text);"
        )
        database.executemany(
            "INSERT INTO customer VALUES (?, ?, ?)", [(1, ANN, OLD), (2, "eve@example.com", OLD)]
        )
        database.executemany("INSERT INTO letter VALUES (?, ?, ?)", [(1, 1, OLD), (2, 1, "Dear customer")])
        database.commit()
    return path


@pytest.mark.clause("III.1")
def test_other_databases_of_the_company_have_the_new_value(web: Web) -> None:
    """Written where the person's rows say the old one; what is not sure waits for staff, whose word ends the request. No value in the plan."""
    known_person(web)
    path = shop_of(web.troth.folder.parent)
    url = web.troth.folder / "shop.url"
    url.write_text(f"sqlite:///{path}")
    url.chmod(0o600)
    web.troth.connectors.add("shop", ConnectorSettings(kind="sql", url_file="shop.url"), SHOP)
    number = ask(web, new_name=NEW)
    assert proven(web, number) == "executing"
    assert items(web, number)["Shop, customer: Your name"] == ("correct", "done")
    assert items(web, number)["Shop, letter: Your name"] == ("by-hand", "waiting")
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT name FROM customer ORDER BY id").fetchall() == [(NEW,), (OLD,)]
        letters = database.execute("SELECT salutation FROM letter ORDER BY id").fetchall()
    assert letters == [(NEW,), ("Dear customer",)]
    desk = Desk(web)
    desk.sign_in()
    page = desk.get(f"/console/matters/{number}").text
    assert "1 row corrected; 1 row said neither the old value nor the new one" in page
    assert "I changed it there" in page
    api = web.get(f"/v1/requests/{number}", "privacy").text
    assert not any(value in api + page for value in (OLD, NEW))
    ended = {"step": "move", "to": "completed"}
    refused = web.post(f"/v1/requests/{number}/steps", ended, "privacy")
    assert (refused.status_code, refused.json()["clause"]) == (403, "III.1")
    code, told = said(web, number, "database:shop:name:letter")
    assert (code, told["state"]) == (0, "executing")
    web.troth.background.run_due()
    assert web.get(f"/v1/requests/{number}", "privacy").json()["state"] == "partially-completed"
    assert items(web, number)["Shop, letter: Your name"] == ("by-hand", "done")
