"""The sender stands alone: it imports the standard library, and is light."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import troth.telemetry

FOLDER = Path(troth.telemetry.__file__).parent
HEAVY = {"argparse", "asyncio", "dataclasses", "http.client", "inspect", "ssl", "urllib.request", "email"}


def imported(source: str) -> set[str]:
    """Packages that a file imports, wherever in it; of Troth, the room."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            found.add(str(node.module))
    return {".".join(name.split(".")[: 2 if name.startswith("troth") else 1]) for name in found}


def test_only_the_standard_library() -> None:
    """No file of the sender imports anything that does not come with Python, but the sender itself."""
    files = sorted(FOLDER.rglob("*.py"))
    assert files
    for path in files:
        strange = imported(path.read_text(encoding="utf-8")) - sys.stdlib_module_names
        assert strange <= {"troth.telemetry"}, path.name


def test_importing_loads_little() -> None:
    """Importing it loads no heavy module and nothing else of Troth."""
    code = "import sys; before = set(sys.modules); import troth.telemetry, json; print(json.dumps(sorted(set(sys.modules) - before)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(json.loads(done.stdout))
    assert {name for name in loaded if name.startswith("troth")} <= {
        "troth",
        *(f"troth.telemetry.{path.stem}" for path in FOLDER.glob("*.py")),
        "troth.telemetry",
    }
    assert not loaded & HEAVY
