"""Reading the ledger in a transaction: entries, a person's journal, proofs, receipts and the files of the tile layout."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, func, select

from troth.kernel import Corrupt, NotFound
from troth.ledger import merkle
from troth.ledger.errors import Forked, MalformedNote, StillStaged, TileMissing
from troth.ledger.model import Entry, decode_entry
from troth.ledger.note import Checkpoint, Note
from troth.ledger.receipt import Receipt
from troth.ledger.signing import Verifier, open_checkpoint
from troth.ledger.tables import (
    SEGMENT,
    ledger_checkpoint,
    ledger_entry,
    ledger_staged,
    ledger_tile,
    ledger_tree,
)
from troth.ledger.tiles import ENTRIES, MAX_ENTRY, TILE_WIDTH, Tile, TileReader, to_bundle
from troth.storage import Database, Lookup, Statement, Transaction, Upsert

CHECKPOINT = "checkpoint"
"""Path of the checkpoint in the tile layout."""
_PAGE = 1000
_SEGMENTS_AT_ONCE = 64

_e, _s, _t, _k = ledger_entry.c, ledger_staged.c, ledger_tree.c, ledger_checkpoint.c
_HEAD = Statement(select(_t.size, _t.note, _t.at))
_FIND = Statement(
    select(_e.leaf_index, _e.entry_id, _e.person, _e.body).where(_e.entry_id == bindparam("entry_id"))
)
_FIND_STAGED = Statement(select(_s.entry_id, _s.person, _s.body).where(_s.entry_id == bindparam("entry_id")))
_RANGE = Statement(
    select(_e.leaf_index, _e.entry_id, _e.person, _e.body)
    .where(_e.leaf_index >= bindparam("start"), _e.leaf_index < bindparam("end"))
    .order_by(_e.leaf_index)
)
_BODIES = Statement(
    select(_e.body)
    .where(_e.leaf_index >= bindparam("start"), _e.leaf_index < bindparam("end"))
    .order_by(_e.leaf_index)
)
_JOURNAL = Lookup(ledger_entry, by=("segment", "person"), take=("leaf_index",))
_LEAVES = Lookup(ledger_entry, by=("leaf_index",), take=("entry_id", "person", "body"))
_TILE = Lookup(ledger_tile, by=("level", "tile_index"), take=("data",))
_LAST_COSIGNED = Statement(select(func.max(_k.size)).where(_k.cosigned == 1))
_CHECKPOINT = Statement(select(_k.size, _k.note, _k.at).where(_k.size == bindparam("size")))
_CHECKPOINTS = Statement(select(_k.size, _k.note, _k.at).order_by(_k.size))
_PUT_COSIGNED = Upsert(ledger_checkpoint, by=["size"], update=["note", "cosigned"])


class Recorded(NamedTuple):
    """An entry with its place; a staged one has none yet."""

    leaf_index: int | None
    entry_id: str
    person: str
    body: bytes

    @property
    def entry(self) -> Entry:
        """What the entry says.

        Raises:
            Corrupt: It is in no known format.
        """
        return decode_entry(self.body)


class TreeHead(NamedTuple):
    """A signed head of the tree: size, root, the checkpoint note and when it was made (microseconds since 1970)."""

    size: int
    root: bytes
    note: str
    at: int


def tree_head(tx: Transaction) -> TreeHead:
    """The newest signed head.

    Raises:
        NotFound: Nothing was ever put into the tree.
    """
    row = tx.row(_HEAD)
    if row is None or not row[1]:
        raise NotFound("The ledger has no checkpoint yet.", mend="Start the sequencer (`troth serve`).")
    return _head(*row)


def checkpoints(tx: Transaction) -> list[TreeHead]:
    """The signed heads that are kept: the last of each hour, the newest, and those that a witness cosigned."""
    return [_head(*row) for row in tx.rows(_CHECKPOINTS)]


def entry(tx: Transaction, entry_id: str) -> Recorded:
    """An entry by its id, staged or in the tree.

    Raises:
        NotFound: There is none.
    """
    row = tx.row(_FIND, {"entry_id": entry_id})
    if row is not None:
        return Recorded(*row)
    staged = tx.row(_FIND_STAGED, {"entry_id": entry_id})
    if staged is None:
        raise NotFound("The ledger holds no entry of this id.", mend="Give the id that the act returned.")
    return Recorded(None, *staged)


def entries(tx: Transaction, start: int, end: int) -> list[Recorded]:
    """The entries at the leaves `start` to `end`, the latter excluded, in order; fewer at the end of the tree."""
    return [Recorded(*row) for row in tx.rows(_RANGE, {"start": start, "end": end})]


def journal(
    tx: Transaction,
    person: str,
    *,
    after: int = -1,
    before: int | None = None,
    limit: int = 100,
    newest: bool = False,
) -> list[Recorded]:
    """The entries that concern a person, oldest first; staged ones are not among them (`flush` first).

    Args:
        tx: A transaction.
        person: Handle of the person.
        after: Only leaves behind this one: the last leaf of the page before.
        before: Only leaves in front of this one, for pages from the newest back; None for all.
        limit: At most so many.
        newest: Whether to take the newest ones where there are more than `limit`, instead of the oldest.
    """
    row = tx.row(_HEAD)
    size = row[0] if row else 0
    end = size if before is None else min(before, size)
    segments = list(range((after + 1) // SEGMENT, (end - 1) // SEGMENT + 1))
    if newest:
        segments.reverse()
    found: list[int] = []
    for start in range(0, len(segments), _SEGMENTS_AT_ONCE):
        keys = [(segment, person) for segment in segments[start : start + _SEGMENTS_AT_ONCE]]
        for rows in tx.lookup_all(_JOURNAL, keys).values():
            found += [leaf for (leaf,) in rows if after < leaf < end]
        if len(found) >= limit:
            break
    found.sort()
    # Only now the entries themselves, so that a page takes no more than the page.
    leaves = found[max(len(found) - limit, 0) :] if newest else found[: max(limit, 0)]
    bodies = tx.lookup(_LEAVES, [(leaf,) for leaf in leaves])
    return [Recorded(leaf, *bodies[(leaf,)]) for leaf in leaves]


def whole_journal(database: Database, person: str) -> Iterator[Entry]:
    """Every entry that concerns a person, oldest first, read page by page; staged ones are not among them (`flush` first).

    Args:
        database: The data database; each page is a snapshot of its own.
        person: Handle of the person.
    """
    after = -1
    while True:
        with database.snapshot() as tx:
            page = journal(tx, person, after=after, limit=_PAGE)
        for one in page:
            yield one.entry
        if len(page) < _PAGE:
            return
        after = page[-1].leaf_index or 0


def inclusion_proof(tx: Transaction, leaf_index: int, size: int | None = None) -> list[bytes]:
    """The proof that a leaf stands in the tree of `size` leaves (by default the newest).

    Raises:
        BadProof: That tree has no such leaf.
        NotFound: There is no tree of this size yet.
    """
    size = _known_size(tx, size)
    return merkle.inclusion_proof(_reader(tx, size), leaf_index, size)


def consistency_proof(tx: Transaction, old: int, new: int | None = None) -> list[bytes]:
    """The proof that the tree of `old` leaves is the beginning of the one of `new` (by default the newest).

    Raises:
        BadProof: `old` is greater than `new`.
        NotFound: There is no tree of the size `new` yet.
    """
    new = _known_size(tx, new)
    return merkle.consistency_proof(_reader(tx, new), old, new)


def root_at(tx: Transaction, size: int) -> bytes:
    """Root of the tree when it had `size` leaves.

    Raises:
        NotFound: It has not so many.
    """
    return merkle.root_at(_reader(tx, _known_size(tx, size)), size)


def prove(tx: Transaction, entry_id: str, *, cosigned: bool = False) -> Receipt:
    """The receipt of an entry.

    Args:
        tx: A transaction.
        entry_id: The id that the act returned.
        cosigned: Whether to prove by the newest checkpoint that a witness cosigned.

    Raises:
        NotFound: There is no such entry, or no cosigned checkpoint.
        StillStaged: The entry is not in the tree (or not under a cosigned checkpoint) yet.
    """
    found = entry(tx, entry_id)
    head = _cosigned_head(tx) if cosigned else tree_head(tx)
    leaf = _leaf_under(found, head)
    proof = merkle.inclusion_proof(_reader(tx, head.size), leaf, head.size)
    return Receipt(leaf, found.body, tuple(proof), head.note)


def prove_all(tx: Transaction, found: Sequence[Recorded]) -> list[Receipt]:
    """The receipts of several entries, in order, all by the newest checkpoint; what they share is read once.

    Raises:
        NotFound: Nothing was ever put into the tree.
        StillStaged: One of them is not in the tree yet.
    """
    if not found:
        return []
    head = tree_head(tx)
    read = _reader(tx, head.size)
    receipts = []
    for one in found:
        leaf = _leaf_under(one, head)
        proof = merkle.inclusion_proof(read, leaf, head.size)
        receipts.append(Receipt(leaf, one.body, tuple(proof), head.note))
    return receipts


def keep_cosigned(tx: Transaction, note: str, log: Verifier, witness: Verifier) -> None:
    """Keep a checkpoint that a witness cosigned, with the signatures of other witnesses that are known for it.

    Args:
        tx: A write transaction.
        note: The cosigned note.
        log: Verifier of the log's own signature.
        witness: Verifier of the witness's.

    Raises:
        BadSignature: One of the two did not sign it.
        Forked: It is not a checkpoint of this tree.
        NotFound: The tree is not as long as the checkpoint.
    """
    checkpoint = open_checkpoint(note, log, witness)
    if root_at(tx, checkpoint.size) != checkpoint.root:
        raise Forked(
            f"The cosigned checkpoint of {checkpoint.size} entries is not of this tree, though the log signed it.",
            seen=note,
            shown=tree_head(tx).note,
            mend="Two copies of the ledger run under one key: stop one of them.",
        )
    known = tx.row(_CHECKPOINT, {"size": checkpoint.size})
    parsed = Note.parse(note)
    others = Note.parse(known[1]).signatures if known and Note.parse(known[1]).text == parsed.text else ()
    signatures = tuple(dict.fromkeys((*others, *parsed.signatures)))
    at = known[2] if known else tree_head(tx).at
    tx.run(_PUT_COSIGNED, (checkpoint.size, Note(parsed.text, signatures).to_text(), at, 1))


def resource(tx: Transaction, path: str) -> bytes:
    """A file of the tlog-tiles layout: `checkpoint`, `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`.

    Raises:
        NotFound: The log has no such file (yet).
    """
    if path == CHECKPOINT:
        return tree_head(tx).note.encode()
    try:
        tile = Tile.parse(path)
    except MalformedNote as error:
        raise NotFound(
            "The ledger has no such file.", mend="Ask for `checkpoint` or a tile of it."
        ) from error
    data = _bundle(tx, tile) if tile.level == ENTRIES else _tile(tx, tile)
    if data is None:
        raise NotFound("The ledger has no such tile yet.", mend="Ask for tiles of the newest checkpoint.")
    return data


class DatabaseSource:
    """Lets a log be verified straight from its database.

    Args:
        tx: A snapshot, for the whole time of the verification.
    """

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def read(self, path: str) -> bytes:
        """A file of the layout.

        Raises:
            TileMissing: The database does not hold it.
        """
        try:
            return resource(self._tx, path)
        except NotFound as error:
            raise TileMissing(f"The database does not hold {path}.") from error


def _bundle(tx: Transaction, tile: Tile) -> bytes | None:
    start = tile.number * TILE_WIDTH
    rows = tx.rows(_BODIES, {"start": start, "end": start + tile.width})
    return to_bundle([_as_stored(row[0]) for row in rows]) if len(rows) == tile.width else None


def _tile(tx: Transaction, tile: Tile) -> bytes | None:
    found = tx.lookup(_TILE, [(tile.level, tile.number)])
    data: bytes = found.get((tile.level, tile.number), (b"",))[0]
    wanted = tile.width * merkle.HASH_SIZE
    return data[:wanted] if len(data) >= wanted else None


def _reader(tx: Transaction, size: int) -> TileReader:
    def load(tile: Tile) -> bytes:
        data = _tile(tx, tile)
        if data is None:
            raise Corrupt(f"The ledger's {tile.path} is gone.", mend="Run `troth ledger verify`.")
        return data

    return TileReader(size, load)


def _known_size(tx: Transaction, size: int | None) -> int:
    newest = tree_head(tx).size
    if size is not None and not 0 <= size <= newest:
        raise NotFound(f"The ledger's tree has {newest} entries, not {size}.", mend="Give a smaller size.")
    return newest if size is None else size


def _cosigned_head(tx: Transaction) -> TreeHead:
    row = tx.row(_LAST_COSIGNED)
    found = tx.row(_CHECKPOINT, {"size": row[0]}) if row and row[0] is not None else None
    if found is None:
        raise NotFound("No witness has cosigned a checkpoint.", mend="Run `troth ledger watch`.")
    return _head(*found)


def _head(size: int, note: str, at: int) -> TreeHead:
    return TreeHead(size, Checkpoint.of_note(note).root, note, at)


def _leaf_under(found: Recorded, head: TreeHead) -> int:
    """The leaf of an entry that a checkpoint covers."""
    if found.leaf_index is None or found.leaf_index >= head.size:
        raise StillStaged(
            "The entry is recorded, but not yet under this checkpoint.",
            mend="Ask again in a second, or look with the witness first when it is to be cosigned.",
        )
    return found.leaf_index


def _as_stored(body: object) -> bytes:
    """A body as bytes of a length that a bundle can hold.

    SQLite keeps whatever somebody wrote there; the reader must find it altered, not stumble over it.
    """
    return (body if isinstance(body, bytes) else str(body).encode())[:MAX_ENTRY]
