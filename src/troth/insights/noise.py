"""Noise: the process that draws it, and how far from the truth it leads.

Bounds are worked out here from the scale alone, never from a true number.
"""

import json
import math
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from troth.kernel import Conflict, Unavailable

PROGRAM = Path(__file__).with_name("noise_process.py")
CERTAINTY = 0.95
SECONDS = 120.0
"""How long a release may take before its process is ended."""


class Vector(NamedTuple):
    """Sums by known keys.

    Args:
        values: The true sums; they leave this process for the one that draws the noise, and go nowhere else.
        l1: Most that one person or installation changes all of them together.
        epsilon: What their release costs.
    """

    values: Sequence[int]
    l1: int
    epsilon: float

    @property
    def scale(self) -> float:
        """Scale of its noise."""
        return self.l1 / self.epsilon

    def task(self) -> dict[str, Any]:
        """The task as the process reads it."""
        return {"kind": "vector", "values": list(self.values), "l1": self.l1, "epsilon": self.epsilon}


class Groups(NamedTuple):
    """Sums by keys that the data bring.

    Args:
        values: The true sums by key.
        l0: Most keys in which one person stands.
        l1: Most that he changes all of them together.
        li: Most that he changes any one of them.
        epsilon: What their release costs.
        delta: Chance that a key is shown which only one person has.
    """

    values: Mapping[str, int]
    l0: int
    l1: int
    li: int
    epsilon: float
    delta: float

    @property
    def scale(self) -> float:
        """Scale of its noise."""
        return self.l1 / self.epsilon

    def task(self) -> dict[str, Any]:
        """The task as the process reads it."""
        return {"kind": "map", **self._asdict(), "values": dict(self.values)}


class Noise:
    """The process, while runs need it.

    Args:
        program: The file that it runs.
    """

    def __init__(self, program: Path = PROGRAM) -> None:
        if find_spec("opendp") is None:
            raise Conflict(
                "Figures with noise need the extra `insights`, which is not installed.",
                mend="Install troth[insights].",
            )
        self._process = subprocess.Popen(  # noqa: S603  our own file, no shell
            [sys.executable, "-I", str(program)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )

    def release(self, parts: Sequence[Vector | Groups]) -> list[Any]:
        """Figures with noise: a list for each vector, a mapping by key for each set of groups.

        Raises:
            Unavailable: The process ended; what it cost stays spent.
        """
        pipes = self._process.stdin, self._process.stdout
        assert pipes[0] is not None
        assert pipes[1] is not None
        watch = threading.Timer(SECONDS, self._process.kill)
        watch.start()
        try:
            pipes[0].write(json.dumps([part.task() for part in parts]) + "\n")
            pipes[0].flush()
            line = pipes[1].readline()
        except OSError:
            line = ""
        finally:
            watch.cancel()
        if not line:
            raise Unavailable(
                "The process that draws the noise has ended; nothing is shown, and what the run cost stays spent.",
                mend="Run the report again. When it happens again, look whether OpenDP works on this machine.",
            )
        return [one["values"] for one in json.loads(line)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                _close(pipe)
        self._process.wait()


class Drawing:
    """The process that draws noise, kept while several runs follow each other: starting it takes longer than drawing.

    A run that failed leaves it to nobody: the next one gets a new process.
    """

    def __init__(self) -> None:
        self._noise: Noise | None = None

    def noise(self) -> Noise:
        """The process; begun when there is none.

        Raises:
            Conflict: What it needs is not installed.
        """
        self._noise = self._noise or Noise()
        return self._noise

    def end(self) -> None:
        """End the process, where there is one."""
        noise, self._noise = self._noise, None
        if noise is not None:
            noise.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()


def _close(pipe: Any) -> None:
    """Close a pipe; what could not be written to a process that has ended is lost anyway."""
    try:
        pipe.close()
    except OSError:
        return


def noise_bound(scale: float, certainty: float = CERTAINTY) -> int:
    """The least whole number that discrete Laplace noise of a scale stays within, with a certainty.

    The chance to be further away than b is 2 a^(b+1) / (1 + a), with a = exp(-1 / scale).
    """
    alpha = math.exp(-1 / scale)
    bound = math.log((1 - certainty) * (1 + alpha) / 2) / math.log(alpha) - 1
    return max(0, math.ceil(bound - 1e-9))


class Blur(NamedTuple):
    """Randomised response of `kinds` values at an epsilon: the true one is told with the chance `same`, each other with `other`."""

    same: float
    other: float
    kinds: int

    def true(self, told: Sequence[int]) -> list[float]:
        """How many gave each value, worked out from how many told it."""
        everybody = sum(told)
        return [(one - everybody * self.other) / (self.same - self.other) for one in told]

    def bound(self, told: Sequence[int], scale: float) -> int:
        """How far from the truth that is at most, at 95 %: half of the risk is the senders' chance, half is our noise."""
        half = (1 - CERTAINTY) / 2
        drawn = noise_bound(scale, 1 - half / self.kinds)
        everybody = max(0, sum(told)) + drawn * self.kinds
        spread = max(self.same * (1 - self.same), self.other * (1 - self.other))
        by_chance = TWO_SIDED * math.sqrt(everybody * spread)
        by_noise = drawn * (1 - self.other + self.other * (self.kinds - 1))
        return math.ceil((by_chance + by_noise) / (self.same - self.other))


TWO_SIDED = 2.2414027276049473
"""Standard deviations that a normal deviate stays within with a certainty of 97.5 %."""


def blur_of(epsilon: float, kinds: int) -> Blur:
    """K-ary randomised response at an epsilon. Source: Kairouz, Bonawitz, Ramage 2016."""
    weight = math.exp(epsilon)
    return Blur(weight / (weight + kinds - 1), 1 / (weight + kinds - 1), kinds)
