"""PostgreSQL over asyncpg: compiled text and parameters go to the driver as they are, as prepared statements."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

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
from lineageql.store.sql.dialects import Statement
from lineageql.store.sql.dialects.postgresql import PostgreSQL
from lineageql.store.sql.driver import Rows
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
_OCTETS = "SELECT coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') = 'c' AND datcollate IN ('C', 'POSIX')"
_OCTETS += " FROM pg_catalog.pg_database AS d WHERE datname = current_database()"


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    def get_reset_query(self) -> str:
        # Nothing that the driver runs leaves anything behind in a session.
        return ""


class PostgreSQLDriver(PooledDriver):
    """Reads a PostgreSQL database; `open` makes it."""

    errors = ERRORS

    def __init__(self, address: ServerAddress, settings: Settings, pool: Any, dialect: PostgreSQL) -> None:
        super().__init__(dialect)
        self.address, self.settings = address, settings
        self._pool = pool

    @classmethod
    async def open(cls, address: ServerAddress, settings: Settings) -> PostgreSQLDriver:
        """Connects to a database.

        Raises:
            StoreMissing: the server has no such database.
            StoreError: its encoding is not UTF-8, or it lets this user not in.
            Unavailable: the server cannot be reached.
            UsageError: the options of its URL are wrong.
        """
        try:
            pool = await asyncpg.create_pool(
                **_arguments(address, settings),
                min_size=1,
                max_size=settings.store_connections,
                connection_class=_Connection,
                statement_cache_size=_PREPARED,
                max_cacheable_statement_size=_LONGEST_PREPARED,
                max_cached_statement_lifetime=0,
                server_settings=_session(settings),
            )
        except ERRORS as error:
            raise translate(error, address) from error
        try:
            async with pool.acquire() as connection:
                encoding = connection.get_settings().server_encoding
                if encoding != "UTF8":
                    raise StoreError(f"the encoding of {address} is {encoding}, and only UTF8 is served")
                by_octets = await connection.fetchval(_OCTETS)
        except BaseException as error:
            pool.terminate()
            if isinstance(error, ERRORS):
                raise translate(error, address) from error
            raise
        return cls(address, settings, pool, PostgreSQL(by_octets=bool(by_octets)))

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        async with self._pool.acquire() as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        async with self._pool.acquire() as connection:
            await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                yield connection
            finally:
                if not connection.is_closed():
                    await connection.execute("ROLLBACK")

    async def connect(self) -> Any:
        return await asyncpg.connect(**_arguments(self.address, self.settings), server_settings=_session(self.settings))

    def drop(self, connection: Any) -> None:
        connection.terminate()

    async def rows(self, connection: Any, statement: Statement) -> Rows:
        risky = len(statement.text) > _RISKY and connection.is_in_transaction()
        if risky:
            # A statement that is refused ends the transaction, for the operation's other fields too.
            await connection.execute("SAVEPOINT risky")
        try:
            rows: Rows = await connection.fetch(statement.text, *statement.parameters.values())
        except asyncpg.PostgresError as error:
            if risky and not self.lost(error):
                await connection.execute("ROLLBACK TO SAVEPOINT risky")
            raise
        return rows

    def lost(self, error: BaseException) -> bool:
        return isinstance(error, _LOST)

    def translate(self, error: BaseException) -> LineageQLError:
        return translate(error, self.address)

    async def disconnect(self) -> None:
        try:
            await asyncio.wait_for(self._pool.close(), GRACE)
        except (asyncio.TimeoutError, *ERRORS):
            self._pool.terminate()


async def create_database(address: ServerAddress, settings: Settings) -> None:
    """Makes an empty database, its texts in UTF-8 and in the order of their octets, where there is none of this name.

    Raises:
        LineageQLError: see `execute`.
    """
    name = address.database.replace('"', '""')
    server = {**_arguments(address, settings), "database": "postgres"}
    try:
        connection = await asyncpg.connect(**server)
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


async def connected(address: ServerAddress, settings: Settings) -> Any:
    """A connection that may do more than read."""
    return await asyncpg.connect(**_arguments(address, settings), server_settings={"application_name": "lineageql"})


def _session(settings: Settings) -> dict[str, str]:
    bound = f"{settings.deadline + 5}s"
    return {
        "application_name": "lineageql",
        "default_transaction_read_only": "on",
        "jit": "off",  # it takes longer than what it is for
        "extra_float_digits": "1",
        "statement_timeout": bound,
        "idle_in_transaction_session_timeout": bound,
    }


def _arguments(address: ServerAddress, settings: Settings) -> dict[str, Any]:
    return {
        "host": address.host,
        "port": address.port,
        "user": address.user,
        "password": address.password,
        "database": address.database,
        "ssl": tls_of(address),
        "timeout": float(settings.store_timeout),
    }


_LOST = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.OperatorInterventionError, OSError)
"""Connections that broke, of which another may serve; not one that could not be made in time."""

_KINDS: tuple[tuple[type[BaseException], type[LineageQLError], str], ...] = (
    (asyncpg.InvalidCatalogNameError, StoreMissing, "there is no database {address}; --create makes one"),
    (asyncpg.InvalidAuthorizationSpecificationError, StoreError, "{address} refuses the user or the password"),
    (asyncpg.InsufficientPrivilegeError, StoreError, "{address} does not let this user: {text}"),
    (asyncpg.UndefinedTableError, NotMLMD, "{address} is not an ML Metadata store: {text}"),
    (asyncpg.UndefinedColumnError, NotMLMD, "{address} is not an ML Metadata store: {text}"),
    (asyncpg.ProgramLimitExceededError, TooExpensive, "the filter is more than PostgreSQL takes at once: {text}"),
    (asyncpg.QueryCanceledError, Unavailable, "{address} took too long: {text}"),
    (asyncpg.InFailedSQLTransactionError, Unavailable, "another part of this operation failed in {address}; ask again"),
    (asyncpg.TransactionRollbackError, Unavailable, "{address} let go of what was read; ask again: {text}"),
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
    for kind, ours, words in _KINDS:
        if isinstance(error, kind):
            return ours(words.format(address=address, text=text))
    fault = Unavailable(f"{address} could not be read")
    fault.error_id = secrets.token_hex(8)
    log.error("error %s: reading %s: %s", fault.error_id, address, error)
    return fault
