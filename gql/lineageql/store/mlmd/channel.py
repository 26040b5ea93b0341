"""Calls of MLMD's service, through a worker process that holds ml-metadata."""

from __future__ import annotations

import asyncio
import os
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from lineageql import tracing
from lineageql.errors import DeadlineExceeded, InvalidArgument, LineageQLError, StoreLocked, Unavailable
from lineageql.store.mlmd import faults
from lineageql.store.mlmd.availability import missing_reason
from lineageql.store.mlmd.faults import ABORTED, UNKNOWN, UNSENT
from lineageql.store.mlmd.frames import LONGEST, Opening, Reply, Status, status_name
from lineageql.store.mlmd.process import WorkerEnded, WorkerProcess
from lineageql.store.patience import IDLE
from lineageql.store.tally import Tally

# Before an aborted call is sent again, in seconds: at first, and at most.
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 1.0
# Seconds that a worker has for a call, however little is left of its caller's time.
LEAST_PATIENCE = 1.0
# Before a worker that could not start is started again.
FIRST_REST, LONGEST_REST = 1.0, 10.0

# After these, such as for a full disk, ml-metadata may keep a transaction open and refuse every later call: its worker
# is ended, and the next call starts another.
_SPOILING = (Status.UNKNOWN, Status.INTERNAL)


@dataclass(eq=False, slots=True)
class _Call:
    """A call and its caller's future; without an `rpc` it only waits for a worker that is ready."""

    rpc: str | None
    request: bytes
    deadline: float
    answer: asyncio.Future[Reply]
    fate: str = UNSENT
    passed_on: bool = False

    def fail(self, kind: type[LineageQLError], text: str, error_id: str | None = None) -> None:
        """Answers with an error, which for a call that writes says whether it may have been applied."""
        if not self.answer.done():
            error = kind(text)
            error.error_id = error_id
            self.answer.set_exception(faults.fated(self.rpc, error, self.fate))

    def settle(self, reply: Reply) -> None:
        """Answers with what MLMD said, unless the caller has gone."""
        if not self.answer.done():
            self.answer.set_result(reply)


