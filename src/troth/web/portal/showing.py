"""What the pages about oneself show, made of rows: requests, values, and decisions from the ledger, in people's words."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, islice
from typing import Any, NamedTuple

from troth.flows import SAID, VALUES, Part, Wording, flat, told_why
from troth.ledger import Entry, Recorded
from troth.policy import Policy
from troth.rights import COPY_FETCHED, RECIPIENTS, SHAPES, TOLD, Duty, Item, MatterRow, Step, moved_clocks
from troth.web.speaking import Speech

STATES: Mapping[str, str] = {
    "received": "Received",
    "identity-pending": "Waiting for you",
    "authority-pending": "A written authority is looked at",
    "verified": "We know it is you",
    "planned": "Planned",
    "executing": "Being done",
    "completed": "Done",
    "partially-completed": "Done in part",
    "refused": "Refused",
    "withdrawn": "Withdrawn",
    "opened": "Received",
    "acknowledged": "Received",
    "under-review": "Under review",
    "proposed": "Answer proposed",
    "resolved": "Settled",
    "unresolved": "Not settled",
    "taken": "Being done",
    "answered": "Answered",
}
"""States of requests and disputes, and steps, as people call them."""
STEPS: Mapping[str, str] = {
    TOLD: "A company that had it was told",
    COPY_FETCHED: "The copy was fetched",
    "joined": "You sent it again",
    "agent-proven": "Whoever asks for you has proven their mailbox",
    "authority-added": "A written authority was added",
    "authority-accepted": "A written authority was accepted",
    "authority-rejected": "A written authority was not accepted",
    "authority-withdrawn": "You took the authority back",
    "classified": "We read what you ask for",
    "overdue": "The due date passed",
    "extended": "We took more time that a law gives",
    "reminded": "Our staff were reminded",
    "review-taken": "Somebody else reviews it",
    **STATES,
}
KINDS: Mapping[str, str] = {
    "access": "Send me a copy of my data",
    "portability": "Send me my data for another service",
    "correct": "Correct my data",
    "erase": "Delete my data",
    "restrict": "Set my data aside",
    "object": "Stop a use of my data",
    "release": "Let a use go on that I stopped",
    "other": "Something else",
    "dispute": "A complaint",
    "question": "A question",
}
"""What people ask for, as they call it."""
DID: Mapping[str, str] = {
    "collect": "Your data came in",
    "hold": "Your data came in and waited",
    "use": "Your data was read",
    "send": "A message was sent to you",
    "send-agent": "A message was sent to who asks in your name",
    "disclose": "Your data was passed on",
    "pass-message": "Your message was passed on to another user",
    "analyse": "Your data was counted",
    "erase": "Data was deleted",
    "erased": "The deletion was finished",
    "lost": "Data could not be brought back from a backup",
    "open-case": "A case was opened",
    "close-case": "A case was closed",
    "reopen-case": "A case was opened again",
    "assign-case": "A case was given to somebody of our staff",
    "release-case": "A case was taken from who worked on it",
    "find-cases": "A case of yours was looked for",
    "verify-case": "It was proven who asks",
    "record-stance": "A choice was noted",
    "withdraw-stance": "A choice was taken back",
    "show-stances": "Choices were looked up",
    "list-records": "Records were listed",
    "issue-proof": "A link was made for your mailbox",
    "open-session": "You signed in",
    "close-session": "You signed out",
    "list-sessions": "Sign-ins were listed",
    "close-sessions": "You signed out everywhere",
    "close-other-sessions": "Your other sign-ins were ended",
    "begin-work": "Somebody of our staff signed in",
    "show-holdings": "It was looked up what we hold",
    "list-people": "A list was made of those who chose the same",
    "restrict-purpose": "A use of your data was stopped",
    "release-purpose": "A use of your data was let go on",
    "place-hold": "Data was put on hold for a reason that must be given",
    "end-hold": "A hold on your data was ended",
    "block-sender": "You refused messages of another user",
    "release-sender": "You let messages of another user through again",
    "suppress": "An address was put on the list of those never to be written to",
    "release-suppression": "An address was taken off that list",
    "show-suppression": "That list was looked up",
    "purge-child": "A child's data was deleted",
    "verify-parent": "A parent was verified",
    "withdraw-parent": "A parent took the consent back",
    "allow-sharing": "A passing on was allowed",
    "withdraw-sharing": "A passing on was taken back",
    "stop-topic": "You stopped announcements",
    "resume-topic": "You took announcements up again",
    "note-undeliverable": "It was noted that messages to you come back",
    "show-stops": "It was looked up what you want to hear about",
    "instruct": "A step was taken",
    "matter": "A date was noted",
}
"""Acts and orders of the ledger, as people call them."""
PIECES: Mapping[str, str] = {
    "waiting": "Not done yet",
    "done": "Done",
    "kept": "Stays as it was",
    "failed": "Could not be done",
}
"""How pieces of a request went, as people call it."""
_PERSON = "person"
_LOOKS = frozenset({"use", "list-records", "show-stances", "list-sessions"})
_MINUTE = 60_000_000
_READY = frozenset({"completed", "partially-completed"})
COPIED = frozenset({"access", "portability"})
MOST_VALUES = 200
"""Values of one kind of record that the page shows; the copy has all."""


class ShownRequest(NamedTuple):
    """A request or dispute as its sender sees it."""

    number: str
    what: str
    state: str
    open: bool
    late: bool
    received: str
    due: str
    why: str
    ended: str
    reason: str
    may_withdraw: bool
    may_dispute: bool
    ready: bool
    waits: bool
    steps: tuple[tuple[str, str], ...] = ()
    longer: tuple[tuple[str, str, str], ...] = ()


class Piece(NamedTuple):
    """One line of a request's plan as its sender sees it."""

    what: str
    state: str
    ended: bool
    why: str
    until: str


