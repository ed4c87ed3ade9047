"""`troth campaigns`: messages to an audience; started, watched, paused and stopped, told of by counts."""

from time import sleep
from typing import TYPE_CHECKING, Annotated, Any

import typer

from troth.cli.codes import BadUsage
from troth.cli.frame import command, group
from troth.cli.keeping import show
from troth.cli.say import Say, table
from troth.cli.sources import KeyFile, api_key, moment

if TYPE_CHECKING:
    from datetime import datetime

    from troth.bootstrap import Troth
    from troth.campaigns import Campaign, Progress

app = group("campaigns", "Campaigns: a message to an audience, which anybody can stop while it runs.")
Case = Annotated[
    str, typer.Argument(metavar="CAMPAIGN", help="Its id, as `troth campaigns new` gives it, or its name.")
]
LOOK_SECONDS = 2.0
_STATES = {
    "campaign": "its id, also that of its case",
    "name": "its name",
    "state": "draft, scheduled, running, paused, done or stopped",
    "starts": "when it may begin; empty for at once",
    "ends": "when what is left is not sent any more; empty for the end of its case",
    "per_hour": "most messages an hour; 0 for as fast as it goes",
    "waits": "null while it goes on; else since, code, clause, field, why and mend of what stands in the way",
}
_STILL_IN_HAND = (
    "Some copies were in hand when it ended. `troth serve` notes within about a minute what became of them."
)
_PROGRESS = {
    **_STATES,
    "message": "name of the message",
    "version": "of the message",
    "chosen": "whether everybody was gone through",
    "left_out": "people who were not chosen because of what they said, by reason",
    "counts": "copies by state: planned, sending, sent, skipped, failed, bounced, complained",
    "skipped": "copies skipped or failed, by clause or reason",
    "clicks": "by link, how often it was followed; null for fewer than the cohort; empty where it is not counted",
}


@command(
    app,
    "new",
    example="troth campaigns new spring-news 'product = \"sensor\"' --name Spring --key-file marketing.key",
    gives=_STATES,
)
def new(
    say: Say,
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="Name of a message that was added.")],
    expression: Annotated[
        str, typer.Argument(metavar="EXPRESSION", help='Who gets it, as: product = "sensor".')
    ],
    *,
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="What its makers call it.")] = "",
    of: Annotated[
        str, typer.Option("--of", metavar="NAME", help="The declared audience; left out: the only one.")
    ] = "",
    start: Annotated[
        str,
        typer.Option(
            "--start",
            metavar="WHEN",
            help="As 2026-12-01T09:00+01:00, in UTC where no zone is named; left out: at once.",
        ),
    ] = "",
    end: Annotated[
        str, typer.Option("--end", metavar="WHEN", help="When what is left is not sent any more.")
    ] = "",
    rate: Annotated[
        str, typer.Option("--rate", metavar="RATE", help="At most so fast, as 10/s or 600/h.")
    ] = "",
    key_file: KeyFile = None,
) -> None:
    """Draft a campaign; nothing is sent before `start`."""
    from troth.campaigns import read_rate

    key = api_key(key_file)
    called = say.ask(name, "--name", "what the campaign is called")
    with say.open() as troth:
        made = troth.campaigns.draft(
            key,
            name=called,
            message=message,
            expression=expression,
            of=of,
            starts=_when(start, "--start"),
            ends=_when(end, "--end"),
            per_hour=read_rate(rate),
        )
    say.answer(_document(made), f"campaign {made.case}")


@command(
    app,
    "count",
    example="troth campaigns count Spring --key-file marketing.key",
    gives={
        "count": "people in its audience; null for fewer than the cohort",
        "left_out": "by reason",
        "cohort": "the smallest number shown",
    },
)
def count(say: Say, campaign: Case, *, key_file: KeyFile = None) -> None:
    """Count whom a campaign would go to, and who is left out by reason; nobody is listed."""
    key = api_key(key_file)
    with say.open() as troth, say.progress() as progress:
        seen = show(progress, "reading, by some 500 people")
        size = troth.campaigns.count(key, _meant(troth, campaign), seen)
    few = f"fewer than {size.cohort}"
    lines = [f"{few if size.people is None else size.people} people"]
    lines += [f"  left out, {why}: {few if n is None else n}" for why, n in size.left_out.items()]
    say.answer(
        {"count": size.people, "left_out": dict(size.left_out), "cohort": size.cohort}, "\n".join(lines)
    )


@command(app, "start", example="troth campaigns start Spring --key-file marketing.key", gives=_STATES)
def start(say: Say, campaign: Case, *, key_file: KeyFile = None) -> None:
    """Let a draft go, at once or when its start comes; `troth serve` sends it."""
    _step(say, "start", campaign, key_file)


@command(app, "pause", example="troth campaigns pause Spring --key-file marketing.key", gives=_STATES)
def pause(say: Say, campaign: Case, *, key_file: KeyFile = None) -> None:
    """Let a campaign rest: the very next message is not sent."""
    _step(say, "pause", campaign, key_file)


@command(app, "resume", example="troth campaigns resume Spring --key-file marketing.key", gives=_STATES)
def resume(say: Say, campaign: Case, *, key_file: KeyFile = None) -> None:
    """Let a campaign that was paused go on."""
    _step(say, "resume", campaign, key_file)


