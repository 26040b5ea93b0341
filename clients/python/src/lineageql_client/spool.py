"""The spool: a folder that holds what could not be recorded, until the service is back.

Each process has a file of its own in it, a *journal*: a line for each entry, in order, written to the disk before the
script goes on. Beside it stands how far it was sent (`.sent`), and what the service refused (`.refused.jsonl`), with
its words. A journal is locked as long as its process lives, so that nobody else sends it; the lock goes with the
process, however that ends. What is sent whole is removed.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from lineageql_client.errors import WAITING, LineageQLError, SpoolError
from lineageql_client.reading import new_id

if TYPE_CHECKING:
    from lineageql_client.client import Client

SUFFIX = ".spool.jsonl"
REFUSED = ".refused.jsonl"
VERSION = 1
"""Of the entries in a journal."""


class Journal:
    """This process's part of a spool; its file is made with its first entry."""

    def __init__(self, folder: Path) -> None:
        """A journal in a folder, which is made where there is none.

        Raises:
            SpoolError: it cannot be made or written to.
        """
        self.folder = folder.expanduser()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not os.access(self.folder, os.W_OK | os.X_OK):
                raise PermissionError(f"{self.folder} may not be written to")
        except OSError as error:
            raise SpoolError(f"the spool {self.folder} cannot be used: {error}") from error
        self._file: JournalFile | None = None
        self._process = os.getpid()

    def __len__(self) -> int:
        """How many entries are still to be sent."""
        self._forked()
        return 0 if self._file is None else self._file.left

    def append(self, entry: dict[str, Any]) -> None:
        """Writes an entry, on the disk when this ends.

        Raises:
            SpoolError: the disk is full, or the folder is gone.
        """
        self._forked()
        if self._file is None:
            name = f"{time.time_ns():020d}-{socket.gethostname()}-{os.getpid()}-{new_id()[:8]}{SUFFIX}"
            self._file = JournalFile.make(self.folder / name)
        self._file.append(entry)

    def entries(self) -> Iterator[dict[str, Any]]:
        """The entries that are still to be sent; `advance` is called after each."""
        if self._file is not None:
            yield from self._file.entries()

    def advance(self) -> None:
        """Says that an entry is done."""
        if self._file is not None:
            self._file.advance()
            if not self._file.left:
                self._file.remove()
                self._file = None

    def refuse(self, entry: dict[str, Any], error: LineageQLError) -> None:
        """Keeps an entry that the service refused, with its words."""
        if self._file is not None:
            self._file.refuse(entry, error)

    def close(self) -> None:
        """Lets go of the file; what is left in it can be sent by others."""
        if self._file is not None and self._process == os.getpid():
            self._file.close()
        self._file = None

    def _forked(self) -> None:
        # A child has its own file; its parent's stays the parent's.
        if self._process != os.getpid():
            self._process = os.getpid()
            self._file = None


