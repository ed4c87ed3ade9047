"""Stores that crash where a test wants it: before a commit or a scrub, with everything before it on disk."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from tests.vault.stand import Stand
from troth.storage import Database, Transaction


class Crash(BaseException):
    """The process ends here; nothing in Troth may catch it."""


class Fuse:
    """Lets a number of steps pass, then crashes."""

    def __init__(self) -> None:
        self.left = -1

    def burn(self) -> None:
        """One step."""
        if self.left == 0:
            raise Crash
        self.left -= 1


class Crashing:
    """A store whose write transactions and scrubs are steps of a fuse."""

    def __init__(self, inner: Database, fuse: Fuse) -> None:
        self._inner, self._fuse = inner, fuse

    def transaction(self) -> AbstractContextManager[Transaction]:
        """See `Database.transaction`."""
        self._fuse.burn()
        return self._inner.transaction()

    def scrub(self) -> None:
        """See `Database.scrub`."""
        self._fuse.burn()
        self._inner.scrub()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def crashes(stand: Stand, step: int, work: Callable[[Stand], object]) -> bool:
    """Do work over the same stores, which crash before a step (the first is 0); tells whether they did."""
    fuse = Fuse()
    data: Any = Crashing(stand.data, fuse)
    keystore: Any = Crashing(stand.keystore, fuse)
    doomed = Stand(data, keystore, stand.root)
    fuse.left = step
    try:
        work(doomed)
    except Crash:
        return True
    return False
