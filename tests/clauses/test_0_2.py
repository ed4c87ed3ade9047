"""Clause 0.2: every processing activity cites a clause; one that cites none cannot start."""

import re
from pathlib import Path

import pytest

from tests.clauses.vendor import REGISTER, Vendor
from tests.support.process import ClockFile, Troth


def _without_rules_for(text: str, purpose: str) -> str:
    """The policy without the permits that cite a purpose."""
    blocks = re.compile(
        r"```rule\npermit: (?:(?!```).)*?purposes: \[[^\]]*" + re.escape(purpose) + r"[^`]*?```\n", re.DOTALL
    )
    return blocks.sub("", text)


@pytest.mark.clause("0.2")
def test_activity_without_a_rule_cannot_start(tmp_path: Path, reference_text: str) -> None:
    """Without the rules that an activity rests on, `policy check` fails, and no folder can be made with the policy."""
    cut = _without_rules_for(reference_text, REGISTER)
    assert cut != reference_text
    policy = tmp_path / "policy.md"
    policy.write_text(cut, encoding="utf-8")
    program = Troth(tmp_path / "data", ClockFile(tmp_path / "clock"))
    checked = program.run("policy", "check", policy, status=None)
    assert checked.returncode != 0
    assert REGISTER in checked.stdout + checked.stderr
    started = program.run("init", program.folder, "--policy", policy, status=None)
    assert started.returncode != 0
    assert not (program.folder / "troth.toml").exists()


@pytest.mark.clause("0.2")
def test_running_system_does_not_take_such_a_policy(
    vendor: Vendor, tmp_path: Path, reference_text: str
) -> None:
    """Publishing the cut policy is refused; the version in force stays."""
    policy = tmp_path / "policy.md"
    policy.write_text(_without_rules_for(reference_text, REGISTER), encoding="utf-8")
    assert vendor.command("--data", vendor.data, "policy", "publish", policy, status=None).returncode != 0
    versions = vendor.json("policy", "history")["versions"]
    assert [one["sha256"] for one in versions] == [vendor.policy]


@pytest.mark.clause("0.2")
def test_act_for_a_purpose_that_no_clause_names_is_refused(vendor: Vendor) -> None:
    """An act that names no purpose is malformed; one for a purpose that no rule permits is denied."""
    with vendor.open() as site:
        none = site.act(vendor.privacy_key, "use", "", fields=["email"])
        assert none.status_code in {400, 422}
        assert none.json()["field"] == "purpose"
        unknown = site.act(vendor.privacy_key, "use", "essential.service.curiosity", fields=["email"])
        assert unknown.status_code == 403
        assert unknown.json()["clause"]
