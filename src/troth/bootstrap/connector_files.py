"""Connectors in the data folder: `connectors/NAME.toml` and, for a database, `connectors/NAME.yml`, its data set.

No secret stands in them: a database's URL comes from a variable or a file that is named there; a webhook's secret lies in a file
that only the owner reads.
"""

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from troth.connectors import Dataset, read_dataset
from troth.gate import matching_fields
from troth.kernel import Conflict, InvalidInput, NotFound
from troth.policy import Policy

FOLDER = "connectors"
MAIL_ADDRESS = "email"
"""The kind of identifier that data sets call mail addresses by."""
SECRETS = Path("keys") / "connectors"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_OURS = frozenset({"vault", "events", "mail", "recipients"})
_OWNER_ONLY = 0o600


class ConnectorSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A connector's file.

    Args:
        kind: sql or webhook.
        url_variable: Of a database: the environment variable that holds its URL.
        url_file: Of a database: the file that holds its URL, inside the data folder unless absolute.
        url: Of a webhook: where messages go.
        recipient: Of a webhook: the policy's declared recipient.
        requests: Of a webhook: the kinds of request that it is told of.
        private: Of a webhook: whether it may have an address that is not public, and no TLS.
        any_case: Of a database: whether text identifiers are found in whatever case they are written.
        identities: The policy's field that holds identifiers of a kind; none for mail addresses alone.
    """

    kind: Literal["sql", "webhook"]
    url_variable: str = ""
    url_file: str = ""
    url: str = ""
    recipient: str = ""
    requests: tuple[str, ...] = ()
    private: bool = False
    any_case: bool = True
    identities: dict[str, str] = {}

    def fields(self, policy: Policy) -> dict[str, str]:
        """The policy's field for each kind of identifier that people are looked up by."""
        return self.identities or dict(zip([MAIL_ADDRESS], sorted(matching_fields(policy)), strict=False))


class ConnectorFiles:
    """The connectors of a data folder.

    Args:
        folder: The data folder.
    """

    def __init__(self, folder: Path) -> None:
        self._data = folder
        self._folder = folder / FOLDER

    def names(self) -> list[str]:
        """Names of all connectors, in order."""
        return sorted(path.stem for path in self._folder.glob("*.toml")) if self._folder.is_dir() else []

    def stamp(self, name: str) -> tuple[int, ...]:
        """Changes whenever the connector's files do."""
        found = []
        for path in (self._settings(name), self._dataset(name)):
            try:
                found += [path.stat().st_mtime_ns, path.stat().st_size]
            except FileNotFoundError:
                found.append(0)
        return tuple(found)

    def settings(self, name: str) -> ConnectorSettings:
        """A connector's settings.

        Raises:
            NotFound: There is no such connector.
            InvalidInput: Its file is malformed.
        """
        path = self._settings(name)
        try:
            return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), ConnectorSettings)
        except FileNotFoundError as error:
            raise NotFound(
                f"There is no connector {name}.", field="name", mend="See `troth connector list`."
            ) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
            raise InvalidInput(f"{path} cannot be read: {error}.", mend="See docs/connectors.md.") from error

    def dataset(self, name: str) -> Dataset:
        """A connector's data set.

        Raises:
            InvalidInput: It cannot be read.
            NotFound: It is gone.
        """
        try:
            return read_dataset(self._dataset(name).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise NotFound(f"The data set of {name} is gone.", mend="Add the connector again.") from error
        except UnicodeDecodeError as error:
            raise InvalidInput("The data-set file is not text in UTF-8.", mend="Save it as UTF-8.") from error

    def url(self, name: str) -> str:
        """The URL of a connector's database.

        Raises:
            NotFound: The variable or file that holds it is not there, or others may read the file.
        """
        settings = self.settings(name)
        if settings.url_variable:
            found = os.environ.get(settings.url_variable, "")
            where = f"the variable {settings.url_variable}"
        else:
            where = settings.url_file
            found = _secret_file(self._data / settings.url_file)
        if not found.strip():
            raise NotFound(
                f"The URL of {name} stands in {where}, which is empty or not there.", mend="Set it."
            )
        return found.strip()

    def secret(self, name: str) -> str:
        """A webhook's secret."""
        return _secret_file(self.secret_path(name)).strip()

    def secret_path(self, name: str) -> Path:
        """Where a webhook's secret lies."""
        return self._data / SECRETS / f"{name}.secret"

    def add(self, name: str, settings: ConnectorSettings, *, dataset: str = "", secret: str = "") -> None:
        """Write a connector's files.

        Raises:
            InvalidInput: Its name is none.
            Conflict: There is one of that name.
        """
        if not _NAME.fullmatch(name) or name in _OURS:
            raise InvalidInput(
                "A connector's name is made of up to 40 small letters, digits and hyphens, and is none of our own places.",
                field="name",
                mend="Choose another, such as shop.",
            )
        if self._settings(name).exists():
            raise Conflict(
                f"There is a connector {name} already.",
                field="name",
                mend="Remove it, or choose another name.",
            )
        self._folder.mkdir(mode=0o700, exist_ok=True)
        if secret:
            path = self.secret_path(name)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(path, secret + "\n")
        if dataset:
            _write(self._dataset(name), dataset)
        _write(self._settings(name), _toml(settings))

    def remove(self, name: str) -> None:
        """Remove a connector's files; nothing elsewhere is changed.

        Raises:
            NotFound: There is none of that name.
        """
        self.settings(name)
        for path in (self._settings(name), self._dataset(name), self.secret_path(name)):
            path.unlink(missing_ok=True)

    def _settings(self, name: str) -> Path:
        return self._folder / f"{_named(name)}.toml"

    def _dataset(self, name: str) -> Path:
        return self._folder / f"{_named(name)}.yml"


def _named(name: str) -> str:
    """The name, when it is one: it becomes a part of a path."""
    if not _NAME.fullmatch(name):
        raise NotFound("There is no such connector.", field="name", mend="See `troth connector list`.")
    return name


def _secret_file(path: Path) -> str:
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise InvalidInput(f"Others may read {path}.", mend=f"chmod 600 {path}")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotFound(f"{path} is not there.", mend="Write it, for its owner only.") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} is not text.", mend="Write it anew.") from error


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _toml(settings: ConnectorSettings) -> str:
    defaults = msgspec.to_builtins(ConnectorSettings(settings.kind))
    values: Mapping[str, object] = msgspec.to_builtins(settings)
    lines = ["# A connector; docs/connectors.md explains each line."]
    for name, value in values.items():
        if isinstance(value, dict):
            lines += ["", f"[{name}]", *(f"{_quoted(key)} = {_quoted(one)}" for key, one in value.items())]
        elif name == "kind" or value != defaults[name]:
            lines.append(f"{name} = {_quoted(value)}")
    return "\n".join(lines) + "\n"


def _quoted(value: object) -> str:
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")
