"""Putting staged entries into the tree, in batches, beside the acts that stage them."""

import threading
from collections.abc import Sequence
from hashlib import sha256
from types import TracebackType
from typing import Self

from sqlalchemy import bindparam, delete, exists, func, insert, literal_column, select, update
from sqlalchemy.sql import ClauseElement, ColumnElement

from troth.kernel import Clock, Conflict, Corrupt, InvalidInput, Log, TrothError, Unavailable, micros
from troth.ledger.counting import add_counts
from troth.ledger.errors import RootMismatch
from troth.ledger.merkle import Frontier
from troth.ledger.signing import Signer, open_checkpoint
from troth.ledger.tables import (
    SEGMENT,
    ledger_checkpoint,
    ledger_entry,
    ledger_staged,
    ledger_tile,
    ledger_tree,
)
from troth.ledger.tiles import MAX_ENTRY, TILE_HEIGHT, TILE_WIDTH, split_hashes
from troth.storage import Database, Lookup, Row, Statement, Transaction, Upsert

_log = Log("troth.ledger")
BATCH = 512
"""Entries put into the tree in one transaction: enough to share its cost, few enough not to hold acts up."""
BREATH_SECONDS = 0.005
"""Pause after a full batch, in which acts that wait for the writer get their turn."""
INTERVAL_SECONDS = 0.1

Staged = tuple[str, str, bytes]
"""What is staged: entry id, handle of the person (or empty), body."""


def _unstaging(dialect: str) -> ClauseElement:
    """Removes from the staged entries those that were just moved.

    On SQLite nobody else writes meanwhile, so that a range says the same and costs less.
    """
    moved = _e.leaf_index >= bindparam("size")
    if dialect == "sqlite":
        last = select(func.max(_e.entry_id)).where(moved).scalar_subquery()
        return delete(ledger_staged).where(_s.entry_id <= last)
    return delete(ledger_staged).where(_s.entry_id.in_(select(_e.entry_id).where(moved)))


_t, _s, _e = ledger_tree.c, ledger_staged.c, ledger_entry.c
_STAGE = Statement(insert(ledger_staged))
_HEAD = Statement(select(_t.size, _t.note))
_ANY_STAGED = Statement(select(exists(select(_s.entry_id))))
_STAGED_COUNT = Statement(select(func.count()).select_from(ledger_staged))
_FIRST_TREE = Upsert(ledger_tree, by=["singleton"])
_LOCKED_TREE = Statement(select(_t.size, _t.edge, _t.note).with_for_update())
_LEAF: ColumnElement[int] = bindparam("size") + func.row_number().over(order_by=_s.entry_id) - 1
_NUMBERED = (
    select(_LEAF.label("leaf"), _s.entry_id, _s.person, _s.body)
    .order_by(_s.entry_id)
    .limit(bindparam("limit"))
).subquery()
_n = _NUMBERED.c
_MOVE = Statement(
    insert(ledger_entry).from_select(
        ["leaf_index", "entry_id", "segment", "person", "body"],
        select(
            _n.leaf, _n.entry_id, _n.leaf.op("/")(literal_column(str(SEGMENT))), _n.person, _n.body
        ).order_by(_n.leaf),
    )
)
_MOVED = Statement(select(_e.body).where(_e.leaf_index >= bindparam("size")).order_by(_e.leaf_index))
_UNSTAGE = Statement(_unstaging)
_PARTIAL = Lookup(ledger_tile, by=("level", "tile_index"), take=("data",))
_PUT_TILE = Upsert(ledger_tile, by=["level", "tile_index"], update=["width", "data"])
_GROW = Statement(
    update(ledger_tree).values(
        size=bindparam("new_size"), edge=bindparam("edge"), note=bindparam("note"), at=bindparam("at")
    )
)
_PUT_CHECKPOINT = Upsert(ledger_checkpoint, by=["size"], update=["note", "at"])
_FORGET_CHECKPOINT = Statement(
    delete(ledger_checkpoint).where(
        ledger_checkpoint.c.size == bindparam("old_size"),
        ledger_checkpoint.c.cosigned == 0,
        ledger_checkpoint.c.at >= bindparam("hour"),
    )
)


