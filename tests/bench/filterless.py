"""MLMD's service as ml-metadata 1.21 has it, without filters and without lineage: `filterless.py mlmd-server FILE …`.

Its arguments are those of `lineageql`, whose server it is but for what it refuses.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
from functools import cache
from typing import Any

from lineageql.settings import Settings
from lineageql.store.mlmd import requests
from lineageql.store.mlmd.frames import Reply, Status
from lineageql.store.mlmd.grpc_server import Exchange
from lineageql.store.open import listen_as_mlmd, open_store
from lineageql.web.loop import run

_REFUSED = b"filter_query is not supported - ZetaSQL dependency removed"


class WithoutFilters:
    """Refuses what ml-metadata 1.21 refuses, and hands on the rest."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def exchange(self, rpc: str, request: bytes, timeout: float | None = None) -> Reply:
        """See `WorkerChannel.exchange`."""
        if rpc == "GetLineageSubgraph" or _filtered(rpc, request):
            return Reply(Status.UNIMPLEMENTED, _REFUSED, b"")
        return await self._exchange.exchange(rpc, request, timeout)


def _filtered(rpc: str, request: bytes) -> bool:
    message = _lister(rpc)
    return message is not None and bool(message.FromString(request).options.filter_query)


@cache
def _lister(rpc: str) -> Any:
    """The message of a method that takes the options of a list."""
    message = getattr(requests.load()[1], f"{rpc}Request")
    return message if "options" in message.DESCRIPTOR.fields_by_name else None


async def _serve(store: str, port: int) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    settings = Settings(store=store)
    opened = await open_store(store, settings)
    front = await listen_as_mlmd(settings, port)
    try:
        assert isinstance(opened.recorder, Exchange)
        await front.start(WithoutFilters(opened.recorder))
        print(f"MLMD (gRPC) {front.address}", flush=True)
        await ended.wait()
    finally:
        await front.stop(0)
        await opened.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["mlmd-server"])
    parser.add_argument("store")
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args()
    run(_serve(given.store, given.port))
