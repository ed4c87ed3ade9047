"""Runs of reports as documents and as text."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from troth.cli.sources import moment

if TYPE_CHECKING:
    from troth.insights import Figures, Run, Spending


def run_document(one: "Run") -> dict[str, Any]:
    """A run as a document."""
    import msgspec

    return {
        "run": one.run,
        "state": one.state,
        "begun": moment(one.begun_at),
        "due": moment(one.due_at),
        "error": one.error,
        "period": one.period,
        "figures": msgspec.to_builtins(one.figures),
    }


def figures_text(one: "Run") -> str:
    """A run in lines for people."""
    head = f"{moment(one.begun_at)} {one.state}{f' ({one.error})' if one.error else ''}"
    figures = one.figures
    if figures is None:
        return head
    told = _noised if figures.guarantee is not None else _counted
    return "\n".join([f"{head}{f', of {one.period}' if one.period else ''}", *told(figures)])


def _noised(figures: "Figures") -> Iterator[str]:
    for table in figures.tables:
        yield f"  {table.title} ({table.show}, {table.unit or 'number'})"
        for cell in table.cells:
            group = ", ".join(one or chr(8212) for one in cell.by.values()) or "all"
            number = "not shown" if cell.figure is None else f"{cell.figure:,}"
            before = "" if cell.before is None else f"; {cell.before:,} in the period before"
            yield f"    {group}: {number} ({cell.words}{before})"
    if figures.guarantee is not None:
        yield from (f"  {words}" for words in figures.guarantee.words)


def _counted(figures: "Figures") -> Iterator[str]:
    few = f"fewer than {figures.cohort}"

    def told(number: int | None) -> str:
        return few if number is None else str(number)

    yield f"  {told(figures.total)} {figures.counts}"
    for group in figures.groups:
        named = ", ".join(f"{name} {value or chr(8212)}" for name, value in group.by.items())
        yield f"  {named}: {group.count}"
    yield f"  in no group shown: {told(figures.other)}"
    yield from (f"  left out, {reason}: {told(number)}" for reason, number in figures.left_out.items())


def budget_document(one: "Spending") -> dict[str, Any]:
    """What was spent of a data set's budget, as a document."""
    periods = [
        {"period": period, "epsilon": cost.epsilon, "delta": cost.delta, "left": one.left(cost)}
        for period, cost in one.periods
    ]
    return {
        "data_set": one.data_set,
        "each": one.each,
        "epsilon": one.most.epsilon,
        "delta": one.most.delta,
        "periods": periods,
        "together": {"epsilon": one.together.epsilon, "delta": one.together.delta},
    }


def budgets_text(found: "Sequence[Spending]") -> str:
    """The same in lines for people."""
    return "\n".join(line for one in found for line in _spending(one)) or "No data set has a privacy budget."


def _spending(one: "Spending") -> Iterator[str]:
    yield f"{one.data_set}: epsilon {one.most.epsilon:g}, delta {one.most.delta:g} each {one.each}"
    for period, cost in one.periods:
        yield f"  {period}: spent {cost.epsilon:g} and {cost.delta:g}; {one.left(cost):g} left"
    yield f"  {one.words}"
