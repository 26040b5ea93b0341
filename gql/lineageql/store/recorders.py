"""Recorders of a store that reads by SQL: ml-metadata's worker, or what says why there is none."""

from __future__ import annotations

import asyncio
import logging

from lineageql.errors import LineageQLError, Unavailable
from lineageql.store.mlmd.channel import WorkerChannel
from lineageql.store.ports import Recorder
from lineageql.store.tally import Tally

log = logging.getLogger("lineageql.store")


class MissingRecorder:
    """The Recorder where ml-metadata is not installed: every call is refused, and says what to do."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self.tally = Tally()

    async def call(self, rpc: str, request: bytes) -> bytes:
        raise Unavailable(self.reason)

    async def close(self) -> None:
        """There is nothing to let go of."""


class Starting:
    """The start of a recorder's worker before it is needed, which nothing waits for."""

    def __init__(self, recorder: Recorder | None) -> None:
        self._recorder = recorder
        self._task: asyncio.Task[None] | None = None
        if isinstance(recorder, WorkerChannel):
            self._task = asyncio.create_task(_start(recorder), name="start of ml-metadata's worker")

    async def close(self) -> None:
        """Ends the start and then the recorder, after the call that it is at."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
        if self._recorder is not None:
            await self._recorder.close()


async def _start(recorder: WorkerChannel) -> None:
    """Starts the worker; what goes wrong is told again at the first call."""
    try:
        await recorder.start()
    except LineageQLError as error:
        log.warning("the store cannot be written to yet: %s", error)
