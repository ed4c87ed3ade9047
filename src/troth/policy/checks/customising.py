"""Checks of customised content: a generic variant is there, and no segment looks at what it must not."""

from collections.abc import Iterator

from troth.policy.checks.registry import Check
from troth.policy.customising import Segment, Slot
from troth.policy.draft import Draft, label
from troth.policy.model import Finding
from troth.policy.technologies import Cookie

SENSITIVE = (
    "user.biometric",
    "user.childrens",
    "user.criminal_history",
    "user.demographic",
    "user.financial",
    "user.government_id",
    "user.health_and_medical",
    "user.location",
    "user.payment",
)
"""Categories, with those below them, by which nobody is sorted."""


def _default(draft: Draft) -> Iterator[Finding]:
    for slot in draft.of(Slot):
        if slot.default not in slot.variants:
            mend = f"name one of {', '.join(slot.variants)}"
            yield draft.find(
                slot, "slot-default", f"{label(slot)} has no generic variant {slot.default!r}", mend
            )


def _places(draft: Draft) -> Iterator[Finding]:
    slots = {slot.name: slot for slot in draft.of(Slot)}
    for segment in draft.of(Segment):
        slot = slots.get(segment.slot)
        if slot is None:
            mend = f"name one of {', '.join(slots) or '(none is declared)'}"
            yield draft.find(
                segment, "segment-slot", f"{label(segment)} is for {segment.slot!r}, which is no slot", mend
            )
        elif segment.variant not in slot.variants:
            mend = f"name one of {', '.join(slot.variants)}"
            yield draft.find(
                segment,
                "segment-slot",
                f"{label(segment)} shows {segment.variant!r}, which is no variant",
                mend,
            )


def _rules(draft: Draft) -> Iterator[Finding]:
    interest = [cookie for cookie in draft.of(Cookie) if cookie.remembers == "interest"]
    for segment in draft.of(Segment):
        rule = segment.rule
        if bool(rule.section) == bool(rule.field) or bool(rule.field) != bool(rule.value):
            yield draft.find(
                segment,
                "segment-rule",
                f"{label(segment)} does not say by what",
                "write from: {section: /path} or from: {field: name, value: text}",
            )
        elif rule.field and rule.field not in draft.fields:
            yield draft.find(
                segment,
                "segment-rule",
                f"{label(segment)} looks at {rule.field!r}, which is no declared field",
                "declare the field, or name another",
            )
        elif rule.section and not interest:
            yield draft.find(
                segment,
                "segment-rule",
                f"{label(segment)} counts looks, which no cookie remembers",
                "declare: cookie with remembers: interest",
            )


def _sensitive(draft: Draft) -> Iterator[Finding]:
    for segment in draft.of(Segment):
        field = draft.fields.get(segment.rule.field)
        if field is None:
            continue
        if any(field.category == one or field.category.startswith(f"{one}.") for one in SENSITIVE):
            yield draft.find(
                segment,
                "segment-sensitive",
                f"{label(segment)} sorts people by {field.category}",
                "sort by what people use or have registered; never by children's or sensitive data",
            )


CHECKS = (
    Check("slot-default", "a slot without its generic variant", _default),
    Check("segment-slot", "a segment for a slot or variant that is not there", _places),
    Check("segment-rule", "a segment that does not say by what, or by what nobody remembers", _rules),
    Check("segment-sensitive", "a segment by children's or sensitive data", _sensitive),
)
