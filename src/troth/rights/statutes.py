"""The clocks of laws, beside the promises of the policy; where several hold, the strictest wins.

A law holds where the policy's front matter names its jurisdiction. Each clock cites its article, and each due date says
which clock it comes from. This is a register of terms, no legal advice.
"""

from collections.abc import Iterable
from typing import NamedTuple

from troth.policy import Span
from troth.rights.clocks import Rule
from troth.rights.model import Matter

_ONE_MONTH = Span(1, "months")
_TWO_MONTHS = Span(2, "months")
_45_DAYS = Span(45 * 24, "hours")


class Statute(NamedTuple):
    """A clock of a law: where it holds, for which matters, and for which kinds of them (none: all)."""

    jurisdiction: str
    matter: Matter
    rule: Rule
    kinds: frozenset[str] = frozenset()
    but_not: frozenset[str] = frozenset()


_OPT_OUT = frozenset({"object"})
STATUTES: tuple[Statute, ...] = (
    Statute(
        "EU",
        "request",
        Rule(
            "gdpr-answer", "answer", _ONE_MONTH, "GDPR article 12(3)",
            rolls=True, whole_days=True, extension=_TWO_MONTHS,
        ),
    ),
    Statute(
        "GB",
        "request",
        Rule(
            "uk-gdpr-answer", "answer", _ONE_MONTH, "UK GDPR article 12(3)", "GB",
            rolls=True, whole_days=True, extension=_TWO_MONTHS,
        ),
    ),
    Statute(
        "US-CA",
        "request",
        Rule("ccpa-acknowledge", "acknowledge", Span(10, "business days"), "11 CCR 7021(a)", "US-CA"),
        but_not=_OPT_OUT,
    ),
    Statute(
        "US-CA",
        "request",
        Rule(
            "ccpa-answer", "answer", _45_DAYS, "11 CCR 7021(b)", whole_days=True, extension=_45_DAYS
        ),
        but_not=_OPT_OUT,
    ),
    Statute(
        "US-CA",
        "request",
        Rule("ccpa-opt-out", "answer", Span(15, "business days"), "11 CCR 7026(f)", "US-CA"),
        kinds=_OPT_OUT,
    ),
    Statute(
        "US",
        "request",
        Rule("can-spam-opt-out", "answer", Span(10, "business days"), "16 CFR 316.5, 15 USC 7704(a)(4)", "US"),
        kinds=_OPT_OUT,
    ),
    Statute(
        "GB",
        "dispute",
        Rule("uk-complaint", "acknowledge", Span(30 * 24, "hours"), "Data Protection Act 2018, section 164A", whole_days=True),
    ),
)  # fmt: skip


def statutes_for(matter: Matter, kind: str, jurisdictions: Iterable[str]) -> list[Rule]:
    """The clocks of laws that hold for a matter.

    Args:
        matter: request, dispute or question.
        kind: Kind of request; empty for others.
        jurisdictions: Those of the policy, or the one where the person lives when that is known.
    """
    held = set(jurisdictions)
    return [
        one.rule
        for one in STATUTES
        if one.jurisdiction in held
        and one.matter == matter
        and (not one.kinds or kind in one.kinds)
        and kind not in one.but_not
    ]
