"""`troth decide` and `troth act`."""

from typing import TYPE_CHECKING, Annotated

import typer

from troth.cli.codes import Code
from troth.cli.frame import POLICY, command
from troth.cli.outcomes import OUTCOME, perform
from troth.cli.say import Say
from troth.cli.sources import (
    ActJson,
    ActorRole,
    CaseId,
    Categories,
    Channel,
    Facts,
    FieldNames,
    KeyFile,
    Kind,
    OnDay,
    PolicyFile,
    Purpose,
    RecipientName,
    act_of,
    chosen_policy,
    json_object,
    pairs,
)

if TYPE_CHECKING:
    from troth.policy import Decision

app = typer.Typer()
By = Annotated[
    list[str] | None,
    typer.Option(
        "--by", metavar="FIELD=VALUE", help="Find the person by an identifier, as email=ann@example.com."
    ),
]
Person = Annotated[str, typer.Option("--person", metavar="HANDLE", help="Handle of the person concerned.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the record.")]


@command(
    app,
    "decide",
    panel=POLICY,
    example=(
        "troth decide --kind use --actor staff.support --purpose essential.service.operations.support --field email"
        " --fact purpose.granted --fact case.open --fact case.ticket --fact case.assigned"
    ),
    gives={
        "effect": "permit or deny; exit code 3 on deny",
        "clauses": "ids of the clauses that decided",
        "rules": "names of the rules that decided",
        "allowed": "the data categories that are allowed",
        "obligations": "duties that follow",
        "policy": "SHA-256 of the version that decided",
        "explanation": "why, in plain language",
        "weighed": "with --explain: for each data category, every rule and why it matched or not",
    },
)
def decide(
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
    explain: Annotated[
        bool, typer.Option("--explain", help="Also show the rules that were weighed.")
    ] = False,
) -> None:
    """Say how the policy decides an act in the abstract. Touches nobody and records nothing."""
    rules = chosen_policy(say, policy)
    given = json_object(act, "act") if act else {
        "kind": kind, "actor": actor, "purpose": purpose, "data": category, "fields": field,
        "recipient": recipient, "channel": channel, "facts": fact, "on": on,
    }  # fmt: skip
    explanation = rules.explain(act_of(rules, given)).to_dict()
    document = explanation["decision"] | ({"weighed": explanation["categories"]} if explain else {})
    text = told(rules.decide(act_of(rules, given))) + ("\n" + weighed(explanation) if explain else "")
    say.answer(document, text, Code.DONE if document["effect"] == "permit" else Code.DENIED)


def told(decision: "Decision") -> str:
    """A decision in words."""
    lines = [
        f"{decision.effect.upper()} by {', '.join(decision.clauses) or 'no clause'}",
        decision.explanation,
    ]
    if decision.obligations:
        lines.append(f"Duties: {', '.join(decision.obligations)}")
    return "\n".join(lines)


def weighed(explanation: dict[str, list[dict[str, object]]]) -> str:
    """The rules that decided, in words."""
    lines = []
    for found in explanation["categories"]:
        lines.append(f"{found['category'] or 'no data'}: {found['reason']}")
        rules = found["weighed"]
        for rule in rules if isinstance(rules, list) else ():
            if rule["matched"] or (rule["kind"] == "permit" and len(rule["missed"]) == 1):
                verb = "matches" if rule["matched"] else "misses "
                lines.append(f"  {verb} {rule['kind']} {rule['rule']} ({rule['clause']}): {rule['because']}")
    return "\n".join(lines)


@command(
    app,
    "act",
    panel=POLICY,
    example="troth act use --purpose essential.service.operations.support --person HANDLE --field email --case ID",
    gives=OUTCOME,
)
def act(
    say: Say,
    *,
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="collect, use, send, disclose, analyse, erase, instruct.")
    ] = "",
    purpose: Purpose = "",
    person: Person = "",
    by: By = None,
    field: FieldNames = None,
    values: Annotated[
        str,
        typer.Option("--values", metavar="JSON", help="Values to collect; - reads them from standard input."),
    ] = "",
    recipient: RecipientName = "",
    channel: Channel = "",
    case: CaseId = "",
    point: Annotated[str, typer.Option("--point", metavar="NAME", help="Collection point.")] = "",
    notice: Annotated[str, typer.Option("--notice", metavar="NAME", help="Notice that was shown.")] = "",
    age_passed: Annotated[
        bool, typer.Option("--age-passed", help="The age screen of the point was passed; you answer for it.")
    ] = False,
    reason: Reason = "",
    message: Annotated[
        str,
        typer.Option("--message", metavar="NAME", help="For send: mail that Troth sends, as case-news."),
    ] = "",
    partial: Annotated[
        bool, typer.Option("--partial", help="Give what is allowed, withhold the rest.")
    ] = False,
    ask: Annotated[
        str,
        typer.Option("--ask", metavar="JSON", help="The whole act as JSON instead; - reads standard input."),
    ] = "",
    key_file: KeyFile = None,
) -> None:
    """Perform one act on personal data through the gate; it is recorded, also when it is denied."""
    given: dict[str, object] = json_object(ask, "ask") if ask else {
        "act": kind, "purpose": purpose, "person": person, "identify": pairs(by, "--by"), "fields": field or (),
        "values": json_object(values, "values") if values else {}, "recipient": recipient, "channel": channel,
        "case": case, "point": point, "notice": notice, "age_passed": age_passed, "reason": reason,
        "message": message, "partial": partial,
    }  # fmt: skip
    perform(say, key_file, without_key(given))


def without_key(given: dict[str, object]) -> dict[str, object]:
    """The members of an act, which may not carry the key.

    Raises:
        BadUsage: They do.
    """
    from troth.cli.codes import BadUsage
    from troth.cli.sources import KEY_VARIABLE

    if "key" in given:
        raise BadUsage(
            "The key does not belong into the act.",
            field="key",
            mend=f"Set {KEY_VARIABLE} or use --key-file.",
        )
    return {"act": "", "purpose": "", **given}
