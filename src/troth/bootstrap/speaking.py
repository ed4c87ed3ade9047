"""In which language somebody is written to about a matter, and how an instant is told in it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from troth.flows import LANGUAGES, Wording, wording
from troth.kernel import from_micros
from troth.rights import MatterRow, matter_by_case, told

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

_SOURCE = "en"
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def words_for(troth: "Troth", row: MatterRow | None) -> Wording:
    """The messages of the language of a matter; of the policy's where there is no catalogue for it."""
    return words_in(troth, row.language if row is not None else "")


def words_in(troth: "Troth", language: str) -> Wording:
    """The messages of a language; of the policy's where there is no catalogue for it."""
    wanted = (language, *troth.policy().front.languages[:1])
    return wording(next((one for one in wanted if one in LANGUAGES), _SOURCE))


def language_of_matter(troth: "Troth") -> Callable[[str, Mapping[str, str]], str]:
    """Gives the language of a mail about a matter, as templates ask for it."""

    def language(person: str, handles: Mapping[str, str]) -> str:
        del person
        with troth.database.reading() as tx:
            row = matter_by_case(tx, handles.get("case", ""))
        return words_for(troth, row).language

    return language


def day_in(words: Wording, at: datetime) -> str:
    """A day as people read it in their language."""
    if words.language == _SOURCE:
        return f"{at:%-d %B %Y}"
    return words("{month} {day}, {year}", day=at.day, month=words(_MONTHS[at.month - 1]), year=at.year)


def told_in(words: Wording, at: int) -> str:
    """An instant (microseconds) as people read it in their language, in UTC."""
    there = from_micros(at).astimezone(UTC)
    if words.language == _SOURCE:
        return told(there)
    return f"{day_in(words, there)}, {there:%H:%M} UTC"
