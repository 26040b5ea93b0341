"""Recording through MLMD's gRPC service while that is killed."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from lineageql.settings import Settings
from lineageql.store import open_store
from lineageql.store.mlmd.endpoint import Endpoint
from lineageql.web.app import create_app
from tests.mlmd_server import MLMDServer
from tests.processes import children
from tests.recordings import Recorded
from tests.service import Service

pytest.importorskip("ml_metadata")
pytest.importorskip("grpc")


@asynccontextmanager
async def recording(path: Path, server: MLMDServer) -> AsyncIterator[Service]:
    """The service: it reads the file itself and writes by gRPC."""
    from lineageql.store.mlmd.grpc_channel import GrpcChannel

    settings = Settings.load({"store": str(path), "read_only": True}, environ={})
    store = await open_store(settings.store, settings)
    store.recorder = GrpcChannel(Endpoint(server.host, server.port))
    transport = httpx.ASGITransport(app=create_app(store, settings), raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://service", timeout=60) as client:
        try:
            yield Service(client, store)
        finally:
            await store.close()


async def while_killing(recorded: Recorded, kill: Callable[[], Awaitable[None]], least: int) -> None:
    """Sends from 16 clients while something is killed time and again, until calls have failed of it."""
    await recorded.send(0)
    numbers = itertools.count(1)
    ended = asyncio.Event()

    async def send() -> None:
        while not ended.is_set():
            await recorded.send(next(numbers))

    async def killing() -> None:
        try:
            for kills in range(1, 51):
                await asyncio.sleep(0.2)
                await kill()
                if kills >= least and recorded.failed:
                    break
            await asyncio.sleep(0.3)
        finally:
            ended.set()

    await asyncio.gather(killing(), *(send() for _ in range(16)))
    await recorded.check()


async def test_the_worker_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lineage.db"
    server = MLMDServer(path, "--create")
    try:
        async with recording(path, server) as service:

            async def kill() -> None:
                for pid in children(server.process.pid):
                    os.kill(pid, signal.SIGKILL)
                await asyncio.sleep(0.3)

            await while_killing(Recorded(service), kill, least=4)
    finally:
        assert server.stop() == 0


async def test_the_server_is_killed_and_started_again(tmp_path: Path) -> None:
    path = tmp_path / "lineage.db"
    servers = [MLMDServer(path, "--create")]
    try:
        async with recording(path, servers[0]) as service:

            async def kill() -> None:
                servers[-1].stop(signal.SIGKILL)
                servers.append(await asyncio.to_thread(MLMDServer, path, port=servers[0].port))

            await while_killing(Recorded(service), kill, least=3)
    finally:
        servers[-1].stop()
