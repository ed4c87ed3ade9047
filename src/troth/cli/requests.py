"""`troth requests`: requests, disputes and questions of people, and every step."""

from typing import TYPE_CHECKING, Annotated

import typer

from troth.cli.frame import command, group
from troth.cli.say import Say, Text, stacked, table
from troth.cli.sources import KeyFile, api_key, moment
from troth.kernel import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from troth.rights import Item, Mandate, MatterRow, Place, Rights, Told

app = group("requests", "Requests, disputes and questions of people: the queue, and every step.")

Number = Annotated[
    str,
    typer.Argument(
        metavar="NUMBER", help="Number of the matter, such as R-7KQM-93XD, or the id of its case."
    ),
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; without personal data.")]
_MATTER = {
    "number": "what people call it by",
    "case": "id of its case",
    "matter": "request, dispute or question",
    "kind": "what a request asks for",
    "state": "where it stands",
    "person": "handle of whose it is",
    "record": "record that holds what was written",
    "channel": "how it came in",
    "about": "case that a dispute is about",
    "received": "instant of receipt",
    "due": "instant by which it must be answered; never moved",
    "due_rule": "the rule that sets it",
    "late": "true when the due date is over and it had not ended by then",
    "verified": "when it was proven who asks",
    "handler": "id of the key of who handles it",
    "reviewer": "of a dispute, id of the key of who reviews it",
    "ended": "when it ended",
    "outcome": "reason of the end",
    "uses": "data uses that a request names",
}


@command(
    app,
    "list",
    example="troth requests list --state identity-pending",
    gives={
        "matters": "the members that `troth requests show` gives, without steps and clocks",
        "late": "how many are late",
        "next": "for --behind, empty on the last page",
    },
)
def list_(
    say: Say,
    *,
    state: Annotated[
        str, typer.Option("--state", metavar="STATE", help="Only those in a state, ended ones too.")
    ] = "",
    handler: Annotated[
        str, typer.Option("--handler", metavar="KEY", help="Only those that a key (its id) handles.")
    ] = "",
    behind: Annotated[
        str, typer.Option("--behind", metavar="PLACE", help="The page behind the one that gave this place.")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, metavar="N", help="How many.")] = 50,
) -> None:
    """List open matters, the most urgent first; those that are late stand at the top."""
    from troth.kernel import micros
    from troth.rights import late_count, queue

    place = _place(behind)
    with say.open() as troth, troth.database.snapshot() as tx:
        now = micros(troth.clock.now())
        found = queue(tx, state=state, handler=handler, behind=place, most=limit)
        late = late_count(tx, now)
    rows = [matter_json(one, now) for one in found]
    heads = ("number", "matter", "kind", "state", "due", "late")
    cells = [[("LATE" if row[h] else "") if h == "late" else row[h] for h in heads] for row in rows]
    last = f"{found[-1].due_at}.{found[-1].case}" if len(found) == limit else ""
    say.answer({"matters": rows, "late": late, "next": last}, stacked(table(heads, cells), f"{late} late."))


@command(
    app,
    "show",
    example="troth requests show R-7KQM-93XD",
    gives={
        **_MATTER,
        "clocks": "rule, does, due, met, why and remind of each",
        "steps": "at, step, role, key and note of each",
        "items": "the plan: store, what, target, action, reason, until, state, done, tries and note of each",
        "mandate": "where an agent asks: state, basis, document, proven, kinds, until, copies, settled, role and reason; else null",
    },
)
def show(say: Say, number: Number) -> None:
    """Show a matter with its clocks and everything that happened to it."""
    from troth.kernel import micros

    with say.open() as troth:
        found = troth.rights.matter(number)
        now = micros(troth.clock.now())
    say.answer(told_json(found, now), _told(found, now))


@command(app, "take", example="troth requests take R-7KQM-93XD", gives=_MATTER)
def take(say: Say, number: Number, *, key_file: KeyFile = None) -> None:
    """Take a matter over. The person is told that somebody is at work on it."""
    _step(say, lambda rights: rights.take(api_key(key_file), number))


@command(app, "verify", example="troth requests verify R-7KQM-93XD", gives=_MATTER)
def verify(say: Say, number: Number, *, key_file: KeyFile = None) -> None:
    """Note that it is proven who asks; the key's role answers for it."""
    _step(say, lambda rights: rights.verify(api_key(key_file), number))


