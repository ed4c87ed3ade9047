"""A product that records, and sends what is due. Arguments: its folder, the receiving door; its schema comes on standard input."""

import json
import sys
from typing import Any

from troth.telemetry import Schema, Sender, Telemetry


def main() -> None:
    """Do what a product does in a day."""
    folder, endpoint = sys.argv[1:3]
    schema = Schema.from_document(json.load(sys.stdin))
    known: dict[str, Any] = {"product": "p", "release": "5.2", "endpoint": endpoint}
    telemetry = Telemetry(schema, folder, **known)
    for _ in range(1000):
        telemetry.add("errors")
        telemetry.add("features", label="search")
    telemetry.set("cores", 8)
    telemetry.add("undeclared")
    with telemetry.time("search_time"):
        sum(range(1000))
    telemetry.close()
    sender = Sender(schema, folder, **known)
    sender.send_due(at_once=True)
    sender.status()
    sender.preview()
    print(json.dumps(sorted(name for name in sys.modules if name in {"http.client", "ssl", "argparse"})))


if __name__ == "__main__":
    main()
