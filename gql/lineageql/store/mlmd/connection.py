"""How ml-metadata is told where a store is: serialized `ConnectionConfig` protos.

ml-metadata is imported inside the functions, as that takes a quarter of a
second which a service that only reads must not spend.
"""

from __future__ import annotations

import importlib
import os
import re
from typing import TYPE_CHECKING

from lineageql.errors import StoreMissing, UsageError

if TYPE_CHECKING:
    from lineageql.store.addresses import ServerAddress

# SQLite inside ml-metadata takes paths of 512 bytes, "-journal" and a final NUL included.
LONGEST_PATH = 504


def sqlite_config(path: str | os.PathLike[str], *, create: bool) -> bytes:
    """A serialized `ConnectionConfig` for the SQLite file at `path`, to be read and written.

    The field `filename_uri` is none: `?`, `#`, `%` and spaces stand for
    themselves, but a leading `file:` is cut off, and `:memory:` is no file. Of
    an absolute path every character survives, so this always makes one.

    Args:
        path: the file, relative to the current directory or absolute.
        create: make the file when there is none.

    Raises:
        StoreMissing: there is no file, and `create` is false.
        UsageError: SQLite or the proto cannot carry this path.
    """
    absolute = os.path.abspath(os.fspath(path))
    if "\0" in absolute:
        raise UsageError(f"the path {absolute!r} holds a NUL")
    try:
        size = len(absolute.encode())
    except UnicodeEncodeError:
        raise UsageError(f"the path {absolute!r} is not UTF-8, which ml-metadata needs") from None
    if size > LONGEST_PATH:
        raise UsageError(f"the path {absolute!r} has {size} bytes; ml-metadata opens up to {LONGEST_PATH}")
    if not create and not os.path.exists(absolute):
        raise StoreMissing(f"there is no file {absolute}")
    protos = importlib.import_module("ml_metadata.proto.metadata_store_pb2")
    source = protos.SqliteMetadataSourceConfig
    mode = source.READWRITE_OPENCREATE if create else source.READWRITE
    config = protos.ConnectionConfig(sqlite=source(filename_uri=absolute, connection_mode=mode))
    serialized: bytes = config.SerializeToString()
    return serialized


def postgresql_config(address: ServerAddress) -> bytes:
    """A serialized `ConnectionConfig` for a PostgreSQL database that is there; ml-metadata makes its tables.

    It speaks no TLS, and writes no backslash: the address is one of a `store.postgresql_relay.PostgreSQLRelay`.
    """
    protos = importlib.import_module("ml_metadata.proto.metadata_store_pb2")
    config = protos.ConnectionConfig()
    database = config.postgresql
    # It would make a database by a name that it does not quote.
    database.skip_db_creation = True
    database.port = str(address.port)
    parts = {"host": address.host, "dbname": address.database, "user": address.user, "password": address.password}
    for name, value in parts.items():
        if value is not None:
            setattr(database, name, _quoted(value))
    serialized: bytes = config.SerializeToString()
    return serialized


def _quoted(value: str) -> str:
    """A value of a libpq connection string, into which ml-metadata writes what it is given as it is."""
    if re.fullmatch(r"[A-Za-z0-9_.:/-]+", value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def mysql_config(address: ServerAddress) -> bytes:
    """A serialized `ConnectionConfig` for a MySQL or MariaDB database that is there; ml-metadata makes its tables.

    Raises:
        UsageError: the options of the URL are wrong, or such that ml-metadata would write other texts than are read.
    """
    if address.options.get("charset", MYSQL_WIRE) != MYSQL_WIRE:
        raise UsageError(f"{address} has the option charset, with which nothing can be recorded: use --read-only")
    protos = importlib.import_module("ml_metadata.proto.metadata_store_pb2")
    config = protos.ConnectionConfig()
    database = config.mysql
    if address.host.startswith("/"):
        database.socket = address.host
    else:
        database.host, database.port = address.host, address.port
    # ml-metadata writes the name into its statements as it is given one.
    quoted = address.database.replace("`", "``")
    database.database = f"`{quoted}`"
    database.skip_db_creation = True
    if address.user is not None:
        database.user = address.user
    if address.password is not None:
        database.password = address.password
    mode = mysql_tls_mode(address)
    if mode != "disabled":
        for name in ("ca", "cert", "key"):
            if f"ssl-{name}" in address.options:
                setattr(database.ssl_options, name, address.options[f"ssl-{name}"])
        # Of a certificate it checks all or nothing.
        database.ssl_options.verify_server_cert = mode in ("verify-ca", "verify-identity")
    serialized: bytes = config.SerializeToString()
    return serialized


MYSQL_WIRE = "latin1"
"""The charset at which ml-metadata leaves its connections."""
MYSQL_TLS_MODES = ("disabled", "required", "verify-ca", "verify-identity")


def mysql_tls_mode(address: ServerAddress) -> str:
    """Whether and how a connection to MySQL is encrypted, by the options of the URL.

    Raises:
        UsageError: the option `ssl-mode` is none, or others contradict it.
    """
    options = address.options
    given = [name for name in ("ssl-ca", "ssl-cert", "ssl-key") if name in options]
    usual = "verify-ca" if "ssl-ca" in given else "required" if given else "disabled"
    mode = options.get("ssl-mode", usual).lower().replace("_", "-")
    if mode not in MYSQL_TLS_MODES:
        raise UsageError(f"the option ssl-mode of {address} is {mode!r}; it takes one of {', '.join(MYSQL_TLS_MODES)}")
    if mode == "disabled" and given:
        raise UsageError(f"{address} has the option {given[0]}, and ssl-mode=disabled")
    return mode
