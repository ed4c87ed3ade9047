"""Serves the demonstration: Troth with made customers, and the vendor's site in front of it. Ctrl-C stops both."""

import argparse
import asyncio
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from threading import Event

import httpx
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from examples.vendor.site import Site
from examples.vendor.upstream import Upstream

_SECONDS = 120


def main() -> int:
    """Run both until interrupted; the status is that of Troth."""
    given = _arguments()
    inner = _free_port()
    command = [
        sys.executable,
        "-m",
        "troth",
        "--data",
        given.data,
        "demo",
        "--port",
        str(inner),
        "--people",
        str(given.people),
    ]
    troth = subprocess.Popen(command)  # noqa: S603  its own program, with arguments of its own
    address = f"http://127.0.0.1:{inner}"
    try:
        _wait(troth, address)
        keys = {
            name: (Path(given.data) / "demo" / f"{name}.key").read_text(encoding="utf-8").strip()
            for name in ("site", "shop")
        }
        site = Site(Upstream(address), keys, Path(given.data) / "mail")
        asyncio.run(_serve(site, given.port))
    except KeyboardInterrupt:
        pass
    finally:
        if troth.poll() is None:
            troth.send_signal(signal.SIGINT)
        status = troth.wait(30)
    return status


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.vendor", description=__doc__)
    parser.add_argument("--data", default="demo-data")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--people", type=int, default=2000)
    return parser.parse_args()


async def _serve(site: Site, port: int) -> None:
    server = Server(
        site, address="127.0.0.1", port=port, interface=Interfaces.ASGI, http=HTTPModes.http1,
        websockets=False, log_enabled=False,
    )  # fmt: skip
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.stop)
    pages = ("", "shop", "register", "newsletter", "contact", "choice", "mailbox", "policy")
    shown = "\n".join(f"  http://127.0.0.1:{port}/{page}" for page in pages)
    sys.stdout.write(f"The site of Example Security, Inc., Troth behind it:\n{shown}\n")
    sys.stdout.flush()
    await server.serve()


def _wait(troth: "subprocess.Popen[bytes]", address: str) -> None:
    """Wait until Troth answers.

    Raises:
        SystemExit: It ended, or never answered.
    """
    pause = Event()
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until and troth.poll() is None:
        try:
            if httpx.get(f"{address}/health", trust_env=False).is_success:
                return
        except httpx.TransportError:
            pause.wait(0.1)
    raise SystemExit("Troth did not start.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
