"""Checking a whole log with nothing but its files and its public key.

Every entry is hashed into the tree again. When that does not give the signed root, the stored hashes tell apart what
was changed: if they still add up to the signed root, the entries were; if they do not either, the first leaf at which
the two differ is named.
"""

from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from troth.ledger.errors import EntryAltered, Forked, RootMismatch, TileAltered, TileMissing, Truncated
from troth.ledger.merkle import Frontier, leaf_hash
from troth.ledger.note import Checkpoint
from troth.ledger.signing import Verifier, open_checkpoint
from troth.ledger.sources import Source, open_source, read_checkpoint, read_tile
from troth.ledger.tiles import (
    ENTRIES,
    TILE_HEIGHT,
    TILE_WIDTH,
    Tile,
    from_bundle,
    split_hashes,
    tiles_of_level,
)

_LOOK_AHEAD = 256
_RECOVER = "Restore the log from a copy, and compare the copy's checkpoint with a witness's."


class Verified(NamedTuple):
    """A log whose every entry is the one that its checkpoint signs."""

    origin: str
    size: int
    root: bytes


def verify_log(place: str | Path | Source, vkey: str, *, since: str | None = None) -> Verified:
    """Check every entry and every hash tile of a log against its signed checkpoint.

    Args:
        place: A folder with the layout, a web address, or a source.
        vkey: The log's verifier key.
        since: An earlier checkpoint of this log (its note) that the reader kept; the log must contain it.

    Raises:
        MalformedNote: The checkpoint or the key is malformed.
        BadSignature: The log did not sign the checkpoint.
        Truncated: Entries at the end are gone, or `since` is of a longer log.
        Forked: The log signed `since`, but does not contain it.
        TileMissing: A tile or bundle is gone.
        EntryAltered: An entry is not the signed one; `leaf` tells which.
        TileAltered: A hash tile was changed; the entries are the signed ones.
        RootMismatch: Neither the entries nor the hash tiles are those signed.
    """
    source, verifier = open_source(place), Verifier.parse(vkey)
    note = read_checkpoint(source)
    checkpoint = open_checkpoint(note, verifier)
    known = open_checkpoint(since, verifier) if since is not None else None
    if known and known.size > checkpoint.size:
        raise Truncated(
            f"The log shows {checkpoint.size} entries, but signed {known.size} before.",
            seen=since or "",
            shown=note,
            mend=_RECOVER,
        )
    old_root = _Check(source, checkpoint, note).run(known.size if known else 0)
    if known and old_root != known.root:
        raise Forked(
            f"The log signed two histories: its first {known.size} entries are not those that it signed before.",
            seen=since or "",
            shown=note,
            mend="Keep both checkpoints: together they prove it.",
        )
    return Verified(checkpoint.origin, checkpoint.size, checkpoint.root)


