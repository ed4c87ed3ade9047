"""The tile layout against its specification and against a second implementation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger import naive
from troth.ledger.errors import MalformedNote
from troth.ledger.merkle import consistency_proof, inclusion_proof, root_at
from troth.ledger.tiles import ENTRIES, Tile, TileReader, from_bundle, tiles_of, to_bundle


def test_paths_are_the_specifications() -> None:
    """The examples of C2SP tlog-tiles: long indexes in parts, partial widths in a folder."""
    assert Tile(0, 1234067).path == "tile/0/x001/x234/067"
    assert Tile(ENTRIES, 273, 112).path == "tile/entries/273.p/112"
    assert Tile(2, 0, 1).path == "tile/2/000.p/1"


def test_the_specifications_tree_of_70000_has_its_tiles() -> None:
    """273 full and a partial tile of 112 at level 0, a full and one of 17 at level 1, one of 1 at level 2."""
    tiles = list(tiles_of(70_000, entries=False))
    assert sum(tile.level == 0 and tile.width == 256 for tile in tiles) == 273
    assert [tile for tile in tiles if tile.width < 256] == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert Tile(1, 0) in tiles


def test_a_tree_of_256_has_a_full_tile_and_one_above() -> None:
    """A tree of 256 has a full tile at level 0 and one of width 1 at level 1; the empty tree has none."""
    assert list(tiles_of(256, entries=False)) == [Tile(0, 0), Tile(1, 0, 1)]
    assert list(tiles_of(0)) == []


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 700, 1025])
def test_tiles_are_those_of_the_definition(size: int) -> None:
    """The same set of paths as the second implementation; roots and proofs read from its tiles are right."""
    bodies = [b"entry %d" % number for number in range(size)]
    files = naive.tile_files(bodies)
    assert {tile.path for tile in tiles_of(size)} == set(files)
    read = TileReader(size, lambda tile: files[tile.path])
    for part in {1, size // 3 or 1, size // 2 or 1, size}:
        assert root_at(read, part) == naive.mth(bodies[:part])
        assert consistency_proof(read, part, size) == naive.proof(part, bodies)
        assert inclusion_proof(read, part - 1, size) == naive.path(part - 1, bodies)


@given(st.integers(-1, 7), st.integers(0, 10**17), st.integers(1, 256))
def test_a_path_leads_back_to_its_tile(level: int, number: int, width: int) -> None:
    """A tile's path names that tile and no other."""
    tile = Tile(level, number, width)
    assert Tile.parse(tile.path) == tile
    assert tile.path.endswith(naive.name(number, width))


@pytest.mark.parametrize(
    "path",
    [
        "",
        "checkpoint",
        "tile/0",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/001",
        "tile/0/001/234",
        "tile/0/x001/x234",
        "tile/00/001",
        "tile/8/001",
        "tile/-1/001",
        "tile/other/001",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/0/001.p/01",
        "tile/0/001.p/",
        "tile/0/../001",
        "tile/0/\u0661\u0661\u0661",
        "tile/entries/" + "x999/" * 7 + "999",
        "/tile/0/001",
    ],
)
def test_other_paths_are_refused(path: str) -> None:
    """What is no path of the layout names no tile, so nothing outside can be read through it."""
    with pytest.raises(MalformedNote):
        Tile.parse(path)


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_a_bundle_gives_its_entries_back(bodies: list[bytes]) -> None:
    """Entries come out of a bundle as they went in; a bundle cut short says so."""
    bundle = to_bundle(bodies)
    assert from_bundle(bundle) == (bodies, True)
    if bundle:
        assert from_bundle(bundle[:-1]) == (bodies[:-1], False)
