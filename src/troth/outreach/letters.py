"""Letters: decided one by one at the moment at which a batch is made, set for print, handed over as one file.

    planned -> sending -> sent          of each message, in the outbox
    making -> made -> delivered | discarded | gone  of the batch

`sending` is committed together with the decision and the ledger's entry. The batch counts as made, and its messages as sent,
once its file is whole on disk; only then the file appears under its name. So no letter lies in two files and none is lost,
whenever the process dies: what was begun and not made is begun anew by the next call, decided again. A batch that ends does so
for good in the database first; a file that a process left behind which died then is removed by the next one.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from troth.gate import Actor, Ask, Outcome, case_is_over, note_matter
from troth.kernel import Clock, Conflict, NotFound, Refused, micros, new_id
from troth.outreach.channels import (
    DISCLOSE,
    Needed,
    check_citing,
    check_topic,
    error_of,
    needed,
    why_skipped,
)
from troth.outreach.letter_counts import LETTER, letter_counts
from troth.outreach.letter_files import (
    Listed,
    Writing,
    keep_only,
    lying_in,
    place_of,
    publish,
    remove,
)
from troth.outreach.letter_order import House, LetterOrder
from troth.outreach.letter_setting import Frame, check_text, document
from troth.outreach.letter_tables import (
    DELIVERED,
    GONE,
    MADE,
    MAKING,
    LetterBatch,
    add_batch,
    batch_of,
    batches_in,
    change_batch,
    drop_batch,
    due_rows,
    empty_batch,
    held_rows,
    letters_inside,
    letters_to,
    newest_batches,
    overtaken,
    put_letters,
    sent_rows,
    take_out,
)
from troth.outreach.letter_text import LetterText, OwnText, layout_for, no_text, text_under
from troth.outreach.noting_said import CLAUSE, note_said
from troth.outreach.outbox import PLANNED, SENDING, SENT, SKIPPED, Outbox, Row
from troth.policy import Policy
from troth.storage import Database, Transaction

_TYPE = "address"
_CHUNK = 100
TAKEN_OVER_AFTER = timedelta(minutes=10)
"""After which a batch that is still being made counts as left by a process that died."""
AGAIN, CASE_OVER = "again", "case-over"

PerformAlong = Callable[[Sequence[Ask], Callable[[Transaction, Sequence[Outcome]], None]], list[Outcome]]
Along = Callable[[Transaction], None]


def nothing_more(tx: Transaction) -> None:
    """Do nothing along with something."""
    del tx


class LetterBatches:
    """Batches of letters.

    Args:
        database: Keeps what became of them.
        perform_along: Performs acts together with something of the caller's own.
        actor: Gives who stands behind a key.
        policy: Gives the version in force.
        outbox: The messages.
        clock: Dates letters.
        house: Who prints.
        own_text: Gives the text that a case brings.
    """

    def __init__(
        self,
        *,
        database: Database,
        perform_along: PerformAlong,
        actor: Callable[[str], Actor],
        policy: Callable[[], Policy],
        outbox: Outbox,
        clock: Clock,
        house: House,
        own_text: OwnText = no_text,
    ) -> None:
        self._own = own_text
        self._database, self._perform, self._actor = database, perform_along, actor
        self._policy, self._outbox, self._clock, self._house = policy, outbox, clock, house

    def make(self, order: LetterOrder) -> LetterBatch | None:
        """Make a batch of the letters that are planned under a case; whoever the case is about gets one without a plan.

        Returns:
            The batch; None where nobody was left to write to, and nothing was made.

        Raises:
            NotFound: There is no such case.
            Refused: The policy lets no such letter go to this print house, whoever it is for, or the key may not do it.
            Conflict: A batch of the case is being made right now.
            InvalidInput: The text uses a variable that nothing gives, or see `check_topic`.
            Unavailable: The folder cannot be written, or PDFs cannot be made.
        """
        actor, policy = self._actor(order.key), self._policy()
        person = check_citing(self._database, actor, order.case)
        text = text_under(order.case, order.text, self._own)
        check_text(text)
        check_topic(policy, LETTER, order.purpose, order.topic)
        self.sweep()
        batch = self._begin(order, person, self._house.channel.recipient_of(policy))
        try:
            return self._made(order, text, actor, policy, batch)
        except BaseException:
            self._undo(batch)
            raise

    def batches(self, most: int = 100) -> list[LetterBatch]:
        """Batches, the newest first."""
        with self._database.reading() as tx:
            return newest_batches(tx, most)

    def place(self, batch: str) -> Path:
        """Where the file of a batch lies."""
        return place_of(self._house.folder, batch)

    def delivered(self, batch: str, along: Along = nothing_more) -> LetterBatch:
        """Note that the print house has a batch; its file goes at once.

        Args:
            batch: Its id.
            along: Done in the same unit of work.

        Raises:
            NotFound: There is no such batch.
            Conflict: It is not made, or its file is gone.
        """
        found = self._batch(batch)
        if found.state != MADE:
            raise Conflict(
                f"The batch is {found.state}.",
                field="batch",
                mend="`troth letters list` tells how it stands.",
            )
        return self._end(found, DELIVERED, along)

    def returned(self, signs: Sequence[str], along: Along = nothing_more) -> int:
        """Note letters that came back, all or none; gives how many.

        A letter that came back counts as bounced: of a bulletin the next channel follows. The address stays on record: why it came
        back only somebody can tell who looks at the envelope.

        Args:
            signs: What stands on them as our reference.
            along: Done in the same unit of work.

        Raises:
            NotFound: One is no letter that went out, or came back before; names it.
        """
        with self._database.transaction() as tx:
            for sign in dict.fromkeys(signs):
                row = self._outbox.message(sign)
                if (
                    row is None
                    or row.channel != LETTER
                    or self._outbox.note_bounce(tx, sign, hard=True) is None
                ):
                    raise NotFound(
                        f"No letter that is out has the reference {sign[:40]}.",
                        field="reference",
                        mend="Copy it from the letter; one that came back before is not noted again.",
                    )
            along(tx)
        return len(set(signs))

    def purge(self, before: datetime) -> int:
        """Remove the files of batches made before an instant that nobody fetched; gives their number.

        Nobody has those letters, so they count as sent no more: they wait to be made anew, which the ledger tells.
        """
        with self._database.reading() as tx:
            old = [one for one in batches_in(tx, MADE) if one.made_at < micros(before)]
        return sum(self._lapsed(one) for one in old)

    def _lapsed(self, batch: LetterBatch) -> bool:
        with self._database.reading() as tx:
            rows = sent_rows(tx, batch.batch)
        now, more = micros(self._clock.now()), {"batch": batch.batch, "letters": str(len(rows))}

        def wait_again(tx: Transaction) -> None:
            self._take_back(tx, batch, rows)
            note_matter(
                tx, self._policy(), case=batch.case, what="letters-lapsed", clause=CLAUSE, now=now, more=more
            )

        return self._ended(batch, GONE, wait_again)

    def _take_back(self, tx: Transaction, batch: LetterBatch, rows: Sequence[Row]) -> None:
        """Let letters that nobody has wait again; under a case that is over for good none would ever go, so they are left out."""
        over = case_is_over(tx, batch.case, self._policy(), micros(self._clock.now()))
        for row in rows:
            self._outbox.take_back(tx, row, SKIPPED if over else PLANNED, CASE_OVER if over else AGAIN)

    def waiting(self, case: str) -> int:
        """How many letters of a case the next batch would take up; none where nothing may go out under it."""
        with self._database.reading() as tx:
            return letter_counts(tx, self._policy(), case, micros(self._clock.now())).get(PLANNED, 0)

    def forget(self, person: str) -> None:
        """Take the letters to a person who was erased out of every file that lies here."""
        with self._database.transaction() as tx:
            found = letters_to(tx, person)
            take_out(tx, [one for one, _ in found])
        for batch in sorted({one for _, one in found}):
            self._rewrite(batch)

    def sweep(self) -> None:
        """Put right what a process left behind that died: files that are whole go to their place, others go."""
        now, lying = self._clock.now(), lying_in(self._house.folder)
        with self._database.reading() as tx:
            made, begun = batches_in(tx, MADE), batches_in(tx, MAKING)
            known = [found for one in lying if (found := batch_of(tx, one)) is not None]
        for one in known:
            if one.state not in (MADE, MAKING):
                remove(self._house.folder, one.batch)
        for one in made:
            publish(self._house.folder, one.batch)
        for one in begun:
            if one.changed_at < micros(now - TAKEN_OVER_AFTER):
                self._undo(one)

    def _begin(self, order: LetterOrder, person: str, recipient: str) -> LetterBatch:
        now = micros(self._clock.now())
        sealed = int(self._house.seal is not None)
        batch = LetterBatch(
            new_id(), order.case, recipient, MAKING, 0, 0, sealed, now, now, order.purpose, order.topic
        )
        with self._database.transaction() as tx:
            if any(one.case == order.case for one in batches_in(tx, MAKING)):
                raise Conflict(
                    "Letters of this case are being made right now.", field="case", mend="Wait for the other."
                )
            if person:
                self._outbox.plan(tx, order.case, [person], LETTER)
            add_batch(tx, batch)
        return batch

    def _made(
        self, order: LetterOrder, text: LetterText, actor: Actor, policy: Policy, batch: LetterBatch
    ) -> LetterBatch | None:
        need = needed(policy, self._house.channel, actor, order.purpose, self._clock)
        frame = self._frame(order, text, policy, need)
        with Writing(self._house.folder, batch.batch, self._clock.now(), frame.layout) as writing:
            while len(writing.listed) < order.most:
                rows = self._due(order, min(_CHUNK, order.most - len(writing.listed)))
                if not rows:
                    break
                if not need.possible:
                    self._refuse(order, need, rows[0])
                for taken in self._decided(order, need, batch, rows):
                    self._write(order, frame, writing, need, taken)
            if not writing.listed:
                writing.finish()
                self._undo(batch)
                return None
            writing.finish()
        return self._settled(batch, writing, order, actor.key_id)

    def _frame(self, order: LetterOrder, text: LetterText, policy: Policy, need: Needed) -> Frame:
        now = self._clock.now()
        return Frame(
            policy,
            need.recipient,
            self._house.layout or layout_for(policy.front.controller.country),
            self._house.public_url.rstrip("/"),
            now,
            self._house.day(text.language, now),
            announcing=order.announcing,
            text=text,
        )

    def _due(self, order: LetterOrder, most: int) -> list[Row]:
        with self._database.reading() as tx:
            return due_rows(tx, order.case, LETTER, micros(self._clock.now()), most)

    def _ask(self, order: LetterOrder, need: Needed, row: Row) -> Ask:
        return Ask(
            act=DISCLOSE,
            purpose=order.purpose,
            key=order.key,
            person=row.person,
            fields=need.fields,
            recipient=need.recipient,
            channel=LETTER,
            case=order.case,
            topic=order.topic,
        )

    def _mark(self, need: Needed, row: Row, outcome: Outcome) -> str:
        """A keyed hash of what stands on a letter; by its id, so that two letters to one address have two."""
        read = [row.id, outcome.values.get(need.name), outcome.values.get(need.field)]
        return self._house.mark(json.dumps(read, sort_keys=True, default=str))

    def _refuse(self, order: LetterOrder, need: Needed, row: Row) -> None:
        """Have the gate refuse what no person and no case makes right, once and on record; the messages stay planned."""
        (outcome,) = self._perform([self._ask(order, need, row)], lambda *_: None)
        if outcome.problem is not None:
            raise error_of(outcome.problem)
        raise Refused("No letter may go to this print house.", mend="`troth policy explain` says why.")

    def _decided(
        self, order: LetterOrder, need: Needed, batch: LetterBatch, rows: Sequence[Row]
    ) -> list[tuple[Row, Outcome]]:
        """The acts of handing over, decided, on record and noted in one unit of work; gives those that are permitted."""
        taken: list[tuple[Row, Outcome]] = []

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            taken.clear()
            for row, outcome in zip(rows, outcomes, strict=True):
                why = why_skipped(outcome, outcome.values.get(need.field))
                moved = self._outbox.settle(tx, row, SKIPPED if why else SENDING, why, tried=int(not why))
                if moved is not None and not why:
                    taken.append((moved, outcome))
            put_letters(
                tx, batch.batch, [(one.id, one.person, self._mark(need, one, told)) for one, told in taken]
            )
            # so that nobody takes it for left behind
            if not change_batch(tx, MAKING, batch, micros(self._clock.now())):
                raise overtaken()

        self._perform([self._ask(order, need, row) for row in rows], along)
        return list(taken)

    def _write(
        self, order: LetterOrder, frame: Frame, writing: Writing, need: Needed, taken: tuple[Row, Outcome]
    ) -> None:
        row, outcome = taken
        address: Any = outcome.values[need.field]
        clause = outcome.clauses[0] if outcome.clauses else ""
        content, pages = self._house.set_letter(
            document(frame, row.id, str(outcome.values.get(need.name, "")), address, clause)
        )
        ending = "pdf"
        if self._house.seal is not None:
            content, ending = self._house.seal(content), "pdf.p7m"
        country = str(address.get("country", ""))
        postage = f"{order.postage}-{'domestic' if country == frame.country else 'international'}"
        writing.add(Listed(row.id, f"{row.id}.{ending}", pages, country, postage), content)

    def _settled(self, batch: LetterBatch, writing: Writing, order: LetterOrder, key_id: str) -> LetterBatch:
        now = micros(self._clock.now())
        pages = sum(one.pages for one in writing.listed)
        with self._database.transaction() as tx:
            inside = letters_inside(tx, batch.batch)
            for row in held_rows(tx, batch.case, LETTER, now):
                self._outbox.settle(tx, row, SENT)
            made = batch._replace(state=MADE, letters=len(inside), pages=pages, changed_at=now)
            if not change_batch(tx, MAKING, made, now):
                remove(self._house.folder, batch.batch)
                raise overtaken()
            more = {"batch": batch.batch, "letters": str(made.letters)}
            note_said(tx, self._policy(), "letters-made", order, key_id, now, more)
        publish(self._house.folder, batch.batch)
        if len(inside) < len(writing.listed):  # somebody was erased meanwhile
            self._rewrite(batch.batch)
        return self._batch(batch.batch)

    def _undo(self, batch: LetterBatch) -> None:
        """Begin nothing: the messages are planned again, and the file goes."""
        now = micros(self._clock.now())
        with self._database.transaction() as tx:
            found = batch_of(tx, batch.batch)
            if found is None or found.state != MAKING:
                return
            for row in held_rows(tx, batch.case, LETTER, now):
                self._outbox.settle(tx, row, PLANNED, AGAIN)
            drop_batch(tx, batch.batch)
        remove(self._house.folder, batch.batch)

    def _rewrite(self, batch: str) -> None:
        """Bring the file of a batch in line with what still lies in it."""
        with self._database.reading() as tx:
            found, inside = batch_of(tx, batch), letters_inside(tx, batch)
        if found is None or found.state != MADE or not self.place(batch).is_file():
            return
        if not inside:
            self._ended(found, GONE)
            return
        pages = keep_only(self.place(batch), inside)
        with self._database.transaction() as tx:
            changed = found._replace(letters=len(inside), pages=pages)
            stays = change_batch(tx, MADE, changed, micros(self._clock.now()))
        if not stays:
            remove(self._house.folder, batch)

    def _end(self, batch: LetterBatch, state: str, along: Along = nothing_more) -> LetterBatch:
        if not self._ended(batch, state, along):
            raise overtaken()
        return self._batch(batch.batch)

    def _ended(self, batch: LetterBatch, state: str, along: Along = nothing_more) -> bool:
        """End a batch that is made; False where it ended meanwhile, and nothing was changed."""
        with self._database.transaction() as tx:
            if not change_batch(tx, MADE, batch._replace(state=state), micros(self._clock.now())):
                return False
            empty_batch(tx, batch.batch)
            along(tx)
        remove(self._house.folder, batch.batch)
        return True

    def _batch(self, batch: str) -> LetterBatch:
        with self._database.reading() as tx:
            found = batch_of(tx, batch)
        if found is None:
            raise NotFound("There is no such batch.", field="batch", mend="`troth letters list` has them.")
        return found
