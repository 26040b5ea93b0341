"""How ml-metadata is told where a store is: serialized `ConnectionConfig` protos.

ml-metadata is imported inside the functions, as that takes a quarter of a
second which a service that only reads must not spend.
"""

from __future__ import annotations

import importlib
import os

from lineageql.errors import StoreMissing, UsageError
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


_SSL_OPTIONS = ("sslmode", "sslrootcert", "sslcert", "sslkey")


def postgresql_config(address: ServerAddress, *, create: bool) -> bytes:
    """A serialized `ConnectionConfig` for a PostgreSQL database.

    Args:
        address: where it is, with the password.
        create: make the database when there is none; its tables are made in any case.
    """
    protos = importlib.import_module("ml_metadata.proto.metadata_store_pb2")
    config = protos.ConnectionConfig()
    database = config.postgresql
    database.host, database.port, database.dbname = address.host, str(address.port), address.database
    database.skip_db_creation = not create
    if address.user is not None:
        database.user = address.user
    if address.password is not None:
        database.password = address.password
    for name in _SSL_OPTIONS:
        if name in address.options:
            setattr(database.ssloption, name, address.options[name])
    serialized: bytes = config.SerializeToString()
    return serialized
