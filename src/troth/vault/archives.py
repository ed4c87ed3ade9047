"""Archives, that is backups, and the drills that tried to read erased people out of them; no personal data.

A backup's copy of the key store is sealed under an epoch key of its own, which is destroyed at a fixed instant. Until
then the archive may hold the keys of somebody who was erased after it was made; from then on it is unreadable for good.
"""

from typing import NamedTuple

from sqlalchemy import bindparam, select, update

from troth.storage import Statement, Transaction, Upsert
from troth.vault.tables import archive, drill

_COLUMNS = (
    "archive",
    "made_at",
    "until",
    "finished_at",
    "destroyed_at",
    "data_at",
    "keys_at",
    "epochs",
)
_SELECT = select(*(archive.c[name] for name in _COLUMNS))
_ADD = Upsert(archive, by=("archive",), update=("finished_at", "destroyed_at", "epochs"))
_FINISH = Statement(
    update(archive).where(archive.c.archive == bindparam("which")).values(finished_at=bindparam("at"))
)
_DESTROYED = Statement(
    update(archive)
    .where(archive.c.archive == bindparam("which"), archive.c.destroyed_at == 0)
    .values(destroyed_at=bindparam("at"))
)
_MOVE = Statement(update(archive).where(archive.c.destroyed_at == 0).values(epochs=bindparam("places")))
_ALL = Statement(_SELECT.order_by(archive.c.made_at.desc(), archive.c.archive.desc()))
_DUE = Statement(
    _SELECT.where(archive.c.destroyed_at == 0, archive.c.until <= bindparam("now")).order_by(archive.c.until)
)
_HOLDING = Statement(
    _SELECT.where(archive.c.destroyed_at == 0, archive.c.made_at <= bindparam("since")).order_by(
        archive.c.until
    )
)
_ADD_DRILL = Upsert(drill, by=("drill",))
_DRILLS = Statement(
    select(*drill.c).order_by(drill.c.ended_at.desc(), drill.c.drill.desc()).limit(bindparam("most"))
)


class Archive(NamedTuple):
    """A backup. Instants in microseconds.

    Args:
        archive: Its id, the same in both halves.
        made_at: When it was begun; whoever was erased before is not in it.
        until: When its epoch key is destroyed at the latest; from then on its copy of the key store opens no more.
        finished_at: When it was whole; 0 when it never was.
        destroyed_at: When its epoch key was destroyed; 0 while it is there.
        data_at: Where its data half was written.
        keys_at: Where its sealed key store half was written.
        epochs: Folders that hold its epoch key, one a line.
    """

    archive: str
    made_at: int
    until: int
    finished_at: int
    destroyed_at: int
    data_at: str
    keys_at: str
    epochs: str


class Drill(NamedTuple):
    """A restore drill: old backups restored, and everybody tried who was erased since. Instants in microseconds.

    Args:
        drill: Its id.
        began_at: When it began.
        ended_at: When it ended.
        passed: Whether nobody erased could be read, and somebody living could, so that it looked in the right place.
        archives: Backups that were restored and tried.
        people: Erased people who were in them, counted once for each backup.
        fields: Sealed values of erased people and erased fields that were tried.
        opened: Those that opened; none, when all is well.
        controls: Values of living people that opened in the same way.
        found: What was found in each archive, as JSON.
    """

    drill: str
    began_at: int
    ended_at: int
    passed: bool
    archives: int
    people: int
    fields: int
    opened: int
    controls: int
    found: str


def note_archive(tx: Transaction, made: Archive) -> None:
    """Keep that a backup is being made; before its epoch key is, so that no key is ever forgotten."""
    tx.run(_ADD, tuple(made))


def finish_archive(tx: Transaction, which: str, now: int) -> None:
    """Keep that a backup is whole at an instant (microseconds)."""
    tx.run(_FINISH, {"which": which, "at": now})


def note_destroyed(tx: Transaction, which: str, now: int) -> bool:
    """Keep that an archive's epoch key is gone at an instant (microseconds); whether nobody had kept so before."""
    return tx.run(_DESTROYED, {"which": which, "at": now}) == 1


def move_epochs(tx: Transaction, places: str) -> None:
    """Keep that the epoch keys that are still there lie in other places now (one a line): the store was restored."""
    tx.run(_MOVE, {"places": places})


def archives(tx: Transaction) -> list[Archive]:
    """Every backup, the newest first."""
    return [Archive(*row) for row in tx.rows(_ALL)]


def overdue_archives(tx: Transaction, now: int) -> list[Archive]:
    """Backups whose epoch key must be destroyed at an instant (microseconds) and is not yet, the most overdue first."""
    return [Archive(*row) for row in tx.rows(_DUE, {"now": now})]


def archives_holding(tx: Transaction, since: int) -> list[Archive]:
    """Which archives hold sealed remains of somebody who was erased at an instant (microseconds), and until when.

    Each `until` is the instant from which that archive is unreadable for good, the earliest first. An archive whose epoch
    key is destroyed is left out: it holds bytes that nobody can read any more.
    """
    return [Archive(*row) for row in tx.rows(_HOLDING, {"since": since})]


def record_drill(tx: Transaction, done: Drill) -> None:
    """Keep the result of a drill."""
    tx.run(_ADD_DRILL, (*tuple(done)[:3], int(done.passed), *tuple(done)[4:]))


def latest_drill(tx: Transaction) -> Drill | None:
    """The newest drill, whatever its result; None when there was none."""
    found = drills(tx, 1)
    return found[0] if found else None


def drills(tx: Transaction, most: int = 100) -> list[Drill]:
    """Drills, the newest first."""
    return [Drill(*row)._replace(passed=bool(row[3])) for row in tx.rows(_DRILLS, {"most": most})]
