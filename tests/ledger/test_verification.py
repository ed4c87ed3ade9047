"""Exported logs: every way of changing one is found and told apart."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ledger import naive
from tests.ledger.support import (
    KEY,
    LOG,
    OTHER_LOG,
    exported_log,
    files_below,
    new_sequencer,
    stage_entries,
)
from troth.kernel import NotFound
from troth.ledger import (
    BadSignature,
    DatabaseSource,
    EntryAltered,
    Forked,
    MalformedNote,
    RootMismatch,
    TileAltered,
    TileMissing,
    Truncated,
    export_tiles,
    prove,
    tree_head,
    verify_log,
)
from troth.ledger.__main__ import main
from troth.ledger.merkle import leaf_hash
from troth.storage import Database, create_all, data_tables, open_database

SIZE = 700


@pytest.fixture
def sqlite(tmp_path: Path) -> Database:
    """A database of its own, for tests about files that no engine changes."""
    made = open_database(str(tmp_path / "own.db"))
    create_all(made, data_tables)
    return made


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], list[bytes]]:
    """The files of a sound log of 700 entries, and its bodies."""
    folder = tmp_path_factory.mktemp("pristine")
    made = open_database(str(folder / "own.db"))
    create_all(made, data_tables)
    bodies = exported_log(made, folder / "log", SIZE)
    made.close()
    return files_below(folder / "log"), bodies


@pytest.fixture
def log(pristine: tuple[dict[str, bytes], list[bytes]], tmp_path: Path) -> Path:
    """A folder with a sound log of 700 entries, the test's own to damage."""
    for path, data in pristine[0].items():
        file = tmp_path / "log" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return tmp_path / "log"


class Memory:
    """A source in memory."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    def read(self, path: str) -> bytes:
        """A file, or the error for a missing one."""
        try:
            return self.files[path]
        except KeyError:
            raise TileMissing(path) from None


def test_an_export_is_the_layout_of_the_definition(database: Database, tmp_path: Path) -> None:
    """Each exported file is that of the second implementation; there are no others; the log verifies."""
    bodies = exported_log(database, tmp_path / "log", SIZE)
    files = files_below(tmp_path / "log")
    note = files.pop("checkpoint").decode()
    assert files == naive.tile_files(bodies)
    assert note == LOG.checkpoint(SIZE, naive.mth(bodies))
    assert verify_log(tmp_path / "log", KEY) == (LOG.name, SIZE, naive.mth(bodies))


def test_a_live_database_verifies_like_its_export(database: Database) -> None:
    """The same check runs on the database itself."""
    stage_entries(database, 300)
    new_sequencer(database).flush()
    with database.snapshot() as tx:
        assert verify_log(DatabaseSource(tx), KEY).size == 300


def test_an_entry_changed_in_the_database_is_found(database: Database) -> None:
    """Whoever writes to the entry table is found, with the leaf."""
    stage_entries(database, 300)
    new_sequencer(database).flush()
    with database.transaction() as tx:
        tx.script(
            "UPDATE ledger_entry SET body = (SELECT body FROM ledger_entry WHERE leaf_index = 3) WHERE leaf_index = 271"
        )
    with database.snapshot() as tx, pytest.raises(EntryAltered) as caught:
        verify_log(DatabaseSource(tx), KEY)
    assert caught.value.leaf == 271


def test_an_entry_deleted_at_the_end_of_the_database_is_found(database: Database) -> None:
    """Deleting the last entries is a truncation, as the checkpoint still signs them."""
    stage_entries(database, 300)
    new_sequencer(database).flush()
    with database.transaction() as tx:
        tx.script("DELETE FROM ledger_entry WHERE leaf_index >= 290")
    with database.snapshot() as tx, pytest.raises(Truncated):
        verify_log(DatabaseSource(tx), KEY)


def test_an_empty_log_verifies(sqlite: Database, tmp_path: Path) -> None:
    """A log without entries has one file, and it verifies."""
    with pytest.raises(NotFound):
        export_tiles(sqlite, tmp_path / "log")
    new_sequencer(sqlite).integrate()
    export_tiles(sqlite, tmp_path / "log")
    assert list(files_below(tmp_path / "log")) == ["checkpoint"]
    assert verify_log(tmp_path / "log", KEY).size == 0


def test_an_export_goes_on_where_it_stopped(sqlite: Database, tmp_path: Path) -> None:
    """Each export leaves a log that verifies, keeps full tiles untouched and clears partial ones that filled up."""
    folder = tmp_path / "log"
    sequencer = new_sequencer(sqlite)
    stage_entries(sqlite, 300)
    sequencer.flush()
    export_tiles(sqlite, folder)
    first = (folder / "tile/0/000").stat().st_mtime_ns
    os.utime(folder / "tile/0/000", ns=(1, 1))
    for _ in range(3):
        stage_entries(sqlite, 130)
        sequencer.flush()
        export_tiles(sqlite, folder)
        verify_log(folder, KEY)
    assert first != (folder / "tile/0/000").stat().st_mtime_ns == 1
    assert not (folder / "tile/0/001.p").exists()
    assert not (folder / "tile/entries/001.p").exists()


def test_an_export_without_entries_holds_no_entry(sqlite: Database, tmp_path: Path) -> None:
    """What may be published to anybody, hashes and checkpoint, comes without the entries."""
    stage_entries(sqlite, 10)
    new_sequencer(sqlite).flush()
    export_tiles(sqlite, tmp_path / "log", entries=False)
    assert sorted(files_below(tmp_path / "log")) == ["checkpoint", "tile/0/000.p/10"]


def test_an_export_is_not_overwritten_by_a_shorter_or_other_log(sqlite: Database, log: Path) -> None:
    """A database that lost entries, or is another log, cannot replace the export that proves it."""
    before = files_below(log)
    stage_entries(sqlite, 5)
    sequencer = new_sequencer(sqlite)
    sequencer.flush()
    with pytest.raises(Truncated):
        export_tiles(sqlite, log)
    stage_entries(sqlite, SIZE)
    sequencer.flush()
    with pytest.raises(Forked):
        export_tiles(sqlite, log)
    assert files_below(log) == before


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_any_changed_byte_of_any_file_is_found(
    pristine: tuple[dict[str, bytes], list[bytes]], data: st.DataObject
) -> None:
    """Whichever byte of whichever file changes, verification raises; an entry's change names its leaf."""
    files, _ = pristine
    path = data.draw(st.sampled_from(sorted(files)))
    place = data.draw(st.integers(0, len(files[path]) - 1))
    changed = bytearray(files[path])
    changed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises((BadSignature, MalformedNote, EntryAltered, TileAltered)) as caught:
        verify_log(Memory({**files, path: bytes(changed)}), KEY)
    if path.startswith("tile/entries"):
        assert isinstance(caught.value, EntryAltered)
        number = int(path.split("/")[2].partition(".")[0])
        lengths = naive_lengths(files[path])
        assert caught.value.leaf == number * 256 + sum(end <= place for end in lengths)


