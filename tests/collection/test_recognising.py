"""Recognisers: what is personal in a text is found with its place, and what looks like it is not."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.collection import card_numbers, found_in, recognisers

FOUND = [
    ("card", "pay with 4111 1111 1111 1111 please", "4111 1111 1111 1111"),
    ("card", "karte: ４１１１１１１１１１１１１１１１!", "４１１１１１１１１１１１１１１１"),  # noqa: RUF001
    ("email", "write to ann.lee+shop@mail.example.com.", "ann.lee+shop@mail.example.com"),
    ("email", "ann (at) example (dot) com", "ann (at) example (dot) com"),
    ("email", "jörg@exämple.de", "jörg@exämple.de"),
    ("phone", "call +44 20 7946 0958 tonight", "+44 20 7946 0958"),
    ("phone", "or (202) 555-0143", "(202) 555-0143"),
    ("network-address", "it came from 203.0.113.9:443", "203.0.113.9"),
    ("network-address", "ping 2001:db8::1 now", "2001:db8::1"),
    ("network-address", "::ffff:192.0.2.1", "::ffff:192.0.2.1"),
    ("postal-address", "I live at 100 Example Way, San Mateo, CA 94403", "100 Example Way, San Mateo, CA 94403"),
    ("postal-address", "Hauptstraße 5, 10115 Berlin ist es", "Hauptstraße 5, 10115 Berlin"),
    ("postal-address", "12 bis rue de la Paix", "12 bis rue de la Paix"),
    ("postal-address", "Calle Mayor 4, 28013 Madrid", "Calle Mayor 4, 28013 Madrid"),
    ("postal-address", "send it to P.O. Box 1234", "P.O. Box 1234"),
    ("postal-address", "near SW1A 1AA", "SW1A 1AA"),
    ("bank-account", "IBAN DE89 3704 0044 0532 0130 00 thanks", "DE89 3704 0044 0532 0130 00"),
    ("bank-account", "GB82WEST12345698765432", "GB82WEST12345698765432"),
    ("identity-number", "my SSN is 536-90-4399", "536-90-4399"),
    ("identity-number", "NI AB 12 34 56 C", "AB 12 34 56 C"),
    ("identity-number", "DNI 54362315K", "54362315K"),
    ("identity-number", "RCCMNL83S18D969H", "RCCMNL83S18D969H"),
    ("identity-number", "CPF 390.533.447-05", "390.533.447-05"),
    ("identity-number", "my BSN: 111222333", "111222333"),
    ("personal-link", "see https://example.com/?email=x&a=1.", "https://example.com/?email=x&a=1"),
    ("personal-link", "https://example.com/a?q=ann%40example.com", "https://example.com/a?q=ann%40example.com"),
    ("personal-link", "https://ann:secret@example.com/", "https://ann:secret@example.com/"),
]  # fmt: skip

HARMLESS = [
    "",
    "The sensor lost 12 packets on 2015-04-16 at 12:30:45.",
    "Version 5.0.2 of example-server crashes in std::vector::push_back.",
    "See https://www.example.com/products?page=2&sort=price for the list.",
    "Order EX-2015-0001, serial SN-0042, total 49.90 EUR.",
    "4111 1111 1111 1112 has a wrong check digit",
    "300.1.2.3 is no address",
    "We meet at noon and look at the logs.",
    "000-12-3456 is issued to nobody",
    "DE00 3704 0044 0532 0130 00",
    "111222333 alone could be anything",
    "section 1.2.3 and 10:20",
]


@pytest.mark.parametrize(("kind", "text", "part"), FOUND)
def test_personal_data_is_found_with_its_place(kind: str, text: str, part: str) -> None:
    """The span of the finding is exactly the part of the text."""
    spans = {text[one.start : one.end]: one.kind for one in found_in(text)}
    assert spans.get(part) == kind, spans


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    """Versions, times, orders, plain links and numbers with wrong check digits are not marked."""
    assert found_in(text) == []


def test_several_are_told_in_order_and_kinds_can_be_chosen() -> None:
    """Each in its place, and only the kinds asked for."""
    text = "I am ann@example.com, +1 202-555-0143, at 192.0.2.7."
    assert [one.kind for one in found_in(text)] == ["email", "phone", "network-address"]
    assert [one.kind for one in found_in(text, kinds=["phone"])] == ["phone"]


pieces = (
    st.sampled_from([text for _, text, _ in FOUND])
    | st.text(max_size=40)
    | st.text("0123456789 -.+@:/?=&()", max_size=60)
)


@given(st.lists(pieces, max_size=6).map(" ".join))
def test_looking_is_total_and_findings_never_overlap(text: str) -> None:
    """Whatever the text: places lie inside it, in order, apart, and each kind is registered."""
    found = found_in(text)
    place = 0
    for one in found:
        assert place <= one.start < one.end <= len(text)
        assert one.kind in recognisers()
        place = one.end


@given(st.text(max_size=30), st.text(max_size=30))
def test_an_address_is_found_whatever_stands_around_it(before: str, behind: str) -> None:
    """Blanks set it apart; text around it hides nothing."""
    text = f"{before} ann.example@example.com {behind}"
    start = len(before) + 1
    assert any(one.start <= start and one.end >= start + 23 for one in found_in(text))


@given(st.lists(pieces, max_size=4).map(" ".join))
def test_a_card_that_is_refused_is_also_marked(text: str) -> None:
    """The recogniser and the refusal see the same numbers."""
    assert bool(card_numbers(text)) == any(one.kind == "card" for one in found_in(text, kinds=["card"]))


@pytest.mark.parametrize(
    "text", ["1 " * 20_000, "a@" * 20_000, "Calle a " * 5_000, "http://a?" + "b&" * 5_000, "f:" * 20_000]
)
def test_a_long_hostile_text_is_looked_through(text: str) -> None:
    """No pattern runs away on repetition: the look ends."""
    assert isinstance(found_in(text), list)


OUTSIDE = """
import re
from troth.collection import Recogniser

def badges(text):
    for match in re.finditer(r"\\bBADGE-[0-9]{4}\\b", text):
        yield match.span()

badge = Recogniser("%s", "the number of a staff badge", badges)
nothing = 7
"""


def _with_package(folder: Path, kind: str, object_: str) -> "subprocess.CompletedProcess[str]":
    """Look through a text in a fresh process that has a package with a recogniser installed."""
    (folder / "badges.py").write_text(OUTSIDE % kind)
    info = folder / "badges-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: badges\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[troth.recognisers]\nbadge = badges:{object_}\n")
    code = (
        "from troth.collection import found_in, recognisers\n"
        "print([tuple(one) for one in found_in('call +1 202 555 0143 about BADGE-0042')], list(recognisers())[-1])"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_installed_package_adds_a_recogniser(tmp_path: Path) -> None:
    """By an entry point; it looks beside our own, with its place."""
    ran = _with_package(tmp_path, "badge", "badge")
    assert ran.stdout == "[('phone', 5, 20), ('badge', 27, 37)] badge\n", ran.stderr


@pytest.mark.parametrize(("kind", "object_"), [("email", "badge"), ("badge", "nothing")])
def test_a_package_that_adds_what_cannot_be_is_told(tmp_path: Path, kind: str, object_: str) -> None:
    """A kind that is there already, or no recogniser: an error that names the package."""
    ran = _with_package(tmp_path, kind, object_)
    assert ran.returncode != 0
    assert "badges" in ran.stderr
    assert "InvalidInput" in ran.stderr