class JournalFile:
    """A locked file of entries."""

    def __init__(self, path: Path, file: IO[bytes], sent: int) -> None:
        self.path = path
        self._file = file
        self._sent = sent  # bytes
        self._queue: list[int] = []  # lengths of the entries that are still to be sent
        file.seek(sent)
        for line in file:
            if line.endswith(b"\n"):  # the last one may be torn, and was then never acknowledged
                self._queue.append(len(line))
        self._end = sent + sum(self._queue)

    @classmethod
    def make(cls, path: Path) -> JournalFile:
        """A new file.

        Raises:
            SpoolError: it cannot be made.
        """
        # It gets the name of a journal when it is locked: a flush would take it before, and remove it as empty.
        new = _beside(path, ".new")
        try:
            file = new.open("x+b", buffering=0)
            if not _lock(file):
                raise SpoolError(f"{new} is locked by somebody else")
            new.rename(path)
            _sync_folder(path.parent)
        except OSError as error:
            raise SpoolError(f"the spool {path.parent} cannot be written to: {error}") from error
        return cls(path, file, 0)

    @classmethod
    def take(cls, path: Path) -> JournalFile | None:
        """A file of a process that is gone; None where that lives, or where somebody else sends it now."""
        try:
            file = path.open("r+b", buffering=0)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SpoolError(f"{path} cannot be read: {error}") from error
        if not _lock(file) or not path.exists() or os.fstat(file.fileno()).st_ino != path.stat().st_ino:
            file.close()
            return None
        try:
            sent = int(_beside(path, ".sent").read_text())
        except (FileNotFoundError, ValueError):
            sent = 0
        return cls(path, file, sent)

    @property
    def left(self) -> int:
        return len(self._queue)

    def append(self, entry: dict[str, Any]) -> None:
        line = json.dumps({"version": VERSION, "entry": entry}, allow_nan=False).encode() + b"\n"
        try:
            self._file.seek(self._end)
            self._file.truncate()
            written = self._file.write(line)
            if written != len(line):
                raise OSError("the disk is full")
            os.fsync(self._file.fileno())
            if not os.fstat(self._file.fileno()).st_nlink:
                raise OSError("it was removed, and what was in it is not to be sent any more")
        except OSError as error:
            raise SpoolError(f"{self.path} cannot be written to: {error}") from error
        self._end += len(line)
        self._queue.append(len(line))

    def entries(self) -> Iterator[dict[str, Any]]:
        while self._queue:
            self._file.seek(self._sent)
            line = self._file.read(self._queue[0])
            try:
                row = json.loads(line)
                row["version"], row["entry"]["op"]
            except (ValueError, KeyError, TypeError):
                words = f"{self.path} holds no entry at byte {self._sent}: {line[:40]!r}"
                raise SpoolError(f"{words}: mend that line, or move the file away") from None
            if row["version"] != VERSION:
                words = f"{self.path} is of version {row['version']} of the spool, and this client knows {VERSION}"
                raise SpoolError(f"{words}: take a newer client")
            yield row["entry"]

    def advance(self) -> None:
        self._sent += self._queue.pop(0)
        # It may be lost with the machine, or not fit on a full disk: what is sent again changes nothing.
        new = _beside(self.path, ".sent.new")
        with contextlib.suppress(OSError):
            new.write_text(str(self._sent))
            new.replace(_beside(self.path, ".sent"))

    def refuse(self, entry: dict[str, Any], error: LineageQLError) -> None:
        kept = _beside(self.path, REFUSED)
        try:
            with kept.open("a") as file:
                row = {"version": VERSION, "entry": entry, "code": error.code, "error": str(error)}
                file.write(json.dumps(row) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as trouble:
            raise SpoolError(f"{kept} cannot be written to: {trouble}") from error

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
        for suffix in (".sent", ".sent.new"):
            _beside(self.path, suffix).unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        self._file.close()


@dataclass
class Flushed:
    """What a flush did."""

    sent: int = 0
    refused: int = 0
    left: int = 0
    """Entries that are still to be sent, as the service is away or takes none now."""
    error: LineageQLError | None = None
    """Why there are entries left."""
    busy: list[Path] = field(default_factory=list)
    """The journals of processes that live, which were left alone."""
    refusals: list[Path] = field(default_factory=list)
    """The files of what was refused, now and before, which lie there until somebody deletes them."""

    @property
    def complete(self) -> bool:
        """Whether nothing is left in the folder that somebody has to care for."""
        return not (self.left or self.busy or self.refusals)


def flush(folder: Path, client: Client, report: Callable[[int], None] | None = None) -> Flushed:
    """Sends the journals of a spool, oldest first, but for those of processes that live.

    Raises:
        SpoolError: the folder cannot be read.
    """
    from lineageql_client.sending import Sender

    folder = folder.expanduser()
    if not folder.is_dir():
        raise SpoolError(f"there is no folder {folder}")
    done = Flushed()
    sender = Sender(client)
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        file = JournalFile.take(path)
        if file is None:
            if path.exists():
                done.busy.append(path)
            continue
        try:
            _send(file, sender, done, report)
        finally:
            file.close()
    done.refusals = sorted(folder.glob(f"*{REFUSED}"))
    return done


def _send(file: JournalFile, sender: Any, done: Flushed, report: Callable[[int], None] | None) -> None:
    for entry in file.entries():
        if done.error is not None:
            break
        try:
            sender.send(entry, None)
        except WAITING as error:
            done.error = error
            break
        except LineageQLError as error:
            file.refuse(entry, error)
            done.refused += 1
        else:
            done.sent += 1
        file.advance()
        if report is not None:
            report(done.sent)
    done.left += file.left
    if not file.left:
        file.remove()


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name.removesuffix(SUFFIX) + suffix)


def _lock(file: IO[bytes]) -> bool:
    try:
        import fcntl
    except ImportError as error:
        raise SpoolError("a spool needs the file locks of Linux or macOS") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
