"""Terms are dotted keys; a key covers itself and every key below it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

VOCABULARY = "fideslang 3.1.4"


@dataclass(frozen=True, slots=True)
class Terms:
    """One closed list of terms, such as all data categories of a policy.

    Args:
        noun: What a term is called in messages, e.g. "data category".
        keys: All keys.
    """

    noun: str
    keys: frozenset[str]

    def below(self, key: str) -> frozenset[str]:
        """The key and all known keys under it."""
        prefix = key + "."
        return frozenset(k for k in self.keys if k == key or k.startswith(prefix))

    def with_own(self, own: Iterable[str]) -> "Terms":
        """These terms and the company's own."""
        return Terms(self.noun, self.keys | frozenset(own))


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
        "data_categories": Terms("data category", frozenset(listed["data_categories"])),
        "data_uses": Terms("data use", frozenset(listed["data_uses"])),
        "data_subjects": Terms("data subject", frozenset(listed["data_subjects"])),
    }
