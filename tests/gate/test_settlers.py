"""People who come in one batch are added together: what becomes of each is what would become of it alone."""

from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gate.conftest import REGISTER, Company
from troth.gate import Ask, Outcome
from troth.storage import Transaction
from troth.vault.tables import identifier, person

_RUNS = count()
_ROWS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 3), st.integers(0, 3), st.booleans()), min_size=1, max_size=8
)


def _ask(company: Company, run: str, row: tuple[bool, int, int, bool]) -> Ask:
    """Somebody comes in by import or by the form, among others with the same address or serial number; now and then malformed."""
    imported, who, thing, wrong = row
    made = company.registration(email=f"{run}-{who}@example.com", serial=f"{run}-{thing}")
    if not imported:
        return made
    values = {**made.values, "country": "US"} | ({"vat_number": "1"} if wrong else {})
    return company.ask("collect", "service.import", REGISTER, values=values, channel="import", point="import")


def _told(outcomes: list[Outcome]) -> list[tuple[bool, str, str, int]]:
    """What became of each act, with people numbered in the order in which they came."""
    seen: dict[str, int] = {}
    return [
        (
            one.permitted,
            one.problem.code if one.problem else "",
            one.problem.field if one.problem else "",
            seen.setdefault(one.person, len(seen)),
        )
        for one in outcomes
    ]


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=_ROWS)
def test_batch_comes_out_as_its_acts_one_by_one(
    company: Company, rows: list[tuple[bool, int, int, bool]]
) -> None:
    """The same are taken and refused, for the same reason, and whoever is one person alone is one in a batch."""
    together, alone = f"T{next(_RUNS)}", f"A{next(_RUNS)}"
    before = company.count(person), company.count(identifier)
    batch = company.gate.perform([_ask(company, together, row) for row in rows])
    between = company.count(person), company.count(identifier)
    single = [company.gate.perform([_ask(company, alone, row)])[0] for row in rows]
    after = company.count(person), company.count(identifier)
    assert _told(batch) == _told(single)
    assert [b - a for a, b in zip(before, between, strict=True)] == [
        b - a for a, b in zip(between, after, strict=True)
    ]


def test_batch_undone_leaves_nobody(company: Company) -> None:
    """When the caller's own part fails, nobody of the batch was added."""

    def fail(_: Transaction, outcomes: object) -> None:
        assert outcomes
        raise RuntimeError("made to fail")

    asks = [_ask(company, "U", (True, who, who, False)) for who in range(3)]
    try:
        company.gate.perform_along(asks, fail)
    except RuntimeError:
        pass
    else:
        raise AssertionError("the caller's error was swallowed")
    assert company.count(person) == company.count(identifier) == 0
    assert all(one.permitted for one in company.gate.perform(asks))
