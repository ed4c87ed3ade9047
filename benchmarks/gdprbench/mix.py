"""The records and the four mixes of operations; both sides are given the very same operations.

A record is known by its number n. Its user is n % users, and every metadata class divides the number of users, so that
all records of a user share them. Each operation belongs to one purpose class or one user, and each class or user to one
thread: what a thread does is therefore seen by no other thread, and an oracle can say exactly what every answer must be.
"""

from bisect import bisect
from collections.abc import Callable, Iterator
from itertools import accumulate
from random import Random
from typing import NamedTuple

PURPOSES = 25
OBJECTIONS = 100
DECISIONS = 2
CATEGORIES = 10
SHARES = 50
TERMS = 1_000
ACCESS = 5
SOURCES = 5
PER_USER = 10
SLOTS = 16
_ZIPF = 0.99
WORKLOADS = ("processor", "customer", "regulator", "controller")
"""In the order in which they run over one load: what only reads goes before what deletes most."""


class Meta(NamedTuple):
    """The metadata of a record that the mix selects by or changes."""

    pur: int
    ttl: int
    obj: int
    dec: int
    acl: int
    shr: int
    src: int


class Operation(NamedTuple):
    """One operation: its name, the record that it starts from and, where it writes, what."""

    name: str
    key: int
    value: int = 0


def meta_of(key: int) -> Meta:
    """The metadata that a record is made with."""
    pur, shr = key % PURPOSES, key % SHARES
    return Meta(pur, key % TERMS, key % OBJECTIONS, key % DECISIONS, pur % ACCESS, shr, shr % SOURCES)


def data_of(key: int, version: int = 0) -> str:
    """The data of a record: 100 characters that tell record and version."""
    return f"{key:08d}.{version:08d}.".ljust(100, "x")


def operations(workload: str, records: int, count: int, seed: int = 20) -> list[Operation]:
    """The operations of a workload, in order."""
    random = Random(f"{workload}{seed}")
    zipf = _zipf(records, random)

    def uniform() -> int:
        return random.randrange(records)

    made: Callable[[], Operation] = {
        "controller": lambda: _controller(random, uniform),
        "customer": lambda: _customer(random, zipf),
        "processor": lambda: _processor(random, uniform, zipf),
        "regulator": lambda: _regulator(random, zipf),
    }[workload]
    fresh = iter(range(records, records + count))
    return [_numbered(made(), fresh) for _ in range(count)]


def parts(workload: str, records: int, todo: list[Operation], threads: int) -> list[list[Operation]]:
    """The operations of each thread."""
    users = records // PER_USER
    dealt: list[list[Operation]] = [[] for _ in range(threads)]
    for operation in todo:
        owner = operation.key % (PURPOSES if workload == "controller" else users)
        dealt[owner % threads].append(operation)
    return dealt


def _numbered(operation: Operation, fresh: Iterator[int]) -> Operation:
    return operation._replace(key=next(fresh)) if operation.name == "create" else operation


def _controller(random: Random, uniform: Callable[[], int]) -> Operation:
    kind = random.choice(("create", "delete", "update", "update"))
    if kind == "create":
        return Operation("create", 0)
    if kind == "delete":
        return Operation(random.choice(("delete-by-pur", "delete-by-ttl", "delete-by-usr")), uniform())
    name = random.choice(("update-meta-by-pur", "update-meta-by-usr", "update-meta-by-shr"))
    most = {"update-meta-by-pur": ACCESS, "update-meta-by-usr": OBJECTIONS, "update-meta-by-shr": SOURCES}
    return Operation(name, uniform(), random.randrange(most[name]))


def _customer(random: Random, zipf: Callable[[], int]) -> Operation:
    name = random.choice(
        ("read-data-by-usr", "read-meta-by-key", "update-data-by-key", "update-meta-by-key", "delete-by-key")
    )
    most = {"update-data-by-key": 1_000_000, "update-meta-by-key": DECISIONS}.get(name, 1)
    return Operation(name, zipf(), random.randrange(most))


def _processor(random: Random, uniform: Callable[[], int], zipf: Callable[[], int]) -> Operation:
    if random.random() < 0.8:
        return Operation("read-data-by-key", zipf())
    return Operation(random.choice(("read-data-by-pur", "read-data-by-obj", "read-data-by-dec")), uniform())


def _regulator(random: Random, zipf: Callable[[], int]) -> Operation:
    (name,) = random.choices(("read-meta-by-usr", "read-logs", "verify-deletion"), (46, 31, 23))
    return Operation(name, zipf())


def _zipf(records: int, random: Random) -> Callable[[], int]:
    """Record numbers by Zipf's law, the popular ones scattered (YCSB's scrambled generator does the same)."""
    weights = list(accumulate(1 / rank**_ZIPF for rank in range(1, records + 1)))
    order = list(range(records))
    random.shuffle(order)
    return lambda: order[bisect(weights, random.random() * weights[-1])]
