"""The things that a policy declares: fields, collection points, roles, recipients and so on; one type for each."""

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from troth.policy.bases import Category, FieldName, Named, Thing, Url
from troth.policy.case_types import CaseType
from troth.policy.counting import Audience, Budget, Report
from troth.policy.customising import Segment, Slot
from troth.policy.holds import Hold
from troth.policy.products import CrucialReason, OwnerPart, Product
from troth.policy.rules import Condition, Day, Key, Keys, Name, SomeKeys, SpanText, Text
from troth.policy.technologies import Cookie, OfferedChoice, OtherSite, Pixel, Storage
from troth.policy.telemetry import Telemetry
from troth.policy.topics import Topic
from troth.policy.websites import PART_MEANING, EventPart, Website

FieldType = Literal[
    "name", "email", "phone", "address", "date", "serial", "order-lines", "money", "text", "file", "choice", "token",
    "country", "boolean", "integer",
]  # fmt: skip
Media = Literal[
    "application/gzip", "application/json", "application/pdf", "application/zip", "image/gif", "image/jpeg", "image/png",
    "image/webp", "text/csv", "text/plain",
]  # fmt: skip
"""Media types of files that their content tells."""
RecipientRole = Literal["processor", "controller", "affiliate", "authority", "acquirer"]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}(?!\n)$", description="ISO 3166-1 code of two letters")]


