"""A vendor for each proof."""

from pathlib import Path

import pytest

from tests.clauses.vendor import Vendor

REFERENCE = Path(__file__).resolve().parents[2] / "policies" / "software-vendor" / "policy.md"


@pytest.fixture
def vendor(tmp_path: Path) -> Vendor:
    """A fresh vendor with the reference policy in force."""
    return Vendor(tmp_path)


@pytest.fixture(scope="session")
def reference_text() -> str:
    """The reference policy's text."""
    return REFERENCE.read_text(encoding="utf-8")
