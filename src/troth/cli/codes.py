"""Exit codes, and the one shape in which errors are shown. docs/command-line.md documents both."""

from enum import IntEnum
from typing import Any

from troth.kernel import Corrupt, InvalidInput, Refused, TrothError, Unauthenticated, Unavailable


class Code(IntEnum):
    """How a command ended."""

    DONE = 0
    ERROR = 1
    USAGE = 2
    DENIED = 3
    UNVERIFIED = 4
    UNAVAILABLE = 5
    INTERRUPTED = 130


class BadUsage(InvalidInput):
    """The command line itself is wrong or lacks something that nobody is there to be asked for."""

    code = "usage"


class FileTrouble(TrothError):
    """A file named on the command line cannot be read or written."""

    code = "file"


_DENIED = (Refused.status, Unauthenticated.status)


def code_of(error: TrothError) -> Code:
    """The exit code that an error ends a command with."""
    if isinstance(error, BadUsage):
        return Code.USAGE
    if isinstance(error, Corrupt):
        return Code.UNVERIFIED
    if isinstance(error, FileTrouble):
        return Code.ERROR
    return code_of_status(error.status)


def code_of_status(status: int) -> Code:
    """The exit code for the HTTP status of a problem."""
    if status in _DENIED:
        return Code.DENIED
    return Code.UNAVAILABLE if status == Unavailable.status else Code.ERROR


def error_document(error: TrothError) -> dict[str, Any]:
    """An error as JSON: the same members for every command."""
    document: dict[str, Any] = {
        "code": error.code,
        "exit": int(code_of(error)),
        "what": error.what,
        "mend": error.mend,
        "clause": error.clause,
        "field": error.field,
    }
    findings = getattr(error, "findings", None)
    if findings is not None:
        document["findings"] = [finding_document(finding) for finding in findings]
    return {"error": document}


def finding_document(finding: Any) -> dict[str, Any]:
    """A finding of a policy document as JSON."""
    return {name: getattr(finding, name) for name in ("file", "line", "check", "clause", "reason", "mend")}


def file_trouble(error: OSError) -> FileTrouble:
    """The error to show when the system refuses a file."""
    name = f"{error.filename}: " if error.filename else ""
    return FileTrouble(
        f"{name}{error.strerror or error}.",
        mend="Check the path and who may read or write it.",
        field=str(error.filename or ""),
    )
