"""Draws the noise of a release, in a process of its own: `python -I noise_process.py`, one JSON object a line each way.

It is started for one run, or for those of a schedule that follow each other, and knows nothing but small sums. Whatever goes wrong in the native code ends this process and
not the server; the run has failed then, and what it cost stays spent. It writes nothing but its answers, and no error text,
because that could hold a true number.

A task is {"kind": "vector", "values": [...], "l1": n, "epsilon": e}: known keys, zeros included, by `make_laplace`; or
{"kind": "map", "values": {...}, "l0": n, "l1": n, "li": n, "epsilon": e, "delta": d}: keys that the data themselves bring,
by `make_laplace_threshold`, which shows only those that enough stand behind. Integers are drawn from the discrete Laplace
distribution. Source: OpenDP 0.16.
"""

import json
import sys
from functools import lru_cache
from typing import Any

sys.modules["numpy"] = None  # type: ignore[assignment]
# OpenDP would import it to know its types, of which none comes here; that and the prelude are half of a start.
from opendp.domains import atom_domain, map_domain, vector_domain  # noqa: E402
from opendp.measurements import make_laplace, make_laplace_threshold  # noqa: E402
from opendp.metrics import absolute_distance, l01inf_distance, l1_distance  # noqa: E402
from opendp.mod import binary_search, enable_features  # noqa: E402

SLACK = 1 + 1e-9
"""What floating point may add to an epsilon."""
LARGEST_THRESHOLD = 2**31 - 1


def vector(task: dict[str, Any]) -> list[int]:
    """Noise for known keys."""
    space = vector_domain(atom_domain(T="i64")), l1_distance(T="i64")
    measurement: Any = make_laplace(*space, scale=task["l1"] / task["epsilon"])
    if measurement.map(task["l1"]) > task["epsilon"] * SLACK:
        raise ValueError
    return [int(one) for one in measurement(task["values"])]


@lru_cache
def measurement_of(l0: int, l1: int, li: int, epsilon: float, delta: float) -> tuple[Any, int]:
    """What draws noise for unknown keys, and the threshold below which none is shown."""
    space = (
        map_domain(atom_domain(T=str), atom_domain(T="i64")),
        l01inf_distance(absolute_distance(T="i64")),
    )
    apart, scale = (l0, l1, li), l1 / epsilon

    def made(least: int) -> Any:
        return make_laplace_threshold(*space, scale=scale, threshold=least)

    def enough(least: float) -> bool:
        return bool(made(int(least)).map(apart)[1] <= delta)

    least = int(binary_search(enough, T=int, bounds=(li, LARGEST_THRESHOLD)))
    measurement = made(least)
    if measurement.map(apart)[0] > epsilon * SLACK:
        raise ValueError
    return measurement, least


def threshold(task: dict[str, Any]) -> tuple[dict[str, int], int]:
    """Noise for unknown keys, and the threshold below which none is shown."""
    measurement, least = measurement_of(task["l0"], task["l1"], task["li"], task["epsilon"], task["delta"])
    return {key: int(one) for key, one in measurement(task["values"]).items()}, least


def released(task: dict[str, Any]) -> dict[str, Any]:
    """What is shown for a task."""
    if task["kind"] == "vector":
        return {"values": vector(task) if task["values"] else []}
    values, least = threshold(task)
    return {"values": values, "threshold": least}


def main() -> int:
    """Answer each line with one; ends with the input, or with status 1 at the first task that cannot be done."""
    enable_features("contrib")
    for line in sys.stdin:
        try:
            answer = [released(task) for task in json.loads(line)]
        except Exception:  # noqa: BLE001  its text could hold a true number
            return 1
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
