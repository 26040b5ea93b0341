"""Turns of operations, where those that wait go away at the moment at which they would have one."""

from __future__ import annotations

import asyncio

import pytest

from lineageql.api.admission import Admission
from lineageql.errors import Overloaded


async def test_who_goes_away_at_its_turn_hands_it_on() -> None:
    admission, ended = Admission(running=1, waiting=2), asyncio.Event()
    had: list[str] = []

    async def operation(name: str) -> None:
        async with admission.turn():
            had.append(name)
            await ended.wait()

    tasks = []
    for name in ("first", "second", "third"):
        tasks.append(asyncio.create_task(operation(name)))
        await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await operation("fourth")
    # The first ends, and the second goes, in the same round of the event loop.
    ended.set()
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert had == ["first", "third"]
    await asyncio.wait_for(operation("fifth"), 5)
