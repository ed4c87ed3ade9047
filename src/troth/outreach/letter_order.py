"""What a batch of letters is to be, and who prints it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from troth.outreach.channels import Channel
from troth.outreach.letter_files import MOST_LETTERS
from troth.outreach.letter_text import LetterText

SetLetter = Callable[[Mapping[str, Any]], tuple[bytes, int]]
"""Makes a document a PDF; gives it and the number of its pages."""


class LetterOrder(NamedTuple):
    """What a batch of letters is.

    Args:
        case: Case under which its letters are planned: a campaign, a bulletin, or a person's own matter.
        purpose: Data use that they serve.
        text: What they say; None under a case that brings its own text.
        key: API key in whose name they are handed over.
        announcing: Whether they announce something, so that each says how to get no more.
        postage: Class of postage, as the print house names it.
        most: Most letters in this batch.
        message: Digest of the version of a kept message that the text is; empty for another text.
        topic: Declared topic that they are about; empty for none.
    """

    case: str
    purpose: str
    text: LetterText | None
    key: str
    announcing: bool = False
    postage: str = "standard"
    most: int = MOST_LETTERS
    message: str = ""
    topic: str = ""


class House(NamedTuple):
    """Who prints, and how.

    Args:
        channel: The channel letter, with the recipient that is chosen.
        folder: Where batches are laid.
        layout: `din` or `us`; empty for the custom of the controller's country.
        public_url: Address that people see.
        set_letter: Makes PDFs.
        seal: Encrypts a PDF to the print house; None where it has given no certificate.
        day: A day as people read it in a language.
        mark: A keyed hash of a text, which nobody without the key store can tell the text from.
    """

    channel: Channel
    folder: Path
    layout: str
    public_url: str
    set_letter: SetLetter
    seal: Callable[[bytes], bytes] | None
    day: Callable[[str, datetime], str]
    mark: Callable[[str], str]
