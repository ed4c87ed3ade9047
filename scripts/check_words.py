"""Checks that the tree holds no path of one machine, no package index, no sleeping and no leftover markers."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent


class Rule(NamedTuple):
    """What may not stand in the files whose names end in one of `suffixes` (all files when empty)."""

    pattern: re.Pattern[str]
    reason: str
    suffixes: tuple[str, ...] = ()


# Written with brackets so that this file does not find itself.
RULES = (
    Rule(
        re.compile(r"(?<![\w.])/(wor[k]/(main|shared|\.)|roo[t]/|home/\w+/|Users/\w+/|opt/(pyp[i]|wheels))"),
        "a path of one machine",
    ),
    Rule(re.compile(r"\bfile:[/]{2,}(opt|srv|root|home|tmp|usr|var|wor[k])/"), "an address of one machine"),
    Rule(re.compile(r"\b(pypi[.]org|pythonhosted[.]org|registry[.]npmjs|deb[.]debian)"), "a package index"),
    Rule(
        re.compile(r"\bissue[ ]tracker\b|\bagent[ ]tools\b|\.\./share[d]/", re.IGNORECASE),
        "words that belong elsewhere",
    ),
    Rule(
        re.compile(r"(#|//|<!--).*\b(TOD[O]|FIXM[E]|XX[X]|HAC[K])\b"),
        "a leftover marker",
        (".py", ".md", ".sh"),
    ),
    Rule(re.compile(r"\btime[.]sleep\("), "sleeping; wait on a condition", (".py",)),
)
SKIPPED = {"LICENSE"}


def findings(name: str, text: str) -> Iterator[str]:
    """Every forbidden thing in a file."""
    rules = [rule for rule in RULES if not rule.suffixes or name.endswith(rule.suffixes)]
    for number, line in enumerate(text.splitlines(), start=1):
        for rule in rules:
            found = rule.pattern.search(line)
            if found:
                yield f"{name}:{number}: {rule.reason}: {found.group().strip()}"


def main() -> None:
    """Print every finding; the status is 1 when there is one."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    output = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = [name for name in sorted(set(output.split("\0")) - SKIPPED) if (ROOT / name).is_file()]
    found: list[str] = []
    for name in names:
        data = (ROOT / name).read_bytes()
        if b"\0" not in data:
            found += findings(name, data.decode("utf-8", errors="replace"))
    print("\n".join([*found, f"Words: {len(names)} files, {len(found)} findings"]))
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
