"""The shop: an order is sent to Troth by the site's own key, and the serial number that goes out with it by the shop's."""

import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from examples.vendor.catalogue import Product
from examples.vendor.upstream import Upstream

FULFIL = "essential.service.fulfil_order"


LABELS = {
    "name": "Your name",
    "email": "E-mail address",
    "line1": "Street and number",
    "city": "City",
    "country": "Country",
}
"""The till's own labels, by the last part of a field's name."""


def faults(problem: Mapping[str, Any]) -> dict[str, str]:
    """What Troth found wrong, in the till's words: by field, one sentence each; all else under an empty name."""
    found: dict[str, str] = {}
    for one in problem.get("errors") or [{"field": "", "reason": problem["detail"], **problem}]:
        field, mend = str(one.get("field", "")), one.get("mend", "")
        part = field.rpartition(".")[2]
        told = str(one["reason"]).removeprefix(field).strip()
        text = f"{LABELS[part]}: this {told} {mend}" if part in LABELS else f"{one['reason']} {mend}"
        found.setdefault(part if part in LABELS else "", text.strip())
    return found


async def place(
    troth: Upstream, keys: Mapping[str, str], given: Mapping[str, str], product: Product
) -> tuple[str, str, dict[str, Any]]:
    """Place an order and issue its serial number.

    Returns:
        Order number, serial number, and the problem that Troth told; it is empty when all went well.
    """
    order, serial = f"OR-{secrets.token_hex(4).upper()}", f"EX-{secrets.token_hex(6).upper()}"
    address = {part: given.get(part, "") for part in ("line1", "city", "country") if given.get(part)}
    values = {
        "name": given.get("name", ""),
        "email": given.get("email", ""),
        "shipping_address": address,
        "billing_address": address,
        "country": given.get("country", ""),
        "payment_token": given.get("payment", ""),
        "order_lines": [{"sku": product.name, "title": product.title, "quantity": 1}],
        "order_number": order,
        "order_total": {"amount": product.price, "currency": "USD"},
    }
    body = {"channel": "web", "notice": "shop-notice", "age_passed": True, "values": values}
    status, told = await troth.send("/collect/shop", body, keys["site"])
    if status >= HTTPStatus.BAD_REQUEST:
        return "", "", told
    issue = {
        "act": "collect", "purpose": FULFIL, "point": "licence", "channel": "api", "notice": "licence-notice",
        "identify": {"order_number": order},
        "values": {"order_number": order, "product": product.title, "issued_serial": serial},
    }  # fmt: skip
    status, told = await troth.send("/v1/acts", issue, keys["shop"])
    return (order, serial, {}) if status < HTTPStatus.BAD_REQUEST else (order, "", told)
