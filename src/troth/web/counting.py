"""Counts that go on while somebody looks at the page that asked: the first one of a process reads everybody."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Lock
from typing import NamedTuple

from troth.kernel import Unavailable
from troth.outreach import Size

_AT_ONCE = 2
_MOST = 100
_SOON_SECONDS = 1.0
Seen = Callable[[int, int], None]


class Going(NamedTuple):
    """How far a count is: parts read, of how many; 0 of 0 before that is known."""

    done: int
    of: int


class _Counting:
    def __init__(self) -> None:
        self.going = Going(0, 0)
        self.result: Future[Size] = Future()


class Counts:
    """Counts that were asked for at the console, by who asked and what for; in the memory of this process.

    A result is told once. Where more wait than fit, the ones asked for longest ago are given up.
    """

    def __init__(self) -> None:
        self._lock, self._ending = Lock(), False
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="troth-count")
        self._asked: dict[tuple[str, str], _Counting] = {}

    def ask(self, who: str, what: str, count: Callable[[Seen], Size]) -> None:
        """Begin a count and wait a moment for it; while the same one is under way no second one begins."""
        with self._lock:
            asked = self._asked.get((who, what))
            if asked is None or asked.result.done():
                asked = self._asked[who, what] = _Counting()
                asked.result = self._pool.submit(self._run, asked, count)
                while len(self._asked) > _MOST:
                    del self._asked[next(iter(self._asked))]
        wait([asked.result], _SOON_SECONDS)

    def _run(self, asked: _Counting, count: Callable[[Seen], Size]) -> Size:
        def seen(done: int, of: int) -> None:
            with self._lock:
                wanted = not self._ending and asked in self._asked.values()
            if not wanted:
                raise Unavailable("The count was given up.", mend="Count again.")
            asked.going = Going(done, of)

        return count(seen)

    def told(self, who: str, what: str) -> Size | Going | None:
        """The result of a count, how far it is, or that none was asked for.

        Raises:
            TrothError: What went wrong in it.
        """
        with self._lock:
            asked = self._asked.get((who, what))
            if asked is None:
                return None
            if not asked.result.done():
                return asked.going
            del self._asked[who, what]
        return asked.result.result()

    def end(self) -> None:
        """Let what is under way give up at the next part that it reads."""
        self._ending = True

    def close(self) -> None:
        """Give up what is under way, and end the threads."""
        self.end()
        self._pool.shutdown(cancel_futures=True)
