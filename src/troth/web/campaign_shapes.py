"""Shapes of campaigns and of the company's own messages."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from troth.campaigns import Campaign, Progress
from troth.kernel import from_micros
from troth.outreach import Message
from troth.web.shapes import Body, Id

Instant = Annotated[datetime, Meta(tz=True)]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}(?!\n)$", description="SHA-256, hexadecimal")]
CampaignState = Literal["draft", "scheduled", "running", "paused", "done", "stopped"]


class CampaignBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A campaign to draft."""

    name: Annotated[str, Meta(min_length=1, max_length=100, description="what its makers call it")]
    message: Annotated[
        str,
        Meta(
            min_length=1, max_length=100, description="name of a message, or the start of a version's digest"
        ),
    ]
    expression: Annotated[
        str, Meta(min_length=1, max_length=1_000, description="who gets it, by declared attributes")
    ]
    of: Annotated[str, Meta(max_length=100, description="the declared audience; empty for the only one")] = ""
    starts: Annotated[Instant | None, Meta(description="when it may begin; left out: at once")] = None
    ends: Annotated[
        Instant | None,
        Meta(description="when what is left is not sent any more; left out: at the end of its case"),
    ] = None
    rate: Annotated[str, Meta(max_length=20, description="at most so fast, as 10/s or 600/h")] = ""


class CampaignStepBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A step to take with a campaign."""

    step: Literal["start", "pause", "resume", "stop"]


class WaitsAnswer(Struct, frozen=True, kw_only=True):
    """Why a campaign that was started does not go on; nobody is named."""

    since: str
    code: str
    clause: str
    field: str
    why: str
    mend: str


class CampaignAnswer(Struct, frozen=True, kw_only=True):
    """A campaign as it stands."""

    campaign: Annotated[Id, Meta(description="its id, also that of its case")]
    name: str
    state: CampaignState
    starts: Annotated[str, Meta(description="when it may begin; empty for at once")]
    ends: Annotated[
        str, Meta(description="when what is left is not sent any more; empty for the end of its case")
    ]
    per_hour: Annotated[int, Meta(description="most messages an hour; 0 for as fast as it goes")]
    waits: Annotated[WaitsAnswer | None, Meta(description="null while it goes on")]


class CampaignsAnswer(Struct, frozen=True, kw_only=True):
    """The newest campaigns."""

    campaigns: tuple[CampaignAnswer, ...]


class CampaignStatus(CampaignAnswer, frozen=True, kw_only=True):
    """How far a campaign is, by counts; never who."""

    message: Annotated[str, Meta(description="name of the message")]
    version: Annotated[Sha256, Meta(description="of the message")]
    chosen: Annotated[bool, Meta(description="whether everybody was gone through")]
    left_out: Annotated[dict[str, int], Meta(description="people who were not chosen, by reason")]
    counts: Annotated[
        dict[str, int],
        Meta(description="copies by state: planned, sending, sent, skipped, failed, bounced, complained"),
    ]
    clicks: Annotated[
        dict[str, int | None],
        Meta(
            description="by link, how often it was followed; null for fewer than the cohort; empty where it is not counted"
        ),
    ]
    skipped: Annotated[dict[str, int], Meta(description="copies skipped or failed, by clause or reason")]


class CampaignSize(Struct, frozen=True, kw_only=True):
    """How many people a campaign would go to; never who."""

    campaign: Id
    count: Annotated[int | None, Meta(description="null for fewer than the cohort")]
    left_out: Annotated[dict[str, int | None], Meta(description="by reason; null for fewer than the cohort")]
    cohort: Annotated[int, Meta(description="the smallest number that is shown")]


class MessagesBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Messages, each text with its front matter; the languages of one message side by side."""

    texts: Annotated[
        tuple[Annotated[str, Meta(min_length=1)], ...],
        Meta(min_length=1, max_length=32, description="each as it would stand in its file"),
    ]


class MessageTestBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to send a message to, to look at it."""

    to: Annotated[
        str, Meta(min_length=3, max_length=254, description="mail address of somebody who works here")
    ]
    language: Annotated[str, Meta(max_length=35, description="as de; empty for the main one")] = ""


class MessageAnswer(Struct, frozen=True, kw_only=True):
    """A version of a message."""

    name: str
    version: Annotated[Sha256, Meta(description="of everything in it")]
    purpose: Annotated[str, Meta(description="data use that it serves")]
    topic: str
    channel: str
    languages: Annotated[tuple[str, ...], Meta(description="the main one first")]
    fields: Annotated[tuple[str, ...], Meta(description="fields that it shows")]
    added: Annotated[str, Meta(description="when it was kept; empty for what is not")] = ""


class MessagesAnswer(Struct, frozen=True, kw_only=True):
    """Messages."""

    messages: tuple[MessageAnswer, ...]


class MessageTexts(MessageAnswer, frozen=True, kw_only=True):
    """A version of a message with what it says."""

    subjects: Annotated[dict[str, str], Meta(description="by language")]
    bodies: Annotated[dict[str, str], Meta(description="Markdown by language")]
    reasons: Annotated[
        dict[str, str], Meta(description="of a letter or a call: why somebody gets it, by language")
    ]


class MessagePreview(Struct, frozen=True, kw_only=True):
    """A message as it would arrive, with the titles of fields in place of values."""

    subject: str
    text: str
    html: str


class MessageSent(Struct, frozen=True, kw_only=True):
    """A message was sent to somebody who works here."""

    sent: Annotated[str, Meta(description="left part of the Message-ID")]


CAMPAIGN_SHAPES = (
    CampaignBody,
    CampaignStepBody,
    CampaignAnswer,
    CampaignsAnswer,
    CampaignStatus,
    CampaignSize,
    MessagesBody,
    MessageTestBody,
    MessagesAnswer,
    MessageTexts,
    MessagePreview,
    MessageSent,
)


def campaign_answer(one: Campaign) -> CampaignAnswer:
    """A campaign as it is told."""
    return CampaignAnswer(**_campaign(one))


def campaign_status(told: Progress) -> CampaignStatus:
    """How far a campaign is, as it is told."""
    one = told.campaign
    return CampaignStatus(
        **_campaign(one),
        message=told.message.name,
        version=one.plan.template,
        chosen=one.planned,
        left_out=dict(one.left_out),
        counts=dict(told.counts),
        clicks=dict(told.clicks),
        skipped=dict(told.skipped),
    )


def message_answer(one: Message, added: int = 0) -> MessageAnswer:
    """A message as it is told; `added` in microseconds, 0 for what is not kept."""
    return MessageAnswer(**_message(one), added=instant(added))


def message_texts(one: Message, added: int) -> MessageTexts:
    """A message with what it says."""
    return MessageTexts(
        **_message(one),
        added=instant(added),
        subjects=dict(one.subjects),
        bodies=dict(one.bodies),
        reasons=dict(one.reasons),
    )


def instant(at: int) -> str:
    """An instant in microseconds as text; empty for 0, which means never."""
    return from_micros(at).isoformat(timespec="seconds") if at else ""


def _campaign(one: Campaign) -> dict[str, Any]:
    waits = one.waits
    return {
        "campaign": one.case,
        "name": one.plan.name,
        "state": one.state,
        "starts": instant(one.plan.starts_at),
        "ends": instant(one.plan.ends_at),
        "per_hour": one.plan.per_hour,
        "waits": None
        if waits is None
        else WaitsAnswer(
            since=instant(waits.since),
            code=waits.code,
            clause=waits.clause,
            field=waits.field,
            why=waits.what,
            mend=waits.mend,
        ),
    }


def _message(one: Message) -> dict[str, Any]:
    return {
        "name": one.name,
        "version": one.digest,
        "purpose": one.purpose,
        "topic": one.topic,
        "channel": one.channel,
        "languages": tuple(one.languages),
        "fields": one.fields,
    }
