"""Runs the examples of the documentation, so that what it shows is what happens.

In README.md, ARCHITECTURE.md, CONTRIBUTING.md, docs/ (without docs/decisions/) and the READMEs under examples/:

- A fence marked `console` holds commands behind `$ ` (continued behind `> `), each followed by its output. The
  output is compared line by line; `...` stands for anything within a line, alone on a line for any number of lines.
  Spaces count only as one. A command without output shown may print what it likes. Every command must end with
  status 0; to show another status, write `$ command; echo "status $?"`. A command that ends with `&` runs on beside
  the next ones; its output is waited for.
- A fence marked `python` is run as a program, or as a doctest when it holds `>>>`.
- `console no-test` and `python no-test` are not run; neither is any other fence.

The fences of one document run in order, in one shell, in one scratch folder with copies of policies/ and examples/.
Arguments: documents to check instead of all.
"""

import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Self

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parent.parent
PATTERNS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/**/*.md", "examples/**/README.md")
SECONDS = 120.0
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
_MARK = "=== end of step ==="


class Step(NamedTuple):
    """A command of an example, the line where it stands, and the output shown below it."""

    line: int
    command: str
    output: str

    @property
    def runs_on(self) -> bool:
        """Whether the command runs on beside the next ones."""
        return self.command.rstrip().endswith("&")


class Failed(Exception):
    """An example does not do what its document shows."""


def steps(markdown: str) -> Iterator[Step]:
    """Every command of a document, in order.

    Raises:
        Failed: A console fence does not start with a command.
    """
    for token in MarkdownIt("commonmark").parse(markdown):
        if token.type != "fence" or token.map is None:
            continue
        words = token.info.split()
        if words[:1] == ["console"] and "no-test" not in words:
            yield from _console(token.content, token.map[0] + 2)
        elif words[:1] == ["python"] and "no-test" not in words:
            yield Step(token.map[0] + 2, _python(token.content), "")


def _console(text: str, first: int) -> Iterator[Step]:
    current: list[str] = []
    output: list[str] = []
    start = first
    for number, line in enumerate(text.splitlines(), start=first):
        if line.startswith("$ "):
            if current:
                yield Step(start, "\n".join(current), "\n".join(output))
            current, output, start = [line[2:]], [], number
        elif not current:
            raise Failed(f"line {number}: a console example starts with `$ `")
        elif (line.startswith("> ") or line == ">") and not output:
            current.append(line[2:])
        else:
            output.append(line)
    if current:
        yield Step(start, "\n".join(current), "\n".join(output))


def _python(text: str) -> str:
    if ">>>" in text:
        file = '"$HOME/example.txt"'
        return f"cat >{file} <<'END_OF_EXAMPLE'\n{text}\nEND_OF_EXAMPLE\npython -m doctest -o ELLIPSIS {file}"
    return f"python - <<'END_OF_EXAMPLE'\n{text}\nEND_OF_EXAMPLE"


def plain(text: str) -> str:
    """Output without colours, empty ends and repeated spaces."""
    lines = [re.sub(r"[ \t]+", " ", line).strip() for line in _COLOUR.sub("", text).splitlines()]
    return "\n".join(lines).strip("\n")


def matches(shown: str, printed: str, *, whole: bool = True) -> bool:
    """Whether output is as shown; `...` is a wildcard.

    Args:
        shown: What the document shows; empty allows anything.
        printed: What the command printed.
        whole: Whether all of the output must be shown, or only its start.
    """
    if not plain(shown):
        return True
    parts: list[str] = []
    for line in plain(shown).splitlines():
        if line == "...":
            parts.append(r"(?:[^\n]*\n)*?")
        else:
            parts.append(r"[^\n]*?".join(map(re.escape, line.split("..."))) + r"\n")
    pattern = "".join(parts) + ("" if whole else r"(?s:.*)")
    return re.fullmatch(pattern, plain(printed) + "\n") is not None


