"""Countries of network addresses, from a local database only (MaxMind DB format); no service is ever asked."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from troth.kernel import InvalidInput

_MEND = "Put a country database (MMDB) there, or clear events.country_database."


def country_reader(folder: Path, database: str) -> Callable[[str], str]:
    """Gives the ISO 3166-1 code of an address; always empty where no database is set.

    Args:
        folder: The data folder.
        database: Path of the database, inside the folder unless it is absolute; empty for none.

    Raises:
        InvalidInput: The database cannot be read, or the extra `country` is not installed.
    """
    if not database:
        return _unknown
    try:
        import maxminddb
    except ImportError as error:
        raise InvalidInput(
            "A country database is set, but nothing here can read it.",
            field="events.country_database",
            mend="Install troth[country].",
        ) from error
    path = folder / database
    try:
        reader = maxminddb.open_database(str(path))
    except (OSError, maxminddb.InvalidDatabaseError) as error:
        raise InvalidInput(
            f"{path} is no country database ({type(error).__name__}).",
            field="events.country_database",
            mend=_MEND,
        ) from error

    @lru_cache(maxsize=8_192)
    def country(address: str) -> str:
        try:
            found = reader.get(address)
        except ValueError:
            return ""
        named = found.get("country") if isinstance(found, dict) else None
        code = named.get("iso_code") if isinstance(named, dict) else ""
        return code if isinstance(code, str) else ""

    return country


def _unknown(address: str) -> str:  # noqa: ARG001  the shape of a reader
    return ""
