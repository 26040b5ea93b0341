"""How short PostgreSQL makes a text: its compression `pglz`, followed step by step as far as the length needs it.

Source: PostgreSQL 15, `src/common/pg_lzcompress.c`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

_LONGEST_MATCH, _HISTORY, _FURTHEST = 273, 4096, 0xFFF
_GOOD_MATCH, _FIRST_SUCCESS, _LEAST_SAVED = 128, 1024, 25


def compressed_size(octets: bytes, most: int) -> int | None:
    """How many bytes octets have compressed; None where that is more than `most`, or they are kept as they are."""
    end = len(octets)
    # A match of the greatest length takes three bytes.
    if end < 32 or end > (most + 3) // 3 * _LONGEST_MATCH:
        return None
    ends_at = min(end * (100 - _LEAST_SAVED) // 100, most + 1)
    lists = 512 if end < 128 else 1024 if end < 256 else 2048 if end < 512 else 4096 if end < 1024 else 8192
    hashes = _hashes(octets, lists - 1)
    history: dict[int, deque[int]] = {}
    at = written = tags = 0
    found = False
    while at < end:
        if written >= ends_at or (not found and written >= _FIRST_SUCCESS):
            return None
        # Eight literals and matches share a byte that says which is which.
        if tags == 0:
            written += 1
        tags = (tags + 1) % 8
        length = _match(octets, at, end, history.get(hashes[at], ()))
        if length:
            written += 3 if length > 17 else 2
            found = True
        else:
            written += 1
        for place in range(at, at + (length or 1)):
            history.setdefault(hashes[place], deque()).appendleft(place)
            if place >= _HISTORY:
                history[hashes[place - _HISTORY]].pop()
        at += length or 1
    return written if written < ends_at else None


def _hashes(octets: bytes, mask: int) -> list[int]:
    """Where the history of each place stands. Octets are signed, as C's characters are on x86."""
    signed = [octet - 256 if octet > 127 else octet for octet in octets]
    four = zip(signed, signed[1:], signed[2:], signed[3:], strict=False)
    # After the last three stand fewer than three.
    return [(a << 6 ^ b << 4 ^ c << 2 ^ d) & mask for a, b, c, d in four] + [a & mask for a in signed[-3:]]


def _match(octets: bytes, at: int, end: int, places: Iterable[int]) -> int:
    """The length of the match that is taken, which need not be the longest; 0 where there is none."""
    length, good = 0, _GOOD_MATCH
    longest = min(_LONGEST_MATCH, end - at)
    for turn, place in enumerate(places):
        if turn:
            # The longer the search, the shorter a match is good enough.
            if length >= good:
                break
            good -= good * 10 // 100
        if at - place >= _FURTHEST:
            break
        if octets[at : at + length + 1] != octets[place : place + length + 1]:
            continue
        size = length + 1
        while size < longest and octets[at + size] == octets[place + size]:
            size += 1
        length = min(size, longest)
    return length if length > 2 else 0
