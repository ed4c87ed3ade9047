"""What Troth itself holds about a person, as tables of a copy: values with their origin, choices, requests, and who used them.

Every value is read through the gate, page by page, in the name of whoever asks: the person, or staff under the request's case.
Where a value came from is told by the ledger's entry about its collection, which was made in the same instant.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from troth.accounts import raised
from troth.choice import remembering
from troth.flows.answering import Part, Work
from troth.flows.masking import masked, own_marks
from troth.gate import Actor, Ask, Outcome
from troth.kernel import from_micros
from troth.ledger import Entry, whole_journal
from troth.policy import Act, Field, Permit, Policy
from troth.rights import matters_of
from troth.storage import Database

VAULT = "vault"
VALUES = ("Record", "What", "Value", "How it came in", "On", "Clause", "Policy version", "Kept until")
SAID = ("Purpose", "What you said")
ASKED = ("Number", "What", "State", "Received", "Answer by", "Because", "Ended")
USED = ("On", "What happened", "Who", "Why", "Clause", "What", "To whom", "Request or ticket", "Entry")
_FIELDS_AT_ONCE = 64
_RECORDS_AT_ONCE, _FILES_AT_ONCE = 200, 10
_MARKS_AT_ONCE = 3
"""More fields of the newest record at once would be looked for among all that the person has."""
_OWN_TYPES = frozenset({"email", "phone", "address", "name"})
_TAKEN_IN = frozenset({"collect", "hold"})
Perform = Callable[[Sequence[Ask]], list[Outcome]]


class Origin(NamedTuple):
    """How a value came in: channel, point, clauses that allowed it, and the data use."""

    channel: str
    clauses: tuple[str, ...]
    purpose: str
    fields: tuple[str, ...]


class OwnCopy:
    """What the vault and the ledger hold about a person.

    Args:
        database: The data database.
        perform: Performs acts; the gate's.
        actor: Who stands behind a key.
        policy: The version in force.
        version: A posted version by its SHA-256.
        flush: Integrates what waits for the ledger's tree, so that the journal is whole.
    """

    name = VAULT

    def __init__(
        self,
        *,
        database: Database,
        perform: Perform,
        actor: Callable[[str], Actor],
        policy: Callable[[], Policy],
        version: Callable[[str], Policy],
        flush: Callable[[], None],
    ) -> None:
        self._database = database
        self._perform = perform
        self._actor = actor
        self._policy = policy
        self._version = version
        self._flush = flush

    def copy(self, work: Work) -> Iterator[Part]:
        """See `Store.copy`."""
        yield from self.holdings(work)
        yield _part("Your requests", ASKED, self._matters(work.person))
        yield _part("Who used it", USED, self.journal(work.person))

    def holdings(self, work: Work) -> Iterator[Part]:
        """The values alone, and what the person said about purposes."""
        self._flush()
        policy = self._policy()
        reader = _Reader(self, work, policy)
        profile, pages = reader.begin()
        yield _part("About you", VALUES, profile)
        for kind, page in pages.items():
            rows = reader.records(kind, page)
            first = next(rows, None)
            if first is not None:
                yield _part(kind.replace("-", " ").capitalize(), VALUES, chain([first], rows))
        yield _part("What you said about purposes", SAID, self._stances(work, policy))

    def journal(self, person: str) -> Iterator[Sequence[Any]]:
        """Every decision about a person, oldest first, from the ledger."""
        for leaf in whole_journal(self._database, person):
            yield used_row(leaf)

    def origins(self, person: str) -> Mapping[int, list[Origin]]:
        """How values came in, by the instant (microseconds) of their collection."""
        found: dict[int, list[Origin]] = {}
        shared: dict[Origin, Origin] = {}
        for entry in whole_journal(self._database, person):
            if entry.act in _TAKEN_IN and entry.effect == "permit":
                origin = Origin(entry.channel, entry.clauses, entry.purpose, entry.fields)
                found.setdefault(entry.at, []).append(shared.setdefault(origin, origin))
        return found

    def done(self, ask: Ask) -> Outcome:
        """One act.

        Raises:
            TrothError: It was refused, or failed.
        """
        return self.all_done([ask])[0]

    def all_done(self, asks: Sequence[Ask]) -> list[Outcome]:
        """Some acts in one unit of work.

        Raises:
            TrothError: One was refused, or failed.
        """
        outcomes = self._perform(asks)
        for outcome in outcomes:
            if outcome.problem is not None:
                raise raised(outcome.problem)
        return outcomes

    def whose(self, key: str) -> Actor:
        """Who stands behind a key."""
        return self._actor(key)

    def version(self, sha256: str, policy: Policy) -> Policy:
        """A version by its SHA-256."""
        return policy if sha256 == policy.sha256 else self._version(sha256)

    def _stances(self, work: Work, policy: Policy) -> list[Sequence[Any]]:
        cookie = remembering(policy)
        own = bool(self._actor(work.key).person) and cookie is not None
        purpose = cookie.purposes[0] if own and cookie is not None else work.purpose
        ask = Ask(
            act="instruct", purpose=purpose, key=work.key, person=work.person, case=work.case, order="show-stances"
        )  # fmt: skip
        return [(purpose, stance) for purpose, stance in self.done(ask).values.get("stances", ())]

    def _matters(self, person: str) -> list[Sequence[Any]]:
        with self._database.reading() as tx:
            rows = matters_of(tx, person)
        return [
            (
                row.number,
                row.kind or row.matter,
                row.state,
                day(row.received_at),
                day(row.due_at),
                row.due_rule,
                day(row.ended_at),
            )
            for row in rows
        ]


class _Reader:
    """Reads the values of one person."""

    def __init__(self, own: OwnCopy, work: Work, policy: Policy) -> None:
        self._own, self._work, self._policy = own, work, policy
        self._origins = own.origins(work.person)
        self._allowed = self._allowed_fields()
        self._marks: frozenset[str] = frozenset()
        self._ahead: dict[tuple[str, ...], dict[str, Any]] = {}

    def begin(self) -> tuple[list[Sequence[Any]], dict[str, list[dict[str, str]]]]:
        """The values that stand in no record, and the newest records of every kind of which anything may be given out.

        All is asked for in one unit of work. The person's own addresses and numbers are known from then on.
        """
        fields = [name for name in self._policy.fields if name in self._allowed]
        kinds = sorted({point.record for point in self._policy.points.values() if point.record})
        listed = [kind for kind in kinds if self._fields_of(kind)]
        reads = [self._reading(some, [""]) for some in _portions(fields, _FIELDS_AT_ONCE)]
        marks = self._asks_of_marks()
        outcomes = self._own.all_done([*reads, *marks, *(self._listing(kind, "") for kind in listed)])
        found: dict[str, dict[str, Any]] = {}
        for one in outcomes[: len(reads)]:
            found |= one.values.get("", {})
        marking = outcomes[len(reads) : len(reads) + len(marks)]
        self._marks = own_marks([value for one in marking for value in one.values.values()])
        pages = [one.values["records"] for one in outcomes[len(reads) + len(marks) :]]
        rows = [self._row("", "", name, kept, self._marks) for name, kept in found.items()]
        first = dict(zip(listed, pages, strict=True))
        self._read_ahead(first)
        return rows, first

    def _asks_of_marks(self) -> list[Ask]:
        """For the person's addresses, numbers and names, of the profile or else of the newest record."""
        work, fields = self._work, self._policy.fields
        names = sorted(name for name in self._allowed if fields[name].type in _OWN_TYPES)
        return [
            Ask(
                act="use", purpose=work.purpose, key=work.key, person=work.person, case=work.case, fields=tuple(some)
            )
            for some in _portions(names, _MARKS_AT_ONCE)
        ]  # fmt: skip

    def _read_ahead(self, first: Mapping[str, Sequence[Mapping[str, str]]]) -> None:
        """Read the newest records of several kinds in one unit of work, where they are few and hold no files."""
        left, chosen = _RECORDS_AT_ONCE, []
        for kind, page in first.items():
            if page and len(page) <= left and not self._has_files(kind):
                left -= len(page)
                chosen.append((tuple(one["record"] for one in page), self._fields_of(kind)))
        outcomes = self._own.all_done([self._reading(fields, records) for records, fields in chosen])
        self._ahead = {records: dict(one.values) for (records, _), one in zip(chosen, outcomes, strict=True)}

    def _has_files(self, kind: str) -> bool:
        return any(self._policy.fields[name].type == "file" for name in self._fields_of(kind))

    def records(self, kind: str, first: list[dict[str, str]]) -> Iterator[Sequence[Any]]:
        """The values of all records of a kind, newest first; given the newest."""
        fields = self._fields_of(kind)
        at_once = _FILES_AT_ONCE if self._has_files(kind) else _RECORDS_AT_ONCE
        for page in self._pages(kind, first):
            for start in range(0, len(page), at_once):
                yield from self._values(page[start : start + at_once], fields)

    def _values(self, page: Sequence[Mapping[str, str]], fields: Sequence[str]) -> Iterator[Sequence[Any]]:
        records = tuple(one["record"] for one in page)
        found = self._ahead.pop(records, None)
        if found is None:
            found = dict(self._own.done(self._reading(fields, records)).values)
        for one in page:
            held = found.get(one["record"], {})
            marks = self._marks | self._own_marks(held)
            for name, kept in held.items():
                yield self._row(one["record"], one["point"], name, kept, marks)

    def _pages(self, kind: str, first: list[dict[str, str]]) -> Iterator[list[dict[str, str]]]:
        page = first
        while page:
            yield page
            page = self._own.done(self._listing(kind, page[-1]["record"])).values["records"]

    def _listing(self, kind: str, before: str) -> Ask:
        work = self._work
        return Ask(
            act="instruct", purpose=work.purpose, key=work.key, person=work.person, case=work.case,
            order="list-records", kind=kind, before=before,
        )  # fmt: skip

    def _reading(self, fields: Sequence[str], records: Sequence[str]) -> Ask:
        work = self._work
        return Ask(
            act="use", purpose=work.purpose, key=work.key, person=work.person, case=work.case,
            fields=tuple(fields), records=tuple(records), reason="copy for the person",
        )  # fmt: skip

    def _allowed_fields(self) -> frozenset[str]:
        """The fields that may be given out to this person: never those of hosted content or ways to sign in."""
        actor = self._own.whose(self._work.key)
        facts = {"person.verified", "purpose.granted"}
        facts |= {"person.self"} if actor.person else {"case.open"}
        facts |= {f"case.{case.name}" for case in self._policy.cases.values() if case.matter == "request"}
        found = set()
        for name, field in self._policy.fields.items():
            act = Act("use", actor.role, self._work.purpose, (field.category,), facts=tuple(sorted(facts)))
            if self._policy.decide(act).permitted:
                found.add(name)
        return frozenset(found)

    def _fields_of(self, kind: str) -> list[str]:
        points = [point for point in self._policy.points.values() if point.record == kind]
        named = dict.fromkeys(name for point in points for name in point.fields)
        return [name for name in named if name in self._allowed][:_FIELDS_AT_ONCE]

    def _own_marks(self, held: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
        fields = self._policy.fields
        return own_marks(kept["value"] for name, kept in held.items() if fields[name].type in _OWN_TYPES)

    def _row(
        self, record: str, point: str, name: str, kept: Mapping[str, Any], marks: frozenset[str]
    ) -> Sequence[Any]:
        field = self._policy.fields[name]
        value = kept["value"]
        if field.type == "text" and isinstance(value, str):
            value = masked(value, marks)
        origin = self._origin(name, kept["at"], point)
        version = self._own.version(kept["policy"], self._policy)
        return (
            record,
            field.title or name.replace("_", " ").capitalize(),
            value,
            how_it_came(version, origin, point, name),
            day(kept["at"]),
            " ".join(origin.clauses) if origin else field.clause,
            kept["policy"],
            kept_until(version, origin, field),
        )

    def _origin(self, name: str, at: int, point: str) -> Origin | None:
        """The collection of a field at an instant; of several, the one at the record's point."""
        found = [origin for origin in self._origins.get(at, ()) if name in origin.fields]
        declared = self._policy.points.get(point)
        fitting = [one for one in found if declared is not None and one.purpose in declared.purposes]
        return next(iter([*fitting, *found]), None)


def _portions(names: Sequence[str], most: int) -> list[Sequence[str]]:
    return [names[start : start + most] for start in range(0, len(names), most)]


def _part(title: str, columns: tuple[str, ...], rows: Any) -> Part:
    return Part(VAULT, title, columns, rows, origin="", clause="", until="")


def how_it_came(policy: Policy, origin: Origin | None, point: str, name: str) -> str:
    """How a value came in, in the policy's words: the title of its collection point and the channel."""
    declared = policy.points.get(point)
    if declared is None and origin is not None:
        fitting = [
            one
            for one in policy.points.values()
            if name in one.fields and origin.purpose in one.purposes and origin.channel in one.channels
        ]
        declared = fitting[0] if len(fitting) == 1 else None
    words = [declared.title] if declared is not None else []
    words += [origin.channel] if origin is not None and origin.channel else []
    return ", ".join(words)


def kept_until(policy: Policy, origin: Origin | None, field: Field) -> str:
    """Until when a value is kept, in the words of the retention that its collection rests on."""
    for rule in policy.rules.values():
        if not isinstance(rule, Permit) or rule.retention is None or "collect" not in rule.acts:
            continue
        fits = _covered(field.category, rule.data)
        if origin is not None:
            fits = fits and rule.clause in origin.clauses and _covered(origin.purpose, rule.purposes)
        if fits:
            found = policy.retentions[rule.retention]
            return f"{found.keep} after {found.after.replace('.', ' ').replace('-', ' ')}"
    return ""


def used_row(entry: Entry) -> Sequence[Any]:
    """A decision as the person reads it."""
    happened = entry.act if entry.effect == "permit" else f"{entry.act} (refused)"
    return (
        from_micros(entry.at).isoformat(timespec="seconds"),
        happened,
        entry.actor,
        entry.purpose,
        " ".join(entry.clauses),
        ", ".join(entry.fields) or ", ".join(entry.data),
        entry.recipient,
        entry.case,
        entry.id,
    )


def day(at: int) -> str:
    """An instant (microseconds) in ISO 8601, to the second; empty for none."""
    return from_micros(at).isoformat(timespec="seconds") if at else ""


def _covered(key: str, keys: Sequence[str]) -> bool:
    return any(one in {"*", key} or key.startswith(f"{one}.") for one in keys)
