"""Reports, wired: in whose name scheduled ones run, and when the background looks for them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from troth.bootstrap.eventing import LAKE_FOLDER
from troth.insights import Insights, Source
from troth.policy import Report
from troth.storage import Task

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

_OFTEN = timedelta(minutes=10)


def insights_of(troth: "Troth") -> Insights:
    """The reports of a folder."""

    def key(role: str, purposes: Sequence[str]) -> str:
        every = {*purposes}
        for report in troth.policy().of(Report):
            if report.actor == role:
                every.update(report.purposes)
        return troth.service_keys.key(
            f"{role}.key", name="scheduled reports", role=role, purposes=sorted(every)
        )

    place = troth.folder / LAKE_FOLDER
    events = Source(place / "events", troth.events.keeper.fold)
    sources = {
        "page-views": events,
        "actions": events,
        "reports": Source(place / "reports", troth.telemetry.keeper.fold),
    }
    engine = troth.settings.insights.engine
    return Insights(troth.database, troth.gate, troth.clock, key, sources, place / "figures.lock", engine)


def report_task(troth: "Troth") -> Task:
    """Looks for reports that are due."""

    def run_due() -> None:
        try:
            troth.insights.run_due()
        finally:
            troth.board.draw()

    return Task("reports", _OFTEN, run_due, "Run the reports whose week or month has begun.")
