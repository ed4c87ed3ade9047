"""`troth messages preview`: a letter as text and as a file, a call as the call centre is given it."""

import io
from pathlib import Path

from pypdf import PdfReader

from tests.campaigns.company import TEXT
from tests.clauses.vendor import Vendor

HEAD = """---
name: {channel}-news
purpose: essential.service.notifications.{channel}
channel: {channel}
subject: About your ticket, {{name}}
language: {language}
reason: {reason}
---
{{greeting}}

the **fault** is found. {{company}}
"""


def test_a_letter_and_a_call_are_shown_as_they_go_out(tmp_path: Path) -> None:
    """With the titles of fields for name, address and number; the PDF says the same; what is no letter makes none."""
    vendor, pdf, html = Vendor(tmp_path), tmp_path / "shown.pdf", tmp_path / "shown.html"
    files = []
    for channel, language, reason in (
        ("letter", "en", "your ticket is open"),
        ("letter", "de", "Ihr Anliegen"),
        ("phone", "en", "your ticket is open"),
    ):
        files.append(tmp_path / f"{channel}.{language}.md")
        text = HEAD.format(channel=channel, language=language, reason=reason)
        files[-1].write_text(text, encoding="utf-8")
    files.append(tmp_path / "mail.md")
    files[-1].write_text(TEXT.format(language="en", words="The sensor is out"), encoding="utf-8")
    vendor.json("messages", "add", *files)

    shown = vendor.json(
        "messages", "preview", "letter-news", "--language", "en", "--pdf", pdf, "--html", html
    )
    for words in (
        "Example Security, Inc. · 100 Example Way",
        "«Your name»\n«Shipping address»\n",
        "Our reference: «ID»\n\nAbout your ticket, «Your name»\n\nHello «Your name»,\n\nthe **fault** is found.",
        "You get this letter because your ticket is open. We may send it under clause II.20 ",
        "Example Letter House, Inc. prints and posts it for us",
    ):
        assert words in shown["text"]
    assert "unsubscribe" not in shown["text"].lower()
    printed = "".join(PdfReader(io.BytesIO(pdf.read_bytes())).pages[0].extract_text().split())
    for words in (
        "«Shippingaddress»",
        "«ID»",
        "Hello«Yourname»,",
        "thefaultisfound.",
        "becauseyourticketisopen.",
    ):
        assert words in printed
    assert "«Your name»" in html.read_text(encoding="utf-8")
    german = vendor.json("messages", "preview", "letter-news", "--language", "de")["text"]
    assert "Der Grund dieses Briefes: Ihr Anliegen." in german
    call = vendor.json("messages", "preview", "phone-news")["text"]
    assert call.startswith("«Your name»\n«Telephone number»\n")
    assert call.endswith("If they ask why: because your ticket is open.\n")
    for name in ("phone-news", "spring-news"):
        refused = vendor.json("messages", "preview", name, "--pdf", tmp_path / "none.pdf", status=1)["error"]
        assert refused["field"] == "pdf"
    assert not (tmp_path / "none.pdf").exists()
