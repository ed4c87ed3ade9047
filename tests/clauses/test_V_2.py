"""Clause V.2: the policy is amended by posting the amended version; an unposted version is inert."""

import pytest

from tests.clauses.vendor import CANARY, SUPPORT, Vendor

_SPOT = "### Giving support {#II.12}\n"


@pytest.mark.clause("V.2")
def test_draft_is_inert_until_it_is_posted(vendor: Vendor, reference_text: str) -> None:
    """A draft is neither shown nor does it decide; posting does both at once; the earlier version keeps its address."""
    amended = reference_text.replace(_SPOT, f"{_SPOT}\nWe have amended this clause: {CANARY}.\n", 1)
    amended = amended.replace("permit: support-reads", "permit: support-reads-amended")
    assert amended != reference_text
    policy = vendor.data.parent / "amended.md"
    policy.write_text(amended, encoding="utf-8")
    key = vendor.key("staff.support", SUPPORT, cases=("ticket",))
    with vendor.open() as site:
        before = site.request("GET", "/policy").text
        draft = vendor.json("policy", "draft", policy)["sha256"]
        assert CANARY not in site.request("GET", "/policy").text
        assert site.request("GET", f"/policy/versions/{draft}").status_code == 404
        assert site.act(key, "use", SUPPORT, fields=["email"]).status_code == 403
        vendor.json("policy", "post", draft)
        after = site.request("GET", "/policy").text
        assert CANARY in after
        assert CANARY not in before
        old = site.request("GET", f"/policy/versions/{vendor.policy}.md")
        assert old.content == reference_text.encode()
        feed = site.request("GET", "/policy/feed.atom").text
        history = site.request("GET", "/policy/versions").text
        for sha256 in (vendor.policy, draft):
            assert sha256 in feed
            assert sha256 in history
        site.act(key, "use", SUPPORT, fields=["email"])
    decided_by = [entry["policy"] for entry in vendor.ledger() if entry["act"] == "use"]
    assert decided_by == [vendor.policy, draft]


@pytest.mark.clause("V.2")
def test_posted_text_never_changes(vendor: Vendor) -> None:
    """Posting a version again is a conflict that names clause V.1."""
    again = vendor.json("policy", "post", vendor.policy, status=None)
    assert again["error"]["clause"] == "V.1"
