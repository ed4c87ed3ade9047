"""What holds for a root key wherever it is kept."""

from pathlib import Path

import pytest

from tests.adapters.conftest import MadeRoot
from troth.adapters import open_root_key
from troth.kernel import InvalidInput
from troth.storage import Database
from troth.vault import KeyRing, RootKey, WrongRoot, create_key_store, key_status, rotate_root

SECRET = bytes(range(32))
CONTEXT = b"troth.store-key|1|person"


def test_what_it_wraps_it_opens(root: RootKey) -> None:
    """A wrapped secret opens with its context, and does not stand in what is stored."""
    wrapped = root.wrap(SECRET, CONTEXT)
    assert root.unwrap(wrapped, CONTEXT) == SECRET
    assert SECRET not in wrapped


def test_wrapping_twice_gives_two_texts(root: RootKey) -> None:
    """Nobody can tell from what is stored that two rows hold one secret."""
    assert root.wrap(SECRET, CONTEXT) != root.wrap(SECRET, CONTEXT)


def test_another_context_does_not_open(root: RootKey) -> None:
    """A wrapped secret that was moved to another row does not open."""
    wrapped = root.wrap(SECRET, CONTEXT)
    with pytest.raises(WrongRoot):
        root.unwrap(wrapped, b"troth.store-key|2|person")


def test_another_root_key_does_not_open(made_root: MadeRoot, tmp_path: Path) -> None:
    """A root key of the same kind opens nothing of another's."""
    one, other = open_root_key(made_root(), tmp_path), open_root_key(made_root(), tmp_path)
    with pytest.raises(WrongRoot):
        other.unwrap(one.wrap(SECRET, CONTEXT), CONTEXT)
    assert one.name != other.name


@pytest.mark.parametrize("spoiled", [b"", b"short", bytes(80), b"vault:v1:", b"\xff" * 60])
def test_garbage_does_not_open(root: RootKey, spoiled: bytes) -> None:
    """What no root key made is refused as such."""
    with pytest.raises(WrongRoot):
        root.unwrap(spoiled, CONTEXT)


def test_every_flipped_byte_is_noticed(root: RootKey) -> None:
    """No byte of a wrapped secret can be changed (a sample of them, where each costs a request)."""
    wrapped = root.wrap(SECRET, CONTEXT)
    for at in range(0, len(wrapped), max(1, len(wrapped) // 16)):
        spoiled = wrapped[:at] + bytes([wrapped[at] ^ 1]) + wrapped[at + 1 :]
        with pytest.raises(WrongRoot):
            root.unwrap(spoiled, CONTEXT)


def test_its_name_finds_the_same_key_again(made_root: MadeRoot, tmp_path: Path) -> None:
    """A place opened twice is one key with one name, which shows no secret."""
    place = made_root()
    one, again = open_root_key(place, tmp_path), open_root_key(place, tmp_path)
    assert one.name == again.name
    assert again.unwrap(one.wrap(SECRET, CONTEXT), CONTEXT) == SECRET
    assert one.name.startswith(place.partition(":")[0])


def test_a_key_store_moves_from_root_to_root(keystore: Database, made_root: MadeRoot, tmp_path: Path) -> None:
    """A key store opens under the new root key and no longer under the old one, with the same keys."""
    old, new = open_root_key(made_root(), tmp_path), open_root_key(made_root(), tmp_path)
    create_key_store(keystore, old, 1)
    before = KeyRing(keystore, old)
    before.prepared({"ann": {"contact"}}, {}, 2)
    assert rotate_root(keystore, old, new) == 2
    after = KeyRing(keystore, new)
    assert after.newest_keys(["ann"]) == before.newest_keys(["ann"])
    assert after.blind("email", "ann@example.com") == before.blind("email", "ann@example.com")
    assert {key.root for key in key_status(keystore).store_keys} == {new.name}
    with pytest.raises(WrongRoot):
        KeyRing(keystore, old)


@pytest.mark.parametrize("place", ["", "root.key", "gcp-kms:key", "aws-kms:", "vault-transit:"])
def test_a_malformed_place_is_refused(place: str, tmp_path: Path) -> None:
    """A place of no known kind, or of no key, names the setting at fault."""
    with pytest.raises(InvalidInput) as told:
        open_root_key(place, tmp_path)
    assert told.value.field == "keys.root"
    assert told.value.mend
