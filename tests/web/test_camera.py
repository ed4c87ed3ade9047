"""The QR code by which a phone takes over the key of a second factor."""

import re
from html import unescape

import segno

from tests.web.conftest import Web

BORDER = 4
"""Light modules around a QR code (ISO/IEC 18004)."""


def test_an_invitation_shows_its_key_to_a_camera(web: Web) -> None:
    """A QR code of the authenticator's address, drawn without style or script, beside the key as text."""
    _, token = web.troth.roster.add(name="bob.example", title="Bob", role="staff.privacy")
    text = web.client.get(f"/console/invite/{token}").text
    address = unescape(re.findall(r'href="(otpauth://totp/[^"]+)"', text)[0])
    picture = re.findall(r'<div class="camera" role="img" aria-label="[^"]+">(.*?)</div>', text, re.DOTALL)[0]
    assert not re.search(r"style|script|\son\w+=|https?:", picture)
    drawn = re.findall(r'stroke="#000" d="([^"]+)"', picture)[0]
    assert dark(drawn) == {
        (x, y) for y, row in enumerate(segno.make(address, micro=False, error="m").matrix) for x, one in enumerate(row) if one
    }  # fmt: skip
    assert web.troth.roster.codes.shared(web.troth.roster.invited(token)[1])[:4] in text


def dark(drawn: str) -> set[tuple[int, int]]:
    """The dark modules of a picture, from its strokes: to, from there, and along."""
    found, x, y = set(), 0.0, 0.0
    for how, first, second in re.findall(r"([Mmh])(-?[\d.]+)(?: (-?[\d.]+))?", drawn):
        if how == "h":
            found |= {(int(x) + one - BORDER, int(y) - BORDER) for one in range(int(first))}
            x += float(first)
        else:
            x, y = (float(first), float(second)) if how == "M" else (x + float(first), y + float(second))
    return found
