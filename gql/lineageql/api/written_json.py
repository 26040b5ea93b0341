"""JSON values as UTF-8, and long lists that are made, and written, a part at a time.

A lineage may have 200,000 nodes. As Python's objects these take many times the room that they take as JSON.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import orjson

T = TypeVar("T")
PART = 5_000
"""The items of a part."""
AT_ONCE = 10_000
"""The items of a list that is made at once."""
_PIECE = 262_144
"""The bytes of JSON, about, that are written in one go."""


class Parts(Generic[T]):
    """A long list whose items are there a part at a time.

    Args:
        count: how many items there are at most.
        make: makes those from one place to another; some may be missing.
    """

    def __init__(self, count: int, make: Callable[[int, int], Awaitable[Sequence[T]]]) -> None:
        self._count = count
        self._make = make

    def parts(self) -> Iterator[Awaitable[Sequence[T]]]:
        """The parts, each made when it is waited for."""
        return (self._make(start, min(start + PART, self._count)) for start in range(0, self._count, PART))

    async def __aiter__(self) -> AsyncIterator[T]:
        """The items one by one."""
        for part in self.parts():
            for item in await part:
                yield item


async def in_parts(count: int, make: Callable[[int, int, bool], Awaitable[Sequence[T]]]) -> Sequence[T] | Parts[T]:
    """A list, or its parts where it is long.

    Args:
        count: how many items there are at most.
        make: makes those from one place to another; and whether what it reads for them is kept for other fields.
    """
    if count <= AT_ONCE:
        return await make(0, count, True)
    return Parts(count, lambda start, end: make(start, end, False))


class WrittenList:
    """A list that is JSON already.

    Args:
        pieces: its items, each piece some of them as in a JSON array, without its brackets; none is empty.
    """

    __slots__ = ("_pieces",)

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = pieces

    def pieces(self) -> Iterator[bytes]:
        """The list as JSON, in pieces of some 256 KiB, unless one item is larger."""
        start = b"["
        for piece in self._pieces:
            yield start
            yield piece
            start = b","
        yield b"]" if self._pieces else b"[]"

    def items(self) -> Any:
        """The list as Python's objects."""
        return json.loads(b"".join(self.pieces()))


def pieces_of(values: Sequence[Any]) -> Iterator[bytes]:
    """Values as in a JSON array, without its brackets: as many at a time as make a piece."""
    texts: list[bytes] = []
    size = 0
    for text in map(dumps, values):
        texts.append(text)
        size += len(text)
        if size >= _PIECE:
            yield b",".join(texts)
            texts, size = [], 0
    if texts:
        yield b",".join(texts)


def dumps(value: Any) -> bytes:
    """A JSON value as UTF-8."""
    try:
        return orjson.dumps(value, default=_fragment)
    except orjson.JSONEncodeError:
        # Another writer's document may hold an integer of more than 64 bits, or half a surrogate pair.
        return json.dumps(value, separators=(",", ":"), default=_items).encode("ascii")


def _fragment(value: object) -> orjson.Fragment:
    if isinstance(value, WrittenList):
        return orjson.Fragment(b"".join(value.pieces()))
    raise TypeError


def _items(value: object) -> Any:
    if isinstance(value, WrittenList):
        return value.items()
    raise TypeError(f"{type(value).__name__} is no JSON value")
