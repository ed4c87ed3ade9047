"""What serves beside the requests begins before the first of them, and all of it ends."""

import asyncio
from collections.abc import Callable, Coroutine

from troth.web.lasting import Life


def _follow(life: Life) -> list[str]:
    """What a server is told of a whole life."""
    told: list[str] = []

    async def receive() -> dict[str, str]:
        return {"type": "lifespan"}

    async def send(message: dict[str, str]) -> None:
        told.append(message["type"])

    try:
        asyncio.run(life(receive, send))
    except RuntimeError as error:
        told.append(str(error))
    return told


def _ending(ended: list[str], name: str, *, fails: bool = False) -> Callable[[], Coroutine[None, None, None]]:
    async def end() -> None:
        ended.append(name)
        if fails:
            raise RuntimeError(name)

    return end


def test_a_whole_life() -> None:
    """Parts begin and end in the order given, and the server hears of both."""
    steps: list[str] = []
    life = Life(
        [lambda: steps.append("begin"), lambda: steps.append("and another")],
        [_ending(steps, "end"), _ending(steps, "end last")],
    )
    assert _follow(life) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert steps == ["begin", "and another", "end", "end last"]


def test_a_part_that_fails_to_end_keeps_no_other_from_it() -> None:
    """The others end too, and the server is told of the failure."""
    ended: list[str] = []
    life = Life([], [_ending(ended, "first", fails=True), _ending(ended, "second")])
    assert _follow(life) == ["lifespan.startup.complete", "lifespan.shutdown.failed", "first"]
    assert ended == ["first", "second"]


def test_a_part_that_fails_to_begin() -> None:
    """The server is told that it must not serve, and what was begun ends."""
    ended: list[str] = []

    def begin() -> None:
        raise RuntimeError("no disk")

    assert _follow(Life([begin], [_ending(ended, "end")])) == ["lifespan.startup.failed", "no disk"]
    assert ended == ["end"]
