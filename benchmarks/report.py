"""Results of a run: figures with their targets and the raw baselines that they are held against."""

import json
import os
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from statistics import median
from time import perf_counter

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Result:
    """One measured work.

    Args:
        work: What was done.
        figure: What was measured, in `unit`.
        unit: Unit of the figure.
        target: What is asked for, in words; empty when nothing is.
        met: Whether the target is met; None when there is none.
        baseline: What it is held against, with its figure.
        ratio: Figure against baseline, in words.
        note: How it was measured.
    """

    work: str
    figure: float
    unit: str
    target: str = ""
    met: bool | None = None
    baseline: str = ""
    ratio: str = ""
    note: str = ""


@dataclass
class Report:
    """The results of a run, in order."""

    results: list[Result] = field(default_factory=list)

    def add(self, result: Result) -> None:
        """Keep a result and say it at once, because a run takes minutes."""
        self.results.append(result)
        verdict = {True: "met", False: "MISSED", None: "-"}[result.met]
        Console(stderr=True).print(
            f"{result.work}: {result.figure:,.2f} {result.unit} [{verdict}] {result.ratio}"
        )

    def show(self) -> None:
        """Print the table."""
        table = Table(title=f"Troth on {machine()}", show_lines=True)
        for column in ("work", "measured", "at least", "met", "against", "ratio", "how"):
            table.add_column(column, overflow="fold")
        for one in self.results:
            met = {True: "yes", False: "NO", None: ""}[one.met]
            figure = f"{one.figure:,.2f} {one.unit}" if one.figure < 100 else f"{one.figure:,.0f} {one.unit}"
            table.add_row(one.work, figure, one.target, met, one.baseline, one.ratio, one.note)
        Console(width=180).print(table)

    def as_json(self) -> str:
        """The report as JSON."""
        return json.dumps({"machine": machine(), "results": [asdict(one) for one in self.results]}, indent=2)


def machine() -> str:
    """The machine in a few words."""
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"


def rate(work: Callable[[], int], rounds: int = 3) -> float:
    """The best rate a second over some rounds; `work` gives how much it did.

    The best round, because a shared machine only ever slows work down.
    """
    rates = []
    for _ in range(rounds):
        began = perf_counter()
        done = work()
        rates.append(done / (perf_counter() - began))
    return max(rates)


def median_micros(work: Callable[[int], None], times: int) -> float:
    """The median duration of a call, in microseconds."""
    spans = []
    for number in range(times):
        began = perf_counter()
        work(number)
        spans.append(perf_counter() - began)
    return median(spans) * 1e6
