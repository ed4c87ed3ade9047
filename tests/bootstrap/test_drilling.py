"""Restore drills: they pass when nobody erased opens and somebody living does, and fail otherwise."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.archiving import Company
from troth.bootstrap import drill_folder, drill_found, rekey_folder
from troth.ledger import entries, tree_head
from troth.vault import drills, latest_drill


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    """Ten people, backed up, two of whom are erased since, and a third's name and e-mail address."""
    made = Company(tmp_path, 10)
    made.back_up("first")
    made.erase(made.people[0])
    made.erase(made.people[1])
    made.erase(made.people[2], "name", "email")
    yield made
    made.troth.close()


@pytest.mark.slow
def test_a_drill_passes_before_and_after_the_end_of_the_epoch_key(company: Company) -> None:
    """Everybody erased is tried, nobody opens, somebody living does; the newest result is on record and in the ledger."""
    for state in ("open", "shut"):
        done = drill_folder(company.troth)
        assert (done.passed, done.archives, done.people, done.opened) == (True, 1, 2, 0)
        assert done.fields == 10  # four values of each, and the two fields of the third
        assert done.controls > 0
        assert [one.state for one in drill_found(done)] == [state]
        company.end_epochs()
        with company.troth.database.snapshot() as tx:
            assert latest_drill(tx) == done
    company.troth.flush_ledger()
    with company.troth.database.snapshot() as tx:
        told = [one.entry.act for one in entries(tx, 0, tree_head(tx).size)]
    assert told.count("drilled") == 2
    assert told.count("epoch-destroyed") == 1
    assert [path.name for path in (company.folder / "data" / "drill").iterdir()] == ["lock"]


@pytest.mark.slow
def test_a_drill_tells_what_a_restore_leaves_out(company: Company) -> None:
    """Beside a field erased since, what was sealed under the same key is counted once the epoch key is gone; the drill passes."""
    company.erase(company.people[3], "product")
    for state, lost in (("open", 0), ("shut", 1)):
        done = drill_folder(company.troth)
        assert done.passed
        assert [(one.state, one.lost) for one in drill_found(done)] == [(state, lost)]
        company.end_epochs()


@pytest.mark.slow
def test_a_drill_that_reads_nobody_does_not_pass(company: Company) -> None:
    """When everybody was re-keyed and the epoch key is gone, nobody living opens: nothing is proven."""
    company.end_epochs()
    rekey_folder(company.troth)
    done = drill_folder(company.troth)
    assert (done.passed, done.opened, done.controls) == (False, 0, 0)
    assert [one.state for one in drill_found(done)] == ["rekeyed"]


@pytest.mark.slow
def test_a_drill_finds_a_key_that_was_not_destroyed(company: Company) -> None:
    """With an erased person's keys back in the key store, the drill reads the person and fails."""
    keystore = company.folder / "data" / "keys" / "keystore.db"
    company.troth.close()
    before = keystore.read_bytes()
    company.troth = company.open()
    company.erase(company.people[5])
    assert drill_folder(company.troth).passed
    company.troth.close()
    keystore.write_bytes(before)
    company.troth = company.open()
    done = drill_folder(company.troth)
    assert (done.passed, done.opened) == (False, 4)


@pytest.mark.slow
def test_a_damaged_backup_fails_the_drill(company: Company) -> None:
    """A backup that cannot be restored is no backup: the drill says why."""
    (company.folder / "first" / "data.db").write_bytes(b"")
    done = drill_folder(company.troth)
    assert not done.passed
    found = drill_found(done)[0]
    assert found.state == "refused"
    assert "data.db" in found.told


@pytest.mark.slow
def test_a_backup_that_was_moved_is_absent_and_can_be_named(company: Company) -> None:
    """A drill with nothing to try does not pass; one that is told where the backup is now does."""
    for end in ("", "-keys"):
        shutil.move(company.folder / f"first{end}", company.folder / f"moved{end}")
    done = drill_folder(company.troth)
    assert (done.passed, [one.state for one in drill_found(done)]) == (False, ["absent"])
    assert drill_folder(company.troth, [company.folder / "moved"]).passed


@pytest.mark.slow
def test_the_service_drills_by_itself_when_it_is_time(company: Company) -> None:
    """The first drill comes with the first backup, the next after `backup.drill_days`."""

    def count() -> int:
        company.troth.background.run_due()
        with company.troth.database.snapshot() as tx:
            return len(drills(tx))

    assert count() == 1
    company.clock.advance(timedelta(days=6))
    assert count() == 1
    company.clock.advance(timedelta(days=1))
    assert count() == 2
