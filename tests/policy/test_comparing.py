"""A comparison of two versions tells what changed in meaning."""

import pytest

from tests.policy.documents import SOUND, small_policy, spoilt, with_rule
from troth.policy import compare_policies, compile_policy

POLICY = small_policy()
LABS = "declare: recipient\nname: labs\nrole: processor\ncountry: US\nmechanism: domestic\ncontract: {reference: C-2, signed: 2015-01-01}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SOUND, []),
        (SOUND.replace("What we collect.", "What we collect.\n\nAnd why."), []),
        (spoilt("Only those who need", "Nobody but those who need"), ["IV.2 clause IV.2 changed same"]),
        (spoilt("[case.ticket, purpose.granted]", "[case.ticket]"), ["II.12 permit support-read changed wider"]),
        (spoilt("actors: [staff]", "actors: [staff.support]"), ["II.12 permit support-read changed narrower"]),
        (spoilt("data: [user.contact.email]\npurposes: [marketing", "data: [user.contact.url]\npurposes: [marketing"), ["II.12 permit newsletter changed both"]),
        (spoilt("Nobody looks behind an alias.", "Aliases are private."), ["II.12 forbid support-alias changed same"]),
        (spoilt("data: [user.contact.email.alias]", "data: [user.contact.email]"), ["II.12 forbid support-alias changed narrower"]),
        (with_rule("forbid: more\nacts: [use]\nactors: [service.shop]\nreason: X."), ["IV.2 forbid more added narrower"]),
        (with_rule(LABS), ["I.9 permit shop-mailing changed wider", "IV.2 recipient labs added same"]),
        (spoilt("keep: 2 years", "keep: 3 years"), ["IV.2 retention tickets changed same"]),
    ],
)  # fmt: skip
def test_differences_are_found_and_weighed(text: str, expected: list[str]) -> None:
    """Each change of a document shows as what it means: wider, narrower, both or the same."""
    comparison = compare_policies(POLICY, compile_policy(text))
    found = [f"{d.clause} {d.kind} {d.name} {d.change} {d.direction}" for d in comparison.differences]
    assert found == expected
    assert comparison.widened == any(line.endswith(("wider", "both")) for line in expected)
    assert comparison.to_dict()["widened"] == comparison.widened


def test_what_is_removed_is_told_the_other_way_round() -> None:
    """Taking a permit away narrows, taking a forbid away widens."""
    more = compile_policy(with_rule("forbid: more\nacts: [use]\nactors: [service.shop]\nreason: X."))
    (difference,) = compare_policies(more, POLICY).differences
    assert (difference.name, difference.change, difference.direction) == ("more", "removed", "wider")
