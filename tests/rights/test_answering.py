"""Requests that are carried out: by themselves where the policy lets them, item by item, from wherever they were stopped."""

from collections.abc import Iterator, Mapping, Sequence

import pytest

from tests.gate.conftest import RIGHTS
from tests.rights.conftest import Desk
from tests.support.policies import any_serial
from troth.flows import Answering, Done, Finisher, OwnCopy, Part, Store, VaultStore, Work
from troth.gate import DISPOSAL, Outcome
from troth.kernel import Refused, Unavailable, micros
from troth.rights import ANSWER, Item, items_of, note_item, receipts_of, released_items
from troth.storage import job_records

ROLE = "service.rights"


def _disposal(desk: Desk) -> tuple[str, str]:
    return desk.key("service.disposal", (DISPOSAL,)), DISPOSAL


class Shelf:
    """A place of a made-up kind: three things, of which some cannot be done at once."""

    name = "shelf"

    def __init__(self, *does: Done | Exception) -> None:
        self.does = list(does) or [Done("done")]
        self.done: list[str] = []

    def plan(self, work: Work) -> Sequence[Item]:
        """Three things."""
        return [Item(work.case, 0, self.name, f"thing {n}", f"thing{n}", "erase", "III.2") for n in range(3)]

    def carry_out(self, work: Work, item: Item) -> Done:  # noqa: ARG002  the port's
        """What was said, one after another; the last for ever."""
        does = self.does.pop(0) if len(self.does) > 1 else self.does[0]
        if isinstance(does, Exception):
            raise does
        self.done.append(item.target)
        return does

    def copy(self, work: Work) -> Iterator[Part]:  # noqa: ARG002  the port's
        """Nothing."""
        return iter(())


class Closed:
    """A finisher that remembers what it closed."""

    def __init__(self) -> None:
        self.closed: list[tuple[str, list[str]]] = []

    def __call__(self, work: Work, items: Sequence[Item]) -> None:
        """Close it."""
        self.closed.append((work.case, [item.state for item in items]))


def store_of(desk: Desk) -> VaultStore:
    """The vault of a desk."""
    own = OwnCopy(
        database=desk.database,
        perform=desk.gate.perform,
        actor=desk.gate.actor,
        policy=desk.gate.policy,
        version=lambda _: desk.gate.policy(),
        flush=lambda: None,
    )
    return VaultStore(
        desk.gate.perform_along,
        desk.gate.policy,
        desk.gate.resume_erasures,
        lambda: _disposal(desk),
        own.copy,
    )


def answering(desk: Desk, *stores: Store, finishers: Mapping[str, Finisher] | None = None) -> Answering:
    """What carries requests out at a desk."""
    vault = store_of(desk)
    return Answering(
        database=desk.database,
        clock=desk.clock,
        policy=desk.gate.policy,
        rights=desk.rights,
        key=lambda: desk.key(ROLE, (RIGHTS,), ("request",)),
        stores=lambda: stores or (vault,),
        finishers={"erase": Closed()} if finishers is None else finishers,
    )


def verified(desk: Desk, kind: str = "erase", number: int = 1) -> Outcome:
    """Somebody with a registered product asks, and it is proven that they do."""
    desk.register(number)
    opened = desk.write(kind, email=f"person{number}@example.com")
    desk.rights.verify(desk.staff(), opened.case)
    return opened


def promised(desk: Desk) -> int:
    """How many requests wait to be carried out."""
    with desk.database.snapshot() as tx:
        return sum(job.topic == ANSWER for job in job_records(tx, done=False, most=100))


def plan(desk: Desk, case: str) -> list[Item]:
    """The plan of a request."""
    with desk.database.snapshot() as tx:
        return items_of(tx, case)


def attended(policy: bytes, kind: str) -> bytes:
    """The reference policy, but one kind waits for staff."""
    text = policy.decode()
    assert text.count("by_itself: [") == 1
    return text.replace(f", {kind},", ",", 1).encode() if f", {kind}," in text else text.encode()


def test_what_is_verified_is_promised_in_the_same_unit_of_work(desk: Desk) -> None:
    """A verified request of a listed kind has its job; one that is not verified yet has none."""
    desk.register(1)
    opened = desk.write("erase", email="person1@example.com")
    assert promised(desk) == 0
    desk.rights.verify(desk.staff(), opened.case)
    assert promised(desk) == 1
    desk.write("object", email="person1@example.com")
    assert promised(desk) == 2


def test_a_kind_that_is_not_listed_waits_for_staff(desk: Desk) -> None:
    """Nothing happens by itself; staff plan it, look at the plan, and start it."""
    desk.publish(attended(any_serial(), "erase"))
    opened = verified(desk)
    assert promised(desk) == 0
    key = desk.staff()
    does = answering(desk)
    assert [item.state for item in does.plan(opened.case, key)][:1] == ["waiting"]
    told = desk.rights.matter(opened.case)
    assert (told.matter.state, told.steps[-1].role) == ("planned", "staff.privacy")
    assert len(told.items) > 1
    desk.rights.carry_out(key, opened.case)
    assert promised(desk) == 1
    does.carry_out(opened.case)
    assert desk.rights.matter(opened.case).matter.state == "completed"


def test_nobody_starts_what_is_not_proven(desk: Desk) -> None:
    """Neither staff nor a role without a permit."""
    desk.register(1)
    opened = desk.write("erase", email="person1@example.com")
    with pytest.raises(Exception, match="cannot become planned"):
        desk.rights.carry_out(desk.staff(), opened.case)
    desk.rights.verify(desk.staff(), opened.case)
    with pytest.raises(Refused):
        desk.rights.carry_out(desk.key("staff.marketing"), opened.case)


