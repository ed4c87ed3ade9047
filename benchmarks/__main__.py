"""Run the benchmarks and print their table."""

import argparse
import sys
from pathlib import Path

from benchmarks import (
    answering,
    audience,
    campaigning,
    console,
    dashboard,
    deciding,
    drilling,
    events,
    forms,
    gate,
    gdprbench,
    importing,
    insights,
    mailing,
    over_http,
    recording,
    scale,
    telemetry,
)
from benchmarks.report import Report

PARTS = (
    "decide",
    "gate",
    "http",
    "forms",
    "console",
    "dashboard",
    "import",
    "scale",
    "audience",
    "drill",
    "requests",
    "startup",
    "events",
    "mail",
    "campaign",
    "telemetry",
    "insights",
    "gdprbench",
)


def main() -> int:
    """Run the parts asked for; the status is 0 whatever the figures are, because a benchmark is no test."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="parts to run")
    parser.add_argument("--place", type=Path, default=Path.cwd(), help="folder on the disk to measure")
    parser.add_argument("--people", type=int, default=1_000_000, help="people of the large company")
    parser.add_argument("--events", type=int, default=10_000_000, help="web events that are folded")
    parser.add_argument("--copies", type=int, default=3_000, help="people whom a campaign writes to")
    parser.add_argument("--records", type=int, default=100_000, help="gdprbench: records loaded")
    parser.add_argument("--operations", type=int, default=10_000, help="gdprbench: operations of each mix")
    parser.add_argument("--threads", type=int, default=4, help="gdprbench: threads that do them")
    parser.add_argument(
        "--engines",
        nargs="+",
        choices=list(gdprbench.ENGINES),
        default=list(gdprbench.ENGINES),
        help="gdprbench",
    )
    parser.add_argument(
        "--mixes",
        nargs="+",
        choices=gdprbench.WORKLOADS,
        default=gdprbench.WORKLOADS,
        help="gdprbench: in this order",
    )
    parser.add_argument(
        "--key-only", action="store_true", help="gdprbench: index only the key of the plain table"
    )
    parser.add_argument("--json", type=Path, help="also write the results here")
    given = parser.parse_args()
    report = Report()
    if "decide" in given.only:
        deciding.run(report)
    if "gate" in given.only:
        gate.run(report, given.place)
    if "http" in given.only:
        over_http.run(report, given.place)
    for part, measure in (("import", importing.run), ("forms", forms.run)):
        if part in given.only:
            measure(report, given.place)
    if "console" in given.only:
        console.run(report, given.place)
    if "dashboard" in given.only:
        dashboard.run(report, given.place)
    if "startup" in given.only:
        scale.startup(report)
    if "events" in given.only:
        events.run(report, given.place, given.events)
    for part, measure in (("mail", mailing.run), ("telemetry", recording.run)):
        if part in given.only:
            measure(report, given.place)
    if "campaign" in given.only:
        campaigning.run(report, given.place, given.copies)
    if "insights" in given.only:
        insights.run(report, given.place, given.events)
        telemetry.run(report, given.place)
    if "scale" in given.only:
        scale.run(report, given.place, 10_000, given.people)
    for part, measured in (("audience", audience.run), ("drill", drilling.run)):
        if part in given.only:
            measured(report, given.place, given.people)
    if "requests" in given.only:
        answering.run(report, given.place)
    if "gdprbench" in given.only:
        gdprbench.run(
            report,
            given.place,
            records=given.records,
            count=given.operations,
            threads=given.threads,
            engines=given.engines,
            mixes=given.mixes,
            indexed=not given.key_only,
        )
    report.show()
    if given.json:
        given.json.write_text(report.as_json() + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
