"""The tree against the published vectors and against a second implementation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger import naive
from troth.ledger.errors import BadProof, RootMismatch
from troth.ledger.merkle import (
    EMPTY_ROOT,
    Frontier,
    HashReader,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_at,
    verify_consistency,
    verify_inclusion,
)

# The vectors of the Certificate Transparency project for RFC 6962 and RFC 9162: inputs, roots by size, proofs.
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    bytes.fromhex(text)
    for text in (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
N01 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"  # leaves 2 and 3
LEAF1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
LEAF4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
HALF = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"  # leaves 0 to 3
UPPER = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"  # leaves 4 to 7
PAIR4 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"  # leaves 4 and 5
PAIR6 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"  # leaves 6 and 7
FIRST2 = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
INCLUSION = [  # leaf, size, path
    (0, 1, []),
    (0, 8, [LEAF1, N01, UPPER]),
    (5, 8, [LEAF4, PAIR6, HALF]),
    (2, 3, [FIRST2]),
    (1, 5, ["6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", N01, LEAF4]),
]
CONSISTENCY = [  # old, new, path
    (1, 1, []),
    (1, 8, [LEAF1, N01, UPPER]),
    (6, 8, [PAIR4, PAIR6, HALF]),
    (2, 5, [N01, LEAF4]),
]


def reader(bodies: list[bytes]) -> HashReader:
    """Subtree hashes straight from the entries."""
    return lambda height, index: naive.mth(bodies[index << height : (index + 1) << height])


@pytest.mark.parametrize("size", range(9))
def test_roots_are_the_published_ones(size: int) -> None:
    """Growing a tree leaf by leaf, and reading it at a size, gives the published root."""
    frontier = Frontier()
    for body in INPUTS[:size]:
        frontier.append([leaf_hash(body)])
    assert frontier.root == ROOTS[size] == root_at(reader(INPUTS), size)


@pytest.mark.parametrize(("index", "size", "published"), INCLUSION)
def test_inclusion_proofs_are_the_published_ones(index: int, size: int, published: list[str]) -> None:
    """The published inclusion proofs are made and accepted."""
    proof = inclusion_proof(reader(INPUTS), index, size)
    assert [step.hex() for step in proof] == published
    verify_inclusion(leaf_hash(INPUTS[index]), index, size, proof, ROOTS[size])


@pytest.mark.parametrize(("old", "new", "published"), CONSISTENCY)
def test_consistency_proofs_are_the_published_ones(old: int, new: int, published: list[str]) -> None:
    """The published consistency proofs are made and accepted."""
    proof = consistency_proof(reader(INPUTS), old, new)
    assert [step.hex() for step in proof] == published
    verify_consistency(old, ROOTS[old], new, ROOTS[new], proof)


@pytest.mark.parametrize("size", range(1, 34))
def test_every_proof_of_small_trees_agrees_with_the_definition(size: int) -> None:
    """For every leaf and every pair of sizes the proofs equal the recursive definition's, and verify."""
    bodies = [bytes([number]) for number in range(size)]
    read, root = reader(bodies), naive.mth(bodies)
    for index in range(size):
        path = inclusion_proof(read, index, size)
        assert path == naive.path(index, bodies)
        verify_inclusion(leaf_hash(bodies[index]), index, size, path, root)
    for old in range(1, size + 1):
        proof = consistency_proof(read, old, size)
        assert proof == naive.proof(old, bodies)
        verify_consistency(old, naive.mth(bodies[:old]), size, root, proof)


