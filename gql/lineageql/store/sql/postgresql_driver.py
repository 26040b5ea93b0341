"""PostgreSQL over asyncpg: compiled text and parameters go to the driver as they are, as prepared statements."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

from lineageql.errors import (
    LineageQLError,
    NotMLMD,
    StoreError,
    StoreMissing,
    TooExpensive,
    Unavailable,
    UsageError,
)
from lineageql.settings import Settings
from lineageql.store.addresses import ServerAddress
from lineageql.store.patience import keep_alive, probe_timeout
from lineageql.store.session_options import session_options
from lineageql.store.sql.dialects import Statement
from lineageql.store.sql.dialects.postgresql import PostgreSQL
from lineageql.store.sql.driver import PROBE, Rows
from lineageql.store.sql.pooled import GRACE, PooledDriver
from lineageql.store.tls import tls_of

try:
    import asyncpg
except ImportError:
    raise UsageError("PostgreSQL needs asyncpg, which is not installed: pip install 'lineageql[postgresql]'") from None

log = logging.getLogger("lineageql.store")

ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, asyncio.TimeoutError)
_PREPARED, _LONGEST_PREPARED = 256, 1 << 20
"""How many statements a connection keeps prepared, and up to how many characters."""
_RISKY = 1 << 14
"""From how many characters on a statement is one that the server may refuse as too much for it."""
_NAMED = {"application_name": "lineageql"}
_BY_BEGIN = ("application_name", "default_transaction_read_only", "default_transaction_isolation")
"""What each transaction says by its first word, or a session may say anywhere."""
_WHERE = "SELECT current_setting('default_transaction_read_only'), pg_catalog.pg_backend_pid()"
_SERVER = "SELECT pg_catalog.pg_postmaster_start_time()::text, pg_catalog.pg_backend_pid()"
"""Which server one is connected to, and by which of its processes."""
_STATE = (
    "SELECT pg_catalog.pg_postmaster_start_time()::text,"
    " (SELECT state FROM pg_catalog.pg_stat_activity"
    " WHERE pid = $1::int4 AND datname = current_database() AND usename = session_user)"
)
_OCTETS = "SELECT coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') = 'c' AND datcollate IN ('C', 'POSIX')"
_OCTETS += " FROM pg_catalog.pg_database AS d WHERE datname = current_database()"


class PostgreSQLDriver(PooledDriver):
    """Reads a PostgreSQL database; `open` makes it."""

    errors = ERRORS

    def __init__(self, address: ServerAddress, settings: Settings, dialect: PostgreSQL, pooled: bool = False) -> None:
        super().__init__(dialect, settings)
        self.address = address
        self.pooled = pooled
        # Of several hosts one is the primary: a connection to another is to one that has died, or is none any more.
        self._one_primary = bool(address.others) and address.options.get("target_session_attrs") in _PRIMARY
        self._servers: WeakKeyDictionary[Any, tuple[str, int]] = WeakKeyDictionary()

    @classmethod
    async def open(cls, address: ServerAddress, settings: Settings) -> PostgreSQLDriver:
        """Connects to a database, or to a pooler before it.

        Raises:
            StoreMissing: the server has no such database.
            StoreError: its encoding is not UTF-8, it lets this user not in, or a pooler leaves no transactions.
            Unavailable: the server cannot be reached.
            UsageError: the options of its URL are wrong.
        """
        try:
            pooled = _pooled(address)
            if pooled is None:
                pooled = await _finds_pooler(address, settings)
            if pooled and "options" in address.options:
                words = "tell them to the role: ALTER ROLE … SET search_path = …"
                raise UsageError(f"{address} is a pooler, which hands no options on; {words}")
            connection = await _reading(address, settings, pooled)
            try:
                encoding = connection.get_settings().server_encoding
                if encoding != "UTF8":
                    raise StoreError(f"the encoding of {address} is {encoding}, and only UTF8 is served")
                # Both in one transaction: behind a pooler what is between two of them may go elsewhere.
                async with connection.transaction(readonly=True):
                    by_octets = await connection.fetchval(_OCTETS, timeout=float(settings.store_timeout))
            finally:
                connection.terminate()
        except ERRORS as error:
            raise translate(error, address) from error
        return cls(address, settings, PostgreSQL(by_octets=bool(by_octets)), pooled)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        async with self.leased() as connection:
            if not self.pooled:
                yield connection
                return
            # Statements on their own would each have another of the pooler's connections.
            async with self._begun(connection, "READ COMMITTED"):
                yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        async with self.leased() as connection, self._begun(connection, "REPEATABLE READ"):
            yield connection

    @asynccontextmanager
    async def _begun(self, connection: Any, level: str) -> AsyncIterator[None]:
        """A transaction on a connection, which only reads."""
        seconds = float(self.settings.store_timeout)
        begin = f"BEGIN ISOLATION LEVEL {level} READ ONLY"
        if self.pooled:
            # What a session is told, a pooler tells another's too.
            told = _session(self.settings).items()
            begin += "".join(f"; SET LOCAL {name} = '{value}'" for name, value in told if name not in _BY_BEGIN)
        # It takes the server no time; a pooler may have to wait for one of its connections.
        await connection.execute(begin, timeout=seconds if self.pooled else probe_timeout(self.settings))
        try:
            yield
        except asyncio.CancelledError:
            raise
        except BaseException:
            if not connection.is_closed():
                await connection.execute("ROLLBACK", timeout=seconds)
            raise
        else:
            await connection.execute("ROLLBACK", timeout=seconds)

    async def join(self) -> Any:
        connection = await _reading(self.address, self.settings, self.pooled)
        if self.pooled:
            return connection
        try:
            self._servers[connection] = tuple(await connection.fetchrow(_SERVER, timeout=self.settings.store_timeout))
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def connect(self) -> Any:
        return await self.join()

    def drop(self, connection: Any) -> None:
        connection.terminate()

    def abandon(self, connection: Any) -> None:
        # asyncpg asks the server to end a statement whose caller was cancelled, over another connection.
        asking = set(connection._cancellations)

        async def end() -> None:
            if asking:
                _, late = await asyncio.wait(asking, timeout=GRACE)
                for task in late:
                    task.cancel()
            connection.terminate()

        self.leave(end())

    async def part(self, connection: Any) -> None:
        await connection.close(timeout=GRACE)

    def broken(self, connection: Any) -> bool:
        return bool(connection.is_closed())

    async def at_work(self, prober: Any, connection: Any) -> bool:
        if self.pooled:
            return True  # only the pooler knows which connection of the server's it is
        server, number = self._servers.get(connection, ("", 0))
        here, state = await prober.fetchrow(_STATE, number)
        if here != server and self._one_primary:
            return False
        # Behind a balancer it may be another server's, and a pooler gives numbers of its own.
        unknown = here != server or number != connection.get_server_pid()
        return unknown or (state is not None and not state.startswith("idle"))

    async def at_work_for(self, prober: Any, number: int) -> bool:
        if self.pooled:
            return True
        _, state = await prober.fetchrow(_STATE, number)
        if state is None:
            # Behind a balancer another server may have none of this number.
            return not self._one_primary
        return not state.startswith("idle")

    async def rows(self, connection: Any, statement: Statement) -> Rows:
        risky = len(statement.text) > _RISKY and connection.is_in_transaction()
        if risky:
            # A statement that is refused ends the transaction, for the operation's other fields too.
            await connection.execute("SAVEPOINT risky")
        try:
            rows: Rows
            if statement.planned_anew and not self.pooled:
                # After five runs PostgreSQL may keep a plan. This one is prepared for one run.
                prepared = await connection.prepare(statement.text)
                rows = await prepared.fetch(*statement.parameters.values())
            else:
                rows = await connection.fetch(statement.text, *statement.parameters.values())
        except asyncpg.PostgresError as error:
            if risky and not self.lost(error):
                await connection.execute("ROLLBACK TO SAVEPOINT risky")
            raise
        return rows

    async def probe_on(self, connection: Any) -> None:
        # Without parameters it is one message, so it needs no transaction behind a pooler.
        await connection.execute(PROBE.text)

    def lost(self, error: BaseException) -> bool:
        return isinstance(error, _LOST)

    def translate(self, error: BaseException) -> LineageQLError:
        return translate(error, self.address)

    def full(self, error: BaseException) -> bool:
        return isinstance(error, asyncpg.TooManyConnectionsError)

    def survives(self, error: BaseException) -> bool:
        return isinstance(error, asyncpg.PostgresError) and not self.lost(error)


async def create_database(address: ServerAddress, settings: Settings) -> None:
    """Makes an empty database, its texts in UTF-8 and in the order of their octets, where there is none of this name.

    Raises:
        LineageQLError: see `execute`.
    """
    name = address.database.replace('"', '""')
    try:
        connection = await _entered(replace(address, database="postgres"), settings)
        try:
            with suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                provider = "LOCALE_PROVIDER libc" if connection.get_server_version().major >= 15 else ""
                order = f"{provider} LC_COLLATE 'C' LC_CTYPE 'C'"
                await connection.execute(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8' {order}")
        finally:
            await connection.close(timeout=GRACE)
    except ERRORS as error:
        raise translate(error, address) from error


async def execute(address: ServerAddress, settings: Settings, statements: Sequence[str]) -> None:
    """Runs statements that change the schema, one after the other.

    Raises:
        LineageQLError: what `PostgreSQLDriver.open` raises; StoreError where the user may not.
    """
    try:
        connection = await connected(address, settings)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close(timeout=GRACE)
    except ERRORS as error:
        raise translate(error, address) from error


async def connected(address: ServerAddress, settings: Settings, *, unnamed: bool = False) -> Any:
    """A connection that may do more than read; behind a pooler its statements must have no names."""
    more = {"statement_cache_size": 0} if unnamed else {}
    return await _connect(address, settings, server_settings=_NAMED, **more)


async def _reading(address: ServerAddress, settings: Settings, pooled: bool = False) -> Any:
    """A connection that reads; behind a pooler its transactions must say how."""
    if pooled:
        # No named statements: the next transaction may be on another of the pooler's connections.
        return await _connect(address, settings, statement_cache_size=0, server_settings=_NAMED)
    return await _connect(
        address,
        settings,
        statement_cache_size=_PREPARED,
        max_cacheable_statement_size=_LONGEST_PREPARED,
        max_cached_statement_lifetime=0,
        server_settings=_session(settings),
        **_unconfused(address),
    )


def _unconfused(address: ServerAddress) -> dict[str, str]:
    """Which kind of server is wanted, so that a session that only reads is not taken for a server that only reads."""
    target = address.options.get("target_session_attrs", "any")
    return {"target_session_attrs": {"read-write": "primary", "read-only": "standby"}.get(target, target)}


def _pooled(address: ServerAddress) -> bool | None:
    """Whether a pooler is in the way, where the URL says so."""
    said = address.options.get("pooled")
    if said not in (None, "true", "false"):
        raise UsageError(f"the option pooled of {address} is {said!r}; it takes true or false")
    return None if said is None else said == "true"


async def _finds_pooler(address: ServerAddress, settings: Settings) -> bool:
    """Whether a pooler such as PgBouncer is in the way: it refuses what a session is told at its start, or drops it."""
    try:
        connection = await _reading(address, settings)
    except asyncpg.ProtocolViolationError as error:
        if "startup parameter" in str(error):
            return True
        raise
    try:
        # One message each, which needs no transaction.
        ((here, number),) = await connection.fetch(_WHERE, timeout=float(settings.store_timeout))
        return bool(here != "on" or number != connection.get_server_pid())
    except asyncpg.PostgresError as error:
        if isinstance(error, asyncpg.InvalidSQLStatementNameError):
            return True
        raise
    finally:
        connection.terminate()


async def _connect(address: ServerAddress, settings: Settings, **more: Any) -> Any:
    told = {**session_options(address), **more.pop("server_settings", {})}
    connection = await _entered(address, settings, server_settings=told, **more)
    keep_alive(connection._transport.get_extra_info("socket"))
    return connection


async def _entered(address: ServerAddress, settings: Settings, **more: Any) -> Any:
    """A connection to the first host that is there and of the kind that is wanted.

    asyncpg goes through the hosts too, but has one time for all of them: a host that is silent,
    as its machine has died, would leave none for the others.
    """
    arguments = {**_arguments(address, settings), **more}
    target = str(arguments["target_session_attrs"])
    wanted = ("standby", "any") if target == "prefer-standby" else (target,)
    fault: BaseException | None = None
    away: set[tuple[str, int]] = set()
    for kind in wanted:
        for host, port in _in_order(address, kind):
            if (host, port) in away:
                continue
            one = {**arguments, "host": host, "port": port, "target_session_attrs": kind}
            try:
                connection = await asyncpg.connect(**one)
            except (OSError, asyncio.TimeoutError, asyncpg.CannotConnectNowError) as error:
                fault = error
                away.add((host, port))
            except asyncpg.TargetServerAttributeNotMatched as error:
                # What keeps one from being reached says more.
                fault = fault or error
            else:
                _last[address.hosts, kind] = host, port
                return connection
    assert fault is not None
    raise fault


_last: dict[tuple[tuple[tuple[str, int], ...], str], tuple[str, int]] = {}
"""Which host was of a kind when a connection was last made, by all hosts and the kind."""


def _in_order(address: ServerAddress, kind: str) -> list[tuple[str, int]]:
    """The hosts as they are to be tried: one may be silent, so first that which took what is written before."""
    hosts = list(address.hosts)
    known = _last.get((address.hosts, kind)) if kind in _PRIMARY else None
    return sorted(hosts, key=lambda host: host != known)


def _session(settings: Settings) -> dict[str, str]:
    bound = f"{settings.deadline + 5}s"
    return {
        "application_name": "lineageql",
        "default_transaction_read_only": "on",
        # Whatever the database's is: at serializable a statement that only reads may be refused.
        "default_transaction_isolation": "read committed",
        "jit": "off",  # it takes longer than what it is for
        "extra_float_digits": "1",
        "statement_timeout": bound,
        "idle_in_transaction_session_timeout": bound,
    }


def _arguments(address: ServerAddress, settings: Settings) -> dict[str, Any]:
    target = address.options.get("target_session_attrs", "any")
    if target not in _TARGETS:
        known = ", ".join(_TARGETS)
        raise UsageError(f"the option target_session_attrs of {address} is {target!r}; it takes one of {known}")
    return {
        "host": address.host,
        "port": address.port,
        "target_session_attrs": target,
        "user": address.user,
        "password": address.password,
        "database": address.database,
        "ssl": tls_of(address),
        "timeout": connect_timeout(address, settings),
    }


_PRIMARY = ("primary", "read-write")
"""The kinds of server of which there is one."""
_TARGETS = ("any", "read-write", "read-only", "primary", "standby", "prefer-standby")


def connect_timeout(address: ServerAddress, settings: Settings) -> float:
    """Seconds in which each host must let a connection in: the URL's, or a part of those of the settings."""
    said = address.options.get("connect_timeout", "")
    if said and not (said.isascii() and said.isdigit() and int(said) > 0):
        raise UsageError(
            f"the option connect_timeout of {address} is {said!r}; it takes seconds, a whole number from 1"
        )
    return float(said or settings.store_timeout / len(address.hosts))


