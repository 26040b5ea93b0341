"""What was read for one operation: what the Reader was asked, its round trips, their statements, rows and times.

`store.explain` fills one in.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

_MOST = 8
"""How many values of a list are shown."""
_LONGEST = 200
"""How many characters of a text are shown."""


@dataclass
class Sent:
    """One statement of a database, or one call of MLMD's service.

    Attributes:
        purpose: what it is for.
        text: the statement's SQL, or the name of the method.
        parameters: what is bound to the statement, or nothing.
        rows: how many rows, or octets of a reply, came back.
    """

    purpose: str
    text: str
    parameters: Mapping[str, Any]
    rows: int

    def shown(self) -> dict[str, Any]:
        bound = {name: shortened(value) for name, value in self.parameters.items()}
        return {"purpose": self.purpose, "text": self.text, "parameters": bound, "rows": self.rows}


@dataclass
class RoundTrip:
    """What was sent together, and how many milliseconds it took until all rows were there."""

    milliseconds: float
    sent: list[Sent]


@dataclass
class Read:
    """One use of the Reader: which verb, what was asked of it, how long it took in all."""

    verb: str
    asked: str
    milliseconds: float = 0.0
    round_trips: list[RoundTrip] = field(default_factory=list)


class Explanation:
    """The reads of one operation, in the order in which they began."""

    def __init__(self) -> None:
        self.reads: list[Read] = []

    @contextlib.contextmanager
    def reading(self, verb: str, asked: str) -> Iterator[None]:
        """Counts what is sent within as a read's."""
        read = Read(verb, asked)
        self.reads.append(read)
        token, begin = _AT_WORK.set(read), time.perf_counter()
        try:
            yield
        finally:
            read.milliseconds = _since(begin)
            _AT_WORK.reset(token)

    def add(self, read: Read | None, begin: float, sent: list[Sent]) -> None:
        """Counts a round trip, begun at a `time.perf_counter()`, as a read's; without one, as one of its own."""
        if read is None:
            read = Read("", "")
            self.reads.append(read)
        read.round_trips.append(RoundTrip(_since(begin), sent))

    def shown(self) -> dict[str, Any]:
        """All of it, as JSON holds it."""
        trips = [trip for read in self.reads for trip in read.round_trips]
        return {
            "roundTrips": len(trips),
            "statements": sum(len(trip.sent) for trip in trips),
            "milliseconds": round(sum(trip.milliseconds for trip in trips), 3),
            "reads": [
                {
                    "read": read.verb,
                    "asked": read.asked,
                    "milliseconds": round(read.milliseconds, 3),
                    "roundTrips": [
                        {
                            "milliseconds": round(trip.milliseconds, 3),
                            "statements": [one.shown() for one in trip.sent],
                        }
                        for trip in read.round_trips
                    ],
                }
                for read in self.reads
            ],
        }


_AT_WORK: ContextVar[Read | None] = ContextVar("read at work", default=None)


def at_work() -> Read | None:
    """The read that the running task works for."""
    return _AT_WORK.get()


def shortened(value: Any) -> Any:
    """A value as it is shown: without the rest of long lists and texts."""
    if isinstance(value, (list, tuple)) and len(value) > _MOST:
        return [*map(shortened, value[:_MOST]), f"… {len(value)} in all"]
    if isinstance(value, (list, tuple)):
        return [shortened(one) for one in value]
    if isinstance(value, Enum):
        return value.value if isinstance(value.value, str) else value.name
    if isinstance(value, str) and len(value) > _LONGEST:
        return f"{value[:_LONGEST]}… {len(value)} characters in all"
    return value if isinstance(value, (str, int, float)) or value is None else str(value)


def _since(begin: float) -> float:
    return (time.perf_counter() - begin) * 1000
