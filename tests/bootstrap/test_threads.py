"""Threads that use one opened folder share commits and get their own outcomes."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import troth
from tests.support.policies import any_serial_file

REGISTER = "essential.service.product_registration"


def test_threads_get_their_own_outcomes(tmp_path: Path) -> None:
    """Eight threads register people at once through `Troth.perform`; each gets its own person, and all are there."""
    folder = tmp_path / "data"
    troth.init_folder(folder, policy=any_serial_file(tmp_path))
    with troth.open(folder) as running:
        key, _ = running.issue_key(name="site", role="service.collection", purposes=[REGISTER])
        notice = str(running.policy().points["product-registration"].notice)

        def register(number: int) -> str:
            values = {"name": "N", "email": f"p{number}@example.com", "product": "x", "serial": f"S-{number}"}
            ask = troth.Ask(
                act="collect",
                purpose=REGISTER,
                key=key,
                values=values,
                channel="web",
                point="product-registration",
                notice=notice,
                age_passed=True,
            )
            (outcome,) = running.perform([ask])
            assert outcome.permitted, outcome
            return outcome.person

        with ThreadPoolExecutor(8) as threads:
            people = list(threads.map(register, range(64)))
        assert len(set(people)) == 64
        running.flush_ledger()
        assert running.clause_counts()["I.9"] == {"permit": 64}
