"""The examples of the documentation are run and compared."""

from pathlib import Path

import pytest

from scripts import docs_examples


def outcome(tmp_path: Path, markdown: str) -> tuple[int, list[str]]:
    """What running a document of this text gives."""
    path = tmp_path / "page.md"
    path.write_text(markdown, encoding="utf-8")
    return docs_examples.run_document(path, tmp_path)


def test_a_document_runs_in_one_shell(tmp_path: Path) -> None:
    """Folder and variables last from fence to fence; other fences and marked ones are not run."""
    markdown = """
```console
$ mkdir made && cd made
$ word=hello
```
```sh
exit 9
```
```console no-test
$ exit 9
```
```console
$ echo "$word  there,
> 42 times"; basename "$PWD"
hello there,
... times
made
$ printf '%s\\n' one two three; false; echo "status $?"
one
...
status 1
```
```python
import pathlib
assert pathlib.Path.cwd().name == "made"
```
```python
>>> [1, 2, 3]
[1, ... 3]
```
"""
    assert outcome(tmp_path, markdown) == (6, [])


@pytest.mark.parametrize(
    ("fence", "reason"),
    [
        ("console\n$ echo 1\n2", "printed something else"),
        ("console\n$ false", "ended with status 1"),
        ("console\n$ exit 0", "ended the shell"),
        ("console\n2\n$ echo 2", "starts with `$ `"),
        ("python\nraise SystemExit(3)", "ended with status 3"),
        ("python\n>>> 1\n2", "ended with status 1"),
    ],
)
def test_an_example_that_does_something_else_fails(tmp_path: Path, fence: str, reason: str) -> None:
    """Wrong output, a wrong status and a malformed fence each fail, with the line of the document."""
    passed, (failure,) = outcome(tmp_path, f"# Page\n\n```{fence}\n```\n")
    assert passed == 0
    assert failure.startswith("page.md:")
    assert reason in failure


def test_a_command_may_run_on(tmp_path: Path) -> None:
    """A command that ends with & runs beside the next ones, once it has printed what is shown, and ends with them."""
    markdown = """
```console
$ (echo ready; exec tail -f /dev/null) &
ready
$ kill -0 $!
```
"""
    assert outcome(tmp_path, markdown) == (2, [])
