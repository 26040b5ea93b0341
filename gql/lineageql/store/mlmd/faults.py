"""MLMD's status codes as LineageQL's exceptions: the one door for its errors.

The tables are read by whatever speaks to MLMD, the worker's channel and gRPC
alike, so that a client sees one set of errors over every way. MLMD's own words
are no answer: they hold its SQL and echo the request. They go to the log, under
the `errorId` that the client gets with a sentence of ours.
"""

from __future__ import annotations

import logging
import re
import secrets

from lineageql.errors import (
    AlreadyExists,
    DeadlineExceeded,
    Exhausted,
    Forbidden,
    InvalidArgument,
    LineageQLError,
    NotFound,
    NotMLMD,
    SchemaMismatch,
    StoreError,
    StoreFailed,
    StoreLocked,
    TooExpensive,
    Unavailable,
    Unsupported,
)
from lineageql.store.mlmd.frames import Reply, Status

log = logging.getLogger("lineageql.store.mlmd")

_REACH = "MLMD is out of reach"
_LOST = "the database's server went away; it may or may not have been applied"
_RIGHTS = "what stands before MLMD, such as a mesh or a proxy, does not allow this call: look at its policies"
_ONLY_READS = (
    "the database's server only reads: it is a replica, or was told to; nothing of it was written, and the address of "
    "the store must lead to one that takes it"
)
_RIGHTS_OF_USER = (
    "the database does not let this user write; nothing of it was written, and the user needs SELECT, INSERT, UPDATE "
    "and DELETE on MLMD's tables"
)
_STRANGER = "what stands before MLMD asks for a bearer token or a client certificate that it accepts"
_LARGE = (
    "a message may have been larger than one end takes, which by gRPC's default is 4 MB, or an error too long for its "
    "header, so that the same call with less in it says more, or a quota is used up"
)
_FAILED = "MLMD failed in it"
# ABORTED comes here only after the retries: nothing of the call was applied.
BY_STATUS: dict[Status, tuple[type[LineageQLError], str]] = {
    Status.CANCELLED: (Unavailable, "the call was broken off"),
    Status.UNKNOWN: (StoreFailed, _FAILED),
    Status.INVALID_ARGUMENT: (InvalidArgument, "MLMD refused what was to be written"),
    Status.DEADLINE_EXCEEDED: (DeadlineExceeded, "MLMD did not answer in time"),
    Status.NOT_FOUND: (NotFound, "something that it names is not in the store"),
    Status.ALREADY_EXISTS: (AlreadyExists, "something of it is in the store already"),
    Status.PERMISSION_DENIED: (StoreError, _RIGHTS),
    Status.RESOURCE_EXHAUSTED: (Exhausted, _LARGE),
    Status.FAILED_PRECONDITION: (StoreFailed, "the store is not as MLMD needs it"),
    Status.ABORTED: (StoreLocked, "other writers were at the store all the time"),
    Status.OUT_OF_RANGE: (InvalidArgument, "MLMD refused what was to be written"),
    Status.UNIMPLEMENTED: (Unsupported, "this MLMD cannot do it"),
    Status.INTERNAL: (StoreFailed, _FAILED),
    Status.UNAVAILABLE: (Unavailable, _REACH),
    Status.DATA_LOSS: (StoreFailed, _FAILED),
    Status.UNAUTHENTICATED: (StoreError, _STRANGER),
}
_EXPECTED = (Status.ALREADY_EXISTS, Status.ABORTED)  # others write at the same time: no fault
_EXPECTED_OF_READS = (Status.NOT_FOUND, Status.UNIMPLEMENTED)  # there is none; it is asked for in another way

# The other way round, for who hands our errors on as MLMD's service would; the first class that fits counts.
STATUS_OF: tuple[tuple[type[LineageQLError], Status], ...] = (
    (Forbidden, Status.PERMISSION_DENIED),
    (AlreadyExists, Status.ALREADY_EXISTS),
    (NotFound, Status.NOT_FOUND),
    (TooExpensive, Status.RESOURCE_EXHAUSTED),
    (Unavailable, Status.UNAVAILABLE),
    (DeadlineExceeded, Status.DEADLINE_EXCEEDED),
    (StoreLocked, Status.ABORTED),
    (InvalidArgument, Status.INVALID_ARGUMENT),
    # The same call fails again until somebody has done something about the store.
    (StoreError, Status.FAILED_PRECONDITION),
)

# What a database said stands between what MLMD was at and the statement, in both of which a client's words may be.
# PostgreSQL repeats the statement in lines of its own below what it says.
_DATABASE = re.compile(
    r"(?:Error when executing query: |PostgreSQL metadata source error: *|mysql_query failed: errno: )"
    r"(.*?)(?: query: |, error: |\n|\Z)",
    re.DOTALL,
)
# For all that goes wrong with a file, ml-metadata has one code: (the database's words, class, what it is).
BY_TROUBLE: tuple[tuple[str, type[LineageQLError], str], ...] = (
    ("disk is full", StoreError, "the disk is full; nothing of it was written"),
    ("readonly database", StoreError, "the store may not be written to; nothing of it was written"),
    ("disk I/O error", StoreError, "the disk cannot be read or written"),
    ("malformed", StoreError, "the store is damaged"),
    ("not a database", StoreError, "the store's file is no SQLite database any more"),
    ("no such table", StoreError, "the store lacks a table of MLMD's"),
    ("server closed the connection", Unavailable, _LOST),
    ("terminating connection", Unavailable, _LOST),
    ("no connection to the server", Unavailable, _LOST),
    ("the database system is", Unavailable, _LOST),
    ("read-only transaction", StoreError, _ONLY_READS),
    ("read-only option", StoreError, _ONLY_READS),
    ("read-only mode", StoreError, _ONLY_READS),
    ("permission denied for", StoreError, _RIGHTS_OF_USER),
    ("command denied to user", StoreError, _RIGHTS_OF_USER),
    ("node for application use", Unavailable, "this node has no part in its cluster now; nothing of it was written"),
)

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
    # A server that is just ending or starting breaks the connection with no word of its own.
    ("PostgreSQL metadata source error", Unavailable, "the database server is out of reach or broke the connection"),
)

