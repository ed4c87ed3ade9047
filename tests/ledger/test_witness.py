"""A witness remembers, cosigns what grew, and raises on what did not."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.ledger import naive
from tests.ledger.support import KEY, LOG, files_below, new_clock, new_sequencer, stage_entries
from troth.kernel import InvalidInput, SettableClock, Unavailable
from troth.ledger import (
    BadSignature,
    Forked,
    MalformedNote,
    RootMismatch,
    Signer,
    TileMissing,
    Truncated,
    Witness,
    create_signer,
    export_tiles,
    open_checkpoint,
    verify_log,
)
from troth.ledger.note import COSIGNATURE_V1, Note
from troth.storage import Database

BODIES = [b"entry %d" % number for number in range(600)]
WITNESS_KEY = Signer("witness.example.com", b"\x02" * 32, COSIGNATURE_V1)


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves a folder and logs nothing."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Nothing."""


@pytest.fixture
def clock() -> SettableClock:
    """A clock of the test's own."""
    return new_clock()


@pytest.fixture
def witness(tmp_path: Path, clock: SettableClock) -> Witness:
    """A witness that has seen nothing."""
    return Witness(tmp_path / "witness", WITNESS_KEY, clock)


@pytest.fixture
def web_log(tmp_path: Path) -> Iterator[str]:
    """The web address of the folder `log`."""
    (tmp_path / "log").mkdir(exist_ok=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(tmp_path / "log")))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def show(folder: Path, bodies: list[bytes]) -> Path:
    """Write a signed log of these entries into a folder, whatever it showed before."""
    files = {
        **naive.tile_files(bodies),
        "checkpoint": LOG.checkpoint(len(bodies), naive.mth(bodies)).encode(),
    }
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def test_a_witness_cosigns_a_log_that_grows(tmp_path: Path, witness: Witness, clock: SettableClock) -> None:
    """Each look at a log that only grew gives a note with the log's and the witness's signature and the time."""
    for size in (0, 1, 200, 256, 257, 257, 600):
        clock.advance(timedelta(minutes=1))
        note = witness.look(show(tmp_path / "log", BODIES[:size]), KEY)
        assert open_checkpoint(note, LOG.verifier, WITNESS_KEY.verifier).size == size
        assert WITNESS_KEY.verifier.verify(Note.parse(note)) == int(clock.now().timestamp())
        assert witness.seen(LOG.name) == note
    assert len(Note.parse(note).signatures) == 2


def test_a_witness_remembers_after_a_restart(tmp_path: Path, witness: Witness, clock: SettableClock) -> None:
    """What one process saw another holds the log against."""
    witness.look(show(tmp_path / "log", BODIES), KEY)
    again = Witness(tmp_path / "witness", WITNESS_KEY, clock)
    with pytest.raises(Truncated):
        again.look(show(tmp_path / "log", BODIES[:500]), KEY)


def test_a_log_that_lost_its_end_is_raised(tmp_path: Path, witness: Witness) -> None:
    """A shorter log is a truncation; both signed checkpoints are in the error and beside the witness's memory."""
    seen = witness.look(show(tmp_path / "log", BODIES), KEY)
    shown = show(tmp_path / "log", BODIES[:599]) / "checkpoint"
    with pytest.raises(Truncated, match="599 entries, but showed 600") as caught:
        witness.look(tmp_path / "log", KEY)
    assert (caught.value.seen, caught.value.shown) == (seen, shown.read_text())
    evidence = next((tmp_path / "witness").glob("*.evidence")).read_text()
    assert evidence == f"{seen}\n{shown.read_text()}"
    assert str(tmp_path / "witness") in caught.value.mend
    assert witness.seen(LOG.name) == seen


@pytest.mark.parametrize("size", [300, 600])
def test_a_log_that_changed_its_past_is_raised(tmp_path: Path, witness: Witness, size: int) -> None:
    """Another history under the same key, longer or as long, is a fork with both checkpoints as evidence."""
    seen = witness.look(show(tmp_path / "log", BODIES[:300]), KEY)
    show(tmp_path / "log", [*BODIES[:100], b"changed", *BODIES[101:size]])
    with pytest.raises(Forked) as caught:
        witness.look(tmp_path / "log", KEY)
    assert open_checkpoint(caught.value.seen, LOG.verifier).size == 300
    assert open_checkpoint(caught.value.shown, LOG.verifier).size == size
    assert witness.seen(LOG.name) == seen


