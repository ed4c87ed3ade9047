"""Batches of several processes on PostgreSQL that meet: each is done as if it came behind the other (SQLite has one writer at a time)."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import bindparam, update

from tests.gate.conftest import REGISTER, Company
from troth.gate import Ask, Gate, Outcome
from troth.storage import Statement, Transaction, stage_job
from troth.storage.jobs import job
from troth.vault.erasure import begin_erasure
from troth.vault.settling import Settlers
from troth.vault.tables import identifier, person

_PUT_OFF = Statement(update(job).where(job.c.job_id == bindparam("id")).values(due_at=2))


def imported(company: Company, number: int, **values: str) -> Ask:
    """Somebody comes in by import."""
    given = {"email": f"person{number}@example.com", "country": "US", **values}
    return company.ask("collect", "service.import", REGISTER, values=given, channel="import", point="import")


def test_who_comes_in_twice_at_once_is_one_person(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process adds somebody when this one has looked for them and not found them: it starts over, and finds them."""
    other = Gate(company.database, company.vault, company.clock)
    asks = [imported(company, number) for number in range(3)]
    company.gate.perform([imported(company, 9)])
    (behind,) = other.perform([imported(company, 9)])
    real, first = Settlers.add, list[Outcome]()

    def add(settlers: Settlers) -> None:
        monkeypatch.setattr(Settlers, "add", real)
        if company.database.dialect == "postgresql":
            first.extend(other.perform(asks[1:2]))
        real(settlers)

    monkeypatch.setattr(Settlers, "add", add)
    outcomes = company.gate.perform(asks)
    met = behind.effect if first else "permit"
    assert [one.effect for one in outcomes] == ["permit", met, "permit"]
    assert company.count(person) == company.count(identifier) == 4


def test_whose_erasure_another_process_has_begun_comes_in_as_somebody_new(company: Company) -> None:
    """Between the first and the last step of an erasure whoever is erased may register again: nobody is told that they are not known."""
    gone = company.register(1)
    with company.database.transaction() as tx:
        begin_erasure(tx, gone, 1)
    (outcome,) = company.gate.perform([company.registration(1, serial="SN-0002")])
    assert outcome.permitted, outcome
    assert outcome.person != gone
    assert company.count(person) == 1
    assert [entry.act for entry in company.entries()].count("erased") == 1


def test_of_two_that_wait_for_each_other_both_are_done(company: Company) -> None:
    """Two batches write the same rows in opposite order: the one that PostgreSQL ends begins again, and nobody hears of it."""
    with company.database.transaction() as tx:
        first, second = (stage_job(tx, "none", {}, due=1) for _ in range(2))
    barrier, tries = Barrier(2), []
    meets = company.database.dialect == "postgresql"

    def along(order: Sequence[str]) -> Any:
        waits = iter([meets])

        def write(tx: Transaction, _: Iterable[Outcome]) -> None:
            tries.append(order)
            tx.run(_PUT_OFF, {"id": order[0]})
            if next(waits, False):
                barrier.wait(60)
            tx.run(_PUT_OFF, {"id": order[1]})

        return write

    others = [company.gate, Gate(company.database, company.vault, company.clock)]
    orders = [(first, second), (second, first)]
    with ThreadPoolExecutor(2) as pool:
        done = [
            pool.submit(gate.perform_along, [imported(company, number)], along(order))
            for number, (gate, order) in enumerate(zip(others, orders, strict=True))
        ]
        assert [one.effect for future in done for one in future.result()] == ["permit", "permit"]
    assert company.count(person) == 2
    assert len(tries) == (3 if meets else 2)
