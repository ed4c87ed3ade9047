"""Published clients, and a company that they report to."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.clauses.vendor import Vendor
from tests.support import clients
from tests.support.process import free_port

HERE = Path(__file__).parent
SHOP = """declare: website
name: shop
domain: shop.example.com
identity: daily
choice: source
"""


@pytest.fixture(scope="session")
def packages() -> Path:
    """The folder `node_modules` with the clients."""
    return clients.packages()


@pytest.fixture
def company(tmp_path: Path, reference_policy: str) -> Vendor:
    """A vendor whose shop asks its visitors itself."""
    policy = tmp_path / "policy.md"
    text = reference_policy.replace(
        "```rule\ndeclare: website\nname: docs",
        f"```rule\n{SHOP}```\n\n```rule\ndeclare: website\nname: docs",
    )
    assert text != reference_policy
    policy.write_text(text, encoding="utf-8")
    return Vendor(tmp_path, policy)


@pytest.fixture(scope="session")
def reference_policy() -> str:
    """The reference policy's text."""
    return (HERE.parents[1] / "policies" / "software-vendor" / "policy.md").read_text(encoding="utf-8")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Pages:
    """A small web server with the company's pages, on loopback."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), partial(_Quiet, directory=str(folder)))
        Thread(target=self._server.serve_forever, daemon=True).start()

    def write(self, name: str, body: str, head: str = "") -> None:
        """Put a page."""
        text = (
            f"<!doctype html><html lang=en><head><title>{name}</title>{head}</head><body>{body}</body></html>"
        )
        (self.folder / name).write_text(text, encoding="utf-8")

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    """The company's pages."""
    folder = tmp_path / "pages"
    folder.mkdir()
    found = Pages(folder)
    yield found
    found.close()
