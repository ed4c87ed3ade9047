"""Exporting the log as the static files of the tile layout, to be served, copied and verified by anybody."""

from pathlib import Path
from shutil import rmtree

from troth.ledger.errors import Forked, TileMissing, Truncated
from troth.ledger.files import write_atomically
from troth.ledger.note import Checkpoint
from troth.ledger.service import CHECKPOINT, TreeHead, resource, root_at, tree_head
from troth.ledger.sources import DirectorySource, read_checkpoint
from troth.ledger.tiles import ENTRIES, TILE_WIDTH, Tile, tiles_of
from troth.storage import Database, Transaction


def export_tiles(database: Database, folder: Path, *, entries: bool = True) -> TreeHead:
    """Write the log's files into a folder; what is there already and cannot change is left alone.

    Args:
        database: The data database.
        folder: The folder; made when missing.
        entries: Whether to write the entries too; without them the folder proves no content, only consistency.

    Returns:
        The head that was exported; its checkpoint is written last, once all its tiles are there.

    Raises:
        NotFound: The ledger has no checkpoint yet.
        Truncated: The folder holds a longer log.
        Forked: The folder holds another history.
        Unavailable: The folder cannot be written.
    """
    with database.snapshot() as tx:
        head = tree_head(tx)
        old_size = _exported_size(tx, folder, head)
        for tile in tiles_of(head.size, entries=entries):
            path = folder / tile.path
            if not (path.exists() and _is_covered(tile, old_size)):
                write_atomically(path, resource(tx, tile.path))
            partials = path.with_name(f"{path.name}.p")
            if tile.width == TILE_WIDTH and partials.is_dir():
                rmtree(partials)
        write_atomically(folder / CHECKPOINT, head.note.encode(), durable=True)
    return head


def _exported_size(tx: Transaction, folder: Path, head: TreeHead) -> int:
    """Size of the log that the folder holds, once it is known to be the beginning of this one."""
    try:
        note = read_checkpoint(DirectorySource(folder))
    except TileMissing:
        return 0
    exported = Checkpoint.of_note(note)
    if exported.size > head.size:
        raise Truncated(
            f"{folder} holds {exported.size} entries, the ledger only {head.size}.",
            seen=note,
            shown=head.note,
            mend="Keep the folder: it proves the loss. Export into another one.",
        )
    if root_at(tx, exported.size) != exported.root:
        raise Forked(
            f"{folder} holds another history than the ledger.",
            seen=note,
            shown=head.note,
            mend="Keep the folder: it proves the fork, or belongs to another log. Export into another one.",
        )
    return exported.size


def _is_covered(tile: Tile, size: int) -> bool:
    """Whether a tree of this size already had the tile as it is, so that its file holds the same bytes."""
    count = size >> (8 * max(tile.level, 0)) if tile.level != ENTRIES else size
    return count >= tile.number * TILE_WIDTH + tile.width
