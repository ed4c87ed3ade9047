"""A count by what is kept of spans is the count of what stands in the vault, whatever happened in between."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from functools import cache, partial
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from tests.gate.conftest import RIGHTS, Company
from tests.support.policies import any_serial
from tests.support.waiting import wait_until
from troth.gate import Count, Inquiry, tallying, unwatched
from troth.gate.tallying import Sheets
from troth.kernel import new_id
from troth.storage import Statement
from troth.vault import make_spans, spans
from troth.vault.tables import person_change

EMAIL = "marketing.communications.email"
CHOICE = "essential.service.choice"
BARRED = frozenset({"person.child", "suppressed.child"})
MOST = 24
SIZE = 3
Values = Mapping[str, Mapping[str, Any]]


@pytest.fixture(autouse=True)
def _small_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spans of three people, so that a small company has several."""
    monkeypatch.setattr(tallying, "make_spans", partial(make_spans, size=SIZE))


def _inquiry(company: Company) -> Inquiry:
    key = company.key("staff.marketing", ("marketing",))
    return Inquiry(
        key, EMAIL, ("product", "country"), everybody=True, barred=BARRED, words={"audience": new_id()}
    )


def _alike(values: Values) -> str:
    """One person's values without the handles of records."""
    encode = partial(msgspec.json.encode, order="sorted")
    return repr((encode(values.get("", {})), sorted(encode(one) for record, one in values.items() if record)))


def told(
    company: Company, *, live: bool
) -> tuple[int, Mapping[str, int], Counter[str], list[tuple[Any, ...]]]:
    """What a count tells: how many, who is left out, what was given of whom, and its entries in the ledger."""
    given: Counter[str] = Counter()

    def keep(values: Values, number: int = 1) -> None:
        given[_alike(values)] += number

    if live:
        found: list[Count] = []
        done = company.gate.count(_inquiry(company), keep, bool, lambda _, one: found.append(one))
        assert found == [done]
    else:
        done = company.gate.tally(_inquiry(company), keep, bool, unwatched)
    parts = sorted(
        (
            one.effect,
            one.clauses,
            sorted(word for word in one.detail.items() if word[0] not in {"run", "audience"}),
        )
        for one in company.entries()
        if one.detail.get("run") == done.run
    )
    return done.counted, done.left_out, given, parts


def _case(company: Company, who: str) -> str:
    return company.open_case("request", "staff.privacy", RIGHTS, who)


def _says(company: Company, who: str, stance: str, order: str = "record-stance") -> None:
    done = company.act(
        "instruct",
        "staff.privacy",
        CHOICE,
        order=order,
        about=EMAIL,
        stance=stance,
        person=who,
        case=_case(company, who),
    )
    assert done.permitted, done


@cache
def _version(number: int) -> bytes:
    return any_serial() + b"\n" * number


class Life:
    """What happens to the people of a company, step by step."""

    def __init__(self, company: Company) -> None:
        self.company, self.registered, self.versions = company, 0, 0
        self.people: list[str] = []
        self.numbers: dict[str, int] = {}

    def step(self, name: str, at: int) -> None:
        """One step, about whoever comes at that place."""
        if name == "register" or not self.people:
            self._register(at)
        elif name == "publish":
            self.versions += 1
            self.company.publish(_version(self.versions))
        elif name == "wait":
            self.company.clock.advance(timedelta(days=40 * (at + 1)))
        else:
            getattr(self, f"_{name}")(self.people[at % len(self.people)], at)

    def _register(self, at: int) -> None:
        if len(self.people) < MOST:
            self.registered += 1
            products = ("sensor", "server")
            who = self.company.register(
                self.registered, product=products[at % 2], country=("DE", "FR")[at // 2 % 2]
            )
            self.people.append(who)
            self.numbers[who] = self.registered
            if at % 5:
                _says(self.company, who, "consented")

    def _registers_again(self, who: str, at: int) -> None:
        del at
        number = self.numbers[who]
        again = self.company.registration(number, product="cloud", serial=new_id())
        done = self.company.gate.perform([again])[0]
        assert done.person == who or not done.permitted, done

    def _says(self, who: str, at: int) -> None:
        _says(self.company, who, ("consented", "objected", "restricted")[at % 3])

    def _stops(self, who: str, at: int) -> None:
        del at
        mail = {"email": f"person{self.numbers[who]}@example.com"}
        self.company.act(
            "instruct", "staff.privacy", RIGHTS, order="suppress", about="opted-out", identify=mail
        )

    def _is_a_child(self, who: str, at: int) -> None:
        del at
        self.company.act(
            "instruct", "staff.privacy", RIGHTS, order="verify-parent", method="video-call", until="2027-06-30",
            person=who, case=_case(self.company, who),
        )  # fmt: skip

    def _loses_a_field(self, who: str, at: int) -> None:
        field = ("country", "product")[at % 2]
        self.company.act(
            "erase", "staff.privacy", RIGHTS, person=who, case=_case(self.company, who), fields=(field,)
        )

    def _is_erased(self, who: str, at: int) -> None:
        del at
        done = self.company.act("erase", "staff.privacy", RIGHTS, person=who, case=_case(self.company, who))
        assert done.permitted, done
        self.people.remove(who)


NAMES = (
    "register", "register", "register", "registers_again", "says", "stops", "is_a_child", "loses_a_field", "is_erased",
    "publish", "wait",
)  # fmt: skip
STEPS = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 30)), min_size=1, max_size=12)


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=25)
@given(steps=STEPS)
def test_whatever_happened_the_count_is_that_of_the_vault(
    company: Company, steps: list[tuple[str, int]]
) -> None:
    """After each step: the same number, the same people left out, the same values of as many, the same entries."""
    life: Life = company.__dict__.setdefault("life", Life(company))
    for name, at in steps:
        life.step(name, at)
        assert told(company, live=False) == told(company, live=True)


