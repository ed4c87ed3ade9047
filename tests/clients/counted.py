"""What a stopped company counted, read from its files."""

from typing import Any

import troth
from tests.clauses.vendor import Vendor
from troth.events.inbox import all_rows
from troth.events.model import Row
from troth.ingress.lake import COLUMNS as REPORT_COLUMNS

USAGE = "analytics.reporting.site_usage"


def rows(company: Vendor) -> list[Row]:
    """Every event in the inbox and the lake, in the order in which they came in."""
    with troth.open(company.data) as running:
        keeper = running.events.keeper
        with running.database.snapshot() as tx:
            waiting = [row for _, row in all_rows(tx)]
        lake = keeper.lake
        if lake is None or not lake.exists:
            return waiting
        names = [
            "id",
            "site",
            "name",
            "page",
            "referrer",
            "properties",
            "visitor",
            "person",
            "country",
            "device",
            "robot",
            "identity",
            "source",
        ]
        found: list[tuple[str, Row]] = []
        for batch in lake.table().scan(columns=names):
            columns = [batch.column(name).to_pylist() for name in names]
            found += [(one[0], Row(*one[1:])) for one in zip(*columns, strict=True)]
        return [row for _, row in sorted(found, key=lambda pair: pair[0])] + waiting


def reports(company: Vendor) -> list[dict[str, Any]]:
    """Every report that a stopped company has."""
    with troth.open(company.data, sequencer=False) as running:
        keeper = running.telemetry.keeper
        keeper.fold()
        assert keeper.lake is not None
        return [
            row
            for batch in keeper.lake.table().scan(columns=list(REPORT_COLUMNS))
            for row in (
                dict(zip(REPORT_COLUMNS, one, strict=True))
                for one in zip(*(batch.column(name).to_pylist() for name in REPORT_COLUMNS), strict=True)
            )
        ]
