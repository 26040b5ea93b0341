"""A MariaDB server of the tests' own.

Its databases are of the charset and the collation that Debian's server gives them,
which folds case and ignores spaces at the end.
"""

from __future__ import annotations

import atexit
import functools
import getpass
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from tests.servers import allowed, end_with_parent, free_port, missing

PASSWORD = "it's a \"p@ss/w:rd\\ %41?#"
USER = "lineage owner"


def binary(name: str) -> str:
    """The path of one of MariaDB's programs; without it the test is skipped."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        missing("there is no MariaDB here (Debian: apt-get install mariadb-server)")
        raise AssertionError
    return found


class MariaDB:
    """A server; `start` and `stop` may be called again and again."""

    def __init__(self) -> None:
        allowed()
        self.server, self.client = binary("mariadbd"), binary("mariadb")
        # The path of a socket has 107 bytes at most, so the folder is not one of pytest's.
        self.folder = Path(tempfile.mkdtemp(prefix="lineageql-mariadb-"))
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._names = itertools.count()
        (self.folder / "tmp").mkdir()
        try:
            self.install()
            self.start()
            self._make_user()
        except BaseException:
            self.close()
            raise

    def install(self) -> None:
        """Makes the folder of the server's data."""
        command = [binary("mariadb-install-db"), "--no-defaults", f"--datadir={self.folder / 'data'}"]
        command += [f"--user={getpass.getuser()}", "--auth-root-authentication-method=normal", "--skip-test-db"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.folder)
        assert done.returncode == 0, done.stderr

    def start(self, *options: str) -> None:
        """Starts the server and waits until it answers."""
        settings = {
            "datadir": self.folder / "data",
            # A server that starts takes away the temporary tables that it finds, another's too.
            "tmpdir": self.folder / "tmp",
            "user": getpass.getuser(),
            "bind-address": "127.0.0.1",
            "port": self.port,
            "socket": self.folder / "socket",
            "pid-file": self.folder / "pid",
            "character-set-server": "utf8mb4",
            # What was committed outlives the killed server, if not a killed machine.
            "innodb-flush-log-at-trx-commit": 2,
            "innodb-buffer-pool-size": "64M",
            "innodb-log-file-size": "16M",
            "performance-schema": 0,
        }
        command = [self.server, "--no-defaults", *(f"--{name}={value}" for name, value in settings.items()), *options]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self.folder, preexec_fn=end_with_parent
            )
        until = time.monotonic() + 60
        while not self._answers():
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < until, self.log()
            time.sleep(0.05)

    def _answers(self) -> bool:
        return self._run("SELECT 1").returncode == 0

    def _run(self, text: str, database: str = "") -> subprocess.CompletedProcess[bytes]:
        """Runs a script as the administrator, whose connection sends characters as characters."""
        command = [self.client, "--no-defaults", "-u", "root", "-S", str(self.folder / "socket"), "-N", "-B"]
        return subprocess.run(
            [*command, "--default-character-set=utf8mb4", *([database] if database else [])],
            capture_output=True,
            input=text.encode(),
        )

    def _make_user(self) -> None:
        password = PASSWORD.replace("\\", "\\\\").replace("'", "''")
        self.sql(f"CREATE USER '{USER}'@'%' IDENTIFIED BY '{password}'; GRANT ALL ON *.* TO '{USER}'@'%'")
        self.sql(
            f"CREATE USER '{USER}'@'localhost' IDENTIFIED BY '{password}'; GRANT ALL ON *.* TO '{USER}'@'localhost'"
        )

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-4000:]

    def stop(self, with_signal: int = signal.SIGKILL) -> None:
        """Ends the server, at once and without tidying up unless another signal is given."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(with_signal)
            self.process.wait(30)

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def sql(self, text: str, database: str = "") -> str:
        """What a script prints: rows by line, columns by tab."""
        done = self._run(text, database)
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout.decode()

    def dump(self, database: str) -> str:
        """The script that makes what is in a database, a line for each row, in their order."""
        command = [binary("mariadb-dump"), "--no-defaults", "-u", "root", "-S", str(self.folder / "socket")]
        command += [
            "--default-character-set=utf8mb4",
            "--skip-comments",
            "--skip-extended-insert",
            "--order-by-primary",
        ]
        done = subprocess.run([*command, database], capture_output=True)
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout.decode()

    def name(self) -> str:
        """A database's name that is not taken."""
        return f"store_{next(self._names)}"

    def database(self, script: str = "", options: str = "", name: str = "") -> str:
        """The name of a new database, made with `options` and filled by a script."""
        name = name or self.name()
        self.sql(f"CREATE DATABASE `{name}` {options}")
        if script:
            self.sql(script, name)
        return name

    def url(self, database: str, **options: str) -> str:
        """The URL of a database, with the password in it."""
        from urllib.parse import quote, urlencode

        query = f"?{urlencode({name.replace('_', '-'): value for name, value in options.items()})}" if options else ""
        user, password = quote(USER, safe=""), quote(PASSWORD, safe="")
        return f"mysql://{user}:{password}@127.0.0.1:{self.port}/{quote(database, safe='')}{query}"


@functools.cache
def shared() -> MariaDB:
    """One server for all tests of this process that leave it running; it ends with the process."""
    server = MariaDB()
    atexit.register(server.close)
    return server
