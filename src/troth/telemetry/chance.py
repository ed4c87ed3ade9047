"""Randomised response: a chance, drawn once a week, decides whether the true answer goes out or another.

With k answers and epsilon e, the truth goes out with probability exp(e) / (exp(e) + k - 1), and each other answer with
1 / (exp(e) + k - 1). Nobody can tell from a report what is true, only from many of them how often it is.
Source: Kairouz, Bonawitz and Ramage, Discrete distribution estimation under local privacy (k-ary randomised response).
"""

import os
from collections.abc import Callable
from math import exp

_STEPS = 2**53
Below = Callable[[int], int]
"""Draws a whole number from 0, below a bound; `below` unless a test gives another."""


def below(bound: int) -> int:
    """A whole number from 0, below a bound, all alike, from the system's source of randomness.

    The same as `secrets.randbelow`, which would load OpenSSL (4 MB) into a product that may need none.
    """
    bits = (bound - 1).bit_length()
    while True:
        drawn = int.from_bytes(os.urandom((bits + 7) // 8), "big") >> -bits % 8
        if drawn < bound:
            return drawn


def truth_probability(epsilon: float, answers: int) -> float:
    """How likely the true answer goes out."""
    return exp(epsilon) / (exp(epsilon) + answers - 1)


def draw(epsilon: float, answers: int, source: Below = below) -> int:
    """How many places further on the answer lies that goes out; 0 for the true one."""
    if source(_STEPS) < truth_probability(epsilon, answers) * _STEPS:
        return 0
    return 1 + source(answers - 1)


def blurred(answers: tuple[str | bool, ...], true: object, places: int) -> str | bool:
    """The answer that goes out."""
    return answers[(answers.index(true) + places) % len(answers)]
