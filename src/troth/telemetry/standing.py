"""Whether telemetry is on. It is off until somebody says on; and whoever says off is heard, wherever he says it."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from troth.telemetry.folder import Folder

VARIABLE = "TROTH_TELEMETRY"
FILE_VARIABLE = "TROTH_TELEMETRY_FILE"
ENDPOINT_VARIABLE = "TROTH_TELEMETRY_ENDPOINT"
RELAY_VARIABLE = "TROTH_TELEMETRY_RELAY"
FLEET_FILE = "/etc/troth-telemetry.json"
CHOICE = "switch.json"
ON, OFF = "on", "off"


class Standing(NamedTuple):
    """Whether telemetry is on, and where it goes.

    Args:
        on: Whether anything is recorded and sent.
        why: Who said so, in words.
        endpoint: Base address of the receiving door.
        relay: Base address of the host that hands reports on; empty for none.
    """

    on: bool
    why: str
    endpoint: str
    relay: str = ""

    @property
    def base(self) -> str:
        """The address that is called."""
        return (self.relay or self.endpoint).rstrip("/")


def read_standing(folder: Folder, endpoint: str, environ: Mapping[str, str] | None = None) -> Standing:
    """Whether telemetry is on: any `off` wins, of the environment, the fleet's file or the folder; else any `on`; else it is off.

    What cannot be read or understood is off.

    Args:
        folder: Where `opt-in` and `opt-out` leave their word.
        endpoint: Where the product would send to.
        environ: The process's variables.
    """
    given = os.environ if environ is None else environ
    fleet_path = given.get(FILE_VARIABLE) or FLEET_FILE
    fleet, chosen = _fleet(Path(fleet_path), named=bool(given.get(FILE_VARIABLE))), folder.read(CHOICE)
    words = [
        (given.get(VARIABLE, "").strip().lower(), f"the variable {VARIABLE}"),
        (str(fleet.get("telemetry", "")), f"the file {fleet_path}"),
        (str(chosen.get("telemetry", "")), str(chosen.get("why") or "the choice on this machine")),
    ]
    place = given.get(ENDPOINT_VARIABLE) or fleet.get("endpoint") or chosen.get("endpoint") or endpoint
    relay = given.get(RELAY_VARIABLE) or fleet.get("relay") or chosen.get("relay") or ""
    spoken = [(word, why) for word, why in words if word]
    for word, why in spoken:
        if word != ON:
            return Standing(on=False, why=why, endpoint=str(place), relay=str(relay))
    if spoken:
        return Standing(on=True, why=spoken[0][1], endpoint=str(place), relay=str(relay))
    return Standing(on=False, why="nobody switched it on", endpoint=str(place), relay=str(relay))


def _fleet(path: Path, *, named: bool) -> dict[str, Any]:
    """What the fleet's file says; off where it is there, or named, and cannot be read."""
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {"telemetry": OFF} if named else {}
    except (OSError, ValueError):
        return {"telemetry": OFF}
    return found if isinstance(found, dict) else {"telemetry": OFF}