def test_a_log_whose_tiles_do_not_give_its_root_is_not_cosigned(tmp_path: Path, witness: Witness) -> None:
    """A checkpoint without the tree behind it is refused at the first look and at later ones."""
    folder = show(tmp_path / "log", BODIES[:300])
    (folder / "checkpoint").write_text(LOG.checkpoint(300, b"\x07" * 32))
    with pytest.raises(RootMismatch):
        witness.look(folder, KEY)
    assert witness.seen(LOG.name) is None
    witness.look(show(folder, BODIES[:300]), KEY)
    show(folder, BODIES[:400])
    (folder / "checkpoint").write_text(LOG.checkpoint(400, b"\x07" * 32))
    with pytest.raises(RootMismatch):
        witness.look(folder, KEY)
    (folder / "tile/0/001.p/144").unlink()
    with pytest.raises(TileMissing):
        witness.look(folder, KEY)


def test_a_witness_trusts_only_its_own_memory(tmp_path: Path, witness: Witness) -> None:
    """A memory file that somebody wrote to bears no signature of the witness and is refused."""
    folder = show(tmp_path / "log", BODIES[:300])
    witness.look(folder, KEY)
    memory = next((tmp_path / "witness").glob("*.checkpoint"))
    memory.write_text(LOG.checkpoint(10, naive.mth(BODIES[:10])))
    with pytest.raises(BadSignature, match=r"witness\.example\.com"):
        witness.look(folder, KEY)
    memory.write_text("")
    with pytest.raises(MalformedNote):
        witness.look(folder, KEY)


def test_a_witness_that_is_shown_rubbish_signs_nothing(tmp_path: Path, witness: Witness) -> None:
    """A malformed or foreign checkpoint leaves no memory."""
    folder = show(tmp_path / "log", BODIES[:3])
    for text in ("", "rubbish", LOG.checkpoint(3, naive.mth(BODIES[:3])).replace("\n3\n", "\n4\n")):
        (folder / "checkpoint").write_text(text)
        with pytest.raises((MalformedNote, BadSignature)):
            witness.look(folder, KEY)
    assert witness.seen(LOG.name) is None


def test_a_logs_key_is_no_witness(tmp_path: Path, clock: SettableClock) -> None:
    """A witness needs a key of its own kind, for it signs another message; a made one serves."""
    with pytest.raises(Unavailable, match="log's key"):
        Witness(tmp_path, LOG, clock)
    made = create_signer(tmp_path / "witness.key", "witness.example.com", cosigner=True)
    note = Witness(tmp_path, made, clock).look(show(tmp_path / "log", BODIES[:1]), KEY)
    assert made.verifier.verify(Note.parse(note))


def test_two_looks_at_once_leave_one_memory(tmp_path: Path, witness: Witness) -> None:
    """Looks from several threads take turns; the memory is a whole cosigned note at the end."""
    folder = show(tmp_path / "log", BODIES[:300])
    threads = [threading.Thread(target=witness.look, args=(folder, KEY)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert open_checkpoint(witness.seen(LOG.name) or "", LOG.verifier, WITNESS_KEY.verifier).size == 300
    assert [name for name in files_below(tmp_path / "witness") if name.endswith(".new")] == []


def test_a_published_log_is_read_over_the_web(
    database: Database, tmp_path: Path, witness: Witness, web_log: str
) -> None:
    """Verifying and witnessing work on a web address as on a folder."""
    stage_entries(database, 300)
    new_sequencer(database).flush()
    export_tiles(database, tmp_path / "log")
    assert verify_log(web_log, KEY).size == 300
    assert open_checkpoint(witness.look(web_log, KEY), LOG.verifier).size == 300
    (tmp_path / "log/tile/entries/000").unlink()
    with pytest.raises(TileMissing):
        verify_log(web_log, KEY)


def test_a_log_that_cannot_be_reached_is_unavailable(web_log: str) -> None:
    """A refused connection is told apart from a missing file; other schemes are refused."""
    with pytest.raises(TileMissing):
        verify_log(web_log, KEY)
    with pytest.raises(Unavailable, match="cannot be reached"):
        verify_log("http://127.0.0.1:9/log", KEY)
    with pytest.raises(InvalidInput):
        verify_log("file:///log", KEY)
