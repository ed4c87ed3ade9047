"""The form in which mails are written: seven bits, CR LF, addresses in headers as they are, and nothing read into what is written."""

import re
from email.header import Header
from email.headerregistry import HeaderRegistry, UnstructuredHeader
from email.policy import SMTP, Policy
from typing import Any

_VERBATIM = (
    "message-id",
    "in-reply-to",
    "references",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-id",
)
_PRINTABLE = re.compile(r"[!-~]+(?: [!-~]+)*")
_LONGEST = 76


class _Written(UnstructuredHeader):
    """A header whose value is what was given. The library would decode what looks encoded, and takes a line end at the end."""

    max_count = 1
    name: str

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        """Take a value.

        Raises:
            ValueError: It may not stand there.
        """
        cls.check(value)
        kwds["decoded"], kwds["parse_tree"] = value, None

    @classmethod
    def check(cls, value: str) -> None:
        """Refuse what could end the header.

        Raises:
            ValueError: It holds a line end.
        """
        if "\r" in value or "\n" in value:
            msg = "A header holds a line end."
            raise ValueError(msg)

    def fold(self, *, policy: Policy) -> str:
        """The header in seven bits, on lines of a good length (RFC 2047)."""
        value = str(self)
        plain = value.isascii() and value.isprintable() and "=?" not in value
        text = Header(value, "us-ascii" if plain else "utf-8", _LONGEST, self.name)
        return f"{self.name}: {text.encode(linesep=policy.linesep)}{policy.linesep}"


class _Verbatim(_Written):
    """A header of words that hold no text for people, such as web addresses. The library would encode one that is longer than a
    line, and no receiver would find the address in it; it stays whole, on a line of its own."""  # noqa: D205, D209

    @classmethod
    def check(cls, value: str) -> None:
        """Refuse what is no words of ASCII.

        Raises:
            ValueError: It holds a line end or what is not ASCII.
        """
        if _PRINTABLE.fullmatch(value) is None:
            msg = "A header that is written as it is holds something else than words of ASCII."
            raise ValueError(msg)

    def fold(self, *, policy: Policy) -> str:
        """The header with each word on a line of its own."""
        return f"{self.name}: {f'{policy.linesep} '.join(str(self).split(' '))}{policy.linesep}"


def _headers() -> HeaderRegistry:
    registry = HeaderRegistry()
    registry.map_to_type("subject", _Written)  # type: ignore[arg-type]
    for name in _VERBATIM:
        registry.map_to_type(name, _Verbatim)  # type: ignore[arg-type]
    return registry


WIRE = SMTP.clone(cte_type="7bit", header_factory=_headers())
"""Policy of every mail that we write. A server that converts a mail on its way breaks its signature (RFC 6376, 5.3), so
there is nothing to convert."""
