"""MLMD's gRPC service over a store: bytes in, bytes out, and MLMD's own status codes.

Requests are handed on as they came; nothing of them is parsed here, but for the few
methods that ml-metadata's library lacks.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import closing
from functools import partial
from itertools import accumulate, takewhile
from typing import Any, Protocol, runtime_checkable

import grpc
import grpc.aio
from google.protobuf.message import DecodeError
from google.protobuf.wrappers_pb2 import Int32Value, StringValue

from lineageql.errors import LineageQLError, Unauthenticated, UsageError
from lineageql.model.callers import ANONYMOUS, Caller
from lineageql.store.endpoint import LARGEST, SERVICE
from lineageql.store.mlmd import faults
from lineageql.store.mlmd.frames import Reply, Status
from lineageql.store.mlmd.missing_methods import ANSWERS
from lineageql.store.mlmd.requests import service_methods

log = logging.getLogger("lineageql.store.mlmd")

MOST_CALLS = 256
"""Calls at a time; more are refused."""
MOST_WAITING = 4 * LARGEST
"""Bytes of requests that wait for their turn or their answer; a call above that is refused."""
LONGEST_WAIT = 120.0
"""Seconds that a call may take whose client names no deadline."""

# An error's text travels in a header, of which many clients take 8 KB with everything in it.
_LONGEST_DETAILS = 4096
_CODES = {code.value[0]: code for code in grpc.StatusCode}
_SERVER = (
    ("grpc.max_send_message_length", LARGEST),
    ("grpc.max_receive_message_length", LARGEST),
    ("grpc.max_concurrent_streams", 100),
    # Two servers on one port would share its calls in silence.
    ("grpc.so_reuseport", 0),
    # Clients such as MLMD's own keep a connection alive by pings; by default a server hangs up on most of them.
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
)
# Of the standard health service: what of the answer's `status` is sent.
_SERVING, _NOT_SERVING = 1, 2
_HEALTH_TIMEOUT = 5.0
_HEALTH = "/grpc.health.v1.Health/Check"


@runtime_checkable
class Exchange(Protocol):
    """What takes a serialized request of MLMD's service and gives back the reply with its status."""

    async def exchange(self, rpc: str, request: bytes, timeout: float | None = None) -> Reply:
        """See `WorkerChannel.exchange`."""


Gate = Callable[[Sequence[tuple[bytes, bytes]]], Awaitable[Caller]]
"""Who sends a call with this metadata; it raises Unauthenticated where it has to know and does not."""
Refusal = Callable[[str, str], Awaitable[None]]
"""Is told of a call that got no further than its credentials: its path, and the address that it came from."""


class _Gatekeeper(grpc.aio.ServerInterceptor):  # type: ignore[misc]
    """Hands calls on with who sends them.

    Calls of those who have to be known and are not are refused before anything of a request is received.
    """

    def __init__(self, gate: Gate, refusal: Refusal | None) -> None:
        self._gate = gate
        self._refusal = refusal

    async def intercept_service(self, continuation: Callable[[Any], Awaitable[Any]], call: Any) -> Any:
        if call.method == _HEALTH:
            return await continuation(call)
        metadata = [
            (name.encode(), value if isinstance(value, bytes) else value.encode())
            for name, value in call.invocation_metadata or ()
        ]
        try:
            caller = await self._gate(metadata)
        except LineageQLError as error:
            return _refusing(call.method, error, self._refusal)
        handler = await continuation(call)
        if handler is None:
            return None
        return grpc.unary_unary_rpc_method_handler(partial(handler.unary_unary, caller=caller))


def _refusing(path: str, error: LineageQLError, refusal: Refusal | None) -> Any:
    """A handler that answers this. As one of a stream, which it does not read, it waits for no request."""
    stranger = isinstance(error, Unauthenticated)
    status = Status.UNAUTHENTICATED if stranger else faults.status_of(error)
    reply = Reply(status, str(error).encode(), b"")

    async def refuse(requests: Any, context: Any) -> bytes:
        if stranger and refusal is not None:
            await refusal(path, context.peer())
        return _answered("a call", reply, context)

    return grpc.stream_unary_rpc_method_handler(refuse)


