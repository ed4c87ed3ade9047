"""Errors carry what happened, which clause or field, and what to do next."""

import pytest

from troth import kernel
from troth.kernel import TrothError

KINDS = {
    "InvalidInput": (422, "invalid-input"),
    "Unauthenticated": (401, "unauthenticated"),
    "Refused": (403, "refused"),
    "NotFound": (404, "not-found"),
    "Conflict": (409, "conflict"),
    "Unavailable": (503, "unavailable"),
    "Corrupt": (500, "corrupt"),
}


@pytest.mark.parametrize(("name", "told"), KINDS.items())
def test_each_kind_has_its_status_and_code(name: str, told: tuple[int, str]) -> None:
    """Status and code are what callers program against; they never change."""
    kind = getattr(kernel, name)
    assert issubclass(kind, TrothError)
    assert (kind.status, kind.code) == told


def test_no_kind_is_left_out() -> None:
    """Every error that the kernel offers stands in the table above."""
    offered = {
        name
        for name in kernel.__all__
        if isinstance(getattr(kernel, name), type) and issubclass(getattr(kernel, name), TrothError)
    }
    assert offered == {*KINDS, "TrothError"}


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (TrothError("It failed."), "It failed."),
        (TrothError("It failed.", mend="Try again."), "It failed. Try again."),
        (TrothError("It failed.", clause="II.12"), "It failed. (clause II.12)"),
        (TrothError("It failed.", clause="II.12", mend="Try again."), "It failed. (clause II.12) Try again."),
    ],
)
def test_its_text_says_all_that_a_reader_needs(error: TrothError, text: str) -> None:
    """What happened, the clause that decided, the mend, in this order."""
    assert str(error) == text


def test_an_error_keeps_its_parts() -> None:
    """Each part can be shown on its own."""
    error = TrothError("It failed.", mend="Try again.", clause="I.1", field="email")
    assert (error.what, error.mend, error.clause, error.field) == ("It failed.", "Try again.", "I.1", "email")
    assert error.args == ("It failed.",)