def naive_lengths(bundle: bytes) -> list[int]:
    """Where each entry of a bundle ends."""
    ends, at = [], 0
    while at < len(bundle):
        at += 2 + int.from_bytes(bundle[at : at + 2], "big")
        ends.append(at)
    return ends


def swap_first_entries(files: dict[str, bytes], bodies: list[bytes]) -> None:
    """Exchange two entries and their hashes, so that both agree with each other."""
    files |= naive.tile_files([bodies[1], bodies[0], *bodies[2:]])


def cut_last_bundle(files: dict[str, bytes], bodies: list[bytes]) -> None:
    """Drop the last entry of the last bundle."""
    last = "tile/entries/002.p/188"
    files[last] = files[last][: -2 - len(bodies[-1])]


def add_entry(files: dict[str, bytes], bodies: list[bytes]) -> None:
    """Append an entry that was never signed."""
    files["tile/entries/002.p/188"] += b"\x00\x01x"


DAMAGES: list[tuple[Callable[[dict[str, bytes], list[bytes]], object], type[Exception], str]] = [
    (swap_first_entries, RootMismatch, "700 entries"),
    (cut_last_bundle, Truncated, "leaf 699"),
    (add_entry, EntryAltered, "leaf 700"),
    (lambda files, _: files.pop("tile/entries/001"), TileMissing, "tile/entries/001"),
    (lambda files, _: files.pop("tile/entries/002.p/188"), Truncated, "leaf 512"),
    (lambda files, _: files.pop("tile/0/001"), TileMissing, "tile/0/001"),
    (lambda files, _: files.pop("tile/1/000.p/2"), TileMissing, "tile/1/000"),
    (lambda files, _: files.pop("checkpoint"), TileMissing, "checkpoint"),
    (lambda files, _: files.update(checkpoint=b"\xff"), MalformedNote, "UTF-8"),
    (lambda files, _: files.update({"tile/1/000.p/2": b"\0" * 64}), TileAltered, "tile/1/000.p/2"),
    (lambda files, _: files.update({"tile/0/000": b"\0" * 8192}), TileAltered, "tile/0/000"),
    (
        lambda files, bodies: files.update(naive.tile_files([*bodies[:9], b"x", *bodies[10:]])),
        RootMismatch,
        "signed",
    ),
]


@pytest.mark.parametrize(("damage", "error", "words"), DAMAGES)
def test_each_damage_has_its_own_error(
    pristine: tuple[dict[str, bytes], list[bytes]],
    damage: Callable[[dict[str, bytes], list[bytes]], object],
    error: type[Exception],
    words: str,
) -> None:
    """Exchanged, cut, added, missing and altered parts are told apart, and the message says where."""
    files = dict(pristine[0])
    damage(files, pristine[1])
    with pytest.raises(error, match=words):
        verify_log(Memory(files), KEY)


