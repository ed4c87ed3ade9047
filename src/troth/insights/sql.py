"""What a report asks of a table, as SQL: for whoever wants to see it, or to hold another engine against it. Nothing is run."""

from typing import TYPE_CHECKING, Any

from troth.insights.engine import need_engine
from troth.insights.event_sums import bounded_events, funnel, sums_by_key, visitors, wanted_events
from troth.insights.periods import Period
from troth.insights.planning import EventPlan, Part, event_plan, parts_of
from troth.insights.protected import PAGE_VIEWS, REPORTS, data_set_of
from troth.kernel import InvalidInput
from troth.policy import Policy, Report

if TYPE_CHECKING:
    import ibis.expr.types as ir

CLICKHOUSE = "clickhouse"
DIALECTS = (CLICKHOUSE, "duckdb")
SECRET = "the secret of the run"  # noqa: S105  stands in its place
_EVENTS = {
    "id": "string", "at": "timestamp('UTC', 6)", "day": "string", "name": "string", "page": "string", "referrer": "string",
    "visitor": "string", "person": "string", "country": "string", "device": "string", "robot": "boolean", "identity": "string",
}  # fmt: skip
_REPORTS = {
    "week": "string",
    "numbers": "map<!string, float64>",
    "words": "map<!string, string>",
}


class _Written:
    """Nothing is kept: each statement holds all that it needs."""

    def __init__(self, dialect: str) -> None:
        if dialect not in DIALECTS:
            raise InvalidInput(
                f"There is no dialect {dialect[:80]!r}.",
                field="dialect",
                mend=f"Use one of {', '.join(DIALECTS)}.",
            )
        self.dialect = dialect

    def kept(self, table: "ir.Table") -> "ir.Table":
        return table

    def unit(self, visitor: Any) -> Any:
        return visitor

    def digest(self, text: Any) -> Any:
        return text.hashbytes("md5") if self.dialect == CLICKHOUSE else text.hexdigest("md5")


def report_sql(policy: Policy, report: Report, period: Period, dialect: str) -> tuple[str, ...]:
    """The statements of a report with noise.

    Raises:
        InvalidInput: There is no such dialect.
        Conflict: What writes SQL is not installed.
    """
    need_engine()
    holds = data_set_of(policy, report).holds
    if holds == REPORTS:
        return parts_sql(parts_of(report, policy, period), dialect)
    return event_sql(event_plan(report, policy, period, pages=holds == PAGE_VIEWS), period, dialect)


def event_sql(plan: EventPlan, period: Period, dialect: str) -> tuple[str, ...]:
    """The statements of a report over web events; people who are signed in are none of those whom it counts.

    Raises:
        InvalidInput: There is no such dialect.
    """
    import ibis

    table = ibis.table(_EVENTS, name="events")
    first, end = period.start.isoformat(), period.end.isoformat()
    events = wanted_events(table.filter((table.day >= first) & (table.day < end)), plan)
    if plan.steps:
        return tuple(_sql(one, dialect) for one in funnel(_Written(dialect), events, plan, ()))
    pairs = bounded_events(_Written(dialect), events, plan, (), SECRET)
    return tuple(_sql(one, dialect) for one in (visitors(pairs), sums_by_key(pairs)))


def parts_sql(parts: list[Part], dialect: str) -> tuple[str, ...]:
    """The statement of a report over installations.

    Raises:
        InvalidInput: There is no such dialect.
    """
    import ibis

    from troth.insights.report_sums import sums_of

    return (_sql(sums_of(_Written(dialect), ibis.table(_REPORTS, name="reports"), parts), dialect),)


def _sql(table: "ir.Table", dialect: str) -> str:
    from ibis.backends.sql import compilers

    compiler = getattr(compilers, dialect).compiler
    written: str = compiler.to_sqlglot(table.unbind()).sql(dialect=compiler.dialect, pretty=True)
    return written
