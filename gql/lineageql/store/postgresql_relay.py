"""The relay to PostgreSQL, which speaks the server's protocol.

It does two things that the PostgreSQL inside ml-metadata's wheels cannot: it
encrypts, as that is built without TLS, and it puts texts with a backslash in
their place, see `mlmd.placeholders`.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from lineageql.settings import Settings
from lineageql.store.addresses import ServerAddress
from lineageql.store.mlmd.frames import Reply
from lineageql.store.mlmd.placeholders import Placeholders
from lineageql.store.mlmd.process import WorkerProcess
from lineageql.store.relay import Full, Relay, RelayedRecorder
from lineageql.store.session_options import session_options
from lineageql.store.sql.postgresql_driver import connect_timeout
from lineageql.store.streams import write
from lineageql.store.tls import tls_of

_SSL_REQUEST, _GSS_REQUEST = 80877103, 80877104
_SASL = struct.pack("!i", 10)
"""How the body of a message begins that lists the ways to sign in."""
_NULL = -1
_FULL = b"\0C53300\0"
"""What an error holds that says that there are as many connections as may be, of the server, a database or a user."""
_CONFLICTS = (b"40001", b"40P01")
"""A transaction that could not be put in order with others, or waited for one that waited for it: it is undone."""


class PostgreSQLRelay(Relay):
    """The way to PostgreSQL."""

    def __init__(self, address: ServerAddress, settings: Settings) -> None:
        super().__init__(address, settings)
        # A URL may give each host more time than the settings.
        self.patience = max(self.patience, connect_timeout(address, settings) * len(address.hosts))
        self._session = session_options(address)
        tls = tls_of(address)
        self._context = tls if isinstance(tls, ssl.SSLContext) else None
        self.placeholders: Placeholders | None = None
        """Those of the call that the worker is at."""

    def socket_name(self) -> str:
        return f".s.PGSQL.{self.address.port}"

    def led(self, path: str) -> ServerAddress:
        return replace(self.address, host=os.path.dirname(path), options={}, others=())

    async def pass_on(
        self,
        here: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        there: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        greeting: bytes,
        patience: float,
    ) -> None:
        write(there[1], [greeting])
        # A server that hangs takes connections all the same.
        kind, body = await asyncio.wait_for(_message(there[0]), patience)
        if kind == b"E" and _FULL in b"\0" + body:
            raise Full
        _send(here[1], kind, self._answer(kind, body))
        await asyncio.gather(
            _forward(here[0], there[1], self._question),
            _forward(there[0], here[1], self._answer),
        )

    async def greeting(self, here: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> bytes:
        """The first message of a connection, which has no kind; what it may ask for before that is refused."""
        reader, writer = here
        while True:
            size = await reader.readexactly(4)
            body = await reader.readexactly(int.from_bytes(size, "big") - 4)
            if int.from_bytes(body[:4], "big") not in (_SSL_REQUEST, _GSS_REQUEST):
                for name, value in self._session.items():
                    body = body[:-1] + name.encode() + b"\0" + value.encode() + b"\0\0"
                return struct.pack("!i", len(body) + 4) + body
            write(writer, [b"N"])

    def _question(self, kind: bytes, body: bytes) -> bytes:
        return self.placeholders.statement(body) if kind == b"Q" and self.placeholders else body

    def _answer(self, kind: bytes, body: bytes) -> bytes:
        if kind == b"E" and any(b"\0C" + state + b"\0" in b"\0" + body for state in _CONFLICTS):
            self.conflict = True
        if kind == b"E" and _FULL in b"\0" + body:
            self.full = True
        if kind == b"K":
            self.number = int.from_bytes(body[:4], "big")
        if kind == b"D" and self.placeholders:
            return _row(body, self.placeholders.value)
        # The worker sees no TLS, and would take a way to sign in that is bound to it for an attack.
        if kind == b"R" and body.startswith(_SASL):
            ways = [way for way in body[len(_SASL) :].split(b"\0") if way and not way.endswith(b"-PLUS")]
            return _SASL + b"".join(way + b"\0" for way in ways) + b"\0"
        return body

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self.address.host, self.address.port
        if self.address.others:
            # Where the reader goes, now that ml-metadata asks.
            from lineageql.store.sql.postgresql_driver import located

            host, port = await located(self.address, self.settings)
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


class PostgreSQLRecorder(RelayedRecorder):
    """ml-metadata's worker behind a relay to PostgreSQL."""

    relay: PostgreSQLRelay

    async def _exchange(self, worker: WorkerProcess, rpc: str, request: bytes, deadline: float) -> Reply:
        placeholders = await asyncio.to_thread(Placeholders, rpc, request) if b"\\" in request else None
        if not placeholders:
            return await super()._exchange(worker, rpc, request, deadline)
        self.relay.placeholders = placeholders
        try:
            reply = await super()._exchange(worker, rpc, placeholders.request, deadline)
        finally:
            self.relay.placeholders = None
        return reply._replace(message=placeholders.message(reply.message), body=placeholders.reply(reply.body))


async def _forward(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, change: Callable[[bytes, bytes], bytes]
) -> None:
    """Passes messages on, each with a body that may be changed, until there are no more."""
    try:
        while True:
            kind, body = await _message(source)
            _send(sink, kind, change(kind, body))
            await sink.drain()
    except asyncio.IncompleteReadError:
        pass
    finally:
        with suppress(OSError):
            sink.close()


async def _message(source: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The kind and the body of the next message."""
    head = await source.readexactly(5)
    return head[:1], await source.readexactly(int.from_bytes(head[1:], "big") - 4)


def _send(sink: asyncio.StreamWriter, kind: bytes, body: bytes) -> None:
    write(sink, [kind + struct.pack("!i", len(body) + 4) + body])


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
