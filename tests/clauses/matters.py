"""Requests and disputes of made people at the reference vendor, over HTTP and on the command line."""

from typing import Any

import httpx

from tests.clauses.vendor import Site, Vendor


def ask(site: Site, kind: str = "access", email: str = "ann@example.com", **values: Any) -> httpx.Response:
    """Somebody sends the privacy form."""
    given = {"request_kind": kind, "request_text": "Please tell me what you hold.", "email": email}
    return site.collect("privacy-request", {**given, **values})


def complain(site: Site, email: str = "ann@example.com", **values: Any) -> httpx.Response:
    """Somebody sends the form for disputes."""
    return site.collect("dispute", {"request_text": "You did not keep it.", "email": email, **values})


def shown(vendor: Vendor, number: str) -> dict[str, Any]:
    """A matter as the command line shows it."""
    found: dict[str, Any] = vendor.json("requests", "show", number)
    return found


def steps(vendor: Vendor, number: str) -> list[str]:
    """What happened to a matter, in order."""
    return [step["step"] for step in shown(vendor, number)["steps"]]


def run_tasks(vendor: Vendor) -> None:
    """Do whatever is due now."""
    vendor.json("jobs", "run")


def step(vendor: Vendor, key: str, *arguments: str, status: int | None = 0) -> dict[str, Any]:
    """A command of `troth requests` with somebody's key; gives what it prints, an error too."""
    file = vendor.data.parent / f"{key[:40]}.key"
    file.write_text(key, encoding="ascii")
    told: dict[str, Any] = vendor.json("requests", *arguments, "--key-file", file, status=status)
    return told
