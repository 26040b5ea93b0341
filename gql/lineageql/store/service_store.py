"""A store that only MLMD's service reaches: read and written by the same calls."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Protocol

from lineageql.model.conventions.own_types import NO_OWN_TYPES, OwnTypes
from lineageql.model.rights import WHOLE, Sight
from lineageql.settings import Settings
from lineageql.store.explain import explained
from lineageql.store.explanation import Explanation
from lineageql.store.mlmd import requests
from lineageql.store.own_types_file import own_types
from lineageql.store.ports import Reader, Recorder, StoreInfo
from lineageql.store.service.client import Caller, ExplainedCaller, Knowledge
from lineageql.store.service.narrowed_reader import NarrowedReader
from lineageql.store.service.reader import SCAN_LIMIT, ServiceReader
from lineageql.store.tally import Tally
from lineageql.store.write_lock import Hold, unlocked


class Channel(Caller, Protocol):
    """The way to a service."""

    tally: Tally
    """What was asked of it."""

    async def start(self) -> None:
        """Connects, and finds out whether MLMD answers there."""

    async def close(self) -> None:
        """Lets go of the connection."""


class ServiceStore:
    """A store behind MLMD's service; see `store.ports.Store`.

    Args:
        info: what the store is.
        channel: the way to the service; the store closes it.
        scan_limit: how many rows one operation may look at where the service cannot look up what is asked.
        own: what the store's users say of types of their own.
    """

    def __init__(
        self, info: StoreInfo, channel: Channel, scan_limit: int = SCAN_LIMIT, own: OwnTypes = NO_OWN_TYPES
    ) -> None:
        self.info = info
        self.recorder: Recorder | None = channel if info.writable else None
        self.knowledge = Knowledge()
        self._channel = channel
        self._scan_limit = scan_limit
        self._own = own

    @property
    def statements(self) -> int:
        return sum(self._channel.tally.calls.values())

    @contextmanager
    def reading(
        self, sight: Sight, *, current: bool = False, explanation: Explanation | None = None
    ) -> Iterator[Reader]:
        """A Reader for one operation. MLMD's calls know no snapshot: it sees what is written meanwhile."""
        if explanation is None:
            yield self.reader(sight)
        else:
            caller = ExplainedCaller(self._channel, explanation)
            yield explained(self._reader(caller, sight), explanation)

    def reader(self, sight: Sight, *, current: bool = False) -> Reader:
        return self._reader(self._channel, sight)

    def _reader(self, caller: Caller, sight: Sight) -> Reader:
        reader = ServiceReader(caller, self.knowledge, self._scan_limit, own=self._own)
        return reader if sight.whole else NarrowedReader(reader, sight)

    def exclusive(self, asked: float) -> AbstractAsyncContextManager[Hold]:
        """MLMD's calls know no lock: others may record at the same time."""
        return unlocked()

    async def probe(self) -> None:
        await self.reader(WHOLE).types()

    async def close(self) -> None:
        """Closes the channel, after the calls that are under way."""
        await self._channel.close()


async def open_service(url: str, channel: Channel, settings: Settings) -> ServiceStore:
    """Opens the store behind a service.

    Args:
        url: the service's address, without credentials.
        channel: the way to it, which is closed where it leads nowhere.
        settings: `read_only`, `types` and `scan_limit` decide how it is opened.

    Raises:
        LineageQLError: what the channel's `start` raises.
    """
    try:
        own = own_types(settings)
        await channel.start()
        # The messages are imported here and in a thread, in place of in the first query.
        await asyncio.to_thread(requests.load)
    except BaseException:
        await channel.close()
        raise
    # The service does not say which version of the schema its database has.
    info = StoreInfo(url, "grpc", None, writable=not settings.read_only)
    return ServiceStore(info, channel, settings.scan_limit, own)
