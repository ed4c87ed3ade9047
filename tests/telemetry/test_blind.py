"""Blind signatures: as RFC 9474 has them, to the byte."""

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from troth.telemetry import BlindError, PublicKey, blind, finalize, prepare, verify


class Vector:
    """The test vector of appendix A.1."""

    def __init__(self) -> None:
        told = json.loads((Path(__file__).parent / "rfc9474.json").read_text(encoding="utf-8"))
        self._values = {name: "".join(value) for name, value in told.items()}

    def octets(self, name: str) -> bytes:
        """A value as bytes."""
        return bytes.fromhex(self._values[name])

    def number(self, name: str) -> int:
        """A value as a number."""
        return int(self._values[name], 16)


VECTOR = Vector()
KEY = PublicKey(VECTOR.number("n"), VECTOR.number("e"))


def sign(blinded: bytes) -> bytes:
    """What the signer does (section 4.3)."""
    return pow(int.from_bytes(blinded, "big"), VECTOR.number("d"), KEY.n).to_bytes(KEY.length, "big")


def test_the_vector_of_the_standard() -> None:
    """Every value that travels is the one in the standard's appendix."""
    prepared = VECTOR.octets("prepared_msg")
    assert prepared == VECTOR.octets("msg_prefix") + VECTOR.octets("msg")
    factor = pow(VECTOR.number("inv"), -1, KEY.n)
    blinded = blind(KEY, prepared, salt=VECTOR.octets("salt"), factor=factor)
    assert blinded.message == VECTOR.octets("blinded_msg")
    assert blinded.inverse == VECTOR.number("inv")
    assert sign(blinded.message) == VECTOR.octets("blind_sig")
    assert finalize(KEY, prepared, VECTOR.octets("blind_sig"), blinded.inverse) == VECTOR.octets("sig")
    verify(KEY, prepared, VECTOR.octets("sig"))


@settings(max_examples=5, deadline=None)
@given(st.binary(max_size=100))
def test_a_fresh_signature_stands_under_its_message(message: bytes) -> None:
    """What is blinded, signed and finished verifies; under another message it does not."""
    prepared = prepare(message)
    assert prepared.endswith(message)
    assert len(prepared) == len(message) + 32
    blinded = blind(KEY, prepared)
    signature = finalize(KEY, prepared, sign(blinded.message), blinded.inverse)
    verify(KEY, prepared, signature)
    with pytest.raises(BlindError, match="under this message"):
        verify(KEY, prepared + b".", signature)


def test_nothing_repeats() -> None:
    """The same message is blinded differently each time, and prepared differently."""
    assert prepare(b"one") != prepare(b"one")
    assert blind(KEY, b"one").message != blind(KEY, b"one").message


@given(st.integers(0, 511), st.integers(1, 255))
def test_a_changed_signature_is_refused(place: int, change: int) -> None:
    """Any change of a byte is noticed."""
    changed = bytearray(VECTOR.octets("sig"))
    changed[place] ^= change
    with pytest.raises(BlindError):
        verify(KEY, VECTOR.octets("prepared_msg"), bytes(changed))


def test_an_answer_by_another_key_is_refused() -> None:
    """A blind signature that was not made by the key is noticed before a token comes of it."""
    prepared = VECTOR.octets("prepared_msg")
    blinded = blind(KEY, prepared)
    other = hashlib.shake_256(b"other").digest(KEY.length - 1)
    with pytest.raises(BlindError, match="signature"):
        finalize(KEY, prepared, b"\0" + other, blinded.inverse)
    with pytest.raises(BlindError, match="length"):
        finalize(KEY, prepared, other, blinded.inverse)


@pytest.mark.parametrize(
    "key",
    [PublicKey(2**1023 + 1, 65537), PublicKey(2**4095, 65537), PublicKey(KEY.n, 1), PublicKey(KEY.n, 65536)],
)
def test_weak_keys_are_refused(key: PublicKey) -> None:
    """A key that is too short or even, or an exponent that leaves the message readable, blinds nothing."""
    with pytest.raises(BlindError):
        blind(key, b"message")
