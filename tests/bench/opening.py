"""How LineageQL opens a store for a row, with a count of what it asks of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lineageql.model.rights import WHOLE
from lineageql.settings import Settings
from lineageql.store.addresses import ServiceAddress, address_of
from lineageql.store.open import open_store
from lineageql.store.ports import Store


class Counting:
    """A channel to MLMD's service that counts its calls."""

    def __init__(self, channel: Any) -> None:
        self.channel = channel
        self.calls = 0

    async def call(self, rpc: str, request: bytes) -> bytes:
        self.calls += 1
        reply: bytes = await self.channel.call(rpc, request)
        return reply

    async def start(self) -> None:
        await self.channel.start()

    async def close(self) -> None:
        await self.channel.close()


async def opened(url: str) -> tuple[Store, Callable[[], int]]:
    """A store that is only read, and what tells how many statements or calls it has run."""
    settings = Settings(store=url, read_only=True, deadline=600)
    address = address_of(url)
    if not isinstance(address, ServiceAddress):
        store = await open_store(url, settings)
        driver: Any = store.reader(WHOLE).driver  # type: ignore[attr-defined]
        return store, lambda: int(driver.statements)
    from lineageql.store.mlmd.grpc_channel import GrpcChannel
    from lineageql.store.service_store import open_service

    channel = Counting(GrpcChannel(address.endpoint, timeout=float(settings.deadline)))
    return await open_service(url, channel, settings), lambda: channel.calls
