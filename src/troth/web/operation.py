"""What describes one operation of the API."""

from collections.abc import Mapping
from typing import Any, NamedTuple

PERSON = "019a0c2e7d1c7a40b1d2c3e4f5a60718"
CASE = "019a0c2e7d1c7a40b1d2c3e4f5a60719"
ENTRY = "019a0c2e7d1c7a40b1d2c3e4f5a6071a"
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
JSON, TEXT, HTML = "application/json", "text/plain", "text/html"
FORM = "application/x-www-form-urlencoded"
SUPPORT = "essential.service.operations.support"
RIGHTS = "essential.service.rights_request"


class Parameter(NamedTuple):
    """A parameter in the path or the query."""

    name: str
    place: str
    about: str
    example: str
    schema: Mapping[str, Any] = {"type": "string", "maxLength": 200}
    required: bool = False


class Answer(NamedTuple):
    """A successful answer: its meaning, media type, schema (the name of a shape, or the schema itself) and an example."""

    about: str
    media: str = JSON
    schema: str | Mapping[str, Any] = ""
    example: Any = None


class Operation(NamedTuple):
    """One operation; `media` are the media types of its request body."""

    id: str
    method: str
    path: str
    tag: str
    summary: str
    about: str
    answers: Mapping[int, Answer]
    key: bool = False
    parameters: tuple[Parameter, ...] = ()
    body: tuple[str, ...] = ()
    examples: Mapping[str, Any] = {}
    problems: tuple[int, ...] = ()
    media: tuple[str, ...] = (JSON,)
