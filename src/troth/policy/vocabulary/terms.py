"""Terms are dotted keys; a key covers itself and every key below it."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

VOCABULARY = "fideslang 3.1.4"


class Terms:
    """One closed list of terms, such as all data categories of a policy.

    Args:
        noun: What a term is called in messages, e.g. "data category".
        keys: All keys.
    """

    __slots__ = ("_below", "keys", "noun")

    def __init__(self, noun: str, keys: Iterable[str]) -> None:
        self.noun = noun
        self.keys = frozenset(keys)
        below: dict[str, set[str]] = {}
        for key in self.keys:
            for above in lineage(key):
                below.setdefault(above, set()).add(key)
        self._below = {key: frozenset(terms) for key, terms in below.items()}

    def below(self, key: str) -> frozenset[str]:
        """The key and all known keys under it."""
        return self._below.get(key, frozenset())

    def with_own(self, own: Iterable[str]) -> "Terms":
        """These terms and the company's own."""
        return Terms(self.noun, {*self.keys, *own})


def lineage(key: str) -> tuple[str, ...]:
    """The key and each key above it, nearest first: "a.b.c" gives ("a.b.c", "a.b", "a")."""
    parts = key.split(".")
    return tuple(".".join(parts[:length]) for length in range(len(parts), 0, -1))


@cache
def standard_terms() -> Mapping[str, Terms]:
    """The vocabulary's own terms: data_categories, data_uses, data_subjects."""
    text = files("troth.policy.vocabulary").joinpath("fideslang.json").read_text(encoding="utf-8")
    listed = json.loads(text)
    return {
        "data_categories": Terms("data category", listed["data_categories"]),
        "data_uses": Terms("data use", listed["data_uses"]),
        "data_subjects": Terms("data subject", listed["data_subjects"]),
    }
