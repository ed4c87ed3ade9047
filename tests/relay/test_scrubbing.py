"""No address passes, however mail programs write, quote or tear it; everything else does."""

import re
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.relay import is_alias, scrubbed
from troth.relay.aliases import _made
from troth.relay.encoded import REMOVED
from troth.relay.scrubbing import scrubbed_line

ANN = "ann.example@mail.example.com"


@pytest.mark.parametrize(
    "written",
    [
        "ann.example@mail.example.com", "ANN.Example@Mail.Example.COM", "<ann.example@mail.example.com>",
        "mailto:ann.example%40mail.example.com", "ann.example (at) mail (dot) example (dot) com", "ann.example at mail.example.com",
        "ann.exam\n> ple@mail.exam\n>> ple.com", "ann.example@mail=\n.example.com", "a n n . e x a m p l e @ m a i l . e x a m p l e . c o m",
        "ann.example&#64;mail.example.com", "ann.example\uff20mail.example.com", "ann.example&#x40;mail.example.com",
        "ann.example=40mail.example.com", "ann=2Eexample=40mail=\n=2Eexample=2Ecom", "<!-- ann.example@mail.example.com -->",
        "=?utf-8?q?ann=2Eexample=40mail=2Eexample=2Ecom?=", "=?utf-8?b?YW5uLmV4YW1wbGVAbWFpbC5leGFtcGxlLmNvbQ==?=",
        "=?utf-8?q?ann=2E?= =?utf-8?q?example?=\n> =?utf-8?q?=40mail=2Eexample=2Ecom?=", "=?utf-8?b?YW5uLmV4YW1wbGU=?= =?utf-8?b?QG1haWwuZXhhbXBsZS5jb20=?=",
        "=?utf-16-be?b?AGEAbgBuAC4AZQB4AGEAbQBwAGwAZQBAAG0AYQBpAGwALgBlAHgAYQBtAHAAbABlAC4AYwBvAG0=?=",
    ],
)  # fmt: skip
def test_known_address_goes_however_it_is_written(written: str) -> None:
    """What stands before and behind it stays, and no word of a header (RFC 2047) is left."""
    left = scrubbed(f"before {written} behind", [ANN])
    assert "ann" not in left.lower().replace(" ", "")
    assert "=?" not in left
    assert left.startswith("before")
    assert left.endswith("behind")


def test_other_addresses_go_too() -> None:
    """Those that the relay does not know of."""
    assert scrubbed("Cc: zoe+x@other.example, bob@here", []) == f"Cc: {REMOVED}, {REMOVED}"


@pytest.mark.parametrize("cut", range(4))
@pytest.mark.parametrize("wide", [20, 76])
def test_addresses_in_base64_go(cut: int, wide: int) -> None:
    """As source that nobody decoded, wrapped and quoted, and from wherever it was cut; the words around it stay."""
    packed = b64encode(
        b"Content-Type: text/plain\n\nHello, write to zoe@other.example please, thank you."
    ).decode()[cut:]
    source = "\n> ".join(packed[at : at + wide] for at in range(0, len(packed), wide))
    assert scrubbed(f"before\n> {source}\nbehind it", []) == f"before\n> {REMOVED}\nbehind it"


def test_addresses_of_others_go_encoded_too() -> None:
    """Quoted-printable, HTML and URLs; what only looks like an encoding stays."""
    for hidden in (
        "zoe=40other.example",
        "zoe&#x40;other.example",
        "https://x/?to=zoe%40other.example",
        "=?utf-8?q?zoe=40other.example?=",
        "=?utf-8?q?zoe?= =?utf-8?q?=40other.example?=",
    ):
        assert "other" not in scrubbed(f"before {hidden} behind", [])
    for plain in (
        "speed=40 km",
        "a=40b",
        "100%25 of it",
        "R&amp;D",
        "ABCDEFGHIJKLMNOPQRSTUVWX0123456789==",
        "commit 6b32037d1c9fe0a4",
    ):
        assert scrubbed(f"before {plain} behind", []) == f"before {plain} behind"