@given(st.lists(st.integers(0, 40), max_size=12))
def test_a_tree_grown_in_batches_has_the_root_of_the_definition(batches: list[int]) -> None:
    """Whatever the batches, root and completed nodes are those of the recursive definition."""
    bodies: list[bytes] = []
    frontier = Frontier()
    nodes: dict[int, list[bytes]] = {}
    for count in batches:
        new = [b"entry %d" % (len(bodies) + number) for number in range(count)]
        bodies += new
        for height, row in enumerate(frontier.append([leaf_hash(body) for body in new])):
            nodes.setdefault(height, []).extend(row)
        frontier = Frontier(frontier.size, frontier.edge)
    assert (frontier.size, frontier.root) == (len(bodies), naive.mth(bodies))
    for height, row in nodes.items():
        width = 1 << height
        assert row == [naive.mth(bodies[at * width : (at + 1) * width]) for at in range(len(bodies) // width)]


@given(st.data())
def test_a_changed_inclusion_proof_is_refused(data: st.DataObject) -> None:
    """Any other leaf, index, size, root or step, or a step more or less, is refused."""
    size = data.draw(st.integers(2, 70))
    index = data.draw(st.integers(0, size - 1))
    bodies = [b"%d" % number for number in range(size)]
    leaf, root = leaf_hash(bodies[index]), naive.mth(bodies)
    path = naive.path(index, bodies)
    step = data.draw(st.integers(0, len(path) - 1))
    altered = [*path[:step], flip(path[step], data.draw(st.integers(0, 255))), *path[step + 1 :]]
    for attempt in (
        (leaf, index, size, altered, root),
        (leaf, index, size, path[:-1], root),
        (leaf, index, size, [*path, path[-1]], root),
        (leaf, index, size, path, flip(root, 3)),
        (flip(leaf, 9), index, size, path, root),
        (leaf, size, size, path, root),
        (leaf, -1, size, path, root),
        (leaf, data.draw(st.integers(0, size - 1).filter(lambda other: other != index)), size, path, root),
    ):
        with pytest.raises(BadProof):
            verify_inclusion(*attempt)


@given(st.data())
def test_a_changed_consistency_proof_is_refused(data: st.DataObject) -> None:
    """Any other root or step, or a step more or less, is refused."""
    new = data.draw(st.integers(2, 70))
    old = data.draw(st.integers(1, new - 1))
    bodies = [b"%d" % number for number in range(new)]
    old_root, new_root, proof = naive.mth(bodies[:old]), naive.mth(bodies), naive.proof(old, bodies)
    step = data.draw(st.integers(0, len(proof) - 1))
    altered = [*proof[:step], flip(proof[step], data.draw(st.integers(0, 255))), *proof[step + 1 :]]
    for attempt in (
        (old, old_root, new, new_root, altered),
        (old, old_root, new, new_root, proof[:-1]),
        (old, old_root, new, new_root, [*proof, proof[-1]]),
        (old, flip(old_root, 0), new, new_root, proof),
        (old, old_root, new, flip(new_root, 0), proof),
        (new, new_root, old, old_root, proof),
        (old, old_root, new, new_root, []),
    ):
        with pytest.raises(BadProof):
            verify_consistency(*attempt)


def test_trivial_consistency_is_checked_too() -> None:
    """Equal sizes need equal roots, an empty tree has the empty root, and neither takes a proof."""
    verify_consistency(0, EMPTY_ROOT, 3, ROOTS[3], [])
    verify_consistency(3, ROOTS[3], 3, ROOTS[3], [])
    for attempt in (
        (3, ROOTS[3], 3, ROOTS[4], []),
        (3, ROOTS[3], 3, ROOTS[3], [ROOTS[1]]),
        (0, ROOTS[1], 3, ROOTS[3], []),
    ):
        with pytest.raises(BadProof):
            verify_consistency(*attempt)


def test_proofs_of_what_does_not_exist_are_refused() -> None:
    """A leaf outside the tree and sizes out of order have no proof."""
    with pytest.raises(BadProof):
        inclusion_proof(reader(INPUTS), 8, 8)
    with pytest.raises(BadProof):
        consistency_proof(reader(INPUTS), 5, 3)


def test_a_leaf_is_no_node() -> None:
    """A leaf made of two hashes does not hash like the node above them."""
    left, right = leaf_hash(b"left"), leaf_hash(b"right")
    assert leaf_hash(left + right) != node_hash(left, right)


def test_a_frontier_wants_a_hash_for_each_subtree() -> None:
    """A frontier that does not fit its size is refused."""
    with pytest.raises(RootMismatch, match="2 edge hashes"):
        Frontier(3, [EMPTY_ROOT])


def flip(data: bytes, bit: int) -> bytes:
    """The bytes with one bit changed."""
    changed = bytearray(data)
    changed[bit // 8 % len(data)] ^= 1 << bit % 8
    return bytes(changed)
