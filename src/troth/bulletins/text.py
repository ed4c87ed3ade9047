"""The text of a bulletin: what a file of it looks like, what may stand in it, and how it becomes a mail."""

import re
from collections.abc import Mapping

from troth.bulletins.model import CLAUSE, Text, Texts
from troth.kernel import InvalidInput

LANGUAGES = ("en", "de", "fr")
"""Languages that a bulletin may be in; in a mail that has several they follow each other so."""
LONGEST_SUBJECT, LONGEST_BODY = 150, 10_000
VARIABLES = ("greeting", "product", "versions", "why", "company", "support", "contact_link", "policy_link")
"""What may stand in braces."""
SPOKEN = ("greeting", "versions")
"""Those of them that each language says in its own way."""
_PLACE = re.compile(r"\{([^{}\n]*)\}")
_HEAD = "Subject: "


def read_text(text: str) -> Text:
    """A text as a file has it: a line `Subject: ...`, an empty line, Markdown.

    Raises:
        InvalidInput: It begins otherwise.
    """
    head, _, body = text.replace("\r\n", "\n").lstrip("\ufeff").partition("\n\n")
    if not head.startswith(_HEAD) or "\n" in head or not body.strip():
        raise InvalidInput(
            "The text does not begin with a subject and an empty line.",
            clause=CLAUSE,
            field="text",
            mend="Write `Subject: ...`, an empty line, and then the Markdown.",
        )
    return Text(head.removeprefix(_HEAD).strip(), body.strip() + "\n")


def checked_texts(texts: Texts) -> None:
    """Refuse texts that no mail can be made of.

    Raises:
        InvalidInput: A language, a length or a variable is none that there is; names it.
    """
    if not texts or not set(texts) <= set(LANGUAGES):
        raise _fault(
            "A bulletin has a text in at least one of its languages.", f"Use {', '.join(LANGUAGES)}."
        )
    for language, text in texts.items():
        subject = text.subject.strip()
        if not subject or len(subject) > LONGEST_SUBJECT or not subject.isprintable():
            raise _fault(
                f"The subject ({language}) is no line of at most {LONGEST_SUBJECT} characters.",
                f"Write one line of at most {LONGEST_SUBJECT} characters.",
            )
        if not text.body.strip() or len(text.body) > LONGEST_BODY:
            raise _fault(
                f"The text ({language}) is empty or longer than {LONGEST_BODY} characters.",
                f"Write at most {LONGEST_BODY} characters, or leave the language out with its subject.",
            )
        for name in _PLACE.findall(text.subject + text.body):
            if name not in VARIABLES:
                raise _fault(
                    f"The text ({language}) uses {{{name[:40]}}}, which nothing gives.",
                    f"Use {', '.join(VARIABLES)}.",
                )


def ordered(texts: Texts) -> list[tuple[str, Text]]:
    """Texts with their languages, in the order in which a mail shows them."""
    return [(name, texts[name]) for name in LANGUAGES if name in texts]


def joined(texts: Texts, reason: Mapping[str, str]) -> str:
    """All texts as one template: the languages one after the other, each with a greeting of its own.

    Args:
        texts: What the bulletin says.
        reason: By language, what completes "You get this message because".
    """
    found = ordered(texts)
    subject = " / ".join(_spoken(text.subject, language) for language, text in found)
    bodies = [_spoken(text.body.strip(), language) for language, text in found]
    return f"Subject: {subject}\nReason: {reason[found[0][0]]}\n\n" + "\n\n---\n\n".join(bodies) + "\n"


def _spoken(words: str, language: str) -> str:
    """A text whose variables that each language says in its own way name the language."""
    for name in SPOKEN:
        words = words.replace(f"{{{name}}}", f"{{{name}_{language}}}")
    return words


def _fault(what: str, mend: str) -> InvalidInput:
    return InvalidInput(what, clause=CLAUSE, field="texts", mend=mend)
