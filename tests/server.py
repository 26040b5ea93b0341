"""A server in a process of its own, as a user starts it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path
from resource import RLIMIT_NOFILE, setrlimit


class Server:
    """A server in a process of its own, which may have so many files open."""

    def __init__(self, *arguments: str, cwd: Path, files: int | None = None) -> None:
        command = [sys.executable, "-m", "lineageql", *arguments]
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=None if files is None else lambda: setrlimit(RLIMIT_NOFILE, (files, files)),
        )
        assert self.process.stdout is not None
        self.url = ""
        for line in self.process.stdout:
            found = re.search(r"(http://\S+)/graphql", line)
            if found:
                self.url = found.group(1)
                break

    def stop(self, with_signal: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        try:
            return self.process.wait(20)
        finally:
            self.process.kill()
            self.process.communicate()
