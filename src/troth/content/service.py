"""Which variant somebody sees: decided by the policy first, then by the segments."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from markdown_it import MarkdownIt

from troth.choice import Choice
from troth.content.model import Chosen, Interest, belongs
from troth.gate import Ask, Outcome
from troth.policy import Act, Cookie, Policy, Segment, Slot

Perform = Callable[[Sequence[Ask]], Sequence[Outcome]]
ROLE = "service.web"
_BROWSED = "user.behavior.browsing_history"


def content_for(
    policy: Policy,
    slot: Slot,
    *,
    choice: Choice,
    interest: Interest,
    today: date,
    person: str = "",
    perform: Perform | None = None,
    key: str = "",
) -> Chosen:
    """What somebody sees in a slot: the variant of the first segment that fits and may be looked at, else the generic one.

    Args:
        policy: The version in force.
        slot: A slot of it.
        choice: What the visitor chose, the account's objections and the browser's signal considered.
        interest: What the visitor's browser says was looked at.
        today: The present day.
        person: Handle of who is signed in, if somebody is.
        perform: Performs acts through the gate; needed for somebody who is signed in.
        key: API key of the pages.
    """
    segments = [segment for segment in policy.of(Segment) if segment.slot == slot.name]
    purpose = slot.purposes[0]
    used = interest if segments and may_use_interest(policy, purpose, choice, today) else {}
    told = _told(policy, segments, purpose, choice, person, perform, key)
    for segment in segments:
        if belongs(segment, used, told, today):
            return Chosen(slot, segment.variant, segment)
    return Chosen(slot, slot.default)


def may_use_interest(policy: Policy, purpose: str, choice: Choice, today: date) -> bool:
    """Whether the policy lets the pages use what this visitor looked at; nobody's data but the request's own is touched."""
    facts = ["purpose.granted"]
    facts += ["person.consented"] if choice.allows(purpose) else []
    facts += ["signal.opt-out"] if choice.signal and not choice.allows(purpose) else []
    data = tuple(
        sorted({_BROWSED, *(one.category for one in policy.of(Cookie) if one.remembers == "interest")})
    )
    act = Act("use", ROLE, purpose, data, "", "web", tuple(sorted(facts)), today.isoformat())
    return policy.decide(act).permitted


@lru_cache(maxsize=256)
def variant_html(text: str) -> str:
    """A declared variant as HTML; raw HTML in it is shown as text."""
    reader = MarkdownIt("commonmark", {"html": False}).disable("image")
    return str(reader.render(text))


def _told(
    policy: Policy,
    segments: Sequence[Segment],
    purpose: str,
    choice: Choice,
    person: str,
    perform: Perform | None,
    key: str,
) -> Mapping[str, Any]:
    """What a person told us, as far as the gate gives it for this purpose: an objection or a known child ends it."""
    fields = tuple(dict.fromkeys(one.rule.field for one in segments if one.rule.field in policy.fields))
    if not (person and perform and fields):
        return {}
    ask = Ask(
        act="use",
        purpose=purpose,
        key=key,
        person=person,
        fields=fields,
        channel="web",
        signal=bool(choice.signal) and not choice.allows(purpose),
    )
    (outcome,) = perform([ask])
    return outcome.values if outcome.permitted else {}