@pytest.mark.parametrize(
    "quoted",
    [
        "On Monday, Ann Zqreal <ann.example@mail.example.com> wrote:", 'Am 5. Januar schrieb "Zqreal, Ann" <zoe@x.example>:',
        "Ann van der Zqreal [mailto:zoe@x.example] said",
        "From: Ann Zqreal\nSent: Monday\nTo: A user\nSubject: x", "> *Von:* Zqreal, Ann\n> *Gesendet:* Montag\n> *An:* Zqreal",
        "On Mon, 2 Nov 2026 at 10:00, Ann Zqreal\n<ann.example@mail.example.com> wrote:", "> On 2 Nov, ann zqreal\n> <zoe@x.example> wrote:",
        "On Mon, Nov 2, 2026 at 10:00 AM Zqreal, Ann (Sales) <zoe@x.example> wrote:", "On 11/2/2026 10:00 AM, Ann Zqreal wrote:\n> Hello",
        "Am 02.11.26 um 10:00 schrieb Ann Zqreal:\n> Hallo", "Am 2. Nov. 2026 um 10:00 schrieb Ann Zqreal\n<zoe@x.example>:",
        "Le 02/11/2026 \u00e0 10:00, Ann Zqreal a \u00e9crit\u00a0:\n> Bonjour", "Ann Zqreal wrote:\n\n> Hello",
        "On Mon, 2 Nov 2026, =?utf-8?q?Ann_Zqreal?= <zoe@x.example> wrote:",
        "De : Ann Zqreal\nEnvoy\u00e9 : lundi\n\u00c0 : Zqreal", "Subject: x\nTo: Ann Zqreal",
    ],
)  # fmt: skip
def test_names_that_programs_quote_go(quoted: str) -> None:
    """Beside an address, and in the heads of quoted mails, in the languages of the relay."""
    left = scrubbed(f"before\n\n{quoted}\n\nbehind", [ANN])
    assert "Zqreal" not in left
    assert REMOVED in left
    assert left.startswith("before")
    assert left.endswith("behind")


def test_what_people_write_themselves_stays() -> None:
    """A name that somebody signs with is theirs to tell, and a single line is no head."""
    text = "Dear Ben,\n\nTo: be honest, I do not know.\n\nBest, Ann Zqreal"
    assert scrubbed(text, [ANN]) == text
    text = "On reflection, yes.\nMy uncle Zqreal wrote:\n\nHello. He schrieb me: no."
    assert scrubbed(text, [ANN]) == text


def test_signature_goes() -> None:
    """Everything behind the mark of a signature."""
    assert scrubbed("Hello\r\n\r\n-- \r\nAnn\r\n+1 650 253 0000\r\n", [ANN]) == "Hello"
    assert scrubbed("one -- two\n--- \nthree", []) == "one -- two\n--- \nthree"


def test_subject_stays_on_one_line() -> None:
    """A subject cannot become a second header."""
    assert scrubbed_line(f"Re: {ANN}\r\nBcc: x@example.org", [ANN], 150) == f"Re: {REMOVED} Bcc: {REMOVED}"


@given(st.text(alphabet="ab.@ \n>=-(at)dotAN%40", max_size=400))
def test_nothing_that_holds_an_address_passes(text: str) -> None:
    """Whatever stands around it, neither the known address nor the sign of any is left."""
    left = scrubbed(f"{text}{ANN}{text}", [ANN])
    assert ANN not in left.lower()
    assert re.search(r"[^\s\[\]()>]@[^\s\[\]()>]", left) is None


@given(st.text(alphabet=st.characters(exclude_characters="@\uff20\ufe6b&%-\r"), max_size=200))
def test_text_without_addresses_stays(text: str) -> None:
    """What holds no address is not touched."""
    assert scrubbed(text, ["zq@zq.example"]) == text.strip()


def test_long_runs_take_no_time_to_speak_of() -> None:
    """Text made to keep a pattern busy is read to its end."""
    for hostile in (
        "a" * 100_000,
        "a@" * 50_000,
        " " * 100_000,
        "ann.example@" * 8_000,
        "> \n" * 30_000,
        "On 1 wrote\n" * 2_000,
        "A b\n<" * 9_000,
        "=40&#x" * 9_000,
    ):
        scrubbed(hostile, [ANN])


@given(st.text(max_size=30))
def test_form_of_an_alias(text: str) -> None:
    """What is made has the form; next to nothing else has."""
    assert is_alias(_made())
    assert is_alias(text) == bool(re.fullmatch(r"r-[a-z2-7]{26}", text))
