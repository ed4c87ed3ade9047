"""The schema that the reference policy declares."""

from typing import Any

import pytest

from tests.support.reference import reference_policy
from troth.policy import schema_document
from troth.telemetry import Schema


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    """The schema document of the reference policy."""
    found = schema_document(reference_policy())
    assert found is not None
    return found


@pytest.fixture(scope="session")
def schema(document: dict[str, Any]) -> Schema:
    """The same, as the sender takes it."""
    return Schema.from_document(document)
