"""Ports: is one free, and which one is."""

import socket
from pathlib import Path

from troth.cli.codes import BadUsage
from troth.kernel import Unavailable


def check_free(folder: Path, host: str | None, port: int | None) -> None:
    """Refuse to serve where somebody listens already, or where there is no folder to serve.

    Raises:
        Unavailable: The port is taken or the address is not this machine's.
        NotFound: The folder was not initialised.
    """
    from troth.bootstrap import read_settings

    web = read_settings(folder).web
    address, number = host or web.host, port or web.port
    try:
        _bind(address, number)
    except OSError as error:
        raise Unavailable(
            f"{address}:{number} cannot be listened on ({error.strerror}).",
            mend="Stop what listens there, or choose another with --port.",
            field="port",
        ) from error


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