class Used(NamedTuple):
    """Decisions that were alike and made at once, as one line of the journal."""

    leaf: int
    when: str
    did: str
    refused: bool
    who: str
    why: str
    clauses: tuple[str, ...]
    what: str
    whom: str
    entry: str
    times: int


class Held(NamedTuple):
    """A table of what is held, cut to what a page shows."""

    title: str
    groups: tuple[tuple[str, tuple[Mapping[str, str], ...]], ...]
    more: bool


def shown_request(
    speech: Speech, row: MatterRow, now: int, duties: Sequence[Duty] = (), steps: Sequence[Step] = ()
) -> ShownRequest:
    """A matter as its person sees it at an instant (microseconds)."""
    words = speech.words
    why = next((one.why for one in duties if one.rule == row.due_rule), "")
    following = SHAPES[row.matter].following(row.state)
    return ShownRequest(
        number=row.number,
        what=words(KINDS.get(row.kind or row.matter, KINDS["other"])),
        state=words(STATES.get(row.state, row.state)),
        open=not row.ended_at,
        late=row.late(now),
        received=speech.when(row.received_at),
        due=speech.when(row.due_at),
        why=told_why(words, why, speech.when),
        ended=speech.when(row.ended_at) if row.ended_at else "",
        reason=row.outcome,
        may_withdraw="withdrawn" in following,
        may_dispute=row.matter == "request",
        ready=row.kind in COPIED and row.state in _READY,
        waits=row.state == "identity-pending",
        steps=tuple((speech.when(one.at), words(STEPS.get(one.step, one.step))) for one in steps),
        longer=tuple(
            (speech.when(before.due_at), speech.when(later.due_at), reason)
            for before, later, reason in moved_clocks(duties, steps)
        ),
    )


def pieces(speech: Speech, items: Sequence[Item]) -> list[Piece]:
    """A plan as its person sees it: what is changed, what stays and why, and who is told."""
    return [
        Piece(
            speech.words("{company} is told", company=one.what) if one.store == RECIPIENTS else one.what,
            speech.words(PIECES[one.state]),
            one.state == "done",
            one.reason if one.state == "kept" else "",
            speech.when(one.until) if one.state == "kept" and one.until else "",
        )
        for one in items
    ]


def used_lines(speech: Speech, policy: Policy, found: Sequence[Recorded]) -> list[Used]:
    """A page of the journal, newest first; decisions that are alike and of one instant are one line."""
    lines = []
    entries = [(one.leaf_index or 0, one.entry) for one in reversed(found)]
    for _, group in groupby(entries, lambda pair: _alike(pair[1])):
        same = list(group)
        leaf, entry = same[-1]
        lines.append(_line(speech, policy, leaf, entry, len(same)))
    return lines


def held_part(words: Wording, part: Part) -> Held:
    """A table of values as a page shows it: the values of each record together."""
    rows = [dict(zip(part.columns, row, strict=True)) for row in islice(part.rows, MOST_VALUES + 1)]
    if part.columns == SAID:
        rows = [
            {**dict.fromkeys(VALUES, ""), "What": row[SAID[0]], "Value": words(row[SAID[1]])} for row in rows
        ]
    groups = []
    for _, group in groupby(rows[:MOST_VALUES], lambda row: row["Record"]):
        groups.append(_group(list(group)))
    return Held(words(part.title), tuple(groups), len(rows) > MOST_VALUES)


def _group(rows: Sequence[Mapping[str, Any]]) -> tuple[str, tuple[Mapping[str, str], ...]]:
    head = rows[0]["How it came in"] if rows[0]["Record"] else ""
    return head, tuple({name: flat(value) for name, value in row.items()} for row in rows)


def _alike(entry: Entry) -> tuple[object, ...]:
    if _own_look(entry):
        return ("look", entry.at // _MINUTE)
    return (entry.at, entry.act, entry.effect, entry.actor, entry.purpose, entry.clauses, entry.recipient)


def _own_look(entry: Entry) -> bool:
    """Whether it is a part of somebody looking at their own data, which takes many decisions."""
    return entry.actor == _PERSON and entry.effect == "permit" and entry.act in _LOOKS


def _line(speech: Speech, policy: Policy, leaf: int, entry: Entry, times: int) -> Used:
    words = speech.words
    look = _own_look(entry)
    role, recipient = policy.roles.get(entry.actor), policy.recipients.get(entry.recipient)
    agents = entry.act == "send" and any(policy.fields[n].agent for n in entry.fields if n in policy.fields)
    act = "send-agent" if agents else entry.act
    who = words("You") if entry.actor == _PERSON else role.title if role is not None else entry.actor
    return Used(
        leaf=leaf,
        when=speech.when(entry.at),
        did=words("You looked at your data" if look else DID.get(act, act.replace("-", " "))),
        refused=entry.effect != "permit",
        who=who or words("The system by itself"),
        why=entry.purpose.rpartition(".")[2].replace("_", " "),
        clauses=entry.clauses,
        what="" if look else ", ".join(_titles(policy, entry.fields)),
        whom=recipient.title if recipient is not None else entry.recipient,
        entry=entry.id,
        times=1 if look else times,
    )


def _titles(policy: Policy, names: Iterable[str]) -> list[str]:
    fields = policy.fields
    return [(fields[name].title if name in fields else "") or name.replace("_", " ") for name in names]


def iso_when(speech: Speech, text: str) -> str:
    """An instant of ISO 8601 as the person reads it."""
    from datetime import datetime

    from troth.kernel import micros

    return speech.when(micros(datetime.fromisoformat(text))) if text else ""
