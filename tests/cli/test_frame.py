"""What all commands share: options, help, exit codes, errors."""

import ast
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.main import get_command

import scripts.command_line as manual
from tests.cli.conftest import POLICY, Program
from tests.support.process import TROTH
from troth.cli.codes import BadUsage, Code, FileTrouble, code_of, code_of_status
from troth.cli.program import build
from troth.kernel import Conflict, Corrupt, InvalidInput, NotFound, Refused, Unauthenticated, Unavailable
from troth.policy import PolicyErrors

HEAVY = (
    "alembic",
    "apsw",
    "cryptography",
    "granian",
    "litestar",
    "msgspec",
    "sqlalchemy",
    "yaml",
    "troth.policy",
)
UNASKED = (
    "alembic",
    "argon2",
    "attr",
    "crawlerdetect",
    "deltalake",
    "granian",
    "holidays",
    "httpx",
    "litestar",
    "markdown_it",
    "phonenumbers",
    "psycopg",
    "rich",
    "structlog",
    "webauthn",
    "troth.accounts",
    "troth.events",
    "troth.flows",
    "troth.inbound",
    "troth.outreach",
    "troth.web",
)
"""What a command that reads a table of a folder on SQLite has no use for."""
ALL = dict(manual.commands(get_command(build())))


def test_the_help_loads_nothing_heavy() -> None:
    """`troth --help` answers at once because no store, server, cipher or parser is loaded for it."""
    assert loaded(HEAVY, "--help") == []


def test_a_command_loads_only_what_it_needs(program: Program) -> None:
    """`troth case list` loads the stores, and neither the server nor what other commands need."""
    assert loaded(UNASKED, "--data", str(program.folder), "case", "list") == []


def loaded(names: Sequence[str], *arguments: str) -> list[str]:
    """Which modules a process has loaded when a command has ended well."""
    script = (
        f"import sys, runpy\nsys.argv = ['troth', *{arguments!r}]\n"
        "try:\n    runpy.run_module('troth', run_name='__main__')\nexcept SystemExit as end:\n    assert not end.code\n"
        f"print()\nprint([name for name in {names!r} if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    found: list[str] = ast.literal_eval(result.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("command", [[TROTH], [sys.executable, "-m", "troth"]], ids=["script", "module"])
def test_the_program_and_the_module_are_the_same(command: list[str | Path]) -> None:
    """`troth` and `python -m troth` show the same help."""
    result = subprocess.run([*command, "ledger", "--help"], capture_output=True, text=True, check=True)
    assert "Usage: troth ledger" in result.stdout


@pytest.mark.parametrize("path", ALL)
def test_each_command_helps_a_newcomer(path: str, program: Program) -> None:
    """The help of every command says what it does, shows a command line as an example, and lists the shared options."""
    ended = program.run(*path.split()[1:], "--help")
    example = ALL[path].callback.reference.example
    assert ended.code == 0
    assert "Example: troth" in ended.out
    assert example.startswith(path)
    assert all(option in ended.out for option in ("--data", "--json", "--debug"))
    assert all(parameter.help for parameter in ALL[path].params), path


def test_the_manual_is_the_program() -> None:
    """docs/command-line.md documents every command, argument, option and JSON member as the program has them."""
    text = manual.DOCUMENT.read_text(encoding="utf-8")
    assert text == manual.written(text), "run scripts/command_line.py"


def test_the_manual_has_every_exit_code_and_shared_option() -> None:
    """docs/command-line.md explains each exit code, and the options that every command has."""
    above = manual.DOCUMENT.read_text(encoding="utf-8").partition(manual.MARKER)[0]
    assert all(f"\n| {int(code)} |" in above for code in Code)
    assert all(f"| `{option}" in above for option in manual.SHARED)


def test_no_option_takes_a_secret() -> None:
    """No command takes an API key or a root key as an argument: other users of the machine can read those."""
    named = {name for command in ALL.values() for one in command.params for name in one.opts}
    assert not {
        name for name in named if any(word in name for word in ("secret", "password", "token", "api-key"))
    }
    keys = {
        (name, one.metavar)
        for command in ALL.values()
        for one in command.params
        for name in one.opts
        if "key" in name and name.startswith("--")
    }
    assert {metavar for _, metavar in keys} <= {"FILE", "DIR", "FOLDER", "VKEY", "URL"}, keys


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidInput("x"), 1),
        (NotFound("x"), 1),
        (Conflict("x"), 1),
        (FileTrouble("x"), 1),
        (BadUsage("x"), 2),
        (Refused("x"), 3),
        (Unauthenticated("x"), 3),
        (Corrupt("x"), 4),
        (Unavailable("x"), 5),
    ],
)
def test_each_error_has_its_exit_code(error: InvalidInput, code: int) -> None:
    """The exit code tells what kind of trouble it was."""
    assert code_of(error) == code


