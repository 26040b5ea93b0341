"""The errors of SQLite, as errors of our tree."""

from __future__ import annotations

import logging
import secrets
import sqlite3
from pathlib import Path

from lineageql.errors import LineageQLError, NotMLMD, StoreError, StoreLocked, TooExpensive, Unavailable

log = logging.getLogger("lineageql.store")

_TOO_MUCH = (
    "parser stack overflow",
    "Expression tree is too large",
    "too many terms in compound SELECT",
    "tables in a join",
    "too many columns",
    "too many SQL variables",
)
"""How SQLite says that a statement is beyond one of its limits."""


def not_at_once(error: sqlite3.Error) -> bool:
    """Whether a statement in a hurry failed as it may not wait, or was not through in time."""
    return any(words in str(error) for words in ("interrupted", "locked", "busy"))


def translate(error: sqlite3.Error, path: Path) -> LineageQLError:
    """The error of our tree for an error of sqlite3's."""
    text = str(error)
    if isinstance(error, sqlite3.DatabaseError) and "not a database" in text:
        return NotMLMD(f"{path} is not an SQLite file")
    if any(words in text for words in _TOO_MUCH):
        return TooExpensive(f"the filter is more than SQLite takes at once: {text}; give it fewer or shallower terms")
    if "locked" in text or "busy" in text:
        return StoreLocked(f"{path} is locked by another process; try again when that has let go of it")
    if "unable to open" in text or "readonly" in text:
        return StoreError(f"{path} cannot be opened: {_why(path)}")
    if isinstance(error, sqlite3.DatabaseError) and "malformed" in text:
        return StoreError(f"{path} is damaged: {text}")
    if "no such module: fts5" in text or "no such tokenizer" in text:
        here = sqlite3.sqlite_version
        return StoreError(f"a search index needs SQLite 3.34 or newer with FTS5; Python has {here}, which says: {text}")
    if text == "interrupted":
        return Unavailable("nobody waits for this any more")  # its deadline is over, or its client has gone
    fault = Unavailable("the store could not be read")
    fault.error_id = secrets.token_hex(8)
    log.error("error %s: reading %s: %s", fault.error_id, path, text)
    return fault


def _why(path: Path) -> str:
    try:
        with path.open("rb"):
            return (
                "SQLite cannot write its files beside it; is the folder writable? "
                "A copy in one that is can be opened, with the -wal or -journal file where there is one"
            )
    except OSError as error:
        return reason(error)


def reason(error: OSError) -> str:
    """Why the operating system refused something, in lower case."""
    return (error.strerror or str(error)).lower()
