"""Free text: what happens when personal data is found in it, as its field declares (clause I.11). At every door alike."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import structs

from troth.gate.model import Ask
from troth.kernel import InvalidInput
from troth.policy import Field, Policy

Scan = Callable[[str], Mapping[str, str]]
"""The kinds of personal data in a text, each with what people call one of them."""


class PersonalDataFound(InvalidInput):
    """A text holds personal data that its field does not take, or not before its writer was told; tells kinds, no values."""

    code = "personal-data-found"


def looked_through(
    asks: Sequence[Ask], policy: Policy, scan: Scan, skipped: Mapping[int, InvalidInput]
) -> tuple[list[Ask], dict[int, InvalidInput]]:
    """Collections with the kinds found in them, and by their places those that are refused for it.

    Args:
        asks: A batch.
        policy: The version in force; `scan` of a field says what happens.
        scan: Looks through a text.
        skipped: Acts that are refused already.
    """
    noted, refused = list(asks), {}
    for number, ask in enumerate(asks):
        if ask.act != "collect" or number in skipped:
            continue
        try:
            noted[number] = structs.replace(ask, found=tuple(sorted(_found(ask, policy, scan))))
        except InvalidInput as error:
            refused[number] = error
    return noted, refused


def _found(ask: Ask, policy: Policy, scan: Scan) -> set[str]:
    kinds: set[str] = set()
    for name, value in ask.values.items():
        field = policy.fields.get(name)
        if field is not None and field.scan != "none" and isinstance(value, str):
            kinds |= _look(field, value, ask, scan)
    return kinds


def _look(field: Field, text: str, ask: Ask, scan: Scan) -> set[str]:
    if len(text) > field.max_length:  # looking through it would take as long as its sender likes
        raise InvalidInput(
            f"{field.name} is longer than {field.max_length} characters; nothing was stored.",
            clause=field.clause,
            field=field.name,
            mend="Shorten it.",
        )
    found = scan(text)
    unseen = [kind for kind in found if kind not in ask.aware]
    if found and (field.scan == "refuse" or (field.scan == "warn" and unseen)):
        told = "Remove it."
        if field.scan == "warn":
            told = f"Remove it, or show it to its writer and send aware: {', '.join(sorted(found))}."
        raise PersonalDataFound(
            f"{field.name} holds {', '.join(found.values())}; nothing was stored.",
            clause=field.clause,
            field=field.name,
            mend=told,
        )
    return set(found)
