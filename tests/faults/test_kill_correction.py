"""Killed at every step of a correction that reaches another database: it is taken up again, and the old value is gone everywhere."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import troth
from tests.connectors.running import running
from tests.connectors.shop import customer, dump, fill
from tests.connectors.test_correction_requests import NAMED, NEW, OLD, PLAIN, opened
from tests.connectors.test_requests import kept, written
from tests.faults.test_kill_erasure import SPAWNING, count_commits
from troth.adapters.connectors import engines, sql
from troth.kernel import FileClock, SettableClock

_MANY = 100


def carry_out(base: Path, case: str, number: int) -> None:
    """Carry a request out, and be killed at the commit of a number: behind one of ours, before or behind one of the shop's."""
    seen = [0]
    writing = engines.writing

    @contextmanager
    def killed(*given: Any) -> Iterator[Any]:
        with writing(*given) as connection:
            yield connection
            _die(seen, number)
        _die(seen, number)

    setattr(sql, "writing", killed)  # noqa: B010  the name that the store calls
    with troth.open(base / "data", clock=FileClock(base / "clock"), sequencer=False) as opened_again:
        for store in (opened_again.database, opened_again.keystore):
            count_commits(store, seen, number, before=False)
        opened_again.answering.carry_out(case)


def _die(seen: list[int], number: int) -> None:
    seen[0] += 1
    if seen[0] == number:
        os.kill(os.getpid(), signal.SIGKILL)


def ended_well(base: Path, clock: SettableClock, case: str) -> None:
    """Whoever goes on with it ends it: the old value stands nowhere, and nothing that names anybody is left of it."""
    with troth.open(base / "data", clock=clock, sequencer=False) as running_again:
        running_again.answering.carry_out(case)
        running_again.flush_ledger()
        told = running_again.rights.matter(case)
        assert told.matter.state == "completed", told.items
        note = next(one.note for one in told.items if one.target == NAMED)
        assert note in ("1 row corrected", "1 row corrected before")
    engine = sa.create_engine(f"sqlite:///{base / 'other.db'}")
    assert OLD not in str(dump(engine))
    assert NEW in str(dump(engine))
    engine.dispose()
    assert kept(base / "data", OLD.lower()) == []


@pytest.mark.slow
def test_killed_at_every_commit_the_old_value_is_gone(tmp_path: Path, clock: SettableClock) -> None:
    """Each commit of both stores and of the shop's database, one after another, on a copy of the same folders."""
    first = tmp_path / "first"
    first.mkdir()
    engine = sa.create_engine(f"sqlite:///{first / 'other.db'}")
    fill(engine)
    with engine.begin() as connection:
        connection.execute(sa.update(customer).where(customer.c.id == 1).values(name=OLD))
        connection.execute(
            sa.text("UPDATE shipment SET signed_by = :name WHERE signed_by = 'ADA-signed'"), {"name": OLD}
        )
    engine.dispose()
    with running(first / "data", clock) as office:
        opened(office, f"sqlite:///{first / 'other.db'}", PLAIN)
        case = office.write("correct", new_name=NEW)
        office.troth.rights.verify(office.staff, case)
        office.troth.answering.plan(case)  # planning is killed elsewhere
    for number in range(1, _MANY):
        base = tmp_path / str(number)
        shutil.copytree(first, base)
        written(base / "data", f"sqlite:///{base / 'other.db'}")
        (base / "clock").write_text(clock.now().isoformat())
        process = SPAWNING.Process(target=carry_out, args=(base, case, number))
        process.start()
        process.join(120)
        ended_well(base, clock, case)
        shutil.rmtree(base)
        if process.exitcode == 0:
            assert number > 10
            return
        assert process.exitcode == -signal.SIGKILL
    pytest.fail("it never came to its end")
