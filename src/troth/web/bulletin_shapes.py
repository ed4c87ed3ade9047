"""Shapes of bulletins."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from troth.bulletins import Bulletin, Draft, Progress, Text
from troth.web.campaign_shapes import Sha256, instant
from troth.web.shapes import Body, Id

BulletinState = Literal["draft", "approved", "running", "stopped", "done"]


class BulletinText(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a bulletin says in one language."""

    subject: Annotated[str, Meta(min_length=1, max_length=400)]
    body: Annotated[str, Meta(min_length=1, description="Markdown")]


Texts = Annotated[
    dict[Annotated[str, Meta(min_length=2, max_length=35)], BulletinText],
    Meta(min_length=1, max_length=8, description="by language: en, de, fr"),
]


class BulletinBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bulletin to check or to write."""

    product: Annotated[
        str, Meta(min_length=1, max_length=100, description="the declared product it is about")
    ]
    versions: Annotated[
        str, Meta(min_length=1, max_length=200, description="affected versions, as >=5.0, <5.2.1; * for all")
    ]
    reason: Annotated[
        str, Meta(min_length=1, max_length=100, description="a declared reason of that product")
    ]
    texts: Texts


class BulletinTextsBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Other texts for a bulletin."""

    texts: Texts


class BulletinStepBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A step to take with a bulletin."""

    step: Literal["approve", "start", "stop"]
    digest: Annotated[
        str, Meta(max_length=64, description="for approve: digest of what was read; SHA-256, hexadecimal")
    ] = ""


class PromotionFound(Struct, frozen=True, kw_only=True):
    """A place that counts as promotion."""

    rule: str
    about: str
    language: str
    part: str
    line: int
    column: int
    text: str


class BulletinChecked(Struct, frozen=True, kw_only=True):
    """What of a draft's words counts as promotion; empty where nothing does."""

    found: tuple[PromotionFound, ...]


class BulletinAnswer(Struct, frozen=True, kw_only=True):
    """A bulletin as it stands."""

    bulletin: Annotated[Id, Meta(description="id of its case")]
    product: str
    versions: str
    reason: str
    state: BulletinState
    digest: Annotated[Sha256, Meta(description="of what it says, which an approval names")]
    languages: tuple[str, ...]
    written: str
    approved: Annotated[str, Meta(description="when it was approved; empty for not yet")]
    started: str
    ended: str


class BulletinsAnswer(Struct, frozen=True, kw_only=True):
    """Bulletins, the newest first."""

    bulletins: tuple[BulletinAnswer, ...]


class BulletinShown(BulletinAnswer, frozen=True, kw_only=True):
    """A bulletin with what it says."""

    texts: Annotated[dict[str, BulletinText], Meta(description="by language")]


class BulletinStatus(BulletinAnswer, frozen=True, kw_only=True):
    """How far delivery is, by counts; never who."""

    owners: Annotated[int, Meta(description="owners found")]
    open: Annotated[int, Meta(description="owners who have no end yet")]
    ends: Annotated[
        dict[str, int], Meta(description="how many by end: told, unreachable, not-concerned, gone")
    ]
    told: Annotated[dict[str, int], Meta(description="how many were told, by channel")]
    waits: Annotated[dict[str, int], Meta(description="how many wait, by channel")]
    bounced: Annotated[int, Meta(description="mails that came back")]
    unknown_version: Annotated[
        int, Meta(description="owners who never told their version, and are left out of a range")
    ]


BULLETIN_SHAPES = (
    BulletinBody,
    BulletinTextsBody,
    BulletinStepBody,
    BulletinChecked,
    BulletinAnswer,
    BulletinsAnswer,
    BulletinShown,
    BulletinStatus,
)


def draft_of(body: BulletinBody) -> Draft:
    """The draft that a body describes."""
    return Draft(body.product, body.versions, body.reason, texts_of(body.texts))


def texts_of(given: dict[str, BulletinText]) -> dict[str, Text]:
    """Texts as bulletins keep them: stripped, with a line end, as a file's are."""
    return {name: Text(one.subject.strip(), one.body.strip() + "\n") for name, one in given.items()}


def bulletin_answer(one: Bulletin) -> BulletinAnswer:
    """A bulletin as it is told."""
    return BulletinAnswer(**_bulletin(one))


def bulletin_shown(one: Bulletin) -> BulletinShown:
    """A bulletin with what it says."""
    texts = {name: BulletinText(subject=text.subject, body=text.body) for name, text in one.texts.items()}
    return BulletinShown(**_bulletin(one), texts=texts)


def bulletin_status(one: Bulletin, told: Progress) -> BulletinStatus:
    """How far a bulletin is, as it is told."""
    return BulletinStatus(
        **_bulletin(one),
        owners=told.owners,
        open=told.open,
        ends=dict(told.ends),
        told=dict(told.told),
        waits=dict(told.waits),
        bounced=told.bounced,
        unknown_version=one.unknown,
    )


def _bulletin(one: Bulletin) -> dict[str, Any]:
    return {
        "bulletin": one.case,
        "product": one.product,
        "versions": one.versions,
        "reason": one.reason,
        "state": one.state,
        "digest": one.digest,
        "languages": tuple(sorted(one.texts)),
        "written": instant(one.written_at),
        "approved": instant(one.approved_at),
        "started": instant(one.started_at),
        "ended": instant(one.ended_at),
    }
