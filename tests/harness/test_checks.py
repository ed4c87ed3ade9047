"""The checks of the tree find what they are there to find."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import check_doors, check_sizes, check_words, clauses

ROOT = Path(__file__).resolve().parents[2]


def write(root: Path, files: dict[str, str]) -> None:
    """Write files, making their folders."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_the_way_behind_a_front_door_is_found(tmp_path: Path) -> None:
    """A room may name what another offers, and nothing behind it, even inside a function."""
    write(
        tmp_path,
        {
            "src/troth/__init__.py": "",
            "src/troth/storage/__init__.py": "__all__ = ['Database']",
            "src/troth/storage/own.py": "from troth.storage.sqlite import anything",
            "src/troth/vault/__init__.py": "__all__ = ['Vault']",
            "src/troth/gate/__init__.py": (
                "from troth.storage import Database\nfrom troth.vault import Vault\n"
                "from troth.storage import secret\n"
                "def late():\n    import troth.storage.sqlite\n"
            ),
            "src/troth/web/__init__.py": "from troth.vault import Vault\nfrom troth import storage",
            "benchmarks/run.py": "from troth.storage.sqlite import SqliteDatabase",
        },
    )
    found = [line.removeprefix(f"{tmp_path}/") for line in check_doors.check(tmp_path)]
    assert [line.split(": ")[0] for line in found] == [
        "src/troth/gate/__init__.py:3",
        "src/troth/gate/__init__.py:5",
        "src/troth/web/__init__.py:1",
        "benchmarks/run.py:1",
    ]


def test_each_import_contract_breaks_on_its_breach(tmp_path: Path) -> None:
    """A package that breaks every contract once is told so for every contract."""
    write(
        tmp_path,
        {
            "troth/__init__.py": "",
            "troth/kernel/__init__.py": "import troth.storage",
            "troth/storage/__init__.py": "",
            "troth/policy/__init__.py": "import os",
            "troth/gate/__init__.py": "import cryptography",
            "troth/gate/model.py": "import sqlalchemy",
            "troth/vault/__init__.py": "",
            "troth/vault/crypto.py": "import cryptography",
            "troth/telemetry/__init__.py": "import yaml",
            "troth/surprise/__init__.py": "",
        },
    )
    shutil.copy(ROOT / ".importlinter", tmp_path)
    program = Path(sys.executable).parent / "lint-imports"
    result = subprocess.run(
        [program, "--no-logo", "--no-cache"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "0 kept, 5 broken" in result.stdout
    for breach in (
        "kernel -> troth.storage",
        "surprise",
        "policy -> os",
        "gate.model -> sqlalchemy",
        "telemetry -> yaml",
    ):
        assert breach in result.stdout
    assert "gate -> cryptography" in result.stdout
    assert "vault.crypto -> cryptography" not in result.stdout


def test_long_files_functions_and_entry_points_are_found() -> None:
    """Sizes count code; docstrings, comments and empty lines are free."""
    body = "".join(f"    x{n} = {n}\n" for n in range(39))
    fine = f'def short():\n    """One.\n\n    Two.\n    """\n    # why\n\n{body}'
    assert list(check_sizes.findings(Path("src/a.py"), fine)) == []
    (long,) = check_sizes.findings(Path("src/a.py"), fine + "    y = 1\n")
    assert "short has 41 lines, at most 40" in long
    (entry,) = check_sizes.findings(Path("src/troth/cli/a.py"), f"@app.command()\n{fine}")
    assert "at most 15" in entry
    (file,) = check_sizes.findings(Path("src/a.py"), "x = 1\n" * 401)
    assert "401 lines of code, at most 400" in file


@pytest.mark.parametrize(
    "line",
    [
        "see /wor" + "k/main",
        'open("/roo' + 't/x")',
        "find-links = file:/" + "//srv/wheels",
        "from https://pypi" + ".org/simple",
        "# TO" + "DO later",
        "time" + ".sleep(1)",
    ],
)
def test_words_that_may_not_stand_are_found(line: str) -> None:
    """Each kind of forbidden thing is found where it stands."""
    (found,) = check_words.findings("src/a.py", f"fine\n{line}\n")
    assert found.startswith("src/a.py:2: ")


@pytest.mark.parametrize(
    "line", ["POST /root-causes/items", "the root/ folder", "https://example.com/network/"]
)
def test_words_that_look_alike_may_stand(line: str) -> None:
    """A path of a URL or a folder's name is not a path of a machine."""
    assert list(check_words.findings("README.md", line)) == []


def test_a_claim_needs_a_proof_and_a_proof_a_clause(tmp_path: Path) -> None:
    """The clause table fails on a claim without a marked test and on a mark for an unknown clause."""
    write(
        tmp_path,
        {
            "test_a.py": (
                "import pytest\n@pytest.mark.clause('I.1')\ndef test_x(): ...\n"
                "@pytest.mark.clause('X.9', 'I.2')\nasync def test_y(): ...\n"
            )
        },
    )
    proven = clauses.proofs(tmp_path)
    assert proven == {
        "I.1": ["test_a.py::test_x"],
        "X.9": ["test_a.py::test_y"],
        "I.2": ["test_a.py::test_y"],
    }
    document: dict[str, object] = {id_: {"by": "not-yet", "until": "later"} for id_ in clauses.REGISTER}
    document["I.1"] = {"by": ["gate", "collection"], "how": "", "proof": "test_a.py::test_x"}
    document["I.3"] = {"by": "gate", "how": "", "proof": ["test_b.py"]}
    found = list(clauses.findings(clauses.claims(document), proven, tmp_path))
    assert found == [
        "clause I.3 is said to be enforced by gate, but no test is marked for it",
        "clause I.3 names the test test_b.py, which does not exist",
        "test_a.py::test_y is marked for the unknown clause X.9",
    ]


def test_the_register_has_89_clauses() -> None:
    """The register's parts have 6, 20, 31, 8, 19, 2 and 3 clauses."""
    assert len(set(clauses.REGISTER)) == 89
