"""A client's connection: uvicorn's protocol, fed in small pieces and watched by the door.

uvicorn parses all that has come, whatever it is. Here it gets a piece at a time, and
nothing while a request that is whole waits for its answer: what a client sends ahead
stays in the client, but for one read of the socket.
"""

from __future__ import annotations

import asyncio
import http
import importlib.util
import socket
import struct
from typing import Any, ClassVar

from uvicorn.protocols.http.flow_control import FlowControl

from lineageql.api.written_json import dumps
from lineageql.errors import BadRequest, ServiceError
from lineageql.web.answers import error_body
from lineageql.web.door import Door
from lineageql.web.sites import WATCHERS

PIECE = 4_096
"""Bytes that the parser gets at a time: a request is not known to be whole before they are parsed."""
SENT_AHEAD = 0.005
"""Seconds that a request waits which was sent before the last answer. Without them a few clients take all turns."""
MOST_HEADERS = 100
RETRY_AFTER = 1
"""Seconds after which a client that was refused may try again."""


class _Valve(FlowControl):
    """Reading is off while uvicorn wants it off, and while there is something that it was not fed yet."""

    def __init__(self, connection: _Connection, transport: asyncio.Transport) -> None:
        super().__init__(transport)
        self._connection: _Connection | None = connection
        self._held = False
        self._off = False

    def pause_reading(self) -> None:
        self.read_paused = True
        self._turn()

    def resume_reading(self) -> None:
        self.read_paused = False
        if self._held and self._connection is not None:
            self._connection.feed_soon()
        self._turn()

    def hold(self, held: bool) -> None:
        self._held = held
        self._turn()

    def leave(self) -> None:
        """Lets go of the connection. Else both stay in memory until the garbage collector runs."""
        self._connection = None

    def _turn(self) -> None:
        off = self.read_paused or self._held
        if off != self._off and not self._transport.is_closing():
            self._off = off
            if off:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()


