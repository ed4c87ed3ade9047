"""The reference vendor, known only from outside: its command line, its HTTP interface, its files."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from tests.support.files import files_holding
from tests.support.forms import Visitor
from tests.support.inside import Ended, begin, call
from tests.support.process import ClockFile, Serving, Troth

REGISTER = "essential.service.product_registration"
FULFIL = "essential.service.fulfil_order"
SUPPORT = "essential.service.operations.support"
RIGHTS = "essential.service.rights_request"
CANARY = "zq-canary-7c1f"
OLD_ENOUGH = {"year": 1970, "month": 4}
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


class Vendor:
    """A company that runs Troth.

    Args:
        folder: Where its files go.
        policy: Its policy document; None for the reference policy.
    """

    def __init__(self, folder: Path, policy: Path | None = None) -> None:
        self.clock = ClockFile(folder / "clock", START)
        self.program = Troth(folder / "data", self.clock)
        made = begin(self.program, policy)
        self.policy: str = made["policy"]
        self.privacy_key: str = made["key"]

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.program.folder

    def json(self, *arguments: str | Path, status: int | None = 0) -> Any:
        """What a command prints with --json."""
        return json.loads(self.command("--json", "--data", self.data, *arguments, status=status).stdout)

    def command(self, *arguments: str | Path, status: int | None = 0, text: str = "") -> Ended:
        """Run a command on the vendor's folder, in this process: its start is no part of what a clause promises."""
        return call(self.program.environment, *arguments, status=status, text=text)

    def key(self, role: str, *purposes: str, cases: tuple[str, ...] = ()) -> str:
        """An API key, issued on the command line."""
        arguments = ["access", "issue", "--name", role, "--role", role]
        for purpose in purposes:
            arguments += ["--purpose", purpose]
        for case in cases:
            arguments += ["--case", case]
        issued: str = self.json(*arguments)["key"]
        return issued

    def ledger(self) -> list[dict[str, Any]]:
        """Every entry of the ledger, oldest first, as its exported tiles hold it; the log is verified on the way."""
        out = self.data.parent / "tiles"
        self.command("--data", self.data, "ledger", "export", out)
        self.command("--data", self.data, "ledger", "verify", out)
        return list(_entries(out))

    def files_with(self, marker: str) -> list[str]:
        """Files below the vendor's folder that hold a marker, byte by byte."""
        folder = self.data.parent
        return [str(path.relative_to(folder)) for path in files_holding(folder, marker.encode())]

    @contextmanager
    def open(self) -> Iterator["Site"]:
        """The vendor's service, running."""
        with self.program.serving() as server:
            yield Site(server, self)