class WorkerChannel:
    """A Recorder over ml-metadata in a worker process of its own.

    Calls are served one at a time, in the order in which they came: SQLite has
    one writer. A caller that gives up is let go, while the exchange that its
    call is in goes on until the call's deadline; a worker that hangs is then
    replaced, and what it was at is rolled back. The process starts with the first call,
    and again with the next one after it has ended. All in one event loop.
    """

    def __init__(
        self,
        config: bytes,
        *,
        upgrade: bool = False,
        guard: Callable[[], None] | None = None,
        timeout: float = 30.0,
        open_timeout: float = 60.0,
        patience: float = 120.0,
        grace: float = 5.0,
        probe: float | None = None,
    ) -> None:
        """Keeps what is needed to start a worker, and starts none yet.

        Args:
            config: a serialized `ConnectionConfig`, such as `connection.sqlite_config` makes.
            upgrade: let ml-metadata migrate a store of an older schema version.
            guard: looks whether the store is still the one that was meant, before it is opened and before
                each call; it runs in a thread and raises a LineageQLError where it is not.
            timeout: seconds that a caller waits for its answer, its turn and retries included.
            open_timeout: seconds that opening the store may take; ml-metadata gives up
                a locked SQLite file by itself after some 40.
            patience: seconds after which a worker that does not answer a call is killed, where the call's own
                deadline is not over before.
            grace: seconds that `close` lets the call under way finish.
            probe: seconds in which a worker that lay idle must answer a read before it is sent a call, as its
                connection to a server may have broken; another takes its place. None where it has no such connection.
        """
        self._probe = probe
        self._last = 0.0
        self._config = config
        self._upgrade = upgrade
        self._guard = guard
        self._timeout = timeout
        self._open_timeout = open_timeout
        self._patience = patience
        self._grace = grace
        self.tally = Tally()
        self._unanswered = 0
        self._queue: deque[_Call] = deque()
        self._server: asyncio.Task[None] | None = None
        self._worker: WorkerProcess | None = None
        self._ready = False
        self._closed = False
        self._failure: LineageQLError | None = None
        self._rest, self._rest_ends = FIRST_REST, 0.0

    @property
    def pid(self) -> int | None:
        """The worker's process id; None while none runs."""
        return self._worker.pid if self._worker is not None and self._worker.alive else None

    @property
    def waiting(self) -> int:
        """How many callers wait for their answer."""
        return self._unanswered

    def sibling(self) -> WorkerChannel:
        """Another channel like this one, with a worker of its own."""
        return WorkerChannel(
            self._config,
            guard=self._guard,
            timeout=self._timeout,
            open_timeout=self._open_timeout,
            patience=self._patience,
            grace=self._grace,
            probe=self._probe,
        )

    async def start(self) -> None:
        """Starts the worker and waits until it has opened the store; nothing to do when it has.

        Raises:
            Unavailable: ml-metadata is not installed, or the worker or the database's
                server is out of reach.
            StoreLocked: another process holds the store's lock.
            SchemaMismatch: the store has another schema version.
            StoreError: the store cannot be opened; the text says why.
        """
        await self._submit(None, b"", None)

    async def call(self, rpc: str, request: bytes) -> bytes:
        """Sends a serialized request to the method of this name; answers the serialized reply.

        A call that MLMD aborts, because others write at the same time, is sent
        again until the deadline; no other is.

        Raises:
            LineageQLError: what MLMD answered, by `faults.BY_STATUS`; and what `exchange` raises.
        """
        return faults.body(rpc, await self.exchange(rpc, request))

    async def exchange(self, rpc: str, request: bytes, timeout: float | None = None) -> Reply:
        """Sends a serialized request; answers the reply with MLMD's own status, whatever that is.

        Args:
            rpc: the name of a method.
            request: its serialized request.
            timeout: seconds that the caller waits, in place of those of all calls.

        Raises:
            DeadlineExceeded: no answer in time; the text says whether it may have been applied.
            StoreLocked: other writers kept it from being applied until the deadline.
            Unavailable: the worker ended or cannot start; the text says whether the call may
                have been applied.
            LineageQLError: what `start` raises.
        """
        if len(request) > LONGEST:
            raise InvalidArgument(f"a request of {rpc} has {len(request)} bytes; the most is {LONGEST}")
        with self.tally.counted(rpc) as call, tracing.span(f"ml-metadata {rpc}", "CLIENT"):
            reply = await self._submit(rpc, request, self._timeout if timeout is None else timeout)
            call.outcome = status_name(reply.code)
        return reply

    async def close(self) -> None:
        """Refuses further calls, lets the one under way finish, and ends the worker."""
        self._closed = True
        self._fail_queue(Unavailable, "the recorder is closing")
        if self._worker is not None:
            await self._worker.close(self._grace)
        if self._server is not None:
            await asyncio.wait((self._server,))

    async def _submit(self, rpc: str | None, request: bytes, timeout: float | None) -> Reply:
        if self._closed:
            raise Unavailable("the recorder is closed")
        loop = asyncio.get_running_loop()
        call = _Call(rpc, request, loop.time() + (timeout or 0.0), loop.create_future())
        # A caller that is cancelled just as its call fails never looks at the error;
        # asyncio would complain about that, so look at it here.
        call.answer.add_done_callback(lambda answer: answer.cancelled() or answer.exception())
        self._queue.append(call)
        if self._server is None or self._server.done():
            self._server = loop.create_task(self._serve(), name="calls of ml-metadata's worker")
        timer = None if timeout is None else loop.call_later(timeout, self._expire, call)
        self._unanswered += 1
        try:
            return await call.answer
        except (asyncio.CancelledError, LineageQLError):
            # A large request must not lie in the queue when nobody waits for it.
            if call in self._queue:
                self._queue.remove(call)
            raise
        finally:
            self._unanswered -= 1
            if timer is not None:
                timer.cancel()

    def _expire(self, call: _Call) -> None:
        if call.fate == UNKNOWN:
            call.fail(DeadlineExceeded, f"{call.rpc} was not answered in time")
        elif call.fate == ABORTED:
            call.fail(StoreLocked, f"{call.rpc} was given up")
        elif self._ready:
            call.fail(DeadlineExceeded, f"{call.rpc} did not have its turn in time")
        else:
            stage = "the store was still being opened, whose lock another process may hold"
            call.fail(DeadlineExceeded, f"{call.rpc} was not answered in time, as {stage}")

    def _fail_queue(self, kind: type[LineageQLError], text: str, error_id: str | None = None) -> None:
        calls, self._queue = self._queue, deque()
        for call in calls:
            call.fail(kind, text, error_id)

    async def _serve(self) -> None:
        """Answers the queue's calls in order, until there are none."""
        call: _Call | None = None
        try:
            while self._queue:
                worker = await self._opened()
                if worker is None or not self._queue:
                    continue
                call = self._queue.popleft()
                if call.rpc is None:
                    call.settle(Reply(Status.OK, b"", b""))
                elif not call.answer.done():
                    await self._answer(worker, call.rpc, call)
        except BaseException:
            # As the event loop ends, an exchange may be cut in two: nothing can follow it.
            if self._worker is not None:
                self._worker.kill("the recorder broke off")
            if call is not None:
                call.fail(Unavailable, "the recorder broke off")
            self._fail_queue(Unavailable, "the recorder broke off")
            raise

    async def _answer(self, worker: WorkerProcess, rpc: str, call: _Call) -> None:
        """Sends a call, and sends it again while it is aborted and there is time."""
        loop = asyncio.get_running_loop()
        pause, slowest = FIRST_PAUSE, 0.0
        while not call.answer.done():
            began = loop.time()
            try:
                await self._check()
            except LineageQLError as elsewhere:
                call.fail(type(elsewhere), str(elsewhere), elsewhere.error_id)
                return
            if not worker.alive:
                self._ready = False
                self._pass_on(call, await worker.ending())
                return
            call.fate = UNKNOWN
            try:
                reply = await self._exchange(worker, rpc, call.request, call.deadline)
            except WorkerEnded as ending:
                self._ready = False
                # Those that wait are served by the next worker.
                call.fail(Unavailable, f"during {rpc} {ending}")
                return
            if reply.code != Status.ABORTED:
                if reply.code in _SPOILING:
                    self._ready = False
                    await worker.close(self._grace)
                call.settle(reply)
                return
            call.fate = ABORTED
            wait = random.uniform(pause / 2, pause)
            slowest = max(slowest, loop.time() - began)
            # Without time for another attempt the truth is better told now, as
            # nobody could say later whether that attempt was applied. On a busy
            # machine that one may take longer than those before it.
            if self._closed or loop.time() + wait + 1.5 * slowest > call.deadline:
                call.settle(reply)
                return
            await asyncio.sleep(wait)
            if self._closed:
                call.fail(Unavailable, "the recorder is closing")
                return
            pause = min(2 * pause, LONGEST_PAUSE)

    def _pass_on(self, call: _Call, ending: str) -> None:
        """Gives a call to the next worker, as its own ended before it was sent the call; but only once."""
        if self._closed:
            call.fail(Unavailable, "the recorder is closing")
        elif call.passed_on:
            call.fail(Unavailable, f"before {call.rpc} {ending}")
        elif not call.answer.done():
            call.passed_on = True
            self._queue.appendleft(call)

    async def _check(self) -> None:
        if self._guard is not None:
            await asyncio.to_thread(self._guard)

    async def _exchange(self, worker: WorkerProcess, rpc: str, request: bytes, deadline: float) -> Reply:
        loop = asyncio.get_running_loop()
        # Nobody waits for the answer beyond the deadline, and all others wait for the worker.
        patience = min(self._patience, max(deadline - loop.time(), LEAST_PATIENCE))
        timer = loop.call_later(patience, worker.kill, f"{rpc} took more than {patience:.3g} seconds")
        try:
            return await worker.exchange(rpc.encode(), request)
        finally:
            timer.cancel()
            self._last = loop.time()

    async def _opened(self) -> WorkerProcess | None:
        """A worker that has opened the store; None, and the queue is answered, when it cannot."""
        if self._worker is not None and self._ready and self._worker.alive and await self._answers(self._worker):
            return self._worker
        self._ready = False
        loop = asyncio.get_running_loop()
        try:
            await self._check()
        except LineageQLError as elsewhere:
            self._fail_queue(type(elsewhere), str(elsewhere), elsewhere.error_id)
            return None
        if self._failure is None or loop.time() >= self._rest_ends:
            try:
                self._worker = await self._open()
            except LineageQLError as error:
                self._failure = error
                self._rest_ends = loop.time() + self._rest
                self._rest = min(2 * self._rest, LONGEST_REST)
            else:
                self._failure, self._rest, self._ready = None, FIRST_REST, True
                self._last = loop.time()
                return self._worker
        self._fail_queue(type(self._failure), str(self._failure), self._failure.error_id)
        return None

    async def _answers(self, worker: WorkerProcess) -> bool:
        """Whether a worker that lay idle still reaches its server; one that does not is ended."""
        loop = asyncio.get_running_loop()
        if self._probe is None or loop.time() - self._last < IDLE:
            return True
        try:
            reply = await self._exchange(worker, "GetContextsByID", b"", loop.time() + self._probe)
        except WorkerEnded:
            return False
        if reply.code == Status.OK:
            return True
        await worker.close(self._grace)
        return False

    async def _open(self) -> WorkerProcess:
        reason = missing_reason()
        if reason is not None:
            raise Unavailable(reason)
        self.tally.starts += 1
        worker = self._worker = await WorkerProcess.spawn()
        if self._closed:
            worker.kill("the recorder closed", unneeded=True)
        cause = f"it took more than {self._open_timeout:g} seconds; another process may hold the store's lock"
        timer = asyncio.get_running_loop().call_later(self._open_timeout, worker.kill, cause)
        try:
            reply = await worker.exchange(Opening(os.getpid(), self._upgrade).head(), self._config)
        except WorkerEnded as ending:
            words = worker.last_words
            raise Unavailable(f"while the store was being opened {ending}" + (f": {words}" if words else "")) from None
        finally:
            timer.cancel()
        if reply.code == Status.OK:
            return worker
        await worker.close(self._grace)
        error = faults.of_opening(reply.code, reply.message)
        if isinstance(error, Unavailable) and worker.last_words:
            # What a database's driver said about its server stands there only.
            raise Unavailable(f"{error}: {worker.last_words}")
        raise error
