"""Exit links as tests read them."""

from html import unescape
from urllib.parse import parse_qs, urlsplit


def exit_target(href: str) -> tuple[str, str]:
    """The address and the signature in the path of the exit page."""
    given = parse_qs(urlsplit(unescape(href)).query)
    return given["to"][0], given["sig"][0]
