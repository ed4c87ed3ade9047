"""A country database in the MaxMind DB format, version 2.0 (https://maxmind.github.io/MaxMind-DB/), as small as a test needs."""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, ip_network
from pathlib import Path
from typing import Any

_MARKER = b"\xab\xcd\xefMaxMind.com"
_GAP = bytes(16)
_BITS, _V4 = 128, 96
_TEXT, _UINT16, _UINT32, _MAP = 2, 5, 6, 7
_UINT64, _ARRAY = 9, 11
Node = list[Any]
"""Two branches, each a node, a country's code, or None."""


def write_country_database(path: Path, networks: Mapping[str, str]) -> None:
    """Write a database.

    Args:
        path: The file.
        networks: Country code (ISO 3166-1) of each network; none lies in another.
    """
    root: Node = [None, None]
    for network, code in networks.items():
        bits = list(_bits(network))
        node = root
        for bit in bits[:-1]:
            node[bit] = node[bit] or [None, None]
            node = node[bit]
        node[bits[-1]] = code
    nodes = list(_nodes(root))
    places = {id(node): number for number, node in enumerate(nodes)}
    data, offsets = b"", dict[str, int]()
    for code in dict.fromkeys(networks.values()):
        offsets[code] = len(data)
        data += _encoded({"country": {"iso_code": code}})
    count = len(nodes)
    tree = b""
    for branch in (branch for node in nodes for branch in node):
        if branch is None:
            number = count
        elif isinstance(branch, str):
            number = count + len(_GAP) + offsets[branch]
        else:
            number = places[id(branch)]
        tree += number.to_bytes(3, "big")
    about = {
        "node_count": (_UINT32, count),
        "record_size": (_UINT16, 24),
        "ip_version": (_UINT16, 6),
        "database_type": "Test-Country",
        "languages": ["en"],
        "binary_format_major_version": (_UINT16, 2),
        "binary_format_minor_version": (_UINT16, 0),
        "build_epoch": (_UINT64, 1_767_600_000),
        "description": {"en": "Countries for a test"},
    }
    path.write_bytes(tree + _GAP + data + _MARKER + _encoded(about))


def _bits(network: str) -> Iterator[int]:
    """The path of a network in the tree; version 4 lies in ::/96."""
    found = ip_network(network)
    length = found.prefixlen + (_V4 if isinstance(found, IPv4Network) else 0)
    number = int(found.network_address)
    for place in range(length):
        yield number >> (_BITS - 1 - place) & 1


def _nodes(root: Node) -> Iterator[Node]:
    waiting = [root]
    while waiting:
        node = waiting.pop(0)
        yield node
        waiting += [branch for branch in node if isinstance(branch, list)]


def _encoded(value: Any) -> bytes:
    if isinstance(value, str):
        content = value.encode()
        return _control(_TEXT, len(content)) + content
    if isinstance(value, dict):
        return _control(_MAP, len(value)) + b"".join(
            _encoded(key) + _encoded(one) for key, one in value.items()
        )
    if isinstance(value, list):
        return _control(_ARRAY, len(value)) + b"".join(map(_encoded, value))
    kind, number = int(value[0]), int(value[1])
    content = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return _control(kind, len(content)) + content


def _control(kind: int, size: int) -> bytes:
    """The byte, or two, before a value; sizes here are below 29."""
    assert size < 29
    return bytes([kind << 5 | size]) if kind < 8 else bytes([size, kind - 7])
