"""The form in which mails are written: seven bits, CR LF, and addresses in headers as they are."""

import re
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


class _Verbatim(UnstructuredHeader):
    """A header of words that hold no text for people, such as web addresses. Where one is longer than a line the library would
    encode it, and no receiver would find the address in it; it stays whole, on a line of its own."""  # noqa: D205, D209

    max_count = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        """Take a value.

        Raises:
            ValueError: It holds a line end or what is not ASCII.
        """
        if _PRINTABLE.fullmatch(value) is None:
            msg = "A header that is written as it is holds something else than words of ASCII."
            raise ValueError(msg)
        super().parse(value, kwds)

    def fold(self, *, policy: Policy) -> str:
        """The header with each word on a line of its own."""
        return f"{self.name}: {f'{policy.linesep} '.join(str(self).split(' '))}{policy.linesep}"  # type: ignore[attr-defined]


def _headers() -> HeaderRegistry:
    registry = HeaderRegistry()
    for name in _VERBATIM:
        registry.map_to_type(name, _Verbatim)  # type: ignore[arg-type]
    return registry


WIRE = SMTP.clone(cte_type="7bit", header_factory=_headers())
"""Policy of every mail that we write. A server that converts a mail on its way breaks its signature (RFC 6376, 5.3), so
there is nothing to convert."""
