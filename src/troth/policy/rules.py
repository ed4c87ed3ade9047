"""The rules that a clause carries, as they are written in YAML; the published JSON Schema is made from these types."""

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta, Struct

from troth.policy.model import ActKind

# `(?!\n)$` refuses the newline that `$` alone lets through, in Python and in ECMAScript alike.
Name = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9]+([-.][a-z0-9]+)*(?!\n)$",
        max_length=80,
        description="lower-case words joined by hyphens",
    ),
]
Key = Annotated[
    str,
    Meta(
        pattern=r"^(\*|[a-z0-9_-]+(\.[a-z0-9_-]+)*)(?!\n)$",
        max_length=120,
        description="a dotted key, or * for any",
    ),
]
Condition = Annotated[
    str,
    Meta(
        pattern=r"^(not )?[a-z0-9_-]+(\.[a-z0-9_-]+)*(?!\n)$",
        max_length=120,
        description='a fact, or "not" and a fact',
    ),
]
Day = Annotated[
    str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?!\n)$", description="a date written YYYY-MM-DD")
]
Text = Annotated[str, Meta(min_length=1, max_length=4000, description="plain language")]
SpanText = Annotated[
    str,
    Meta(
        pattern=r"^\S+ ((business|working|calendar) )?(hour|day|week|month|year)s?(?!\n)$",
        description='a span such as "30 days"',
    ),
]
Keys = tuple[Key, ...]
SomeKeys = Annotated[tuple[Key, ...], Meta(min_length=1, description="at least one key")]


class Placed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a rule stands; filled in by the parser, never written in the document."""

    clause: str = ""
    line: int = 0


class Scope(Placed, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The acts that a permit or a forbid speaks about."""

    acts: Annotated[tuple[ActKind, ...], Meta(min_length=1, description="kinds of act the rule speaks about")]
    actors: Annotated[SomeKeys, Meta(description='roles; a role covers its dotted children; "*" is anyone')]
    recipients: Annotated[
        Keys,
        Meta(
            description='recipient keys or classes (processor, controller, affiliate, authority, acquirer), "internal", or "*" for any outside recipient; left out: internal only in a permit, any in a forbid'
        ),
    ] = ()
    channels: Annotated[Keys, Meta(description="channels of the act; left out: any")] = ()
    when: Annotated[tuple[Condition, ...], Meta(description="facts that must all hold")] = ()
    unless: Annotated[tuple[Condition, ...], Meta(description="facts of which none may hold")] = ()
    from_: Annotated[Day | None, Meta(description="first day the rule is valid")] = msgspec.field(
        default=None, name="from"
    )
    until: Annotated[Day | None, Meta(description="last day the rule is valid")] = None
    reason: Annotated[Text, Meta(description="why, in plain language; it stands in explanations")]


class Permit(Scope, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Allows acts. Where nothing permits an act, it is denied."""

    kind: ClassVar[str] = "permit"
    name: Name = msgspec.field(name="permit")
    data: Annotated[
        Keys,
        Meta(
            description='data categories; a category covers those below it; "*" is any or none; [] is acts that touch no category'
        ),
    ]
    purposes: Annotated[SomeKeys, Meta(description="data uses; a use covers those below it")]
    retention: Annotated[
        Name | None, Meta(description="the declared retention that limits how long the data is kept")
    ] = None
    then: Annotated[
        tuple[Name, ...], Meta(description="names of require rules that become obligations of the decision")
    ] = ()


class Forbid(Scope, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Denies acts, whatever permits them."""

    kind: ClassVar[str] = "forbid"
    name: Name = msgspec.field(name="forbid")
    data: Annotated[Keys, Meta(description='data categories; left out or "*": any or none')] = ("*",)
    purposes: Annotated[SomeKeys, Meta(description='data uses; left out or "*": any')] = ("*",)


class Require(Placed, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An obligation of the company, with a deadline where there is one."""

    kind: ClassVar[str] = "require"
    name: Name = msgspec.field(name="require")
    on: Annotated[
        SomeKeys, Meta(description="what starts it: kinds of act, or events such as request.received")
    ]
    obligation: Annotated[Text, Meta(description="what the company must do")]
    within: Annotated[SpanText | None, Meta(description='deadline, such as "30 days"; left out: at once')] = (
        None
    )
    from_: Annotated[
        str, Meta(max_length=120, description="the moment the deadline counts from, such as receipt")
    ] = msgspec.field(default="", name="from")
    promise: Annotated[
        Name | None,
        Meta(description="the promise of the front matter that this rule keeps, such as requests"),
    ] = None
    remind: Annotated[
        Key | None,
        Meta(
            description="the role that is reminded then of what is still open; left out: what is due then is the answer"
        ),
    ] = None
    escalate: Annotated[
        tuple[SpanText, ...], Meta(description="when to remind those who must act, counted like the deadline")
    ] = ()
    data: Annotated[Keys, Meta(description="when started by an act: only for these data categories")] = ("*",)
    purposes: Annotated[Keys, Meta(description="when started by an act: only for these purposes")] = ("*",)
    recipients: Annotated[
        Keys, Meta(description="when started by an act: only for these recipients; left out: any")
    ] = ()
    reason: Annotated[Text, Meta(description="why, in plain language")]


class Notice(Placed, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text that must be shown at named places; without `text` the clause's prose is the notice."""

    kind: ClassVar[str] = "notice"
    name: Name = msgspec.field(name="notice")
    at: Annotated[
        SomeKeys,
        Meta(description="places: point.<name>, page.<name>, mail.<name>, product.<name>, api.<name>"),
    ]
    text: Annotated[Text | None, Meta(description="the text; left out: the prose of the clause")] = None
    role: Annotated[
        Literal["", "age-screen", "objection", "reply"],
        Meta(
            description="its part on a form: age-screen (asks before the first field), objection (leads to the page where "
            "one says no), reply (shown after submission); left out: shown above the fields"
        ),
    ] = ""
    reason: Annotated[str, Meta(max_length=4000, description="why, in plain language")] = ""


Rule = Permit | Forbid | Require | Notice
RuleKind = Literal["permit", "forbid", "require", "notice"]
