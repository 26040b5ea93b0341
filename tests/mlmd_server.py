"""MLMD's gRPC service in a process of its own, as a user starts it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


class MLMDServer:
    """`lineageql mlmd-server`, or another command with such a port, that listens by the time this is made."""

    def __init__(
        self,
        store: Path | str,
        *arguments: str,
        command: str = "mlmd-server",
        port: int = 0,
        folder: Path | None = None,
        program: Sequence[str] = ("-m", "lineageql"),
    ) -> None:
        """Starts it on a file, or on a URL and in a folder; `program` is what Python runs."""
        folder = folder or Path(store).parent
        flag = "--port" if command == "mlmd-server" else "--mlmd-port"
        self.process = subprocess.Popen(
            [sys.executable, *program, command, str(store), flag, str(port), *arguments],
            cwd=folder,
            text=True,
            stdout=subprocess.PIPE,
            # A pipe that nobody reads could fill up.
            stderr=(folder / "mlmd-server.log").open("a"),
        )
        assert self.process.stdout is not None
        self.host, self.port = "", 0
        self.url = ""
        for line in self.process.stdout:
            if found := re.search(r"(http://\S+)/graphql", line):
                self.url = found.group(1)
            if found := re.search(r"MLMD \(gRPC\) +(\S+):(\d+)", line):
                self.host, self.port = found.group(1), int(found.group(2))
                return
        raise AssertionError((folder / "mlmd-server.log").read_text())

    def stop(self, with_signal: int = signal.SIGTERM, seconds: float = 20) -> int:
        """Ends it; answers its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        try:
            return self.process.wait(seconds)
        finally:
            self.process.kill()
            self.process.wait()
            if self.process.stdout is not None:
                self.process.stdout.close()
