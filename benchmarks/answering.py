"""Requests carried out in the vault, the events and another company database: copies, erasures, and a thousand at once.

The other database is PostgreSQL with fifty rows of each person in eight tables. Times go from the moment a request is verified until
it has ended; the CPU is that of Troth's process, not of the database servers.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import NamedTuple

import sqlalchemy as sa

from benchmarks.company import RIGHTS, Company, done
from benchmarks.counting import counted
from benchmarks.gdprbench.server import Server, server
from benchmarks.report import Report, Result
from troth import Ask
from troth.bootstrap import ConnectorSettings, packages_of, work_for
from troth.flows import zipped

_EACH = 30
_MANY = 1_000
_TABLES = {
    "address": 2,
    "login": 15,
    "orders": 8,
    "order_item": 16,
    "payment_card": 3,
    "ticket": 3,
    "visit": 2,
}
"""Rows of each person; with the customer, fifty."""
_GOALS = {"access": (0.1, 0.1), "erase": (0.2, 0.15)}
_RATE = 20.0


class Done(NamedTuple):
    """Requests done at once: how many a second, seconds of the processor and what was sent to PostgreSQL for each, those amiss."""

    rate: float
    cpu: float
    sent: str
    wrong: int
    late: int


class Measured(NamedTuple):
    """Medians over requests done one by one: seconds, and seconds of the processor."""

    seconds: float
    cpu: float
    worst: float


def run(report: Report, place: Path, people: int = 2 * _EACH + _MANY) -> None:
    """Measure on SQLite and on PostgreSQL, with the other database on PostgreSQL each time."""
    with server(place) as postgres:
        for engine in ("SQLite", "PostgreSQL"):
            with _office(place, postgres, engine, people) as office:
                _measure(report, office, engine)


def _measure(report: Report, office: "Office", engine: str) -> None:
    load = f"load {os.getloadavg()[0]:.1f}"
    raw = office.raw()
    numbers = iter(range(len(office.company.people)))
    for kind in ("access", "erase"):
        office.one_by_one(kind, [next(numbers) for _ in range(3)])
        found = office.one_by_one(kind, [next(numbers) for _ in range(_EACH - 3)])
        seconds, cpu = _GOALS[kind]
        what = "package ready and made" if kind == "access" else "certificate"
        report.add(
            Result(
                f"{kind} request to {what}, {engine}",
                1000 * found.seconds,
                "ms",
                f"{1000 * seconds:.0f} ms median, {cpu} CPU-s",
                found.seconds <= seconds and found.cpu <= cpu,
                f"reading the 50 rows raw: {1000 * raw:.1f} ms",
                f"{found.seconds / raw:.0f}x",
                f"{found.cpu:.3f} CPU-s, slowest {1000 * found.worst:.0f} ms, {load}",
            )
        )
    many = list(numbers)[:_MANY]
    done = office.at_once(many)
    report.add(
        Result(
            f"{len(many):,} requests at once, {engine}", done.rate, "/s", f"{_RATE:.0f}/s, none in error, none late",
            done.rate >= _RATE and not done.wrong and not done.late,
            note=f"{done.cpu:.3f} CPU-s each, {done.sent}{done.wrong} in error, {done.late} late, half of them erasures, {load}",
        )
    )  # fmt: skip


class Office:
    """People who ask, and the databases that their requests reach."""

    def __init__(self, company: Company, url: str, people: int) -> None:
        self.company = company
        self.engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
        self._form, _ = company.troth.issue_key(
            name="form", role="service.collection", purposes=["essential"]
        )
        self._staff, _ = company.troth.issue_key(
            name="staff", role="staff.privacy", purposes=[RIGHTS], cases=["request"]
        )
        _fill(self.engine, people)
        company.troth.connectors.add("shop", ConnectorSettings(kind="sql", url_file="shop.url"), _dataset())

    def raw(self) -> float:
        """Seconds to read a person's rows by hand, a statement for each table."""
        statements = [sa.text(f"SELECT * FROM {name} WHERE customer_id = :who") for name in _TABLES]  # noqa: S608
        spans = []
        for who in range(30):
            began = perf_counter()
            with self.engine.connect() as connection:
                for one in statements:
                    connection.execute(one, {"who": who}).all()
            spans.append(perf_counter() - began)
        return median(spans)

    def one_by_one(self, kind: str, numbers: list[int]) -> Measured:
        """Requests of some people, each from verified to its end before the next."""
        spans, work = [], []
        cases = self._ask(numbers, [kind])
        keys = {case: self._session(case) for case in cases}
        for number, case in zip(numbers, cases, strict=True):
            self.company.troth.rights.verify(self._staff, case)
            began, worked = perf_counter(), process_time()
            self.company.troth.background.run_due()
            if kind == "access":
                self._fetch(case, keys[case])
            spans.append(perf_counter() - began)
            work.append(process_time() - worked)
            assert self._ended(case), (number, self.company.troth.rights.matter(case))
        return Measured(median(spans), median(work), max(spans))

    def _fetch(self, case: str, key: str) -> None:
        """Make the whole package, as somebody who is signed in fetches it."""
        troth = self.company.troth
        with packages_of(troth).make(work_for(troth, case, key)) as spool:
            self.bytes = sum(len(chunk) for chunk in zipped(spool))

    def _session(self, case: str) -> str:
        troth = self.company.troth
        return troth.accounts.open_session(person=troth.rights.matter(case).matter.person)

    def at_once(self, numbers: list[int]) -> Done:
        """Requests that are all verified before any is carried out."""
        troth = self.company.troth
        cases = self._ask(numbers, ["access", "erase"])
        for case in cases:
            troth.rights.verify(self._staff, case)
        began, worked = perf_counter(), process_time()
        with counted() as counts:
            troth.background.run_due()
        span, work = perf_counter() - began, process_time() - worked
        matters = [troth.rights.matter(case).matter for case in cases]
        sent = counts.told(len(cases), ("data", "keystore"))
        return Done(
            rate=len(cases) / span,
            cpu=work / len(cases),
            sent=f"{sent}, " if sent else "",
            wrong=sum(not self._ended(case) for case in cases),
            late=sum(bool(one.overdue_at) for one in matters),
        )

    def _ended(self, case: str) -> bool:
        told = self.company.troth.rights.matter(case)
        return told.matter.state in ("completed", "partially-completed") and not any(
            one.state in ("failed", "waiting") for one in told.items
        )

    def _ask(self, numbers: list[int], kinds: list[str]) -> list[str]:
        troth = self.company.troth
        point = troth.policy().points["privacy-request"]
        asks = [
            Ask(
                act="collect", purpose=point.purposes[0], key=self._form, channel="web", point=point.name,
                notice=str(point.notice),
                values={"request_text": "Please.", "email": _mail(one), "request_kind": kinds[n % len(kinds)]},
            )
            for n, one in enumerate(numbers)
        ]  # fmt: skip
        cases = []
        for start in range(0, len(asks), 100):
            cases += [one.case for one in done(troth.perform(asks[start : start + 100]))]
        troth.background.run_due()
        return cases


