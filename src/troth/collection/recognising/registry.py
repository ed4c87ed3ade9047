"""The registry of recognisers, and the one look through a text with all of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import NamedTuple

from troth.collection.cards import card_spans
from troth.collection.recognising.addresses import postal_addresses
from troth.collection.recognising.contact import emails, network_addresses, phones
from troth.collection.recognising.links import personal_links
from troth.collection.recognising.numbers import bank_accounts, identity_numbers
from troth.kernel import InvalidInput

Span = tuple[int, int]


class Finding(NamedTuple):
    """Something found in a text.

    Args:
        kind: Name of the recogniser.
        start: Where it begins, in characters from 0.
        end: The place behind its last character.
    """

    kind: str
    start: int
    end: int


class Recogniser(NamedTuple):
    """What finds one kind of personal data: its kind, what people call one of them, and how it is found."""

    kind: str
    title: str
    find: Callable[[str], Iterator[Span]]


_OWN: Mapping[str, Recogniser] = {
    one.kind: one
    for one in (
        Recogniser("card", "a payment card number", card_spans),
        Recogniser("personal-link", "a link that holds personal data", personal_links),
        Recogniser("email", "an e-mail address", emails),
        Recogniser("bank-account", "a bank account number", bank_accounts),
        Recogniser("identity-number", "an identity number", identity_numbers),
        Recogniser("network-address", "a network address", network_addresses),
        Recogniser("postal-address", "a postal address", postal_addresses),
        Recogniser("phone", "a telephone number", phones),
    )
}
OUTSIDE = "troth.recognisers"
"""The group of entry points by which an installed package adds recognisers of its own."""


@cache
def recognisers() -> Mapping[str, Recogniser]:
    """Our own recognisers and those that installed packages add, by kind; of two that find the same place, the first counts.

    Raises:
        InvalidInput: A package adds what is no recogniser, or a kind that is there already.
    """
    known = dict(_OWN)
    for point in sorted(entry_points(group=OUTSIDE), key=lambda one: one.name):
        one = point.load()
        if not isinstance(one, Recogniser) or one.kind in known:
            what = (
                "brings a kind that is there already" if isinstance(one, Recogniser) else "is no Recogniser"
            )
            raise InvalidInput(
                f"The entry point {point.name!r} of {OUTSIDE} {what}.",
                field=point.name,
                mend=f"Mend or remove the package {point.dist.name if point.dist else ''}.".replace(
                    " .", "."
                ),
            )
        known[one.kind] = one
    return known


def found_in(text: str, kinds: Iterable[str] | None = None) -> list[Finding]:
    """The personal data in a text, in the order in which it stands; no two findings overlap.

    Args:
        text: What somebody wrote.
        kinds: Only these kinds; None for all.
    """
    known = recognisers()
    wanted = known.keys() if kinds is None else set(kinds)
    places: list[tuple[int, int, int, str]] = []
    for rank, (kind, recogniser) in enumerate(known.items()):
        if kind in wanted:
            places += [(rank, start, end, kind) for start, end in recogniser.find(text)]
    kept: list[Finding] = []
    for _, start, end, kind in sorted(places):
        if all(end <= one.start or start >= one.end for one in kept):
            kept.append(Finding(kind, start, end))
    return sorted(kept, key=lambda one: one.start)


def kinds_in(text: str) -> dict[str, str]:
    """The kinds of personal data in a text, each with what people call one of them."""
    known = recognisers()
    return {one.kind: known[one.kind].title for one in found_in(text)}
