"""The demonstration, running: one for all tests of a worker."""

from collections.abc import Iterator

import pytest

from tests.support.demonstration import Demonstration, demonstration


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    """The demonstration with a few people, as `make demo` starts it; stopped as Ctrl-C does."""
    with demonstration(tmp_path_factory.mktemp("vendor")) as running:
        yield running


@pytest.fixture
def site(demo: Demonstration) -> str:
    """The address of the vendor's site."""
    return demo.url
