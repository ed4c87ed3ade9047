"""Pins every dependency with its hashes: requirements/core.txt, build.txt and dev.txt, for all systems at once.

The resolver lives in a virtual environment that is thrown away. The files name packages and hashes, never an
index: where packages come from is the machine's business.
"""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OPTIONS = ["--universal", "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--no-header"]
OPTIONS += ["--quiet", "--python-version", "3.11"]
# The widest set comes first and binds the others, so that what is tested is what runs.
TESTED = ["--constraint", "requirements/dev.txt"]
LOCKS = (
    ("dev.txt", ["pyproject.toml", "--all-extras", "--group", "dev"]),
    ("core.txt", ["pyproject.toml", *TESTED]),
    ("build.txt", ["requirements/build.in", *TESTED]),
)


def main() -> None:
    """Write the three lock files; arguments go to the resolver (for example `--upgrade`)."""
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    with tempfile.TemporaryDirectory(prefix="troth-lock-") as scratch:
        venv.EnvBuilder(with_pip=True, symlinks=True).create(scratch)
        python = str(Path(scratch) / "bin" / "python")
        print("resolver", flush=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "uv"], check=True)
        for name, sources in LOCKS:
            print(f"requirements/{name}", flush=True)
            command = [python, "-m", "uv", "pip", "compile", *OPTIONS, *sources]
            command += ["--output-file", f"requirements/{name}", *sys.argv[1:]]
            subprocess.run(command, check=True, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
