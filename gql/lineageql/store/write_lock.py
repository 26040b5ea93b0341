"""The lock of those who record in one store: processes of this service, here and on other machines.

A recording looks up what is there, and then it writes what is not. Two processes that
did both at once would make one artifact, type or workspace twice, or lose a label. MLMD
knows no such lock, so each kind of store has one of its own, beside MLMD's tables.
"""

from __future__ import annotations

import asyncio
import math
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from lineageql.errors import LineageQLError, StoreLocked, Unavailable

SLICE = 2.0
"""Seconds that one attempt to take a lock lasts: a server that is silent for longer has gone."""


class Hold(Protocol):
    """A lock as its holder sees it."""

    def check(self) -> None:
        """Finds out, without asking anybody, whether it is still held; to be called before something is written.

        Raises:
            Unavailable: it is not, so another process may be recording.
        """


class WriteLock(ABC):
    """A lock over processes; within a process, callers have their turns in the order in which they came.

    Args:
        name: what an error calls the store.
        patience: seconds that a caller waits for other processes.
    """

    def __init__(self, name: str, patience: float) -> None:
        self._name = name
        self._patience = patience
        self._turn = asyncio.Lock()
        self._silent = -math.inf

    def found_silent(self) -> None:
        """Has those who wait for their turns now fail at them: each would wait anew for what does not answer."""
        self._silent = asyncio.get_running_loop().time()

    def found_well(self) -> None:
        """Takes that back: the server has answered since."""
        self._silent = -math.inf

    @asynccontextmanager
    async def held(self, asked: float = math.inf) -> AsyncIterator[Hold]:
        """Has the lock while it is entered; see `store.ports.Store.exclusive`.

        Raises:
            StoreLocked: other processes had it all the time.
            Unavailable, StoreError: it cannot be had; nothing was written.
        """
        loop = asyncio.get_running_loop()
        async with self._turn:
            if self._silent >= asked:
                raise unwritten(Unavailable(f"{self._name} did not answer those who recorded before"))
            ends = loop.time() + self._patience
            while not await self.take(max(min(SLICE, ends - loop.time()), 0.001)):
                if loop.time() >= ends:
                    words = f"other processes recorded in {self._name} for {self._patience:g} seconds"
                    raise StoreLocked(f"{words}; nothing of this was written")
            self.found_well()
            try:
                yield self
            finally:
                await self.free()

    @abstractmethod
    async def take(self, seconds: float) -> bool:
        """Takes the lock, or waits for it so long in vain. A caller that is cancelled does not have it."""

    @abstractmethod
    async def free(self) -> None:
        """Lets go of the lock. It does not fail: a lock whose server is out of reach ends by itself."""

    @abstractmethod
    def check(self) -> None:
        """See `Hold.check`."""

    @abstractmethod
    async def close(self) -> None:
        """Lets go of what taking the lock needs."""


class _Unheld:
    def check(self) -> None:
        """There is nothing to lose."""


@asynccontextmanager
async def _unlocked() -> AsyncIterator[Hold]:
    yield _Unheld()


def unlocked() -> AbstractAsyncContextManager[Hold]:
    """No lock, for a store that has none: what its only writer writes, or one behind MLMD's service."""
    return _unlocked()


def unwritten(error: LineageQLError) -> LineageQLError:
    """An error of a lock, which says what became of the recording that it was for."""
    told = type(error)(f"{error}; nothing of this was written")
    told.error_id = error.error_id
    return told
