"""`troth telemetry`: the declared metrics: checked, as a document, as code, and out of a Glean file."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from troth.cli.codes import Code, finding_document
from troth.cli.frame import command
from troth.cli.say import Say
from troth.cli.sources import PolicyFile, chosen_policy, file_text
from troth.cli.telemetry import app
from troth.kernel import InvalidInput, NotFound

if TYPE_CHECKING:
    from troth.policy import Policy

Document = Annotated[Path, typer.Argument(metavar="FILE", help="The policy document.")]
Output = Annotated[
    Path | None, typer.Option("--output", metavar="FILE", help="Write it there instead of printing it.")
]

__all__ = ["app"]
_SHOWN = ("name", "type", "since", "expires", "reason")


class Language(StrEnum):
    """A language that accessors are written in."""

    python = "python"
    typescript = "typescript"


@command(
    app,
    "check",
    example="troth telemetry check policies/software-vendor/policy.md",
    gives={
        "findings": "file, line, check, clause, reason and mend of each; exit code 1 when there is any",
        "metrics": "name, type, since, expires and reason of each",
        "reports": "by product: a report as it would be sent, with made-up values",
    },
)
def check(say: Say, *, file: Document) -> None:
    """Check the declared metrics, and show what an installation would send.

    Refused are names and labels that could point to an installation or person, metrics without an owner, a reason or bounds, and
    anything that no point takes.
    """
    from troth.policy import compile_policy

    content = file.read_bytes()
    _refuse_findings(say, content, file)
    schema = _document(compile_policy(content, str(file)))
    reports = _samples(schema)
    document = {
        "findings": [],
        "metrics": [{member: one[member] for member in _SHOWN} for one in schema["metrics"]],
        "reports": {product: json.loads(body) for product, body in reports.items()},
    }
    say.answer(document, _told(schema["metrics"], reports))


@command(
    app,
    "schema",
    example="troth telemetry schema --policy policies/software-vendor/policy.md",
    gives={
        "format": "troth-telemetry/1",
        "fingerprint": "tells this schema from every other; it stands in each report",
        "products": "products that report, with the first version that does",
        "metrics": "the metrics, with all that was declared",
        "controller": "who receives the reports",
        "policy": "SHA-256 of the policy document",
    },
)
def schema(say: Say, *, policy: PolicyFile = None) -> None:
    """Print the schema document, which senders are made from and anybody may read."""
    document = _document(chosen_policy(say, policy))
    say.answer(document, json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False))


@command(
    app,
    "generate",
    example="troth telemetry generate --language python --policy policies/software-vendor/policy.md",
    gives={"language": "python or typescript", "output": "the file, or empty", "source": "the code"},
)
def generate(
    say: Say,
    *,
    language: Annotated[Language, typer.Option("--language", help="python or typescript.")],
    policy: PolicyFile = None,
    output: Output = None,
) -> None:
    """Write typed accessors for the declared metrics, each with its reason. The file holds the schema document itself."""
    from troth.cli.telemetry_code import python_source, typescript_source

    document = _document(chosen_policy(say, policy))
    make = python_source if language is Language.python else typescript_source
    _write(say, {"language": str(language)}, make(document), output)


@command(
    app,
    "import-glean",
    example="troth telemetry import-glean metrics.yaml --purpose analytics.reporting.telemetry --destination telemetry.example.com",
    gives={
        "declared": "by Glean's name of the metric: its rule block",
        "left_out": "by Glean's name: why it cannot be declared",
    },
)
def import_glean(
    say: Say,
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A metrics.yaml of glean_parser.")],
    purpose: Annotated[str, typer.Option("--purpose", help="Purpose of the point that takes telemetry.")],
    destination: Annotated[str, typer.Option("--destination", help="Host name that reports are sent to.")],
    category: Annotated[str, typer.Option("--category", help="Data category.")] = "system.operations",
    owner: Annotated[
        str, typer.Option("--owner", help="The team that answers for the metrics.")
    ] = "the product team",
    expires: Annotated[
        str, typer.Option("--expires", metavar="DAY", help="Day for metrics that expire with a version.")
    ] = "",
) -> None:
    """Make rule blocks to paste into the policy from a Glean file, and say what cannot be declared, and why.

    Bounds that Glean does not know (a maximum, the edges of timings) are set wide: tighten them.
    """
    from troth.cli import glean

    terms = glean.Terms(purpose, category, owner, destination, expires)
    try:
        text = file_text(file)
    except UnicodeDecodeError as error:
        raise InvalidInput(
            "The file is no UTF-8 text.", mend="Name a metrics.yaml of glean_parser."
        ) from error
    found = glean.import_glean(text, terms)
    missing = [f"Left out: {name}: {why}." for name, why in found.left_out.items()]
    for line in missing:
        say.note(line)
    say.answer(found._asdict(), "\n".join(found.declared.values()))


def _refuse_findings(say: Say, content: bytes, file: Path) -> None:
    """Tell what is wrong with the metrics, and that other things are, and end; nothing where all is well."""
    from troth.policy import check_policy

    found = check_policy(content, str(file))
    ours = [one for one in found if one.check.startswith("telemetry-")]
    if found:
        others = len(found) - len(ours)
        rest = [f"Findings of other checks: {others}; see `troth policy check {file}`."] if others else []
        document: dict[str, Any] = {
            "findings": [finding_document(one) for one in ours],
            "metrics": [],
            "reports": {},
        }
        say.answer(document, "\n".join([*map(str, ours), *rest]), Code.ERROR)


def _told(metrics: list[dict[str, Any]], reports: dict[str, str]) -> str:
    """Metrics and reports for people."""
    lines = [f"{one['name']} ({one['type']}, expires: {one['expires']}): {one['reason']}" for one in metrics]
    shown = [f"\n{product} would send, with other values:\n{body}" for product, body in reports.items()]
    return "\n".join([f"{len(metrics)} metrics, no findings.", *lines, *shown])


def _document(policy: "Policy") -> dict[str, Any]:
    """The schema document.

    Raises:
        NotFound: The policy declares no telemetry.
    """
    from troth.policy import schema_document

    found = schema_document(policy)
    if found is None:
        raise NotFound(
            "The policy declares no telemetry.",
            mend="Declare a point with `telemetry: true`, metrics, and a product with `reports_from`.",
        )
    return found


def _samples(document: dict[str, Any]) -> dict[str, str]:
    """By product, the report of a made-up installation."""
    from troth.kernel import SystemClock
    from troth.telemetry import Schema, sample_report

    known = Schema.from_document(document)
    year, week, _ = SystemClock().now().isocalendar()
    return {
        name: sample_report(known, name, release, f"{year}-W{week:02d}").decode()
        for name, release in sorted(known.products.items())
    }


def _write(say: Say, told: dict[str, str], source: str, output: Path | None) -> None:
    if output is None:
        say.answer({**told, "output": "", "source": source}, source)
        return
    output.write_text(source, encoding="utf-8")
    say.answer({**told, "output": str(output), "source": source}, f"{output} written")
