"""Restore drills: old backups are restored into scratch, and everybody is tried who is not in the data any more.

Whoever was erased must not open: not in the raw copy of the data with the keys in use, not with the keys that a restore
brings, and not in the restored folder. Somebody living must open in the same way each time: a drill that looks in the
wrong place finds nothing, and must not pass.
"""

import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from troth.adapters import open_root_key
from troth.bootstrap.keeping import epoch_places, record
from troth.bootstrap.replaying import Erasures, Present
from troth.bootstrap.restoring import Wish, place_data, restore_folder
from troth.bootstrap.settings import read_settings, store_places
from troth.flows import Manifest, Progress, check_data
from troth.kernel import Conflict, Log, NotFound, TrothError, micros, new_id
from troth.storage import Database, Task, open_database
from troth.vault import (
    NOTHING,
    Drill,
    EpochOver,
    KeyRing,
    Probe,
    WrongRoot,
    archives,
    destroy_file,
    known,
    latest_drill,
    living,
    people_in,
    record_drill,
    try_people,
)

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

SCRATCH = "drill"
_HOURLY = timedelta(hours=1)
_log = Log("troth.drill")
CONTROLS = 3
"""Living people who must open, in each archive."""
_PAGE = 500
_STEPS = 4

Step = Callable[[int], None]
State = Literal["open", "shut", "rekeyed", "other-root", "absent", "refused"]


class DrillFound(msgspec.Struct, frozen=True, kw_only=True):
    """What a drill found in an archive.

    Attributes:
        archive: Its id; empty when nobody can tell.
        at: Where its data half is.
        state: "open" while its epoch key lives, "shut" when it opens with the key store in use alone, "rekeyed" when its epoch
            key is gone and everybody has new keys since, so that nothing opens it, "other-root" when an earlier root key
            wrapped its epoch key, "absent" when it is not there, "refused" when it cannot be restored.
        people: People who are in it and were erased since.
        fields: Their values, and erased fields, that were tried; each with every key there is.
        opened: Those that opened.
        controls: Values of living people that opened in the same way.
        lost: Values of living people that a restore cannot bring back, for their key was ended with a field beside them.
        told: Why it is refused.
    """

    archive: str
    at: str
    state: State
    people: int = 0
    fields: int = 0
    opened: int = 0
    controls: int = 0
    lost: int = 0
    told: str = ""

    @property
    def sound(self) -> bool:
        """Whether nobody erased opened."""
        return self.state != "refused" and not self.opened


def drill_folder(
    troth: "Troth",
    halves: Sequence[Path] = (),
    *,
    every: bool = False,
    progress: Progress | None = None,
) -> Drill:
    """Restore backups into scratch and try everybody who was erased; the result is kept and stands in the ledger.

    Args:
        troth: The folder in use.
        halves: Data halves to try, with their key store halves beside them (DIR-keys); none for those on record.
        every: Whether all on record are tried; else the newest, the oldest and one between, by chance.
        progress: Told (steps done, steps in all).

    Raises:
        Conflict: Another drill is at work.
        NotFound: There is no backup to try.
        Unavailable: A store takes no work, or the disk is full.
    """
    began = micros(troth.clock.now())
    places = [(half, half.with_name(half.name + "-keys")) for half in halves] or _on_record(
        troth, every=every
    )
    if not places:
        raise NotFound("There is no backup to try.", mend="Make one with `troth backup`, or name one.")
    with _scratch(troth.folder / SCRATCH) as scratch:
        found = []
        for number, (data, keys) in enumerate(places):
            step = _Steps(progress, number * _STEPS, len(places) * _STEPS)
            found.append(_Trial(troth, data, keys, scratch).run(step))
    done = _result(began, micros(troth.clock.now()), found)
    with troth.database.transaction() as tx:
        record_drill(tx, done)
        told = {
            "passed": "yes" if done.passed else "no",
            "archives": str(done.archives),
            "people": str(done.people),
            "opened": str(done.opened),
            "controls": str(done.controls),
        }
        record(tx, "drilled", done.ended_at, {"drill": done.drill, **told})
    return done


def drill_found(done: Drill) -> list[DrillFound]:
    """What a drill found in each archive."""
    return msgspec.json.decode(done.found, type=list[DrillFound])


def drill_tasks(troth: "Troth") -> list[Task]:
    """The drill that a running service makes by itself."""
    every = timedelta(days=troth.settings.backup.drill_days)

    def drill() -> None:
        with troth.database.snapshot() as tx:
            last, made = latest_drill(tx), any(row.finished_at for row in archives(tx))
        due = last is None or last.ended_at <= micros(troth.clock.now() - every)
        if made and due and not drill_folder(troth).passed:
            _log.error("drill_failed")

    about = "Restore old backups into scratch and try everybody erased since, when it is time."
    return [Task("restore-drill", _HOURLY, drill, about)] if every else []


class _Steps:
    """Tells how far one archive of several is."""

    def __init__(self, progress: Progress | None, before: int, total: int) -> None:
        self._progress, self._before, self._total = progress, before, total

    def __call__(self, done: int) -> None:
        if self._progress is not None:
            self._progress(self._before + done, self._total)


def _result(began: int, ended: int, found: Sequence[DrillFound]) -> Drill:
    tried = [one for one in found if one.state != "absent"]
    controls = sum(one.controls for one in tried)
    return Drill(
        drill=new_id(),
        began_at=began,
        ended_at=ended,
        passed=bool(tried) and controls > 0 and all(one.sound for one in tried),
        archives=len(tried),
        people=sum(one.people for one in tried),
        fields=sum(one.fields for one in tried),
        opened=sum(one.opened for one in tried),
        controls=controls,
        found=msgspec.json.encode(list(found)).decode(),
    )


