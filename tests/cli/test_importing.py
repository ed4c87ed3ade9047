"""`troth collect import` as its users run it: killed and run again, dry, and with rows to refuse."""

import json
import os
import signal
import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests.support.process import TROTH, ClockFile, Troth
from tests.support.waiting import wait_until

REGISTER = "essential.service.product_registration"
ROWS = 12_000
"""So many that an import of them is not over when one looks how far it is."""


@pytest.fixture
def folder(tmp_path: Path) -> Troth:
    """A data folder with an import key beside it."""
    made = Troth(tmp_path / "data", ClockFile(tmp_path / "clock"))
    made.init()
    key = tmp_path / "import.key"
    made.run(
        "access", "issue", "--name", "i", "--role", "service.import", "--purpose", REGISTER, "--out", key
    )
    return made


def _import(folder: Troth, file: Path, *more: str) -> list[str]:
    key = folder.folder.parent / "import.key"
    return ["collect", "import", str(file), "--purpose", REGISTER, "--key-file", str(key), *more]


def _file(folder: Troth, count: int) -> Path:
    path = folder.folder.parent / "people.csv"
    rows = [f"person{number}@example.com,Person {number},SN-{number}" for number in range(count)]
    path.write_text("\n".join(["email,name,serial", *rows]) + "\n", encoding="utf-8")
    return path


def _rows(folder: Troth, query: str) -> int:
    with sqlite3.connect(folder.folder / "data.db") as raw:
        (count,) = raw.execute(query).fetchone() or (0,)
    raw.close()
    return int(count)


@pytest.mark.slow
def test_killed_import_goes_on_and_loses_nothing(folder: Troth) -> None:
    """An import that is killed outright leaves whole batches; run again it ends with every row exactly once."""
    file = _file(folder, ROWS)
    running = subprocess.Popen(
        [TROTH, *_import(folder, file)], env=folder.environment, stderr=subprocess.DEVNULL
    )
    wait_until(lambda: _rows(folder, "SELECT position FROM import_run") >= 1_000, "two batches are in")
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    people, position = (
        _rows(folder, "SELECT count(*) FROM person"),
        _rows(folder, "SELECT position FROM import_run"),
    )
    assert 1_000 <= people == position < ROWS
    done = json.loads(folder.run(*_import(folder, file, "--json")).stdout)
    assert (done["resumed_at"], done["taken"], done["refused"]) == (position, ROWS, 0)
    assert _rows(folder, "SELECT count(*) FROM person") == ROWS
    assert _rows(folder, "SELECT count(*) FROM sealed_field") == 3 * ROWS
    again = folder.run(*_import(folder, file))
    assert "imported to its end before" in again.stdout


def test_refused_rows_end_with_code_one(folder: Troth) -> None:
    """Rows that are refused are counted and told; a dry run says the same and stores nothing."""
    file = _file(folder, 3)
    file.write_text(file.read_text(encoding="utf-8") + "no address,Zq,SN-9\n", encoding="utf-8")
    report = folder.folder.parent / "refused.csv"
    dry = folder.run(*_import(folder, file, "--dry-run", "--report", str(report)), status=1)
    assert dry.stdout.startswith("Would take 3 of 4 rows, refused 1.")
    assert _rows(folder, "SELECT count(*) FROM person") == 0
    assert "email is not a mail address." in report.read_text(encoding="utf-8")
    done = folder.run(*_import(folder, file, "--json"), status=1)
    assert [json.loads(done.stdout)[name] for name in ("taken", "refused")] == [3, 1]
    assert "Zq" not in dry.stdout + dry.stderr + done.stdout + done.stderr + report.read_text(
        encoding="utf-8"
    )


def test_wrong_file_and_wrong_key_say_the_mend(folder: Troth) -> None:
    """A file without a header is an error of the file, a key without the purpose is a denial."""
    file = folder.folder.parent / "bare.csv"
    file.write_text("ann@example.com,Ann\n", encoding="utf-8")
    bare = folder.run(*_import(folder, file), status=1)
    assert "no header" in bare.stderr
    assert "ann@" not in bare.stderr
    key = folder.folder.parent / "import.key"
    key.unlink()
    folder.run(
        "access", "issue", "--name", "i", "--role", "service.import", "--purpose", "marketing", "--out", key
    )
    assert "not granted the purpose" in folder.run(*_import(folder, _file(folder, 1)), status=3).stderr
