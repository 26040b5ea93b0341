"""JSON values as octets, and long lists that are made, and become octets, a part at a time.

A lineage may have 200,000 nodes. As Python's objects these take many times the room that they take as JSON.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import orjson

T = TypeVar("T")
LARGEST = 10_000
"""The items of a part. A list of no more is made at once, and what is read for it is kept for other fields."""


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
        return (self._make(start, min(start + LARGEST, self._count)) for start in range(0, self._count, LARGEST))

    async def __aiter__(self) -> AsyncIterator[T]:
        """The items one by one, as graphql-core reads a list that is not there at once."""
        for part in self.parts():
            for item in await part:
                yield item


async def in_parts(count: int, make: Callable[[int, int], Awaitable[Sequence[T]]]) -> Sequence[T] | Parts[T]:
    """A list, or its parts where it is long; see `Parts`."""
    return await make(0, count) if count <= LARGEST else Parts(count, make)


class WrittenList:
    """A list that is JSON already.

    Args:
        parts: its items, each part those of a JSON array without its brackets; none is empty.
    """

    __slots__ = ("_parts",)

    def __init__(self, parts: Sequence[bytes]) -> None:
        self._parts = parts

    def octets(self) -> Iterator[bytes]:
        """The list as JSON, in parts."""
        start = b"["
        for part in self._parts:
            yield start
            yield part
            start = b","
        yield b"]" if self._parts else b"[]"

    def items(self) -> Any:
        """The list as Python's objects."""
        return json.loads(b"".join(self.octets()))


def dumps(value: Any) -> bytes:
    """A JSON value as UTF-8."""
    try:
        return orjson.dumps(value, default=_fragment)
    except orjson.JSONEncodeError:
        # Another writer's document may hold an integer of more than 64 bits, or half a surrogate pair.
        return json.dumps(value, separators=(",", ":"), default=_items).encode("ascii")


def _fragment(value: object) -> orjson.Fragment:
    if isinstance(value, WrittenList):
        return orjson.Fragment(b"".join(value.octets()))
    raise TypeError


def _items(value: object) -> Any:
    if isinstance(value, WrittenList):
        return value.items()
    raise TypeError(f"{type(value).__name__} is no JSON value")
