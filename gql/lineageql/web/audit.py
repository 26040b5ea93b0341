"""The audit log: who recorded what, a JSON object a line, appended before the answer is sent.

A mutation is refused before it does anything while the log cannot be written to. Where the
log fails in the very moment after a mutation was applied, its line is kept, told in the
service's own log, and written first once the log can be written to again.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from datetime import datetime, timezone
from typing import Any

from lineageql.errors import Unavailable, UsageError
from lineageql.web.logs import json_line

log = logging.getLogger("lineageql.audit")

STANDARD_OUTPUT = "-"


class AuditLog:
    """A file that lines are appended to; it is opened anew where it was moved, as logrotate does, or is told to.

    Args:
        path: the file, which is made where there is none; `-` for standard output.

    Raises:
        UsageError: it cannot be opened.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.failures = 0
        """How often a line could not be written."""
        self._lock = threading.Lock()
        self._unwritten: deque[bytes] = deque()
        self._torn = False
        self._file: int | None = None
        try:
            self._open()
        except OSError as error:
            raise UsageError(f"the audit log {path} cannot be opened: {_reason(error)}") from error

    @property
    def unwritten(self) -> int:
        """How many lines it lacks, as it cannot be written to."""
        return len(self._unwritten)

    def check(self) -> None:
        """Refuses what would have to be written down, and could not be.

        Raises:
            Unavailable: the log cannot be opened, or lacks lines that still cannot be written.
        """
        with self._lock:
            try:
                self._current()
                self._catch_up()
            except OSError as error:
                self.failures += 1
                log.error("the audit log cannot be written to, and mutations are refused: %s", _reason(error))
                words = "this service writes down who records what, and cannot now"
                raise Unavailable(f"{words}; nothing was done: send it again later") from error

    def write(self, *, kept: bool, **facts: Any) -> None:
        """Appends a line, which begins with the time; returns once the operating system has it.

        Args:
            kept: keep it for later where it cannot be written: what was done must be told. What was only tried is
                told in the service's own log then, as it could be tried without end.
            facts: what stands in it.
        """
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        line = json_line({"time": now, **facts}).encode("utf-8", "backslashreplace") + b"\n"
        with self._lock:
            self._unwritten.append(line)
            try:
                self._current()
                self._catch_up()
            except OSError as error:
                self.failures += 1
                if not kept:
                    self._unwritten.pop()
                text = line.decode("utf-8").rstrip()
                log.error("the audit log cannot be written to (%s), and lacks: %s", _reason(error), text)

    def reopen(self) -> None:
        """Opens the file anew before the next line."""
        with self._lock:
            self._close()

    def close(self) -> None:
        """Lets go of the file."""
        self.reopen()

    def _catch_up(self) -> None:
        """Writes the lines that the log lacks, in their order."""
        assert self._file is not None
        while self._unwritten:
            # What a full disk left of a line ends here, so that the next one is whole.
            rest = (b"\n" if self._torn else b"") + self._unwritten[0]
            while rest:
                written = os.write(self._file, rest)
                rest, self._torn = rest[written:], True
            self._torn = False
            self._unwritten.popleft()

    def _current(self) -> None:
        """Opens the file where it is not open, or where its name leads to another one by now."""
        if self._file is not None and self.path != STANDARD_OUTPUT:
            opened = os.fstat(self._file)
            try:
                named = os.stat(self.path)
            except FileNotFoundError:
                named = None
            if named is None or (named.st_dev, named.st_ino) != (opened.st_dev, opened.st_ino):
                self._close()
        if self._file is None:
            self._open()

    def _open(self) -> None:
        if self.path == STANDARD_OUTPUT:
            self._file = os.dup(1)
        else:
            self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        self._torn = False

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
