"""MySQL and MariaDB over asyncmy: statements that hold their parameters, on connections that only read."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import replace
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
from lineageql.store.mlmd.connection import MYSQL_WIRE, mysql_tls_mode
from lineageql.store.patience import keep_alive, patience
from lineageql.store.sql.dialects import Statement
from lineageql.store.sql.dialects.mysql import MySQL
from lineageql.store.sql.dialects.mysql_statements import MySQLStatement
from lineageql.store.sql.driver import PROBE, Rows
from lineageql.store.sql.mysql_servers import server_of
from lineageql.store.sql.pooled import PooledDriver

try:
    import asyncmy
    from asyncmy import errors as faults
except ImportError:
    raise UsageError("MySQL needs asyncmy, which is not installed: pip install 'lineageql[mysql]'") from None

_WIRES = (MYSQL_WIRE, "utf8mb4")
"""The charsets of the option `charset`."""

ERRORS = (faults.MySQLError, OSError, asyncio.TimeoutError)
_OCTETS = 63  # the number of the charset of octets
# Every comparison says for itself how it compares, every literal what it is, and a group is one text whatever of it
# is shown. Texts are sorted by this many octets.
_SESSION = "SET SESSION sql_mode = '', max_sort_length = 65536, sort_buffer_size = 8388608, {limit}"
_CAUSAL = "SET SESSION wsrep_sync_wait = 1"
"""In a Galera cluster a statement that reads waits until its node has what was written before, on whichever node.

