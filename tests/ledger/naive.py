"""A second implementation of the tree, written from the recursive definitions of RFC 9162 and nothing else.

It shares no code with the product and is as slow as the definitions are.
"""

import hashlib


def split(count: int) -> int:
    """The largest power of two smaller than the count."""
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def mth(bodies: list[bytes]) -> bytes:
    """Merkle tree hash of a list of entries."""
    if not bodies:
        return hashlib.sha256().digest()
    if len(bodies) == 1:
        return hashlib.sha256(b"\x00" + bodies[0]).digest()
    k = split(len(bodies))
    return hashlib.sha256(b"\x01" + mth(bodies[:k]) + mth(bodies[k:])).digest()


def path(m: int, bodies: list[bytes]) -> list[bytes]:
    """PATH(m, D_n): inclusion proof."""
    if len(bodies) == 1:
        return []
    k = split(len(bodies))
    if m < k:
        return [*path(m, bodies[:k]), mth(bodies[k:])]
    return [*path(m - k, bodies[k:]), mth(bodies[:k])]


def proof(m: int, bodies: list[bytes]) -> list[bytes]:
    """PROOF(m, D_n): consistency proof."""
    return subproof(m, bodies, whole=True)


def subproof(m: int, bodies: list[bytes], *, whole: bool) -> list[bytes]:
    """SUBPROOF(m, D_n, b)."""
    if m == len(bodies):
        return [] if whole else [mth(bodies)]
    k = split(len(bodies))
    if m <= k:
        return [*subproof(m, bodies[:k], whole=whole), mth(bodies[k:])]
    return [*subproof(m - k, bodies[k:], whole=False), mth(bodies[:k])]


def tile_files(bodies: list[bytes]) -> dict[str, bytes]:
    """Every file of the tlog-tiles layout, by path, from the definition of a tile."""
    files: dict[str, bytes] = {}
    size = len(bodies)
    for number in range(0, size, 256):
        part = bodies[number : number + 256]
        files["tile/entries/" + name(number // 256, len(part))] = b"".join(
            len(body).to_bytes(2, "big") + body for body in part
        )
    level = 0
    while (count := size // 256**level) > 0:
        hashes = [mth(bodies[i * 256**level : (i + 1) * 256**level]) for i in range(count)]
        for number in range(0, count, 256):
            part = hashes[number : number + 256]
            files[f"tile/{level}/" + name(number // 256, len(part))] = b"".join(part)
        level += 1
    return files


def name(number: int, width: int) -> str:
    """The path elements of a tile's number, with the width of a partial one."""
    digits = str(number)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    text = "/".join(["x" + part for part in parts[:-1]] + parts[-1:])
    return text if width == 256 else f"{text}.p/{width}"
