"""Opening a folder: what does not belong there is refused in words, and whatever was opened is closed again."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

import troth
from troth.bootstrap import change_root, rotate_folder
from troth.kernel import TrothError, Unavailable
from troth.ledger import SequencerThread


@pytest.fixture
def folder(data_folder: Path) -> Path:
    """A new folder."""
    troth.init_folder(data_folder)
    return data_folder


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Another new folder."""
    troth.init_folder(tmp_path / "other")
    return tmp_path / "other"


def open_files(folder: Path) -> list[str]:
    """Files below a folder that this process has open."""
    found = []
    for handle in Path("/proc/self/fd").iterdir():
        try:
            target = os.readlink(handle)  # noqa: PTH115  a Path would drop the mark of deleted files
        except FileNotFoundError:
            continue
        if target.startswith(str(folder)):
            found.append(target)
    return found


def wrong_root(folder: Path, other: Path) -> None:
    """The root key of another folder."""
    shutil.copyfile(other / "keys" / "root.key", folder / "keys" / "root.key")


def no_root(folder: Path, other: Path) -> None:
    """No root key."""
    (folder / "keys" / "root.key").unlink()


def no_keystore(folder: Path, other: Path) -> None:
    """No key store."""
    (folder / "keys" / "keystore.db").unlink()


def no_data(folder: Path, other: Path) -> None:
    """No data."""
    (folder / "data.db").unlink()


def keystore_of_another(folder: Path, other: Path) -> None:
    """The key store and root key of another folder."""
    wrong_root(folder, other)
    shutil.copyfile(other / "keys" / "keystore.db", folder / "keys" / "keystore.db")


def stores_mixed_up(folder: Path, other: Path) -> None:
    """The data in the key store's place."""
    shutil.copyfile(folder / "data.db", folder / "keys" / "keystore.db")


def no_signer(folder: Path, other: Path) -> None:
    """No signing key of the ledger."""
    (folder / "keys" / "ledger.key").unlink()


def open_root_file(folder: Path, other: Path) -> None:
    """A root key that others may read."""
    (folder / "keys" / "root.key").chmod(0o644)


DAMAGES: dict[Callable[[Path, Path], None], str] = {
    wrong_root: "root key",
    no_root: "no root key",
    no_keystore: "keystore.db does not exist",
    no_data: "data.db does not exist",
    keystore_of_another: "do not belong together",
    stores_mixed_up: "not a key store",
    no_signer: "cannot be read as a signing key",
    open_root_file: "others can read it",
}


@pytest.mark.parametrize(("damage", "told"), DAMAGES.items(), ids=[one.__name__ for one in DAMAGES])
def test_what_does_not_belong_is_refused(
    folder: Path, other: Path, damage: Callable[[Path, Path], None], told: str
) -> None:
    """Each wrong or missing part is refused with a way to mend it; no file is made, and none stays open."""
    damage(folder, other)
    before = {path for path in folder.rglob("*") if not path.name.endswith(("-wal", "-shm"))}
    with pytest.raises(TrothError, match=told) as caught:
        troth.open(folder)
    assert caught.value.mend
    assert {path for path in folder.rglob("*") if not path.name.endswith(("-wal", "-shm"))} == before
    assert open_files(folder) == []


def test_the_right_part_put_back_opens_again(folder: Path, other: Path) -> None:
    """A folder that was refused is unharmed: with its own key store back, it opens."""
    kept = {name: (folder / "keys" / name).read_bytes() for name in ("keystore.db", "root.key")}
    keystore_of_another(folder, other)
    with pytest.raises(TrothError, match="do not belong together"):
        troth.open(folder)
    for name, content in kept.items():
        (folder / "keys" / name).write_bytes(content)
    for end in ("-wal", "-shm"):
        (folder / "keys" / f"keystore.db{end}").unlink(missing_ok=True)
    troth.open(folder).close()


@pytest.mark.parametrize("part", ["KeyRing", "Vault", "load_signer", "Gate", "SequencerThread"])
def test_whatever_fails_everything_is_closed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """When a part fails to start, what was opened before it is closed."""

    def failing(*_: Any, **__: Any) -> None:
        raise RuntimeError(part)

    monkeypatch.setattr(f"troth.bootstrap.runtime.{part}", failing)
    with pytest.raises(RuntimeError, match=part):
        troth.open(folder)
    assert open_files(folder) == []


def test_closing_closes_everything_though_the_ledger_fails(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A last look of the sequencer that fails is told, and the stores are closed all the same."""
    stop = SequencerThread.stop

    def failing(sequencer: SequencerThread) -> None:
        stop(sequencer)
        raise Unavailable("The last look failed.")

    monkeypatch.setattr(SequencerThread, "stop", failing)
    running = troth.open(folder)
    with pytest.raises(Unavailable, match="last look"):
        running.close()
    assert open_files(folder) == []


def test_open_and_closed_leaves_no_file_open(folder: Path) -> None:
    """Closing lets go of every file."""
    with troth.open(folder):
        assert open_files(folder)
    assert open_files(folder) == []


def test_a_running_folder_goes_on_when_its_root_key_is_rotated(folder: Path) -> None:
    """After another process changed root key and store key, people can still be kept and found."""
    purpose = "essential.service.operations.support"
    with troth.open(folder) as running:
        key, _ = running.issue_key(name="site", role="service.collection", purposes=[purpose])
        change_root(folder)
        (folder / "keys" / "root.key").unlink()
        with troth.open(folder) as other:
            rotate_folder(other)
        values = {"name": "Ann Example", "email": "ann@example.com", "ticket_text": "It does not start."}
        body = {"channel": "web", "notice": "support-notice", "values": values}
        ask = running.collection.submission("support-contact", body, age_passed=True)
        (outcome,) = running.perform([msgspec.structs.replace(ask, key=key)])
        assert outcome.effect == "permit", outcome.problem