Elsewhere it means nothing, and servers without Galera's code do not know it.
"""
_UNKNOWN_VARIABLE = 1193
_SERVER = "SELECT @@hostname, @@port, @@server_id"
"""Which server one is connected to."""
_COMMAND = "SELECT command FROM information_schema.processlist WHERE id = {} AND db = DATABASE()"
"""What a connection to this database is at."""
_READING = "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


class MySQLDriver(PooledDriver):
    """Reads a database of MySQL or MariaDB; `open` makes it.

    A transaction begins with the first statement of a connection, and not by one of its own.
    """

    errors = ERRORS

    def __init__(self, address: ServerAddress, settings: Settings, dialect: MySQL) -> None:
        super().__init__(dialect, settings)
        self.address = address
        self.wire = dialect.wire
        self._servers: dict[Any, tuple[Any, ...]] = {}

    @classmethod
    async def open(cls, address: ServerAddress, settings: Settings) -> MySQLDriver:
        """Connects to a database.

        Raises:
            StoreMissing: the server has no such database.
            StoreError: it does not let this user in.
            Unavailable: the server cannot be reached.
            UsageError: the options of its URL are wrong.
        """
        try:
            connection = await connected(address, settings)
            try:
                server = await server_of(connection)
            finally:
                connection.close()
        except RuntimeError as error:
            raise UsageError(f"{address} asks for a password in a form that needs another package: {error}") from None
        except ERRORS as error:
            raise translate(error, address) from error
        return cls(address, settings, MySQL(server, wire=_wire(address)))

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        async with self.leased() as connection:
            yield connection
            with patience(self.settings.store_timeout, lambda: end(connection)):
                await connection.query(b"COMMIT")

    def transaction(self) -> AbstractAsyncContextManager[Any]:
        return self.connection()

    async def join(self) -> Any:
        return await self._known(await connected(self.address, self.settings))

    async def connect(self) -> Any:
        return await self._known(await connected(self.address, self.settings, reading=False))

    async def _known(self, connection: Any) -> Any:
        try:
            with patience(self.settings.store_timeout, lambda: end(connection)):
                (self._servers[connection],) = await ran(connection, _SERVER)
        except BaseException:
            end(connection)
            raise
        return connection

    def drop(self, connection: Any) -> None:
        self._servers.pop(connection, None)
        end(connection)

    def abandon(self, connection: Any) -> None:
        thread, server = int(connection.thread_id()), self._servers.get(connection)
        self.drop(connection)

        async def kill() -> None:
            with suppress(*ERRORS):
                other = await connected(self.address, self.settings, reading=False)
                try:
                    # Behind a balancer the number may be one of another node's.
                    if (await ran(other, _SERVER))[0] == server:
                        await other.query(f"KILL {thread}".encode())
                finally:
                    other.close()

        self.leave(kill())

    async def part(self, connection: Any) -> None:
        self._servers.pop(connection, None)
        await connection.ensure_closed()

    def broken(self, connection: Any) -> bool:
        return bool(connection._stream_broken)

    async def at_work(self, prober: Any, connection: Any) -> bool:
        thread = int(connection.thread_id())
        if (await ran(prober, _SERVER))[0] != self._servers.get(connection):
            return True  # behind a balancer, and another node's
        rows = await ran(prober, _COMMAND.format(thread))
        return bool(rows) and rows[0][0] not in ("Sleep", "Killed")

    async def at_work_for(self, prober: Any, number: int) -> bool:
        rows = await ran(prober, _COMMAND.format(int(number)))
        # Behind a balancer another server may have none of this number.
        return not rows or rows[0][0] not in ("Sleep", "Killed")

    async def rows(self, connection: Any, statement: Statement) -> Rows:
        texts: tuple[int, ...] = ()
        text = statement.text
        if isinstance(statement, MySQLStatement):
            text, texts = statement.words(self.wire), statement.texts
        try:
            return _decoded(await ran(connection, text), texts)
        except UnicodeDecodeError:
            return await _with_replacements(connection, text)

    async def probe_on(self, connection: Any) -> None:
        await self.rows(connection, PROBE)

    def lost(self, error: BaseException) -> bool:
        return isinstance(error, (OSError, faults.InterfaceError)) or error_number(error) in _LOST

    def translate(self, error: BaseException) -> LineageQLError:
        return translate(error, self.address)

    def full(self, error: BaseException) -> bool:
        return error_number(error) in FULL

    def survives(self, error: BaseException) -> bool:
        # It is in the middle of a transaction then.
        return False


async def create_database(address: ServerAddress, settings: Settings) -> None:
    """Makes an empty database where there is none of this name; in it texts are equal where they are the same.

    Raises:
        LineageQLError: see `execute`.
    """
    name = address.database.replace("`", "``")
    text = f"CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    await execute(replace(address, database=""), settings, [text])


async def execute(address: ServerAddress, settings: Settings, statements: Sequence[str]) -> None:
    """Runs statements that change the schema, one after the other; an index that is there already is no error.

    Raises:
        LineageQLError: what `MySQLDriver.open` raises; StoreError where the user may not.
    """
    try:
        connection = await connected(address, settings, reading=False)
        try:
            for statement in statements:
                try:
                    # Of the two only MariaDB knows this.
                    await connection.query(statement.replace("INDEX IF NOT EXISTS", "INDEX").encode())
                except faults.MySQLError as error:
                    if error_number(error) != _INDEX_IS_THERE:
                        raise
        finally:
            connection.close()
    except ERRORS as error:
        raise translate(error, address) from error


def _wire(address: ServerAddress) -> str:
    wire = address.options.get("charset", MYSQL_WIRE)
    if wire not in _WIRES:
        raise UsageError(f"the option charset of {address} is {wire!r}; it takes one of {', '.join(_WIRES)}")
    return wire


async def connected(address: ServerAddress, settings: Settings, *, reading: bool = True) -> Any:
    """A connection, which only reads unless it is to do more."""
    place = {"unix_socket": address.host} if address.host.startswith("/") else {"host": address.host}
    # Whichever charset the server takes the texts of results to be in, their octets are UTF-8.
    connecting = asyncmy.connect(
        **place,
        port=address.port,
        user=address.user or "",
        password=(address.password or "").encode(),
        database=address.database or None,
        charset="utf8mb4",
        autocommit=not reading,
        connect_timeout=settings.store_timeout,
        ssl=_tls(address),
        program_name="lineageql",
    )
    # A server that takes a connection may say nothing on it.
    connection: Any = await asyncio.wait_for(connecting, settings.store_timeout)
    try:
        keep_alive(connection._transport.get_extra_info("socket"))
        await _begin(connection, address, settings, reading=reading)
    except BaseException:
        connection.close()
        raise
    return connection


async def _begin(connection: Any, address: ServerAddress, settings: Settings, *, reading: bool = True) -> None:
    """Sets what a session is to be like."""
    seconds = settings.deadline + 5 if reading else 0
    mariadb = "mariadb" in connection.get_server_info().lower()
    limit = f"max_statement_time = {seconds}" if mariadb else f"max_execution_time = {1000 * seconds}"
    for text in (f"SET NAMES {_wire(address)}", _SESSION.format(limit=limit), *([_READING] if reading else [])):
        await asyncio.wait_for(ran(connection, text), settings.store_timeout)
    try:
        await asyncio.wait_for(ran(connection, _CAUSAL), settings.store_timeout)
    except faults.MySQLError as error:
        if error_number(error) != _UNKNOWN_VARIABLE:
            raise


def end(connection: Any) -> None:
    """Ends a connection at once, whatever is under way on it."""
    transport = connection._transport
    connection.close()
    if transport is not None:
        # Else it waits until a silent server has taken what is to be sent.
        transport.abort()


async def ran(connection: Any, text: str) -> Rows:
    """The rows of a statement without parameters.

    Raises:
        TooExpensive: it does not fit into one packet: the server would refuse it in the midst of the sending.
    """
    if len(text) >= _PACKET:
        raise TooExpensive("the filter is more than the database takes at once; give it fewer or shallower terms")
    await connection.query(text.encode("ascii"))
    # A cursor would ask for the warnings too, of which there is one for each text that is no JSON.
    rows: Rows = connection._result.rows
    return rows


async def _with_replacements(connection: Any, text: str) -> Rows:
    """The rows of a statement that has found what is not UTF-8: it is shown with replacement characters."""
    # What is left of the answer would be taken for that to the next statement.
    while not _ends((await connection.read_packet()).get_all_data()):
        pass
    connection._use_unicode = False
    try:
        rows = await ran(connection, text)
    finally:
        connection._use_unicode = True
    fields = connection._result.fields
    return _decoded(rows, tuple(place for place, field in enumerate(fields) if field.charsetnr != _OCTETS))


def _ends(packet: bytes) -> bool:
    """Whether a packet of an answer is its last, and no row."""
    return packet[:1] == b"\xfe" and len(packet) < 0xFFFFFF


def _decoded(rows: Rows, places: tuple[int, ...]) -> Rows:
    """Rows with texts for octets at some places."""
    if not places:
        return rows
    decoded = []
    for row in rows:
        values = list(row)
        for place in places:
            value = values[place]
            if type(value) is bytes:
                values[place] = value.decode("utf-8", "replace")
        decoded.append(tuple(values))
    return decoded


def _tls(address: ServerAddress) -> ssl.SSLContext | None:
    mode, options = mysql_tls_mode(address), address.options
    if mode == "disabled":
        return None
    try:
        context = ssl.create_default_context(cafile=options.get("ssl-ca"))
        if "ssl-cert" in options:
            context.load_cert_chain(options["ssl-cert"], options.get("ssl-key"))
    except OSError as error:  # what the library of TLS says is one too
        raise UsageError(f"the certificates of {address} cannot be read: {error.strerror or error}") from None
    context.check_hostname = mode == "verify-identity"
    if mode == "required":
        context.verify_mode = ssl.CERT_NONE
    return context


_INDEX_IS_THERE = 1061
CONFLICTS = frozenset({1205, 1213})
"""Others wrote the same at the same time, on another node of a cluster too; nothing was applied."""
_PACKET = 2**24 - 1
"""Octets of a packet with a statement."""
_LOST = frozenset({1047, 1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 2006, 2013, 2055, 4031})
"""The server went away, or ended the connection."""

FULL = frozenset({1040, 1203, 1226})
"""The server, or this user, has as many connections as may be."""

_KINDS: tuple[tuple[frozenset[int], type[LineageQLError], str], ...] = (
    (frozenset({1049}), StoreMissing, "there is no database {address}; --create makes one"),
    (frozenset({1045, 1698, 1862, 1820, 3118, 4151}), StoreError, "{address} refuses the user or the password"),
    (frozenset({1044, 1142, 1143, 1227}), StoreError, "{address} does not let this user do that"),
    (frozenset({1054, 1146}), NotMLMD, "{address} is not an ML Metadata store: tables or columns are missing"),
    (
        frozenset({1038, 1041, 1116, 1119, 1153, 1390, 1436, 1437, 3170}),
        TooExpensive,
        "the filter is more than the database takes at once; give it fewer or shallower terms",
    ),
    (frozenset({1317, 1969, 3024}), Unavailable, "{address} took too long"),
    (frozenset({1047}), Unavailable, "a node of {address} has no part in its cluster now"),
    (CONFLICTS, Unavailable, "others write to {address} what is read; ask again"),
    (frozenset({1412}), Unavailable, "a table of {address} was changed while it was read; ask again"),
    (FULL, Unavailable, "{address} lets no more connections in"),
    (frozenset({1129, 1130}), Unavailable, "{address} lets no connections of this machine in"),
    (_LOST, Unavailable, "the connection to {address} broke"),
)
"""By the numbers of the server's errors: what one says is not told, as it holds parts of the statement."""


def error_number(error: BaseException) -> int:
    """The number of a server's error; 0 where it is none."""
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0


def translate(error: BaseException, address: ServerAddress) -> LineageQLError:
    """The error of our tree for an error of asyncmy's."""
    number = error_number(error)
    for numbers, kind, words in _KINDS:
        if number in numbers:
            return kind(words.format(address=address))
    if isinstance(error, asyncio.TimeoutError):
        return Unavailable(f"{address} did not answer in time")
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return Unavailable(f"{address} cannot be reached over TLS: its certificate or the protocol was refused")
    if isinstance(error, OSError) or number == _UNREACHABLE:
        return Unavailable(f"{address} cannot be reached")
    return Unavailable(
        f"{address} could not be read: error {number}" if number else f"the connection to {address} broke"
    )


_UNREACHABLE = 2003