class GrpcServer(grpc.GenericRpcHandler):  # type: ignore[misc]
    """MLMD's service, and the standard health service, on one port. All in one event loop.

    Health of the service "" is that of this process; that of MLMD's service
    asks the store. Who asks for it need not be known.
    """

    def __init__(self, gate: Gate | None = None, refusal: Refusal | None = None) -> None:
        """Makes the handlers, and does not listen yet.

        Args:
            gate: finds out who calls; without it nobody is known.
            refusal: is told of calls whose senders have to be known and are not.

        Raises:
            Unavailable: ml-metadata is not installed.
        """
        self._exchange: Exchange
        self._by: Callable[[Caller], Exchange] | None = None
        self._end: Callable[[], Awaitable[None]] | None = None
        self._waiting = 0
        self._server: Any = None
        self._interceptors = () if gate is None else (_Gatekeeper(gate, refusal),)
        self.address = ""
        behaviours: dict[str, Callable[[bytes, Any], Any]] = {_HEALTH: self._health}
        for rpc in service_methods():
            behaviours[f"/{SERVICE}/{rpc}"] = self._method(rpc)
        self._handlers = {path: grpc.unary_unary_rpc_method_handler(each) for path, each in behaviours.items()}

    def service(self, handler_call_details: Any) -> Any:
        """The handler of a method, by its path; gRPC answers UNIMPLEMENTED where there is none."""
        return self._handlers.get(handler_call_details.method)

    async def listen(self, host: str, port: int, certificate: Any = None) -> None:
        """Takes a port, which stands in `address` then: `127.0.0.1:8080`. Nothing is answered before `start`.

        Args:
            host: a name or an address of this machine.
            port: a TCP port; 0 takes a free one.
            certificate: gRPC's credentials of a server, for TLS.

        Raises:
            UsageError: the port is in use, or the host is none of this machine's.
        """
        await asyncio.to_thread(_try_port, host, port)
        self._server = grpc.aio.server(
            options=_SERVER, maximum_concurrent_rpcs=MOST_CALLS, interceptors=self._interceptors
        )
        self._server.add_generic_rpc_handlers((self,))
        shown = f"[{host}]" if ":" in host else host
        try:
            if certificate is None:
                bound = self._server.add_insecure_port(f"{shown}:{port}")
            else:
                bound = self._server.add_secure_port(f"{shown}:{port}", certificate)
        except RuntimeError:
            bound = 0
        if not bound:
            raise UsageError(f"cannot listen on {host} port {port}")
        self.address = f"{shown}:{bound}"

    async def start(
        self,
        exchange: Exchange,
        end: Callable[[], Awaitable[None]] | None = None,
        by: Callable[[Caller], Exchange] | None = None,
    ) -> None:
        """Answers calls by this, from now on.

        Args:
            exchange: what answers them.
            end: what to do when no more calls come.
            by: what answers the calls of one caller in its place, where callers may not all do the same.
        """
        self._exchange, self._end, self._by = exchange, end, by
        await self._server.start()

    async def stop(self, grace: float) -> None:
        """Takes no more calls, and lets those under way finish for some seconds."""
        if self._server is not None:
            await self._server.stop(grace)
        if self._end is not None:
            await self._end()

    def _method(self, rpc: str) -> Callable[[bytes, Any], Any]:
        answer = ANSWERS.get(rpc)

        async def behaviour(request: bytes, context: Any, caller: Caller = ANONYMOUS) -> bytes:
            exchange = self._exchange if self._by is None else self._by(caller)
            left = context.time_remaining()
            timeout = LONGEST_WAIT if left is None else min(left, LONGEST_WAIT)
            if self._waiting + len(request) > MOST_WAITING:
                reply = Reply(Status.RESOURCE_EXHAUSTED, b"too many large requests are waiting; try again later", b"")
                return _answered(rpc, reply, context)
            self._waiting += len(request)
            try:
                if answer is not None:
                    reply = await answer(exchange.exchange, request, timeout)
                else:
                    reply = await exchange.exchange(rpc, request, timeout)
            except LineageQLError as error:
                reply = Reply(faults.status_of(error), str(error).encode(), b"")
            finally:
                self._waiting -= len(request)
            return _answered(rpc, reply, context)

        return behaviour

    async def _health(self, request: bytes, context: Any) -> bytes:
        """Answers `HealthCheckResponse`; on the wire both messages are as one of protobuf's wrappers is."""
        try:
            name = StringValue.FromString(request).value
        except DecodeError:
            return _answered("Check", Reply(Status.INVALID_ARGUMENT, b"no HealthCheckRequest", b""), context)
        if name not in ("", SERVICE):
            return _answered("Check", Reply(Status.NOT_FOUND, b"there is no such service here", b""), context)
        status = _SERVING
        if name == SERVICE:
            try:
                reply = await self._exchange.exchange("GetContextsByID", b"", _HEALTH_TIMEOUT)
                status = _SERVING if reply.code == Status.OK else _NOT_SERVING
            except LineageQLError:
                status = _NOT_SERVING
        serialized: bytes = Int32Value(value=status).SerializeToString()
        return serialized


def _answered(rpc: str, reply: Reply, context: Any) -> bytes:
    """The body of a reply, after its status was set."""
    if reply.code == Status.OK and len(reply.body) > LARGEST:
        text = f"the reply of {rpc} has {len(reply.body)} bytes; the most is {LARGEST}"
        reply = Reply(Status.RESOURCE_EXHAUSTED, text.encode(), b"")
    if reply.code == Status.OK:
        return reply.body
    context.set_code(_CODES.get(reply.code, grpc.StatusCode.UNKNOWN))
    context.set_details(details(reply.message))
    log.debug("%s answered %s", rpc, reply.code)
    return b""


def details(message: bytes) -> str:
    """A message that fits into a header, where need be without its middle: at its end a database says what is wrong."""
    text = message.decode(errors="replace")
    if len(text) <= _LONGEST_DETAILS and _in_header(text) <= _LONGEST_DETAILS:
        return text
    mark = f"… ({len(text)} characters) …"
    room = (_LONGEST_DETAILS - _in_header(mark)) // 2
    return text[: _fitting(text, room)] + mark + text[len(text) - _fitting(reversed(text), room) :]


def _in_header(text: str) -> int:
    """How many bytes a text has in a header: each byte that is no plain sign of ASCII takes three there."""
    return sum(1 if " " <= sign <= "~" and sign != "%" else 3 * len(sign.encode(errors="replace")) for sign in text)


def _fitting(signs: Iterable[str], room: int) -> int:
    """How many of the first signs fit."""
    sizes = accumulate(map(_in_header, signs))
    return sum(1 for _ in takewhile(lambda size: size <= room, sizes))


def _try_port(host: str, port: int) -> None:
    """Listens for a moment: unlike gRPC the system says why where it cannot."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with closing(socket.socket(family, kind, protocol)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"cannot listen on {host} port {port}: {reason}") from error
