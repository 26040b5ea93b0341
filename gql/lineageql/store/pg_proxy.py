"""The way from ml-metadata's worker to PostgreSQL: a Unix socket of the service's that speaks the server's protocol.

It does two things that the PostgreSQL inside ml-metadata's wheels cannot: it
encrypts, as that is built without TLS, and it puts texts with a backslash in
their place, see `mlmd.placeholders`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import ssl
import struct
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from lineageql.store.addresses import ServerAddress
from lineageql.store.mlmd.channel import WorkerChannel
from lineageql.store.mlmd.frames import Reply
from lineageql.store.mlmd.placeholders import Placeholders
from lineageql.store.mlmd.process import WorkerProcess
from lineageql.store.tls import tls_of

log = logging.getLogger("lineageql.store")

_SSL_REQUEST, _GSS_REQUEST = 80877103, 80877104
_SASL = struct.pack("!i", 10)
"""How the body of a message begins that lists the ways to sign in."""
_NULL = -1


class PgProxy:
    """A Unix socket, in a folder that only this user enters, that leads to a server."""

    def __init__(self, address: ServerAddress) -> None:
        self._address = address
        tls = tls_of(address)
        self._context = tls if isinstance(tls, ssl.SSLContext) else None
        self._folder = ""
        self._server: asyncio.AbstractServer | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.placeholders: Placeholders | None = None
        """Those of the call that the worker is at."""

    async def open(self) -> ServerAddress:
        """Makes the socket; answers the address that leads through it."""
        self._folder = await asyncio.to_thread(tempfile.mkdtemp, prefix="lineageql-")
        path = os.path.join(self._folder, f".s.PGSQL.{self._address.port}")
        self._server = await asyncio.start_unix_server(self._serve, path)
        return replace(self._address, host=self._folder, options={})

    async def close(self) -> None:
        """Ends what goes through the socket, and takes it away."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._folder:
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        # The worker sees no more of an error than a connection that ends, and says so.
        try:
            there, back = await self._connect()
            try:
                await self._start(reader, writer, back)
                await asyncio.gather(
                    _forward(reader, back, self._question),
                    _forward(there, writer, self._answer),
                    return_exceptions=False,
                )
            finally:
                back.close()
        except (asyncio.IncompleteReadError, ConnectionResetError, BrokenPipeError):
            log.debug("a connection to %s ended", self._address)
        except OSError as error:
            log.warning("ml-metadata cannot reach %s: %s", self._address, error)
        except ValueError as error:
            log.error("a statement of ml-metadata's was not sent to %s: %s", self._address, error)
        finally:
            writer.close()
            self._tasks.discard(task)

    async def _start(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, back: asyncio.StreamWriter
    ) -> None:
        """The first message of a connection, which has no kind; what it may ask for before that is refused."""
        while True:
            size = await reader.readexactly(4)
            body = await reader.readexactly(int.from_bytes(size, "big") - 4)
            if int.from_bytes(body[:4], "big") not in (_SSL_REQUEST, _GSS_REQUEST):
                back.write(size + body)
                return
            writer.write(b"N")

    def _question(self, kind: bytes, body: bytes) -> bytes:
        return self.placeholders.statement(body) if kind == b"Q" and self.placeholders else body

    def _answer(self, kind: bytes, body: bytes) -> bytes:
        if kind == b"D" and self.placeholders:
            return _row(body, self.placeholders.value)
        # The worker sees no TLS, and would take a way to sign in that is bound to it for an attack.
        if kind == b"R" and body.startswith(_SASL):
            ways = [way for way in body[len(_SASL) :].split(b"\0") if way and not way.endswith(b"-PLUS")]
            return _SASL + b"".join(way + b"\0" for way in ways) + b"\0"
        return body

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self._address.host, self._address.port
        if host.startswith("/"):
            return await asyncio.open_unix_connection(os.path.join(host, f".s.PGSQL.{port}"))
        if self._context is None:
            return await asyncio.open_connection(host, port)
        loop, plain = asyncio.get_running_loop(), asyncio.StreamReader()
        transport, _ = await loop.create_connection(lambda: asyncio.StreamReaderProtocol(plain), host, port)
        try:
            transport.write(struct.pack("!ii", 8, _SSL_REQUEST))
            if await plain.readexactly(1) != b"S":
                raise OSError("the server has no TLS")
            reader = asyncio.StreamReader()
            protocol = asyncio.StreamReaderProtocol(reader)
            # Not StreamWriter.start_tls, which Python 3.10 lacks.
            tls = await loop.start_tls(transport, protocol, self._context, server_hostname=host)
        except BaseException:
            transport.close()
            raise
        assert tls is not None
        reader.set_transport(tls)
        return reader, asyncio.StreamWriter(tls, protocol, reader, loop)


class ProxiedRecorder(WorkerChannel):
    """ml-metadata's worker behind a proxy of its own, which begins before it and ends after it.

    Args:
        address: where the database is.
        config: ml-metadata's `ConnectionConfig` of an address, serialized.
    """

    def __init__(self, address: ServerAddress, config: Callable[[ServerAddress], bytes]) -> None:
        super().__init__(b"")
        self._address = address
        self._make_config = config
        self._proxy = PgProxy(address)

    def sibling(self) -> ProxiedRecorder:
        # Not behind the same proxy, which knows the placeholders of one call.
        return ProxiedRecorder(self._address, self._make_config)

    async def _open(self) -> WorkerProcess:
        if not self._config:
            self._config = self._make_config(await self._proxy.open())
        return await super()._open()

    async def _exchange(self, worker: WorkerProcess, rpc: str, request: bytes, deadline: float) -> Reply:
        placeholders = await asyncio.to_thread(Placeholders, rpc, request) if b"\\" in request else None
        if not placeholders:
            return await super()._exchange(worker, rpc, request, deadline)
        self._proxy.placeholders = placeholders
        try:
            reply = await super()._exchange(worker, rpc, placeholders.request, deadline)
        finally:
            self._proxy.placeholders = None
        return reply._replace(message=placeholders.message(reply.message), body=placeholders.reply(reply.body))

    async def close(self) -> None:
        try:
            await super().close()
        finally:
            await self._proxy.close()


async def _forward(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, change: Callable[[bytes, bytes], bytes]
) -> None:
    """Passes messages on, each with a body that may be changed, until there are no more."""
    try:
        while True:
            head = await source.readexactly(5)
            kind, size = head[:1], int.from_bytes(head[1:], "big") - 4
            body = change(kind, await source.readexactly(size))
            sink.write(kind + struct.pack("!i", len(body) + 4) + body)
            await sink.drain()
    except asyncio.IncompleteReadError:
        pass
    finally:
        with suppress(OSError):
            sink.close()


def _row(body: bytes, value: Callable[[bytes], bytes]) -> bytes:
    """The body of a row of data with other values."""
    (columns,) = struct.unpack_from("!h", body)
    parts, place = [body[:2]], 2
    for _ in range(columns):
        (size,) = struct.unpack_from("!i", body, place)
        place += 4
        if size == _NULL:
            parts.append(struct.pack("!i", _NULL))
            continue
        found = value(body[place : place + size])
        parts += [struct.pack("!i", len(found)), found]
        place += size
    return b"".join(parts)
