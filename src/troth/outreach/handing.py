"""Handing batches of letters over: once, and everybody in them decided again at that moment."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from troth.gate import Outcome
from troth.kernel import Conflict, InvalidInput
from troth.outreach.channels import Needed, check_citing, needed, why_skipped
from troth.outreach.letter_tables import DELIVERED, MADE, LetterBatch, letters_inside, take_out
from troth.outreach.letters import LetterBatches, LetterOrder
from troth.outreach.outbox import SENT, SKIPPED, Row
from troth.storage import Transaction

_CHUNK = 100


class HandedLetters(LetterBatches):
    """Batches of letters, and the way by which they leave."""

    def fetch(self, key: str, which: str, place: Path) -> tuple[LetterBatch, int]:
        """Hand a batch over: without whoever may not be written to any more; its file goes from here.

        Args:
            key: API key in whose name it is handed over.
            which: The batch.
            place: Where the file is laid; nothing may be there.

        Returns:
            The batch as it was handed over, and how many letters were taken out before.

        Raises:
            NotFound: There is no such batch.
            Conflict: It is not made, was fetched before, or nobody is left in it.
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
        order = LetterOrder(found.case, found.purpose, None, key)
        if rows and not need.possible:
            self._refuse(order, need, rows[0])
        for start in range(0, len(rows), _CHUNK):
            self._decide_again(order, need, rows[start : start + _CHUNK])
        self._rewrite(which)
        left = self._batch(which)
        if left.state != MADE:
            raise Conflict(
                "Nobody in the batch may be written to any more; its file is gone.",
                field="batch",
                mend="`troth campaigns status`, or the ledger, tells why by clause.",
            )
        with place.open("xb") as file, self.place(which).open("rb") as whole:
            place.chmod(0o600)
            shutil.copyfileobj(whole, file)
        return self._end(left, DELIVERED), found.letters - left.letters

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

    def _decide_again(self, order: LetterOrder, need: Needed, rows: Sequence[Row]) -> None:
        """Decide about some letters anew, on record, and take out whoever is denied in the same unit of work."""

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            denied = []
            for row, outcome in zip(rows, outcomes, strict=True):
                why = why_skipped(outcome, outcome.values.get(need.field))
                if why and self._outbox.settle(tx, row, SKIPPED, why) is not None:
                    denied.append(row.id)
            take_out(tx, denied)

        self._perform([self._ask(order, need, row) for row in rows], along)