class Field(Thing, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare", tag="field"):
    """A field of a person's record. An undeclared or unclassed field is refused everywhere."""

    kind: ClassVar[str] = "field"
    name: FieldName
    category: Category
    klass: Annotated[
        Literal["anonymous", "pseudonymous", "personal"],
        Meta(description="how closely it points to a person"),
    ] = msgspec.field(name="class")
    group: Annotated[
        Name, Meta(description="key group: fields of one group are sealed under one key per person")
    ]
    type: FieldType
    identifier: Annotated[bool, Meta(description="people are found by it, through a blind index")] = False
    unique: Annotated[bool, Meta(description="no two people may have the same value")] = False
    choices: Annotated[tuple[str, ...], Meta(description="the values of a choice")] = ()
    part: Annotated[EventPart | None, Meta(description=PART_MEANING)] = None
    asks: Annotated[
        bool,
        Meta(description="of a choice: it says what a request asks for; its values are kinds of request"),
    ] = False
    uses: Annotated[
        bool,
        Meta(
            description="of a choice: the data uses that a request is about; its values are data uses, and a list of them is given"
        ),
    ] = False
    corrects: Annotated[
        FieldName | None,
        Meta(description="the field whose new value it holds in a request to correct; both have one type"),
    ] = None
    agent: Annotated[
        Literal["name", "mailbox", "authority"] | None,
        Meta(
            description="of a request in somebody else's name: what it says of the agent who asks: the agent's name, the agent's own "
            "mailbox (type email), or the written authority (type file)"
        ),
    ] = None
    mail_id: Annotated[
        bool,
        Meta(
            description="of a text: the Message-ID of the mail that it came with; what we write back names it, to whoever wrote that "
            "mail alone"
        ),
    ] = False
    max_length: Annotated[
        int, Meta(ge=1, le=1_000_000, description="longest value, in characters; of a file, in bytes")
    ] = 4000
    media: Annotated[
        tuple[Media, ...], Meta(description="the media types of a file; left out: text, PDF, PNG and JPEG")
    ] = ()
    scan: Annotated[
        Literal["none", "mark", "warn", "refuse"],
        Meta(
            description="what happens when personal data is found in the text of a field: mark (it is taken, and the ledger tells "
            "the kinds), warn (it is taken once its writer was shown the kinds), refuse"
        ),
    ] = "none"
    example: Annotated[str, Meta(max_length=200, description="an example, shown as a hint on forms")] = ""
    autocomplete: Annotated[
        str,
        Meta(
            pattern=r"^([a-z0-9-]+( [a-z0-9-]+){0,3})?(?!\n)$",
            max_length=80,
            description="what a browser may fill in, a token of the HTML standard such as email or given-name",
        ),
    ] = ""


class Point(Named, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare", tag="point"):
    """A collection point: the only kind of place where data may come in."""

    kind: ClassVar[str] = "point"
    channels: Annotated[Keys, Meta(description="the channels it may be used through")] = ()
    fields: Annotated[
        dict[FieldName, Literal["required", "optional"]], Meta(description="the fields it takes")
    ] = msgspec.field(default_factory=dict)
    purposes: Annotated[SomeKeys, Meta(description="data uses the data is collected for")]
    actor: Annotated[Key, Meta(description="the role that collects")]
    notice: Annotated[Name | None, Meta(description="the notice shown at the moment of collection")] = None
    age_screen: Annotated[bool, Meta(description="an age screen stands before the first field")] = False
    public: Annotated[bool, Meta(description="open to visitors without a credential")] = False
    events: Annotated[bool, Meta(description="it takes the web events of the company's sites")] = False
    telemetry: Annotated[
        bool, Meta(description="it takes the reports of installations: every declared metric, and no field")
    ] = False
    form: Annotated[bool, Meta(description="people fill it in on a form page; false: programs feed it")] = (
        True
    )
    submit: Annotated[str, Meta(max_length=60, description="what the button of its form says")] = ""
    thanks: Annotated[
        str, Meta(max_length=1000, description="what its form says when something was taken in")
    ] = ""
    confirm: Annotated[
        Literal["none", "mail"], Meta(description="how the person confirms before the data counts")
    ] = "none"
    confirm_within: Annotated[SpanText, Meta(description="how long an unconfirmed submission is held")] = (
        "2 days"
    )
    consent: Annotated[
        bool, Meta(description="confirming is consent to the purposes of the point, and kept as such")
    ] = False
    acknowledge: Annotated[
        bool, Meta(description="the notice must be acknowledged for each submission, not only shown")
    ] = False
    record: Annotated[
        Name | None,
        Meta(description="the kind of record that each submission is; left out: the person's one profile"),
    ] = None
    retention: Annotated[
        Name | None, Meta(description="the declared retention of what is collected here")
    ] = None
    refers: Annotated[
        dict[FieldName, FieldName],
        Meta(
            description="fields whose value must stand already as that identifier; a field that refers to itself names a "
            "thing of the same person"
        ),
    ] = msgspec.field(default_factory=dict)
    mentions: Annotated[
        tuple[FieldName, ...],
        Meta(
            description="identifiers that only name a thing kept elsewhere; nobody becomes findable by them here"
        ),
    ] = ()
    issued: Annotated[
        tuple[FieldName, ...],
        Meta(
            description="fields that the company issues, such as the number and the total of an order: taken from the holder "
            "of an API key only, and asked for on no form"
        ),
    ] = ()
    owns: Annotated[
        dict[OwnerPart, FieldName],
        Meta(
            description="a submission shows that its person owns a product: the fields that name it and its version"
        ),
    ] = msgspec.field(default_factory=dict)
    opens: Annotated[
        Name | None, Meta(description="the type of case that each submission opens, in the same unit of work")
    ] = None
    joins: Annotated[
        Name | None,
        Meta(
            description="the type of case that each submission joins: the open case of the same person that it cites, under which its "
            "record is then read"
        ),
    ] = None
    amends: Annotated[
        tuple[Name, ...],
        Meta(
            description="of the point at which profiles are corrected: kinds of record in which a copy of the value takes the new one, "
            "but for what a hold keeps as it was written"
        ),
    ] = ()
    part: Annotated[
        Literal["account", "sign-in", "address", "password", "passkey", "preferences"] | None,
        Meta(
            description="its part in accounts, by which Troth finds it: account (opening and editing one), sign-in (asking "
            "for a link), address (a new mail address), password, passkey (ways to sign in), preferences (asking for the link to them)"
        ),
    ] = None
    signs: Annotated[
        tuple[FieldName, ...],
        Meta(
            description="unique identifiers that name the person, not the record: one name signs many, and is nobody else's"
        ),
    ] = ()


class Role(Thing, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare", tag="role"):
    """A role that acts; it covers its dotted children."""

    kind: ClassVar[str] = "role"
    name: Key
    cases: Annotated[tuple[Name, ...], Meta(description="types of case that this role may cite")] = ()


class Contract(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A contract, agreement or undertaking."""

    reference: Text
    signed: Annotated[Day, Meta(description="first day in force")]
    until: Annotated[Day | None, Meta(description="last day in force; left out: until ended")] = None


class Control(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A dated edge of the control graph that makes a company an affiliate."""

    by: Annotated[Text, Meta(description="who controls it")]
    relation: Literal["parent", "subsidiary", "joint venture", "common control"]
    from_: Day = msgspec.field(name="from")
    until: Day | None = None


class Recipient(
    Named, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare", tag="recipient"
):
    """A company or authority that data may go to. Undeclared, or out of contract: every disclosure is denied."""

    kind: ClassVar[str] = "recipient"
    role: RecipientRole
    country: Annotated[Country | None, Meta(description="where it keeps the data")] = None
    mechanism: Annotated[
        str,
        Meta(
            max_length=200,
            description='the transfer mechanism, such as "domestic" or "standard contractual clauses"',
        ),
    ] = ""
    contract: Contract | None = None
    undertaking: Annotated[
        Contract | None, Meta(description="of an affiliate: its promise to honour this policy")
    ] = None
    control: Annotated[Control | None, Meta(description="of an affiliate: why it is one, and since when")] = (
        None
    )
    policy_url: Annotated[Url | None, Meta(description="of a controller: its own privacy policy")] = None
    basis: Annotated[
        str, Meta(max_length=400, description="of an authority: the law that lets it demand data")
    ] = ""
    data: Annotated[
        Keys, Meta(description="the only categories it may be given; left out: those of `fields`, else any")
    ] = ()
    fields: Annotated[
        tuple[FieldName, ...], Meta(description="the only fields it may be given; left out: any")
    ] = ()
    purposes: Annotated[
        Keys, Meta(description="the only purposes it may be given data for; left out: any")
    ] = ()
    channels: Annotated[Keys, Meta(description="the channels it serves")] = ()
    products: Annotated[tuple[Name, ...], Meta(description="the products it is integral to")] = ()


class Retention(
    Named, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare", tag="retention"
):
    """How long data of a kind is kept for a purpose."""

    kind: ClassVar[str] = "retention"
    data: Annotated[SomeKeys, Meta(description="data categories")]
    purposes: Annotated[SomeKeys, Meta(description="data uses")]
    keep: Annotated[SpanText, Meta(description='how long, such as "2 years"')]
    after: Annotated[Name, Meta(description="the event the span counts from, such as ticket-closed")]


class DataSet(
    Named, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare", tag="data-set"
):
    """A set of data that reports may read."""

    kind: ClassVar[str] = "data-set"
    data: SomeKeys
    purposes: SomeKeys
    klass: Literal["anonymous", "pseudonymous", "personal"] = msgspec.field(name="class")
    source: Text
    retention: Name
    holds: Annotated[
        Literal["", "page-views", "actions", "reports"],
        Meta(
            description="what of Troth's own tables it is: page-views or actions (all other events) of the web sites, or the reports "
            "of installations; left out: fields of people"
        ),
    ] = ""
    budget: Annotated[
        Budget | None, Meta(description="what reports over it may spend in each period together")
    ] = None


class Activity(
    Named, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare", tag="activity"
):
    """A processing activity; it cites the clause it stands in and may only do what some rule permits."""

    kind: ClassVar[str] = "activity"
    acts: Annotated[
        tuple[Literal["collect", "use", "send", "disclose", "analyse", "erase", "instruct"], ...],
        Meta(min_length=1),
    ]
    actors: SomeKeys
    purposes: SomeKeys
    data: Keys = ()
    recipients: tuple[Name, ...] = ()


class Metric(Named, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare", tag="metric"):
    """A number that is published, computed from the ledger."""

    kind: ClassVar[str] = "metric"
    counts: Annotated[Text, Meta(description="what is counted")]
    unit: str = ""


class InstructionType(
    Named, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare", tag="instruction"
):
    """A kind of instruction that a tenant may sign."""

    kind: ClassVar[str] = "instruction"
    act: Literal["use", "send", "disclose", "analyse", "erase"]
    purposes: SomeKeys
    data: SomeKeys
    expires: Annotated[SpanText, Meta(description="longest life of one instruction")]
    once: Annotated[bool, Meta(description="may be carried out only once")] = True


class PolicyException(
    Named, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare", tag="exception"
):
    """An exception to a clause, named together with the rules that grant it."""

    kind: ClassVar[str] = "exception"
    to: Annotated[str, Meta(max_length=60, description="id of the clause it is an exception to")]
    by: Annotated[tuple[Name, ...], Meta(min_length=1, description="rules that grant it")]
    conditions: tuple[Condition, ...] = ()


class DataKind(
    Named, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare", tag="data-kind"
):
    """A kind of content that tenants of hosted services keep."""

    kind: ClassVar[str] = "data-kind"
    category: Category
    group: Name
    encrypted: bool = True


Declared = (
    Field | Point | Role | CaseType | Recipient | Retention | Hold | Cookie | Pixel | Storage | Telemetry | Report | Audience | Product
    | DataSet | Activity | Metric | InstructionType | PolicyException | DataKind | OfferedChoice | OtherSite | Slot | Segment | Website
    | CrucialReason | Topic
)  # fmt: skip
