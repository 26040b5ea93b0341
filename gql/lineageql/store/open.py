"""How a store is opened, and how MLMD's own service is put before one.

A row of `_OPENERS` says what opens the addresses of a scheme. What only some
stores need is imported when such a store is opened: a service that reads runs
without ml-metadata and grpcio, and each driver of a server is a package that
may be missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

from lineageql.errors import UsageError
from lineageql.settings import Settings
from lineageql.store.addresses import FileAddress, ServerAddress, ServiceAddress, address_of
from lineageql.store.endpoint import Endpoint
from lineageql.store.mlmd.availability import missing_grpc
from lineageql.store.mlmd.channel import WorkerChannel
from lineageql.store.mlmd.pool import WorkerPool
from lineageql.store.ports import Store
from lineageql.store.service_store import open_service
from lineageql.store.sqlite_store import open_sqlite

if TYPE_CHECKING:
    from lineageql.model.callers import Caller
    from lineageql.store.mlmd.grpc_server import Exchange, Gate, GrpcServer, Refusal


async def open_store(url: str, settings: Settings, recorder_at: str = "") -> Store:
    """Opens the store at an address.

    Args:
        url: `sqlite:///relative.db`, `sqlite:////absolute/path.db`, the path of an SQLite file, or
            `postgresql://user:password@host:5432/database` or `mysql://…`; see `store.addresses`.
        settings: `read_only`, `create` and those that say so decide how it is opened.
        recorder_at: the Unix socket of another process that has opened the store, and whose recorder is used.

    Raises:
        UsageError: the address is none that this release opens.
        StoreMissing: there is nothing, and nothing is to be made or can be.
        StoreLocked: another process holds the file.
        NotMLMD: it is no MLMD store.
        SchemaMismatch: it is one of another schema version.
        StoreError: the file may not be read or, without `read_only`, not be written.
        Unavailable: the server cannot be reached, or lets nobody in by these credentials.
    """
    address = address_of(url)
    return await _OPENERS[address.scheme](address, settings, recorder_at)


async def _open_file(address: FileAddress, settings: Settings, recorder_at: str) -> Store:
    return await open_sqlite(address.path, settings, recorder_at)


async def _open_server(address: ServerAddress, settings: Settings, recorder_at: str) -> Store:
    # It loads the dialects of all servers. A service over a file starts a tenth sooner without them.
    from lineageql.store.server_store import open_server

    return await open_server(address, settings, recorder_at)


async def _open_service(address: ServiceAddress, settings: Settings, recorder_at: str) -> Store:
    _require_grpc()
    from lineageql.store.mlmd.grpc_channel import GrpcChannel

    endpoint = await asyncio.to_thread(Endpoint.by, str(address), settings)
    return await open_service(str(address), GrpcChannel(endpoint, timeout=float(settings.deadline)), settings)


_OPENERS: dict[str, Callable[[Any, Settings, str], Awaitable[Store]]] = {
    "sqlite": _open_file,
    "postgresql": _open_server,
    "mysql": _open_server,
    "grpc": _open_service,
    "grpcs": _open_service,
}
"""By the scheme of the address, which of several names has one."""


def _require_grpc() -> None:
    reason = missing_grpc()
    if reason is not None:
        raise UsageError(reason)


async def listen_as_mlmd(
    settings: Settings, port: int, gate: Gate | None = None, refusal: Refusal | None = None
) -> GrpcServer:
    """MLMD's own gRPC service on a port, to be started on a store once that is open.

    Args:
        settings: on which host, and with which certificate.
        port: where; 0 takes a free one.
        gate: finds out who calls; without it nobody is known.
        refusal: is told of calls whose senders have to be known and are not.

    Raises:
        UsageError: grpcio is not installed, the port cannot be had, or the certificate and its key cannot be taken.
        Unavailable: ml-metadata is not installed.
    """
    _require_grpc()
    from lineageql.store.mlmd.grpc_server import GrpcServer
    from lineageql.store.mlmd.server_certificate import server_certificate

    certificate = await asyncio.to_thread(server_certificate, settings.mlmd_tls_cert, settings.mlmd_tls_key)
    grpc_server = GrpcServer(gate, refusal)
    await grpc_server.listen(settings.host, port, certificate)
    return grpc_server


class Narrowing(Protocol):
    """MLMD's service as each caller gets it."""

    def by(self, caller: Caller) -> Exchange:
        """What answers the calls of one caller."""

    async def close(self) -> None:
        """Waits for the writes that are under way."""


async def start_as_mlmd(
    grpc_server: GrpcServer,
    store: Store,
    settings: Settings,
    narrowing: Callable[[Exchange], Narrowing] | None = None,
) -> None:
    """Has MLMD's own gRPC service answer by a store's recorder, and on a database server by more workers like it.

    Args:
        grpc_server: the service, which listens.
        store: the store.
        settings: how many workers there are.
        narrowing: makes of what answers everybody what answers each; without it all get the same.

    Raises:
        UsageError: the store is only read.
    """
    from lineageql.store.mlmd.grpc_server import Exchange

    if not isinstance(store.recorder, Exchange):
        raise UsageError(f"{store.info.url} is only read here, and MLMD's service writes: leave out --read-only")
    exchange: Exchange = store.recorder
    ends: list[Callable[[], Awaitable[None]]] = []
    # An SQLite file has one writer, which more workers would only wait for.
    if isinstance(store.recorder, WorkerChannel) and store.info.backend != "sqlite":
        pool = WorkerPool(store.recorder, settings.mlmd_workers)
        exchange = pool
        ends.append(pool.close)
    narrowed = None if narrowing is None else narrowing(exchange)
    if narrowed is not None:
        ends.insert(0, narrowed.close)

    async def end() -> None:
        for each in ends:
            await each()

    await grpc_server.start(exchange, end, None if narrowed is None else narrowed.by)
