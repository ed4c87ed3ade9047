"""The shapes of request and response bodies; the API description is made from these types."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from troth.gate import Ask

MAX_BATCH = 1_000
# `(?!\n)$` refuses the newline that `$` alone lets through, in Python and in ECMAScript alike.
Handle = Annotated[
    str, Meta(pattern=r"^([0-9a-f]{32})?(?!\n)$", description="32 hexadecimal characters; empty for none")
]
Id = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}(?!\n)$", description="32 hexadecimal characters")]
Purpose = Annotated[str, Meta(min_length=1, max_length=200, description="data use that the act serves")]
Word = Annotated[str, Meta(max_length=200)]
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Text = Annotated[str, Meta(max_length=1_000)]
Fields = Annotated[tuple[Name, ...], Meta(max_length=64, description="names of fields to read")]
Values = Annotated[dict[Name, Any], Meta(max_length=64, description="values to collect, by field name")]
Identify = Annotated[
    dict[Name, Text],
    Meta(max_length=8, description="identifier fields with their values, to find the person by"),
]
ActKind = Literal["collect", "use", "send", "disclose", "analyse", "erase", "instruct"]
Order = Literal[
    "",
    "open-case",
    "close-case",
    "assign-case",
    "release-case",
    "reopen-case",
    "find-cases",
    "record-stance",
    "withdraw-stance",
    "show-stances",
    "show-holdings",
    "place-hold",
    "end-hold",
    "list-people",
    "restrict-purpose",
    "release-purpose",
    "list-records",
    "issue-proof",
    "open-session",
    "close-session",
    "close-sessions",
    "close-other-sessions",
    "list-sessions",
    "begin-work",
    "suppress",
    "release-suppression",
    "show-suppression",
    "purge-child",
    "verify-parent",
    "withdraw-parent",
    "allow-sharing",
    "withdraw-sharing",
    "stop-topic",
    "resume-topic",
    "show-stops",
    "note-undeliverable",
]
Stance = Literal["", "consented", "objected", "restricted"]


class Body(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every request body has: no member that is not described."""


class ChoiceBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a visitor chooses: the purposes that are switched on; every other is off."""

    allow: Annotated[tuple[Purpose, ...], Meta(max_length=64, description="purposes to switch on")]
    knowingly: Annotated[
        tuple[Purpose, ...],
        Meta(max_length=64, description="purposes to switch on although the browser says no"),
    ] = ()


class ChoiceForm(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The form of the choice page."""

    do: Annotated[
        Literal["save", "none", "all"], Meta(description="save the switches, or all off, or all on")
    ]
    allow: Annotated[tuple[Purpose, ...], Meta(max_length=64, description="switches that are on")] = ()
    knowingly: Annotated[tuple[Purpose, ...], Meta(max_length=64)] = ()
    back: Annotated[str, Meta(max_length=2_000, description="path of this site to go back to")] = "/choice"