def test_the_status_of_a_problem_gives_its_exit_code() -> None:
    """What the gate answers with an HTTP status ends a command with the code of that kind of trouble."""
    found = {status: int(code_of_status(status)) for status in (401, 403, 404, 409, 410, 422, 503)}
    assert found == {401: 3, 403: 3, 404: 1, 409: 1, 410: 1, 422: 1, 503: 5}


@pytest.mark.parametrize(
    "arguments",
    [
        ["polcy"],
        ["policy", "chek"],
        ["policy", "check"],
        ["decide", "--no-such"],
        ["ledger", "show", "--last", "0"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_is_told_with_the_way_out(program: Program, arguments: list[str]) -> None:
    """A wrong command line ends with code 2, one paragraph on standard error, and where to look."""
    ended = program.run(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("Error: ")
    assert "--help` shows how." in ended.err
    assert program.run(*arguments, "--json").error["code"] == "usage"


def test_without_arguments_the_help_is_shown(program: Program) -> None:
    """`troth` alone is `troth --help`."""
    assert program.run() == program.run("--help")
    assert program.run().code == 0


def test_a_near_miss_is_recognised(program: Program) -> None:
    """A mistyped command is answered with the one that was probably meant."""
    assert "Did you mean 'policy'?" in program.run("polcy").err


def test_shared_options_may_stand_before_the_command(program: Program, tmp_path: Path) -> None:
    """`--data` and `--json` mean the same before and after the command, and win over the variable."""
    before = program.run(
        "--data", program.folder, "--json", "policy", "history", TROTH_DATA=str(tmp_path / "no")
    )
    after = program.run(
        "policy", "history", "--json", "--data", program.folder, TROTH_DATA=str(tmp_path / "no")
    )
    assert before.code == 0
    assert before.document == after.document


@pytest.mark.parametrize(
    "command", ["policy history", "ledger verify", "access list", "case list", "backup x", "serve"]
)
def test_a_folder_that_is_none_is_told(program: Program, tmp_path: Path, command: str) -> None:
    """A command on a folder that was not initialised says so and names `troth init`; nothing is made."""
    ended = program.run(*command.split(), "--json", "--data", tmp_path / "none")
    assert ended.code == 1
    assert ended.error["code"] == "not-found"
    assert "troth init" in ended.error["mend"]
    assert not (tmp_path / "none").exists()


def test_a_missing_file_is_one_paragraph(program: Program) -> None:
    """A file that does not exist is told by its name and without a traceback."""
    ended = program.run("policy", "check", "nowhere.md")
    assert ended.code == 1
    assert (
        ended.err
        == "Error: nowhere.md: No such file or directory. Check the path and who may read or write it.\n"
    )


def test_debug_shows_where_an_error_arose(program: Program) -> None:
    """With --debug the error itself comes out, so that its traceback is printed."""
    with pytest.raises(NotFound):
        program.run("policy", "show", "II.99", "--policy", POLICY, "--debug")


def test_the_error_of_a_policy_lists_its_findings(program: Program, tmp_path: Path) -> None:
    """A document with findings is refused everywhere, with each finding in the error."""
    bad = tmp_path / "bad.md"
    bad.write_text("# No policy\n")
    ended = program.run("policy", "publish", bad, "--json")
    assert (ended.code, ended.error["code"]) == (1, "policy-errors")
    assert {"file", "line", "check", "clause", "reason", "mend"} == set(ended.error["findings"][0])
    with pytest.raises(PolicyErrors):
        program.run("policy", "publish", bad, "--debug")
