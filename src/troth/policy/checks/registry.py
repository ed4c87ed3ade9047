"""The named registry of checks. A check looks at a draft and yields what is wrong; every finding blocks."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from troth.policy.draft import Draft
from troth.policy.model import Finding

CheckFunction = Callable[[Draft], Iterator[Finding]]


class Check(NamedTuple):
    """One blocking check.

    Args:
        name: Its stable name, as findings show it.
        meaning: What it refuses, for the documentation.
        run: Yields the findings of a draft.
    """

    name: str
    meaning: str
    run: CheckFunction


def registry(*groups: Iterable[Check]) -> Mapping[str, Check]:
    """Checks by name.

    Raises:
        ValueError: Two checks have one name.
    """
    checks: dict[str, Check] = {}
    for check in (check for group in groups for check in group):
        if check.name in checks:
            msg = f"two checks are called {check.name}"
            raise ValueError(msg)
        checks[check.name] = check
    return MappingProxyType(checks)