# Of a call that failed otherwise, words that say that a value was wrong: what can be done about it.
REFUSALS: tuple[tuple[str, str], ...] = (
    ("exceeds btree version", "PostgreSQL keeps texts of some 2,700 bytes at most, compressed, in an index"),
    ("index row requires", "PostgreSQL keeps texts of some 2,700 bytes at most, compressed, in an index"),
    ("Data too long for column", "the database keeps no text of this length there"),
    ("integer out of range", "the database's integers have 32 bits"),
    ("Out of range value for column", "the database's integers have 32 bits"),
)
# MySQL: two names of one node's properties, which are parts of a primary key.
_SAME_NAMES = re.compile(r"Duplicate entry .* for key 'PRIMARY'(?: \[mysql-error-info=[^\]]*\])?\s*\Z", re.DOTALL)
# MySQL: what broke the connection in the middle of a statement.
_BROKEN = re.compile(r"mysql_query failed: errno: (?:Lost connection|MySQL server has gone away|Server has gone away)")
_GONE = "the connection to the database broke; it may have been applied, so send it again with the same externalId"
_SAME = "the database takes some of these names for equal: it folds case, or ignores spaces at the end"

# What has become of a call that gets no answer; each ends a sentence.
UNSENT = "the call was not sent, so nothing of it was written"
UNKNOWN = "the call was under way, so it may or may not have been applied"
ABORTED = "other writers kept it from being applied, so nothing of it was written"

# MLMD's messages echo the request, which may be megabytes.
LONGEST_MESSAGE = 1000


def body(rpc: str, reply: Reply) -> bytes:
    """The body of a reply of `rpc`.

    Raises:
        LineageQLError: its status is not OK.
    """
    if reply.code == Status.OK:
        return reply.body
    error = of_status(rpc, reply.code, reply.message)
    raise fated(rpc, error, ABORTED) if reply.code == Status.ABORTED else error


def fated(rpc: str | None, error: LineageQLError, fate: str) -> LineageQLError:
    """An error that, for a call that writes, says what became of the call."""
    if rpc is None or rpc.startswith("Get"):
        return error
    told = type(error)(f"{error}; {fate}")
    told.error_id, told.fate = error.error_id, fate
    return told


def of_status(rpc: str, code: int, message: bytes | str) -> LineageQLError:
    """The exception for a reply of `rpc` whose status is not OK."""
    text = shown(message)
    whole = message if isinstance(message, str) else message.decode(errors="replace")
    try:
        status = Status(code)
    except ValueError:
        return _logged(StoreFailed(f"{rpc} failed: {_FAILED}"), f"{rpc}: status {code}: {text}")
    kind, meaning = BY_STATUS[status]
    if kind is StoreFailed:
        said = _DATABASE.search(text)
        kind, meaning = next((row[1:] for row in BY_TROUBLE if said and row[0] in said[1]), (kind, meaning))
        # MySQL's words come last, after the request of which only the beginning is told.
        last = shown(whole[-LONGEST_MESSAGE:])
        refused = next((meaning for words, meaning in REFUSALS if words in text or words in last), None)
        if refused is not None:
            kind, meaning = InvalidArgument, refused
        if _BROKEN.search(last):
            kind, meaning = Unavailable, _GONE
    if _SAME_NAMES.search(whole[-LONGEST_MESSAGE:]):
        kind, meaning = InvalidArgument, _SAME
    error = kind(f"{rpc} failed: {meaning}")
    if status in _EXPECTED or (rpc.startswith("Get") and status in _EXPECTED_OF_READS):
        log.debug("%s: %s: %s", rpc, status.name, text)
        return error
    return _logged(error, f"{rpc}: {status.name}: {text}")


def status_of(error: LineageQLError) -> Status:
    """The status that says of an error what `of_status` makes the error of."""
    return next((status for kind, status in STATUS_OF if isinstance(error, kind)), Status.UNKNOWN)


def of_opening(code: int, message: bytes | str) -> LineageQLError:
    """The exception for a store that ml-metadata could not open."""
    text = shown(message)
    if code == Status.UNAVAILABLE:
        return Unavailable(text)  # the worker's own words
    for words, kind, meaning in BY_WORDS:
        if words in text:
            log.info("ml-metadata cannot open the store: %s", text)
            versions = f" ({text.partition('. ')[0]})" if kind is SchemaMismatch else ""
            return kind(f"ml-metadata cannot open the store: {meaning}{versions}")
    return _logged(StoreFailed("ml-metadata cannot open the store"), f"opening the store: {text}")


def _logged(error: LineageQLError, words: str) -> LineageQLError:
    """The error with an id, under which the log tells what MLMD said."""
    error.error_id = secrets.token_hex(8)
    log.error("error %s: %s", error.error_id, words)
    return error


def shown(message: bytes | str) -> str:
    """A message as one that can be shown: not longer than `LONGEST_MESSAGE`, and what is no UTF-8 replaced."""
    text = message if isinstance(message, str) else message.decode(errors="replace")
    text = text.strip()
    if len(text) <= LONGEST_MESSAGE:
        return text
    return f"{text[:LONGEST_MESSAGE]}… ({len(text)} characters)"
