"""MLMD's service as one caller gets it: within its rights, and written down."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from functools import partial
from typing import Any, Protocol

from google.protobuf.message import DecodeError

from lineageql.catalog.mlmd_calls.audit_entries import changes
from lineageql.catalog.mlmd_calls.permissions import Places
from lineageql.catalog.mlmd_calls.reads import narrow, narrowed
from lineageql.catalog.mlmd_calls.writes import check_write
from lineageql.errors import DeadlineExceeded, LineageQLError
from lineageql.model.callers import Caller
from lineageql.model.rights import Policy, Rights
from lineageql.settings import Settings
from lineageql.store.mlmd import faults, protos
from lineageql.store.mlmd.frames import Reply, Status, status_name
from lineageql.store.mlmd.grpc_server import Exchange
from lineageql.store.own_types_file import own_types
from lineageql.store.ports import Store
from lineageql.watched_file import WatchedFile

_UNSURE = (Status.DEADLINE_EXCEEDED, Status.UNAVAILABLE, Status.INTERNAL, Status.UNKNOWN)
"""How calls end of which nobody knows whether they were applied."""


class Audit(Protocol):
    """What writes down who records what; see `web.audit.AuditLog`."""

    def check(self) -> None:
        """Refuses what would have to be written down, and could not be."""

    def write(self, *, kept: bool, **facts: Any) -> None:
        """Writes a line."""


class MLMDCalls:
    """MLMD's service over a store, for callers of different rights.

    A write of anybody is checked and applied while nobody else records in the store
    through LineageQL, so that what was checked is what is there when it is applied.

    Args:
        store: the store.
        settings: those of the service.
        exchange: what answers calls.
        policy: what says who may do what; None where everybody may do everything.
        audit: what writes are written down by; None where nobody wants to know.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        exchange: Exchange,
        policy: WatchedFile[Policy] | None,
        audit: Audit | None,
    ) -> None:
        self._store = store
        self._exchange = exchange
        self._policy = policy
        self._audit = audit
        self._own = own_types(settings)
        # A store behind MLMD's service has no lock over processes.
        self._turn = asyncio.Lock()
        self._writing: set[asyncio.Task[Reply]] = set()
        _, self._service = protos.load()

    def by(self, caller: Caller) -> Exchange:
        """What answers the calls of one caller."""
        return _CallsOf(self, caller)

    async def close(self) -> None:
        """Waits for the writes that are under way."""
        if self._writing:
            await asyncio.wait(self._writing)

    async def answer(self, caller: Caller, rpc: str, request: bytes, timeout: float) -> Reply:
        """The reply to a call."""
        rights = None if self._policy is None else (await self._policy.current()).rights_of(caller)
        if rpc.startswith("Put"):
            return await self._write(caller, rights, rpc, request, timeout)
        if rights is None or rights.sees.whole:
            return await self._exchange.exchange(rpc, request, timeout)
        reply = await self._refusable(self._read(rights, rpc, request, timeout))
        if reply.code == Status.PERMISSION_DENIED:
            await self._tell(caller, rpc, None, reply)
        return reply

    # -- reads

    async def _read(self, rights: Rights, rpc: str, request: bytes, timeout: float) -> Reply:
        until = time.monotonic() + timeout
        message = self._parsed(rpc, request)
        if message is None:
            return _no_request(rpc)
        places = self._places(rights, until)
        await narrow(rpc, message, places)
        reply = await self._exchange.exchange(rpc, message.SerializeToString(), _left(until))
        return await narrowed(rpc, message, reply, places)

    # -- writes

    async def _write(self, caller: Caller, rights: Rights | None, rpc: str, request: bytes, timeout: float) -> Reply:
        """Writes in a task of its own: where its caller has gone, it is finished and written down all the same."""
        sending = asyncio.Event()
        task = asyncio.create_task(self._write_down(caller, rights, rpc, request, timeout, sending), name=rpc)
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        task.add_done_callback(lambda task: task.cancelled() or task.exception())
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not sending.is_set():
                task.cancel()
            raise

    async def _write_down(
        self,
        caller: Caller,
        rights: Rights | None,
        rpc: str,
        request: bytes,
        timeout: float,
        sending: asyncio.Event,
    ) -> Reply:
        message = self._parsed(rpc, request)
        if message is None:
            return _no_request(rpc)
        if self._audit is not None:
            await asyncio.to_thread(self._audit.check)
        if rights is None:
            sending.set()
            reply = await self._refusable(self._exchange.exchange(rpc, request, timeout))
        else:
            reply = await self._refusable(self._checked(rights, rpc, message, timeout, sending))
        await self._tell(caller, rpc, message, reply)
        return reply

    async def _checked(self, rights: Rights, rpc: str, message: Any, timeout: float, sending: asyncio.Event) -> Reply:
        until = time.monotonic() + timeout
        asked = asyncio.get_running_loop().time()
        async with self._turn, self._store.exclusive(asked) as hold:
            if not rights.records_everywhere:
                await check_write(rpc, message, self._places(rights, until))
            left = _left(until)
            hold.check()
            sending.set()
            # As it was understood here, and not as it came: what was checked is what is applied.
            return await self._exchange.exchange(rpc, message.SerializeToString(), left)

    async def _tell(self, caller: Caller, rpc: str, message: Any, reply: Reply) -> None:
        if self._audit is None:
            return
        applied = reply.code == Status.OK
        facts = {
            "kind": "mlmd",
            "who": caller.name,
            "operation": rpc,
            "codes": [] if applied else [status_name(reply.code)],
            "changes": changes(rpc, message, reply.body) if applied else [],
        }
        await asyncio.to_thread(partial(self._audit.write, kept=applied or reply.code in _UNSURE, **facts))

    # -- both

    def _places(self, rights: Rights, until: float) -> Places:
        async def ask(rpc: str, request: Any) -> Any:
            reply = await self._exchange.exchange(rpc, request.SerializeToString(), _left(until))
            return getattr(self._service, f"{rpc}Response").FromString(faults.body(rpc, reply))

        return Places(self._store, ask, self._own, rights)

    def _parsed(self, rpc: str, request: bytes) -> Any:
        """A request; None where the bytes are none."""
        try:
            return getattr(self._service, f"{rpc}Request").FromString(request)
        except DecodeError:
            return None

    @staticmethod
    async def _refusable(answering: Awaitable[Reply]) -> Reply:
        """A reply, be it that of an error."""
        try:
            return await answering
        except LineageQLError as error:
            return Reply(faults.status_of(error), str(error).encode(), b"")


class _CallsOf:
    def __init__(self, calls: MLMDCalls, caller: Caller) -> None:
        self._calls = calls
        self._caller = caller

    async def exchange(self, rpc: str, request: bytes, timeout: float | None = None) -> Reply:
        """See `WorkerChannel.exchange`."""
        assert timeout is not None
        return await self._calls.answer(self._caller, rpc, request, timeout)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise DeadlineExceeded("the call did not have its turn in time; nothing of it was written")
    return left


def _no_request(rpc: str) -> Reply:
    return Reply(Status.INVALID_ARGUMENT, f"the request is no {rpc}Request".encode(), b"")
