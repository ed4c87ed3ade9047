"""Serves the made-up card processor. Ctrl-C stops it."""

import argparse
import asyncio
import os
import sys

from examples.vendor.payments.site import KEY, Payments
from examples.vendor.wire import serve


def main() -> int:
    """Run until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m examples.vendor.payments", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--shop", required=True, help="origin of the shop, to which buyers go back")
    given = parser.parse_args()
    asyncio.run(serve(Payments(given.shop, os.environ[KEY]), given.port))
    return 0


if __name__ == "__main__":
    sys.exit(main())
