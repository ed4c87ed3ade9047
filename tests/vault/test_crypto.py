"""Sealing: what was sealed opens at its place, and nowhere else, and not when a bit of it changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.kernel import TrothError
from troth.vault import KeyTampered, MovedField, MovedPerson, MovedVersion, Tampered, WrongRoot, crypto

KEY, MARKING = b"k" * 32, b"m" * 32
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
PLACES = st.builds(
    crypto.Place, NAMES, NAMES, st.text("0123456789abcdef", min_size=64, max_size=64), st.integers(1, 2**31)
)
HERE = crypto.Place("0" * 32, "email", "a" * 64, 1)


@given(place=PLACES, value=st.binary(max_size=300))
def test_a_sealed_value_opens_at_its_place(place: crypto.Place, value: bytes) -> None:
    """Sealing and opening at the same place gives the value."""
    assert crypto.unseal(KEY, MARKING, place, crypto.seal(KEY, MARKING, place, value)) == value


def test_the_same_value_never_looks_the_same() -> None:
    """Two seals of one value share no nonce and no ciphertext."""
    first, second = (crypto.seal(KEY, MARKING, HERE, b"same") for _ in range(2))
    assert first[1:13] != second[1:13]
    assert first[-20:] != second[-20:]


def test_every_bit_counts() -> None:
    """A sealed value with any one bit changed does not open: format, nonce, marks, ciphertext and tag alike."""
    sealed = crypto.seal(KEY, MARKING, HERE, b"jane@example.com")
    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Tampered if bit >= 8 else MovedVersion):
            crypto.unseal(KEY, MARKING, HERE, bytes(changed))


@given(cut=st.integers(0, 60))
def test_a_shortened_value_does_not_open(cut: int) -> None:
    """A value cut off anywhere is refused as changed."""
    sealed = crypto.seal(KEY, MARKING, HERE, b"jane@example.com")
    with pytest.raises((Tampered, MovedVersion)):
        crypto.unseal(KEY, MARKING, HERE, sealed[: min(cut, len(sealed) - 1)])


@pytest.mark.parametrize(
    ("elsewhere", "error"),
    [
        (HERE._replace(person="1" * 32), MovedPerson),
        (HERE._replace(field="phone"), MovedField),
        (HERE._replace(policy="b" * 64), MovedVersion),
        (HERE._replace(generation=2), MovedVersion),
    ],
)
@pytest.mark.parametrize("same_key", [True, False])
def test_a_moved_value_names_where_it_went_wrong(
    elsewhere: crypto.Place,
    error: type[Exception],
    same_key: bool,  # noqa: FBT001
) -> None:
    """A genuine value at another place raises the error of what differs, whichever key stands there."""
    sealed = crypto.seal(KEY, MARKING, HERE, b"jane@example.com")
    with pytest.raises(error):
        crypto.unseal(KEY if same_key else b"o" * 32, MARKING, elsewhere, sealed)


def test_parts_of_a_place_cannot_run_into_each_other() -> None:
    """Nothing can be shifted from person to field to version so that a value opens elsewhere."""
    sealed = crypto.seal(KEY, MARKING, crypto.Place("a|b", "c", "d", 1), b"jane@example.com")
    for elsewhere in (("a", "b|c", "d"), ("a|b|c", "", "d"), ("a|b", "c|d", "")):
        with pytest.raises(TrothError):
            crypto.unseal(KEY, MARKING, crypto.Place(*elsewhere, 1), sealed)


@given(value=st.binary(min_size=12, max_size=60), at=st.integers(0, 200))
def test_no_error_shows_a_value_or_key(value: bytes, at: int) -> None:
    """Message, repr and attributes of an error hold neither what was sealed nor the key."""
    sealed = bytearray(crypto.seal(KEY, MARKING, HERE, value))
    sealed[at % len(sealed)] ^= 1
    with pytest.raises(TrothError) as told:
        crypto.unseal(KEY, MARKING, HERE, bytes(sealed))
    shown = f"{told.value} {told.value!r} {vars(told.value)}"
    assert not any(secret in shown for secret in (value.hex(), repr(value)[2:-1], KEY.hex(), KEY.decode()))


@given(secret=st.binary(min_size=32, max_size=32), context=NAMES, other=NAMES)
def test_a_wrapped_key_opens_only_with_its_context(secret: bytes, context: str, other: str) -> None:
    """A wrapped key is bound to its row: another context opens nothing."""
    wrapper = crypto.Wrapper(KEY)
    wrapped = wrapper.wrap(secret, context)
    assert wrapper.unwrap(wrapped, context) == secret
    if other != context:
        with pytest.raises(KeyTampered):
            wrapper.unwrap(wrapped, other)


def test_a_changed_wrapped_key_does_not_open() -> None:
    """Any bit of a wrapped key counts."""
    wrapper = crypto.Wrapper(KEY)
    wrapped = wrapper.wrap(b"s" * 32, "here")
    for bit in range(len(wrapped) * 8):
        changed = bytearray(wrapped)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(KeyTampered):
            wrapper.unwrap(bytes(changed), "here")


def test_another_root_opens_nothing() -> None:
    """What one root key wrapped, another refuses as the wrong root."""
    wrapped = crypto.root_wrap(KEY, b"s" * 32, b"here")
    assert crypto.root_unwrap(KEY, wrapped, b"here") == b"s" * 32
    for root, context in ((b"o" * 32, b"here"), (KEY, b"there")):
        with pytest.raises(WrongRoot):
            crypto.root_unwrap(root, wrapped, context)


def test_derivation_follows_the_standard() -> None:
    """HKDF-SHA256 as RFC 5869 has it, computed here by hand from HMAC."""
    import hashlib
    import hmac

    first = hmac.digest(hmac.digest(bytes(32), KEY, hashlib.sha256), b"troth.label\x01", hashlib.sha256)
    assert crypto.derive(KEY, "label") == first
