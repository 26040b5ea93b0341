"""How long texts may be in a store: what the columns and the indexes of its database hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lineageql.store.pglz import compressed_size

Limit = Callable[[str, str], str | None]
"""What is wrong with a text that is too long, as words after its name; None where it fits.

The second text is what is stored beside it: of a value its property's name, of such a name what comes before it.
"""


def _any(text: str, beside: str) -> None:
    return None


@dataclass(frozen=True)
class Limits:
    """How long the texts may be that have columns of their own.

    Attributes:
        name: names of contexts, types and properties, and external ids.
        uri: uris.
        value: values of properties.
    """

    name: Limit = _any
    uri: Limit = _any
    value: Limit = _any


NONE = Limits()
"""Those of a store that are not known, or beyond what is recorded anywhere."""


def _at_most(most: int, size: Callable[[bytes], int], words: str) -> Limit:
    """A limit of so many bytes, counted by `size`; `words` says which bytes."""

    def excess(text: str, beside: str) -> str | None:
        found = size(text.encode())
        return f"has {found:,} bytes{words}; the most of this store is {most:,}" if found > most else None

    return excess


def _name_of_255(text: str, beside: str) -> str | None:
    return _at_most(255 - len(beside), len, " of UTF-8")(text, "")


# -- MySQL and MariaDB. ml-metadata sends the bytes of UTF-8, each as one character of what MySQL calls latin1.


def _character(octet: int) -> str:
    return bytes([octet]).decode("cp1252", errors="ignore") or chr(octet)


_BEYOND_ASCII = bytes(range(128, 256))
_OF_THREE = bytes(octet for octet in _BEYOND_ASCII if len(_character(octet).encode()) == 3)


def _recoded(octets: bytes) -> int:
    """How many bytes a column of the charset utf8mb4 takes for them; one of latin1 takes fewer."""
    if octets.isascii():
        return len(octets)
    return 3 * len(octets) - len(octets.translate(None, _BEYOND_ASCII)) - len(octets.translate(None, _OF_THREE))


_ESCAPED = b"\0\n\r\x1a'\"\\"
"""The bytes before which a statement has another."""
_STATEMENT = 1_024
"""How many bytes of a statement are no value, and more than enough."""
_in_column = _at_most(16_777_215, _recoded, " in the database")


def of_mysql(packet: int) -> Limits:
    """Those of a server that takes statements of so many bytes, its `max_allowed_packet`."""
    room = packet - _STATEMENT
    in_statement = _at_most(room, lambda octets: 2 * len(octets) - len(octets.translate(None, _ESCAPED)), " in SQL")

    def value(text: str, beside: str) -> str | None:
        return _in_column(text, beside) or in_statement(text, beside)

    return Limits(name=_name_of_255, uri=_at_most(65_535, _recoded, " in the database"), value=value)


# -- PostgreSQL, whose indexes hold whole texts.

_LONGEST_ENTRY = 2704
_ENTRY, _HEADER, _COMPRESSED_HEADER = 8, 4, 8
_LONGEST_SHORT = 126
"""A text of no more has a header of one byte, and stands anywhere."""


def _fits(text: str, before: int = 0) -> bool:
    """Whether an index takes a text, after what has so many bytes in the same entry."""
    octets = text.encode()
    room = _LONGEST_ENTRY - _ENTRY - (before + 3) // 4 * 4
    if len(octets) + _HEADER <= room:
        return True
    return compressed_size(octets, room - _COMPRESSED_HEADER) is not None


_INDEXED = "has {:,} bytes, and compressed more than the 2,700 or so that an index of the database holds"


def _uri_excess(text: str, beside: str) -> str | None:
    return None if _fits(text) else _INDEXED.format(len(text.encode()))


def _value_excess(text: str, beside: str) -> str | None:
    # The property's name, and whether it is a custom one, stand before it.
    named = len(beside.encode())
    before = named + (1 if named <= _LONGEST_SHORT else _HEADER) + 1
    return None if _fits(text, before) else _INDEXED.format(len(text.encode()))


OF_POSTGRESQL = Limits(uri=_uri_excess, value=_value_excess)
