"""Ports: is one free, and which one is."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from troth.cli.codes import BadUsage
from troth.kernel import Unavailable


@contextmanager
def claimed(folder: Path, host: str | None, port: int | None) -> Iterator[None]:
    """Serve where nobody listens and nobody else is about to: the server's own socket would share the port without a word.

    Raises:
        Unavailable: The port is taken or the address is not this machine's.
        NotFound: The folder was not initialised.
    """
    from troth.bootstrap import read_settings

    web = read_settings(folder).web
    address, number = host or web.host, port or web.port
    try:
        claim = _claim(address, number)
    except OSError as error:
        raise Unavailable(
            f"{address}:{number} cannot be listened on ({error.strerror}).",
            mend="Stop what listens there, or choose another with --port.",
            field="port",
        ) from error
    with claim:
        yield


def _claim(host: str, port: int) -> socket.socket:
    """A socket that stands for a port of this machine until it is closed, or its process ends.

    Of two servers that start at once both would find the port free, and the system would share it out between them.
    """
    claim = socket.socket(socket.AF_UNIX)
    try:
        if port and sys.platform == "linux":  # a name without a file, which no other system has
            claim.bind(f"\0troth/{host}/{port}")
        _bind(host, port)
    except BaseException:
        claim.close()
        raise
    return claim


def tls_pair(certificate: Path | None, key: Path | None) -> tuple[Path, Path] | None:
    """Both TLS files, or None when neither was named.

    Raises:
        BadUsage: Only one was named.
    """
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        lacking = "--tls-key" if key is None else "--tls-certificate"
        raise BadUsage(f"{lacking} is missing.", mend="Name certificate and key together.", field="tls")
    return certificate, key


def free_port(host: str, wished: int) -> int:
    """The port wished for when it is free, else a free one."""
    try:
        return _bind(host, wished)
    except OSError:
        return _bind(host, 0)


def _bind(host: str, port: int) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        bound: int = probe.getsockname()[1]
        return bound
