"""Exit links: a link to another site leads over a page that names it, and carries nothing about the visitor.

The address in the link is signed (HMAC-SHA256, RFC 2104, cut to 128 bits), so that nobody can make our exit page point
somewhere else. Keys are rotated: the newest signs, the one before it still verifies.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from html import escape, unescape
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from troth.choice.targets import Target, own_host, target_of
from troth.kernel import InvalidInput, TrothError
from troth.policy import Policy

EXIT = "/exit"
_SIGNED = 16
_ANCHOR = re.compile(r"<a\b((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>", re.IGNORECASE)
_HREF = re.compile(r"(?<![\w-])href\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_REL = re.compile(r"\s*(?<![\w-])(?:rel|class|target)\s*=\s*(?:\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_OUTSIDE = re.compile(r"(?:https?:)?//", re.IGNORECASE)


class ForgedLink(InvalidInput):
    """The address of an exit link is not one that we signed."""

    status = 400
    code = "forged-link"


class ExitKey(NamedTuple):
    """A key that signs exit links, and its public id."""

    key_id: str
    secret: bytes


class Exits:
    """Makes and opens exit links.

    Args:
        keys: Gives the keys, newest first; at least one.
    """

    def __init__(self, keys: Callable[[], Sequence[ExitKey]]) -> None:
        self._keys = keys

    @property
    def key_id(self) -> str:
        """The id of the key that signs now; what was made with links of another key is out of date."""
        return self._keys()[0].key_id

    def link(self, policy: Policy, url: str) -> tuple[str, Target]:
        """The path of the exit page for an address, and where it leads.

        Raises:
            InvalidInput: It is no address of another site.
        """
        target = target_of(policy, url)
        key = self._keys()[0]
        signature = f"{key.key_id}.{_signature(key, target.url)}"
        return f"{EXIT}?{urlencode({'to': target.url, 'sig': signature})}", target

    def opened(self, policy: Policy, to: str, signature: str) -> Target:
        """Where a signed link leads.

        Raises:
            ForgedLink: The address is not the one that was signed, or its key is gone.
        """
        key_id, _, given = signature.partition(".")
        for key in self._keys():
            if key.key_id == key_id and hmac.compare_digest(_signature(key, to), given):
                return target_of(policy, to)
        raise ForgedLink(
            "This link was not made by us, or was changed on the way.",
            mend="Go back to the page that it stood on, and use the link there.",
        )

    def rewritten(self, policy: Policy, html: str, here: str = "") -> str:
        """HTML of ours in which every link to another site leads over the exit page.

        An address that no link may carry loses its link and stays as text.

        Args:
            policy: Declares the company's own sites and the others.
            html: Well-formed HTML that Troth made or sanitised.
            here: Host that is ours too.
        """

        def replaced(found: re.Match[str]) -> str:
            href = _HREF.search(found[1])
            url = unescape(href[1] or href[2] or "").strip() if href else ""
            if href is None or not _OUTSIDE.match(url):
                return found[0]
            url = f"https:{url}" if url.startswith("//") else url
            if _host(url) == here or own_host(policy, _host(url)):
                return found[0]
            try:
                path, _ = self.link(policy, url)
            except TrothError:
                return f"<a{found[1].replace(href[0], '')}>"
            rest = _REL.sub("", found[1].replace(href[0], ""))
            return f'<a{rest.rstrip()} href="{escape(path)}" class="exit" rel="noopener noreferrer">'

        return _ANCHOR.sub(replaced, html)


def external_links(policy: Policy, html: str) -> list[str]:
    """The addresses of other sites that HTML of ours links to, in order, each once."""
    found = []
    for anchor in _ANCHOR.finditer(html):
        href = _HREF.search(anchor[1])
        url = unescape(href[1] or href[2] or "").strip() if href else ""
        if _OUTSIDE.match(url) and not own_host(policy, _host(url)):
            found.append(url)
    return list(dict.fromkeys(found))


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _signature(key: ExitKey, url: str) -> str:
    mac = hmac.new(key.secret, b"troth exit link\0" + url.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac[:_SIGNED]).decode().rstrip("=")
