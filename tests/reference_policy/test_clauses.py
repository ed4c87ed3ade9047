"""The reference policy says every clause of the register, in prose and in rules."""

import re

from tests.reference_policy.register import PARTS, REGISTER
from troth.policy import Policy, Require, check_policy, read_span


def test_compiles_without_findings(policy_text: str) -> None:
    """The document passes every blocking check."""
    assert check_policy(policy_text) == []


def test_clauses_are_those_of_the_register(reference: Policy) -> None:
    """Its clauses are exactly the 89 of the register, in that order."""
    assert len(REGISTER) == 89
    assert tuple(clause.id for clause in reference.clauses) == REGISTER


def test_clauses_stand_in_their_parts(reference: Policy) -> None:
    """It has the six parts, and each clause stands in the part that its id names."""
    assert tuple(part.id for part in reference.parts) == tuple(PARTS)
    for clause in reference.clauses:
        assert clause.part == clause.id.rpartition(".")[0]


def test_each_clause_has_a_heading_prose_and_a_rule(reference: Policy) -> None:
    """Every clause says in a few sentences what it means, and carries at least one rule or notice."""
    for clause in reference.clauses:
        assert clause.title
        assert clause.rules, clause.id
        sentences = re.findall(r"[.!?](?=\s|$)", clause.prose)
        assert 2 <= len(sentences) <= 5, (clause.id, len(sentences))


def test_each_heading_is_its_own(reference: Policy) -> None:
    """No two clauses share a heading, so that a table of contents tells them apart."""
    titles = [clause.title for clause in reference.clauses]
    assert len(set(titles)) == len(titles)


def test_promises_are_kept_by_deadlines(reference: Policy) -> None:
    """Requests are answered within 30 days and disputes settled within 90, counted from receipt, as is promised."""
    assert reference.front.promises == {"requests": "30 days", "disputes": "90 days"}
    keeping = {rule.promise: rule for rule in reference.requires.values() if rule.promise}
    assert keeping.keys() == reference.front.promises.keys()
    for promise, rule in keeping.items():
        assert rule.within is not None
        assert read_span(rule.within) == read_span(reference.front.promises[promise])
        assert rule.from_ == "receipt"
    assert (keeping["requests"].clause, keeping["disputes"].clause) == ("III.6", "VI.2")


def test_deadlines_stand_in_the_prose(reference: Policy) -> None:
    """Whoever reads the prose of a clause finds every number that its deadlines count."""
    for clause in reference.clauses:
        for rule in clause.rules:
            if isinstance(rule, Require) and rule.within and rule.promise:
                assert rule.within in clause.prose, clause.id


def test_names_its_source_and_dates(reference: Policy) -> None:
    """It says whose policy it restates, and that it was last updated on 16 April 2015."""
    assert reference.front.last_updated == "2015-04-16"
    assert "AlienVault" in reference.front.source.name
    assert "2015-04-16" in reference.front.source.name
    assert "16 April 2015" in reference.clause("VI.3").prose


def test_is_the_policy_of_the_reference_vendor(policy_text: str) -> None:
    """It speaks for Example Security, Inc., and every address in it is one of the names kept for examples (RFC 2606)."""
    assert "Example Security, Inc." in policy_text
    for host in re.findall(r"(?:https?://|@)([\w.-]+\w)", policy_text):
        assert re.fullmatch(r"(?:[\w-]+\.)*example\.(?:com|org|net)", host), host
