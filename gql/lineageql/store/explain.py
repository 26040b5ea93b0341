"""What a Reader does for one operation: what it was asked, its round trips, their statements, rows and times.

Nothing here takes part in reading. `explained` puts a witness before a Reader and
another behind it, in the place of its driver or of its channel to MLMD's service.
The first says which read is at work, the second what that sends to the store.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, cast

from lineageql.model.identity import Ref
from lineageql.model.predicates import And, Label, Not, Or, Predicate, Property, Related, Test
from lineageql.store.ports import Reader, Search, Window

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
        bound = {name: _shortened(value) for name, value in self.parameters.items()}
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


def explained(reader: Reader, explanation: Explanation) -> Reader:
    """A Reader that answers as another does, and tells an explanation what it is asked."""
    return cast(Reader, _ExplainedReader(reader, explanation))


class _ExplainedReader:
    def __init__(self, reader: Reader, explanation: Explanation) -> None:
        self._reader = reader
        self._explanation = explanation

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._reader, name)
        if not callable(found):
            return found
        verb: Callable[..., Awaitable[Any]] = found

        async def read(*arguments: Any, **more: Any) -> Any:
            asked = ", ".join(filter(None, map(described, [*arguments, *more.values()])))
            with self._explanation.reading(name, asked):
                return await verb(*arguments, **more)

        return read


def described(asked: Any) -> str:
    """What a Reader is asked, in words."""
    match asked:
        case Search(kind, predicate, order):
            where = f" where {_said(predicate)}" if predicate != And() else ""
            way = " descending" if order.descending else ""
            return f"{kind.value.lower()}s{where} in the order of {order.field.value}{way}"
        case Window(limit, after, before, backward):
            edges = [f" {name} {key!r}" for name, key in (("after", after), ("before", before)) if key is not None]
            return f"{'last' if backward else 'first'} {limit}{''.join(edges)}"
        case And() | Or() | Not() | Test() | Related():
            return _said(asked)
        case str() | int():
            return str(asked)
        case list() | tuple() if asked and isinstance(asked[0], Ref):
            kinds = sorted({f"{ref.kind.value.lower()}s" for ref in asked})
            return f"{len(asked)} {' and '.join(kinds)}"
        case list() | tuple():
            return f"{len(asked)} ids"
        case None:
            return ""
    if isinstance(asked, (frozenset, set)):
        return f"{{{', '.join(sorted(str(_shortened(one)) for one in asked))}}}"
    return str(_shortened(asked)) if isinstance(asked, Enum) else ""


def _said(predicate: Predicate) -> str:
    match predicate:
        case And(terms):
            return " and ".join(map(_inner, terms)) or "true"
        case Or(terms):
            return " or ".join(map(_inner, terms)) or "false"
        case Not(term):
            return f"not {_inner(term)}"
        case Related(relation, inner):
            return f"{relation.value}({_said(inner)})"
        case Test(subject, operator, operand, ignore_case):
            match subject:
                case Label(key):
                    left = f"label {key!r}"
                case Property(name):
                    left = f"property {name!r}"
                case _:
                    left = subject.value
            right = f" {_shortened(operand)!r}" if operand is not None else ""
            return f"{left} {operator.value}{right}{' ignoring case' if ignore_case else ''}"
    raise AssertionError(predicate)


def _inner(term: Predicate) -> str:
    return f"({_said(term)})" if isinstance(term, (And, Or)) else _said(term)


def _shortened(value: Any) -> Any:
    if isinstance(value, (list, tuple)) and len(value) > _MOST:
        return [*map(_shortened, value[:_MOST]), f"… {len(value)} in all"]
    if isinstance(value, (list, tuple)):
        return [_shortened(one) for one in value]
    if isinstance(value, Enum):
        return value.value if isinstance(value.value, str) else value.name
    if isinstance(value, str) and len(value) > _LONGEST:
        return f"{value[:_LONGEST]}… {len(value)} characters in all"
    return value if isinstance(value, (str, int, float)) or value is None else str(value)


def _since(begin: float) -> float:
    return (time.perf_counter() - begin) * 1000
