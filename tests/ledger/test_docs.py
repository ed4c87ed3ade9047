"""What docs/ledger.md says of the ledger is so."""

from pathlib import Path

import troth.ledger
from troth.kernel import TrothError
from troth.ledger import Entry, errors

TEXT = (Path(__file__).parents[2] / "docs/ledger.md").read_text(encoding="utf-8")


def test_every_error_of_the_ledger_is_documented() -> None:
    """Each error's code stands in the table of codes."""
    codes = {
        one.code
        for one in vars(errors).values()
        if isinstance(one, type) and issubclass(one, TrothError) and one.__module__ == errors.__name__
    }
    assert {code for code in codes if f"| `{code}` |" not in TEXT} == set()


def test_every_member_of_an_entry_is_documented() -> None:
    """Each member of an entry stands in the table of members."""
    rows = TEXT.split("| member | meaning |")[1].split("\n\n")[0]
    assert {name for name in Entry.__struct_fields__ if f"`{name}`" not in rows} == set()


def test_the_front_door_opens_every_name() -> None:
    """Each name that the room offers can be had, and nothing else is offered by mistake."""
    for name in troth.ledger.__all__:
        assert getattr(troth.ledger, name) is not None
    assert not hasattr(troth.ledger, "no_such_name")
