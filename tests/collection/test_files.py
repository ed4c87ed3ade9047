"""Files that people send: kept only when their content is of a declared kind, under a name that does no harm."""

from base64 import b64decode, b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.collection.files import DEFAULT_MEDIA, MAX_BYTES, UnfitFile, kept_file, safe_name

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
PDF = b"%PDF-1.7\n..."


def kept(
    content: bytes, name: str = "log.txt", media: str = "", allowed: Any = DEFAULT_MEDIA, most: int = 1000
) -> dict[str, str]:
    """A file as it is kept."""
    return kept_file(name, media, b64encode(content).decode(), allowed, most)


@pytest.mark.parametrize(
    ("content", "name", "media", "kept_as"),
    [
        (b"hello\n", "log.txt", "text/plain", "text/plain"),
        (b"hello\n", "a.log", "text/x-log", "text/plain"),
        (b"hello\n", "a.log", "", "text/plain"),
        ("grüß dich".encode(), "a.md", "application/octet-stream", "text/plain"),
        (PNG, "shot.png", "image/png", "image/png"),
        (PDF, "a.pdf", "application/pdf; x=1", "application/pdf"),
        (b"\xff\xd8\xff\xe0jpg", "a.jpeg", "image/jpeg", "image/jpeg"),
    ],
)
def test_a_file_is_kept_under_the_media_type_that_its_content_shows(
    content: bytes, name: str, media: str, kept_as: str
) -> None:
    """Bytes come back as they were sent."""
    file = kept(content, name, media)
    assert file == {"name": name, "media": kept_as, "data": b64encode(content).decode()}
    assert b64decode(file["data"]) == content


@pytest.mark.parametrize(
    ("content", "media", "reason"),
    [
        (b"", "text/plain", "empty"),
        (b"x" * 1001, "text/plain", "longer than 1000"),
        (b"MZ\x90\x00", "application/x-msdownload", "not of a kind"),
        (b"\x7fELF\x02", "text/plain", "not of a kind"),
        (b"GIF89a", "image/gif", "not what it claims"),
        (PNG, "text/plain", "not what it claims"),
        (b"<html><script>", "text/html", ""),
        (b"plain text", "image/png", "not what it claims"),
        (b"pay 4111 1111 1111 1111", "text/plain", "card number"),
        (b"\xff\xfe\x00", "text/plain", "not of a kind"),
    ],
)
def test_what_is_not_taken_says_why(content: bytes, media: str, reason: str) -> None:
    """Size, kind, and a claim that the content contradicts; a page of HTML is text and nothing else."""
    if not reason:
        assert kept(content, "page.html", media)["media"] == "text/plain"
        assert kept(content, "page.html", media)["name"] == "page_html.txt"
        return
    with pytest.raises(UnfitFile) as caught:
        kept(content, media=media)
    assert reason in caught.value.reason
    assert caught.value.mend


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("log.txt", "log.txt"),
        ("../../etc/passwd", "passwd.txt"),
        ("C:\\Users\\ann\\log.txt", "log.txt"),
        ("evil.txt.exe", "evil_txt_exe.txt"),
        ("a\u202etxt.exe", "atxt_exe.txt"),
        ("", "file.txt"),
        ("...", "file.txt"),
        ("bericht märz.LOG", "bericht märz.log"),
        ('a";b\r\nX: y.txt', "a_bX_ y.txt"),
        ("x" * 300 + ".txt", "x" * 96 + ".txt"),
    ],
)
def test_a_name_is_made_harmless(name: str, safe: str) -> None:
    """No folder, no hidden character, an ending of its kind, a hundred characters at most."""
    assert safe_name(name, "text/plain") == safe


@given(st.text(max_size=200), st.sampled_from(["text/plain", "image/png", "application/zip"]))
def test_any_name_becomes_a_harmless_one(name: str, media: str) -> None:
    """Whatever it was; and a harmless one stays as it is."""
    safe = safe_name(name, media)
    assert 5 <= len(safe) <= 100
    assert safe.isprintable()
    assert not set(safe) & set('/\\:*?"<>|;\0')
    assert safe.count(".") == 1
    assert safe_name(safe, media) == safe


@given(st.binary(max_size=200), st.text(max_size=20), st.text(max_size=20))
def test_any_bytes_are_kept_whole_or_refused(content: bytes, name: str, media: str) -> None:
    """Never changed, never an error of another kind."""
    try:
        file = kept(content, name, media)
    except UnfitFile:
        return
    assert b64decode(file["data"]) == content
    assert file["media"] in DEFAULT_MEDIA


def test_what_is_not_base64_is_refused() -> None:
    """The JSON door takes base64 and nothing near it."""
    with pytest.raises(UnfitFile, match="base64"):
        kept_file("a.txt", "", "###", DEFAULT_MEDIA, MAX_BYTES)
    with pytest.raises(UnfitFile, match="not a file"):
        kept_file("a.txt", "", 5, DEFAULT_MEDIA, MAX_BYTES)
