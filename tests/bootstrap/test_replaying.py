"""Whatever was erased and whenever a backup was made: a restore brings back all that was there but what was erased since."""

import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import troth
from tests.support.archiving import FIELDS, Company
from troth.bootstrap import restore_folder
from troth.preferences import Stop

PEOPLE = 4
GROUPS = ({"name", "email"}, {"product", "serial"})
"""Fields that are sealed under one key."""
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("erase"), st.integers(0, PEOPLE - 1), st.just("")),
        st.tuples(st.just("field"), st.integers(0, PEOPLE - 1), st.sampled_from(("name", "product"))),
        st.tuples(st.just("end"), st.just(0), st.just("")),
    ),
    max_size=5,
)


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(before=STEPS, after=STEPS)
def test_a_restore_gives_what_was_there_without_what_was_erased(
    before: list[tuple[str, int, str]], after: list[tuple[str, int, str]]
) -> None:
    """The restored folder equals a model: what the backup saw, less what was erased by now; epoch keys ended or not.

    Once its epoch key has ended, what stood beside a field erased since is gone too, for no key opens it; this is counted.
    """
    with tempfile.TemporaryDirectory() as folder:
        company = Company(Path(folder), PEOPLE)
        held = {who: set(FIELDS) for who in company.people}
        for step in before:
            do(company, held, step)
        company.back_up("made")
        saw = {who: set(fields) for who, fields in held.items()}
        for step in after:
            do(company, held, step)
        company.troth.close()
        lost = lost_of(saw, held) if "end" in {what for what, _, _ in after} else {}
        made = restore_folder(company.wish("made", "new"), company.clock)
        assert made.replayed.lost.people == len(lost)
        assert made.replayed.lost.values == Counter(field for fields in lost.values() for field in fields)
        with troth.open(company.folder / "new", clock=company.clock) as back:
            expected = {who: fields - lost.get(who, set()) for who, fields in held.items()}
            assert {who: set(company.read(back, who)) for who in company.people} == expected


def lost_of(saw: dict[str, set[str]], held: dict[str, set[str]]) -> dict[str, set[str]]:
    """What stays of a key group from which a field was erased since the backup, of everybody who stays."""
    lost = {
        who: {field for group in GROUPS if (saw[who] - fields) & group for field in group & fields}
        for who, fields in held.items()
    }
    return {who: fields for who, fields in lost.items() if fields}


def do(company: Company, held: dict[str, set[str]], step: tuple[str, int, str]) -> None:
    """Carry out a step, on the folder and on the model."""
    what, number, field = step
    who = company.people[number]
    if what == "end":
        company.end_epochs()
    elif what == "erase" and held[who]:
        company.erase(who)
        held[who] = set()
    elif what == "field" and field in held[who]:
        company.erase(who, field)
        held[who].discard(field)


def test_what_was_stopped_since_a_backup_is_stopped_after_it(tmp_path: Path) -> None:
    """A stop outlives the restore of data that knows nothing of it, for its topic and for everything, and for nobody else."""
    company = Company(tmp_path, 3)
    ann, ben, cat = company.people
    company.back_up("made")
    stop = company.troth.preferences.stop
    stop(Stop("link", ann, "", "offers", "email", "", "", 0), "one-click")
    stop(Stop("link", ben, "", "", "", "", "", 0), "page", everything=True)
    company.troth.close()
    restore_folder(company.wish("made", "new"), company.clock)
    with (
        troth.open(tmp_path / "new", clock=company.clock) as back,
        back.database.snapshot() as tx,
    ):
        found = {
            who: [back.preferences.stopped(tx, who, topic, "email") for topic in ("offers", "events")]
            for who in company.people
        }
    assert found == {ann: [True, False], ben: [True, True], cat: [False, False]}
