"""The log of product changes: each names the run of the report that led to it (clause II.5)."""

from typing import NamedTuple

from sqlalchemy import bindparam, insert, select

from troth.gate import Gate
from troth.insights.history import run_of, runs_of
from troth.insights.model import Run
from troth.insights.service import inquiry_of, reported
from troth.insights.tables import product_change
from troth.kernel import Clock, Conflict, InvalidInput, NotFound, micros, new_id
from troth.policy import Policy, Product
from troth.storage import Database, Statement, Transaction

LONGEST_TEXT = 2_000
LONGEST_RELEASE = 40
MOST_CHANGES = 200
"""Most changes that are listed."""
_TRIED = 100
_c = product_change.c
_COLUMNS = (_c.change, _c.product, _c.release, _c.text, _c.report, _c.run, _c.counted_at, _c.noted_at)
_ADD = Statement(insert(product_change))
_NEWEST = Statement(select(*_COLUMNS).order_by(_c.change.desc()).limit(bindparam("most")))


class ProductChange(NamedTuple):
    """A change of a product, and what showed that it was wanted. Instants in microseconds.

    Args:
        change: Its id; younger ones sort behind older ones.
        product: Name of the declared product.
        release: The version that brings the change; empty while none does.
        text: What changes and why, in plain language.
        report: Name of the report that led to it.
        run: The run of that report.
        counted_at: When the run began.
        noted_at: When the change was noted.
    """

    change: str
    product: str
    release: str
    text: str
    report: str
    run: str
    counted_at: int
    noted_at: int


class Changes:
    """The log of product changes of a folder.

    Args:
        database: Holds the log.
        gate: Decides who may use the figures of a report.
        clock: Dates what is noted.
    """

    def __init__(self, database: Database, gate: Gate, clock: Clock) -> None:
        self._database, self._gate, self._clock = database, gate, clock

    def note_change(
        self, key: str, *, product: str, text: str, report: str, run: str = "", release: str = ""
    ) -> ProductChange:
        """Note that a product is changed because of what a report showed.

        Only who may see the figures of the report can say so; that is decided and recorded.

        Args:
            key: API key of who notes it.
            product: A declared product.
            text: What changes and why.
            report: A declared report.
            run: The run that it rests on; left out, the newest with figures.
            release: The version that brings the change.

        Raises:
            InvalidInput: The product is not declared, or the text is empty or too long.
            NotFound: There is no such report, or no such run of it.
            Conflict: The run has no figures.
            Unauthenticated: The key does not work.
            Refused: The policy does not let the asker see the figures.
        """
        policy = self._gate.policy()
        _check(policy, product, text, release)
        cited = reported(policy, report)
        self._gate.look(inquiry_of(policy, cited, key))
        with self._database.transaction() as tx:
            basis = _basis(tx, report, run)
            noted = ProductChange(
                new_id(),
                product,
                release.strip(),
                " ".join(text.split()),
                report,
                basis.run,
                basis.begun_at,
                micros(self._clock.now()),
            )
            tx.run(_ADD, noted)
        return noted

    def changes(self) -> list[ProductChange]:
        """The newest changes, newest first; they are public."""
        with self._database.snapshot() as tx:
            return [ProductChange(*row) for row in tx.rows(_NEWEST, {"most": MOST_CHANGES})]


def _check(policy: Policy, product: str, text: str, release: str) -> None:
    known = [one.name for one in policy.of(Product)]
    if product not in known:
        raise InvalidInput(
            "The policy declares no such product.",
            clause="II.5",
            field="product",
            mend=f"Use one of {', '.join(known) or '(none)'}.",
        )
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise InvalidInput(
            f"The text is empty, or longer than {LONGEST_TEXT} characters.",
            clause="II.5",
            field="text",
            mend="Say in plain language what changes, and what the report showed.",
        )
    if len(release) > LONGEST_RELEASE:
        raise InvalidInput(
            f"The version is longer than {LONGEST_RELEASE} characters.",
            field="release",
            mend="Write it as 5.2.1.",
        )


def _basis(tx: Transaction, report: str, run: str) -> Run:
    """The run that a change rests on: the one that is named, or the newest with figures."""
    if run:
        found = run_of(tx, run)
        if found is None or found.report != report:
            raise NotFound(
                "This report has no such run.",
                clause="II.5",
                field="run",
                mend=f"`troth report show {report}` lists its runs.",
            )
    else:
        found = next((one for one in runs_of(tx, report, _TRIED) if one.figures is not None), None)
    if found is None or found.figures is None:
        raise Conflict(
            "There is no run with figures that the change could rest on.",
            clause="II.5",
            field="report",
            mend=f"Run it first: `troth report run {report}`.",
        )
    return found