@command(app, "classify", example="troth requests classify R-7KQM-93XD erase", gives=_MATTER)
def classify(
    say: Say,
    number: Number,
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND", help="access, portability, correct, erase, restrict, object, release or other."
        ),
    ],
    *,
    use: Annotated[
        list[str] | None,
        typer.Option(
            "--use",
            metavar="USE",
            help="Of restrict, object and release: a data use that it is about; may be repeated.",
        ),
    ] = None,
    key_file: KeyFile = None,
) -> None:
    """Say what a request asks for, once somebody has read it."""
    _step(say, lambda rights: rights.classify(api_key(key_file), number, kind, use or ()))


@command(
    app,
    "extend",
    example='troth requests extend R-7KQM-93XD gdpr-answer --reason "many systems have to be searched"',
    gives=_MATTER,
)
def extend(
    say: Say,
    number: Number,
    clock: Annotated[
        str, typer.Argument(metavar="CLOCK", help="A law's clock, as `troth requests show` names it.")
    ],
    *,
    reason: Reason = "",
    key_file: KeyFile = None,
) -> None:
    """Take the longer time that a law's clock gives. The person is told why; no promise of ours gets longer."""
    _step(say, lambda rights: rights.extend(api_key(key_file), number, clock, reason))


@command(app, "tell", example="troth requests tell R-7KQM-93XD carrier", gives=_MATTER)
def tell(
    say: Say,
    number: Number,
    recipient: Annotated[
        str,
        typer.Argument(
            metavar="RECIPIENT",
            help="Whom you told the right value, or where you changed it: the `target` of an item that waits, as `troth requests show` gives it.",
        ),
    ],
    *,
    key_file: KeyFile = None,
) -> None:
    """Say that a recipient of a value that was wrong was told the right one, or a database changed by hand; the request then goes on."""
    _step(say, lambda rights: rights.tell(api_key(key_file), number, recipient))


@command(
    app,
    "accept-authority",
    example="troth requests accept-authority R-7KQM-93XD --until 2027-12-31 --kind access --copies",
    gives=_MATTER,
)
def accept_authority(
    say: Say,
    number: Number,
    *,
    until: Annotated[
        str, typer.Option("--until", metavar="DATE", help="The last day on which it holds (ISO date, UTC).")
    ],
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind",
            metavar="KIND",
            help="A kind of request that it is for; may be repeated. Left out: this one.",
        ),
    ] = None,
    copies: Annotated[bool, typer.Option("--copies", help="It says that copies go to whoever asks.")] = False,
    key_file: KeyFile = None,
) -> None:
    """Say that you examined the written authority of who asks for somebody else, and that it is good. The request goes on."""
    from troth.kernel import micros
    from troth.rights import end_of_day

    with say.open() as troth:
        kinds = kind or [troth.rights.row(number).kind]
        row = troth.agents.accept(
            api_key(key_file), number, until=end_of_day(until), kinds=kinds, copies=copies
        )
        troth.flush_ledger()
        now = micros(troth.clock.now())
    say.answer(matter_json(row, now), f"{row.number} is {row.state}, due {moment(row.due_at)}.")


@command(
    app,
    "reject-authority",
    example='troth requests reject-authority R-7KQM-93XD --reason "it bears no signature"',
    gives=_MATTER,
)
def reject_authority(say: Say, number: Number, *, reason: Reason = "", key_file: KeyFile = None) -> None:
    """Say that the written authority of who asks for somebody else does not do, and why. The person can still say yes."""
    from troth.kernel import micros

    with say.open() as troth:
        row = troth.agents.reject(api_key(key_file), number, reason)
        troth.flush_ledger()
        now = micros(troth.clock.now())
    say.answer(matter_json(row, now), f"{row.number} is {row.state}, due {moment(row.due_at)}.")


@command(app, "review", example="troth requests review D-7KQM-93XD", gives=_MATTER)
def review(say: Say, number: Number, *, key_file: KeyFile = None) -> None:
    """Take a dispute under review. Whoever handled the matter may not."""
    _step(say, lambda rights: rights.review(api_key(key_file), number))


@command(
    app,
    "plan",
    example="troth requests plan R-7KQM-93XD",
    gives={**_MATTER, "items": "the plan, as `troth requests show` gives it"},
)
def plan(say: Say, number: Number, *, key_file: KeyFile = None) -> None:
    """Work out what a request will do, item by item, and write it down; nothing is carried out."""
    from troth.kernel import micros

    with say.open() as troth:
        troth.answering.plan(number, api_key(key_file))
        troth.flush_ledger()
        found, now = troth.rights.matter(number), micros(troth.clock.now())
    say.answer(
        {**matter_json(found.matter, now), "items": [item_json(one) for one in found.items]}, _items(found)
    )


