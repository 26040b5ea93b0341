"""TLS to PostgreSQL, by the options of its URLs, and a way through it for what speaks none."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import ssl
import struct
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

from lineageql.errors import UsageError
from lineageql.store.addresses import ServerAddress

log = logging.getLogger("lineageql.store")

_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
_SASL = struct.pack("!i", 10)
"""How the body of a message begins that lists the ways to sign in."""
_VERIFYING = ("verify-ca", "verify-full")
_ENCRYPTING = ("require", *_VERIFYING)
_LOOSE = ("allow", "prefer")
_CHUNK = 65536


def tls_of(address: ServerAddress) -> ssl.SSLContext | str | bool:
    """How a connection is encrypted: by a context, as far as the server likes, or not.

    Certificates are checked by `sslrootcert`, without one by those that this machine trusts.

    Raises:
        UsageError: an option is wrong, or a file of a certificate cannot be read.
    """
    options = address.options
    mode = options.get("sslmode", "prefer")
    if mode == "disable":
        return False
    if mode in _LOOSE:
        return mode
    if mode not in _ENCRYPTING:
        known = ", ".join(("disable", *_LOOSE, *_ENCRYPTING))
        raise UsageError(f"sslmode of {address} is {mode!r}; it takes one of {known}")
    root = options.get("sslrootcert")
    try:
        context = ssl.create_default_context(cafile=root)
        context.check_hostname = mode == "verify-full"
        if mode not in _VERIFYING and root is None:
            context.verify_mode = ssl.CERT_NONE
        if "sslcert" in options:
            context.load_cert_chain(options["sslcert"], options.get("sslkey"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"a certificate or key for {address} cannot be read: {reason}") from None
    return context


class Tunnel:
    """A Unix socket that leads to a server through TLS.

    The PostgreSQL inside ml-metadata's wheels is built without TLS. The socket
    lies in a folder that only this user enters.
    """

    def __init__(self, address: ServerAddress, context: ssl.SSLContext) -> None:
        self._address = address
        self._context = context
        self._folder = ""
        self._server: asyncio.AbstractServer | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> ServerAddress:
        """Makes the socket; answers the address that leads through it."""
        self._folder = await asyncio.to_thread(tempfile.mkdtemp, prefix="lineageql-")
        path = os.path.join(self._folder, f".s.PGSQL.{self._address.port}")
        self._server = await asyncio.start_unix_server(self._serve, path)
        return replace(self._address, host=self._folder, options={})

    async def close(self) -> None:
        """Ends what goes through the tunnel, and takes the socket away."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            there, back = await self._connect()
        except OSError as error:
            # ssl.SSLError too; the worker sees a connection that ends, and says so.
            log.warning("%s cannot be reached through TLS: %s", self._address, error)
        except asyncio.IncompleteReadError:
            log.warning("%s ended the connection before it was encrypted", self._address)
        else:
            await asyncio.gather(_pump(reader, back), _pump(there, writer, _unbound))
        finally:
            writer.close()
            self._tasks.discard(task)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        loop = asyncio.get_running_loop()
        host, port = self._address.host, self._address.port
        plain = asyncio.StreamReader()
        transport, _ = await loop.create_connection(lambda: asyncio.StreamReaderProtocol(plain), host, port)
        try:
            transport.write(_SSL_REQUEST)
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


async def _unbound(source: asyncio.StreamReader) -> bytes:
    """The server's first messages, without the way to sign in that is bound to TLS.

    The client sees none, and would take an offer of that for an attack.
    """
    messages, kind = b"", b""
    while kind not in (b"R", b"E"):
        head = await source.readexactly(5)
        kind, size = head[:1], int.from_bytes(head[1:], "big")
        body = await source.readexactly(size - 4)
        if kind == b"R" and body.startswith(_SASL):
            ways = [way for way in body[len(_SASL) :].split(b"\0") if way and not way.endswith(b"-PLUS")]
            body = _SASL + b"".join(way + b"\0" for way in ways) + b"\0"
        messages += kind + struct.pack("!i", len(body) + 4) + body
    return messages


async def _nothing(source: asyncio.StreamReader) -> bytes:
    return b""


async def _pump(
    source: asyncio.StreamReader,
    sink: asyncio.StreamWriter,
    first: Callable[[asyncio.StreamReader], Awaitable[bytes]] = _nothing,
) -> None:
    with suppress(OSError, asyncio.IncompleteReadError):
        sink.write(await first(source))
        while chunk := await source.read(_CHUNK):
            sink.write(chunk)
            await sink.drain()
    sink.close()
