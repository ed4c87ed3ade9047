"""Brings the outside programs that tests drive: browsers, Node.js for published client packages, an IMAP server, a mail server, MariaDB, Java.

Needs only the standard library. What is there already is left alone; what is missing comes from Debian's packages, which
takes root. The status is 1 when something is missing and cannot be installed.
"""

import os
import shutil
import subprocess
import sys
from typing import NamedTuple


class Program(NamedTuple):
    """A program that tests call, and the Debian package that has it."""

    command: str
    package: str


PROGRAMS = (
    Program("chromium", "chromium"),
    Program("firefox-esr", "firefox-esr"),
    Program("node", "nodejs"),
    Program("npm", "npm"),
    Program("dovecot", "dovecot-imapd"),
    Program("mariadbd", "mariadb-server"),
    Program("java", "openjdk-17-jre-headless"),
    Program("postfix", "postfix"),
)


def missing() -> list[Program]:
    """The programs that are not there."""
    places = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"  # where servers lie, and not every user looks
    return [program for program in PROGRAMS if shutil.which(program.command, path=places) is None]


def install(programs: list[Program]) -> None:
    """Install Debian's packages of some programs; their output shows only when it fails."""
    print(f"Installing {', '.join(program.package for program in programs)}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    packages = [program.package for program in programs]
    for command in (
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages],
    ):
        result = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            sys.stderr.write(result.stdout + result.stderr)
            sys.exit(f"{' '.join(command[:2])} failed. Install {', '.join(packages)} and call it again.")


def main() -> None:
    """Install what is missing."""
    lacking = missing()
    if not lacking:
        return
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        names = ", ".join(program.command for program in lacking)
        sys.exit(f"Tests need {names}. Install them, or run this once as root on Debian.")
    install(lacking)


if __name__ == "__main__":
    main()
