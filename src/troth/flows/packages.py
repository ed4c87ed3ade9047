"""The copy that a person may have (clause III.0): one ZIP with a page, JSON, tables, and a signed list of all its files.

It is made when it is fetched and kept nowhere: a copy of everything would be the most dangerous file of the house. What is being
made waits sealed (`Spool`), so that whatever fails on the way fails before the first byte is handed out.
"""

import hashlib
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

import msgspec

from troth.flows.answering import Part, Work
from troth.flows.package_forms import FORMAT, About, Forms
from troth.flows.spool import PIECE, Spool
from troth.flows.wording import wording
from troth.kernel import Clock, Corrupt, InvalidInput
from troth.ledger import Note, Signer, Verifier
from troth.policy import Policy

MANIFEST, SIGNATURE, SCHEMA = "manifest.json", "manifest.sig", "schema.json"
MANIFEST_FORMAT = "troth-package-manifest-1"
_MOST_MANIFEST = 4_000_000
_MOST_MEMBERS = 10_000
_DATE = (1980, 1, 1, 0, 0, 0)
_COPIED = 1 << 16


class Copies(Protocol):
    """A place that gives out what it holds about somebody."""

    def copy(self, work: Work) -> Iterator[Part]:
        """What it holds about the person, table by table."""


class VerifiedPackage(NamedTuple):
    """What a package proves: who signed it, for which request, when, and that all its files are as they were."""

    signer: str
    request: str
    person: str
    made: str
    policy: str
    files: int


class Packages:
    """Makes packages.

    Args:
        stores: Gives every place that holds personal data.
        signer: Signs the list of files.
        policy: The version in force.
        clock: Dates a package.
        base: Address that people see.
    """

    def __init__(
        self,
        *,
        stores: Callable[[], Sequence[Copies]],
        signer: Signer,
        policy: Callable[[], Policy],
        clock: Clock,
        base: str,
    ) -> None:
        self._stores, self._signer, self._policy = stores, signer, policy
        self._clock, self._base = clock, base.rstrip("/")

    def make(self, work: Work) -> Spool:
        """Gather everything about a person; the caller closes what it gets.

        Raises:
            TrothError: A place gives nothing out, or does not answer; nothing was made.
        """
        spool = Spool()
        try:
            self._fill(spool, work)
        except BaseException:
            spool.close()
            raise
        return spool

    def _fill(self, spool: Spool, work: Work) -> None:
        policy = self._policy()
        about = About(
            number=work.number,
            person=work.person,
            made=self._clock.now().isoformat(timespec="seconds"),
            company=policy.front.controller.name,
            contact=policy.front.contact.privacy,
            policy=policy.sha256,
            updated=policy.front.last_updated,
            policy_link=f"{self._base}/policy/versions/{policy.sha256}",
            signer=self._signer.verifier_key,
        )
        forms = Forms(spool, about, wording(work.language))
        for store in self._stores():
            for part in store.copy(work):
                forms.add(part)
        forms.end()
        spool.member(SCHEMA).add(package_schema())
        text = _manifest(spool, about)
        spool.member(MANIFEST).write(text)
        spool.member(SIGNATURE).write(self._signer.sign(text).to_line())


def zipped(spool: Spool) -> Iterator[bytes]:
    """A package as the bytes of its ZIP file, piece by piece."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        for member in spool.members:
            info = zipfile.ZipInfo(member.name, _DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=member.digest().size > zipfile.ZIP64_LIMIT // 2) as file:
                for piece in member.pieces():
                    file.write(piece)
                    yield from sink.taken()
    yield from sink.taken()


def verify_package(file: Path, vkey: str) -> VerifiedPackage:
    """Check a package with nothing but the public key of whoever made it.

    Args:
        file: The ZIP file.
        vkey: The verifier key, as the ledger's page publishes it.

    Raises:
        InvalidInput: It is no package.
        BadSignature: Its list of files was not signed by this key.
        Corrupt: A file is missing, was added, or is not as it was.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            return _verified(archive, Verifier.parse(vkey))
    except (zipfile.BadZipFile, OSError, KeyError, UnicodeDecodeError, msgspec.MsgspecError) as error:
        raise InvalidInput(
            f"{file} is no package: {type(error).__name__}.", field="file", mend="Download it again."
        ) from error


