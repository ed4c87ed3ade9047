"""`troth policy` and `troth decide`."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import POLICY, SUPPORT, Program
from troth.policy import FACTS, Act, kept_policy

READ = (
    "--kind",
    "use",
    "--actor",
    "staff.support",
    "--purpose",
    SUPPORT,
    "--field",
    "email",
    "--field",
    "name",
)
OPEN = ("--fact", "purpose.granted", "--fact", "case.open", "--fact", "case.ticket")


def broken(tmp_path: Path, old: str, new: str) -> Path:
    """The reference policy with one thing changed."""
    text = POLICY.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "policy.md"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return file


def test_a_sound_policy_passes(program: Program) -> None:
    """`policy check` of the reference policy finds nothing and tells its fingerprint."""
    document = program.ok("policy", "check", POLICY)
    assert document["findings"] == []
    assert document["clauses"] == 89
    assert document["sha256"] == kept_policy(POLICY.read_bytes()).sha256


def test_a_finding_says_where_and_what_to_do(program: Program, tmp_path: Path) -> None:
    """A document with a fault ends with code 1 and names file, line, check, reason and mend."""
    file = broken(tmp_path, "category: user.contact.email", "category: user.contact.emial")
    ended = program.run("policy", "check", file)
    assert ended.code == 1
    line, summary = ended.out.splitlines()[0], ended.out.splitlines()[-1]
    assert line.startswith(f"{file}:")
    assert "emial" in line
    assert "finding" in summary
    listed = program.run("policy", "check", file, "--json").document["findings"]
    assert listed[0]["mend"]
    assert listed[0]["line"] > 1


def test_the_enforcement_table_covers_every_clause(program: Program) -> None:
    """`policy check --enforcement` says of each clause what enforces it or what is missing."""
    table = program.ok("policy", "check", POLICY, "--enforcement")["enforcement"]
    assert len(table) == 89
    assert all(row["by"] or row["how"] for row in table.values())
    assert "not yet" in program.run("policy", "check", POLICY, "--enforcement").out


def test_a_claim_of_what_does_not_run_is_refused(program: Program, tmp_path: Path) -> None:
    """The table may not claim a room that this release does not have."""
    (tmp_path / "policy.md").write_bytes(POLICY.read_bytes())
    claims = POLICY.with_name("enforcement.yaml").read_text(encoding="utf-8")
    (tmp_path / "enforcement.yaml").write_text(
        claims.replace("by: gate", "by: telepathy", 1), encoding="utf-8"
    )
    ended = program.run("policy", "check", tmp_path / "policy.md", "--enforcement", "--json")
    assert ended.code == 1
    assert "telepathy" in ended.error["findings"][0]["reason"]


def test_a_claim_that_rests_on_a_fact_nobody_establishes_is_refused(program: Program, tmp_path: Path) -> None:
    """A clause whose rules ask for a fact that this release cannot establish may not be claimed."""
    (tmp_path / "policy.md").write_bytes(POLICY.read_bytes())
    text = POLICY.with_name("enforcement.yaml").read_text(encoding="utf-8")
    clause, start = '"IV.7"', text.index('"IV.7"')
    end = text.index('"IV.8"')
    claim = f"{clause}:\n  by: gate\n  how: It is.\n  proof: tests/clauses/test_IV_2.py\n"
    (tmp_path / "enforcement.yaml").write_text(text[:start] + claim + text[end:], encoding="utf-8")
    ended = program.run("policy", "check", tmp_path / "policy.md", "--enforcement", "--json")
    assert ended.code == 1
    assert "which nothing in this release establishes" in ended.error["findings"][0]["reason"]


def test_a_missing_enforcement_table_is_told(program: Program, tmp_path: Path) -> None:
    """Without a table nothing is claimed, and the command says so."""
    (tmp_path / "policy.md").write_bytes(POLICY.read_bytes())
    assert (
        program.run("policy", "check", tmp_path / "policy.md", "--enforcement", "--json").error["code"]
        == "not-found"
    )


def test_the_cases_of_the_reference_policy_pass(program: Program) -> None:
    """`policy test` decides the cases beside the policy."""
    document = program.ok("policy", "test", POLICY)
    assert document["failed"] == []
    assert document["passed"] >= 200


def test_a_failed_case_names_itself(program: Program, tmp_path: Path) -> None:
    """A case that comes out otherwise ends with code 1, its name and line, and what came out."""
    cases = tmp_path / "cases.yaml"
    act = {"kind": "use", "actor": "staff.support", "purpose": SUPPORT, "data": ["user.name"]}
    cases.write_text(json.dumps([{"name": "wishful", "act": act, "expect": "permit"}]))
    ended = program.run("policy", "test", POLICY, "--cases", cases, "--json")
    assert ended.code == 1
    assert ended.document["failed"][0]["name"] == "wishful"
    assert "expected permit" in ended.document["failed"][0]["fault"]


def test_the_cli_decides_as_the_policy_does(program: Program) -> None:
    """`decide` gives the decision of the policy, and the effect as exit code."""
    policy = kept_policy(POLICY.read_bytes())
    for facts, code in (((), 3), (("case.open", "case.ticket", "case.assigned", "purpose.granted"), 0)):
        options = [part for fact in facts for part in ("--fact", fact)]
        ended = program.run("decide", *READ, *options, "--on", "2027-01-04", "--json", "--policy", POLICY)
        act = Act(
            "use", "staff.support", SUPPORT, ("user.contact.email", "user.name"), facts=facts, on="2027-01-04"
        )
        decision = policy.decide(act)
        assert ended.code == code
        assert ended.document["effect"] == decision.effect
        assert tuple(ended.document["clauses"]) == decision.clauses
        assert ended.document["explanation"] == decision.explanation


def test_an_act_may_be_given_as_json(program: Program) -> None:
    """`--act` takes the whole act, also on standard input, and `policy explain` takes the same."""
    act = {"kind": "use", "actor": "staff.support", "purpose": SUPPORT, "data": ["user.name"], "facts": []}
    given = program.run("decide", "--act", json.dumps(act), "--json")
    piped = program.run("decide", "--act", "-", "--json", text=json.dumps(act))
    assert given.document == piped.document
    explained = program.ok("policy", "explain", "--act", json.dumps(act))
    assert explained["decision"] == given.document


def test_an_explanation_names_the_rules(program: Program) -> None:
    """`--explain` and `policy explain` show which rule matched and what the nearest permit misses."""
    for ended in (program.run("decide", *READ, "--explain"), program.run("policy", "explain", *READ)):
        assert "matches forbid support-without-ticket (II.12)" in ended.out
        assert "misses  permit" in ended.out or "matches" in ended.out
    weighed = program.run("decide", *READ, "--explain", "--json").document["weighed"]
    assert {one["category"] for one in weighed} == {"user.contact.email", "user.name"}


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        (("--act", "{"), 1, "act"),
        (("--act", "[]"), 1, "act"),
        (("--act", "[" * 100_000), 1, "act"),
        (("--act", '{"kind": "use", "who": "me"}'), 1, "who"),
        (("--act", '{"kind": 7}'), 1, "kind"),
        (("--act", '{"kind": "use", "data": "user.name"}'), 1, "data"),
        ((*READ, "--field", "shoe_size"), 1, "shoe_size"),
        ((*READ, "--fact", "moon.full"), 1, "facts"),
        ((*READ, "--on", "yesterday"), 1, "on"),
        (("--kind", "use", "--actor", "staff.support"), 2, "purpose"),
        ((), 2, "kind"),
    ],
    ids=str,
)
def test_a_malformed_act_names_the_part_at_fault(
    program: Program, wrong: tuple[str, ...], code: int, field: str
) -> None:
    """Bad JSON, unknown members, fields, facts and dates are refused with the part at fault and a way out."""
    ended = program.run("decide", *wrong, "--json", "--policy", POLICY)
    assert (ended.code, ended.error["field"]) == (code, field)
    assert ended.error["mend"]


def test_a_mistyped_field_is_recognised(program: Program) -> None:
    """An undeclared field is refused under clause 0.4, with the declared one that was probably meant."""
    error = program.run("decide", *READ, "--field", "emial", "--json", "--policy", POLICY).error
    assert error["clause"] == "0.4"
    assert "email" in error["mend"]


def test_an_unknown_term_is_denied_not_an_error(program: Program) -> None:
    """A category, role or purpose that the policy does not know is denied by default."""
    ended = program.run("decide", *READ, *OPEN, "--category", "user.telepathy", "--json", "--policy", POLICY)
    assert (ended.code, ended.document["effect"]) == (3, "deny")


def test_show_gives_clauses_fields_and_one_clause(program: Program) -> None:
    """`policy show` lists what there is, and shows a clause with its prose and rules."""
    assert len(program.ok("policy", "show")["clauses"]) == 89
    clause = program.ok("policy", "show", "II.12")["clauses"][0]
    assert clause["prose"]
    assert clause["rules"]
    names = {field["name"] for field in program.ok("policy", "show", "--fields")["fields"]}
    assert {"email", "name", "serial"} <= names
    text = program.run("policy", "show", "II.12").out
    assert "forbid support-without-ticket" in text


def test_an_unknown_clause_is_told(program: Program) -> None:
    """A clause that does not exist is unknown, and the error says where they are listed."""
    ended = program.run("policy", "show", "II.99", "--json")
    assert (ended.code, ended.error["code"], ended.error["clause"]) == (1, "not-found", "II.99")


def test_the_schema_is_one_document(program: Program) -> None:
    """`policy schema` prints the JSON Schema with and without --json, for rules and for the front matter."""
    assert program.ok("policy", "schema") == json.loads(program.run("policy", "schema").out)
    assert "properties" in str(program.ok("policy", "schema", "--front-matter"))


def test_cedar_holds_every_rule(program: Program) -> None:
    """`policy cedar` exports permits and forbids by name."""
    text = program.ok("policy", "cedar", POLICY)["cedar"]
    assert '@id("ticket-support-read")' in text
    in_force = program.ok("policy", "cedar")["cedar"]
    assert text.partition("\n")[2] == in_force.partition("\n")[2], (
        "only the version in the first line differs"
    )


def test_a_version_is_drafted_then_posted(program: Program, tmp_path: Path) -> None:
    """A draft decides nothing; posting it puts it in force, by its first characters; the history tells both."""
    file = broken(tmp_path, "### ", "An added sentence.\n\n### ")
    sha256 = program.ok("policy", "draft", file)["sha256"]
    first, second = program.ok("policy", "history")["versions"]
    assert (second["sha256"], second["posted"]) == (sha256, "")
    assert program.ok("policy", "show")["sha256"] == first["sha256"]
    assert program.ok("policy", "post", sha256[:12])["posted"] is True
    assert program.ok("policy", "show")["sha256"] == sha256
    again = program.run("policy", "post", sha256[:12], "--json")
    assert (again.code, again.error["code"], again.error["clause"]) == (1, "conflict", "V.1")


def test_publishing_is_one_step(program: Program, tmp_path: Path) -> None:
    """`policy publish` keeps a version and puts it in force; the same text again is refused."""
    file = broken(tmp_path, "### ", "An added sentence.\n\n### ")
    sha256 = program.ok("policy", "publish", file)["sha256"]
    assert program.ok("policy", "history")["versions"][-1]["posted"]
    assert program.ok("policy", "show")["sha256"] == sha256
    assert program.run("policy", "publish", file).code == 1


def test_publishing_takes_the_enforcement_table_along(program: Program, tmp_path: Path) -> None:
    """The table beside the document becomes the folder's; one that claims too much publishes nothing."""
    file = broken(tmp_path, "### ", "An added sentence.\n\n### ")
    table = POLICY.with_name("enforcement.yaml").read_text(encoding="utf-8")
    beside = tmp_path / "enforcement.yaml"
    beside.write_text(table.replace("by: policy", "by: magic", 1), encoding="utf-8")
    before = (program.folder / "enforcement.yaml").read_bytes()
    assert program.run("policy", "publish", file, "--json").error["code"] == "policy-errors"
    assert len(program.ok("policy", "history")["versions"]) == 1
    assert (program.folder / "enforcement.yaml").read_bytes() == before
    beside.write_text(table + "# Reviewed.\n", encoding="utf-8")
    program.ok("policy", "publish", file)
    assert (program.folder / "enforcement.yaml").read_bytes() == beside.read_bytes()


def test_missing_cases_are_told(program: Program, tmp_path: Path) -> None:
    """Without cases beside the document the error says where to write them."""
    ended = program.run("policy", "test", broken(tmp_path, "### ", "### "), "--json")
    assert (ended.code, ended.error["code"]) == (1, "not-found")
    assert "--cases" in ended.error["mend"]


@pytest.mark.parametrize(("start", "code"), [("abc", "invalid-input"), ("ffffffffffff", "not-found")])
def test_a_version_must_be_named_clearly(program: Program, start: str, code: str) -> None:
    """Too few characters or an unknown fingerprint name no version."""
    assert program.run("policy", "post", start, "--json").error["code"] == code


def test_every_fact_of_the_manual_is_accepted(program: Program) -> None:
    """Each fact of the closed list may be given to `decide`."""
    options = [part for fact in sorted(FACTS) for part in ("--fact", fact) if "<" not in fact]
    assert program.run("decide", *READ, *options, "--json", "--policy", POLICY).document["effect"] in {
        "permit",
        "deny",
    }
