"""PgBouncer before a PostgreSQL server of the tests' own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.servers import allowed, end_with_parent, free_port, missing
from tests.servers.postgresql import PASSWORD, USER, PostgreSQL


class PgBouncer:
    """A pooler before all databases of a server.

    Args:
        server: the server.
        mode: `session`, `transaction` or `statement`.
        settings: more of its settings.
    """

    def __init__(self, server: PostgreSQL, mode: str, **settings: str) -> None:
        allowed()
        found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
        if found is None:
            missing("there is no PgBouncer here (Debian: apt-get install pgbouncer)")
            raise AssertionError
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="lineageql-pgbouncer-"))
        password = PASSWORD.replace('"', '""')
        (self.folder / "users").write_text(f'"{USER}" "{password}"\n', encoding="utf-8")
        rows = {
            "listen_addr": "127.0.0.1",
            "listen_port": str(self.port),
            "unix_socket_dir": "",
            "auth_type": "plain",
            "auth_file": str(self.folder / "users"),
            "pool_mode": mode,
            # Fewer than clients, so that they change connections all the time.
            "default_pool_size": "4",
            **settings,
        }
        ini = [f"[databases]\n* = host=127.0.0.1 port={server.port}\n[pgbouncer]"]
        ini += [f"{name} = {value}" for name, value in rows.items()]
        (self.folder / "ini").write_text("\n".join(ini) + "\n", encoding="utf-8")
        # It refuses to run as root, as PostgreSQL does.
        owner: dict[str, Any] = {}
        if os.geteuid() == 0:
            owner = {"user": "postgres", "group": "postgres", "extra_groups": []}
            for path in (self.folder, *self.folder.iterdir()):
                shutil.chown(path, "postgres", "postgres")
        with (self.folder / "log").open("ab") as log:
            command = [found, str(self.folder / "ini")]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=end_with_parent, **owner)
        until = time.monotonic() + 30
        while True:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", self.port)) == 0:
                    break
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < until, self.log()
            time.sleep(0.02)

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-4000:]

    def url(self, url: str) -> str:
        """The URL of a database by way of the pooler."""
        before, _, rest = url.rpartition("@")
        return f"{before}@127.0.0.1:{self.port}/{rest.partition('/')[2]}"

    def close(self) -> None:
        # Other signals may be ignored in what a shell started in the background; a pooler has nothing to lose.
        self.process.kill()
        self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)