@command(app, "stop", example="troth campaigns stop Spring --key-file marketing.key", gives=_STATES)
def stop(say: Say, campaign: Case, *, key_file: KeyFile = None) -> None:
    """End a campaign for good: the very next message is not sent, and its case is closed."""
    _step(say, "stop", campaign, key_file)


@command(app, "status", example="troth campaigns status Spring --watch", gives=_PROGRESS)
def status(
    say: Say,
    campaign: Case,
    *,
    watch: Annotated[
        bool, typer.Option("--watch", help="Show it anew every two seconds, until it is over.")
    ] = False,
) -> None:
    """Show how far a campaign is, by counts."""
    with say.open() as troth:
        case = _meant(troth, campaign)
        told = troth.campaigns.progress(case)
        while watch and not told.campaign.ended_at:
            say.note(_line(told))
            sleep(LOOK_SECONDS)
            told = troth.campaigns.progress(case)
    say.answer(_progress(told), _text(told))


@command(app, "list", example="troth campaigns list", gives={"campaigns": ", ".join(_STATES)})
def list_(say: Say) -> None:
    """List the newest campaigns."""
    with say.open() as troth:
        found = troth.campaigns.campaigns()
    rows = [
        (one.case, one.plan.name, f"{one.state}, waits" if one.waits else one.state, moment(one.created_at))
        for one in found
    ]
    say.answer(
        {"campaigns": [_document(one) for one in found]},
        table(("campaign", "name", "state", "drafted"), rows),
    )


def _step(say: Say, step: str, campaign: str, key_file: Any) -> None:
    key = api_key(key_file)
    with say.open() as troth:
        done: Campaign = getattr(troth.campaigns, step)(key, _meant(troth, campaign))
    say.answer(_document(done), _headline(done))


def _headline(one: "Campaign") -> str:
    """Name and state, and of one that waits for its start until when."""
    waits = one.state == "scheduled" and one.plan.starts_at
    return f"{one.plan.name}: {one.state}" + (f", from {moment(one.plan.starts_at)}" if waits else "")


def _meant(troth: "Troth", given: str) -> str:
    """The id of a campaign that is named by id, or by a name that only one of the newest has."""
    called = [one.case for one in troth.campaigns.campaigns() if one.plan.name == given]
    if len(called) > 1:
        raise BadUsage(
            f"{len(called)} campaigns are called {given}.",
            mend=f"Name one by its id: {', '.join(called)}.",
            field="CAMPAIGN",
        )
    return called[0] if called else given


def _when(text: str, option: str) -> "datetime | None":
    from datetime import UTC, datetime

    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadUsage(
            "That is no instant.", mend="Write it as 2026-12-01T09:00+01:00.", field=option
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _document(one: "Campaign") -> dict[str, Any]:
    return {
        "campaign": one.case,
        "name": one.plan.name,
        "state": one.state,
        "starts": moment(one.plan.starts_at),
        "ends": moment(one.plan.ends_at),
        "per_hour": one.plan.per_hour,
        "waits": _waits(one),
    }


def _waits(one: "Campaign") -> dict[str, str] | None:
    found = one.waits
    if found is None:
        return None
    return {
        "since": moment(found.since),
        "code": found.code,
        "clause": found.clause,
        "field": found.field,
        "why": found.what,
        "mend": found.mend,
    }


def _waiting(one: "Campaign") -> list[str]:
    """Why it waits, and what can be done, in words; nothing where it does not."""
    found = one.waits
    if found is None:
        return []
    by = f" (clause {found.clause})" if found.clause else f" ({found.field})" if found.field else ""
    return [
        f"It waits since {moment(found.since)}: {found.what}{by}",
        f"What to do: {found.mend}" if found.mend else "",
        "Nothing is lost. It is tried again within ten minutes, and at once after `pause` and `resume`.",
        "",
    ]


def _progress(told: "Progress") -> dict[str, Any]:
    one = told.campaign
    return {
        **_document(one),
        "message": told.message.name,
        "version": one.plan.template,
        "chosen": one.planned,
        "left_out": dict(one.left_out),
        "counts": dict(told.counts),
        "skipped": dict(told.skipped),
        "clicks": dict(told.clicks),
    }


def _line(told: "Progress") -> str:
    counts = told.counts
    return (
        f"{told.campaign.state}: {counts['sent']} sent, {told.left} to go, "
        f"{counts['skipped']} skipped, {counts['failed']} failed"
        + "".join(f". {line}" for line in _waiting(told.campaign)[:1])
    )


def _text(told: "Progress") -> str:
    one = told.campaign
    lines = [_headline(one), "", *_waiting(one)]
    lines += [f"{number:>9} {state}" for state, number in told.counts.items() if number or state == "sent"]
    lines += [f"          {number} because of {why}" for why, number in told.skipped.items()]
    lines += [f"          {number} not chosen: {why}" for why, number in one.left_out.items()]
    lines += [
        f"{'few' if number is None else number:>9} followed {link}" for link, number in told.clicks.items()
    ]
    if one.ended_at and told.left:
        lines += ["", _STILL_IN_HAND]
    return "\n".join(lines)
