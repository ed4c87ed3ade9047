"""`troth audience`: audiences of marketing, built of expressions, counted and never listed."""

from typing import Annotated

import typer

from troth.cli.frame import command, group
from troth.cli.keeping import show
from troth.cli.say import Say
from troth.cli.sources import KeyFile, PolicyFile, api_key, chosen_policy

app = group(
    "audience", "Audiences for marketing: expressions that are checked and counted; nobody is listed."
)
Words = Annotated[
    str,
    typer.Argument(metavar="EXPRESSION", help='Who is in it, as: product = "sensor" and not country = "DE".'),
]
Of = Annotated[
    str, typer.Option("--of", metavar="NAME", help="The declared audience; left out: the only one.")
]


@command(
    app,
    "check",
    example="troth audience check 'product = \"sensor\"'",
    gives={"of": "the declared audience", "attributes": "attributes that it looks at"},
)
def check(say: Say, expression: Words, *, of: Of = "", policy: PolicyFile = None) -> None:
    """Check an expression against the policy; touches nobody."""
    from troth.outreach import declared_audience, read_expression

    chosen = chosen_policy(say, policy)
    frame = declared_audience(chosen, of)
    read = read_expression(expression, frame, chosen)
    document = {"of": frame.name, "attributes": list(read.attributes)}
    say.answer(document, f"An audience of {frame.name}, by {', '.join(read.attributes)}.")


@command(
    app,
    "create",
    example="troth audience create 'product = \"sensor\"' --name Sensors --key-file marketing.key",
    gives={
        "audience": "its id",
        "of": "the declared audience",
        "name": "its name",
        "expression": "who is in it",
    },
)
def create(
    say: Say,
    expression: Words,
    *,
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="What its makers call it.")] = "",
    of: Of = "",
    key_file: KeyFile = None,
) -> None:
    """Build an audience and keep its expression."""
    key = api_key(key_file)
    called = say.ask(name, "--name", "what the audience is called")
    with say.open() as troth:
        kept = troth.audiences.create(key, called, expression, of)
    document = {"audience": kept.audience, "of": kept.declared, "name": kept.name, "expression": expression}
    say.answer(document, f"audience {kept.audience}")


@command(
    app,
    "count",
    example="troth audience count ID --key-file marketing.key",
    gives={
        "audience": "its id",
        "count": "people in it; null for fewer than the cohort",
        "left_out": "people left out before anybody was chosen, by reason; null for some, and fewer than the cohort",
        "cohort": "the smallest number that is shown",
        "run": "handle that the ledger entries of the count bear",
        "entry": "ledger entry",
    },
)
def count(
    say: Say,
    audience: Annotated[str, typer.Argument(metavar="ID", help="Id of the audience.")],
    *,
    key_file: KeyFile = None,
) -> None:
    """Count an audience, and how many were left out by reason. Children are in none."""
    key = api_key(key_file)
    with say.open() as troth, say.progress() as progress:
        size = troth.audiences.count(audience, key, show(progress, "reading, by some 500 people"))
    few = f"fewer than {size.cohort}"
    lines = [f"{few if size.people is None else size.people} people"]
    lines += [f"  left out, {why}: {few if n is None else n}" for why, n in size.left_out.items()]
    document = {
        "audience": size.audience,
        "count": size.people,
        "left_out": dict(size.left_out),
        "cohort": size.cohort,
        "run": size.run,
        "entry": size.entry,
    }
    say.answer(document, "\n".join(lines))