@command(app, "carry-out", example="troth requests carry-out R-7KQM-93XD", gives=_MATTER)
def carry_out(say: Say, number: Number, *, key_file: KeyFile = None) -> None:
    """Have a request carried out in the background; needed for kinds that the policy does not let go by themselves."""
    _step(say, lambda rights: rights.carry_out(api_key(key_file), number))


@command(
    app,
    "move",
    example='troth requests move R-7KQM-93XD refused --reason "the request is not about you"',
    gives=_MATTER,
)
def move(
    say: Say,
    number: Number,
    state: Annotated[
        str,
        typer.Argument(metavar="STATE", help="The state to reach, such as planned, completed or refused."),
    ],
    *,
    reason: Reason = "",
    key_file: KeyFile = None,
) -> None:
    """Move a matter to another state; only the moves of its state machine are possible."""
    _step(say, lambda rights: rights.move(api_key(key_file), number, state, reason))


def matter_json(row: "MatterRow", now: int) -> dict[str, object]:
    """A matter as JSON shows it."""
    return {
        "number": row.number,
        "case": row.case,
        "matter": row.matter,
        "kind": row.kind,
        "state": row.state,
        "person": row.person,
        "record": row.record,
        "channel": row.channel,
        "about": row.about,
        "received": moment(row.received_at),
        "due": moment(row.due_at),
        "due_rule": row.due_rule,
        "late": row.late(now),
        "verified": moment(row.verified_at),
        "handler": row.handler,
        "reviewer": row.reviewer,
        "ended": moment(row.ended_at),
        "outcome": row.outcome,
        "uses": row.uses.split(),
    }


def told_json(found: "Told", now: int) -> dict[str, object]:
    """A matter with its clocks and steps as JSON shows it."""
    duties = [
        {
            "rule": d.rule,
            "does": d.does,
            "due": moment(d.due_at),
            "met": moment(d.met_at),
            "why": d.why,
            "remind": d.remind,
        }
        for d in found.duties
    ]
    steps = [
        {"at": moment(s.at), "step": s.step, "role": s.role, "key": s.key, "note": s.note}
        for s in found.steps
    ]
    items = [item_json(one) for one in found.items]
    whole = {**matter_json(found.matter, now), "clocks": duties, "steps": steps, "items": items}
    return {**whole, "mandate": mandate_json(found.mandate)}


def mandate_json(one: "Mandate | None") -> dict[str, object] | None:
    """By what authority an agent asks, as JSON shows it."""
    if one is None:
        return None
    return {
        "state": one.state,
        "basis": one.basis,
        "document": bool(one.document),
        "proven": moment(one.proven_at),
        "kinds": one.kinds.split(),
        "until": moment(one.valid_until),
        "copies": bool(one.copies),
        "settled": moment(one.settled_at),
        "role": one.role,
        "reason": one.reason,
    }


def item_json(one: "Item") -> dict[str, object]:
    """A line of a plan as JSON shows it."""
    return {
        "store": one.store,
        "what": one.what,
        "target": one.target,
        "action": one.action,
        "reason": one.reason,
        "until": moment(one.until),
        "state": one.state,
        "done": moment(one.done_at),
        "tries": one.tries,
        "note": one.note,
    }


def _items(found: "Told") -> Text:
    rows = [(i.store, i.what, i.action, i.reason, moment(i.until), i.state, i.note) for i in found.items]
    return table(("store", "what", "action", "why", "until", "state", "note"), rows)


def _told(found: "Told", now: int) -> Text:
    row = matter_json(found.matter, now)
    facts = table(("", ""), [(name, value) for name, value in row.items() if value not in ("", False)])
    clocks = table(
        ("clock", "due", "met"), [(d.why, moment(d.due_at), moment(d.met_at)) for d in found.duties]
    )
    steps = table(
        ("at", "step", "by", "note"),
        [(moment(s.at), s.step, s.role or "itself", s.note) for s in found.steps],
    )
    return stacked(facts, clocks, steps, *([_items(found)] if found.items else []))


def _step(say: Say, does: "Callable[[Rights], MatterRow]") -> None:
    from troth.kernel import micros

    with say.open() as troth:
        row = does(troth.rights)
        troth.flush_ledger()
        now = micros(troth.clock.now())
    say.answer(matter_json(row, now), f"{row.number} is {row.state}, due {moment(row.due_at)}.")


def _place(text: str) -> "Place | None":
    from troth.rights import Place

    if not text:
        return None
    due, _, case = text.partition(".")
    if not due.lstrip("-").isdigit():
        raise InvalidInput("The place is none.", field="behind", mend="Use what `next` gave.")
    return Place(int(due), case)
