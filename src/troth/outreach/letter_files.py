"""The file that a print house fetches: one ZIP with a PDF for each letter and a list of them, and nothing else.

It is written beside its place and moved there once it is whole. Its list names messages, pages, countries and classes of
postage; who gets a letter stands on the letter only.
"""

import csv
import io
import json
import os
import zipfile
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from troth.kernel import Unavailable

MOST_LETTERS = 10_000
_OWNER_ONLY, _FOLDER_MODE = 0o600, 0o700
_ENDING, _PART, _NEW = ".zip", ".part", ".new"
_ENDINGS = (_ENDING, f"{_ENDING}{_PART}", f"{_ENDING}{_NEW}")
_LIST, _TABLE = "manifest.json", "manifest.csv"


class Listed(NamedTuple):
    """A letter as the list has it.

    Args:
        id: Of its message.
        file: Name of its file in the batch.
        pages: Number of its pages.
        country: ISO 3166-1 code of where it goes.
        postage: Class of its postage.
    """

    id: str
    file: str
    pages: int
    country: str
    postage: str


class Writing:
    """A batch that is being written; what fails in it leaves no file behind.

    Args:
        folder: Where batches lie; made when missing.
        batch: Id of the batch.
        made: When it is made, which dates its files.
        layout: Paper and window.

    Raises:
        Unavailable: The folder cannot be written.
    """

    def __init__(self, folder: Path, batch: str, made: datetime, layout: str) -> None:
        self._batch, self._made, self._layout = batch, made, layout
        self.place = folder / f"{batch}{_ENDING}{_PART}"
        self.listed: list[Listed] = []
        try:
            folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            self._file = _opened(self.place)
        except OSError as error:
            raise _unwritable(folder, error) from error
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()
        self._file.close()
        if kind is not None:
            self.place.unlink(missing_ok=True)

    def add(self, listed: Listed, content: bytes) -> None:
        """Add a letter."""
        self._put(listed.file, content)
        self.listed.append(listed)

    def finish(self) -> None:
        """Write the list and bring all of it to the disk."""
        head = {
            "batch": self._batch,
            "made": self._made.isoformat(timespec="seconds"),
            "layout": self._layout,
        }
        for name, content in _lists(head, self.listed):
            self._put(name, content)
        self._zip.close()
        self._file.flush()
        os.fsync(self._file.fileno())

    def _put(self, name: str, content: bytes) -> None:
        self._zip.writestr(_entry(name, self._made), content)


def publish(folder: Path, batch: str) -> None:
    """Move a batch that is whole to its place; nothing where that is done."""
    part = folder / f"{batch}{_ENDING}{_PART}"
    if part.is_file():
        part.replace(folder / f"{batch}{_ENDING}")


def place_of(folder: Path, batch: str) -> Path:
    """Where a batch lies."""
    return folder / f"{batch}{_ENDING}"


def remove(folder: Path, batch: str) -> None:
    """Remove a batch's files."""
    for ending in _ENDINGS:
        (folder / f"{batch}{ending}").unlink(missing_ok=True)


def lying_in(folder: Path) -> list[str]:
    """The batches of which something lies in the folder."""
    found = (one.name.partition(_ENDING) for one in folder.glob(f"*{_ENDING}*"))
    return sorted({batch for batch, *ending in found if "".join(ending) in _ENDINGS})


def keep_only(file: Path, messages: Collection[str]) -> int:
    """Write a batch anew without the letters that are not named; gives the number of pages that stay."""
    with zipfile.ZipFile(file) as old:
        head = json.loads(old.read(_LIST))
        stay = [one for one in (Listed(**row) for row in head.pop("letters")) if one.id in messages]
        made = datetime.fromisoformat(head["made"])
        beside = file.with_name(file.name + _NEW)
        with _opened(beside) as written:
            with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
                for one in stay:
                    new.writestr(_entry(one.file, made), old.read(one.file))
                for name, content in _lists(head, stay):
                    new.writestr(_entry(name, made), content)
            written.flush()
            os.fsync(written.fileno())
    beside.replace(file)
    return sum(one.pages for one in stay)


def _opened(place: Path) -> io.BufferedWriter:
    return os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY), "wb")


def _lists(head: dict[str, str], listed: Sequence[Listed]) -> list[tuple[str, bytes]]:
    rows = [one._asdict() for one in listed]
    written = io.StringIO()
    table = csv.DictWriter(written, Listed._fields, lineterminator="\r\n")
    table.writeheader()
    table.writerows(rows)
    whole = json.dumps({**head, "letters": rows}, indent=1)
    return [(_LIST, whole.encode()), (_TABLE, written.getvalue().encode())]


def _entry(name: str, made: datetime) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, made.timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = _OWNER_ONLY << 16
    return entry


def _unwritable(folder: Path, error: OSError) -> Unavailable:
    return Unavailable(
        f"The folder for letters {folder} cannot be written ({error.strerror}).",
        mend="Make room, or check its mode.",
    )
