"""A PostgreSQL server of the tests' own.

Its databases sort as people do, and not by octets, unless one is made otherwise:
what sorts by octets anyway would hide a missing COLLATE.
"""

from __future__ import annotations

import atexit
import functools
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.processes import children
from tests.servers import allowed, end_with_parent, free_port, missing

PASSWORD = "it's a \"p@ss/w:rd\\ %41?#"
USER = "lineage owner"


def binaries() -> Path:
    """The folder of the newest PostgreSQL here; without one the test is skipped."""
    found = [Path(path).resolve().parent for path in (shutil.which("postgres"), shutil.which("initdb")) if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    for folder in found:
        if all((folder / name).exists() for name in ("initdb", "postgres", "psql")):
            return folder
    missing("there is no PostgreSQL here (Debian: apt-get install postgresql)")
    raise AssertionError


class PostgreSQL:
    """A server that takes so many connections; `start` and `stop` may be called again and again."""

    def __init__(self, connections: int = 50) -> None:
        allowed()
        self.connections = connections
        self.bin = binaries()
        self.folder = Path(tempfile.mkdtemp(prefix="lineageql-postgresql-"))
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._names = itertools.count()
        # PostgreSQL refuses to run as root.
        self._as: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []}
        if os.geteuid() != 0:
            self._as = {}
        else:
            shutil.chown(self.folder, "postgres", "postgres")
        try:
            self._make()
            self.start()
        except BaseException:
            self.close()
            raise

    def _make(self) -> None:
        password = self.folder / "password"
        password.write_text(PASSWORD + "\n", encoding="utf-8")
        if self._as:
            shutil.chown(password, "postgres")
        locale = ["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"]
        command = [str(self.bin / "initdb"), "-D", str(self.folder / "data"), "-U", USER, "-A", "scram-sha-256"]
        command += ["--pwfile", str(password), "-E", "UTF8", "--no-sync", *locale]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.folder, **self._as)
        assert done.returncode == 0, done.stderr

    def start(self, *options: str) -> None:
        """Starts the server and waits until it answers."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            "autovacuum": "off",
            "max_connections": str(self.connections),
            "log_statement": "none",
        }
        command = [str(self.bin / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port)]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            arguments = {"stdout": log, "stderr": log, "cwd": self.folder, "preexec_fn": end_with_parent, **self._as}
            self.process = subprocess.Popen([*command, *options], **arguments)
        until = time.monotonic() + 60
        while "\nready" not in self._status():
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < until, self.log()
            time.sleep(0.02)

    def _status(self) -> str:
        """The state that the server writes into its own file, `ready` when it takes connections."""
        try:
            return (self.folder / "data" / "postmaster.pid").read_text()
        except OSError:
            return ""

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-4000:]

    def stop(self, with_signal: int = signal.SIGQUIT) -> None:
        """Ends the server, at once and without tidying up unless another signal is given."""
        if self.process is not None and self.process.poll() is None:
            if with_signal == signal.SIGKILL:
                # Its children would outlive it for a while, and finish what they are at.
                self.process.send_signal(signal.SIGSTOP)
                for pid in children(self.process.pid):
                    os.kill(pid, signal.SIGKILL)
            self.process.send_signal(with_signal)
            self.process.wait(30)
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def psql(self, text: str, database: str = "postgres") -> str:
        """What a script prints: rows by line, columns by bar."""
        return self._psql(database, "-f", "-", input=text)

    def copy(self, table: str, path: Path, database: str) -> None:
        """Fills a table from a file in COPY's text format."""
        with path.open(encoding="utf-8") as file:
            self._psql(database, "-c", f"COPY {table} FROM STDIN", stdin=file)

    def _psql(self, database: str, *arguments: str, **streams: Any) -> str:
        environment = {**os.environ, "PGPASSWORD": PASSWORD}
        command = [str(self.bin / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *arguments]
        command += ["-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-d", database]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, **streams)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def name(self) -> str:
        """A database's name that is not taken."""
        return f"Store {next(self._names)} é"

    def database(self, script: str = "", options: str = "") -> str:
        """The name of a new database, made with `options` and filled by a script."""
        name = self.name()
        self.psql(f'CREATE DATABASE "{name}" {options}')
        if script:
            self.psql(script, name)
        return name

    def url(self, database: str, **options: str) -> str:
        """The URL of a database, with the password in it."""
        from urllib.parse import quote, urlencode

        query = f"?{urlencode(options)}" if options else ""
        user, password = quote(USER, safe=""), quote(PASSWORD, safe="")
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{quote(database, safe='')}{query}"


class Standby(PostgreSQL):
    """A streaming replica of a server, which applies what it gets so many seconds late, until it is promoted."""

    def __init__(self, primary: PostgreSQL, delay: int = 0) -> None:
        self._primary, self._delay = primary, delay
        super().__init__(primary.connections)

    def _make(self) -> None:
        command = [str(self.bin / "pg_basebackup"), "-D", str(self.folder / "data"), "-R", "-X", "stream"]
        command += ["--no-sync", "-c", "fast", "-h", "127.0.0.1", "-p", str(self._primary.port), "-U", USER]
        environment = {**os.environ, "PGPASSWORD": PASSWORD}
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.folder, env=environment, **self._as)
        assert done.returncode == 0, done.stderr

    def start(self, *options: str) -> None:
        super().start("-c", f"recovery_min_apply_delay={self._delay}s", *options)

    def _status(self) -> str:
        # It takes connections that read from then on.
        return super()._status().replace("\nstandby", "\nready")

    def behind(self) -> bool:
        """Whether the primary has committed what the replica does not show yet."""
        place = self._primary.psql("SELECT pg_current_wal_lsn()").strip()
        return self.psql(f"SELECT coalesce(pg_last_wal_replay_lsn() < '{place}', false)").strip() != "f"

    def promote(self) -> None:
        """Makes it the primary, with all that it has got, and waits for that."""
        assert self.psql("SELECT pg_promote()").strip() == "t"


@functools.cache
def shared() -> PostgreSQL:
    """One server for all tests of this process that leave it running; it ends with the process."""
    server = PostgreSQL()
    atexit.register(server.close)
    return server
