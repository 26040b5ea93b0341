"""Rounds of the event loop, of each of which scripts may take a share."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

SHARE = 0.01
"""Seconds of a round that scripts may take together; the last one may take it a little beyond."""


class Laps:
    """Lets work run in the event loop, at once or in the order in which it came where a round's share is used up."""

    def __init__(self) -> None:
        self._used = 0.0
        self._line: deque[Callable[[], None]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self, work: Callable[[], None]) -> None:
        """Does some work in this round or a later one.

        Args:
            work: takes a few milliseconds and never raises.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            # Nobody waits in a loop that was closed, and its rounds are over.
            self._loop, self._used = loop, 0.0
            self._line.clear()
        if self._line or self._used > SHARE:
            self._line.append(work)
        else:
            self._do(work, loop)

    def _do(self, work: Callable[[], None], loop: asyncio.AbstractEventLoop) -> None:
        if not self._used:
            loop.call_soon(self._begin, loop)
        began = time.monotonic()
        work()
        self._used += time.monotonic() - began

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._used = 0.0
        while self._line and self._used <= SHARE:
            self._do(self._line.popleft(), loop)
