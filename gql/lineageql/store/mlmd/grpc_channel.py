"""Calls of MLMD's service over gRPC, to a server that runs elsewhere.

It needs grpcio and no ml-metadata: requests and replies are bytes.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from contextlib import suppress
from typing import Any

import grpc
import grpc.aio

from lineageql import tracing
from lineageql.errors import InvalidArgument, NotMLMD, Unavailable, UsageError
from lineageql.settings import Settings
from lineageql.store.endpoint import LARGEST, SERVICE, Bearer, Certificates, Endpoint
from lineageql.store.mlmd import faults
from lineageql.store.mlmd.channel import FIRST_PAUSE, LONGEST_PAUSE
from lineageql.store.mlmd.faults import ABORTED, UNKNOWN, UNSENT
from lineageql.store.mlmd.frames import Reply, Status, status_name
from lineageql.store.tally import Tally

log = logging.getLogger("lineageql.store.mlmd")

# Methods that may be sent again whatever became of them: reads, and writes that change nothing the second time.
_REPEATABLE = {
    "PutArtifactType",
    "PutExecutionType",
    "PutContextType",
    "PutTypes",
    "PutAttributionsAndAssociations",
}
# How gRPC begins to say that it had no connection to send a call on. Where a later release says it otherwise, a write
# counts as one that may have been applied, and is not sent again.
_NO_CONNECTION = (
    "failed to connect to all addresses",
    "errors resolving",
    "DNS resolution failed",
    "Name resolution",
    "empty address list",
)
_CHANNEL = (
    ("grpc.max_send_message_length", LARGEST),
    ("grpc.max_receive_message_length", LARGEST),
    # By default it waits up to two minutes before it connects again, and 20 seconds for a host that does not answer.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 5_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # A server takes a ping every five minutes and hangs up on more. With this Linux also ends a connection whose other
    # end is silent for 20 seconds while something is on its way to it.
    ("grpc.keepalive_time_ms", 360_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    # Retries are decided here: what DNS says about them is not asked, and no proxy for web pages either.
    ("grpc.service_config_disable_resolution", 1),
    ("grpc.enable_http_proxy", 0),
)


class GrpcChannel:
    """A Recorder over MLMD's gRPC service, and the way for a Reader to ask it.

    It connects with the first call, and again whenever the connection is lost.
    All in one event loop; calls run side by side.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        timeout: float = 30.0,
        connect_timeout: float = 5.0,
        patience: float = 10.0,
        grace: float = 5.0,
    ) -> None:
        """Keeps what is needed to connect, and does not yet.

        Args:
            endpoint: where the server is and what it is shown.
            timeout: seconds that a caller waits for its answer, retries included.
            connect_timeout: seconds that a call waits for a connection.
            patience: seconds during which a call is sent again to a server that is out of reach.
            grace: seconds that `close` lets the calls under way finish.

        Raises:
            UsageError: a file of the endpoint cannot be read.
        """
        self.endpoint = endpoint
        self._timeout = timeout
        self._connect_timeout = connect_timeout
        self._patience = patience
        self._grace = grace
        self.tally = Tally()
        self._bearer = Bearer(endpoint)
        self._bearer.read()
        self._certificates = Certificates(endpoint)
        if endpoint.tls:
            self._certificates.read()
        self._channel: Any = None
        self._retired: set[asyncio.Task[None]] = set()
        self._calls: set[Any] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False
        if self._bearer.given and not endpoint.tls:
            log.warning("the bearer token goes to %s without TLS; only a mesh may hide it on its way", endpoint)

    @classmethod
    async def connected(cls, url: str, settings: Settings) -> GrpcChannel:
        """A channel to the service at a URL, after it has answered.

        Raises:
            UsageError: the URL is none of a gRPC service's, or a file of the settings cannot be read.
            LineageQLError: what `start` raises.
        """
        channel = cls(await asyncio.to_thread(Endpoint.by, url, settings), timeout=float(settings.deadline))
        try:
            await channel.start()
        except BaseException:
            await channel.close()
            raise
        return channel

    async def start(self) -> None:
        """Connects, and asks something small of the server.

        Raises:
            Unavailable: it is out of reach.
            NotMLMD: it is no server of MLMD's.
            LineageQLError: what it answered.
        """
        reply, _ = await self._answered("GetContextsByID", b"", self._timeout)
        if reply.code in (Status.UNAVAILABLE, Status.DEADLINE_EXCEEDED):
            # Whoever starts the service hears gRPC's own words; a client of it does not.
            raise Unavailable(f"{self.endpoint} is out of reach: {faults.shown(reply.message)}")
        if reply.code == Status.UNIMPLEMENTED:
            raise NotMLMD(f"what answers at {self.endpoint} is not MLMD's gRPC service: {faults.shown(reply.message)}")
        faults.body("GetContextsByID", reply)

    async def call(self, rpc: str, request: bytes) -> bytes:
        """Sends a serialized request to the method of this name; answers the serialized reply.

        Raises:
            LineageQLError: what the server answered, by `faults.BY_STATUS`; and what `exchange` raises.
        """
        return faults.body(rpc, await self.exchange(rpc, request))

    async def exchange(self, rpc: str, request: bytes, timeout: float | None = None) -> Reply:
        """Sends a request; answers the reply with the server's own status, whatever that is.

        A call that was aborted is sent again until the deadline. One that met a
        server out of reach is, where it was not sent or may be sent twice.

        Args:
            rpc: the name of a method.
            request: its serialized request.
            timeout: seconds, in place of those of all calls.

        Raises:
            Unavailable: the server is out of reach, or went away during the call; for a call
                that writes the text says whether it may have been applied.
            DeadlineExceeded: no answer in time; the text says the same.
            InvalidArgument: the request is too large to be sent.
        """
        if len(request) > LARGEST:
            raise InvalidArgument(f"a request of {rpc} has {len(request)} bytes; the most is {LARGEST}")
        with self.tally.counted(rpc) as call, tracing.span(f"{SERVICE}/{rpc}", "CLIENT"):
            reply, fate = await self._answered(rpc, request, self._timeout if timeout is None else timeout)
            call.outcome = status_name(reply.code)
        if reply.code in (Status.UNAVAILABLE, Status.DEADLINE_EXCEEDED):
            error = faults.of_status(rpc, reply.code, f"{self.endpoint}: {faults.shown(reply.message)}")
            raise faults.fated(rpc, error, fate)
        return reply

    async def _answered(self, rpc: str, request: bytes, timeout: float) -> tuple[Reply, str]:
        """Sends a call until it is answered for good; answers the reply, and what became of the call."""
        now = time.monotonic()
        deadline = now + timeout
        gives_up = min(deadline, now + self._patience)
        pause, slowest, fate = FIRST_PAUSE, 0.0, UNSENT
        while True:
            if self._closed:
                raise faults.fated(rpc, Unavailable(f"the connection to {self.endpoint} is closed"), fate)
            began = time.monotonic()
            reply, last = await self._attempt(rpc, request, deadline)
            # What an earlier attempt may have done, no later one makes undone.
            fate = fate if fate == UNKNOWN else last
            if reply.code not in (Status.ABORTED, Status.UNAVAILABLE):
                break
            if reply.code == Status.UNAVAILABLE:
                self._certificates.forget()
            wait = random.uniform(pause / 2, pause)
            slowest = max(slowest, time.monotonic() - began)
            again = reply.code == Status.ABORTED or last == UNSENT or _repeatable(rpc)
            ends = deadline if reply.code == Status.ABORTED else gives_up
            if not again or time.monotonic() + wait + slowest > ends:
                break
            await asyncio.sleep(wait)
            pause = min(2 * pause, LONGEST_PAUSE)
        if reply.code == Status.UNAUTHENTICATED:
            self._bearer.forget()
        return reply, fate

    async def close(self) -> None:
        """Refuses further calls, lets those under way finish, and disconnects."""
        self._closed = True
        if self._channel is None:
            return
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._idle.wait(), self._grace)
        for call in list(self._calls):
            call.cancel()
        await asyncio.gather(self._channel.close(), *self._retired)

    async def _attempt(self, rpc: str, request: bytes, deadline: float) -> tuple[Reply, str]:
        """Sends a call once; answers the reply, and what became of the call where that is an error."""
        metadata = (*await self._metadata(), *tracing.carried())
        await self._renew()
        if not await self._connected(deadline):
            message = f"there was no connection within {self._connect_timeout:g} seconds"
            return Reply(Status.UNAVAILABLE, message.encode(), b""), UNSENT
        method = self._channel.unary_unary(f"/{SERVICE}/{rpc}")
        call = method(request, timeout=max(deadline - time.monotonic(), 0.001), metadata=metadata)
        self._calls.add(call)
        self._idle.clear()
        try:
            return Reply(Status.OK, b"", await call), UNKNOWN
        except grpc.aio.AioRpcError as error:
            code, message = error.code().value[0], error.details() or ""
            unsent = code == Status.UNAVAILABLE and message.startswith(_NO_CONNECTION)
            fate = UNSENT if unsent else ABORTED if code == Status.ABORTED else UNKNOWN
            return Reply(code, message.encode(), b""), fate
        except asyncio.CancelledError:
            # By `close`, and not by the caller, who would have to hear of it as it is.
            if not self._closed or not call.cancelled() or call not in self._calls:
                raise
            return Reply(Status.UNAVAILABLE, b"the connection was closed", b""), UNKNOWN
        finally:
            self._calls.discard(call)
            if not self._calls:
                self._idle.set()

    async def _connected(self, deadline: float) -> bool:
        """Waits for a connection, or for an error that a call would show; false where there is neither in time."""
        if self._channel is None:
            self._channel = self._opened()
        ends = min(deadline, time.monotonic() + self._connect_timeout)
        while True:
            state = self._channel.get_state(try_to_connect=True)
            if state not in (grpc.ChannelConnectivity.IDLE, grpc.ChannelConnectivity.CONNECTING):
                return True
            change = self._channel.wait_for_state_change(state)
            try:
                await asyncio.wait_for(change, max(ends - time.monotonic(), 0.001))
            except asyncio.TimeoutError:
                return False

    def _opened(self) -> Any:
        if not self.endpoint.tls:
            return grpc.aio.insecure_channel(self.endpoint.target, options=_CHANNEL)
        credentials = grpc.ssl_channel_credentials(**self._certificates.files)
        return grpc.aio.secure_channel(self.endpoint.target, credentials, options=_CHANNEL)

    async def _renew(self) -> None:
        """Connects anew where the files of TLS have become others; calls under way finish on the old connection."""
        if not self._certificates.stale:
            return
        try:
            changed = await asyncio.to_thread(self._certificates.read)
        except UsageError as error:
            log.warning("%s; the certificates that were read before are kept", error)
            return
        if changed and self._channel is not None and not self._closed:
            log.info("the certificates for %s are others now; new calls go by a new connection", self.endpoint)
            old, self._channel = self._channel, self._opened()
            task = asyncio.create_task(old.close(self._timeout))
            self._retired.add(task)
            task.add_done_callback(self._retired.discard)

    async def _metadata(self) -> tuple[tuple[str, str], ...]:
        if self._bearer.stale:
            try:
                await asyncio.to_thread(self._bearer.read)
            except UsageError as error:
                # The old one may still be good; the server will say.
                log.warning("%s; the token that was read before is kept", error)
        return self._bearer.metadata()


def _repeatable(rpc: str) -> bool:
    return rpc.startswith("Get") or rpc in _REPEATABLE
