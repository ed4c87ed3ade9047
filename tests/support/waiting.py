"""Waiting on a condition, with a bound."""

import threading
import time
from collections.abc import Callable


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 60.0, every: float = 0.02) -> None:
    """Look at a condition again and again until it holds.

    Args:
        condition: True when there is nothing more to wait for; what it raises comes out.
        what: The condition in words, for the error.
        seconds: How long to wait at most.
        every: Seconds between two looks.

    Raises:
        TimeoutError: The condition did not come to hold in time.
    """
    end = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"Waited {seconds:g} s in vain: {what}.")
        pause.wait(every)
