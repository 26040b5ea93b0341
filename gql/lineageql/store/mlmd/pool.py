"""Several workers over one database, for callers that ask side by side."""

from __future__ import annotations

import asyncio

from lineageql.store.mlmd.channel import WorkerChannel
from lineageql.store.mlmd.frames import Reply


class WorkerPool:
    """Sends each call to the worker with the fewest that wait.

    A worker starts with the first call that it gets, so there are as many as
    calls have come at a time. Calls have no order among each other, which is why
    mutations go by one channel, and not by this.
    """

    def __init__(self, first: WorkerChannel, size: int) -> None:
        """Makes the other channels like the first one.

        Args:
            first: a channel that others may use as well; whoever made it closes it.
            size: how many workers there are at most, the first one's counted.
        """
        self._others = [first.sibling() for _ in range(size - 1)]
        self._channels = (first, *self._others)

    async def exchange(self, rpc: str, request: bytes, timeout: float | None = None) -> Reply:
        """See `WorkerChannel.exchange`."""
        # The first of the least: a pool that is not busy keeps to the workers that run.
        return await min(self._channels, key=lambda channel: channel.waiting).exchange(rpc, request, timeout)

    async def close(self) -> None:
        """Closes the channels that it has made."""
        await asyncio.gather(*(channel.close() for channel in self._others))