def _six(company: Company) -> list[str]:
    people = [company.register(number, country="DE") for number in range(1, 3 * SIZE + 2)]
    for who in people:
        _says(company, who, "consented")
    return people


def _kept(company: Company) -> dict[str, tallying.Sheet]:
    """Count until every span is kept: on PostgreSQL none is while somebody writes who may not know it."""
    with company.database.snapshot() as tx:
        number = len(spans(tx))

    def all_kept() -> bool:
        told(company, live=False)
        return len(_sheets(company)) >= max(number, 1)

    wait_until(all_kept, "every span is kept")
    return _sheets(company)


def _sheets(company: Company) -> dict[str, tallying.Sheet]:
    return company.gate._sheets.of(("product", "country"))


def test_only_spans_in_which_something_changed_are_read_anew(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second count opens the values of whoever is behind the last whole span, and of the span of whoever changed."""
    people = _six(company)
    first = told(company, live=False)
    _kept(company)
    with company.database.snapshot() as tx:
        there = spans(tx)
    assert [one.high > who for one, who in zip(there, people[SIZE - 1 :: SIZE], strict=False)] == [
        True
    ] * len(there)
    opened: list[set[str]] = []
    really = company.vault.open_rows

    def opening(wants: Any, sealed: Any) -> Any:
        opened.append({want.person for want in wants})
        return really(wants, sealed)

    monkeypatch.setattr(company.vault, "open_rows", opening)
    assert told(company, live=False) == first
    behind = {who for who in people if who > there[-1].high}
    assert set().union(*opened) == behind
    assert behind < set(people)
    opened.clear()
    company.gate.perform(
        [company.registration(9, product="cloud", serial="X-1", email="person1@example.com")]
    )
    changed = told(company, live=False)
    assert people[0] in set().union(*opened) < set(people)
    assert changed == told(company, live=True) != first


def test_a_count_tells_how_far_it_is(company: Company) -> None:
    """Before the first span that must be read, and after each; the next count has nothing to read of them."""
    _six(company)
    told(company, live=False)
    number = len(_kept(company))
    fresh, parts = Sheets(), []
    for sheets in (fresh, fresh):
        tallying_ = tallying.Tallying(
            company.database, company.vault, company.gate._shelf, company.clock, _inquiry(company)
        )
        tallying_.tally(sheets, lambda *_: None, bool, lambda done, of: parts.append((done, of)))
    assert parts == [*((done, number) for done in range(number + 1)), (0, 0)]


def test_nothing_is_kept_of_whoever_was_erased(company: Company) -> None:
    """The process that erases keeps nothing of the span any more; the next count reads it without the person."""
    people = _six(company)
    told(company, live=False)
    kept = _kept(company)
    assert len(kept) >= 2
    case = company.open_case("request", "staff.privacy", RIGHTS, people[0])
    assert company.act("erase", "staff.privacy", RIGHTS, person=people[0], case=case).permitted
    left = _sheets(company)
    assert left.keys() < kept.keys()
    assert min(kept) not in left
    counted = told(company, live=False)
    assert (counted[0], counted) == (len(people) - 1, told(company, live=True))


def test_borders_name_nobody(company: Company) -> None:
    """No border of a span is anybody's handle."""
    people = _six(company)
    told(company, live=False)
    with company.database.snapshot() as tx:
        borders = {border for one in spans(tx) for border in (one.low, one.high)}
    assert borders
    assert borders.isdisjoint(people)


def test_a_span_without_its_notes_is_not_taken_for_unchanged(company: Company) -> None:
    """Notes put together into one make the span's mark another."""
    _six(company)
    first = told(company, live=False)
    with company.database.transaction() as tx:
        tx.run(Statement(delete(person_change)))
    assert told(company, live=False) == first
    for number in range(40):
        company.gate.perform([company.registration(1, product="cloud", serial=f"Y-{number}")])
    before = told(company, live=False)
    with company.database.snapshot() as tx:
        notes = tx.rows(Statement(select(person_change.c.low)))
    assert len(notes) < 40
    assert before == told(company, live=True)


def test_a_count_of_another_purpose_opens_what_it_is_permitted(company: Company) -> None:
    """What was left out when a span was read is read once it is permitted."""
    people = _six(company)
    _says(company, people[0], "objected")
    assert told(company, live=False)[1] == {"objected": 1}
    _says(company, people[0], "objected", "withdraw-stance")
    found = told(company, live=False)
    assert (found[0], found) == (len(people), told(company, live=True))


def test_a_span_that_was_read_before_an_erasure_is_not_kept_after_it() -> None:
    """Whoever is erased while a count reads is forgotten all the same."""
    sheets, fields = Sheets(), ("product",)
    assert sheets.of(fields) == {}
    before = sheets.forgettings
    sheets.forget_persons(["a" * 32])
    sheets.keep(fields, "", tallying.Sheet((0, 0), {}), before)
    assert sheets.of(fields) == {}
    sheets.keep(fields, "", tallying.Sheet((0, 0), {}), sheets.forgettings)
    assert list(sheets.of(fields)) == [""]
