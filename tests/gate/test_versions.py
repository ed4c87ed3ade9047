"""Policy versions: kept as published, in force by being posted; data keeps the promises it was collected under."""

import pytest
from sqlalchemy import bindparam, update

from tests.gate.conftest import SUPPORT, Company
from troth.gate import add_draft, post_version, version_text, versions
from troth.gate.tables import policy_version
from troth.kernel import Conflict, Corrupt, NotFound
from troth.policy import PolicyErrors
from troth.storage import Statement

_RULE = b"""
```rule
permit: address-for-the-account
acts: [use]
actors: [service.web]
data: [user.contact.email]
purposes: [essential.service.account]
when: [purpose.granted]
retention: accounts
reason: The account page may read an address.
```
"""
_SPOT = b"### Giving support {#II.12}"


def _widened(text: bytes) -> bytes:
    """The reference policy with one more permit in clause II.12."""
    head, spot, tail = text.partition(_SPOT)
    line, newline, rest = tail.partition(b"```rule")
    return head + spot + line + _RULE.lstrip(b"\n") + b"\n" + newline + rest


@pytest.fixture
def widened(reference_text: bytes) -> bytes:
    """A version that permits something more."""
    return _widened(reference_text)


def test_draft_never_decides(company: Company, widened: bytes, reference_text: bytes) -> None:
    """A kept draft changes nothing until it is posted."""
    before = company.gate.policy().sha256
    with company.database.transaction() as tx:
        draft = add_draft(tx, widened, company.clock.now())
    assert company.gate.policy().sha256 == before
    with company.database.transaction() as tx:
        post_version(tx, draft.sha256, company.clock.now())
    assert company.gate.policy().sha256 == draft.sha256
    with company.database.snapshot() as tx:
        assert [one.posted is not None for one in versions(tx)] == [True, True]
        assert version_text(tx, before) == reference_text


def test_posted_version_never_changes(company: Company, reference_text: bytes) -> None:
    """Posting twice, or keeping the same text twice, is a conflict that names clause V.1."""
    sha256 = company.gate.policy().sha256
    with pytest.raises(Conflict) as posted, company.database.transaction() as tx:
        post_version(tx, sha256, company.clock.now())
    assert posted.value.clause == "V.1"
    with pytest.raises(Conflict), company.database.transaction() as tx:
        add_draft(tx, reference_text, company.clock.now())
    with pytest.raises(NotFound), company.database.transaction() as tx:
        post_version(tx, "0" * 64, company.clock.now())


def test_text_that_fails_the_checks_is_not_kept(company: Company) -> None:
    """A document with findings is refused and not stored."""
    with pytest.raises(PolicyErrors), company.database.transaction() as tx:
        add_draft(tx, b"# Nothing\n", company.clock.now())
    with company.database.snapshot() as tx:
        assert len(versions(tx)) == 1


def test_one_altered_byte_is_refused(company: Company, reference_text: bytes) -> None:
    """A stored text that is not what its SHA-256 names is never used."""
    sha256 = company.gate.policy().sha256
    altered = Statement(
        update(policy_version)
        .where(policy_version.c.sha256 == bindparam("sha"))
        .values(text=bindparam("new"))
    )
    with company.database.transaction() as tx:
        tx.run(altered, {"sha": sha256, "new": reference_text.replace(b"30 days", b"31 days", 1)})
    with company.database.snapshot() as tx, pytest.raises(Corrupt) as found:
        version_text(tx, sha256)
    assert found.value.clause == "0.1"


def test_data_keeps_the_promises_of_its_version(company: Company, widened: bytes) -> None:
    """What only the new version permits is denied on data collected before it, and permitted on data collected under it."""
    early = company.register(1)
    company.publish(widened)
    late = company.register(2)
    account = "essential.service.account"
    denied = company.act("use", "service.web", account, person=early, fields=("email",))
    assert denied.effect == "deny"
    assert denied.policy != company.gate.policy().sha256
    permitted = company.act("use", "service.web", account, person=late, fields=("email",))
    assert permitted.values == {"email": "person2@example.com"}
    case = company.open_case("ticket", "staff.support", SUPPORT, early)
    both = company.act("use", "staff.support", SUPPORT, person=early, fields=("email",), case=case)
    assert both.permitted
