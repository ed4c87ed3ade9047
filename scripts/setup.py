"""Makes the virtual environment `.venv` from the locked requirements; does nothing when it is up to date.

Needs only the standard library. Argument: `core` (what running Troth needs) or `dev` (core, tests and tools).
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
KINDS = ("core", "dev")


def wanted(kind: str) -> str:
    """The digest of all that decides what must stand in the environment."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    installed = {name: project[name] for name in ("build-system", "project")}
    digest = hashlib.sha256(json.dumps([str(VENV), installed], sort_keys=True).encode())
    for name in (f"requirements/{kind}.txt", "requirements/build.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def up_to_date(kind: str) -> bool:
    """Whether `.venv` already holds at least this kind; `dev` holds `core`."""
    python = VENV / "bin" / "python"
    if not python.exists():
        return False
    stamps = {name: VENV / f".troth-{name}" for name in KINDS[KINDS.index(kind) :]}
    return any(stamp.exists() and stamp.read_text() == wanted(name) for name, stamp in stamps.items())


def pip(*arguments: str) -> None:
    """Run pip of the environment; its output shows only when it fails."""
    command = [str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "-q", *arguments]
    result = subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if result.returncode:
        sys.stderr.write(result.stdout + result.stderr)
        sys.exit(
            f"Set-up failed while installing ({' '.join(arguments[:3])} ...). Mend the cause and call it again."
        )


def make_environment() -> None:
    """Make `.venv` anew unless it already works with a Python that is new enough."""
    check = [str(VENV / "bin" / "python"), "-c", "import sys, pip; sys.exit(sys.version_info < (3, 11))"]
    if (VENV / "bin" / "python").exists() and subprocess.run(
        check, check=False, capture_output=True
    ).returncode == 0:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    venv.EnvBuilder(with_pip=True, symlinks=True).create(VENV)


def set_up(kind: str) -> None:
    """Bring `.venv` to the state that the lock of this kind describes."""
    if up_to_date(kind):
        return
    version = ".".join(map(str, sys.version_info[:3]))
    print(f"[1/3] virtual environment .venv (Python {version})", flush=True)
    make_environment()
    packages = sum("==" in line for line in (ROOT / "requirements" / f"{kind}.txt").read_text().splitlines())
    print(
        f"[2/3] {packages} locked packages, hashes checked (the first time this takes a minute)", flush=True
    )
    pip("install", "--require-hashes", "-r", f"requirements/{kind}.txt", "-r", "requirements/build.txt")
    print("[3/3] troth itself, editable", flush=True)
    pip("install", "--no-deps", "--no-build-isolation", "-e", ".")
    for name in KINDS[: KINDS.index(kind) + 1]:
        (VENV / f".troth-{name}").write_text(wanted(name))


def main() -> None:
    """Set up the kind that the command line names."""
    if len(sys.argv) != 2 or sys.argv[1] not in KINDS:
        sys.exit("Usage: python scripts/setup.py core|dev")
    os.environ.pop("PYTHONPATH", None)
    os.environ.pop("VIRTUAL_ENV", None)
    set_up(sys.argv[1])


if __name__ == "__main__":
    main()
