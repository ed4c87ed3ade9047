"""The front matter of a policy document."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from troth.policy.bases import Url
from troth.policy.rules import Day, SpanText, Text
from troth.policy.things import Country

Term = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+(?!\n)$",
        max_length=120,
        description="a dotted key below a term that exists",
    ),
]
Mailbox = Annotated[
    str, Meta(pattern=r"^[^@\s]+@[^@\s]+(?!\n)$", max_length=200, description="a mail address")
]


class Controller(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The company that answers for the policy."""

    name: Text
    address: Text
    country: Country


class Contact(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where people write to."""

    privacy: Mailbox
    support: Mailbox
    page: Url
    optout_subject: Annotated[
        str, Meta(min_length=1, max_length=100, description="a mail with this subject opts out")
    ]


class Source(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The text that this policy was captured from."""

    name: Text
    captured: Day
    url: Url | None = None


class Defaults(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Clauses cited when no rule permits an act, so that every refusal names one."""

    deny: Annotated[
        str, Meta(min_length=1, max_length=60, description="id of the clause cited inside the company")
    ]
    egress: Annotated[
        str, Meta(max_length=60, description="id of the clause cited for outside recipients")
    ] = ""


class OwnTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The company's own terms with their meanings."""

    data_categories: dict[Term, Text] = {}
    data_uses: dict[Term, Text] = {}
    data_subjects: dict[Term, Text] = {}


class FrontMatter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the head of a policy document says about it."""

    title: Text
    controller: Controller
    contact: Contact
    source: Source
    last_updated: Day
    vocabulary: Annotated[str, Meta(description='name and version of the terms, "fideslang 3.1.4"')]
    promises: Annotated[
        dict[str, SpanText], Meta(description="promised deadlines, such as requests: 30 days")
    ] = {}
    age_limit: Annotated[
        Annotated[int, Meta(ge=1, le=30)] | None,
        Meta(description="years of age from which the points with an age screen take data"),
    ] = None
    jurisdictions: tuple[str, ...] = ()
    languages: tuple[str, ...] = ("en",)
    defaults: Annotated[Defaults, Meta(description="clauses cited when no rule permits an act")]
    terms: OwnTerms = msgspec.field(default_factory=OwnTerms)
