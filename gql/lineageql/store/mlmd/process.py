"""One worker process as the service sees it: started, asked, watched and ended."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections import deque
from contextlib import suppress

from lineageql.errors import Unavailable
from lineageql.settings import PREFIX
from lineageql.store.mlmd.frames import REPLY, Reply, request
from lineageql.store.streams import write

log = logging.getLogger("lineageql.store.mlmd")

MODULE = "lineageql.store.mlmd.worker"
# Between the end of a process's output and the news of its end.
REAPING = 5.0


class WorkerEnded(Exception):
    """The process ended before it answered; the text is a clause that says how."""


class WorkerProcess:
    """A running worker. One exchange at a time; whoever breaks one off must kill the process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._process = process
        self._stdin, self._stdout, self._stderr = process.stdin, process.stdout, process.stderr
        self._words: deque[str] = deque(maxlen=20)
        self._cause = ""
        self._unneeded = False
        self._watcher = asyncio.create_task(self._watch(), name=f"watcher of ml-metadata's worker {process.pid}")

    @classmethod
    async def spawn(cls) -> WorkerProcess:
        """Starts a process, which then waits for the request that opens a store.

        Raises:
            Unavailable: the operating system starts no process.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                MODULE,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=_environment(),
                # How far a stream reads ahead; a longer reply is still read whole.
                limit=1 << 20,
            )
        except OSError as error:
            raise Unavailable(f"the worker process for ml-metadata cannot be started: {error}") from error
        return cls(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can be asked, as far as is known by now."""
        closed = self._stdin.is_closing() or self._stdout.at_eof()
        return self._process.returncode is None and not closed and not self._cause

    @property
    def last_words(self) -> str:
        """The end of what it wrote to stderr, as one line."""
        return " | ".join(list(self._words)[-3:])

    async def exchange(self, head: bytes, body: bytes) -> Reply:
        """Sends one request and reads its reply.

        Raises:
            WorkerEnded: the process ended; whether it did its work is unknown.
        """
        try:
            write(self._stdin, request(head, body))
            await self._stdin.drain()
            code, message_size, body_size = REPLY.unpack(await self._stdout.readexactly(REPLY.size))
            message = await self._stdout.readexactly(message_size) if message_size else b""
            return Reply(code, message, await self._stdout.readexactly(body_size) if body_size else b"")
        except (asyncio.IncompleteReadError, OSError):
            raise WorkerEnded(await self.ending()) from None

    def kill(self, cause: str, *, unneeded: bool = False) -> None:
        """Ends it at once; `cause` says why in its caller's error; no warning tells of one that is unneeded."""
        self._unneeded = self._unneeded or unneeded
        if self._process.returncode is None:
            self._cause = self._cause or cause
            with suppress(ProcessLookupError):
                self._process.kill()

    async def close(self, grace: float) -> None:
        """Lets it finish its call and end by itself; kills it after `grace` seconds."""
        self._stdin.close()
        try:
            await asyncio.wait((self._watcher,), timeout=grace)
        finally:
            self.kill("it did not end when it was asked to")
        await asyncio.wait((self._watcher,))

    async def ending(self) -> str:
        """Waits for the end of a process whose pipes have ended; tells about it."""
        await asyncio.wait((self._watcher,), timeout=REAPING)
        self.kill("it closed its pipes but did not end")
        await asyncio.wait((self._watcher,), timeout=REAPING)
        because = f" because {self._cause}" if self._cause else ""
        return f"the worker process for ml-metadata (pid {self.pid}) {_end(self._process.returncode)}{because}"

    async def _watch(self) -> None:
        """Reads stderr to its end, so that the pipe never fills up, then waits for the process's end."""
        rest = b""
        while chunk := await self._stderr.read(65536):
            *lines, rest = (rest + chunk).split(b"\n")
            # A line without an end must not gather in memory.
            if len(rest) > 65536:
                lines, rest = [*lines, rest], b""
            self._hear(lines)
        self._hear([rest])
        code = await self._process.wait()
        if code == 0 or self._unneeded:
            log.debug("worker %s ended", self.pid)
        else:
            log.warning("worker %s %s; it had said: %s", self.pid, _end(code), self.last_words or "nothing")

    def _hear(self, lines: list[bytes]) -> None:
        for line in lines:
            if text := line[:2000].decode(errors="replace").strip():
                self._words.append(text[:500])
                log.debug("worker %s: %s", self.pid, text)


def _environment() -> dict[str, str]:
    """This process's environment, with its import path: LineageQL may be installed, or only lie on that path.

    The settings are not the worker's, and one of them is a password.
    """
    environ = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    path = os.pathsep.join(os.path.abspath(entry) for entry in sys.path)
    # Else `-m` puts the current directory first, whose files are not to be imported.
    return {**environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}


def _end(code: int | None) -> str:
    """What an exit code says, as a clause's verb."""
    if code is None or code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