def stage(tx: Transaction, entries: Sequence[Staged]) -> None:
    """Record entries in the transaction of the acts that they tell of.

    Args:
        tx: The acts' transaction: entries and acts happen together or not at all.
        entries: Entry id (of `new_id`), handle of the person or an empty text, and body, of each.

    Raises:
        InvalidInput: A body is longer than an entry may be.
        Conflict: An entry of this id is staged already.
    """
    for entry_id, _, body in entries:
        if len(body) > MAX_ENTRY:
            raise InvalidInput(f"The ledger entry {entry_id} has {len(body)} bytes, more than {MAX_ENTRY}.")
    tx.run_many(_STAGE, entries)


def staged_count(tx: Transaction) -> int:
    """How many entries wait to be put into the tree."""
    row = tx.row(_STAGED_COUNT)
    return row[0] if row else 0


class Sequencer:
    """Puts staged entries into the tree and signs the new head.

    Several may run, also in several processes: the database lets one at a time through.

    Args:
        database: The data database.
        signer: The log's key; its name is the origin of the checkpoints.
        clock: Tells when a checkpoint was made.
    """

    def __init__(self, database: Database, signer: Signer, clock: Clock) -> None:
        self._database = database
        self._signer = signer
        self._clock = clock
        self._trusted = ""

    def integrate(self, limit: int = BATCH) -> int:
        """Put up to `limit` staged entries into the tree; the first call also signs the empty tree.

        Returns:
            How many entries were put in.

        Raises:
            BadSignature: The tree's head was signed by another key.
            RootMismatch: The tree's head is not what was signed.
            Corrupt: The tables were written to in another way.
            Unavailable: The database takes no work now; nothing was done.
        """
        with self._database.snapshot() as tx:
            staged = tx.row(_ANY_STAGED)
            if tx.row(_HEAD) and not (staged and staged[0]):
                return 0
        try:
            with self._database.transaction() as tx:
                added, note = self._grow(tx, limit)
        except Conflict as error:
            raise Corrupt(
                "An entry is staged whose id or leaf is taken in the tree already.",
                mend="Somebody wrote to the database: run `troth ledger verify`, compare the staged rows.",
            ) from error
        self._trusted = note
        return added

    def flush(self) -> int:
        """Put everything into the tree that is staged at the time of the call; returns how many entries."""
        with self._database.snapshot() as tx:
            waiting = staged_count(tx)
        done = self.integrate()
        while 0 < done < waiting:
            added = self.integrate()
            if added == 0:
                break
            done += added
        return done

    def _grow(self, tx: Transaction, limit: int) -> tuple[int, str]:
        """Grow the tree in a transaction; returns how many entries it took and the signed head."""
        frontier, note = self._locked_tree(tx)
        size = frontier.size
        moved = tx.run(_MOVE, {"size": size, "limit": limit})
        bodies = [row[0] for row in tx.rows(_MOVED, {"size": size})]
        if len(bodies) != moved:
            raise Corrupt(
                f"Entries stand behind the end of the ledger's tree of {size} that nobody integrated.",
                mend="Somebody wrote to the database: run `troth ledger verify`.",
            )
        if not bodies and note:
            return 0, note
        tx.run(_UNSTAGE, {"size": size})
        leaves = [sha256(b"\x00" + body).digest() for body in bodies]
        _put_tiles(tx, size, frontier.append(leaves))
        add_counts(tx, bodies)
        return len(bodies), self._sign(tx, size, frontier)

    def _locked_tree(self, tx: Transaction) -> tuple[Frontier, str]:
        """The tree's right edge, held against other sequencers, and its signed head (empty at the beginning)."""
        row = tx.row(_LOCKED_TREE)
        if row is None:
            tx.run(_FIRST_TREE, (1, 0, b"", "", 0))
            row = tx.row(_LOCKED_TREE)
        if row is None:
            raise Corrupt("The ledger's tree has no head.", mend="Run `troth doctor`.")
        size, edge, note = row
        frontier = Frontier(size, split_hashes(edge))
        if note:
            self._check_head(frontier, note)
        return frontier, note

    def _check_head(self, frontier: Frontier, note: str) -> None:
        """Never sign on top of a head that this key did not sign."""
        if note == self._trusted:
            return
        checkpoint = open_checkpoint(note, self._signer.verifier)
        if (checkpoint.size, checkpoint.root) != (frontier.size, frontier.root):
            raise RootMismatch(
                f"The head of the ledger's tree is not the one that was signed at {checkpoint.size} entries.",
                mend="Somebody wrote to the database: run `troth ledger verify`.",
            )

    def _sign(self, tx: Transaction, old_size: int, frontier: Frontier) -> str:
        """Sign the new head; of the checkpoints of an hour only the last is kept, and those that are cosigned."""
        now = self._clock.now()
        at, hour = micros(now), micros(now.replace(minute=0, second=0, microsecond=0))
        note = self._signer.checkpoint(frontier.size, frontier.root)
        tx.run(_GROW, {"new_size": frontier.size, "edge": b"".join(frontier.edge), "note": note, "at": at})
        if old_size != frontier.size:
            tx.run(_FORGET_CHECKPOINT, {"old_size": old_size, "hour": hour})
        tx.run(_PUT_CHECKPOINT, (frontier.size, note, at, 0))
        return note


