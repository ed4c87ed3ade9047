"""`troth keys`: changing keys leaves everybody readable, and goes on after a kill."""

from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import SUPPORT, Desk
from troth.adapters import create_root_key_file, open_root_key
from troth.storage import open_database
from troth.vault import KeyRing, rotate_root


def reads(desk: Desk) -> bool:
    """Whether Ann's name is read as before."""
    read = ("person", "show", desk.person, "--purpose", SUPPORT, "--case", desk.ticket, "--field", "name")
    return bool(desk.program.ok(*read, TROTH_KEY=desk.support)["values"] == {"name": "Ann Example"})


def test_status_counts_without_opening_anything(desk: Desk) -> None:
    """`keys status` counts people and keys, and names each store key with the root key over it, never a secret."""
    document = desk.program.ok("keys", "status")
    assert document["persons"] == 1
    assert document["person_keys"] >= 2
    assert {one["use"] for one in document["store_keys"]} == {"index", "person"}
    assert all(one["root"].startswith("file:root.key") for one in document["store_keys"])
    assert (document["rekeying_since"], document["rotating"]) == ("", False)
    assert "store key 2 (person)" in desk.program.run("keys", "status").out


def test_rekeying_seals_everything_anew(desk: Desk) -> None:
    """`keys rekey` gives everybody new keys; the sealed bytes change and the values do not."""
    before = (desk.program.folder / "keys" / "keystore.db").read_bytes()
    document = desk.program.ok("keys", "rekey")
    assert document["persons"] == 1
    assert document["fields"] == 4
    assert (desk.program.folder / "keys" / "keystore.db").read_bytes() != before
    assert reads(desk)
    assert "1 people have new keys" in desk.program.run("keys", "rekey").out


def test_rotating_puts_everybody_under_a_new_store_key(desk: Desk) -> None:
    """`keys rotate` retires the store key in use and removes it when nothing is under it any more."""
    document = desk.program.ok("keys", "rotate")
    assert document["keys"] == desk.program.ok("keys", "status")["person_keys"]
    numbers = {one["use"]: one["key_no"] for one in desk.program.ok("keys", "status")["store_keys"]}
    assert numbers["person"] == document["store_key"]
    assert reads(desk)


def test_rotating_the_root_key_notes_its_place(desk: Desk) -> None:
    """`keys rotate-root` makes the next key file, puts the store keys under it, and the old one opens nothing more."""
    folder = desk.program.folder
    document = desk.program.ok("keys", "rotate-root")
    assert document == {"root": "file:keys/root-2.key", "store_keys": 2}
    assert (folder / "keys" / "root-2.key").stat().st_mode & 0o777 == 0o600
    (folder / "keys" / "root.key").unlink()
    assert reads(desk)
    assert desk.program.ok("doctor")["ok"] is True
    assert desk.program.ok("keys", "rotate-root")["root"] == "file:keys/root-3.key"
    assert reads(desk)


def test_a_killed_rotation_of_the_root_key_goes_on(desk: Desk) -> None:
    """When the key store is under the new root key and the settings are not written yet, the same command ends it."""
    folder = desk.program.folder
    create_root_key_file(folder / "keys" / "root-2.key")
    keystore = open_database(str(folder / "keys" / "keystore.db"), key_store=True)
    rotate_root(
        keystore, open_root_key("file:keys/root.key", folder), open_root_key("file:keys/root-2.key", folder)
    )
    keystore.close()
    assert desk.program.run("doctor").code == 4
    assert desk.program.ok("keys", "rotate-root") == {"root": "file:keys/root-2.key", "store_keys": 0}
    assert reads(desk)


@pytest.mark.parametrize(
    ("place", "code", "error"),
    [("paper:drawer", 1, "invalid-input"), ("file:keys/wrong.key", 4, "wrong-root")],
)
def test_a_root_key_that_cannot_be_is_refused(desk: Desk, place: str, code: int, error: str) -> None:
    """A place of no kind, or an old key that does not open the key store, changes nothing."""
    root: Path = desk.program.folder / "keys" / "root.key"
    right = root.read_bytes()
    if error == "wrong-root":
        root.write_bytes(b"z" * 32)
    ended = desk.program.run("keys", "rotate-root", "--to", place, "--json")
    assert (ended.code, ended.error["code"]) == (code, error)
    root.write_bytes(right)
    assert reads(desk)


def test_sweeping_destroys_keys_without_a_person_only(desk: Desk) -> None:
    """`keys sweep` destroys keys that are older than an hour and nobody's; whoever is a person stays readable."""
    folder = desk.program.folder
    root = open_root_key("file:keys/root.key", folder)
    with closing(open_database(str(folder / "keys" / "keystore.db"), key_store=True)) as keystore:
        KeyRing(keystore, root).prepared({"0" * 32: {"contact"}}, {}, now=1)
    assert desk.program.ok("keys", "sweep") == {"swept": 1}
    assert desk.program.ok("keys", "sweep") == {"swept": 0}
    assert reads(desk)
