"""Why a matter is due on its day, told in other languages than the one in which the clock keeps it."""

from collections.abc import Callable, Mapping

from troth.flows.wording import SOURCE, Wording
from troth.rights import Reason, reason_of

_UNITS: Mapping[str, str] = {
    "hour": "one hour",
    "hours": "{count} hours",
    "day": "one day",
    "days": "{count} days",
    "month": "one month",
    "months": "{count} months",
    "year": "one year",
    "years": "{count} years",
    "business day": "one working day",
    "business days": "{count} working days",
}
_PLACE = "working days of "
_CLAUSE = "clause "


def told_why(words: Wording, why: str, instant: Callable[[int], str]) -> str:
    """The reason for a due date as people read it; as it was kept where the language is English or it is of another form.

    Args:
        words: The messages of the language.
        why: As a clock gives it.
        instant: Tells an instant (microseconds) in that language.
    """
    found = reason_of(why) if words.language != SOURCE else None
    if found is None:
        return why
    parts = [
        words("{length} from receipt on {start}.", length=_length(words, found), start=instant(found.start))
    ]
    if found.whole_days:
        parts.append(words("The time runs to the end of the last day."))
    if found.calendar.startswith(_PLACE):
        parts.append(
            words("Counted are the working days of {place}.", place=found.calendar.removeprefix(_PLACE))
        )
    elif found.calendar:
        parts.append(words("Counted are Monday to Friday; public holidays are not taken out."))
    parts.append(words("The rule: {rule} ({source}).", rule=found.rule, source=_source(words, found.source)))
    return " ".join(parts)


def _length(words: Wording, found: Reason) -> str:
    spans = [words(_UNITS[unit], count=count) for count, unit in found.spans]
    return words(" and another ").join(spans)


def _source(words: Wording, source: str) -> str:
    clause = source.removeprefix(_CLAUSE)
    return words("clause {clause}", clause=clause) if clause != source else source
