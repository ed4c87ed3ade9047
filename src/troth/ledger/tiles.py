"""The tlog-tiles layout (C2SP tlog-tiles): which tiles a tree has, what they hold and where they lie.

A hash tile of level L holds up to 256 hashes of the complete subtrees of height 8 * L. An entry bundle holds the up to
256 entries of a level 0 tile, each behind its length in two bytes, most significant first.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Self

from troth.ledger.errors import MalformedNote
from troth.ledger.merkle import HASH_SIZE, node_hash

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
MAX_ENTRY = 0xFFFF
"""Greatest number of bytes of an entry: its length stands in two bytes."""
ENTRIES = -1
"""In place of a level: the tile is a bundle of entries."""
_MAX_LEVEL = 7  # trees of less than 2**63 leaves


class Tile(NamedTuple):
    """A tile's place: level (`ENTRIES` for a bundle), number in the level, and how many of its 256 places it fills."""

    level: int
    number: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Where it lies below the log's prefix."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        suffix = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{_index_path(self.number)}{suffix}"

    @property
    def full(self) -> Self:
        """The same tile when it has filled up."""
        return self._replace(width=TILE_WIDTH)

    @classmethod
    def parse(cls, path: str) -> Self:
        """The tile at a path.

        Raises:
            MalformedNote: No tile lies at such a path.
        """
        place, partial, width = path.partition(".p/")
        parts = place.split("/")
        if len(parts) < 3 or parts[0] != "tile" or (partial and not _is_decimal(width, 1, TILE_WIDTH - 1)):  # noqa: PLR2004
            raise MalformedNote(f"No tile lies at {path!r}.")
        if parts[1] != "entries" and not _is_decimal(parts[1], 0, _MAX_LEVEL):
            raise MalformedNote(f"No tile lies at {path!r}.")
        digits = "".join(part.removeprefix("x") for part in parts[2:])
        level = ENTRIES if parts[1] == "entries" else int(parts[1])
        sound = digits.isascii() and digits.isdigit() and len(digits) <= 18  # noqa: PLR2004
        if not sound or _index_path(int(digits)) != "/".join(parts[2:]):
            raise MalformedNote(f"No tile lies at {path!r}.")
        return cls(level, int(digits), int(width) if partial else TILE_WIDTH)


def tiles_of(size: int, *, entries: bool = True) -> Iterator[Tile]:
    """Every tile of the tree of `size` leaves: bundles first if wanted, then the levels from the leaves up."""
    levels = [ENTRIES] if entries else []
    level, count = 0, size
    while count:
        levels.append(level)
        level, count = level + 1, count >> TILE_HEIGHT
    for level in levels if size else ():
        yield from tiles_of_level(size, level)


def tiles_of_level(size: int, level: int) -> Iterator[Tile]:
    """The tiles of one level of the tree of `size` leaves, left to right."""
    count = size >> (TILE_HEIGHT * max(level, 0))
    for index in range(count >> TILE_HEIGHT):
        yield Tile(level, index)
    if count % TILE_WIDTH:
        yield Tile(level, count >> TILE_HEIGHT, count % TILE_WIDTH)


class TileReader:
    """Reads the hash of any complete subtree out of tiles; a `merkle.HashReader`.

    Args:
        size: Number of leaves of the tree whose tiles are read.
        load: Gives the bytes of a hash tile.
    """

    def __init__(self, size: int, load: Callable[[Tile], bytes]) -> None:
        self._size = size
        self._load = load
        self._known: dict[tuple[int, int], bytes] = {}

    def __call__(self, height: int, index: int) -> bytes:
        """Hash of the complete subtree at (height, index)."""
        level, above = divmod(height, TILE_HEIGHT)
        first = index << above
        data = self._tile(level, first >> TILE_HEIGHT)
        start = first % TILE_WIDTH
        row = split_hashes(data)[start : start + (1 << above)]
        while len(row) > 1:
            row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
        return row[0]

    def _tile(self, level: int, index: int) -> bytes:
        data = self._known.get((level, index))
        if data is None:
            width = min((self._size >> (TILE_HEIGHT * level)) - (index << TILE_HEIGHT), TILE_WIDTH)
            data = self._known[level, index] = self._load(Tile(level, index, width))
        return data


def split_hashes(data: bytes) -> list[bytes]:
    """The hashes of a tile."""
    return [data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)]


def to_bundle(bodies: Sequence[bytes]) -> bytes:
    """An entry bundle: each entry behind its length in two bytes."""
    return b"".join(len(body).to_bytes(2) + body for body in bodies)


def from_bundle(data: bytes) -> tuple[list[bytes], bool]:
    """The entries of a bundle, and whether they fill it exactly (a damaged bundle breaks off, or leaves a rest)."""
    bodies: list[bytes] = []
    at = 0
    while at + 2 <= len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2])
        if end > len(data):
            break
        bodies.append(data[at + 2 : end])
        at = end
    return bodies, at == len(data)


def _index_path(index: int) -> str:
    parts = [f"{index % 1000:03d}"]
    while index >= 1000:  # noqa: PLR2004  three digits a path element
        index //= 1000
        parts.append(f"x{index % 1000:03d}")
    return "/".join(reversed(parts))


def _is_decimal(text: str, least: int, most: int) -> bool:
    return text.isascii() and text.isdigit() and str(int(text)) == text and least <= int(text) <= most
