"""What a forum is in a policy, and what a posting is. Pure."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from troth.policy import Point, Policy

PUBLIC = "user.content.public"
AUTHOR = "user.account.username"
SHOWN = 25
"""Postings on a page of the list."""


class Forum(NamedTuple):
    """The forum that a policy declares: a collection point that keeps records with a text that anybody may read.

    Args:
        point: Its collection point.
        kind: Its kind of record.
        text: Name of the field with the text.
        author: Name of the field with the name that the author chose; empty where postings name nobody.
        purpose: The data use that it serves.
        warning: Id of the clause whose warning is acknowledged for each posting.
        most: Longest text, in characters.
        most_name: Longest name.
    """

    point: Point
    kind: str
    text: str
    author: str
    purpose: str
    warning: str
    most: int
    most_name: int

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of a posting that are shown."""
        return (self.author, self.text) if self.author else (self.text,)


class Posting(NamedTuple):
    """A posting. `person` tells whether the reader wrote it, and is never shown."""

    record: str
    person: str
    author: str
    text: str
    created: datetime
    changed: datetime

    @property
    def edited(self) -> bool:
        """Whether it was changed after it was published."""
        return self.changed > self.created


class Page(NamedTuple):
    """A page of postings, newest first; `after` is the id that the next page begins behind, empty on the last one."""

    postings: Sequence[Posting]
    after: str = ""


@lru_cache(maxsize=16)
def forum_of(policy: Policy) -> Forum | None:
    """The forum of a policy; None where it declares none."""
    for point in policy.points.values():
        fields = [policy.fields[name] for name in point.fields]
        texts = [one for one in fields if one.category == PUBLIC or one.category.startswith(f"{PUBLIC}.")]
        authors = [one for one in fields if one.category == AUTHOR]
        warning = policy.notices.get(point.notice or "")
        if point.record and point.acknowledge and texts:
            return Forum(
                point,
                point.record,
                texts[0].name,
                authors[0].name if authors else "",
                point.purposes[0],
                warning.clause if warning else point.clause,
                texts[0].max_length,
                authors[0].max_length if authors else 0,
            )
    return None


def one_form(text: str) -> str:
    """A text with the line ends that are kept, however the browser sent them, and no blank rim."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
