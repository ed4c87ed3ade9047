"""Checks that files, functions and entry points stay short enough to be read at one go."""

import ast
import io
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE, FUNCTION, ENTRY_POINT = 400, 40, 15
_SILENT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def code_lines(text: str) -> set[int]:
    """Numbers of the lines that hold more than a comment."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in _SILENT:
            lines.update(range(token.start[0], token.end[0] + 1))
    return lines


def is_entry_point(path: Path, function: Function) -> bool:
    """Whether a function is a command or a request handler: decorated, in the rooms cli or web."""
    return bool(function.decorator_list) and bool({"cli", "web"} & set(path.parts))


def statements(function: Function) -> list[ast.stmt]:
    """The statements of a function without its docstring."""
    return function.body[1:] if ast.get_docstring(function) else function.body


def findings(path: Path, text: str) -> Iterator[str]:
    """What is too long in a file; functions are counted without docstring, comments and empty lines."""
    lines = code_lines(text)
    if len(lines) > FILE:
        yield f"{path}: {len(lines)} lines of code, at most {FILE}"
    if path.parts[0] in {"tests", "benchmarks"}:
        return
    for function in ast.walk(ast.parse(text, str(path))):
        if not isinstance(function, Function) or not statements(function):
            continue
        body = statements(function)
        within = lines & set(range(body[0].lineno, (body[-1].end_lineno or 0) + 1))
        signature = lines & set(range(function.lineno, function.body[0].lineno))
        if is_entry_point(path, function):
            size, most = len(within), ENTRY_POINT
        else:
            size, most = len(within) + len(signature), FUNCTION
        if size > most:
            yield f"{path}:{function.lineno}: {function.name} has {size} lines, at most {most}"


def main() -> None:
    """Print every finding; the status is 1 when there is one."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    paths = [Path(name) for name in sorted(set(names)) if "migrations" not in name and (ROOT / name).exists()]
    found = [line for path in paths for line in findings(path, (ROOT / path).read_text(encoding="utf-8"))]
    print("\n".join([*found, f"Sizes: {len(paths)} files, {len(found)} findings"]))
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
