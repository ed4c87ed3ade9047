"""What the collection room refuses is refused at every door to the gate, not only at the public points."""

from pathlib import Path

import pytest

import troth
from tests.support.folders import made_folder
from troth.gate import Ask
from troth.kernel import SettableClock


@pytest.mark.parametrize(
    "values",
    [
        {"ticket_text": "my card is 4111 1111 1111 1111, thanks"},
        {"ticket_text": ["deep", {"in": "4111111111111111"}]},
        {"4111111111111111": "x"},
    ],
)
def test_card_number_is_refused_whoever_collects(
    tmp_path: Path, clock: SettableClock, values: dict[str, object]
) -> None:
    """Staff who write a payment card number into a field are refused like a visitor, and nothing of it is kept."""
    made = made_folder(tmp_path / "data", clock)
    with troth.open(tmp_path / "data", clock=clock) as opened:
        outcome = opened.perform(
            [
                Ask(
                    act="collect",
                    purpose="essential.service.operations.support",
                    key=made.admin_key,
                    point="support-contact",
                    channel="phone",
                    values=values,
                )
            ]
        )[0]
    assert outcome.problem is not None
    assert (outcome.problem.status, outcome.problem.clause) == (422, "II.21")
    assert "1111" * 3 not in repr(outcome).replace(" ", "")
