"""Checks of topics: each can be stopped, and goes out through channels that some rule permits."""

from collections.abc import Iterable, Iterator

from troth.policy.checks.registry import Check
from troth.policy.draft import Draft, label
from troth.policy.model import Finding
from troth.policy.rules import Forbid, Permit
from troth.policy.topics import Topic

STOPPED = "topic.stopped"
_GOES_OUT = frozenset({"send", "disclose"})


def _stoppable(draft: Draft) -> Iterator[Finding]:
    stopping = [
        rule
        for rule in draft.rules.values()
        if isinstance(rule, Forbid) and STOPPED in rule.when and set(rule.acts) >= _GOES_OUT
    ]
    stopped = [purpose for rule in stopping for purpose in rule.purposes]
    for topic in draft.of(Topic):
        for purpose in topic.purposes:
            if not _covered(purpose, stopped):
                yield draft.find(
                    topic,
                    "topic-stop",
                    f"{label(topic)} serves {purpose!r}, which goes on when somebody stops the topic",
                    f"write a forbid rule on send and disclose for it, when: [{STOPPED}]",
                )


def _channels(draft: Draft) -> Iterator[Finding]:
    permits = [
        rule
        for rule in draft.rules.values()
        if isinstance(rule, Permit) and _GOES_OUT.intersection(rule.acts)
    ]
    for topic in draft.of(Topic):
        known = {
            channel
            for rule in permits
            if any(_covered(purpose, rule.purposes) for purpose in topic.purposes)
            for channel in rule.channels
        }
        for channel in topic.channels:
            if channel not in known:
                yield draft.find(
                    topic,
                    "topic-channel",
                    f"{label(topic)} goes out by {channel!r}, which no rule permits for its purposes",
                    f"name one of {', '.join(sorted(known)) or '(none is permitted)'}, or permit it",
                )


def _covered(purpose: str, general: Iterable[str]) -> bool:
    return any(one in {"*", purpose} or purpose.startswith(f"{one}.") for one in general)


CHECKS = (
    Check("topic-stop", "a topic that goes on when somebody stops it", _stoppable),
    Check("topic-channel", "a topic that goes out by a channel that no rule permits", _channels),
)
