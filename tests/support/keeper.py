"""Loads the program once and gives birth to its processes: run as a program of its own, never imported by a test.

It takes orders on a socket (its file descriptor is the first argument). Each order becomes a process of its own by a fork:
its own command line, variables, working folder and standard files, and from there the program's own entry point. What a
process would load at its start is there already, the framework's routes with it; nothing else of it has run. `tests/support/starting.py` gives the orders.
"""

import faulthandler
import gc
import importlib
import json
import os
import select
import signal
import socket
import struct
import sys
from typing import Any

PRELOADED = ("troth.cli.program", "troth.cli.listening", "troth.bootstrap", "troth.web.serving")
"""In the order in which `troth serve` loads them; each loads what it stands on."""

STANDARD = 3
"""Standard input, output and error come first with an order, then the pipe that its state is written to."""


def born(control: socket.socket) -> None:
    """Carry out orders until the socket is closed, which ends this process. Only the processes ordered return."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    states: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([control.fileno(), reading], [], [])
        if reading in ready:
            os.read(reading, 4_096)
            _tell_ended(states)
        if control.fileno() in ready:
            taken = _taken(control)
            if taken is None:
                os._exit(0)
            order, files = taken
            state = files[STANDARD]
            process = os.fork()
            if not process:
                _become(order, files)
                return
            for descriptor in files[:STANDARD]:
                os.close(descriptor)
            states[process] = state
            os.write(state, struct.pack("i", process))


def _taken(control: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    head, files, _, _ = socket.recv_fds(control, 4, STANDARD + 1)
    if not head:
        return None
    size = int.from_bytes(head, "big")
    body = b""
    while len(body) < size:
        body += control.recv(size - len(body))
    return json.loads(body), files


def _tell_ended(states: dict[int, int]) -> None:
    for process in list(states):
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            state = states.pop(process)
            os.write(state, struct.pack("i", os.waitstatus_to_exitcode(status)))
            os.close(state)


def _become(order: dict[str, Any], files: list[int]) -> None:
    """Be what a start of the program would be, all but loading."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if order["session"]:
        os.setsid()
    for number, descriptor in enumerate(files[:STANDARD]):
        os.dup2(descriptor, number)
    os.closerange(STANDARD, os.sysconf("SC_OPEN_MAX"))
    sys.stdin = open(0, encoding=sys.stdin.encoding, closefd=False)  # noqa: SIM115  a descriptor, open to the end
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = order["command"]
    if "PYTHONFAULTHANDLER" in os.environ:
        faulthandler.enable()


if __name__ == "__main__":
    for name in PRELOADED:
        importlib.import_module(name)
    from troth.web.app import framework

    framework()  # made at the first start of a server, and the same for each
    gc.collect()
    gc.freeze()
    born(socket.socket(fileno=int(sys.argv[1])))
    from troth.cli import main

    main()