class Site:
    """The running service, over HTTP.

    Args:
        server: Answers.
        vendor: Gives the shop's API key.
    """

    def __init__(self, server: Serving, vendor: Vendor) -> None:
        self.server = server
        self._vendor = vendor
        self._shop_key = self._site_key = ""

    def request(self, method: str, path: str, *, key: str = "", body: Any = None) -> httpx.Response:
        """A request, with an API key and a JSON body when given."""
        with self.server.client(key) as client:
            return client.request(method, path, **({} if body is None else {"json": body}))

    def visitor(self) -> Visitor:
        """Somebody with a browser of their own, who fills in forms."""
        return Visitor(self.server.client())

    def collect(
        self, point: str, values: dict[str, Any], *, channel: str = "web", **more: Any
    ) -> httpx.Response:
        """A visitor's submission to a collection point, the notice shown and the age screen answered."""
        described = self.request("GET", f"/v1/collect/{point}")
        told: dict[str, Any] = (
            described.json() if described.is_success else {"notice": {"name": ""}, "age_screen": False}
        )
        age = {"age": OLD_ENOUGH} if told["age_screen"] else {}
        body = {"channel": channel, "notice": told["notice"]["name"], "values": values, **age, **more}
        return self.request(
            "POST", f"/collect/{point}", body={name: value for name, value in body.items() if value != ""}
        )

    def write_in(self, number: int = 1, **values: Any) -> httpx.Response:
        """A made person writes to support."""
        given = {
            "name": f"Person {number}",
            "email": f"person{number}@example.com",
            "ticket_text": "The sensor does not start.",
        }
        return self.collect("support-contact", {**given, **values})

    def register(self, number: int = 1, **values: Any) -> httpx.Response:
        """A made person registers a product, which the shop sold to the same person before; gives the first refusal."""
        given = {
            "name": f"Person {number}",
            "email": f"person{number}@example.com",
            "product": "sensor",
            "serial": f"SN-{number:04d}",
            **values,
        }
        sold = self.sell(given["serial"], name=given["name"], email=given["email"])
        return self.collect("product-registration", given) if sold.is_success else sold

    def sell(self, serial: str, **values: Any) -> httpx.Response:
        """Somebody buys a product, with which a serial number goes out; gives the first refusal, else the issue."""
        bought = self.buy(f"OR-{serial}", **values)
        return self.issue(f"OR-{serial}", serial) if bought.is_success else bought

    def buy(self, order: str, **values: Any) -> httpx.Response:
        """Somebody orders a product in the shop, whose own pages give the order its number."""
        address = {"line1": "1 Example Way", "city": "Example City", "country": "US"}
        given = {
            "name": "Ann Example",
            "email": "ann@example.com",
            "shipping_address": address,
            "billing_address": address,
            "country": "US",
            "payment_token": "tok-made",
            "order_lines": [{"sku": "EX-1", "quantity": 1}],
            "order_number": order,
        }
        self._site_key = self._site_key or self._vendor.key("service.collection", FULFIL)
        body = {"channel": "web", "notice": "shop-notice", "age_passed": True, "values": {**given, **values}}
        return self.request("POST", "/collect/shop", key=self._site_key, body=body)

    def issue(self, order: str, serial: str, product: str = "sensor") -> httpx.Response:
        """The shop's own service notes the serial number that goes out with an order."""
        self._shop_key = self._shop_key or self._vendor.key("service.shop", FULFIL)
        return self.act(
            self._shop_key,
            "collect",
            FULFIL,
            point="licence",
            channel="api",
            notice="licence-notice",
            identify={"order_number": order},
            values={"order_number": order, "product": product, "issued_serial": serial},
        )

    def act(self, key: str, act: str, purpose: str, **more: Any) -> httpx.Response:
        """One act through the gate."""
        return self.request("POST", "/v1/acts", key=key, body={"act": act, "purpose": purpose, **more})

    def open_case(self, key: str, case_type: str, purpose: str, email: str) -> tuple[str, str]:
        """Open a case about whoever has an e-mail address; gives the case and the person's handle."""
        opened = self.act(
            key, "instruct", purpose, order="open-case", case_type=case_type, identify={"email": email}
        )
        assert opened.is_success, opened.text
        return opened.json()["case"], opened.json()["person"]


def _entries(tiles: Path) -> Iterator[dict[str, Any]]:
    """Entries of exported bundles: each is its length in two bytes, then JSON (C2SP tlog-tiles).

    Of a bundle that is not full, earlier exports left shorter files beside it; the longest one counts.
    """
    folder = tiles / "tile" / "entries"
    bundles: dict[Path, tuple[int, Path]] = {}
    for path in folder.rglob("*"):
        if path.is_file():
            partial = path.parent.suffix == ".p"
            name = path.parent.with_suffix("") if partial else path
            width = int(path.name) if partial else 256
            bundles[name] = max(bundles.get(name, (0, path)), (width, path))
    for name in sorted(bundles):
        rest = bundles[name][1].read_bytes()
        while rest:
            size = int.from_bytes(rest[:2], "big")
            yield json.loads(rest[2 : 2 + size])
            rest = rest[2 + size :]
