"""Addresses that wait apart from the people whose they are to become or were."""

from collections.abc import Sequence

from troth.kernel import Clock, micros
from troth.storage import Database
from troth.vault import begin_erasure, moves_of


def begin_moves(database: Database, clock: Clock, persons: Sequence[str]) -> list[str]:
    """Begin to erase the addresses that wait apart from the people who are erased: new ones, and old ones to be told."""
    with database.reading() as tx:
        found = moves_of(tx, persons)
    if found:
        with database.transaction() as tx:
            for submission in found:
                begin_erasure(tx, submission, micros(clock.now()))
    return found