class _Connection(asyncio.Protocol):
    """What is put over either of uvicorn's protocols, whose attributes are declared here."""

    door: ClassVar[Door]
    transport: asyncio.Transport
    flow: FlowControl
    loop: asyncio.AbstractEventLoop
    app: Any
    cycle: Any
    client: tuple[str, int] | None
    pipeline: Any = ()

    refused = False
    address = ""
    drained = 0
    _data = b""
    _at = 0
    _head = 0
    _unseen = 0
    _since = 0.0
    _known = False
    _working = False
    _deaf = False
    _feeding: asyncio.Handle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.flow = _Valve(self, self.transport)
        self.address = self.client[0] if self.client else ""
        self._since = self.loop.time()
        self.door.enter(self, self._since)
        if self.refused:
            self.app = _Refusing(self.app)

    def connection_lost(self, exc: Exception | None) -> None:
        self.door.leave(self)
        self._data, self._at = b"", 0
        super().connection_lost(exc)
        self._valve.leave()

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        self._data, self._at = (self._data[self._at :] + data, 0) if self._data else (data, 0)
        self._feed()

    def resume_writing(self) -> None:
        self.drained += 1
        super().resume_writing()

    def feed_soon(self) -> None:
        """Goes on with what was not fed yet, once uvicorn is done with what it is at."""
        if self._feeding is None:
            self._feeding = self.loop.call_soon(self._feed)

    def _feed(self) -> None:
        self._feeding = None
        while self._at < len(self._data):
            if self._deaf or self.transport.is_closing():
                break
            if self._whole or self.pipeline or self.flow.read_paused:
                self._valve.hold(True)
                return
            piece = self._data[self._at : self._at + PIECE]
            self._at += len(piece)
            self._parse(piece)
        self._data, self._at = b"", 0
        self._valve.hold(False)

    def _parse(self, piece: bytes) -> None:
        asked = self._asked
        if not asked and not self._head:
            self._since = self.loop.time()
        super().data_received(piece)
        if self._asked:
            if not asked:
                self._known, self._head = True, 0
                self._since = self.loop.time()
            if self._whole and not self._working:
                self._working = True
                self.door.works(self)
        elif not asked:
            self._head += len(piece)
        if max(self._head, self._unseen) > self.door.settings.max_head_size and not self._deaf:
            most = self.door.settings.max_head_size
            self._refuse(431, f"the head of a request has more than {most} bytes, its URL included")

    def on_response_complete(self) -> None:
        if self.pipeline or self._at < len(self._data):
            self.loop.call_later(SENT_AHEAD, self._go_on)
        else:
            self._go_on()

    def _go_on(self) -> None:
        super().on_response_complete()  # type: ignore[misc]
        if self._working and not self._whole:
            self._working = False
            self._since = self.loop.time()
            self.door.waits(self)

    def send_400_response(self, msg: str) -> None:
        """Answers what is no HTTP; uvicorn calls it."""
        self._refuse(400, "this is no request of HTTP/1.1 that this service understands")

    @property
    def _valve(self) -> _Valve:
        assert isinstance(self.flow, _Valve)
        return self.flow

    @property
    def _asked(self) -> bool:
        """Whether there is a request with a whole head, of which the rest or the answer is still to come."""
        return self.cycle is not None and (self.cycle.more_body or not self.cycle.response_complete)

    @property
    def _whole(self) -> bool:
        """Whether a whole request waits for its answer."""
        return self.cycle is not None and not self.cycle.more_body and not self.cycle.response_complete

    @property
    def unsent(self) -> int:
        return self.transport.get_write_buffer_size()

    def check(self, now: float) -> None:
        settings = self.door.settings
        waited = now - self._since
        if self._whole or self.pipeline:
            return
        if self._deaf:
            if waited >= settings.head_timeout:
                self.drop()
        elif self._asked:
            if self.flow.read_paused:
                self._since = now  # it is this service that does not read on
            elif waited >= settings.body_timeout:
                self._refuse(408, f"the body of the request did not come within {settings.body_timeout} seconds")
        elif self._head:
            if waited >= settings.head_timeout:
                self._refuse(408, f"the head of the request did not come within {settings.head_timeout} seconds")
        elif waited >= (settings.idle_timeout if self._known else settings.head_timeout):
            self.transport.close()

    def drop(self) -> None:
        # With a reset: else the system goes on keeping what the client does not read.
        peer = self.transport.get_extra_info("socket")
        if peer is not None and (self.unsent or not self.transport.is_closing()):
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def _refuse(self, status: int, message: str) -> None:
        """Answers, hears no more and closes; where a whole request came before, that is answered and nothing else."""
        self._deaf = True
        self._since = self.loop.time()
        answered = False
        if self._asked and not self._whole:  # what is wrong is its body
            answered = self.cycle.response_started
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        elif self._whole:
            self.cycle.keep_alive = False
        if self._whole or self.pipeline:
            return
        if answered:
            self.transport.close()
            return
        self.transport.write(_answer(status, message, BadRequest.code))
        if self.transport.can_write_eof():
            # A close with something unread would be a reset, which takes the answer from the client.
            self.transport.write_eof()
        else:
            self.transport.close()


def _answer(status: int, message: str, code: str) -> bytes:
    body = dumps(error_body(message, code))
    head = (
        f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}",
        "content-type: application/json; charset=utf-8",
        f"content-length: {len(body)}",
        "cache-control: no-store",
        "x-content-type-options: nosniff",
        "connection: close",
    )
    return "\r\n".join((*head, "", "")).encode("ascii") + body


class _Refusing:
    """The application of a connection that has no place: it answers those who watch the service."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] in WATCHERS:
            await self.app(scope, receive, send)
            return
        body = dumps(error_body("all connections of this service are in use; try again", ServiceError.code))
        headers = [
            (b"content-type", b"application/json; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            (b"retry-after", b"%d" % RETRY_AFTER),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": 503, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def connection_class(door: Door) -> type[asyncio.Protocol]:
    """The class of connections that go through a door."""
    if importlib.util.find_spec("httptools") is None:
        # Its parser bounds a head by itself.
        from uvicorn.protocols.http.h11_impl import H11Protocol

        return type("H11Connection", (_Connection, H11Protocol), {"door": door})

    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    class HttpToolsConnection(_Connection, HttpToolsProtocol):
        """The parser keeps what it has not told, such as a header of which the end is missing: that is bounded."""

        def _parse(self, piece: bytes) -> None:
            self._unseen += len(piece)
            super()._parse(piece)

        def on_header(self, name: bytes, value: bytes) -> None:
            self._unseen = 0
            if len(self.headers) >= MOST_HEADERS:
                raise ValueError(f"more than {MOST_HEADERS} headers")
            super().on_header(name, value)

        def on_body(self, body: bytes) -> None:
            self._unseen = 0
            super().on_body(body)

        def on_message_complete(self) -> None:
            self._unseen = 0
            super().on_message_complete()

    HttpToolsConnection.door = door
    return HttpToolsConnection
