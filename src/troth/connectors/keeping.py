"""What connectors did, in the database: one row for each case and store, from the first attempt to its end."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import bindparam, delete, select, update

from troth.connectors.tables import connector_run
from troth.storage import Lookup, Statement, Transaction, Upsert


class Run(NamedTuple):
    """What a connector did for a case. Instants in microseconds; 0 for not yet.

    Args:
        case: Id of the case.
        store: Name of the connector.
        person: Handle of whom it is about.
        message: Id of the message that a recipient is sent; the same however often it is sent.
        identity: Parcel with what names the person; empty for none.
        answer: Parcel with the data that a recipient answered; empty for none.
        found: How many rows were found before anything was changed.
        digests: Their keyed digests, one after another.
        begun_at: First attempt.
        sent_at: When the recipient was last sent it.
        received_at: When the recipient said that it has it.
        done_at: When it was done.
        due_at: When it must be done; 0 for no day of its own.
        chased_at: When somebody was told that it is late.
        result: done, kept or failed; empty for not yet.
        told: What was done, in a few words, by what it was done to.
    """

    case: str
    store: str
    person: str
    message: str
    identity: str = ""
    answer: str = ""
    found: int = 0
    digests: bytes = b""
    begun_at: int = 0
    sent_at: int = 0
    received_at: int = 0
    done_at: int = 0
    due_at: int = 0
    chased_at: int = 0
    result: str = ""
    told: str = "{}"

    @property
    def words(self) -> Mapping[str, str]:
        """What was done, by what it was done to."""
        return msgspec.json.decode(self.told, type=dict[str, str])


_COLUMNS = tuple(connector_run.c)
_NAMES = ("case_id", *Run._fields[1:])
_ADD = Upsert(connector_run, by=("case_id", "store"))
_READ = Lookup(connector_run, by=("case_id", "store"), take=_NAMES)
_BY_MESSAGE = Lookup(connector_run, by=("message",), take=_NAMES)
_ONE = (connector_run.c.case_id == bindparam("which"), connector_run.c.store == bindparam("where"))
_BEGIN = Statement(
    update(connector_run).where(*_ONE).values(found=bindparam("rows"), digests=bindparam("hashed"))
)
_SENT = Statement(
    update(connector_run).where(*_ONE).values(sent_at=bindparam("sent"), received_at=bindparam("received"))
)
_DONE = Statement(
    update(connector_run)
    .where(*_ONE, connector_run.c.done_at == 0)
    .values(
        done_at=bindparam("at"), result=bindparam("how"), told=bindparam("words"), answer=bindparam("sealed")
    )
)
_LATE = Statement(
    select(*_COLUMNS)
    .where(
        connector_run.c.done_at == 0,
        connector_run.c.chased_at == 0,
        connector_run.c.due_at > 0,
        connector_run.c.due_at <= bindparam("now"),
    )
    .order_by(connector_run.c.due_at, connector_run.c.case_id, connector_run.c.store)
    .limit(bindparam("most"))
)
_CHASED = Statement(update(connector_run).where(*_ONE).values(chased_at=bindparam("at")))
_OF_PERSON = Statement(select(*_COLUMNS).where(connector_run.c.person == bindparam("who")))
_OF_CASE = Statement(select(*_COLUMNS).where(connector_run.c.case_id == bindparam("which")))
_WITH_ANSWERS = Statement(
    select(*_COLUMNS).where(connector_run.c.answer != "", connector_run.c.done_at <= bindparam("before"))
    .limit(bindparam("most"))
)  # fmt: skip
_OPENED = Statement(
    update(connector_run).where(*_ONE).values(identity=bindparam("names"), answer=bindparam("sealed"))
)
_REMOVE = Statement(delete(connector_run).where(*_ONE))


def add_run(tx: Transaction, run: Run) -> None:
    """Note that a connector begins; one that is there already stays as it is."""
    tx.run(_ADD, tuple(run))


def run_of(tx: Transaction, case: str, store: str) -> Run | None:
    """What a connector did for a case."""
    row = tx.lookup(_READ, [(case, store)]).get((case, store))
    return Run(*row) if row is not None else None


def run_by_message(tx: Transaction, message: str) -> Run | None:
    """What a message is about."""
    row = tx.lookup(_BY_MESSAGE, [(message,)]).get((message,))
    return Run(*row) if row is not None else None


def runs_of_case(tx: Transaction, case: str) -> list[Run]:
    """What every connector did for a case."""
    return [Run(*row) for row in tx.rows(_OF_CASE, {"which": case})]


def runs_of_person(tx: Transaction, person: str) -> list[Run]:
    """What every connector did about somebody."""
    return [Run(*row) for row in tx.rows(_OF_PERSON, {"who": person})]


def note_found(tx: Transaction, run: Run, digests: Sequence[bytes]) -> None:
    """Note which rows were found, before anything is changed."""
    tx.run(_BEGIN, {"which": run.case, "where": run.store, "rows": len(digests), "hashed": b"".join(digests)})


def note_sent(tx: Transaction, run: Run, *, sent: int, received: int) -> None:
    """Note that a message was sent, and whether the recipient has it."""
    tx.run(_SENT, {"which": run.case, "where": run.store, "sent": sent, "received": received})


def note_done(
    tx: Transaction, run: Run, result: str, words: Mapping[str, str], now: int, answer: str = ""
) -> bool:
    """Note how it ended, once; tells whether this is that once."""
    values = {
        "which": run.case,
        "where": run.store,
        "at": now,
        "how": result,
        "words": msgspec.json.encode(words).decode(),
        "sealed": answer,
    }
    return bool(tx.run(_DONE, values))


def note_parcels(tx: Transaction, run: Run, *, identity: str, answer: str) -> None:
    """Note which parcels are left."""
    tx.run(_OPENED, {"which": run.case, "where": run.store, "names": identity, "sealed": answer})


def late_runs(tx: Transaction, now: int, most: int = 500) -> list[Run]:
    """What is late and nobody was told of, the longest ago first."""
    return [Run(*row) for row in tx.rows(_LATE, {"now": now, "most": most})]


def note_chased(tx: Transaction, run: Run, now: int) -> None:
    """Note that somebody was told."""
    tx.run(_CHASED, {"which": run.case, "where": run.store, "at": now})


def runs_with_answers(tx: Transaction, before: int, most: int = 500) -> list[Run]:
    """Answers of recipients that were given before an instant (microseconds) and are still kept."""
    return [Run(*row) for row in tx.rows(_WITH_ANSWERS, {"before": before, "most": most})]


def remove_run(tx: Transaction, run: Run) -> None:
    """Forget what was done."""
    tx.run(_REMOVE, {"which": run.case, "where": run.store})