def _on_record(troth: "Troth", *, every: bool) -> list[tuple[Path, Path]]:
    with troth.database.snapshot() as tx:
        whole = [row for row in archives(tx) if row.finished_at]
    places = [(Path(row.data_at), Path(row.keys_at)) for row in whole]
    there = [one for one in places if one[0].is_dir()] or places[:1]
    if every or len(there) <= CONTROLS:
        return there
    return [there[0], there[1 + secrets.randbelow(len(there) - 2)], there[-1]]


class _Trial:
    """One archive."""

    def __init__(self, troth: "Troth", data: Path, keys: Path, scratch: Path) -> None:
        self._troth, self._data, self._keys, self._scratch = troth, data, keys, scratch
        self._archive = ""
        self._gone: list[str] = []
        self._controls: list[str] = []
        self._spare: list[str] = []
        self._tried, self._opened_controls, self._lost = NOTHING, 0, 0

    def run(self, step: Step) -> DrillFound:
        """Restore and try it; a step is told when it is done."""
        if not self._data.is_dir():
            return DrillFound(archive="", at=str(self._data), state="absent")
        raw, restored = self._scratch / "raw.db", self._scratch / "restored"
        try:
            checked = check_data(self._data)
            self._archive = checked.pair
            place_data(self._data, raw)
            step(1)
            with closing(open_database(str(raw))) as data:
                self._look_through(data)
                step(2)
                state = self._restored_too(data, restored, checked, step)
        except TrothError as error:
            return DrillFound(archive=self._archive, at=str(self._data), state="refused", told=str(error))
        finally:
            _clear(self._scratch)
        step(_STEPS)
        return DrillFound(
            archive=self._archive,
            at=str(self._data),
            state=state,
            people=self._tried.people,
            fields=self._tried.values,
            opened=self._tried.opened,
            controls=self._opened_controls,
            lost=self._lost,
        )

    def _look_through(self, data: Database) -> None:
        """Find out who is gone, and try them with the keys in use."""
        keys = self._troth.vault.keys
        for page in people_in(data):
            there = living(self._troth.database, page)
            if len(self._controls) < CONTROLS:
                self._choose_controls(data, there)
            self._gone += sorted(set(page) - known(self._troth.database, page))
        self._controls += self._spare[: CONTROLS - len(self._controls)]
        self._tried = self._tried.plus(self._try_gone(data, keys))
        self._tried = self._tried.plus(self._try_slots(data, keys))
        self._opened_controls += try_people(data, keys, self._controls).opened

    def _choose_controls(self, data: Database, there: Sequence[str]) -> None:
        """Living people whose values open; where people were re-keyed since, those who just have values."""
        for who in there[: 4 * CONTROLS]:
            tried = try_people(data, self._troth.vault.keys, [who])
            if tried.people:
                (self._controls if tried.opened else self._spare).append(who)
        del self._controls[CONTROLS:]

    def _restored_too(self, data: Database, folder: Path, checked: Manifest, step: Step) -> State:
        """Restore as an operator would; try the gone with what came back, and look whether they came back."""
        wish = Wish(self._data, self._keys, folder, present=self._troth.folder)
        try:
            made = restore_folder(wish, self._troth.clock, checked=checked)
        except WrongRoot:
            return "other-root"
        except EpochOver:
            return "rekeyed"
        self._lost = sum(made.replayed.lost.values.values())
        step(3)
        settings = read_settings(folder, {})
        data_place, keys_place = store_places(folder, settings)
        with closing(open_database(keys_place, key_store=True)) as keystore:
            keys = KeyRing(keystore, open_root_key(settings.keys.root, folder))
            opened = self._try_gone(data, keys).opened
            with closing(open_database(data_place)) as back:
                opened += self._try_gone(back, keys).opened + len(self._come_back(back))
                self._opened_controls += try_people(back, keys, self._controls).opened
        self._tried = self._tried._replace(opened=self._tried.opened + opened)
        return "open" if made.keys_from == "backup" else "shut"

    def _come_back(self, back: Database) -> list[str]:
        return [
            who
            for start in range(0, len(self._gone), _PAGE)
            for who in living(back, self._gone[start : start + _PAGE])
        ]

    def _try_gone(self, data: Database, keys: KeyRing) -> Probe:
        found = NOTHING
        for start in range(0, len(self._gone), _PAGE):
            found = found.plus(try_people(data, keys, self._gone[start : start + _PAGE]))
        return found

    def _try_slots(self, data: Database, keys: KeyRing) -> Probe:
        """Fields that were erased since, whose key group's key was destroyed with them."""
        troth = self._troth
        present = Present(troth.folder, troth.settings, troth.database, troth.keystore)
        slots: dict[str, set[str]] = {}
        for row in Erasures(present, epoch_places(troth.folder, troth.settings)).later_slots(data):
            if row.key_group:
                slots.setdefault(row.person, set()).add(row.slot)
        people, found = sorted(slots), NOTHING
        for start in range(0, len(people), _PAGE):
            found = found.plus(try_people(data, keys, people[start : start + _PAGE], slots))
        return found._replace(people=0)


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A folder for one drill at a time; what a killed one left in it is removed."""
    folder.mkdir(mode=0o700, exist_ok=True)
    with os.fdopen(os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600), "r+b") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict("Another drill is at work.", mend="Wait for its end.") from error
        _clear(folder)
        try:
            yield folder
        finally:
            _clear(folder)


def _clear(folder: Path) -> None:
    """Remove everything but the lock; keys are overwritten first, for somebody may be erased tomorrow."""
    for file in folder.rglob("keys/*"):
        if file.is_file():
            destroy_file(file)
    for one in folder.iterdir():
        if one.is_dir():
            shutil.rmtree(one)
        elif one.name != "lock":
            one.unlink()
