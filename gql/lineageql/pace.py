"""Turns on the event loop: work in pieces, so that one operation does not keep it from the others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_TURN = 0.01
"""How long, in seconds, the work of one operation goes on before others have their turn."""
_LARGE = 5_000
"""The things that a piece of work goes over within a turn."""


class Pace:
    """Gives the others their turn once an operation has had its own. All tasks of an operation share one."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._ending = False

    async def rest(self) -> None:
        """Waits for the next round of the event loop where the turn is over.

        Of several tasks that wait for that round only the first ones go on in it, until the next turn is over.
        """
        while time.monotonic() - self._began > _TURN:
            if not self._ending:
                self._ending = True
                # It runs in the next round, and before those that wait for that.
                asyncio.get_running_loop().call_soon(self._begin)
            await asyncio.sleep(0)

    def _begin(self) -> None:
        self._began = time.monotonic()
        self._ending = False


async def in_pieces(pace: Pace, size: int, piece: Callable[[], T]) -> T:
    """What one piece of work answers, after a rest where the turn is over.

    Args:
        pace: the operation's.
        size: how many things the piece goes over. Where they are thousands it goes on in a thread, from which
            the interpreter comes back to the event loop every few milliseconds.
        piece: the work, which must not touch the event loop.
    """
    if size > _LARGE:
        return await asyncio.to_thread(piece)
    await pace.rest()
    return piece()
