"""Killed at every step of an erasure: it is taken up again, and ends with one certificate."""

import multiprocessing
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import troth
from tests.support.archiving import Company
from troth.kernel import FileClock, SettableClock
from troth.ledger import journal
from troth.rights import certificates, verify_certificate
from troth.storage import Database

SPAWNING = multiprocessing.get_context("forkserver")
SPAWNING.set_forkserver_preload(["troth.bootstrap", "troth.bootstrap.work", "tests.support.archiving"])
RIGHTS = "essential.service.rights_request"
_MANY = 200


def carry_out(base: Path, case: str, number: int, *, before: bool) -> None:
    """Carry a request out, and be killed right before or after the commit of a number."""
    with troth.open(base / "data", clock=FileClock(base / "clock"), sequencer=False) as running:
        seen = [0]
        for store in (running.database, running.keystore):
            count_commits(store, seen, number, before=before)
        running.answering.carry_out(case)


def count_commits(store: Database, seen: list[int], number: int, *, before: bool) -> None:
    """Have a store's process killed right before or after the commit of a number."""
    transaction = store.transaction

    @contextmanager
    def counted(*given: Any, **more: Any) -> Iterator[Any]:
        with transaction(*given, **more) as tx:
            yield tx
            seen[0] += 1
            if before and seen[0] == number:
                os.kill(os.getpid(), signal.SIGKILL)
        if seen[0] == number:
            os.kill(os.getpid(), signal.SIGKILL)

    store.transaction = counted  # type: ignore[method-assign]


def asked(company: Company) -> str:
    """Somebody's verified request to be erased, not carried out yet; its case."""
    running = company.troth
    key, _ = running.issue_key(name="desk", role="staff.privacy", purposes=[RIGHTS], cases=["request"])
    opening = troth.Ask(
        act="instruct", order="open-case", case_type="request", purpose=RIGHTS, key=key, kind="erase",
        person=company.people[0],
    )  # fmt: skip
    (outcome,) = running.perform([opening])
    assert running.rights.matter(outcome.case).matter.state == "verified"
    return outcome.case


def ended_well(base: Path, clock: SettableClock, case: str, person: str) -> None:
    """Whoever goes on with it ends it, with one certificate that is true; doing so again changes nothing."""
    with troth.open(base / "data", clock=clock, sequencer=False) as running:
        running.answering.carry_out(case)
        running.answering.carry_out(case)
        running.flush_ledger()
        assert running.rights.matter(case).matter.state == "completed"
        with running.database.snapshot() as tx:
            (found,) = certificates(tx)
            assert running.vault.people(tx, [person]) == {}
            acts = [one.entry for one in journal(tx, person, limit=1000)]
            certified = [
                e
                for r in every_entry(tx)
                if (e := r.entry).act == "matter" and e.detail["what"] == "certified"
            ]
        assert [entry.act for entry in acts].count("erased") == 1
        assert len(certified) == 1
        document = verify_certificate(found.body, running.signer.verifier_key)
        assert document.complete
        assert document.edition == 1
        assert "erased" in [proof.act for proof in document.proofs]
        assert person not in running.vault.keys.people_with_keys("", 2**62, 10)


def every_entry(tx: Any) -> list[Any]:
    """Every entry of the tree."""
    from troth.ledger import entries, tree_head

    return entries(tx, 0, tree_head(tx).size)


@pytest.mark.slow
@pytest.mark.parametrize("before", [False, True], ids=["after", "before"])
def test_killed_at_every_commit_it_ends_with_one_certificate(tmp_path: Path, *, before: bool) -> None:
    """Each commit of both stores, one after another, on a copy of the same folder; the run behind the last is not killed."""
    (tmp_path / "first").mkdir()
    company = Company(tmp_path / "first", 1)
    case = asked(company)
    company.troth.close()
    for number in range(1, _MANY):
        base = tmp_path / str(number)
        shutil.copytree(company.folder, base)
        (base / "clock").write_text(company.clock.now().isoformat())
        process = SPAWNING.Process(target=carry_out, args=(base, case, number), kwargs={"before": before})
        process.start()
        process.join(120)
        ended_well(base, company.clock, case, company.people[0])
        shutil.rmtree(base)
        if process.exitcode == 0:
            assert number > 10
            return
        assert process.exitcode == -signal.SIGKILL
    pytest.fail("it never came to its end")
