"""How many operations run at a time, how many wait for that, and that any more are refused at once."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from lineageql.errors import Overloaded

_LONGEST_PAUSE = 30
"""Seconds after which a refused client is asked to come back, at most."""


class Admission:
    """Lets operations run in the order in which they came.

    Args:
        running: how many run at a time.
        waiting: how many more wait for their turn.
    """

    def __init__(self, running: int, waiting: int) -> None:
        self._running = running
        self._free = running
        self._most = waiting
        self._queue: deque[tuple[float, asyncio.Future[None]]] = deque()

    @property
    def running(self) -> int:
        """How many run."""
        return self._running - self._free

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._queue)

    @property
    def pause(self) -> int:
        """Seconds until it makes sense to try again: as long as who is first has waited so far, 1 at least."""
        waited = time.monotonic() - self._queue[0][0] if self._queue else 0.0
        return max(1, min(_LONGEST_PAUSE, math.ceil(waited)))

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Waits for a turn, and has it until the end.

        Raises:
            Overloaded: so many wait that this one may not.
        """
        if self._free:
            self._free -= 1
        else:
            if len(self._queue) >= self._most:
                raise Overloaded(self.pause)
            await self._wait()
        try:
            yield
        finally:
            self._hand_on()

    async def _wait(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        place = (time.monotonic(), turn)
        self._queue.append(place)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._hand_on()
            elif place in self._queue:
                self._queue.remove(place)
            raise

    def _hand_on(self) -> None:
        while self._queue:
            _, turn = self._queue.popleft()
            # Who went away is in the queue until its task has learned of it.
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
