"""Serves the demonstration: Troth with made customers, the vendor's site before it, a made-up card processor. Ctrl-C stops all."""

import argparse
import asyncio
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from threading import Event

import httpx

from examples.vendor.paying import Processor
from examples.vendor.payments.site import KEY
from examples.vendor.site import HERE, Site
from examples.vendor.upstream import Upstream
from examples.vendor.wire import serve

_SECONDS = 120


def main() -> int:
    """Run all three until interrupted; the status is that of Troth."""
    given = _arguments()
    inner, payments = _free_port(), _free_port()
    # Two names of this machine are two hosts to a browser: cookies of the one do not reach the other.
    address, key = f"http://127.0.0.1:{given.port}", secrets.token_urlsafe(24)
    troth = _start(
        {"TROTH_PUBLIC_URL": address, "TROTH_STYLE": str(HERE / "static" / "theme.css")}, "troth", "--data", given.data, "demo", "--port", str(inner),
        "--people", str(given.people),
    )  # fmt: skip
    office = _start({KEY: key}, "examples.vendor.payments", "--port", str(payments), "--shop", address)
    try:
        _wait(troth, f"http://127.0.0.1:{inner}")
        _wait(office, f"http://127.0.0.1:{payments}")
        keys = {
            name: (Path(given.data) / "demo" / f"{name}.key").read_text(encoding="utf-8").strip()
            for name in ("site", "shop")
        }
        processor = Processor(f"http://localhost:{payments}", f"http://127.0.0.1:{payments}", key)
        site = Site(
            address, Upstream(f"http://127.0.0.1:{inner}"), processor, keys, Path(given.data) / "mail"
        )
        asyncio.run(_serve(site, given.port))
    except KeyboardInterrupt:
        pass
    finally:
        status = max(_stop(office), _stop(troth))
    return status


def _start(environment: dict[str, str], module: str, *arguments: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.Popen(command, env={**os.environ, **environment})  # noqa: S603  its own program, with arguments of its own


def _stop(process: "subprocess.Popen[bytes]") -> int:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    return process.wait(30)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.vendor", description=__doc__)
    parser.add_argument("--data", default="demo-data")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--people", type=int, default=2000)
    return parser.parse_args()


async def _serve(site: Site, port: int) -> None:
    pages = ("", "shop", "register", "newsletter", "contact", "choice", "mailbox", "policy")
    shown = "\n".join(f"  http://127.0.0.1:{port}/{page}" for page in pages)
    sys.stdout.write(f"The site of Example Security, Inc., Troth behind it:\n{shown}\n")
    sys.stdout.flush()
    await serve(site, port)


def _wait(process: "subprocess.Popen[bytes]", address: str) -> None:
    """Wait until a process answers.

    Raises:
        SystemExit: It ended, or never answered.
    """
    pause = Event()
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{address}/health", trust_env=False).is_success:
                return
        except httpx.TransportError:
            pause.wait(0.1)
    raise SystemExit(f"{address} does not answer.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
