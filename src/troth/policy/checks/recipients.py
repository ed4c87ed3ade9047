"""Checks of recipients: each has the terms that its role asks for, its country and the transfer mechanism."""

from collections.abc import Iterator

from troth.policy.checks.registry import Check
from troth.policy.draft import Draft
from troth.policy.model import Finding
from troth.policy.things import Recipient

_WANTED: dict[str, tuple[tuple[str, str], ...]] = {
    "processor": (("contract", "contract: {reference: ..., signed: YYYY-MM-DD}"),),
    "acquirer": (("contract", "contract: {reference: ..., signed: YYYY-MM-DD}"),),
    "controller": (("policy_url", "policy_url: https://..."),),
    "affiliate": (
        ("control", "control: {by: ..., relation: subsidiary, from: YYYY-MM-DD}"),
        ("undertaking", "undertaking: {reference: ..., signed: YYYY-MM-DD}"),
    ),
    "authority": (("basis", "basis: the law that lets it demand data"),),
}


def _terms(draft: Draft) -> Iterator[Finding]:
    for recipient in draft.of(Recipient):
        wanted = (
            *_WANTED[recipient.role],
            ("country", "country: XX"),
            ("mechanism", "mechanism: domestic, or the transfer mechanism"),
        )
        for key, example in wanted:
            if not getattr(recipient, key):
                yield draft.find(
                    recipient,
                    "recipient-terms",
                    f"recipient {recipient.name!r} ({recipient.role}) has no {key}",
                    f"write {example}",
                )


CHECKS = (
    Check("recipient-terms", "a recipient without contract terms, country or transfer mechanism", _terms),
)
