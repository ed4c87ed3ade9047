"""`python -m troth.telemetry`: switch telemetry on and off, look at what goes out, and send."""

import sys

from troth.telemetry.commands import main

if __name__ == "__main__":
    sys.exit(main())
