"""Made-up databases whose tables refer to each other in every way: what is found, and what an erasure changes."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.conftest import COPY, WORK, Kept, store_of

ME, OTHER = "me@example.com", "other@example.com"
Place = tuple[int, int]
"""A row: number of its table, and its key."""


class Link(NamedTuple):
    """Column `r{number}` of one table holds keys of another."""

    child: int
    parent: int
    direction: str | None


class World(NamedTuple):
    """Tables with rows: whose mail address stands there, and what each link's column holds."""

    links: list[Link]
    mails: list[list[str | None]]
    held: dict[tuple[int, Place], int]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Up to four tables of up to five rows, with up to six links among them, to themselves and round in circles too."""
    tables = draw(st.integers(1, 3))
    pick = st.integers(0, tables - 1)
    links = draw(
        st.lists(st.builds(Link, pick, pick, st.sampled_from(["to", "from", None])), min_size=1, max_size=5)
    )
    mails: list[list[str | None]] = [
        draw(st.lists(st.sampled_from([None, None, OTHER, ME]), min_size=2, max_size=4))
        for _ in range(tables)
    ]
    mails[0][0] = ME
    held = {}
    for number, link in enumerate(links):
        for row in range(len(mails[link.child])):
            target = draw(st.sampled_from([None, *range(len(mails[link.parent]))]))
            if target is not None:
                held[number, (link.child, row)] = target
    return World(links, mails, held)


def dataset(world: World) -> str:
    """The data set of a world."""
    collections = []
    for table in range(len(world.mails)):
        fields: list[Mapping[str, object]] = [
            {"name": "id", "data_categories": ["system.operations"], "fides_meta": {"primary_key": True}},
            {"name": "mail", "data_categories": ["user.contact.email"], "fides_meta": {"identity": "email"}},
            {"name": "note", "data_categories": ["user.content"]},
        ]
        for number, link in enumerate(world.links):
            if link.child == table:
                reference = {"dataset": "w", "field": f"t{link.parent}.id"}
                if link.direction:
                    reference["direction"] = link.direction
                meta = {"references": [reference]}
                fields.append(
                    {"name": f"r{number}", "data_categories": ["system.operations"], "fides_meta": meta}
                )
        collections.append({"name": f"t{table}", "fields": fields})
    return yaml.safe_dump({"dataset": [{"fides_key": "w", "name": "World", "collections": collections}]})


def build(world: World, engine: sa.Engine) -> None:
    """The tables and rows of a world; each row has a note of its own."""
    metadata = sa.MetaData()
    with engine.begin() as connection:
        for table, mails in enumerate(world.mails):
            numbers = [n for n, link in enumerate(world.links) if link.child == table]
            made = sa.Table(
                f"t{table}",
                metadata,
                sa.Column("id", sa.Integer, primary_key=True),
                sa.Column("mail", sa.String(60)),
                sa.Column("note", sa.String(60)),
                *(sa.Column(f"r{n}", sa.Integer) for n in numbers),
            )
            made.create(connection)
            for row, mail in enumerate(mails):
                values = {f"r{n}": world.held.get((n, (table, row))) for n in numbers}
                connection.execute(
                    sa.insert(made).values(id=row, mail=mail, note=f"note-{table}-{row}", **values)
                )


def steps(world: World, *, up: bool) -> set[tuple[Place, Place]]:
    """Every way from a row to another; without those from a row to what it points to when `up` is false."""
    found = set()
    for (number, child), target in world.held.items():
        link = world.links[number]
        parent = (link.parent, target)
        if up and link.direction in ("to", None):
            found.add((child, parent))
        if link.direction in ("from", None):
            found.add((parent, child))
    return found


def closure(begun: set[Place], ways: set[tuple[Place, Place]]) -> set[Place]:
    """Every row that can be reached."""
    reached = set(begun)
    while more := {there for here, there in ways if here in reached} - reached:
        reached |= more
    return reached


def notes(engine: sa.Engine, world: World) -> dict[Place, tuple[object, ...]]:
    """Every row."""
    with engine.connect() as connection:
        return {
            (table, row[0]): tuple(row)
            for table in range(len(world.mails))
            for row in connection.exec_driver_sql(f"SELECT * FROM t{table}")  # noqa: S608  made here
        }


@given(worlds())
def test_what_is_a_persons_goes_and_what_is_not_stays(world: World) -> None:
    """Finding ends; what hangs below a person's rows is erased; what cannot be reached, or others point to, is as it was."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'world.db'}"
        engine = sa.create_engine(url)
        build(world, engine)
        mine = {
            (t, row) for t, mails in enumerate(world.mails) for row, mail in enumerate(mails) if mail == ME
        }
        reachable = closure(mine, steps(world, up=True))
        below = closure(mine, steps(world, up=False))
        pointed = {
            (world.links[number].parent, target)
            for (number, child), target in world.held.items()
            if child not in reachable
        }
        before = notes(engine, world)
        store = store_of(url, dataset(world), Kept(email=[ME]))
        told = [row for part in store.copy(COPY) for row in part.rows]
        assert len(told) == len({row[1] for row in told})
        for item in store.plan(WORK):
            assert store.carry_out(WORK, item).state == "done"
        after = notes(engine, world)
        changed = {place for place, row in before.items() if after[place] != row}
        assert below <= changed <= reachable
        assert not changed & (pointed - below)
        assert all(after[place][1:3] in ((None, None), (OTHER, None)) for place in changed)
        assert {row[1] for row in told} >= {before[place][2] for place in changed}
        store.close()
        engine.dispose()
