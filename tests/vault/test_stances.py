"""What people said about a purpose is known with the person, and forgotten with them."""

import pytest
from sqlalchemy import select

from tests.vault.stand import Stand
from troth.kernel import InvalidInput, NotFound
from troth.storage import Statement
from troth.vault import STANCES, record_stance, withdraw_stance
from troth.vault.tables import person

JANE, JOHN = "1" * 32, "2" * 32
NEWS, ANALYSIS = "marketing.communications.email", "analytics"


def said(stand: Stand, who: str = JANE) -> set[tuple[str, str]]:
    """What the vault tells of a person's stances."""
    with stand.data.snapshot() as tx:
        stances = stand.vault.people(tx, [who])[who].stances
    assert len(stances) == len(set(stances))
    return set(stances)


def marked(stand: Stand) -> bool:
    """Whether the person's row says that there are stances to look up; without any it must not tell of earlier ones."""
    with stand.data.snapshot() as tx:
        ((mark,),) = tx.rows(Statement(select(person.c.has_stances)))
    return bool(mark)


def record(stand: Stand, purpose: str, stance: str, who: str = JANE) -> None:
    """Record a stance."""
    with stand.data.transaction() as tx:
        record_stance(tx, who, purpose, stance, 50)


def withdraw(stand: Stand, purpose: str, stance: str, who: str = JANE) -> bool:
    """Withdraw a stance."""
    with stand.data.transaction() as tx:
        return withdraw_stance(tx, who, purpose, stance)


def test_what_is_said_is_known(stand: Stand) -> None:
    """Each stance stands by itself, of its person only, and saying it twice is saying it once."""
    stand.add(JANE, email="jane@example.com")
    stand.add(JOHN, email="john@example.com")
    assert said(stand) == set()
    for stance in STANCES:
        record(stand, NEWS, stance)
    record(stand, NEWS, "objected")
    record(stand, ANALYSIS, "objected")
    assert said(stand) == {(stance, NEWS) for stance in STANCES} | {("objected", ANALYSIS)}
    assert said(stand, JOHN) == set()


def test_what_is_withdrawn_is_not_known(stand: Stand) -> None:
    """Withdrawing takes one stance; the last one withdrawn leaves nothing, and can be said again."""
    stand.add(JANE)
    record(stand, NEWS, "consented")
    record(stand, ANALYSIS, "consented")
    assert withdraw(stand, NEWS, "consented")
    assert not withdraw(stand, NEWS, "consented")
    assert said(stand) == {("consented", ANALYSIS)}
    assert marked(stand)
    assert withdraw(stand, ANALYSIS, "consented")
    assert said(stand) == set()
    assert not marked(stand)
    record(stand, NEWS, "objected")
    assert said(stand) == {("objected", NEWS)}


def test_a_stance_nobody_knows_is_refused(stand: Stand) -> None:
    """Only the stances that the gate turns into facts are kept."""
    stand.add(JANE)
    for doing in (record, withdraw):
        with pytest.raises(InvalidInput) as told:
            doing(stand, NEWS, "shrugged")
        assert told.value.field == "stance"


def test_nobody_has_stances_without_being_known(stand: Stand) -> None:
    """A stance of nobody, or of somebody whose erasure has begun, is refused and leaves no row."""
    with pytest.raises(NotFound):
        record(stand, NEWS, "objected")
    stand.add(JANE)
    record(stand, NEWS, "objected")
    stand.begin(JANE)
    with pytest.raises(NotFound):
        record(stand, ANALYSIS, "objected")
    with pytest.raises(NotFound):
        withdraw(stand, NEWS, "objected")


def test_an_erased_person_leaves_no_stance(stand: Stand) -> None:
    """Stances go with the person; the same handle would start without any."""
    stand.add(JANE)
    record(stand, NEWS, "objected")
    stand.erase(JANE)
    stand.add(JANE)
    assert said(stand) == set()
