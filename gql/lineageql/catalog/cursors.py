"""Cursors: where a row stands in one order of one search, opaque to clients.

A cursor holds the row's key and a digest of the search that it belongs to, so
one that was made for another filter or order, or was cut or altered, is known
as such. It names no secret: the digest is a check, not a seal.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Hashable

import orjson

from lineageql.errors import InvalidArgument
from lineageql.store.ports import Key

_DIGEST_SIZE = 9


def encode_cursor(key: Key, search: Hashable) -> str:
    """The cursor of the row with this key in this search."""
    body = orjson.dumps(list(key))
    return base64.urlsafe_b64encode(_digest(body, search) + body).rstrip(b"=").decode("ascii")


def decode_cursor(cursor: str, search: Hashable, argument: str) -> Key:
    """The key that a cursor holds.

    Raises:
        InvalidArgument: it is no cursor, or not one of this search.
    """
    try:
        octets = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        body = octets[_DIGEST_SIZE:]
        key = orjson.loads(body)
    except (UnicodeError, binascii.Error, orjson.JSONDecodeError):
        raise InvalidArgument("this is not a cursor; take cursors from earlier answers", argument) from None
    if (
        not isinstance(key, list)
        or not key
        or not all(map(_is_part, key))
        or octets[:_DIGEST_SIZE] != _digest(body, search)
    ):
        raise InvalidArgument("this cursor belongs to another filter or order, or was altered", argument)
    return tuple(key)


def _is_part(value: object) -> bool:
    # Whoever knows how cursors are made can make one of anything.
    whole = isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
    return whole or value is None or isinstance(value, (str, float))


def _digest(body: bytes, search: Hashable) -> bytes:
    # A search is made of frozen data classes, enums and plain values: its repr says all of it.
    return hashlib.blake2b(body + repr(search).encode("utf-8", "surrogatepass"), digest_size=_DIGEST_SIZE).digest()
