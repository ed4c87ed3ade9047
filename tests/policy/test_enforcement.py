"""The enforcement table covers every clause and never claims more than runs."""

import pytest

from tests.policy.documents import small_policy
from troth.policy import FACTS, PolicyErrors, read_enforcement

POLICY = small_policy()
RUNS = {"gate": "decides, acts and records", "web": "publishes the policy"}
TABLE = """\
I.2: {by: gate, how: Disclosure needs a rule., proof: tests/clauses/test_i.py}
I.9: {by: [gate, web], how: Only declared points take data., proof: [tests/a.py, tests/b.py]}
II.12: {by: gate, how: The ticket must be open., proof: tests/clauses/test_ii.py}
III.6: {by: not-yet, until: The clock of requests.}
IV.2: {by: gate, how: Default deny., proof: tests/clauses/test_iv.py}
"""


def test_a_table_gives_a_row_for_each_clause() -> None:
    """Rows come in the order of the policy and tell who enforces, how, and what proves it."""
    rows = read_enforcement(
        TABLE, POLICY, RUNS, established=FACTS.keys() | {"case.ticket"}, proof_exists=lambda _: True
    )
    assert [row.clause for row in rows] == ["I.2", "I.9", "II.12", "III.6", "IV.2"]
    assert rows[1].by == ("gate", "web")
    assert rows[1].proof == ("tests/a.py", "tests/b.py")
    assert [row.enforced for row in rows] == [True, True, True, False, True]
    assert rows[3].how == "The clock of requests."


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        (
            "by: gate, how: Default deny.",
            "by: rights, how: Default deny.",
            5,
            "'rights' is claimed, which this release does not run",
        ),
        ("by: gate, how: Default deny.", "by: [], how: Default deny.", 5, "'nothing' is claimed"),
        (", proof: tests/clauses/test_iv.py", "", 5, "lacks how or proof"),
        ("how: Default deny., ", "", 5, "lacks how or proof"),
        ("until: The clock of requests.", "how: x, proof: y", 4, "not enforced yet"),
        ("IV.2:", "IX.2:", 5, "the policy has no clause 'IX.2'"),
        ("{by: not-yet, until: The clock of requests.}", "null", 4, "is missing"),
        ("{by: not-yet,", "{bye: not-yet,", 4, "unknown key 'bye'"),
    ],
)
def test_a_table_that_claims_too_much_or_too_little_is_refused(
    old: str, new: str, line: int, reason: str
) -> None:
    """Each claim must name what runs, how, and its proof; each clause must be there, and no other."""
    with pytest.raises(PolicyErrors) as caught:
        read_enforcement(TABLE.replace(old, new), POLICY, RUNS)
    findings = {finding.line: finding for finding in caught.value.findings}
    assert reason in findings[line].reason
    assert all(finding.check == "enforcement" for finding in caught.value.findings)


def test_a_claim_on_facts_that_nobody_establishes_is_refused() -> None:
    """A clause whose rules wait for a fact that the release never establishes is not enforced by it."""
    with pytest.raises(PolicyErrors) as caught:
        read_enforcement(
            TABLE, POLICY, RUNS, established={"case.ticket", "purpose.granted", "person.restricted"}
        )
    (finding,) = caught.value.findings
    assert (finding.clause, finding.line) == ("II.12", 3)
    assert "person.consented" in finding.reason


def test_a_proof_that_does_not_exist_is_refused() -> None:
    """The path of a proof is looked up by the caller's means."""
    with pytest.raises(PolicyErrors) as caught:
        read_enforcement(TABLE, POLICY, RUNS, proof_exists=lambda path: path != "tests/b.py")
    (finding,) = caught.value.findings
    assert "'tests/b.py' does not exist" in finding.reason


@pytest.mark.parametrize("text", ["- a", "a: [", b"\xff", "", "5"])
def test_a_malformed_table_is_refused(text: str | bytes) -> None:
    """What is not a mapping of clauses is refused as such."""
    with pytest.raises(PolicyErrors):
        read_enforcement(text, POLICY, RUNS)
