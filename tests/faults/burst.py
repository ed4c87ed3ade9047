"""A process that writes as fast as it can and says what was acknowledged; tests kill it. Not a test itself."""

import os
import sys
from itertools import count
from pathlib import Path
from typing import TextIO

import troth
from troth import Ask


def write_on(folder: Path, burst: str, key: str, notice: str, output: Path) -> None:
    """Collect made people in batches of changing size, and note a line for each acknowledged act in a file."""
    with output.open("w", encoding="utf-8") as acknowledged:
        _write_on(folder, burst, key, notice, acknowledged)


def _write_on(folder: Path, burst: str, key: str, notice: str, acknowledged: TextIO) -> None:
    with troth.open(folder) as running:
        for first in count():
            size = 1 + (first * 7) % 20
            asks = [_ask(key, notice, f"{burst}-{first}-{number}") for number in range(size)]
            outcomes = running.perform(asks)
            lines = [
                f"{one.entry} {one.person} {ask.values['product']}"
                for ask, one in zip(asks, outcomes, strict=True)
            ]
            acknowledged.write("\n".join(lines) + "\n")
            acknowledged.flush()


def _ask(key: str, notice: str, mark: str) -> Ask:
    return Ask(
        act="collect",
        purpose="essential.service.product_registration",
        key=key,
        values={
            "name": "Made Person",
            "email": f"{mark}@example.com",
            "product": mark,
            "serial": f"SN-{mark}",
        },
        channel="web",
        point="product-registration",
        notice=notice,
        age_passed=True,
    )


if __name__ == "__main__":
    _write_on(Path(sys.argv[1]), sys.argv[2], os.environ["BURST_KEY"], os.environ["BURST_NOTICE"], sys.stdout)
