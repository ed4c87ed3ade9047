"""What goes through the gate and what comes back; pure data."""

from collections.abc import Mapping
from typing import Any

import msgspec

from troth.kernel import TrothError

MAX_VALUES = 64
MAX_FIELDS = 64
MAX_IDENTIFIERS = 8
MAX_TEXT = 200
MAX_RECORDS = 200
MAX_WEIGHT = 1_000_000
"""Most bytes of the values of one act, as JSON."""


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One act as a caller asks for it.

    Args:
        act: collect, use, send, disclose, analyse, erase or instruct.
        purpose: Data use that the act serves, such as `essential.service.support`.
        key: API key of who acts; it carries role and purposes, so that neither can be merely claimed.
        person: Handle of the person concerned (32 hexadecimal characters), when known.
        identify: Identifier fields with their values, such as `{"email": "ann@example.com"}`, to find the person by.
        fields: Names of the fields to read.
        values: Values to collect, by field name.
        recipient: Declared recipient that the data goes to; empty when it stays inside.
        channel: web, email, phone, letter, product, api, import...; mandatory when collecting.
        case: Open case that gives the business need.
        point: Declared collection point, when collecting.
        notice: Name of the notice that was shown at the moment of collection.
        age_passed: Whether the age screen of the point was passed; whoever holds the key answers for it.
        reason: Free text for the record, at most 200 characters.
        order: For instruct: `open-case`, `close-case`, `record-stance`, `withdraw-stance`, `show-stances`,
            `show-holdings`, `list-people`,
            `restrict-purpose`, `release-purpose`, `block-sender`, `release-sender`, `list-records`, `issue-proof`, `open-session`, `close-session`,
            `close-sessions`, `close-other-sessions`, `list-sessions`, `suppress`, `release-suppression`, `show-suppression`, `purge-child`, `verify-parent`,
            `withdraw-parent`, `allow-sharing`, `withdraw-sharing`, `stop-topic`, `resume-topic`, `show-stops`, `verify-case`: it is proven who asks, `place-hold`, `end-hold`,
            `assign-case`, `release-case`: assigned to nobody, `reopen-case` or `find-cases`: the cases of whoever has an identifier.
        case_type: For `open-case`: ticket, order, request...
        about: For orders on stances and purposes: the data use that they are about; for orders on the suppression list: the
            reason, one of `SUPPRESSIONS`.
        stance: For orders on stances: consented, objected or restricted.
        message: For send: name of a mail template that Troth sends after the commit; nothing read is then given back. Left
            out, the caller sends by itself what it was given.
        method: For `verify-parent`, and for taking a child off the suppression list: how the parent was verified.
        since: For `purge-child`: when it became known, an instant with its zone; empty for now.
        until: For `verify-parent`: the last day (ISO date, UTC) of the consent.
        partial: Give what is allowed and withhold the rest, instead of denying the whole act.
        record: Record that the act is about: one order, ticket or posting. Left out when reading: the profile, and the
            newest record for what the profile lacks; when collecting: a new record, where the point makes any.
        records: For use and send: read the same fields of so many records at once, for a copy, an empty text being the profile. The
            values then stand by record, each with the version that it was collected under and the instant.
        kind: For `list-records`: the kind of record. For `issue-proof`: what the mailbox is proven for. For `open-case`:
            what a request asks for.
        before: For `list-records`: id of the last record of the page before.
        acknowledged: Name of the notice or warning that the person has acknowledged for this very act.
        proof: Secret that was sent to a mailbox; it names the person, and is used up.
        device: For `open-session`: coarse name of the device, such as `Firefox on Linux`, for the person to tell sessions apart.
        session: For `close-session`: id of the session to end; empty for the one that the key opens.
        sender: Handle of who wrote a message to the person concerned, where it goes from one to another; for `block-sender` and
            `release-sender`: who is blocked or not any more.
        aware: Kinds of personal data that the writer of a free text was shown in it, and keeps there.
        found: Kinds of personal data found in free text; the gate sets it.
        once: Random text that marks a collection, so that the same one sent again counts once; empty for no mark.
        assignee: For `assign-case`: id of the member of staff or of the key that gets it; empty for whoever orders it.
        stage: Of an act under a case: the stage that it brings the case to.
        signal: Whether the browser sent Global Privacy Control or Do Not Track.
        topic: Of a message: the declared topic that it is about. For `stop-topic`, `resume-topic` and `show-stops` with `channel`:
            what is stopped or taken up again; both empty for everything.
        hashed: For those orders: keyed hash of an identifier, as `email:` and hexadecimal digits, as a link to stop carries it.
        language: For what is answered by mail: in which language (BCP 47), as the page or the mail has it by which it was asked;
            empty for the policy's.
    """

    act: str
    purpose: str
    key: str
    person: str = ""
    identify: dict[str, str] = {}
    fields: tuple[str, ...] = ()
    values: dict[str, Any] = {}
    recipient: str = ""
    channel: str = ""
    case: str = ""
    point: str = ""
    notice: str = ""
    age_passed: bool = False
    reason: str = ""
    order: str = ""
    case_type: str = ""
    about: str = ""
    stance: str = ""
    message: str = ""
    method: str = ""
    since: str = ""
    until: str = ""
    partial: bool = False
    record: str = ""
    records: tuple[str, ...] = ()
    kind: str = ""
    before: str = ""
    acknowledged: str = ""
    proof: str = ""
    device: str = ""
    session: str = ""
    sender: str = ""
    assignee: str = ""
    stage: str = ""
    signal: bool = False
    topic: str = ""
    hashed: str = ""
    language: str = ""

    aware: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    once: str = ""

    def __repr__(self) -> str:
        return f"Ask(act={self.act!r}, purpose={self.purpose!r}, person={self.person!r}, case={self.case!r})"


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why an act was not done (RFC 9457 members plus clause, field and mend)."""

    status: int
    code: str
    detail: str
    clause: str = ""
    field: str = ""
    mend: str = ""

    @classmethod
    def of(cls, error: TrothError) -> "Problem":
        """The problem that an error describes."""
        return cls(
            status=error.status,
            code=error.code,
            detail=error.what,
            clause=error.clause,
            field=error.field,
            mend=error.mend,
        )


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one act.

    Args:
        effect: permit or deny.
        clauses: Ids of the clauses that decided.
        explanation: Why, in plain language.
        obligations: Names of the duties that follow from it.
        policy: SHA-256 (hexadecimal) of the policy version that decided.
        entry: Id of its ledger entry, which `troth ledger prove` turns into a receipt; empty when nothing was recorded.
        person: Handle of the person concerned, when one was made out.
        case: Id of the case opened or closed.
        values: Values read, by field name.
        withheld: Fields asked for but not allowed.
        problem: What stood in the way; None when the act was done.
        record: Id of the record written.
        held: Whether the submission waits for a confirmation from the mailbox; nothing of it counts before.
    """

    effect: str
    clauses: tuple[str, ...] = ()
    explanation: str = ""
    obligations: tuple[str, ...] = ()
    policy: str = ""
    entry: str = ""
    person: str = ""
    case: str = ""
    values: Mapping[str, Any] = {}
    withheld: tuple[str, ...] = ()
    problem: Problem | None = None
    record: str = ""
    held: bool = False

    @property
    def permitted(self) -> bool:
        """Whether the act was permitted and done."""
        return self.problem is None and self.effect == "permit"


def erases(ask: Ask) -> bool:
    """Whether an act erases something of a person."""
    return ask.act == "erase" or ask.order == "purge-child"


def erases_wholly(ask: Ask) -> bool:
    """Whether an act that erases concerns the whole person."""
    return bool(ask.order) or not ask.fields