class PostingForm(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The form of a posting."""

    do: Annotated[Literal["preview", "publish"], Meta(description="look at it first, or publish it")]
    name: Annotated[str, Meta(max_length=1_000, description="name that everybody sees")] = ""
    text: Annotated[str, Meta(max_length=100_000, description="Markdown subset")] = ""
    acknowledged: Annotated[
        str, Meta(max_length=200, description="name of the warning that was acknowledged")
    ] = ""
    previewed: Annotated[str, Meta(max_length=64, description="SHA-256 of the text previewed")] = ""


class EmptyForm(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A form that is only a button."""


class PurposeAnswer(Struct, frozen=True, kw_only=True):
    """One purpose that visitors choose about."""

    purpose: str
    title: str
    about: str
    allowed: Annotated[bool, Meta(description="whether it is allowed, the browser's signal considered")]
    switched_on: Annotated[bool, Meta(description="whether the visitor switched it on")]
    knowingly: Annotated[bool, Meta(description="whether that was done although the browser says no")]


class ChoiceAnswer(Struct, frozen=True, kw_only=True):
    """What a visitor chose."""

    made: Annotated[bool, Meta(description="whether a choice was made")]
    on: Annotated[str, Meta(description="the day of it; empty when none was made")]
    signal: Annotated[str, Meta(description="how the browser says no: gpc, dnt, or empty")]
    value: Annotated[str, Meta(description="the value of the choice cookie")]
    keep: Annotated[int, Meta(description="seconds for which the choice is remembered")]
    purposes: tuple[PurposeAnswer, ...]
    entry: Annotated[str, Meta(description="ledger entry of a choice that was just made")] = ""


class NoticeReceipt(Struct, frozen=True, kw_only=True):
    """That a notice was shown; it is no consent and names nobody."""

    notice: str
    clause: str
    text: str
    places: tuple[str, ...]
    policy: Annotated[str, Meta(description="SHA-256 of the policy version")]
    on: Annotated[str, Meta(description="the day of the receipt")]
    means: str
    entry: Annotated[str, Meta(description="the ledger entry that counts the showings")]
    proof: Annotated[str, Meta(description="where the entry's proof is, which verifies offline")]
    choices: Annotated[str, Meta(description="where a visitor can say no")]


class ExitLink(Struct, frozen=True, kw_only=True):
    """A link to another site, by way of the exit page."""

    href: Annotated[str, Meta(description="what to link to")]
    to: Annotated[str, Meta(description="where it leads, without what was cut off")]
    host: str
    policy_url: Annotated[
        str, Meta(description="the other site's privacy policy; empty where it is not declared")
    ]
    removed: Annotated[tuple[str, ...], Meta(description="names of query parameters that were cut off")]


class ActBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One act as a caller asks for it; who acts comes from the API key."""

    act: Annotated[ActKind, Meta(description="what is to be done")]
    purpose: Purpose
    person: Annotated[Handle, Meta(description="handle of the person concerned, when known")] = ""
    identify: Identify = {}
    fields: Fields = ()
    values: Values = {}
    recipient: Annotated[
        Word, Meta(description="declared recipient that the data goes to; empty when it stays inside")
    ] = ""
    channel: Annotated[
        Word, Meta(description="web, email, phone, letter, product, api, import; mandatory when collecting")
    ] = ""
    case: Annotated[Handle, Meta(description="open case that gives the business need")] = ""
    point: Annotated[Word, Meta(description="declared collection point, when collecting")] = ""
    notice: Annotated[
        Word, Meta(description="name of the notice that was shown at the moment of collection")
    ] = ""
    age_passed: Annotated[
        bool, Meta(description="the age screen of the point was passed; the holder of the key answers for it")
    ] = False
    reason: Annotated[Word, Meta(description="free text for the record")] = ""
    order: Annotated[
        Order,
        Meta(
            description="for instruct: what to do with a case, a stance, a purpose, the suppression list or a child's record"
        ),
    ] = ""
    case_type: Annotated[Word, Meta(description="for open-case: ticket, order, request and so on")] = ""
    about: Annotated[
        Word,
        Meta(
            description="for orders on stances and purposes: the data use; on the suppression list: erased, child, opted-out, no-contact or bounced"
        ),
    ] = ""
    stance: Annotated[Stance, Meta(description="for orders on stances")] = ""
    method: Annotated[
        Word,
        Meta(
            description="for verify-parent, and for taking a child off the suppression list: how the parent was verified"
        ),
    ] = ""
    since: Annotated[
        Word, Meta(description="for purge-child: the instant at which it became known; empty for now")
    ] = ""
    until: Annotated[Word, Meta(description="for verify-parent: the last day of the consent")] = ""
    topic: Annotated[
        Word,
        Meta(
            description="of a message: the declared topic that it is about; for stop-topic with channel: what is stopped, both "
            "empty for everything"
        ),
    ] = ""
    message: Annotated[
        Word, Meta(description="for send: mail that Troth sends after the commit, such as case-news")
    ] = ""
    partial: Annotated[
        bool, Meta(description="give what is allowed and withhold the rest, instead of denying the whole act")
    ] = False
    record: Annotated[
        Handle, Meta(description="record that the act is about: one order, ticket or posting")
    ] = ""
    kind: Annotated[
        Word, Meta(description="for list-records: the kind; for issue-proof: what the mailbox is proven for")
    ] = ""
    before: Annotated[Handle, Meta(description="for list-records: the last record of the page before")] = ""
    acknowledged: Annotated[
        Word, Meta(description="notice or warning that the person has acknowledged for this act")
    ] = ""
    proof: Annotated[Word, Meta(description="secret that was sent to the person's mailbox")] = ""
    device: Annotated[Word, Meta(description="for open-session: coarse name of the device")] = ""
    session: Annotated[Handle, Meta(description="for close-session: the session; empty for one's own")] = ""
    assignee: Annotated[
        Handle,
        Meta(description="for assign-case: the member of staff, or the key, that gets it; empty for oneself"),
    ] = ""

    aware: Annotated[
        tuple[Word, ...],
        Meta(
            max_length=40, description="kinds of personal data that the writer of a free text was shown in it"
        ),
    ] = ()
    once: Annotated[
        Word, Meta(description="random mark of a collection, so that the same one sent again counts once")
    ] = ""

    def ask(self, key: str) -> Ask:
        """The act as the gate takes it, asked by the holder of a key."""
        return Ask(
            act=self.act,
            purpose=self.purpose,
            key=key,
            person=self.person,
            identify=self.identify,
            fields=self.fields,
            values=self.values,
            recipient=self.recipient,
            channel=self.channel,
            case=self.case,
            point=self.point,
            notice=self.notice,
            age_passed=self.age_passed,
            reason=self.reason,
            order=self.order,
            case_type=self.case_type,
            about=self.about,
            stance=self.stance,
            method=self.method,
            since=self.since,
            until=self.until,
            topic=self.topic,
            message=self.message,
            partial=self.partial,
            record=self.record,
            kind=self.kind,
            before=self.before,
            acknowledged=self.acknowledged,
            proof=self.proof,
            aware=self.aware,
            once=self.once,
            device=self.device,
            session=self.session,
            assignee=self.assignee,
        )


class BatchBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Several acts, done in one unit of work, each with its own outcome."""

    acts: Annotated[tuple[ActBody, ...], Meta(min_length=1, max_length=MAX_BATCH)]


class DecideBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An act in the abstract: deciding it touches nobody and records nothing."""

    kind: Annotated[ActKind, Meta(description="what would be done")]
    actor: Annotated[str, Meta(min_length=1, max_length=120, description="role key, such as staff.support")]
    purpose: Purpose
    data: Annotated[tuple[Name, ...], Meta(max_length=64, description="data category keys")] = ()
    recipient: Word = ""
    channel: Word = ""
    facts: Annotated[
        tuple[Name, ...],
        Meta(max_length=64, description="facts that would hold, from the policy's closed list"),
    ] = ()
    on: Annotated[
        str,
        Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?(?!\n)$", description="date of the decision; empty for today"),
    ] = ""


class FindBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to find, by which identifiers, and why."""

    identify: Annotated[
        dict[Name, Text], Meta(min_length=1, max_length=8, description="identifier fields with their values")
    ]
    purpose: Purpose
    case: Handle = ""
    reason: Word = ""


class OpenCaseBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A case to open about somebody."""

    type: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=200,
            description="ticket, order, request and so on, as the policy declares",
        ),
    ]
    purpose: Purpose
    person: Handle = ""
    identify: Identify = {}
    reason: Word = ""


class CloseCaseBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a case is closed."""

    purpose: Purpose
    person: Handle = ""
    reason: Word = ""


class Found(Struct, frozen=True, kw_only=True):
    """Somebody who was found."""

    person: Id
    entry: Id


class CaseAnswer(Struct, frozen=True, kw_only=True):
    """A case that was opened or closed."""

    case: Id
    entry: Id
    state: Literal["open", "closed"]
    person: str = ""


class Collected(Struct, frozen=True, kw_only=True):
    """What a collection point took: names only, never values."""

    entry: Annotated[Id, Meta(description="ledger entry; /v1/receipts/{entry} gives its receipt")]
    point: str
    stored: tuple[str, ...]
    clauses: tuple[str, ...]
    policy: Annotated[str, Meta(description="SHA-256 of the policy version it was collected under")]
    held: Annotated[
        bool, Meta(description="it waits for a confirmation by mail, and counts for nothing before")
    ] = False
    number: Annotated[str, Meta(description="number of the request or dispute that it opened")] = ""
    due: Annotated[str, Meta(description="instant by which that is answered (UTC)")] = ""
    due_because: Annotated[str, Meta(description="the rule that the due date comes from")] = ""


class CheckAnswer(Struct, frozen=True, kw_only=True):
    """One check of the self-test."""

    name: str
    title: str
    state: Literal["pass", "fail", "unknown"]
    detail: str
    clause: str


class ArchiveAnswer(Struct, frozen=True, kw_only=True):
    """A backup that may hold sealed remains of whoever is erased now."""

    archive: Id
    made: str
    until: Annotated[str, Meta(description="from then on nobody can read it any more")]


class DrillAnswer(Struct, frozen=True, kw_only=True):
    """A restore drill: erased people who were tried in old backups."""

    drill: Id
    ended: str
    passed: bool
    archives: int
    people: int
    fields: int
    opened: int
    controls: Annotated[int, Meta(description="values of living people that opened in the same way")]


class SelfTestAnswer(Struct, frozen=True, kw_only=True):
    """The self-test of clause IV.1."""

    passed: bool
    checked: str
    checks: tuple[CheckAnswer, ...]
    archives: tuple[ArchiveAnswer, ...] = ()
    drill: DrillAnswer | None = None


class HealthAnswer(Struct, frozen=True, kw_only=True):
    """Whether every part works: `ok`, or why not."""

    status: Literal["ok", "down"]
    parts: dict[str, str]
    policy: str
    ledger: dict[str, int]
    jobs: Annotated[
        dict[str, int],
        Meta(description="waiting: jobs not done; late: seconds since the oldest of them fell due"),
    ]


class DecideAnswer(Struct, frozen=True, kw_only=True):
    """A decision with everything that was weighed."""

    act: dict[str, Any] | None
    decision: dict[str, Any]
    categories: list[dict[str, Any]]


DECODERS: dict[type[Body], Any] = {
    body: msgspec.json.Decoder(body)
    for body in (ActBody, BatchBody, DecideBody, FindBody, OpenCaseBody, CloseCaseBody, ChoiceBody)
}
