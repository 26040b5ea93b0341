"""One recorder for several processes: one of them has the ml-metadata process, the others call by a Unix socket.

The messages are those of `frames`. A reply whose code is negative holds an error of the
owner's in place of MLMD's answer: its class, its text and its id.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Protocol

from lineageql import errors, tracing
from lineageql.errors import LineageQLError, Unavailable
from lineageql.store.mlmd import faults
from lineageql.store.mlmd.faults import UNKNOWN, UNSENT
from lineageql.store.mlmd.frames import REPLY, REQUEST, Reply, reply, request, status_name
from lineageql.store.streams import write
from lineageql.store.tally import Tally

_ERROR = -1
_KEPT = 16
"""Connections that are kept for later calls."""
_AHEAD = 1 << 20


class Exchange(Protocol):
    """What has the ml-metadata process."""

    async def exchange(self, rpc: str, request: bytes, timeout: float | None = None) -> Reply:
        """See `WorkerChannel.exchange`."""


class SharedRecorder:
    """Lets other processes call by a recorder that is here.

    Args:
        recorder: what has the ml-metadata process; whoever made it closes it.
    """

    def __init__(self, recorder: Exchange) -> None:
        self._recorder = recorder
        self._server: asyncio.Server | None = None
        self._calls: set[asyncio.Task[None]] = set()

    async def listen(self, path: str) -> None:
        """Begins to take calls at a Unix socket, which is to lie in a folder of this user's own."""
        self._server = await asyncio.start_unix_server(self._serve, path, limit=_AHEAD)

    async def close(self) -> None:
        """Takes no more calls, and lets go of those whose answers nobody waits for."""
        if self._server is not None:
            self._server.close()
        for call in list(self._calls):
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._calls.add(task)
        try:
            while True:
                head_size, body_size = REQUEST.unpack(await reader.readexactly(REQUEST.size))
                rpc = (await reader.readexactly(head_size)).decode()
                answer = await self._answer(rpc, await reader.readexactly(body_size))
                write(writer, reply(answer))
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass  # the other process has ended, or given the call up
        except asyncio.CancelledError:
            pass  # this one ends: a task of a stream's server has nobody who waits for it
        finally:
            self._calls.discard(task)
            writer.close()

    async def _answer(self, rpc: str, body: bytes) -> Reply:
        try:
            return await self._recorder.exchange(rpc, body)
        except LineageQLError as error:
            told = {"kind": type(error).__name__, "text": str(error), "id": error.error_id}
            return Reply(_ERROR, json.dumps(told).encode(), b"")


class DistantRecorder:
    """A Recorder whose ml-metadata process another process has; see `SharedRecorder`.

    Args:
        path: the Unix socket of that process.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.tally = Tally()
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def call(self, rpc: str, request: bytes) -> bytes:
        """See `WorkerChannel.call`."""
        return faults.body(rpc, await self.exchange(rpc, request))

    async def exchange(self, rpc: str, body: bytes, timeout: float | None = None) -> Reply:
        """See `WorkerChannel.exchange`; the process that has the recorder sees to the time."""
        with self.tally.counted(rpc) as call, tracing.span(f"ml-metadata {rpc}", "CLIENT"):
            answer = await self._exchange(rpc, body)
            if answer.code == _ERROR:
                raise _error(answer.message)
            call.outcome = status_name(answer.code)
            return answer

    async def _exchange(self, rpc: str, body: bytes) -> Reply:
        reader, writer = await self._connection(rpc)
        whole = False
        try:
            write(writer, request(rpc.encode(), body))
            await writer.drain()
            code, message_size, body_size = REPLY.unpack(await reader.readexactly(REPLY.size))
            answer = Reply(code, await reader.readexactly(message_size), await reader.readexactly(body_size))
            whole = True
            return answer
        except (asyncio.IncompleteReadError, OSError):
            gone = Unavailable("the process of this service that records has ended")
            raise faults.fated(rpc, gone, UNKNOWN) from None
        finally:
            # What a call that was given up is answered would be taken for the answer to the next one.
            if whole and len(self._idle) < _KEPT:
                self._idle.append((reader, writer))
            else:
                writer.close()

    async def _connection(self, rpc: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer
            writer.close()
        try:
            return await asyncio.open_unix_connection(self.path, limit=_AHEAD)
        except OSError:
            gone = Unavailable("the process of this service that records is not there")
            raise faults.fated(rpc, gone, UNSENT) from None

    async def close(self) -> None:
        """Closes the connections that are idle."""
        while self._idle:
            _, writer = self._idle.pop()
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


def _error(told: bytes) -> LineageQLError:
    """The error that the owner raised, of its own class; a class that needs more than a text becomes its base."""
    found = json.loads(told)
    kind = getattr(errors, found["kind"], Unavailable)
    try:
        error: LineageQLError = kind(found["text"])
    except TypeError:
        error = Unavailable(found["text"])
    error.error_id = found["id"]
    return error
