"""Databases as large users run them: behind a pooler, strict about the order of transactions, with a replica."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from tests.places import make_store
from tests.processes import children
from tests.servers.mariadb import MariaDB
from tests.servers.pgbouncer import PgBouncer
from tests.servers.postgresql import PostgreSQL, Standby


class Deployment(ABC):
    """A database, and how replicas of the service are led to it."""

    url: str
    """Of the store, as the service is given it; nothing is recorded there yet."""
    flags: tuple[str, ...] = ()
    """More that the service is started with."""
    back: float | None = None
    """Seconds after `harm` in which recording must be back; None where it does nothing."""

    async def harm(self) -> None:  # noqa: B027 - most databases take none
        """Does what may happen to such a database, in the middle of recording."""

    @abstractmethod
    def close(self) -> None:
        """Ends its servers."""


class Single(Deployment):
    """A server, as it comes."""

    def __init__(self, server: PostgreSQL | MariaDB) -> None:
        self.server = server
        self.name = server.name()
        self.url = server.url(self.name)

    def close(self) -> None:
        self.server.close()


class Serializable(Single):
    """PostgreSQL that refuses transactions which could not have run one after the other."""

    def __init__(self) -> None:
        super().__init__(PostgreSQL())
        assert isinstance(self.server, PostgreSQL)
        self.server.psql("ALTER SYSTEM SET default_transaction_isolation = 'serializable'")
        self.server.psql("SELECT pg_reload_conf()")


class Pooled(Single):
    """PostgreSQL behind PgBouncer."""

    def __init__(self, mode: str, **settings: str) -> None:
        server = PostgreSQL()
        super().__init__(server)
        # What makes the store needs a database that the pooler leads to.
        server.psql(f'CREATE DATABASE "{self.name}"')
        self.pooler = PgBouncer(server, mode, **settings)
        self.url = self.pooler.url(self.url)

    def close(self) -> None:
        self.pooler.close()
        super().close()


class Replicated(Deployment):
    """PostgreSQL with a streaming replica, which queries read two seconds late; it is promoted as the primary dies.

    The primary has the replica keep what it says is committed, so nothing that was answered dies with it.
    """

    delay, away = 2, 3
    """Seconds that the replica is behind, and those without a primary."""

    def __init__(self, *, silent: bool) -> None:
        """One whose primary is killed, or falls silent, as a machine that dies does."""
        self.silent = silent
        self.back = 30.0 if silent else 15.0
        self.primary = PostgreSQL(connections=90)
        name = self.primary.name()
        try:
            self.standby = Standby(self.primary, self.delay)
            try:
                self.primary.psql("ALTER SYSTEM SET synchronous_standby_names = '*'")
                self.primary.psql("SELECT pg_reload_conf()")
                # A replica of the service is not ready before its replica of the database is a store.
                make_store(self.primary.url(name))
                while self.standby.behind():
                    time.sleep(0.05)
            except BaseException:
                self.standby.close()
                raise
        except BaseException:
            self.primary.close()
            raise
        both = f"@127.0.0.1:{self.primary.port},127.0.0.1:{self.standby.port}/"
        url = re.sub(r"@[^@/]+/", both, self.primary.url(name))
        self.url = f"{url}?target_session_attrs=primary"
        self.flags = ("--read-store", self.standby.url(name))

    async def harm(self) -> None:
        if self.silent:
            assert self.primary.process is not None
            for pid in (self.primary.process.pid, *children(self.primary.process.pid)):
                os.kill(pid, signal.SIGSTOP)
        else:
            await asyncio.to_thread(self.primary.stop, signal.SIGKILL)
        await asyncio.sleep(self.away)
        await asyncio.to_thread(self.standby.promote)

    def close(self) -> None:
        self.standby.close()
        # One that is paused takes no other signal.
        self.primary.stop(signal.SIGKILL)
        self.primary.close()


DEPLOYMENTS: dict[str, Callable[[], Deployment]] = {
    "postgresql whose primary is killed": lambda: Replicated(silent=False),
    "postgresql whose primary falls silent": lambda: Replicated(silent=True),
    "postgresql behind pgbouncer that pools transactions": lambda: Pooled("transaction", default_pool_size="6"),
    "mariadb": lambda: Single(MariaDB()),
    "postgresql at serializable": Serializable,
    "postgresql behind pgbouncer that pools sessions": lambda: Pooled("session", default_pool_size="45"),
}
"""By what the database is."""
