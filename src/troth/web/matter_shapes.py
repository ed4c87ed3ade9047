"""Requests and disputes as JSON."""

from typing import Annotated, Literal, cast

from msgspec import Meta, Struct

from troth.kernel import from_micros
from troth.rights import Item, Mandate, MatterRow, Told


class ClockAnswer(Struct, frozen=True, kw_only=True):
    """One clock of a matter."""

    rule: str
    does: str
    due: str
    met: str
    why: Annotated[str, Meta(description="which rule, counted from when, in which unit")]


class StepAnswer(Struct, frozen=True, kw_only=True):
    """What happened to a matter, when and in which role."""

    at: str
    step: str
    role: str
    note: str


class ItemAnswer(Struct, frozen=True, kw_only=True):
    """One line of a request's plan; holds no value of anybody."""

    store: Annotated[str, Meta(description="the place that holds something")]
    what: str
    target: str
    action: Annotated[
        str, Meta(description="copy, erase, mask, correct, restrict, release, tell, by-hand or keep")
    ]
    reason: Annotated[str, Meta(description="clause that it follows; for keep, what keeps it")]
    until: Annotated[str, Meta(description="for keep: when the reason ends")]
    state: Literal["waiting", "done", "kept", "failed"]
    done: str
    tries: int
    note: str


class MandateAnswer(Struct, frozen=True, kw_only=True):
    """By what authority an agent asks in somebody's name."""

    state: Literal["waits", "given", "rejected", "denied", "ended"]
    basis: Annotated[str, Meta(description="person, document or standing; empty while it does not stand")]
    document: Annotated[bool, Meta(description="whether a written authority was sent along or added")]
    proven: Annotated[str, Meta(description="when the agent's mailbox was proven; empty for not yet")]
    kinds: Annotated[tuple[str, ...], Meta(description="kinds of request that it covers")]
    until: Annotated[
        str, Meta(description="last instant at which it holds; empty where it is for this request only")
    ]
    copies: Annotated[bool, Meta(description="whether copies go to the agent")]
    settled: Annotated[str, Meta(description="when it was last decided; empty for not yet")]
    role: Annotated[str, Meta(description="role of who decided")]
    reason: Annotated[str, Meta(description="why it was not accepted")]


class MatterAnswer(Struct, frozen=True, kw_only=True):
    """A request, dispute or question; handles and words only, never what was written."""

    number: str
    case: str
    matter: str
    kind: str
    state: str
    person: str
    record: Annotated[str, Meta(description="record that holds what was written; read it by an act")]
    channel: str
    about: str
    received: str
    due: Annotated[str, Meta(description="instant by which it must be answered; never moved")]
    due_rule: str
    late: bool
    verified: str
    handler: str
    reviewer: str
    ended: str
    outcome: str
    uses: Annotated[tuple[str, ...], Meta(description="data uses that a request names")] = ()
    clocks: tuple[ClockAnswer, ...] = ()
    steps: tuple[StepAnswer, ...] = ()
    items: Annotated[tuple[ItemAnswer, ...], Meta(description="the plan, once there is one")] = ()
    mandate: Annotated[
        MandateAnswer | None, Meta(description="where an agent asks in the person's name: by what authority")
    ] = None


class MattersAnswer(Struct, frozen=True, kw_only=True):
    """A page of matters, the most urgent first."""

    matters: tuple[MatterAnswer, ...]
    late: Annotated[int, Meta(description="open matters that are past their due date, on whatever page")]
    next: Annotated[str, Meta(description="place of the next page; empty on the last")] = ""


class StepBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A step to take with a matter."""

    step: Literal[
        "take",
        "verify",
        "classify",
        "review",
        "move",
        "plan",
        "extend",
        "tell",
        "accept-authority",
        "reject-authority",
    ]
    to: Annotated[
        str,
        Meta(
            max_length=80,
            description="for move: the state to reach; for classify: the kind; for extend: the clock; for tell: the recipient that was told",
        ),
    ] = ""
    reason: Annotated[str, Meta(max_length=200, description="why; without personal data")] = ""
    uses: Annotated[
        tuple[str, ...],
        Meta(
            max_length=64,
            description="for classify as restrict, object or release: the data uses that it is about; left out: every optional one",
        ),
    ] = ()
    until: Annotated[
        str,
        Meta(
            max_length=10, description="for accept-authority: the last day on which it holds (ISO date, UTC)"
        ),
    ] = ""
    kinds: Annotated[
        tuple[str, ...],
        Meta(
            max_length=8,
            description="for accept-authority: the kinds of request that it is for; left out: this one",
        ),
    ] = ()
    copies: Annotated[
        bool, Meta(description="for accept-authority: whether it says that copies go to the agent")
    ] = False


def matter_answer(row: MatterRow, now: int, told: Told | None = None) -> MatterAnswer:
    """A matter as it is told, with clocks and steps where they were read.

    Args:
        row: The matter.
        now: Instant (microseconds), by which it is late or not.
        told: The same with its clocks and steps.
    """
    clocks = told.duties if told is not None else ()
    steps = told.steps if told is not None else ()
    return MatterAnswer(
        number=row.number,
        case=row.case,
        matter=row.matter,
        kind=row.kind,
        state=row.state,
        person=row.person,
        record=row.record,
        channel=row.channel,
        about=row.about,
        received=_text(row.received_at),
        due=_text(row.due_at),
        due_rule=row.due_rule,
        late=row.late(now),
        verified=_text(row.verified_at),
        handler=row.handler,
        reviewer=row.reviewer,
        ended=_text(row.ended_at),
        outcome=row.outcome,
        uses=tuple(row.uses.split()),
        clocks=tuple(
            ClockAnswer(rule=d.rule, does=d.does, due=_text(d.due_at), met=_text(d.met_at), why=d.why)
            for d in clocks
        ),
        steps=tuple(StepAnswer(at=_text(s.at), step=s.step, role=s.role, note=s.note) for s in steps),
        items=tuple(_item(one) for one in told.items) if told is not None else (),
        mandate=_mandate(told.mandate) if told is not None and told.mandate is not None else None,
    )


def _mandate(one: Mandate) -> MandateAnswer:
    return MandateAnswer(
        state=cast("Literal['waits', 'given', 'rejected', 'denied', 'ended']", one.state),
        basis=one.basis,
        document=bool(one.document),
        proven=_text(one.proven_at),
        kinds=tuple(one.kinds.split()),
        until=_text(one.valid_until),
        copies=bool(one.copies),
        settled=_text(one.settled_at),
        role=one.role,
        reason=one.reason,
    )


def _item(one: Item) -> ItemAnswer:
    return ItemAnswer(
        store=one.store,
        what=one.what,
        target=one.target,
        action=one.action,
        reason=one.reason,
        until=_text(one.until),
        state=cast("Literal['waiting', 'done', 'kept', 'failed']", one.state),
        done=_text(one.done_at),
        tries=one.tries,
        note=one.note,
    )


def _text(at: int) -> str:
    return from_micros(at).isoformat() if at else ""
