"""The registry of recognisers, and the one look through a text with all of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from troth.collection.cards import card_spans
from troth.collection.recognising.addresses import postal_addresses
from troth.collection.recognising.contact import emails, network_addresses, phones
from troth.collection.recognising.links import personal_links
from troth.collection.recognising.numbers import bank_accounts, identity_numbers

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


RECOGNISERS: Mapping[str, Recogniser] = {
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
"""By kind; of two that find the same place, the first counts."""


def found_in(text: str, kinds: Iterable[str] | None = None) -> list[Finding]:
    """The personal data in a text, in the order in which it stands; no two findings overlap.

    Args:
        text: What somebody wrote.
        kinds: Only these kinds; None for all.
    """
    wanted = RECOGNISERS.keys() if kinds is None else set(kinds)
    places: list[tuple[int, int, int, str]] = []
    for rank, (kind, recogniser) in enumerate(RECOGNISERS.items()):
        if kind in wanted:
            places += [(rank, start, end, kind) for start, end in recogniser.find(text)]
    kept: list[Finding] = []
    for _, start, end, kind in sorted(places):
        if all(end <= one.start or start >= one.end for one in kept):
            kept.append(Finding(kind, start, end))
    return sorted(kept, key=lambda one: one.start)
