"""Errors that carry a diagnosis: what happened, which clause or field, and what to do next."""

from datetime import datetime
from typing import ClassVar


class TrothError(Exception):
    """Any failure that Troth reports to its caller.

    Args:
        what: What happened, one sentence, without personal values.
        mend: What the reader can do next, one sentence.
        clause: Id of the policy clause that decided, if one did.
        field: Name of the field or argument at fault, if one is.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "error"

    def __init__(self, what: str, *, mend: str = "", clause: str = "", field: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend
        self.clause = clause
        self.field = field

    def __str__(self) -> str:
        where = f" (clause {self.clause})" if self.clause else ""
        return f"{self.what}{where} {self.mend}".strip()


class InvalidInput(TrothError):
    """Input is malformed; nothing of it was stored."""

    status = 422
    code = "invalid-input"


class Unauthenticated(TrothError):
    """Nobody could be made out from the credential given."""

    status = 401
    code = "unauthenticated"


class Refused(TrothError):
    """The policy refuses the act; the clause says which part of it."""

    status = 403
    code = "refused"


class NotFound(TrothError):
    """The thing named does not exist, or the caller may not know whether it does."""

    status = 404
    code = "not-found"


class Conflict(TrothError):
    """The state of a thing forbids the change."""

    status = 409
    code = "conflict"


class Unavailable(TrothError):
    """A store cannot take work now; nothing was done.

    Args:
        what: As for every error.
        mend: As for every error.
        clause: As for every error.
        field: As for every error.
        at: Instant before which trying again is no use; None when nobody knows.
    """

    status = 503
    code = "unavailable"

    def __init__(
        self, what: str, *, mend: str = "", clause: str = "", field: str = "", at: datetime | None = None
    ) -> None:
        super().__init__(what, mend=mend, clause=clause, field=field)
        self.at = at


class Corrupt(TrothError):
    """Stored data failed verification."""

    status = 500
    code = "corrupt"