def test_an_erasure_goes_through_its_states_in_the_service_role(desk: Desk) -> None:
    """Planned, executing, completed; the person is gone, and the acts are in the ledger with what proves them."""
    opened = verified(desk)
    does = answering(desk)
    does.carry_out(opened.case)
    told = desk.rights.matter(opened.case)
    assert [(s.step, s.role) for s in told.steps[-3:]] == [
        ("planned", ROLE),
        ("executing", ROLE),
        ("completed", ROLE),
    ]
    assert {(item.store, item.action, item.state) for item in told.items} == {("vault", "erase", "done")}
    with desk.database.snapshot() as tx:
        assert desk.vault.people(tx, [opened.person]) == {}
        proven = receipts_of(tx, opened.case)
    assert [e.act for e in desk.entries() if e.id in proven] == ["erase"]
    assert does.progress(opened.case)[:2] == ("completed", len(told.items))


def test_a_place_that_is_down_leaves_its_item_waiting(desk: Desk) -> None:
    """The others are done; it is tried again, and nothing is done twice."""
    opened = verified(desk)
    shelf, closed = Shelf(Done("done"), Unavailable("Down."), Done("done")), Closed()
    does = answering(desk, shelf, finishers={"erase": closed})
    with pytest.raises(Unavailable):
        does.carry_out(opened.case)
    assert [(item.state, item.tries) for item in plan(desk, opened.case)] == [
        ("done", 0),
        ("waiting", 1),
        ("done", 0),
    ]
    assert closed.closed == []
    does.carry_out(opened.case)
    assert shelf.done == ["thing0", "thing2", "thing1"]
    does.carry_out(opened.case)
    assert closed.closed == [(opened.case, ["done", "done", "done"])]


class Cupboard(Shelf):
    """Another place of this kind."""

    name = "cupboard"


def test_what_comes_out_the_same_again_is_noted_with_what_follows(desk: Desk) -> None:
    """It is in the plan as soon as the next place is, and before anything that cannot be done again."""
    opened = verified(desk)
    seen: list[list[str]] = []

    class Looking(Cupboard):
        """A place that looks into the plan while it works."""

        def carry_out(self, work: Work, item: Item) -> Done:
            """Look, then do it."""
            seen.append([one.state for one in plan(desk, work.case)])
            return super().carry_out(work, item)

    does = answering(desk, Shelf(Done("done", same_again=True)), Looking(Done("done")))
    does.carry_out(opened.case)
    assert seen == [["waiting"] * 6] * 3
    assert [item.state for item in desk.rights.matter(opened.case).items] == ["done"] * 6

    opened, seen = verified(desk, number=2), []
    answering(desk, Shelf(Done("done")), Looking(Done("done"))).carry_out(opened.case)
    assert seen == [["done"] * 3 + ["waiting"] * 3] * 3


def test_a_place_that_breaks_leaves_noted_what_was_done_before_it(desk: Desk) -> None:
    """Nothing of it is done again when the request is taken up."""
    opened = verified(desk)
    shelf, broken = Shelf(Done("done", same_again=True)), Cupboard(Done("done"), ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        answering(desk, shelf, broken).carry_out(opened.case)
    assert [item.state for item in plan(desk, opened.case)] == ["done"] * 3 + ["waiting"] * 3
    answering(desk, shelf, Cupboard()).carry_out(opened.case)
    assert shelf.done == ["thing0", "thing1", "thing2"]
    assert desk.rights.matter(opened.case).matter.state == "completed"


def test_what_is_kept_ends_it_in_part_and_is_finished_later(desk: Desk) -> None:
    """The reason is told; once it has ended the rest is done, and the finisher hears of it again."""
    opened = verified(desk)
    ends = micros(desk.clock.now()) + 1_000_000
    shelf, closed = Shelf(Done("kept", "tax", ends), Done("failed", "no"), Done("done")), Closed()
    does = answering(desk, shelf, finishers={"erase": closed})
    does.carry_out(opened.case)
    row = desk.rights.matter(opened.case).matter
    assert (row.state, row.outcome) == ("partially-completed", "III.2; shelf failed")
    with desk.database.transaction() as tx:
        assert released_items(tx, ends - 1) == []
        (item,) = released_items(tx, ends)
        note_item(tx, item, "waiting", ends)
    does.carry_out(opened.case)
    assert [states for _, states in closed.closed] == [["kept", "failed", "done"], ["done", "failed", "done"]]
    assert desk.rights.matter(opened.case).matter == row


def test_nothing_that_needs_a_proof_goes_without_one(desk: Desk) -> None:
    """An objection needs no proof; once somebody reads an erasure in it, it waits for one, and nothing is carried out before."""
    desk.register(1)
    opened = desk.write("object", email="person1@example.com")
    desk.rights.classify(desk.staff(), opened.case, "erase")
    answering(desk).carry_out(opened.case)
    assert desk.rights.matter(opened.case).matter.state == "identity-pending"


def test_a_kind_that_nothing_closes_waits_for_staff(desk: Desk) -> None:
    """As long as nobody has written what closes it."""
    opened = verified(desk, "access")
    answering(desk).carry_out(opened.case)
    assert desk.rights.matter(opened.case).matter.state == "verified"


def test_a_copy_holds_profile_and_records(desk: Desk) -> None:
    """Table by table, streamed, read in the name of what carries requests out."""
    opened = verified(desk, "access")
    work = answering(desk)._work(desk.rights.matter(opened.case).matter)
    parts = {part.title: [list(row) for row in part.rows] for part in store_of(desk).copy(work)}
    assert set(parts) >= {"Registration", "Request"}
    assert any("person1@example.com" in row for row in parts["Registration"])
