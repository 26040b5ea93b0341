"""MLMD's status codes as LineageQL's exceptions: the one door for its errors.

Both tables are read by whatever speaks to MLMD, the worker's channel and gRPC
alike, so that a client sees one set of errors over every way.
"""

from __future__ import annotations

from lineageql.errors import (
    AlreadyExists,
    DeadlineExceeded,
    InvalidArgument,
    LineageQLError,
    NotFound,
    NotMLMD,
    SchemaMismatch,
    StoreError,
    StoreLocked,
    Unavailable,
)
from lineageql.store.mlmd.frames import Status

# ABORTED comes here only after the retries: nothing of the call was applied.
BY_STATUS: dict[Status, type[LineageQLError]] = {
    Status.CANCELLED: Unavailable,
    Status.UNKNOWN: StoreError,
    Status.INVALID_ARGUMENT: InvalidArgument,
    Status.DEADLINE_EXCEEDED: DeadlineExceeded,
    Status.NOT_FOUND: NotFound,
    Status.ALREADY_EXISTS: AlreadyExists,
    Status.PERMISSION_DENIED: StoreError,
    Status.RESOURCE_EXHAUSTED: StoreError,
    Status.FAILED_PRECONDITION: StoreError,
    Status.ABORTED: StoreLocked,
    Status.OUT_OF_RANGE: InvalidArgument,
    Status.UNIMPLEMENTED: StoreError,
    Status.INTERNAL: StoreError,
    Status.UNAVAILABLE: Unavailable,
    Status.DATA_LOSS: StoreError,
    Status.UNAUTHENTICATED: StoreError,
}

# Opening a store, ml-metadata answers words without a code: (words, class, what to do).
BY_WORDS: tuple[tuple[str, type[LineageQLError], str], ...] = (
    ("Concurrent writes aborted", StoreLocked, "another process holds the store's lock"),
    ("database is locked", StoreLocked, "another process holds the store's lock"),
    ("MLMD database version", SchemaMismatch, "the store has another schema version"),
    ("file is not a database", NotMLMD, "the file is not an SQLite database"),
    ("unable to open database file", StoreError, "the file is missing, or may not be read and written here"),
    ("readonly database", StoreError, "the file may not be written here"),
    ("mysql_real_connect failed", Unavailable, "the database server is out of reach or refused the connection"),
    ("connection pointer is NULL", Unavailable, "the database server is out of reach or refused the connection"),
)

# MLMD's messages echo the request, which may be megabytes.
LONGEST_MESSAGE = 1000


def of_status(rpc: str, code: int, message: bytes | str) -> LineageQLError:
    """The exception for a reply of `rpc` whose status is not OK."""
    try:
        status = Status(code)
    except ValueError:
        return StoreError(f"{rpc} failed with status {code}: {_text(message)}")
    return BY_STATUS[status](f"{rpc} failed: {_text(message) or status.name}")


def of_opening(code: int, message: bytes | str) -> LineageQLError:
    """The exception for a store that ml-metadata could not open."""
    text = _text(message)
    if code == Status.UNAVAILABLE:
        return Unavailable(text)
    for words, kind, meaning in BY_WORDS:
        if words in text:
            return kind(f"ml-metadata cannot open the store: {meaning} ({text})")
    return StoreError(f"ml-metadata cannot open the store: {text}")


def _text(message: bytes | str) -> str:
    text = message if isinstance(message, str) else message.decode(errors="replace")
    text = text.strip()
    if len(text) <= LONGEST_MESSAGE:
        return text
    return f"{text[:LONGEST_MESSAGE]}… ({len(text)} characters)"
