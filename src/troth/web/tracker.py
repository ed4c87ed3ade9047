"""The tracker `t.js`: the readable source in the tree, served with what the policy declares and without comments."""

import hashlib
import re
from functools import lru_cache
from importlib.resources import files

import msgspec

from troth.choice import choice_cookie
from troth.events import sites_of
from troth.policy import Policy

_SOURCE = "static/t.js"
_PLACE = '"__KNOWN__"'
_SPACES = re.compile(r" ?([{}()=,;:?+&|<>]+) ?")
_STRINGS = re.compile(r'("(?:[^"\\]|\\.)*"|/"/g|/\[\?#\]/|/\^https\?:\$/)')


def source() -> str:
    """The tracker as it is written."""
    return files("troth.web").joinpath(_SOURCE).read_text(encoding="utf-8")


def shortened(text: str) -> str:
    """A script without comment lines, indents and blanks that it does not need; nothing is renamed."""
    lines = [line.strip() for line in text.splitlines()]
    return "\n".join(_tight(line) for line in lines if line and not line.startswith("//")) + "\n"


def _tight(line: str) -> str:
    parts = _STRINGS.split(line)
    return "".join(part if number % 2 else _SPACES.sub(r"\1", part) for number, part in enumerate(parts))


@lru_cache(maxsize=8)
def script(policy: Policy) -> tuple[bytes, str]:
    """The tracker of a policy version, and its entity tag."""
    sites = sites_of(policy)
    known = {
        "cookie": choice_cookie(policy),
        "purpose": sites.point.purposes[0] if sites.point is not None else "",
        "campaign": sorted({name for site in sites.named.values() for name in site.campaign}),
    }
    body = shortened(source()).replace(_PLACE, msgspec.json.encode(known).decode()).encode()
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'
