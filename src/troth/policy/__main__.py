"""`python -m troth.policy FILE...` prints the findings of policy documents; exit 1 when there are any."""

import sys
from pathlib import Path

from troth.policy.compiling import check_policy


def main(arguments: list[str]) -> int:
    """Check the files named; returns the exit code."""
    if not arguments:
        sys.stderr.write("usage: python -m troth.policy FILE...\n")
        return 2
    count = 0
    for name in arguments:
        for finding in check_policy(Path(name).read_bytes(), name):
            sys.stdout.write(f"{finding}\n")
            count += 1
    sys.stdout.write("no findings\n" if count == 0 else f"{count} findings\n")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
