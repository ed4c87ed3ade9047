"""Counting an audience over very many people: for the first time, again, and after somebody changed."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.campaigning import ask_for_announcements
from benchmarks.company import company, done
from benchmarks.report import Report, Result

_SECONDS = 2.0
_PRODUCTS, _COUNTRIES = ("sensor", "scanner", "probe", "vault"), ("DE", "AT", "FR", "US", "GB", "JP")
_EXPRESSION = 'product = "sensor" and not country in ("DE", "AT")'


def run(report: Report, place: Path, people: int) -> None:
    """Measure counts over so many people, all of whom asked for announcements."""
    with company(people, place, tickets=False, more=_more) as made:
        ask_for_announcements(made)
        key, _ = made.troth.issue_key(name="marketing", role="staff.marketing", purposes=["marketing"])
        audience = made.troth.audiences.create(key, "sensors", _EXPRESSION).audience

        def count() -> int:
            found = made.troth.audiences.count(audience, key).people
            assert found is not None
            return found

        right, plain = _plain(place, people)
        first, again = _timed(count, right), _timed(count, right)
        done(made.troth.perform([made.update(people // 2, "sensor")]))
        changed = _timed(
            count, right + (_product(people // 2) != "sensor" and _country(people // 2) not in {"DE", "AT"})
        )
        _tell(report, f"count an audience over {people:,} people, for the first time", first, plain)
        _tell(report, "the same, again in the same process", again, plain)
        _tell(report, "the same, after one of them changed", changed, plain)


def _tell(report: Report, work: str, took: float, plain: float) -> None:
    report.add(
        Result(
            work,
            took,
            "s",
            f"{_SECONDS:.0f} s",
            took <= _SECONDS,
            f"raw SQLite, unprotected, a full scan: {plain:.2f} s",
            f"{took / plain:.1f} times",
        )
    )


def _timed(count: Callable[[], int], right: int) -> float:
    began = perf_counter()
    found = count()
    took = perf_counter() - began
    if found != right:
        raise RuntimeError(f"{found} were counted where {right} are right")
    return took


def _product(number: int) -> str:
    return _PRODUCTS[number % len(_PRODUCTS)]


def _country(number: int) -> str:
    return _COUNTRIES[number // 7 % len(_COUNTRIES)]


def _more(number: int) -> dict[str, Any]:
    return {"product": _product(number), "country": _country(number), "product_version": f"5.{number % 9}"}


def _plain(place: Path, people: int) -> tuple[int, float]:
    """The right number, and the seconds that a table without any protection takes for it."""
    with closing(sqlite3.connect(place / "plain.db")) as raw:
        raw.execute(
            "CREATE TABLE people (id INTEGER PRIMARY KEY, product TEXT, version TEXT, country TEXT, yes INT)"
        )
        raw.executemany(
            "INSERT INTO people VALUES (?, ?, ?, ?, 1)",
            ((one, _product(one), f"5.{one % 9}", _country(one)) for one in range(people)),
        )
        raw.commit()
        began = perf_counter()
        (right,) = raw.execute(
            "SELECT count(*) FROM people WHERE yes = 1 AND product = 'sensor' AND NOT country IN ('DE', 'AT')"
        ).fetchone()
        took = perf_counter() - began
    (place / "plain.db").unlink()
    return int(right), took
