"""Handing batches of letters over: once, and everybody in them decided again at that moment; or throwing them away before."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from troth.gate import Actor, Outcome, note_matter
from troth.kernel import Conflict, InvalidInput, Refused, micros
from troth.outreach.channels import Needed, check_citing, needed, why_skipped
from troth.outreach.letter_files import remove
from troth.outreach.letter_order import LetterOrder
from troth.outreach.letter_tables import (
    DELIVERED,
    DISCARDED,
    MADE,
    MAKING,
    LetterBatch,
    batch_of,
    change_batch,
    empty_batch,
    letters_inside,
    marks_of,
    sent_rows,
    take_out,
)
from troth.outreach.letters import LetterBatches
from troth.outreach.noting_said import CLAUSE
from troth.outreach.outbox import PLANNED, SENT, SKIPPED, Row
from troth.storage import Transaction

CHANGED = "changed"
_CHUNK = 100
_WHY_KEPT = {
    MAKING: "Wait until it is made; one whose process died is begun anew by the next `troth letters batch`.",
    DELIVERED: "Ask the print house not to post it; from here nothing can be taken back.",
}


class Fetched(NamedTuple):
    """What was handed over.

    Args:
        batch: The batch as it was handed over.
        taken_out: Letters that were taken out before: to people who may not be written to any more.
        changed: Letters that were taken out to be made anew: to people whose name or address is another one by now.
    """

    batch: LetterBatch
    taken_out: int
    changed: int


class HandedLetters(LetterBatches):
    """Batches of letters, and the way by which they leave."""

    def fetch(self, key: str, which: str, place: Path) -> Fetched:
        """Hand a batch over: without whoever may not be written to any more; its file goes from here.

        A letter whose name or address is another one by now stays here too, and waits to be made anew.

        Args:
            key: API key in whose name it is handed over.
            which: The batch.
            place: Where the file is laid; nothing may be there.

        Raises:
            NotFound: There is no such batch.
            Conflict: It is not made, was fetched before, or no letter is left in it.
            Refused: Nothing may go out under its case any more, or the key may not do it.
            InvalidInput: Something lies at the place.
        """
        found = self._made_batch(which)
        self._own(found.case)
        actor, policy = self._actor(key), self._policy()
        check_citing(self._database, actor, found.case)
        if place.exists():
            raise InvalidInput(f"{place} is there already.", field="out", mend="Name another file.")
        need = needed(policy, self._house.channel, actor, found.purpose, self._clock)
        with self._database.reading() as tx:
            inside = sorted(letters_inside(tx, which))
        rows = [row for row in map(self._outbox.message, inside) if row is not None and row.state == SENT]
        order = LetterOrder(found.case, found.purpose, None, key, topic=found.topic)
        if rows and not need.possible:
            self._refuse(order, need, rows[0])
        changed = sum(
            self._decide_again(order, need, found, rows[start : start + _CHUNK])
            for start in range(0, len(rows), _CHUNK)
        )
        self._rewrite(which)
        left = self._batch(which)
        if left.state != MADE:
            raise _nothing_left(found.case, changed)
        with place.open("xb") as file, self.place(which).open("rb") as whole:
            place.chmod(0o600)
            shutil.copyfileobj(whole, file)
        try:
            return Fetched(self._end(left, DELIVERED), found.letters - left.letters - changed, changed)
        except Conflict:  # discarded, or fetched by somebody else: these letters are not to be posted
            place.unlink()
            raise

    def discard(self, key: str, which: str) -> LetterBatch:
        """Throw away a batch that is made and that nobody has: its letters wait again, unless their case is over, and its file goes.

        What it changes is one unit of work, and the file goes after it. A process that dies in between leaves a file that no
        call hands over any more, and that the next one removes.

        Args:
            key: API key in whose name it is thrown away; noted in the ledger.
            which: The batch.

        Raises:
            NotFound: There is no such batch.
            Conflict: It is being made, the print house has it, or it is gone.
            Refused: The key may not do it.
        """
        found, actor = self._batch(which), self._actor(key)
        check_citing(self._database, actor, found.case)
        if found.purpose and not actor.may_serve(found.purpose):
            raise Refused(
                f"The key was not granted {found.purpose}.",
                clause="IV.2",
                field="purpose",
                mend="Use a key that was issued with --purpose for it.",
            )
        self.sweep()
        with self._database.transaction() as tx:
            self._throw_away(tx, actor, batch_of(tx, which) or found)
        remove(self._house.folder, which)
        return self._batch(which)

    def _throw_away(self, tx: Transaction, actor: Actor, found: LetterBatch) -> None:
        now = micros(self._clock.now())
        rows = sent_rows(tx, found.batch)
        if not change_batch(tx, MADE, found._replace(state=DISCARDED), now):
            raise Conflict(
                f"The batch is {found.state}.",
                field="batch",
                mend=_WHY_KEPT.get(found.state, "`troth letters list` tells how it stands."),
            )
        self._take_back(tx, found, rows)
        empty_batch(tx, found.batch)
        self._note(tx, actor, found, "letters-discarded", len(rows))

    def _made_batch(self, which: str) -> LetterBatch:
        found = self._batch(which)
        if found.state != MADE:
            raise Conflict(
                f"The batch is {found.state}.",
                field="batch",
                mend="`troth letters list` tells how it stands.",
            )
        if not found.purpose:
            raise Conflict(
                "The batch was made before it was noted what it serves.",
                field="batch",
                mend="Note it as delivered if the print house has it; otherwise it goes by itself.",
            )
        return found

    def _decide_again(self, order: LetterOrder, need: Needed, batch: LetterBatch, rows: Sequence[Row]) -> int:
        """Decide about some letters anew, on record, and take out in the same unit of work what may not go out, or not as it is.

        Returns:
            How many are to be made anew, for the name or the address is another one.
        """
        changed: list[str] = []

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            changed.clear()
            denied, marks = [], marks_of(tx, [row.id for row in rows])
            for row, outcome in zip(rows, outcomes, strict=True):
                why = why_skipped(outcome, outcome.values.get(need.field))
                if why:
                    if self._outbox.take_back(tx, row, SKIPPED, why) is not None:
                        denied.append(row.id)
                elif (
                    marks.get(row.id, "") not in ("", self._mark(need, row, outcome))
                    and self._outbox.take_back(tx, row, PLANNED, CHANGED) is not None
                ):
                    changed.append(row.id)
            take_out(tx, [*denied, *changed])
            if changed:
                self._note(tx, self._actor(order.key), batch, "letters-changed", len(changed))

        self._perform([self._ask(order, need, row) for row in rows], along)
        return len(changed)

    def _note(self, tx: Transaction, actor: Actor, batch: LetterBatch, what: str, letters: int) -> None:
        """Record what happened to letters of a batch that were not handed over, and by whose key."""
        now, more = (
            micros(self._clock.now()),
            {"key": actor.key_id, "batch": batch.batch, "letters": str(letters)},
        )
        note_matter(tx, self._policy(), case=batch.case, what=what, clause=CLAUSE, now=now, more=more)


def _nothing_left(case: str, changed: int) -> Conflict:
    if changed:
        return Conflict(
            "No letter of the batch may go out as it is: names or addresses have changed. Its file is gone.",
            field="batch",
            mend=f"Make those letters anew with `troth letters batch {case}`: {changed} wait.",
        )
    return Conflict(
        "Nobody in the batch may be written to any more; its file is gone.",
        field="batch",
        mend="`troth campaigns status`, or the ledger, tells why by clause.",
    )
