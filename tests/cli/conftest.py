"""A data folder made once, copied for each test, and the program run inside the test's process."""

import json
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import structlog
from typer.testing import CliRunner

import troth
from tests.support.policies import any_serial_file
from tests.support.process import ClockFile
from troth.cli.program import build

SUPPORT = "essential.service.operations.support"
REGISTER = "essential.service.product_registration"
RIGHTS = "essential.service.rights_request"
START = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
POLICY = Path("policies/software-vendor/policy.md")


class Ended(NamedTuple):
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on standard output."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def error(self) -> dict[str, Any]:
        """The error in the JSON document."""
        found: dict[str, Any] = self.document["error"]
        return found


class Program:
    """The program over one data folder.

    Args:
        folder: The data folder.
        environment: Variables that it sees.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str | None]) -> None:
        self.folder = folder
        self.environment = dict(environment)

    def run(self, *arguments: str | Path, text: str = "", **variables: str) -> Ended:
        """Run a command with `--data` set by the environment."""
        variables_of_run = {"TROTH_DATA": str(self.folder), **self.environment, **variables}
        result = CliRunner(env=variables_of_run).invoke(
            build(), [str(one) for one in arguments], input=text, catch_exceptions=False, prog_name="troth"
        )
        return Ended(result.exit_code, result.stdout, result.stderr)

    def ok(self, *arguments: str | Path, **variables: str) -> dict[str, Any]:
        """Run a command with --json that must succeed; gives its document."""
        ended = self.run(*arguments, "--json", **variables)
        assert ended.code == 0, ended
        return ended.document

    def key(self, role: str, *purposes: str, cases: tuple[str, ...] = ()) -> str:
        """Issue an API key through the program."""
        options = [part for one in purposes for part in ("--purpose", one)]
        options += [part for one in cases for part in ("--case", one)]
        key: str = self.ok("access", "issue", "--name", "test", "--role", role, *options)["key"]
        return key


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """The program sets up logs for its process; here that is the tests'."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder as `init` makes it."""
    folder = tmp_path_factory.mktemp("template") / "data"
    made = troth.init_folder(folder, policy=any_serial_file(folder.parent))
    (folder / "first.key").write_text(made.admin_key)
    return folder


@pytest.fixture
def steered(tmp_path: Path) -> ClockFile:
    """The clock of the program; it starts a little after the folder was made."""
    return ClockFile(tmp_path / "clock", START)


@pytest.fixture
def program(made_once: Path, tmp_path: Path, steered: ClockFile) -> Program:
    """The program over a fresh data folder of the reference policy."""
    folder = tmp_path / "data"
    shutil.copytree(made_once, folder)
    folder.chmod(0o700)
    return Program(folder, {"TROTH_CLOCK_FILE": str(steered.path), "TROTH_KEY": None})


class Desk(NamedTuple):
    """A folder with one registered person, and the keys of those who deal with them."""

    program: Program
    person: str
    entry: str
    collecting: str
    support: str
    privacy: str
    ticket: str


def registration(**values: str) -> str:
    """Values that register a product for Ann."""
    return json.dumps(
        {"name": "Ann Example", "email": "ann@example.com", "product": "Example Sensor", "serial": "EX-1"}
        | values
    )


@pytest.fixture(scope="session")
def desk_once(made_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A folder in which Ann has registered a product and support has a ticket of hers open."""
    base = tmp_path_factory.mktemp("desk")
    shutil.copytree(made_once, base / "data")
    clock = ClockFile(base / "clock", START)
    program = Program(base / "data", {"TROTH_CLOCK_FILE": str(clock.path), "TROTH_KEY": None})
    collecting = program.key("service.collection", REGISTER)
    support = program.key("staff.support", SUPPORT, cases=("ticket",))
    privacy = program.key("staff.privacy", RIGHTS, cases=("request",))
    made = program.ok(
        "act", "collect", "--purpose", REGISTER, "--point", "product-registration", "--channel", "web",
        "--notice", "registration-notice", "--age-passed", "--values", registration(), TROTH_KEY=collecting,
    )  # fmt: skip
    opened = program.ok(
        "case", "open", "ticket", "--person", made["person"], "--purpose", SUPPORT, TROTH_KEY=support
    )
    return Desk(program, made["person"], made["entry"], collecting, support, privacy, opened["case"])


@pytest.fixture
def desk(desk_once: Desk, tmp_path: Path, steered: ClockFile) -> Desk:
    """A copy of that folder for one test."""
    folder = tmp_path / "data"
    shutil.copytree(desk_once.program.folder, folder)
    folder.chmod(0o700)
    return desk_once._replace(
        program=Program(folder, {"TROTH_CLOCK_FILE": str(steered.path), "TROTH_KEY": None})
    )
