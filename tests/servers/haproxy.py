"""HAProxy before several servers of the tests' own, which takes one after the other."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.servers import allowed, end_with_parent, free_port, missing


class HAProxy:
    """A balancer of connections to ports of this machine; one that is closed gets none."""

    def __init__(self, ports: Sequence[int]) -> None:
        allowed()
        found = shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
        if found is None:
            missing("there is no HAProxy here (Debian: apt-get install haproxy)")
            raise AssertionError
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="lineageql-haproxy-"))
        rows = [
            "defaults",
            "  mode tcp",
            "  timeout connect 2s",
            "  timeout client 1h",
            "  timeout server 1h",
            "listen servers",
            f"  bind 127.0.0.1:{self.port}",
            "  balance roundrobin",
            "  option tcpka",
        ]
        rows += [
            f"  server s{port} 127.0.0.1:{port} check inter 500ms fall 2 on-marked-down shutdown-sessions"
            for port in ports
        ]
        (self.folder / "haproxy.cfg").write_text("\n".join(rows) + "\n", encoding="utf-8")
        with (self.folder / "log").open("ab") as log:
            command = [found, "-db", "-f", str(self.folder / "haproxy.cfg")]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=end_with_parent)
        until = time.monotonic() + 30
        while True:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", self.port)) == 0:
                    break
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < until
            time.sleep(0.02)

    def close(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)
