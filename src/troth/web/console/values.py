"""Values as staff read them: addresses on lines, order lines as a list, files by their name only."""

from collections.abc import Mapping
from typing import Any

from troth.policy import Field
from troth.web.console.words import Said


def said_value(said: Said, field: Field, value: object) -> str:
    """A value as staff read it; of a file its name and kind, never what is in it."""
    if field.type == "file" and isinstance(value, Mapping):
        return f"{value.get('name', '')} ({value.get('media', '')})"
    if field.type == "address" and isinstance(value, Mapping):
        return _address(value)
    if field.type == "money" and isinstance(value, Mapping):
        return f"{value.get('amount', '')} {value.get('currency', '')}".strip()
    if field.type == "order-lines" and isinstance(value, list):
        return "\n".join(_line(one) for one in value if isinstance(one, Mapping))
    return said.choice(field, value)


def _address(value: Mapping[str, Any]) -> str:
    town = " ".join(str(value[part]) for part in ("postal_code", "city") if value.get(part))
    lines = (value.get("line1"), value.get("line2"), town, value.get("region"), value.get("country"))
    return "\n".join(str(line) for line in lines if line)


def _line(value: Mapping[str, Any]) -> str:
    what = value.get("title") or value.get("sku", "")
    known = f" ({value['sku']})" if value.get("title") and value.get("sku") else ""
    return f"{value.get('quantity', 1)} x {what}{known}"
