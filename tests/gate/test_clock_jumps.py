"""A clock that is set back stops nothing and brings no earlier policy version back."""

from datetime import timedelta

import pytest

from tests.gate.conftest import Company
from tests.gate.test_versions import widened
from troth.gate import add_draft, post_version

__all__ = ["widened"]
HOUR = timedelta(hours=1)


def test_version_posted_before_a_jump_back_stays_in_force(company: Company, widened: bytes) -> None:
    """A clock set back behind the posting leaves the posted version in force, and acts go on."""
    posted = company.publish(widened)
    company.clock.advance(-HOUR)
    assert company.gate.policy().sha256 == posted.sha256
    assert company.register(1)


def test_version_posted_after_a_jump_back_is_in_force(company: Company, widened: bytes) -> None:
    """The version posted last is in force, also when the clock was set back between two postings, and stays so."""
    company.clock.advance(-HOUR)
    posted = company.publish(widened)
    assert company.gate.policy().sha256 == posted.sha256
    company.clock.advance(2 * HOUR)
    assert company.gate.policy().sha256 == posted.sha256


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_order_of_posting_decides_not_the_order_of_drafting(
    company: Company, widened: bytes, order: tuple[int, int]
) -> None:
    """Of two versions posted at one instant, the one posted later is in force."""
    texts = (widened, widened.replace(b"The account page may read", b"The account page reads"))
    with company.database.transaction() as tx:
        drafts = [add_draft(tx, text, company.clock.now()).sha256 for text in texts]
    for number in order:
        with company.database.transaction() as tx:
            post_version(tx, drafts[number], company.clock.now())
    assert company.gate.policy().sha256 == drafts[order[1]]
