"""Where a log's files are read from: a folder, a web address, or a database (`service.DatabaseSource`)."""

from http.client import HTTPException
from pathlib import Path
from typing import Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from troth.kernel import InvalidInput, Unavailable
from troth.ledger.errors import MalformedNote, TileMissing
from troth.ledger.merkle import HASH_SIZE
from troth.ledger.tiles import ENTRIES, TILE_WIDTH, Tile, from_bundle

MAX_FILE = TILE_WIDTH * (0xFFFF + 2)
"""Greatest number of bytes of a file of a log: a bundle of 256 entries as long as can be."""
TIMEOUT_SECONDS = 30


class Source(Protocol):
    """Gives the files of a log's tile layout."""

    def read(self, path: str) -> bytes:
        """A file's bytes.

        Raises:
            TileMissing: The log does not show it.
            Unavailable: The log cannot be reached.
        """


class DirectorySource:
    """A folder that holds the layout.

    Args:
        folder: The folder with `checkpoint` and `tile/`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, path: str) -> bytes:
        """See `Source.read`."""
        file = self._folder / path
        try:
            return file.read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise TileMissing(
                f"{file} is not there.", mend="Export the log again, or fetch the file."
            ) from error
        except OSError as error:
            raise Unavailable(f"{file} cannot be read ({error.strerror}).", mend="Check its mode.") from error


class WebSource:
    """A log that is published on the web.

    Args:
        prefix: Its address, without `/checkpoint`.

    Raises:
        InvalidInput: The address is not one of http or https.
    """

    def __init__(self, prefix: str) -> None:
        parts = urlsplit(prefix)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise InvalidInput(f"{prefix!r} is no web address.", mend="Give http:// or https:// and a host.")
        self._prefix = prefix.rstrip("/")

    def read(self, path: str) -> bytes:
        """See `Source.read`."""
        address = f"{self._prefix}/{path}"
        request = Request(address, headers={"Accept-Encoding": "identity"})  # noqa: S310  scheme checked above
        try:
            with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
                data: bytes = answer.read(MAX_FILE + 1)
        except HTTPError as error:
            error.close()
            if error.code in (404, 410):
                raise TileMissing(
                    f"{address} is not there.", mend="Ask the log's operator for it."
                ) from error
            raise Unavailable(f"{address} answers {error.code}.", mend="Try again later.") from error
        except (URLError, HTTPException, TimeoutError, OSError) as error:
            raise Unavailable(f"{address} cannot be reached ({error}).", mend="Check the address.") from error
        if len(data) > MAX_FILE:
            raise Unavailable(f"{address} is longer than any file of a log.", mend="Check the address.")
        return data


def open_source(place: "str | Path | Source") -> Source:
    """The source at a place: a web address, a folder, or a source as it is."""
    if isinstance(place, Path):
        return DirectorySource(place)
    if isinstance(place, str):
        return WebSource(place) if "://" in place else DirectorySource(Path(place))
    return place


def read_tile(source: Source, tile: Tile) -> bytes:
    """A tile's bytes; of a partial tile that has filled up since, its beginning.

    A bundle comes back whole when it cannot be cut at an entry, so that the reader finds what is wrong with it.

    Raises:
        TileMissing: Neither is there.
    """
    try:
        return source.read(tile.path)
    except TileMissing:
        if tile.width == TILE_WIDTH:
            raise
    try:
        data = source.read(tile.full.path)
    except TileMissing as error:
        raise TileMissing(f"{tile.path} is missing.", mend="Export the log again, or fetch it.") from error
    if tile.level != ENTRIES:
        return data[: tile.width * HASH_SIZE]
    bodies, _ = from_bundle(data)
    return data[: sum(2 + len(body) for body in bodies[: tile.width])]


def read_checkpoint(source: Source) -> str:
    """The checkpoint note that a log shows.

    Raises:
        MalformedNote: It is no text.
    """
    try:
        return source.read("checkpoint").decode()
    except UnicodeDecodeError as error:
        raise MalformedNote("The checkpoint is not UTF-8 text.") from error