def test_a_claim_of_endless_entries_is_soon_refused() -> None:
    """A checkpoint that signs more entries than any log has, with nothing behind it, ends in an error at once."""
    with pytest.raises(Truncated, match="leaf 0"):
        verify_log(Memory({"checkpoint": LOG.checkpoint((1 << 63) - 1, b"\x07" * 32).encode()}), KEY)


def test_a_partial_tile_that_filled_up_is_read_from_the_full_one(
    pristine: tuple[dict[str, bytes], list[bytes]],
) -> None:
    """An older checkpoint still verifies when its partial tiles are gone and the full ones are there."""
    files, bodies = dict(pristine[0]), pristine[1]
    files["checkpoint"] = LOG.checkpoint(300, naive.mth(bodies[:300])).encode()
    files["tile/1/000.p/1"] = files["tile/1/000.p/2"][:32]
    assert verify_log(Memory(files), KEY).size == 300


def test_a_log_is_held_against_a_checkpoint_that_the_reader_kept(
    pristine: tuple[dict[str, bytes], list[bytes]],
) -> None:
    """With an earlier checkpoint at hand a shorter log is a truncation and another history a fork."""
    files, bodies = pristine
    for size in (0, 1, 256, 300, SIZE):
        verify_log(Memory(files), KEY, since=LOG.checkpoint(size, naive.mth(bodies[:size])))
    longer = LOG.checkpoint(SIZE + 1, b"\x07" * 32)
    with pytest.raises(Truncated, match="701") as cut:
        verify_log(Memory(files), KEY, since=longer)
    assert (cut.value.seen, cut.value.shown) == (longer, files["checkpoint"].decode())
    other = LOG.checkpoint(300, naive.mth([b"x", *bodies[1:300]]))
    with pytest.raises(Forked, match="300") as fork:
        verify_log(Memory(files), KEY, since=other)
    assert fork.value.seen == other
    with pytest.raises(BadSignature):
        verify_log(Memory(files), KEY, since=OTHER_LOG.checkpoint(1, leaf_hash(bodies[0])))


def test_another_key_does_not_verify_the_log(log: Path) -> None:
    """The reader's key decides, not the one that the log names."""
    with pytest.raises(BadSignature):
        verify_log(log, OTHER_LOG.verifier_key)


def test_the_program_verifies_a_log_offline(log: Path) -> None:
    """`python -m troth.ledger verify` needs the files and the key, and loads no database, driver or framework."""
    probe = (
        "import sys; from troth.ledger.__main__ import main; code = main(sys.argv[1:]);"
        "heavy = {'sqlalchemy', 'apsw', 'psycopg', 'msgspec', 'litestar', 'structlog', 'yaml'} & set(sys.modules);"
        "print(heavy or 'light'); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe, "verify", str(log), "--key", KEY],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "all 700 entries are as signed" in done.stdout
    assert done.stdout.endswith("light\n")
    direct = subprocess.run(
        [sys.executable, "-m", "troth.ledger", "verify", str(log), "--key", OTHER_LOG.verifier_key],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (direct.returncode, direct.stdout) == (1, "")
    assert "no signature" in direct.stderr


def test_the_program_tells_what_is_wrong(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1 for what is not as signed, 2 for what cannot be checked; JSON tells the error's code."""
    key = tmp_path / "key"
    key.write_text(KEY + "\n")
    old = tmp_path / "old"
    old.write_bytes((log / "checkpoint").read_bytes())
    assert main(["verify", str(log), "--key", str(key), "--since", str(old), "--json"]) == 0
    (log / "tile/entries/000").write_bytes(b"\x00\x00" + (log / "tile/entries/000").read_bytes()[2:])
    assert main(["verify", str(log), "--key", str(key), "--json"]) == 1
    assert '"code": "entry-altered"' in capsys.readouterr().out
    assert main(["verify", str(log), "--key", str(tmp_path / "none")]) == 2
    assert main(["verify", str(log), "--key", "no+key"]) == 2
    assert main(["verify", str(tmp_path / "nowhere"), "--key", KEY]) == 1
    assert "is not there" in capsys.readouterr().err


def test_the_program_verifies_a_receipt(
    sqlite: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A receipt file shows its entry when it holds, and exit code 1 when it does not."""
    made = stage_entries(sqlite, 5)
    new_sequencer(sqlite).flush()
    with sqlite.snapshot() as tx:
        text = prove(tx, made[3][0]).to_text()
        assert tree_head(tx).size == 5
    file = tmp_path / "act.tlog-proof"
    file.write_text(text)
    assert main(["receipt", str(file), "--key", KEY]) == 0
    assert made[3][0] in capsys.readouterr().out
    file.write_text(text.replace("index 3", "index 2"))
    assert main(["receipt", str(file), "--key", KEY, "--json"]) == 1
    assert '"code": "bad-proof"' in capsys.readouterr().out
