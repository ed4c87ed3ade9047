"""The queue page by page: every open matter exactly once, what is late first, whatever the filters."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rights.conftest import Desk
from troth.rights import KINDS, MATTERS, MatterRow, Place, Wanted, late_among, seek
from troth.rights.tables import matter
from troth.storage import Statement

NOW = 1_000
_STATES = ("received", "identity-pending", "verified", "planned", "completed")
_ONE = st.fixed_dictionaries(
    {
        "matter": st.sampled_from(MATTERS),
        "kind": st.sampled_from(KINDS),
        "state": st.sampled_from(_STATES),
        "handler": st.sampled_from(["", "ann", "bob"]),
        "due_at": st.integers(NOW - 3, NOW + 3),  # many fall due at the same instant
        "person": st.sampled_from(["", "p"]),
    }
)
_FILTERS = st.builds(
    Wanted,
    matters=st.lists(st.sampled_from(MATTERS), min_size=1, unique=True).map(tuple),
    kind=st.sampled_from(["", *KINDS[:3]]),
    state=st.sampled_from(["", *_STATES]),
    handler=st.sampled_from(["", "ann"]),
    late=st.booleans(),
)


def _fill(desk: Desk, given_rows: list[dict[str, Any]]) -> list[MatterRow]:
    rows = []
    for number, one in enumerate(given_rows):
        ended = NOW if one["state"] == "completed" else 0
        row = dict.fromkeys(MatterRow._fields, "") | dict.fromkeys(
            ("received_at", "verified_at", "overdue_at", "ended_at"), 0
        )
        row |= {"case": f"c{number:04d}", "number": f"R-{number:04d}", "ended_at": ended, **one}
        rows.append(MatterRow(**row))  # type: ignore[arg-type]
    with desk.database.transaction() as tx:
        tx.run(Statement(matter.delete()))
        for each in rows:
            values = list(each)
            values.insert([column.name for column in matter.c].index("slot"), each.case)
            tx.run(Statement(matter.insert()), tuple(values))
    return rows


def _fits(row: MatterRow, wanted: Wanted) -> bool:
    return (
        row.matter in wanted.matters
        and wanted.kind in ("", row.kind)
        and wanted.state in ("", row.state)
        and wanted.handler in ("", row.handler)
        and not (wanted.free and row.handler)
        and (bool(wanted.state) or not row.ended_at)
        and (not wanted.late or (not row.ended_at and row.late(NOW)))
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(_ONE, max_size=25), _FILTERS, st.integers(1, 7))
def test_every_matter_stands_on_exactly_one_page(
    desk: Desk, some: list[dict[str, Any]], wanted: Wanted, most: int
) -> None:
    """In the order of their due dates, so that what is late comes first; filters leave out what they say, and nothing else."""
    rows = _fill(desk, some)
    found: list[MatterRow] = []
    place = None
    with desk.database.snapshot() as tx:
        while page := seek(tx, wanted, NOW, place, most):
            found += page
            place = Place(page[-1].due_at, page[-1].case)
        late = late_among(tx, wanted, NOW)
    expected = sorted((row for row in rows if _fits(row, wanted)), key=lambda row: (row.due_at, row.case))
    assert found == expected
    assert late == sum(row.late(NOW) and not row.ended_at for row in rows if _fits(row, wanted))
