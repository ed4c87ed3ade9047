"""`python -m troth.policy POLICY [CASES]` prints the findings of a policy and the cases that fail; exit 1 when there are any."""

import sys
from pathlib import Path

from troth.policy.cases import run_cases
from troth.policy.compiling import check_policy, compile_policy
from troth.policy.model import PolicyErrors


def main(arguments: list[str]) -> int:
    """Check the files named; returns the exit code."""
    if len(arguments) not in {1, 2}:
        sys.stderr.write("usage: python -m troth.policy POLICY [CASES]\n")
        return 2
    raw = Path(arguments[0]).read_bytes()
    lines = [str(finding) for finding in check_policy(raw, arguments[0])]
    if not lines and arguments[1:]:
        lines = _cases(raw, arguments[1])
    sys.stdout.writelines(f"{line}\n" for line in lines or ["no findings"])
    return 1 if lines else 0


def _cases(raw: bytes, name: str) -> list[str]:
    try:
        results = run_cases(compile_policy(raw), Path(name).read_bytes(), name)
    except PolicyErrors as errors:
        return [str(finding) for finding in errors.findings]
    return [f"{name}:{result.line}: {result.name}: {result.fault}" for result in results if result.fault]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
