"""A shop's database beside Troth, on each engine, and a memory that lasts as long as a test."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.connectors.shop import ADA, DATASET, fill
from troth.adapters import SqlStore
from troth.connectors import Change, Identity, Run, Wrong, read_dataset
from troth.flows import Work

WORK = Work("case", "R-1", "erase", "person", "record", "key", "use", "en")
COPY = WORK._replace(kind="access")
CORRECTION = WORK._replace(kind="correct")
NAME = Wrong("name", "Name", "user.name")
PHONE = Wrong("phone", "Telephone number", "user.contact.phone_number")


class Kept:
    """A connector's memory, of a made person."""

    def __init__(self, **identity: Sequence[str]) -> None:
        self.known: Identity = identity or {"email": [ADA]}
        self.put: Identity | None = None
        self.runs: dict[str, Run] = {}
        self.reads = 0
        self.values: Mapping[Wrong, Change | None] = {}

    def identity(self, work: Work) -> Identity:  # noqa: ARG002  the port's
        """The person's identifiers."""
        return self.put or self.known

    def corrected(self, work: Work) -> Mapping[str, object]:  # noqa: ARG002  the shape of the port
        """Nothing is corrected."""
        return {}

    def wrong(self, work: Work) -> Sequence[Wrong]:  # noqa: ARG002  the port's
        """What is corrected."""
        return list(self.values)

    def changes(self, work: Work) -> tuple[Identity, Mapping[Wrong, Change | None]]:
        """What was put by."""
        return self.identity(work), self.values

    def put_by(self, work: Work, identity: Identity) -> None:
        """Keep them."""
        self.begin(work)
        self.put = identity

    def run(self, case: str) -> Run | None:
        """What was begun."""
        return self.runs.get(case)

    def by_message(self, message: str) -> Run | None:
        """What a message is about."""
        return next((run for run in self.runs.values() if run.message == message), None)

    def begin(self, work: Work, digests: Sequence[bytes] | None = None) -> Run:
        """Note the beginning."""
        run = self.runs.setdefault(work.case, Run(work.case, "shop", work.person, "msg_1"))
        if digests is not None:
            run = self.runs[work.case] = run._replace(found=len(digests), digests=b"".join(digests))
        return run

    def sent(self, run: Run, *, received: bool) -> None:
        """Note a message."""
        self.runs[run.case] = self.runs[run.case]._replace(sent_at=1, received_at=int(received))

    def finish(self, run: Run, result: str, words: Mapping[str, str], data: bytes = b"") -> None:
        """Note the end."""
        import msgspec

        told = msgspec.json.encode(words).decode()
        self.runs[run.case] = self.runs[run.case]._replace(
            done_at=1, result=result, told=told, answer=data.decode()
        )

    def copied(self, work: Work) -> None:  # noqa: ARG002  the port's
        """Note a reading."""
        self.reads += 1

    def answer(self, run: Run) -> bytes:
        """What was answered."""
        return run.answer.encode()


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def engine(request: pytest.FixtureRequest) -> str:
    """The engine of the other database."""
    name: str = request.param
    return name


@pytest.fixture
def other_url(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """URL of another, empty database, on each engine."""
    servers = {"postgresql": "pg_url", "mariadb": "mariadb_url"}
    if engine in servers:
        url: str = request.getfixturevalue(servers[engine])
        return url
    return f"sqlite:///{tmp_path / 'other.db'}"


@pytest.fixture
def other(other_url: str) -> Iterator[sa.Engine]:
    """The same database, for a test to fill and look into."""
    named = {"postgresql://": "postgresql+psycopg://", "mariadb://": "mariadb+pymysql://"}
    for short, driver in named.items():
        other_url = other_url.replace(short, driver)
    engine = sa.create_engine(other_url)
    yield engine
    engine.dispose()


@pytest.fixture
def shop(other: sa.Engine) -> sa.Engine:
    """The shop's database."""
    fill(other)
    return other


@pytest.fixture
def kept() -> Kept:
    """A connector's memory."""
    return Kept()


@pytest.fixture
def store(other_url: str, shop: sa.Engine, kept: Kept) -> Iterator[SqlStore]:
    """The shop as a place of a request."""
    made = store_of(other_url, DATASET, kept)
    yield made
    made.close()


def store_of(url: str, dataset: str, kept: Kept, kinds: Sequence[str] = ("email",)) -> SqlStore:
    """A database with a data set as a place of a request."""
    return SqlStore(
        "shop", lambda: url, read_dataset(dataset), memory=kept, digest_key=b"k" * 32, kinds=kinds
    )
