"""The lock of those who record in an SQLite file: one on a file beside it, as long as something is recorded.

SQLite's own lock cannot be it: ml-metadata takes that for each call. Nor can a lock on the
file itself: a process that closes a file lets go of all locks that SQLite has on it there.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import random
from contextlib import suppress
from pathlib import Path

from lineageql.errors import StoreError
from lineageql.store.write_lock import WriteLock

SUFFIX = "-lineageql"
"""What the name of the file ends with after that of the store."""
_SHORTEST, _LONGEST = 0.001, 0.01
"""Seconds between two looks at the lock."""


class FileLock(WriteLock):
    """A lock by `flock` on a file beside the store's.

    Args:
        path: the store's file, without symbolic links.
        patience: see `WriteLock`.
    """

    def __init__(self, path: Path, patience: float) -> None:
        super().__init__(str(path), patience)
        self._path = Path(f"{path}{SUFFIX}")
        self._file: int | None = None

    async def take(self, seconds: float) -> bool:
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        while not self._taken():
            if loop.time() >= ends:
                return False
            await asyncio.sleep(random.uniform(_SHORTEST, _LONGEST))
        return True

    def _taken(self) -> bool:
        try:
            if self._file is None:
                # For all who may write to the store.
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _same(self._file, self._path):
                return True
        except BlockingIOError:
            return False
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise StoreError(f"{self._path} cannot be locked ({reason}); nothing was written") from error
        # Another process took it away as it closed the store.
        self._forget()
        return False

    async def free(self) -> None:
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def check(self) -> None:
        """The operating system keeps it as long as the file is open."""

    async def close(self) -> None:
        """Takes the file away, unless another process is recording: the store's file alone is the store again."""
        if self._file is not None:
            with suppress(OSError):
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _same(self._file, self._path):
                    os.unlink(self._path)
            self._forget()

    def _forget(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _same(file: int, path: Path) -> bool:
    """Whether a path leads to a file that is open."""
    try:
        there = os.stat(path)
    except FileNotFoundError:
        return False
    here = os.fstat(file)
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)
