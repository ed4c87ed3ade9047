"""Names of devices are coarse, and one of a closed list whatever a browser tells."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.web.devices import _BROWSERS, _SYSTEMS, device_name

NAMES = {name for _, name in (*_BROWSERS, *_SYSTEMS)}


def _scope(told: str) -> dict[str, list[tuple[bytes, bytes]]]:
    return {"headers": [(b"user-agent", told.encode("latin-1"))]}


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox on Linux"),
        (
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
                "Safari/537.36 Edg/140.0.0.0"
            ),
            "Edge on Windows",
        ),
        (
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
                "Version/18.0 Mobile/15E148 Safari/604.1"
            ),
            "Safari on iPhone",
        ),
        (
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile "
                "Safari/537.36"
            ),
            "Chrome on Android",
        ),
        ("curl/8.0", ""),
        ("", ""),
    ],
)
def test_name_says_browser_and_system(told: str, name: str) -> None:
    """No version, no model."""
    assert device_name(_scope(told)) == name


@given(st.text(st.characters(max_codepoint=255)))
def test_name_is_of_a_closed_list(told: str) -> None:
    """Nothing of what a browser sends is kept as it was sent."""
    assert set(re.split(" on ", device_name(_scope(told)))) <= {*NAMES, ""}
