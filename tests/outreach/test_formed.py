"""Mass mail as bytes: any mail program reads out of it what was put in."""

import email
import email.policy
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from troth.kernel import InvalidInput
from troth.outreach.composing import Composed
from troth.outreach.formed import form_mail

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
LINES = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp"))).map(str.strip)
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=30)


@settings(max_examples=25)
@given(LINES, st.lists(LINES), st.lists(LINES), NAMES)
def test_what_is_put_in_comes_out(subject: str, text: list[str], html: list[str], company: str) -> None:
    """Subject, both bodies and the sender's name are read back as they were, whatever characters they hold."""
    composed = Composed(" ".join(subject.split()), "\n".join(text), "\n".join(html))
    formed = form_mail(
        composed,
        sender=(company, "news@example.com"),
        to="ann@example.com",
        message_id="019a0c2e7d1c7a40b1d2c3e4f5a60719@example.com",
        at=AT,
        more={"List-Unsubscribe": f"<https://www.example.com/stop/{'x' * 300}>"},
    )
    assert formed.content.isascii()
    assert b"\n" not in formed.content.replace(b"\r\n", b"")
    assert max(map(len, formed.content.split(b"\r\n"))) < 998
    read = email.message_from_bytes(formed.content, policy=email.policy.default)
    assert " ".join(str(read["Subject"]).split()) == composed.subject
    assert str(read["List-Unsubscribe"]).endswith(f"{'x' * 300}>")
    assert read["Date"].datetime == AT
    assert read["From"].addresses[0].addr_spec == "news@example.com"
    assert read["From"].addresses[0].display_name == company
    for kind, lines in (("plain", text), ("html", html)):
        part = read.get_body((kind,))
        assert part is not None
        assert part.get_content().replace("\r\n", "\n").rstrip("\n") == "\n".join(lines).rstrip("\n")


@pytest.mark.parametrize("value", ["a\r\nBcc: b@example.com", "a\nb", "ä"])
def test_no_header_holds_a_line_end(value: str) -> None:
    """A value that would make a second header is refused."""
    with pytest.raises(InvalidInput):
        form_mail(
            Composed("s", "t", "h"),
            sender=("Example", "news@example.com"),
            to="ann@example.com",
            message_id="1@example.com",
            at=AT,
            more={"X-Mark": value},
        )
