"""`troth policy`: check, test, read and publish the policy."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from troth.cli.codes import Code, finding_document
from troth.cli.frame import command, group
from troth.cli.say import Say, table
from troth.cli.sources import (
    ActJson,
    ActorRole,
    Categories,
    Channel,
    Facts,
    FieldNames,
    Kind,
    OnDay,
    PolicyFile,
    Purpose,
    RecipientName,
    act_of,
    chosen_policy,
    json_object,
    moment,
)
from troth.kernel import NotFound

if TYPE_CHECKING:
    from rich.console import Console

    from troth.policy import Explanation

app = group("policy", "Check, test, read and publish the policy.")
Document = Annotated[Path, typer.Argument(metavar="FILE", help="The policy document.")]
MaybeDocument = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="A policy document; left out: the version in force.")
]


@command(
    app,
    "check",
    example="troth policy check policies/software-vendor/policy.md",
    gives={
        "file": "the document",
        "sha256": "its SHA-256, empty with findings",
        "findings": "file, line, check, clause, reason and mend of each; exit code 1 when there is any",
        "clauses": "number of clauses",
        "rules": "number of rules",
        "enforcement": "with --enforcement: by clause, what enforces it",
    },
)
def check(
    say: Say,
    *,
    file: Document,
    enforcement: Annotated[
        bool, typer.Option("--enforcement", help="Also print, for every clause, what enforces it.")
    ] = False,
) -> None:
    """Say everything that is wrong with a policy document. Every finding blocks."""
    from troth.cli.enforcement import enforcement_rows
    from troth.policy import compile_policy

    content = file.read_bytes()
    _refuse_findings(say, content, file)
    policy = compile_policy(content, str(file))
    numbers = {"clauses": len(policy.clauses), "rules": len(policy.rules)}
    document: dict[str, Any] = {"file": str(file), "sha256": policy.sha256, "findings": [], **numbers}
    text = f"{file}: {len(policy.clauses)} clauses, {len(policy.rules)} rules, no findings.\nSHA-256 {policy.sha256}"
    say.answer(*enforcement_rows(policy, file, document) if enforcement else (document, text))


def _refuse_findings(say: Say, content: bytes, file: Path) -> None:
    from troth.policy import check_policy

    findings = check_policy(content, str(file))
    if findings:
        count = f"{len(findings)} finding{'s' if len(findings) > 1 else ''} in {file}."
        document = {"file": str(file), "sha256": "", "findings": [finding_document(one) for one in findings]}
        say.answer(document, "\n".join([*map(str, findings), count]), Code.ERROR)


@command(
    app,
    "test",
    example="troth policy test policies/software-vendor/policy.md",
    gives={
        "file": "the cases",
        "passed": "how many cases came out as expected",
        "failed": "name, line and fault of each other case; exit code 1 when there is any",
    },
)
def run_tests(
    say: Say,
    *,
    file: Document,
    cases: Annotated[
        Path | None,
        typer.Option(
            "--cases", metavar="FILE", help="The cases; left out: policy.cases.yaml beside the document."
        ),
    ] = None,
) -> None:
    """Decide the cases that stand beside a policy and compare with what they expect."""
    from troth.policy import compile_policy, run_cases

    chosen = cases or file.with_suffix(".cases.yaml")
    if not chosen.is_file():
        raise NotFound(
            f"{chosen} does not exist, so there is nothing to test.",
            mend="Write cases there (docs/policy-format.md), or name their file with --cases.",
        )
    results = run_cases(compile_policy(file.read_bytes(), str(file)), chosen.read_bytes(), str(chosen))
    failed = [{"name": one.name, "line": one.line, "fault": one.fault} for one in results if not one.passed]
    lines = [f"{chosen}:{one['line']}: {one['name']}: {one['fault']}" for one in failed]
    passed = len(results) - len(failed)
    document = {"file": str(chosen), "passed": passed, "failed": failed}
    summary = f"{chosen}: {passed} passed, {len(failed)} failed."
    say.answer(document, "\n".join([*lines, summary]), Code.ERROR if failed else Code.DONE)


@command(
    app,
    "explain",
    example=(
        "troth policy explain --kind use --actor staff.support --purpose essential.service.operations.support"
        " --field email --fact purpose.granted"
    ),
    gives={
        "act": "the act as it was weighed",
        "decision": "effect, clauses, rules, allowed, obligations, policy and explanation",
        "categories": "for each data category, every rule that was weighed and why it matched or not",
    },
)
def explain(
    say: Say,
    *,
    kind: Kind = "",
    actor: ActorRole = "",
    purpose: Purpose = "",
    category: Categories = None,
    field: FieldNames = None,
    recipient: RecipientName = "",
    channel: Channel = "",
    fact: Facts = None,
    on: OnDay = "",
    act: ActJson = "",
    policy: PolicyFile = None,
) -> None:
    """Show every rule that was weighed for an act, and why it matched or not. Touches nobody, records nothing."""
    rules = chosen_policy(say, policy)
    given = json_object(act, "act") if act else {
        "kind": kind, "actor": actor, "purpose": purpose, "data": category, "fields": field,
        "recipient": recipient, "channel": channel, "facts": fact, "on": on,
    }  # fmt: skip
    explanation = rules.explain(act_of(rules, given))
    say.answer(explanation.to_dict(), lambda out: _show_explanation(out, explanation))


def _show_explanation(out: "Console", explanation: "Explanation") -> None:
    decision = explanation.decision
    out.print(f"{decision.effect.upper()} by {', '.join(decision.clauses) or 'no clause'}", style="bold")
    out.print(decision.explanation)
    for found in explanation.categories:
        out.print()
        out.print(
            f"{found.category or 'no data'}: {'permitted' if found.permitted else 'denied'}. {found.reason}"
        )
        near = [
            one for one in found.weighed if one.matched or (one.kind == "permit" and len(one.missed) == 1)
        ]
        for one in near:
            out.print(
                f"  {'matches' if one.matched else 'misses '} {one.kind} {one.rule} ({one.clause}): {one.because}"
            )
        if len(found.weighed) > len(near):
            out.print(f"  {len(found.weighed) - len(near)} further rules do not apply (--json lists them)")


@command(
    app,
    "show",
    example="troth policy show II.12",
    gives={
        "title": "of the policy or clause",
        "sha256": "SHA-256 of the version",
        "clauses": "id, title, part and line of each clause, or of the one named with its prose, rules and things",
        "fields": "with --fields: name, category, class and group of each field",
    },
)
def show(
    say: Say,
    *,
    clause: Annotated[
        str, typer.Argument(metavar="[CLAUSE]", help="Id of a clause; left out: all of them.")
    ] = "",
    policy: PolicyFile = None,
    fields: Annotated[bool, typer.Option("--fields", help="List the fields of a person instead.")] = False,
) -> None:
    """Show the clauses of the policy, one clause with its prose and rules, or the fields."""
    from troth.cli.showing import all_clauses, all_fields, one_clause

    rules = chosen_policy(say, policy)
    if fields:
        say.answer(*all_fields(rules))
    elif clause:
        say.answer(*one_clause(rules, rules.clause(clause)))
    else:
        say.answer(*all_clauses(rules))


@command(
    app,
    "schema",
    example="troth policy schema > rule.schema.json",
    gives={
        "$schema": "the JSON Schema of a rule block, whole",
        "oneOf": "each kind of rule",
        "$defs": "their parts",
    },
)
def schema(
    say: Say,
    *,
    front_matter: Annotated[
        bool, typer.Option("--front-matter", help="The schema of the front matter instead.")
    ] = False,
) -> None:
    """Print the JSON Schema of rules, so that editors complete and check them."""
    import json

    from troth.policy import front_matter_schema, rule_schema

    document = front_matter_schema() if front_matter else rule_schema()
    say.answer(document, json.dumps(document, indent=2))


@command(
    app,
    "draft",
    example="troth policy draft policy.md",
    gives={"sha256": "SHA-256 of the version kept", "posted": "false"},
)
def draft(say: Say, *, file: Document) -> None:
    """Keep a version in the data folder without putting it in force."""
    content = file.read_bytes()
    with say.open() as troth:
        sha256 = troth.draft_policy(content)
    say.answer(
        {"sha256": sha256, "posted": False},
        f"Kept as a draft: {sha256}\nPut it in force: troth policy post {sha256}",
    )


@command(
    app,
    "post",
    example="troth policy post 3f9a... (see troth policy history)",
    gives={"sha256": "SHA-256 of the version now in force", "posted": "true"},
)
def post(
    say: Say,
    *,
    version: Annotated[
        str, typer.Argument(metavar="SHA256", help="The draft; its first characters are enough.")
    ],
) -> None:
    """Put a draft in force. A version that was posted never changes."""
    from troth.cli.showing import version_named

    with say.open() as troth:
        sha256 = version_named(troth.policy_versions(), version)
        troth.post_policy(sha256)
    say.answer({"sha256": sha256, "posted": True}, f"In force: {sha256}")


@command(
    app,
    "publish",
    example="troth policy publish policy.md",
    gives={"sha256": "SHA-256 of the version now in force", "posted": "true"},
)
def publish(say: Say, *, file: Document) -> None:
    """Keep a version and put it in force: draft and post in one step.

    An enforcement.yaml beside the document is checked and becomes the table that the policy page shows.
    """
    from troth.cli.enforcement import checked_table, keep_table
    from troth.policy import compile_policy

    content = file.read_bytes()
    claims = checked_table(compile_policy(content, str(file)), file)
    with say.open() as troth:
        sha256 = troth.draft_policy(content)
        troth.post_policy(sha256)
        if claims is not None:
            keep_table(claims, troth.folder)
    say.answer({"sha256": sha256, "posted": True}, f"In force: {sha256}")


@command(
    app,
    "history",
    example="troth policy history",
    gives={
        "versions": "number, sha256, last_updated, source, captured, added and posted of each; a draft has no posted"
    },
)
def history(say: Say) -> None:
    """List every version of the policy, oldest first."""
    with say.open() as troth:
        found = troth.policy_versions()
    rows = [
        {"number": one.number, "sha256": one.sha256, "last_updated": one.last_updated, "source": one.source,
         "captured": one.captured_on, "added": moment(one.added_at), "posted": moment(one.posted_at)}
        for one in found
    ]  # fmt: skip
    cells = (
        (r["number"], str(r["sha256"])[:16], r["last_updated"], r["added"], r["posted"] or "draft")
        for r in rows
    )
    say.answer({"versions": rows}, table(("no.", "SHA-256", "last updated", "kept", "in force since"), cells))


@command(
    app,
    "cedar",
    example="troth policy cedar > policies.cedar",
    gives={"cedar": "the rules in the Cedar policy language"},
)
def cedar(say: Say, *, file: MaybeDocument = None) -> None:
    """Print the compiled rules in the Cedar policy language, for a second opinion by another engine."""
    from troth.policy import to_cedar

    text = to_cedar(chosen_policy(say, file))
    say.answer({"cedar": text}, text)
