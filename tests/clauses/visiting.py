"""Visitors of the reference vendor, known only from outside: what they choose, and which cookies reach them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Self

import httpx

from tests.clauses.vendor import Site, Vendor
from tests.support.process import free_port
from tests.support.waiting import wait_until
from troth.policy import Cookie, Policy, compile_policy

ANALYTICS, CONTENT = "analytics.reporting.site_usage", "personalize.content"
POLICY: Policy = compile_policy(
    (Path(__file__).parents[2] / "policies" / "software-vendor" / "policy.md").read_bytes()
)


def cookie_that(remembers: str) -> Cookie:
    """The declared cookie of a part."""
    return next(one for one in POLICY.of(Cookie) if one.remembers == remembers)


class Browser:
    """A visitor's browser without script: it keeps cookies, and says where a form came from.

    Args:
        base_url: The site.
        headers: What it sends with each request, such as a signal.
    """

    def __init__(self, base_url: str, headers: dict[str, str] | None = None) -> None:
        self.client = httpx.Client(base_url=base_url, headers=headers, timeout=60, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def get(self, path: str) -> httpx.Response:
        """A page."""
        return self.client.get(path)

    def choose(self, do: str, *allow: str, knowingly: tuple[str, ...] = ()) -> httpx.Response:
        """Send the form of the choice page."""
        form = {"do": do, "allow": list(allow), "knowingly": list(knowingly)}
        return self.client.post("/choice", data=form, headers={"Sec-Fetch-Site": "same-origin"})

    def allowed(self) -> set[str]:
        """The purposes that are allowed, as the site sees it."""
        return {one["purpose"] for one in self.state()["purposes"] if one["allowed"]}

    def state(self) -> dict[str, Any]:
        """What the site says of the choice."""
        answer: dict[str, Any] = self.client.get("/v1/choice").raise_for_status().json()
        return answer

    def cookies_from(self, address: str) -> dict[str, str]:
        """The Set-Cookie lines, by name, with which a company's site answers this browser."""
        kept = "; ".join(f"{one.name}={one.value}" for one in self.client.cookies.jar)
        signals = {
            name: self.client.headers[name] for name in ("Sec-GPC", "DNT") if name in self.client.headers
        }
        headers = {**signals, **({"Cookie": kept} if kept else {})}
        answer = httpx.get(
            address, headers=headers, trust_env=False, timeout=60
        )  # whose cookies this browser does not keep
        return {line.partition("=")[0]: line for line in answer.headers.get_list("set-cookie")}


@contextmanager
def visiting(site: Site, **headers: str) -> Iterator[Browser]:
    """A new visitor."""
    with Browser(site.server.base_url, headers) as browser:
        yield browser


@contextmanager
def company_site(vendor: Vendor) -> Iterator[str]:
    """A site of the company behind the cookie guard, in a process of its own; gives its address."""
    port, folder = free_port(), Path(__file__).parents[2]
    program = Path(sys.executable).parent / "granian"
    command = [str(program), "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws"]
    log = vendor.data.parent / "company.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "tests.clauses.company_site:app"],
            cwd=folder,
            env={**os.environ, **vendor.program.environment, "PYTHONPATH": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    try:
        wait_until(lambda: _answers(port), "the company's site answers")
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(60)


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).is_success
    except httpx.TransportError:
        return False


class Links(HTMLParser):
    """The addresses and texts of a page.

    Args:
        html: The page.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep where a link leads."""
        href = dict(attrs).get("href")
        if tag == "a" and href:
            self.hrefs.append(href)

    def handle_data(self, data: str) -> None:
        """Keep what is read."""
        self.text += " " + " ".join(data.split())
