"""Variants of the reference policy, for tests whose subject is something else than what the variant leaves out."""

from pathlib import Path

REFERENCE = Path(__file__).resolve().parents[2] / "policies" / "software-vendor" / "policy.md"
_ISSUED = "refers: {serial: issued_serial}\nowns: {product: product, version: product_version}\n"


def any_serial() -> bytes:
    """The reference policy, but a product can be registered by a serial number that the shop never issued, which shows no owner."""
    text = REFERENCE.read_text(encoding="utf-8")
    assert text.count(_ISSUED) == 1
    return text.replace(_ISSUED, "").encode()


def any_serial_file(folder: Path) -> Path:
    """The same as a file in a folder, for `init`, with the enforcement table of the reference policy beside it."""
    file = folder / "any-serial.md"
    file.write_bytes(any_serial())
    claims = REFERENCE.with_name("enforcement.yaml")
    file.with_name(claims.name).write_bytes(claims.read_bytes())
    return file
