"""The server: one process, one event loop, Granian in front of the application."""

import asyncio
import gc
import signal
import ssl
import sys
from collections.abc import Callable
from pathlib import Path

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from troth.bootstrap import Troth, mail_coming_in, open_troth
from troth.kernel import InvalidInput, Log, set_up_logs
from troth.web.app import create_app

_log = Log("troth.web")
BACKLOG = 1_024
_LOOK_AGAIN = 0.01


def serve(
    folder: Path | str,
    host: str | None = None,
    port: int | None = None,
    *,
    tls: tuple[Path, Path] | None = None,
    ready: Callable[[str], None] | None = None,
    json_logs: bool = True,
) -> None:
    """Serve a data folder until interrupted (SIGINT or SIGTERM); what was accepted is on disk by then.

    Args:
        folder: A folder that `troth init` made.
        host: Address to listen on; None for the folder's setting.
        port: Port to listen on; None for the folder's setting.
        tls: Files with the certificate chain and its private key (PEM), to serve https; None for http.
        ready: Called with the base address once requests are answered.
        json_logs: Whether to write events as JSON lines to standard error.

    Raises:
        NotFound: The folder was not initialised.
        Unavailable: A store cannot be opened.
        InvalidInput: The address cannot be listened on, or certificate and key are no pair.
    """
    if tls is not None:
        _check_pair(*tls)
    if json_logs:
        configure_logs()
    with open_troth(folder, background=True, listening=(host, port)) as troth:
        web = troth.settings.web
        asyncio.run(_run(troth, host or web.host, port or web.port, tls, ready))


def configure_logs() -> None:
    """Write static events with ids, one JSON object a line, to standard error."""
    set_up_logs(_write_json)


def _write_json() -> None:
    import structlog

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _check_pair(certificate: Path, key: Path) -> None:
    """Refuse TLS files that the server could not use.

    Raises:
        InvalidInput: They cannot be read, or the key is not the certificate's.
    """
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key, password="")
    except (OSError, ssl.SSLError) as error:
        reason = error.reason if isinstance(error, ssl.SSLError) else error.strerror
        raise InvalidInput(
            f"{certificate} and {key} are no certificate and key ({reason or 'malformed'}).",
            field="tls",
            mend="Name a PEM file with the certificate chain, and one with its private key, without a password.",
        ) from error


async def _run(
    troth: Troth,
    host: str,
    port: int,
    tls: tuple[Path, Path] | None,
    ready: Callable[[str], None] | None,
) -> None:
    certificate, key = tls or (None, None)
    app = create_app(troth)
    gc.collect()
    gc.freeze()  # what stays as long as the server is not looked through again: each look would hold up every request
    server = Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        backlog=BACKLOG,
        log_enabled=False,
        ssl_cert=certificate,
        ssl_key=key,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.stop)
    async with mail_coming_in(troth):
        serving = asyncio.create_task(server.serve())
        await _listening(serving, host, port)
        _log.info("serving", host=host, port=port, policy=troth.policy().sha256)
        if ready is not None:
            ready(f"{'https' if tls else 'http'}://{host}:{port}")
        await serving
    _log.info("stopped")


async def _listening(serving: "asyncio.Task[None]", host: str, port: int) -> None:
    """Wait until connections are accepted, or until serving failed, which is raised."""
    while not serving.done():
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(_LOOK_AGAIN)
            continue
        writer.close()
        return
    await serving