class Shell:
    """One bash that keeps its folder and variables from step to step.

    Args:
        folder: Where it starts.
        aside: Where its own files stand, out of the way of the examples.
    """

    def __init__(self, folder: Path, aside: Path) -> None:
        self._aside = aside
        self._count = 0
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        plain_terminal = {"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "100", "LC_ALL": "C.UTF-8"}
        self._process = subprocess.Popen(
            ["bash", "--norc", "--noprofile"],
            cwd=folder,
            env={**os.environ, **plain_terminal, "PATH": path, "HOME": str(aside)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for number, seconds in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()

    def run(self, step: Step) -> str:
        """Run a step and give what it printed.

        Raises:
            Failed: It failed, took too long, or printed something else than the document shows.
        """
        self._count += 1
        file = self._aside / f"step{self._count}"
        file.write_text(step.command + "\n", encoding="utf-8")
        log = self._aside / f"step{self._count}.log"
        to = f" >'{log}'" if step.runs_on else ""
        self._send(f". '{file}' </dev/null{to} 2>&1; printf '\\n%s %d\\n' '{_MARK}' $?\n")
        printed, status = self._receive()
        if status:
            raise Failed(f"ended with status {status}:\n{printed}")
        if step.runs_on:
            return self._wait_for(step, log)
        if not matches(step.output, printed):
            raise Failed(f"printed something else than shown:\n{plain(printed)}")
        return printed

    def _send(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(text.encode())
        self._process.stdin.flush()

    def _receive(self) -> tuple[str, int]:
        assert self._process.stdout is not None
        pipe, end, got = self._process.stdout.fileno(), time.monotonic() + SECONDS, b""
        while True:
            ready, _, _ = select.select([pipe], [], [], max(0.0, end - time.monotonic()))
            more = os.read(pipe, 65536) if ready else b""
            got += more
            text = got.decode(errors="replace")
            found = re.search(rf"\n{_MARK} (\d+)\n\Z", text)
            if found:
                return text[: found.start()], int(found.group(1))
            if not more:
                raise Failed(f"did not come to an end within {SECONDS:g} s, or ended the shell:\n{text}")

    def _wait_for(self, step: Step, log: Path) -> str:
        pause, end = threading.Event(), time.monotonic() + SECONDS
        while True:
            printed = log.read_text(encoding="utf-8", errors="replace")
            if matches(step.output, printed, whole=False):
                return printed
            if time.monotonic() > end:
                raise Failed(f"did not print what is shown within {SECONDS:g} s:\n{plain(printed)}")
            pause.wait(0.05)


def run_document(path: Path, root: Path = ROOT) -> tuple[int, list[str]]:
    """Run all examples of a document, up to the first that fails.

    Returns:
        How many went well, and the failures (none or one: later steps stand on earlier ones).
    """
    passed = 0
    with tempfile.TemporaryDirectory(prefix="troth-docs-") as scratch, tempfile.TemporaryDirectory() as aside:
        for folder in ("policies", "examples"):
            if (root / folder).is_dir():
                shutil.copytree(root / folder, Path(scratch) / folder)
        with Shell(Path(scratch), Path(aside)) as shell:
            line = 1
            try:
                for step in steps(path.read_text(encoding="utf-8")):
                    line = step.line
                    shell.run(step)
                    passed += 1
            except Failed as failure:
                return passed, [f"{shown(path, root)}:{line}: {failure}"]
    return passed, []


def shown(path: Path, root: Path = ROOT) -> str:
    """A path as messages show it."""
    return str(path.relative_to(root) if path.is_relative_to(root) else path)


def documents(root: Path = ROOT) -> list[Path]:
    """Every document whose examples are run."""
    found = {path for pattern in PATTERNS for path in root.glob(pattern)}
    return sorted(path for path in found if "decisions" not in path.parts and path.is_file())


def main() -> None:
    """Run the examples and print the failures; the status is 1 when there is one."""
    total = 0
    failures: list[str] = []
    for path in [Path(name).resolve() for name in sys.argv[1:]] or documents():
        passed, failed = run_document(path)
        print(f"{shown(path)}: {passed} examples{'' if not failed else ', then a failure'}", flush=True)
        total, failures = total + passed, failures + failed
    print("\n".join([*failures, f"{total} passed, {len(failures)} failed"]))
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