class _Check:
    """One pass over a log's entries and tiles."""

    def __init__(self, source: Source, checkpoint: Checkpoint, note: str) -> None:
        self._source = source
        self._checkpoint = checkpoint
        self._note = note
        self._leaf: int | None = None
        self._tile: Tile | None = None

    def run(self, old_size: int) -> bytes:
        """Check everything, and return the root that the tree had at an earlier size."""
        tree, old = _Regrowth(), Frontier()
        for tile in tiles_of_level(self._checkpoint.size, ENTRIES):
            leaves = self._leaves(tile)
            old.append(leaves[: max(old_size - old.size, 0)])
            for grown, hashes in tree.add(leaves):
                self._compare(grown, hashes)
        for grown, hashes in tree.rest():
            self._compare(grown, hashes)
        if tree.frontier.root != self._checkpoint.root:
            self._blame()
        if self._tile is not None:
            raise TileAltered(
                f"{self._tile.path} was altered; the entries are the signed ones.",
                mend="Export the tiles again.",
            )
        return old.root

    def _leaves(self, tile: Tile) -> list[bytes]:
        """Hashes of a bundle's entries.

        Raises:
            EntryAltered: The bundle does not hold as many entries as it should.
        """
        start = tile.number * TILE_WIDTH
        try:
            bodies, whole = from_bundle(read_tile(self._source, tile))
        except TileMissing as error:
            if self._goes_on_after(tile):
                raise
            raise self._truncated(start) from error
        leaves = [leaf_hash(body) for body in bodies]
        if whole and len(leaves) == tile.width:
            return leaves
        stored = split_hashes(read_tile(self._source, tile._replace(level=0)))
        at = _first_difference(leaves[: tile.width], stored)
        if whole and at == len(leaves) and start + tile.width == self._checkpoint.size:
            raise self._truncated(start + len(leaves))
        leaf = start + (tile.width if at is None else at)
        raise EntryAltered(f"{tile.path} was altered: it breaks at leaf {leaf}.", leaf=leaf, mend=_RECOVER)

    def _compare(self, tile: Tile, hashes: list[bytes]) -> None:
        """Remember the first place at which a stored tile differs from the entries' hashes."""
        at = _first_difference(hashes, split_hashes(read_tile(self._source, tile)))
        if at is None:
            return
        self._tile = self._tile or tile
        if tile.level == 0 and self._leaf is None:
            self._leaf = tile.number * TILE_WIDTH + at

    def _blame(self) -> None:
        """Say what is wrong when the entries do not give the signed root."""
        stored = Frontier()
        for tile in tiles_of_level(self._checkpoint.size, 0):
            stored.append(split_hashes(read_tile(self._source, tile)))
        if stored.root == self._checkpoint.root and self._leaf is not None:
            raise EntryAltered(
                f"The entry at leaf {self._leaf} is not the one that was signed.",
                leaf=self._leaf,
                mend=_RECOVER,
            )
        where = "" if self._leaf is None else f"; entries and hash tiles part at leaf {self._leaf}"
        raise RootMismatch(
            f"The {self._checkpoint.size} entries do not give the signed root{where}.", mend=_RECOVER
        )

    def _truncated(self, leaf: int) -> Truncated:
        return Truncated(
            f"The checkpoint signs {self._checkpoint.size} entries; those from leaf {leaf} on are gone.",
            shown=self._note,
            mend=_RECOVER,
        )

    def _goes_on_after(self, tile: Tile) -> bool:
        """Whether bundles follow a missing one: the next few and the last are tried, whatever size is claimed."""
        number, width = divmod(self._checkpoint.size - 1, TILE_WIDTH)
        last = Tile(ENTRIES, number, width + 1)
        following = [Tile(ENTRIES, number) for number in range(tile.number + 1, last.number)[:_LOOK_AHEAD]]
        return any(self._exists(later) for later in (*following, last) if later != tile)

    def _exists(self, tile: Tile) -> bool:
        try:
            read_tile(self._source, tile)
        except TileMissing:
            return False
        return True


class _Regrowth:
    """Makes the hash tiles of a tree again out of its leaves."""

    def __init__(self) -> None:
        self.frontier = Frontier()
        self._waiting: list[list[bytes]] = []
        self._made: list[int] = []

    def add(self, leaves: list[bytes]) -> list[tuple[Tile, list[bytes]]]:
        """The tiles that these leaves fill up."""
        full: list[tuple[Tile, list[bytes]]] = []
        for level, nodes in enumerate(self.frontier.append(leaves)[::TILE_HEIGHT]):
            if level == len(self._waiting):
                self._waiting.append([])
                self._made.append(0)
            self._waiting[level] += nodes
            while len(self._waiting[level]) >= TILE_WIDTH:
                full.append((Tile(level, self._made[level]), self._waiting[level][:TILE_WIDTH]))
                self._waiting[level] = self._waiting[level][TILE_WIDTH:]
                self._made[level] += 1
        return full

    def rest(self) -> list[tuple[Tile, list[bytes]]]:
        """The partial tiles at the end."""
        return [
            (Tile(level, self._made[level], len(hashes)), hashes)
            for level, hashes in enumerate(self._waiting)
            if hashes
        ]


def _first_difference(mine: list[bytes], theirs: list[bytes]) -> int | None:
    if mine == theirs:
        return None
    return next(at for at, (one, other) in enumerate(zip_longest(mine, theirs)) if one != other)
