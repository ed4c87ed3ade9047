"""What web sites leave in a browser or load from one, what a visitor is asked about it, and the sites that they link to."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from troth.policy.bases import Category, Named, Url
from troth.policy.rules import Key, Keys, SomeKeys

Remembered = Annotated[
    Literal["choice", "session", "staff", "form", "visitor", "interest", "display"],
    Meta(
        description="its part, by which Troth finds it: choice (what a visitor chose), session (who is signed in), staff (who works at the console), form "
        "(guards forms, keeps a refused age screen), visitor (tells one browser from another), interest (what was looked at), "
        "display (language and time zone of the pages about oneself)"
    ),
]
Lifetime = Annotated[
    str,
    Meta(
        pattern=r"^(session|\S+ ((business|working|calendar) )?(hour|day|week|month|year)s?)(?!\n)$",
        description='a span, or "session"',
    ),
]
WireName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]*(?!\n)$",
        max_length=120,
        description="its name in the browser; left out: the name that it is declared by",
    ),
]


HOST_PREFIX = "__Host-"
"""Browsers take a cookie with this prefix only over https, for the whole site and for no other host (RFC 6265bis, 4.1.3.2)."""


class Cookie(Named, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare", tag="cookie"):
    """A cookie that the sites may set; one that is not declared is stripped."""

    kind: ClassVar[str] = "cookie"
    purposes: SomeKeys
    lifetime: Lifetime
    essential: Annotated[bool, Meta(description="set without a choice")] = False
    category: Category = "user.device.cookie_id"
    first_party: bool = True
    called: WireName = ""
    remembers: Remembered | None = None
    http_only: Annotated[bool, Meta(description="no script of the page can read it")] = True
    same_site: Annotated[
        Literal["strict", "lax", "none"], Meta(description="whether other sites' requests carry it")
    ] = "lax"

    @property
    def wire_name(self) -> str:
        """Its name in the browser."""
        return self.called or self.name

    def name_over(self, *, https: bool) -> str:
        """Its name in the browser over https or without: the one that says who is signed in gets the prefix `__Host-`.

        So no neighbouring host and no plain connection can plant a session (login CSRF, session fixation).
        """
        signs_in = self.remembers in ("session", "staff")
        guarded = https and signs_in and not self.wire_name.startswith(HOST_PREFIX)
        return HOST_PREFIX + self.wire_name if guarded else self.wire_name


class Pixel(Named, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare", tag="pixel"):
    """A web beacon; it obeys the same choice as cookies."""

    kind: ClassVar[str] = "pixel"
    purposes: SomeKeys
    path: Annotated[str, Meta(pattern=r"^/\S*(?!\n)$", max_length=200)] = "/"
    category: Category = "user.behavior"
    actor: Annotated[
        Key | None,
        Meta(description="the role that records what it sees; left out: that of the point for web events"),
    ] = None


class Storage(
    Named, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare", tag="storage"
):
    """Another way to keep something in the visitor's browser."""

    kind: ClassVar[str] = "storage"
    purposes: SomeKeys
    where: Literal["local-storage", "session-storage", "indexed-db", "cache", "etag", "service-worker"]
    lifetime: Lifetime
    essential: bool = False
    category: Category = "user.device.cookie_id"
    called: WireName = ""
    remembers: Remembered | None = None

    @property
    def wire_name(self) -> str:
        """Its name in the browser."""
        return self.called or self.name


class OfferedChoice(
    Named, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare", tag="choice"
):
    """How a choice that visitors have is put to them: `title` heads its switch, `about` explains it."""

    kind: ClassVar[str] = "choice"
    purposes: Annotated[
        Keys, Meta(min_length=1, max_length=1, description="the data use that is switched on or off")
    ]


class OtherSite(
    Named, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare", tag="site"
):
    """A web site of somebody else that ours link to; its own policy applies there."""

    kind: ClassVar[str] = "site"
    hosts: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^([a-z0-9-]+\.)+[a-z0-9-]+(?!\n)$", max_length=253)], ...],
        Meta(min_length=1, description="its host names"),
    ]
    policy_url: Annotated[Url, Meta(description="its own privacy policy")]
    parameters: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.~-]+(?!\n)$", max_length=60)], ...],
        Meta(description="query parameters that a link to it may carry; any other is cut off"),
    ] = ()
