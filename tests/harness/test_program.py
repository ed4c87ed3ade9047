"""The real program in the stand that black-box tests use."""

from datetime import timedelta

import pytest

from tests.support.process import Troth


@pytest.mark.slow
def test_the_program_serves_a_folder_that_it_made(troth_program: Troth) -> None:
    """`troth init` makes a folder with a key; `troth serve` answers on it, stops on a signal, and serves it again."""
    troth_program.afresh = True
    key = troth_program.init()
    assert key
    for _ in range(2):
        with troth_program.serving() as server, server.client(key) as client:
            assert client.get("/health").status_code == 200
        troth_program.clock.advance(timedelta(days=1))
