"""The published packages of clients, installed once by the lock file into the environment's folder."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

CLIENTS = Path(__file__).resolve().parents[1] / "clients"
_FILES = ("package.json", "package-lock.json", ".npmrc")


def packages() -> Path:
    """The folder `node_modules` with the clients; made again when the lock file changes, by one worker at a time.

    Raises:
        AssertionError: Node.js is missing.
    """
    assert shutil.which("node"), "Node.js is missing: run `make outside`."
    content = b"".join((CLIENTS / name).read_bytes() for name in _FILES)
    above = Path(sys.prefix) / "npm-clients"
    above.mkdir(exist_ok=True)
    folder = above / hashlib.sha256(content).hexdigest()[:16]
    with (above / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "whole").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for name in _FILES:
                shutil.copyfile(CLIENTS / name, folder / name)
            subprocess.run(["npm", "ci", "--silent"], cwd=folder, check=True, timeout=300)
            (folder / "whole").touch()
    return folder / "node_modules"


def python() -> Path:
    """The Python of an environment of its own with the published packages; made again when their list changes.

    Glean and others bring versions along that Troth itself does not use.
    """
    content = (CLIENTS / "requirements.txt").read_bytes()
    above = Path(sys.prefix) / "pip-clients"
    above.mkdir(exist_ok=True)
    folder = above / hashlib.sha256(content).hexdigest()[:16]
    program = folder / "bin" / "python"
    with (above / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "whole").exists():
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=120)
            wanted = str(CLIENTS / "requirements.txt")
            install = [str(program), "-m", "pip", "install", "--quiet", "--no-deps", "-r", wanted]
            subprocess.run(install, check=True, timeout=300, capture_output=True)
            (folder / "whole").touch()
    return program


def script(name: str, folder: Path) -> Path:
    """A script of tests/clients, beside the packages that it imports: Node.js looks for them from the script's own place.

    Args:
        name: The script.
        folder: Takes a copy of it, and a link to the packages.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "node_modules").symlink_to(packages())
    return Path(shutil.copy(CLIENTS / name, folder / name))
