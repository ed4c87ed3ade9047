"""Merkle trees as RFC 9162 section 2.1 (and RFC 6962 before it) defines them, with SHA-256.

Pure functions. A *subtree* here is always complete and aligned: `(height, index)` covers the leaves
`index * 2**height` to `(index + 1) * 2**height`. Every node that a proof needs is either such a subtree or is folded
from a few of them, so a tree is read through a function from `(height, index)` to a hash.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from troth.ledger.errors import BadProof, RootMismatch

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()

HashReader = Callable[[int, int], bytes]
"""Gives the hash of the complete subtree at (height, index)."""


def leaf_hash(body: bytes) -> bytes:
    """Hash of a leaf (RFC 9162, 2.1.1): the prefix 0x00 keeps it apart from a node."""
    return sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node (RFC 9162, 2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


def peaks(start: int, end: int) -> list[tuple[int, int]]:
    """The fewest complete subtrees that cover the leaves `start` to `end`, from left to right.

    Args:
        start: First leaf; a multiple of the greatest power of two below `end - start`.
        end: One past the last leaf.
    """
    found: list[tuple[int, int]] = []
    while start < end:
        height = (end - start).bit_length() - 1
        found.append((height, start >> height))
        start += 1 << height
    return found


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over neighbouring subtrees of falling height; of none, the root of the empty tree."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def root_at(read: HashReader, size: int) -> bytes:
    """Root of the tree of the first `size` leaves."""
    return _range_hash(read, 0, size)


def inclusion_proof(read: HashReader, index: int, size: int) -> list[bytes]:
    """The inclusion path of a leaf, from its sibling up (RFC 9162, 2.1.3.1).

    Raises:
        BadProof: The tree of this size has no such leaf.
    """
    if not 0 <= index < size:
        raise BadProof(f"A tree of {size} leaves has no leaf {index}.", mend="Ask for a leaf that exists.")
    start, end = 0, size
    path: list[bytes] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_hash(read, middle, end))
            end = middle
        else:
            path.append(_range_hash(read, start, middle))
            start = middle
    return path[::-1]


def consistency_proof(read: HashReader, old: int, new: int) -> list[bytes]:
    """The proof that the tree of `old` leaves is the beginning of the tree of `new` (RFC 9162, 2.1.4.1).

    Raises:
        BadProof: The sizes are not in order.
    """
    if not 0 <= old <= new:
        raise BadProof(f"No proof leads from {old} leaves to {new}.", mend="Give the smaller size first.")
    if old in (0, new):
        return []
    start, end, whole = 0, new, True
    path: list[bytes] = []
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_range_hash(read, middle, end))
            end = middle
        else:
            path.append(_range_hash(read, start, middle))
            start, whole = middle, False
    if not whole:
        path.append(_range_hash(read, start, end))
    return path[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that a leaf stands at an index of a tree (RFC 9162, 2.1.3.2).

    Args:
        leaf: Hash of the leaf.
        index: Its index, from 0.
        size: Number of leaves of the tree.
        proof: The inclusion path.
        root: The tree's root.

    Raises:
        BadProof: It does not.
    """
    if not 0 <= index < size:
        raise BadProof(f"Leaf {index} lies outside the tree of {size} leaves.")
    found, node, last = leaf, index, size - 1
    for sibling in proof:
        if last == 0:
            raise BadProof(f"The inclusion proof of leaf {index} is longer than the tree is high.")
        if node & 1 or node == last:
            found = node_hash(sibling, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise BadProof(f"The inclusion proof of leaf {index} is shorter than the tree is high.")
    if found != root:
        raise BadProof(
            f"Leaf {index} is not part of the tree of {size} leaves that was signed.",
            mend="Compare the receipt with a fresh one of the same entry.",
        )


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that a tree grew out of an earlier one without changing it (RFC 9162, 2.1.4.2).

    Raises:
        BadProof: It did not, or the proof has the wrong length.
    """
    if old > new:
        raise BadProof(f"A tree of {new} leaves did not grow out of one of {old}.")
    if old in (0, new):
        _verify_trivial(old, old_root, new, new_root, proof)
        return
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise BadProof(f"The consistency proof from {old} to {new} leaves is empty.")
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise BadProof(f"The consistency proof from {old} to {new} leaves is too long.")
        if node & 1 or node == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        node, last = node >> 1, last >> 1
    if last != 0 or first != old_root or second != new_root:
        raise BadProof(f"The tree of {new} leaves did not grow out of the tree of {old} leaves.")


def _verify_trivial(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    if proof:
        raise BadProof(f"From {old} to {new} leaves there is nothing to prove, yet a proof was given.")
    if old == new and old_root != new_root:
        raise BadProof(f"Two trees of {new} leaves have different roots.")
    if old == 0 and old_root != EMPTY_ROOT:
        raise BadProof("The root of an empty tree is not the hash of nothing.")


class Frontier:
    """The right edge of a growing tree: one hash for each complete subtree, which is all that appending needs.

    Args:
        size: Number of leaves so far.
        edge: Hashes of the complete subtrees, left to right (falling height), one for each set bit of `size`.

    Raises:
        RootMismatch: There are not as many hashes as the size needs.
    """

    __slots__ = ("_edge", "size")

    def __init__(self, size: int = 0, edge: Sequence[bytes] = ()) -> None:
        heights = [height for height, _ in peaks(0, size)]
        if len(heights) != len(edge):
            raise RootMismatch(
                f"A tree of {size} leaves has {len(heights)} edge hashes, not {len(edge)}.",
                mend="Run `troth ledger verify`.",
            )
        self.size = size
        self._edge = dict(zip(heights, edge, strict=True))

    @property
    def edge(self) -> list[bytes]:
        """Hashes of the complete subtrees, left to right."""
        return [self._edge[height] for height in sorted(self._edge, reverse=True)]

    @property
    def root(self) -> bytes:
        """Root of the tree as it stands."""
        return fold(self.edge)

    def append(self, leaves: Iterable[bytes]) -> list[list[bytes]]:
        """Add leaves and return the nodes that became complete: a list for each height, from the leaves up.

        Args:
            leaves: Hashes of the leaves, in order.
        """
        row = list(leaves)
        self.size += len(row)
        grown: list[list[bytes]] = []
        height = 0
        edge = self._edge
        while row:
            grown.append(row)
            pending = edge.pop(height, None)
            paired = row if pending is None else [pending, *row]
            if len(paired) & 1:
                edge[height] = paired[-1]
            nodes = b"".join(paired)
            row = [
                sha256(b"\x01" + nodes[at : at + 64]).digest() for at in range(0, len(nodes) - HASH_SIZE, 64)
            ]
            height += 1
        return grown


def _split(count: int) -> int:
    """The greatest power of two below a count of two or more."""
    return 1 << ((count - 1).bit_length() - 1)


def _range_hash(read: HashReader, start: int, end: int) -> bytes:
    return fold([read(height, index) for height, index in peaks(start, end)])
