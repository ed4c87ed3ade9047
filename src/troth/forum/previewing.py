"""What an author is shown before a posting is published: what was recognised in it."""

from collections.abc import Iterable
from typing import NamedTuple

from troth.collection import Finding, recognisers


class Mark(NamedTuple):
    """A piece of a text; `title` says what was recognised in it, empty where nothing was."""

    text: str
    title: str = ""


def marked(text: str, findings: Iterable[Finding]) -> list[Mark]:
    """A text cut into what was recognised in it and what stands between; joined it is the text again."""
    pieces, at = [], 0
    for finding in findings:
        if finding.start > at:
            pieces.append(Mark(text[at : finding.start]))
        pieces.append(Mark(text[finding.start : finding.end], recognisers()[finding.kind].title))
        at = finding.end
    if at < len(text):
        pieces.append(Mark(text[at:]))
    return pieces


def kinds_found(findings: Iterable[Finding]) -> list[tuple[str, int]]:
    """What was recognised in a text, in words, each kind once with how often."""
    counts: dict[str, int] = {}
    for finding in findings:
        title = recognisers()[finding.kind].title
        counts[title] = counts.get(title, 0) + 1
    return list(counts.items())