@contextmanager
def _office(place: Path, postgres: Server, engine: str, people: int) -> Iterator[Office]:
    folder = place / f".bench-requests-{os.getpid()}"
    urls = [postgres.database("data"), postgres.database("keystore")] if engine == "PostgreSQL" else ["", ""]
    url = postgres.database(f"shop_{engine.lower()}")
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.mkdir()
        company = Company(folder / "data", people, *urls)
        stack.callback(company.troth.close)
        file = folder / "data" / "shop.url"
        file.write_text(url, encoding="utf-8")
        file.chmod(0o600)
        office = Office(company, url, people)
        stack.callback(office.engine.dispose)
        yield office


def _mail(number: int) -> str:
    return f"person{number}@example.com"


def _fill(engine: sa.Engine, people: int) -> None:
    """Fifty rows of each person, with the indexes that a shop would have."""
    metadata = sa.MetaData()
    customer = sa.Table(
        "customer",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("email", sa.String(100), nullable=False, unique=True),
        sa.Column("name", sa.String(100)),
    )
    sa.Index("customer_lower_email", sa.func.lower(customer.c.email))
    tables = {
        name: sa.Table(
            name,
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("customer_id", sa.ForeignKey("customer.id"), index=True),
            sa.Column("said", sa.String(100)),
            sa.Column("seen", sa.String(100), nullable=False),
        )
        for name in _TABLES
    }
    metadata.create_all(engine)
    with engine.begin() as connection:
        everybody = range(people)
        connection.execute(
            sa.insert(customer), [{"id": n, "email": _mail(n), "name": f"Person {n}"} for n in everybody]
        )
        for name, count in _TABLES.items():
            rows = [
                {"id": n * count + i, "customer_id": n, "said": f"{name} {i}", "seen": f"{i} of {n}"}
                for n in everybody
                for i in range(count)
            ]
            connection.execute(sa.insert(tables[name]), rows)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _dataset() -> str:
    """The data set, in the Fides format."""
    lines = [
        "dataset:",
        "  - fides_key: shop",
        "    name: Shop",
        "    collections:",
        "      - name: customer",
        "        fields:",
        "          - {name: id, data_categories: [user.unique_id], fides_meta: {primary_key: true}}",
        "          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}",
        "          - {name: name, data_categories: [user.name]}",
    ]
    reference = "{dataset: shop, field: customer.id, direction: from}"
    for name in _TABLES:
        lines += [
            f"      - name: {name}",
            "        fields:",
            "          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}",
            f"          - {{name: customer_id, data_categories: [user.unique_id], fides_meta: {{references: [{reference}]}}}}",
            "          - {name: said, data_categories: [user.content]}",
            "          - {name: seen, data_categories: [user.behavior]}",
        ]
    return "\n".join(lines) + "\n"
