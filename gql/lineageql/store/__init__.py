"""The stores of ML Metadata that this service reads and writes, and how one is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lineageql.settings import Settings
    from lineageql.store.mlmd.front import Front
    from lineageql.store.ports import Store


async def open_store(url: str, settings: Settings) -> Store:
    """Opens the store at an address.

    Args:
        url: `sqlite:///relative.db`, `sqlite:////absolute/path.db`, the path of an SQLite file, or
            `postgresql://user:password@host:5432/database` or `mysql://…`; see `store.addresses`.
        settings: `read_only`, `create` and those that say so decide how it is opened.

    Raises:
        UsageError: the address is none that this release opens.
        StoreMissing: there is nothing, and nothing is to be made or can be.
        StoreLocked: another process holds the file.
        NotMLMD: it is no MLMD store.
        SchemaMismatch: it is one of another schema version.
        StoreError: the file may not be read or, without `read_only`, not be written.
        Unavailable: the server cannot be reached, or lets nobody in by these credentials.
    """
    # The worker process imports this package and needs none of what follows.
    from lineageql.store.addresses import address_of, open_address

    return await open_address(address_of(url), settings)


async def listen_as_mlmd(host: str, port: int) -> Front:
    """MLMD's own gRPC service on a port, to be started on a store once that is open.

    Raises:
        UsageError: grpcio is not installed, or the port cannot be had.
        Unavailable: ml-metadata is not installed.
    """
    from lineageql.errors import UsageError
    from lineageql.store.mlmd.availability import missing_grpc

    reason = missing_grpc()
    if reason is not None:
        raise UsageError(reason)
    from lineageql.store.mlmd.front import Front

    front = Front()
    await front.listen(host, port)
    return front


async def start_as_mlmd(front: Front, store: Store, settings: Settings) -> None:
    """Has MLMD's own gRPC service answer by a store's recorder, and on a database server by more workers like it.

    Raises:
        UsageError: the store is only read.
    """
    from lineageql.errors import UsageError
    from lineageql.store.mlmd.channel import WorkerChannel
    from lineageql.store.mlmd.front import Exchange
    from lineageql.store.mlmd.pool import WorkerPool

    if not isinstance(store.recorder, Exchange):
        raise UsageError(f"{store.info.url} is only read here, and MLMD's service writes: leave out --read-only")
    # An SQLite file has one writer, which more workers would only wait for.
    if isinstance(store.recorder, WorkerChannel) and store.info.backend != "sqlite":
        pool = WorkerPool(store.recorder, settings.mlmd_workers)
        await front.start(pool, pool.close)
    else:
        await front.start(store.recorder)