class SequencerThread:
    """Runs a sequencer in the background, every `interval` seconds while entries are staged.

    Staging needs no call here: several short batches would each wait for the disk. `wake` is for somebody who waits
    for a receipt; `flush` puts everything into the tree before it returns.

    Args:
        sequencer: What to run.
        interval: Seconds between two looks.
    """

    def __init__(self, sequencer: Sequencer, interval: float = INTERVAL_SECONDS) -> None:
        self._sequencer = sequencer
        self._interval = interval
        self._condition = threading.Condition()
        self._woken = False
        self._stopping = False
        self._thread: threading.Thread | None = None
        self.failure: TrothError | None = None

    def start(self) -> None:
        """Start the thread; a second start changes nothing."""
        if self._thread is None:
            self._stopping = False
            self._thread = threading.Thread(target=self._run, name="ledger-sequencer", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Put what is staged into the tree, and end the thread.

        Raises:
            TrothError: The last look could not integrate; its entries stay staged.
        """
        if self._thread is None:
            return
        with self._condition:
            self._stopping = True
            self._condition.notify()
        self._thread.join()
        self._thread = None
        if self.failure is not None:
            raise self.failure

    def wake(self) -> None:
        """Look now instead of at the end of the interval."""
        with self._condition:
            self._woken = True
            self._condition.notify()

    def flush(self) -> int:
        """See `Sequencer.flush`; runs in the calling thread."""
        return self._sequencer.flush()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        stopping, pause = False, self._interval
        while not stopping:
            with self._condition:
                if not (self._woken or self._stopping):
                    self._condition.wait(pause)
                self._woken = False
                stopping = self._stopping
            more = self._look(everything=stopping)
            pause = min(BREATH_SECONDS, self._interval) if more else self._interval

    def _look(self, *, everything: bool) -> bool:
        """Integrate, whatever happens: nobody above a thread could catch, and a dead one would stop the ledger.

        When it fails the entries stay staged and the next look tries again; `failure` and the log tell.

        Returns:
            Whether more entries are likely to wait.
        """
        try:
            done = self._sequencer.flush() if everything else self._sequencer.integrate()
        except Exception as error:  # noqa: BLE001  kept in `failure` and logged; the next look tries again
            if self.failure is None:
                _log.exception("ledger.sequencer_failed")
            self.failure = error if isinstance(error, TrothError) else _unforeseen(error)
            return False
        self.failure = None
        return done >= BATCH


def _unforeseen(error: Exception) -> Unavailable:
    failure = Unavailable(
        f"The ledger's sequencer failed ({type(error).__name__}); entries stay staged.", mend="Read the log."
    )
    failure.__cause__ = error
    return failure


def _put_tiles(tx: Transaction, size: int, grown: list[list[bytes]]) -> None:
    """Store the tiles that new nodes belong to.

    Args:
        tx: The sequencer's transaction.
        size: Leaves of the tree before the nodes were added.
        grown: New nodes by height.
    """
    rows: list[Row] = []
    for level, nodes in enumerate(grown[::TILE_HEIGHT]):
        tile, filled = divmod(size >> (TILE_HEIGHT * level), TILE_WIDTH)
        hashes = [*_partial(tx, level, tile, filled), *nodes]
        for at in range(0, len(hashes), TILE_WIDTH):
            part = hashes[at : at + TILE_WIDTH]
            rows.append((level, tile + at // TILE_WIDTH, len(part), b"".join(part)))
    tx.run_many(_PUT_TILE, rows)


def _partial(tx: Transaction, level: int, tile: int, filled: int) -> list[bytes]:
    if not filled:
        return []
    found = tx.lookup(_PARTIAL, [(level, tile)])
    if (level, tile) not in found:
        raise Corrupt(f"The ledger's tile {level}/{tile} is gone.", mend="Run `troth ledger verify`.")
    return split_hashes(found[level, tile][0])[:filled]
