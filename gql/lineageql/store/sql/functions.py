"""Functions that SQLite lacks, in Python; a statement calls them for the rows that need them only.

Texts come as octets: what is not UTF-8 in the file is read with replacement
characters and breaks nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from lineageql.model.conventions import places
from lineageql.model.values import as_text, decode, parse_json


def casefold(octets: bytes | None) -> str | None:
    """A text with its case folded."""
    return None if octets is None else _text(octets).casefold()


def strict_json(octets: bytes | None) -> str:
    """A JSON object's text as SQLite reads it: Python writes NaN and infinities, SQLite refuses them."""
    value = None if octets is None else parse_json(_text(octets))
    return json.dumps(value) if isinstance(value, dict) else "{}"


def json_text(value: float | bytes | None) -> str | None:
    """A double, or the JSON text of a list or an object, as Python writes it.

    SQLite keeps 15 digits of a double, and leaves what is escaped in a text as it is.
    """
    return as_text(parse_json(_text(value)) if isinstance(value, bytes) else decode(value))


def owned_name(octets: bytes | None) -> str | None:
    """A name without the id of its owner. In SQL it is so deep that SQLite's parser takes few relations around it."""
    return None if octets is None else places.OwnedName.of(_text(octets))


def unstamped(octets: bytes | None) -> str | None:
    """A name without the time after it. In SQL it is deep too, and some 8,000 characters."""
    return None if octets is None else places.unstamped(_text(octets))


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "replace")


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "casefold": casefold,
    "strict_json": strict_json,
    "json_text": json_text,
    "owned_name": owned_name,
    "unstamped": unstamped,
}
"""By the names that statements call them by; each takes one value, and its answer follows from that."""
