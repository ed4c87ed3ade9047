"""Commands of the program run inside the test's process: through the whole command line, without a process's start."""

import json
import os
import shutil
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import structlog
from typer.testing import CliRunner

from tests.support.process import ClockFile, Troth
from troth.cli.program import build

_TEMPLATES: list["TemporaryDirectory[str]"] = []
"""Kept until this worker ends, which removes them."""

_PLAIN = {"TROTH_CLOCK_FILE", "TROTH_DATA"}
"""Settings of every test's program; with others, `init` makes other folders."""


class Ended(NamedTuple):
    """How a command ended and what it printed."""

    returncode: int
    stdout: str
    stderr: str


def call(
    environment: Mapping[str, str], *arguments: str | Path, status: int | None = 0, text: str = ""
) -> Ended:
    """Run a command to its end, here. For commands whose process is no part of what a test proves.

    Args:
        environment: Every environment variable that it sees.
        arguments: The command line without the program's name.
        status: The exit status that is right; None takes any.
        text: What it reads from standard input.

    Raises:
        AssertionError: It ended with another status; the message shows all it printed.
    """
    hidden: dict[str, str | None] = {name: None for name in os.environ if name not in environment}
    try:
        result = CliRunner(env={**hidden, **environment}).invoke(
            build(), [str(one) for one in arguments], input=text, catch_exceptions=False, prog_name="troth"
        )
    finally:
        structlog.reset_defaults()
    if status is not None and result.exit_code != status:
        shown = " ".join(map(str, arguments))
        raise AssertionError(f"troth {shown}: status {result.exit_code}\n{result.stdout}{result.stderr}")
    return Ended(result.exit_code, result.stdout, result.stderr)


def begin(program: Troth, policy: Path | None) -> dict[str, Any]:
    """Give a program its data folder; gives what `troth init` said.

    A folder on SQLite is made once for a policy and an instant, and copied.
    """
    if any(name.startswith("TROTH_") for name in program.environment.keys() - _PLAIN):
        options: list[str | Path] = ["--policy", policy] if policy else []
        return _told(program.run("--json", "--data", program.folder, "init", program.folder, *options).stdout)
    table = policy.with_name("enforcement.yaml") if policy else None
    texts = tuple(
        path.read_text(encoding="utf-8") if path and path.is_file() else None for path in (policy, table)
    )
    made, said = _made(texts, program.clock.now().isoformat())
    shutil.copytree(made, program.folder)
    return {**said, "folder": str(program.folder)}


@cache
def _made(texts: tuple[str | None, str | None], instant: str) -> tuple[Path, dict[str, Any]]:
    kept = TemporaryDirectory(prefix="troth-template-")
    _TEMPLATES.append(kept)
    base = Path(kept.name)
    clock = ClockFile(base / "clock")
    clock.set(datetime.fromisoformat(instant))
    arguments: list[str | Path] = []
    for name, text in zip(("policy.md", "enforcement.yaml"), texts, strict=True):
        if text is not None:
            (base / name).write_text(text, encoding="utf-8")
    if texts[0] is not None:
        arguments = ["--policy", base / "policy.md"]
    made = Troth(base / "data", clock).run("--json", "init", base / "data", *arguments)
    return base / "data", _told(made.stdout)


def _told(printed: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(printed)
    return document
