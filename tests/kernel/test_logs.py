"""Logs: the library comes with the first line, and what was asked for holds from then on."""

import subprocess
import sys

SCRIPT = """
import sys
from troth.kernel import Log, set_up_logs

def quiet():
    import logging, structlog
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        processors=[structlog.processors.KeyValueRenderer()],
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
    )

log = Log("troth.test")
{before}set_up_logs(quiet)
assert {loaded}("structlog" in sys.modules)
log.info("unseen")
log.warning("seen", count=3)
"""


def said(before: str, loaded: str) -> str:
    """What a process prints that sets its logs up and writes two lines."""
    script = SCRIPT.format(before=before, loaded=loaded)
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_the_library_is_loaded_and_set_up_with_the_first_line() -> None:
    """A process that has written nothing has not loaded it."""
    assert said("", "not ") == "count=3 event='seen'"


def test_a_library_that_is_there_is_set_up_at_once() -> None:
    """Whoever set it up before is overruled."""
    assert said("import structlog\n", "") == "count=3 event='seen'"
