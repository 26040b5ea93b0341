"""A file that says who may do what: read again when it changes, and kept as it was where it is wrong."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from lineageql.errors import UsageError

T = TypeVar("T")

LOOK = 1.0
"""Seconds between two looks at a file: as long as a change may go unnoticed."""
REMIND = 300.0
"""Seconds after which the log says again that a file is wrong."""
LARGEST = 4 * 1024 * 1024
"""Bytes of a file."""

log = logging.getLogger("lineageql")


class WatchedFile(Generic[T]):
    """The value of a file, as it is now; or as it was last, where it is wrong now or cannot be read.

    It is looked at when its value is asked for, in a thread and no more than once a
    second, so a file system that hangs holds up one request and not the event loop.

    Args:
        path: the file. A link is followed, as Kubernetes changes files by changing links.
        parse: makes the value of its text, or raises UsageError with what is wrong and where.

    Raises:
        UsageError: it is wrong, or cannot be read, to begin with.
    """

    def __init__(self, path: Path, parse: Callable[[str], T]) -> None:
        self.path = path
        self._parse = parse
        self._look_at = time.monotonic() + LOOK
        self._told_at = 0.0
        self._fault = ""
        self._state = self._stat()
        self._value = self._read()

    @property
    def last(self) -> T:
        """The value as it was at the last look."""
        return self._value

    async def current(self) -> T:
        """The value of the file."""
        now = time.monotonic()
        if now >= self._look_at:
            # Set before the look: who asks meanwhile goes on with what there is.
            self._look_at = now + LOOK
            await asyncio.to_thread(self._look)
        return self._value

    def _look(self) -> None:
        fault = ""
        try:
            state = self._stat()
            if state != self._state or self._fault:
                self._value = self._read()
                self._state = state
                log.warning("%s was read again, and counts as it is now", self.path)
        except UsageError as error:
            fault = str(error)
        now = time.monotonic()
        if fault and (fault != self._fault or now - self._told_at >= REMIND):
            self._told_at = now
            log.error("%s; WHAT IT SAID BEFORE STILL COUNTS", fault)
        self._fault = fault

    def _stat(self) -> tuple[int, ...]:
        try:
            found = os.stat(self.path)
        except OSError as error:
            raise self._unreadable(error) from None
        return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)

    def _read(self) -> T:
        try:
            with self.path.open("rb") as file:
                content = file.read(LARGEST + 1)
        except OSError as error:
            raise self._unreadable(error) from None
        if len(content) > LARGEST:
            raise UsageError(f"{self.path} has more than {LARGEST} bytes")
        try:
            text = content.decode("utf-8")
        except UnicodeError:
            raise UsageError(f"{self.path} is not UTF-8") from None
        return self._parse(text)

    def _unreadable(self, error: OSError) -> UsageError:
        return UsageError(f"cannot read {self.path}: {(error.strerror or str(error)).lower()}")
