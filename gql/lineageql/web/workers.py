"""Several processes on one socket: each reads by itself, and all record by the one ml-metadata process of the first.

The first process listens, opens the store, has the recorder, and serves nobody. It starts the
others, starts one again that has ended, and ends them when it is told to end.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from prometheus_client import multiprocess

from lineageql.errors import LineageQLError, Unavailable
from lineageql.settings import Settings
from lineageql.store.mlmd.channel import WorkerChannel
from lineageql.store.mlmd.shared import SharedRecorder
from lineageql.store.open import open_store
from lineageql.store.ports import Store
from lineageql.web import logs
from lineageql.web.audit import AuditLog
from lineageql.web.gathering import FOLDER
from lineageql.web.loop import run
from lineageql.web.metrics import Metrics
from lineageql.web.server import Beside, address_of
from lineageql.web.server import serve as serve_here

log = logging.getLogger("lineageql.web")

GRACE = 20.0
"""Seconds in which a process must have ended that was asked to; it gives its clients ten."""
_REST = 1.0
"""Seconds before a process is started in the place of one that has ended."""


async def serve(
    store: Store,
    settings: Settings,
    listener: socket.socket,
    started: Callable[[str], None],
    beside: Beside | None = None,
    audit: AuditLog | None = None,
) -> None:
    """Serves by several processes until a signal asks to end; requests under way are finished first.

    Args:
        store: what is served; it is closed at the end.
        settings: how; `workers` is how many.
        listener: where.
        started: is told the address once all of them serve.
        beside: ends before the store does.
        audit: the audit log of what this process itself writes; each of the others opens its own.

    Raises:
        Unavailable: a process ended before it served.
    """
    shared: SharedRecorder | None = None
    path = ""
    if isinstance(store.recorder, WorkerChannel):
        path = str(Path(os.environ[FOLDER]) / "recorder")
        shared = SharedRecorder(store.recorder)
        await shared.listen(path)
    metrics = Metrics() if settings.metrics else None
    if metrics is not None and settings.metrics_port is not None:
        metrics.listen(settings.host, settings.metrics_port)
    workers = _Workers(settings, listener, path)
    loop = asyncio.get_running_loop()

    def reopen() -> None:
        if audit is not None:
            audit.reopen()
        workers.signal(signal.SIGHUP)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, workers.stopping.set)
    if settings.audit_log:
        loop.add_signal_handler(signal.SIGHUP, reopen)
    counting = asyncio.create_task(_count(metrics, store, audit), name="counts of the recorder")
    try:
        await workers.serve(lambda: started(address_of(listener)))
    finally:
        counting.cancel()
        if beside is not None:
            await beside.stop(GRACE)
        if shared is not None:
            await shared.close()
        await store.close()
        if metrics is not None:
            metrics.close()


async def _count(metrics: Metrics | None, store: Store, audit: AuditLog | None) -> None:
    while metrics is not None and store.recorder is not None:
        metrics.starts(store.recorder.tally)
        if audit is not None:
            metrics.audit(audit.unwritten, audit.failures)
        await asyncio.sleep(1)


class _Workers:
    """The processes that serve."""

    def __init__(self, settings: Settings, listener: socket.socket, recorder: str) -> None:
        self.stopping = asyncio.Event()
        self._settings = settings
        self._listener = listener
        self._recorder = recorder
        self._context = multiprocessing.get_context("spawn")
        self._processes: dict[int, Any] = {}

    def signal(self, number: int) -> None:
        """Sends a signal to each of them."""
        for process in self._processes.values():
            with suppress(ProcessLookupError):
                os.kill(process.pid, number)

    async def serve(self, started: Callable[[], None]) -> None:
        places = range(self._settings.workers)
        try:
            await asyncio.gather(*(self._start(place) for place in places))
            if not self.stopping.is_set():
                started()
            watchers = [asyncio.create_task(self._watch(place)) for place in places]
            await self.stopping.wait()
            for watcher in watchers:
                watcher.cancel()
        finally:
            self.signal(signal.SIGTERM)
            await asyncio.gather(*(asyncio.to_thread(_end, process) for process in self._processes.values()))

    async def _start(self, place: int) -> None:
        """Starts a process, and waits until it serves.

        Raises:
            Unavailable: it ended before.
        """
        here, there = self._context.Pipe(duplex=False)
        arguments = (self._settings, self._listener, self._recorder, there)
        process = self._context.Process(target=_work, args=arguments, name=f"lineageql-{place}")
        await asyncio.to_thread(process.start)
        self._processes[place] = process
        there.close()
        try:
            await asyncio.to_thread(here.recv)
        except EOFError:
            if not self.stopping.is_set():
                raise Unavailable("a process that was to serve ended before it did; the log says why") from None
        finally:
            here.close()

    async def _watch(self, place: int) -> None:
        """Keeps a process in its place, whatever ends it."""
        while True:
            process = self._processes[place]
            await asyncio.to_thread(process.join)
            multiprocess.mark_process_dead(process.pid)  # type: ignore[no-untyped-call]
            log.error("process %s, which served, ended with exit code %s", process.pid, process.exitcode)
            await asyncio.sleep(_REST)
            try:
                await self._start(place)
            except Unavailable as error:
                log.error("%s", error)


def _end(process: Any) -> None:
    process.join(GRACE)
    if process.is_alive():
        process.kill()
        process.join()


def _work(settings: Settings, listener: socket.socket, recorder: str, ready: Connection) -> None:
    """What a process does: it serves until it is told to end, or the first process has gone."""
    logs.configure(settings)
    if settings.audit_log:
        # It opens the log when it is ready: until then there is nothing to open anew.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    async def main() -> None:
        parent = multiprocessing.parent_process()
        assert parent is not None
        asyncio.get_running_loop().add_reader(int(parent.sentinel), os.kill, os.getpid(), signal.SIGTERM)
        store = await open_store(settings.store, settings, recorder)
        await serve_here(store, settings, listener, started)

    def started(address: str) -> None:
        ready.send(address)
        ready.close()

    try:
        run(main())
    except LineageQLError as error:
        log.error("%s", error)
        sys.exit(2)