async def located(address: ServerAddress, settings: Settings) -> tuple[str, int]:
    """The host and the port, of several, that a connection goes to now.

    Raises:
        OSError: there is none.
    """
    try:
        connection = await _connect(address, settings, server_settings=_NAMED)
    except ERRORS as error:
        raise OSError(str(translate(error, address))) from error
    place = connection._addr
    connection.terminate()
    if isinstance(place, tuple):
        return str(place[0]), int(place[1])
    folder, _, port = str(place).rpartition("/.s.PGSQL.")
    return folder, int(port)


_LOST = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.OperatorInterventionError, OSError)
"""Connections that broke, of which another may serve; not one that could not be made in time."""

_KINDS: tuple[tuple[type[BaseException], type[LineageQLError], str], ...] = (
    (asyncpg.ProtocolViolationError, StoreError, "{address} or a pooler before it refuses what is asked: {text}"),
    (asyncpg.InvalidCatalogNameError, StoreMissing, "there is no database {address}; --create makes one"),
    (asyncpg.InvalidAuthorizationSpecificationError, StoreError, "{address} refuses the user or the password"),
    (asyncpg.InsufficientPrivilegeError, StoreError, "{address} does not let this user: {text}"),
    (asyncpg.UndefinedTableError, NotMLMD, "{address} is not an ML Metadata store: {text}"),
    (asyncpg.UndefinedColumnError, NotMLMD, "{address} is not an ML Metadata store: {text}"),
    (asyncpg.ProgramLimitExceededError, TooExpensive, "the filter is more than PostgreSQL takes at once: {text}"),
    (
        asyncpg.LockNotAvailableError,
        Unavailable,
        "others use the tables of {address}, and did not let go in time; try again",
    ),
    (asyncpg.QueryCanceledError, Unavailable, "{address} took too long: {text}"),
    (asyncpg.InFailedSQLTransactionError, Unavailable, "another part of this operation failed in {address}; ask again"),
    (asyncpg.TransactionRollbackError, Unavailable, "{address} let go of what was read; ask again: {text}"),
    (
        asyncpg.TargetServerAttributeNotMatched,
        Unavailable,
        "no host of {address} is now of the kind that target_session_attrs asks for",
    ),
    (asyncio.TimeoutError, Unavailable, "{address} did not answer in time"),
    (asyncpg.InterfaceError, Unavailable, "the connection to {address} broke: {text}"),
    (asyncpg.PostgresConnectionError, Unavailable, "the connection to {address} broke: {text}"),
    (asyncpg.OperatorInterventionError, Unavailable, "{address} is going down or coming up: {text}"),
    (asyncpg.InsufficientResourcesError, Unavailable, "{address} takes no more: {text}"),
    (OSError, Unavailable, "{address} cannot be reached: {text}"),
)
"""The first row of an error's kind says what it is here."""


def translate(error: BaseException, address: ServerAddress) -> LineageQLError:
    """The error of our tree for an error of asyncpg's."""
    text = str(error).partition("\n")[0] or type(error).__name__
    if "query arguments cannot exceed" in text:
        return TooExpensive(f"the filter is more than PostgreSQL takes at once: {text}; give it fewer terms")
    if "statement pooling mode" in text:
        return StoreError(
            f"the pooler at {address} pools by statement, which leaves no transactions: "
            "set its pool_mode to transaction or session"
        )
    if 'extension "pg_trgm"' in text or "pg_trgm.control" in text:
        return StoreError(
            f"a search index needs PostgreSQL's extension pg_trgm, and {address} says: {text}; have it installed there "
            "(Debian: postgresql-contrib), and made by who may: CREATE EXTENSION pg_trgm"
        )
    for kind, ours, words in _KINDS:
        if isinstance(error, kind):
            return ours(words.format(address=address, text=text))
    fault = Unavailable(f"{address} could not be read")
    fault.error_id = secrets.token_hex(8)
    log.error("error %s: reading %s: %s", fault.error_id, address, error)
    return fault