def package_schema() -> bytes:
    """The JSON Schema of `data.json` (JSON Schema 2020-12)."""
    return msgspec.json.format(msgspec.json.encode(_SCHEMA), indent=2) + b"\n"


class _Sink:
    """Takes what the ZIP writer writes; cannot be wound back, so that the writer does not try."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._waiting.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits elsewhere."""

    def taken(self) -> Iterable[bytes]:
        found, self._waiting = self._waiting, []
        return [b"".join(found)] if found else []


def _manifest(spool: Spool, about: About) -> str:
    files = {
        member.name: {"sha256": member.digest().sha256, "bytes": member.digest().size}
        for member in spool.members
    }
    told = {
        "format": MANIFEST_FORMAT, "package": FORMAT, "request": about.number, "person": about.person, "made": about.made,
        "policy": about.policy, "signer": about.signer, "files": files,
    }  # fmt: skip
    return msgspec.json.format(msgspec.json.encode(told), indent=1).decode() + "\n"


def _verified(archive: zipfile.ZipFile, verifier: Verifier) -> VerifiedPackage:
    names = archive.namelist()
    if len(names) > _MOST_MEMBERS or archive.getinfo(MANIFEST).file_size > _MOST_MANIFEST:
        raise InvalidInput(
            "The package has more in it than any of ours.", field="file", mend="Ask for it again."
        )
    text = archive.read(MANIFEST).decode("utf-8")
    signed = archive.read(SIGNATURE)[:_COPIED].decode("utf-8")
    verifier.verify(Note.parse(f"{text}\n{signed}"))
    told: dict[str, Any] = msgspec.json.decode(text)
    listed: dict[str, dict[str, Any]] = told["files"]
    if told["format"] != MANIFEST_FORMAT:
        raise InvalidInput("What was signed is no list of a package.", field="file", mend="Ask for it again.")
    if len(names) != len(set(names)) or set(names) != {*listed, MANIFEST, SIGNATURE}:
        raise Corrupt("The package has other files than its signed list.", mend="Download it again.")
    for name, wanted in listed.items():
        with archive.open(name) as file:
            if _digest(file, wanted["bytes"]) != wanted["sha256"]:
                raise Corrupt(f"{name} is not as it was signed.", mend="Download it again.")
    return VerifiedPackage(
        verifier.key.name, told["request"], told["person"], told["made"], told["policy"], len(listed)
    )


def _digest(file: IO[bytes], most: int) -> str:
    """SHA-256 of a file that has no more bytes than its list says."""
    found, left = hashlib.sha256(), most + 1
    while left and (piece := file.read(min(PIECE, left))):
        found.update(piece)
        left -= len(piece)
    return found.hexdigest()


_TEXT = {"type": "string"}
_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "A copy of what is held about a person",
    "type": "object",
    "required": ["format", "made", "request", "person", "controller", "policy", "language", "parts"],
    "properties": {
        "format": {"const": FORMAT},
        "made": {"type": "string", "format": "date-time"},
        "request": _TEXT,
        "person": {"type": "string", "description": "the handle by which the person is known inside"},
        "controller": {"type": "object", "required": ["name", "contact"], "properties": {"name": _TEXT, "contact": _TEXT}},
        "policy": {
            "type": "object",
            "required": ["sha256", "updated", "link"],
            "properties": {"sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"}, "updated": _TEXT, "link": _TEXT},
        },
        "language": {"type": "string", "description": "of the page; column names are always the same"},
        "parts": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["store", "title", "columns", "origin", "clause", "until", "rows"],
                "properties": {
                    "store": {"type": "string", "description": "the place that holds it"},
                    "title": _TEXT,
                    "columns": {"type": "array", "items": _TEXT},
                    "origin": {"type": "string", "description": "where all of it came from; empty where each row says so"},
                    "clause": {"type": "string", "description": "clause for all of it; empty where each row says so"},
                    "until": {"type": "string", "description": "until when all of it is kept; empty where each row says so"},
                    "rows": {"type": "array", "items": {"type": "object", "description": "a value for each column"}},
                },
            },
        },
    },
}  # fmt: skip
