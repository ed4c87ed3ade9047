"""The words of the pages about oneself: in every language, and plain enough for everybody."""

import importlib.util
import re
import string
from pathlib import Path
from types import ModuleType

import pytest

from tests.web.conftest import Web
from tests.web.forum import Author
from tests.web.test_portal import asked
from troth.flows import LANGUAGES, SOURCE, catalogue, chosen_language

ROOT = Path(__file__).resolve().parents[2]
GRADE = 8.0
"""Highest reading grade of a page: what somebody reads easily after eight years of school."""
_TAG = re.compile(r"<(script|style|svg|nav|footer|header|dl|ul class=\"cards\").*?</\1>|<[^>]+>", re.DOTALL)
_VOWELS = re.compile(r"[aeiouy]+")


@pytest.fixture(scope="module")
def collector() -> ModuleType:
    """What lists the messages in templates and code."""
    spec = importlib.util.spec_from_file_location("messages", ROOT / "scripts" / "messages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def places(text: str) -> set[str]:
    """The places of a message that are filled in."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {SOURCE}))
def test_a_catalogue_has_every_message(collector: ModuleType, language: str) -> None:
    """Each message of templates and code is translated, with the same places; none is left from before."""
    known, wanted = catalogue(language), collector.messages()
    assert sorted(wanted - known.keys()) == []
    assert sorted(known.keys() - wanted) == []
    for message, text in known.items():
        assert text, message
        assert places(text) == places(message), message


@pytest.mark.parametrize(
    ("accepted", "wanted", "language"),
    [
        ("", "", "en"),
        ("de", "", "de"),
        ("pt-BR,fr-CA;q=0.8,de;q=0.9", "", "de"),
        ("fr;q=0, en;q=0.1", "", "en"),
        ("x" * 5000 + ",;;q=a,de", "", "de"),
        ("de", "fr", "fr"),
        ("de", "xx", "de"),
    ],
)
def test_the_language_that_is_spoken(accepted: str, wanted: str, language: str) -> None:
    """The chosen one, else the best of what the browser accepts that there is, else English; nonsense harms nothing."""
    assert chosen_language(accepted, wanted) == language


def reading_grade(text: str) -> float:
    """The Flesch-Kincaid grade of a text (Kincaid et al., 1975): from words a sentence and syllables a word."""
    sentences = [one for one in re.split(r"[.!?:]\s|\n", text) if re.search(r"[A-Za-z]{2}", one)]
    words = re.findall(r"[A-Za-z']+", text)
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(_syllables, words)) / len(words) - 15.59


def _syllables(word: str) -> int:
    lower = word.lower()
    silent = lower.endswith("e") and not lower.endswith("le") and len(lower) > 3
    return max(len(_VOWELS.findall(lower)) - silent, 1)


def shown_text(html: str) -> str:
    """What a page says in its main part, each element on a line of its own."""
    main = html.partition("<main")[2].partition("</main>")[0].partition('<aside class="notices"')[0]
    lines = (" ".join(line.split()) for line in _TAG.sub("\n", main.partition(">")[2]).split("\n"))
    return "\n".join(line for line in lines if line)


def test_the_grade_is_that_of_known_texts() -> None:
    """A child's sentence is easy, a lawyer's is not."""
    assert reading_grade("The cat sat on the mat. It was a big cat.") < 2
    legal = "Notwithstanding the aforementioned obligations, the controller's authorised representatives may retain information."
    assert reading_grade(legal) > 16


def test_pages_are_read_easily(web: Web) -> None:
    """No page about oneself needs more than eight years of school, signed in or not."""
    door = web.get("/my").text
    ann = Author(web)
    request = asked(ann, "other")
    web.troth.flush_ledger()
    pages = {
        path: ann.get(path).text
        for path in ("/my", "/my/used", "/my/ask", "/my/visits", request, f"{request}/dispute")
    }
    grades = {path: reading_grade(shown_text(html)) for path, html in {**pages, "door": door}.items()}
    assert {path: round(grade, 1) for path, grade in grades.items() if grade > GRADE} == {}
