"""Calls of MLMD's service for reading: many at a time within a bound, and around rows that MLMD cannot read."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from lineageql.errors import (
    Exhausted,
    InvalidArgument,
    LineageQLError,
    StoreError,
    StoreFailed,
    TooExpensive,
)
from lineageql.model.nodes import NodeKind
from lineageql.store.explanation import Explanation, Sent, at_work
from lineageql.store.mlmd import requests
from lineageql.store.service.messages import NOUNS

T = TypeVar("T")
Messages = list[Any]

AT_ONCE = 16
"""How many calls of one operation are under way at a time."""
UNREADABLE = (StoreFailed, InvalidArgument, Exhausted)
"""What MLMD answers where a row of many cannot be read, or all of them make too large a message."""
_MOST_UNREADABLE = 100
_PARTS = 32
_REMEMBERED = 60.0


@dataclass(frozen=True)
class Sizes:
    """How much is asked for at a time.

    Attributes:
        page: rows of a page; asked for more than 100, MLMD forgets to say that there are more.
        batch: ids that one request names.
        few: artifacts and executions that are asked one by one for their contexts.
    """

    page: int = 100
    batch: int = 1000
    few: int = 4


SIZES = Sizes()


class Caller(Protocol):
    """Calls methods of MLMD's service, such as a `Recorder`."""

    async def call(self, rpc: str, request: bytes) -> bytes:
        """Sends a serialized request to the method of this name; answers the serialized reply."""


class ExplainedCaller:
    """Calls methods by another caller, and tells an explanation which."""

    def __init__(self, caller: Caller, explanation: Explanation) -> None:
        self._caller = caller
        self._explanation = explanation

    async def call(self, rpc: str, request: bytes) -> bytes:
        read, begin = at_work(), time.perf_counter()
        reply = await self._caller.call(rpc, request)
        sent = Sent("", rpc, {"octets": len(request)}, len(reply))
        self._explanation.add(read, begin, [sent])
        return reply


@dataclass
class Knowledge:
    """What a store's earlier operations have found out about its server.

    Attributes:
        filters: whether it takes `filter_query`; ml-metadata 1.21 does not.
        plural: whether it has the methods that answer relatives of several contexts.
        unreadable: the rows that it could not read, why, and when that was.
    """

    filters: bool = True
    plural: bool = True
    unreadable: dict[tuple[NodeKind, int], tuple[LineageQLError, float]] = field(default_factory=dict)

    def fault(self, kind: NodeKind, id_: int) -> LineageQLError | None:
        """Why a row could not be read a short while ago."""
        error, when = self.unreadable.get((kind, id_), (None, -math.inf))
        return error if time.monotonic() - when < _REMEMBERED else None

    def spoilt(self, kind: NodeKind) -> bool:
        """Whether rows of a kind could not be read a short while ago."""
        return any(self.fault(*row) is not None for row in self.unreadable if row[0] is kind)


class Client:
    """Calls for one operation.

    Args:
        caller: the way to the service.
        knowledge: what is known of its server.
        scan_limit: how many rows the operation may look at without knowing their ids.
        sizes: how much is asked for at a time.

    Attributes:
        faults: an error for each row that could not be read.
        calls: how many calls were made.
    """

    def __init__(self, caller: Caller, knowledge: Knowledge, scan_limit: int, sizes: Sizes = SIZES) -> None:
        self.caller = caller
        self.knowledge = knowledge
        self.scan_limit = scan_limit
        self.sizes = sizes
        self.data, self.service = requests.load()
        self.faults: dict[tuple[NodeKind, int], LineageQLError] = {}
        self.calls = 0
        self._looked_at = 0
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def ask(self, rpc: str, **fields: Any) -> Any:
        """The reply of a method.

        Raises:
            LineageQLError: what the service answered, or that it is out of reach.
        """
        request = getattr(self.service, f"{rpc}Request")(**fields)
        async with self._slots:
            self.calls += 1
            reply = await self.caller.call(rpc, request.SerializeToString())
        return getattr(self.service, f"{rpc}Response").FromString(reply)

    def batches(self, ids: Sequence[T]) -> list[Sequence[T]]:
        """Ids or texts, as many at a time as one request names."""
        size = self.sizes.batch
        return [ids[start : start + size] for start in range(0, len(ids), size)]

    def look_at(self, rows: int) -> None:
        """Counts rows that were looked at.

        Raises:
            TooExpensive: they are more than one operation may look at.
        """
        self._looked_at += rows
        if self._looked_at > self.scan_limit:
            raise TooExpensive(
                f"MLMD's service cannot look this up, and more than {self.scan_limit} rows had to be looked at; "
                "ask for less at a time, filter by what it can look up (an id, a uri, a type, a workspace, a label), "
                "or let --scan-limit be more"
            )

    async def by_id(self, kind: NodeKind, ids: Iterable[int]) -> Messages:
        """The nodes of these ids, in no order; what is not there is left out, and what cannot be read is a fault."""
        wanted: list[int] = []
        for id_ in ids:
            fault = self.knowledge.fault(kind, id_)
            if fault is None:
                wanted.append(id_)
            else:
                self._note(kind, id_, fault)
        return concatenated(await gathered(self._narrowed(kind, batch) for batch in self.batches(wanted)))

    async def _narrowed(self, kind: NodeKind, ids: Sequence[int]) -> Messages:
        noun = NOUNS[kind].lower()
        try:
            reply = await self.ask(f"Get{NOUNS[kind]}sByID", **{f"{noun}_ids": ids})
        except UNREADABLE as error:
            if len(ids) == 1:
                self.knowledge.unreadable[kind, ids[0]] = error, time.monotonic()
                self._note(kind, ids[0], error)
                return []
            # Into many parts at a time: a server may take long to fail, and ml-metadata's worker is started anew.
            size = max(1, len(ids) // _PARTS)
            parts = [ids[start : start + size] for start in range(0, len(ids), size)]
            return concatenated(await gathered(self._narrowed(kind, part) for part in parts))
        return list(getattr(reply, f"{noun}s"))

    def _note(self, kind: NodeKind, id_: int, why: LineageQLError) -> None:
        noun = NOUNS[kind].lower()
        fault = StoreError(f"the {noun} with MLMD's id {id_} is left out: MLMD cannot read it")
        fault.error_id = why.error_id
        self.faults[kind, id_] = fault
        if len(self.faults) > _MOST_UNREADABLE:
            raise StoreError(f"MLMD cannot read more than {_MOST_UNREADABLE} rows of this store")

    async def events(self, kind: NodeKind, ids: Sequence[int]) -> Messages:
        """The events at these artifacts or executions, in the order in which the service tells them."""
        noun = NOUNS[kind]
        field_name = f"{noun.lower()}_ids"
        replies = await gathered(
            self.ask(f"GetEventsBy{noun}IDs", **{field_name: batch}) for batch in self.batches(list(ids))
        )
        return concatenated(reply.events for reply in replies)


async def gathered(work: Iterable[Awaitable[T]]) -> list[T]:
    """All answers, in order; where one fails, the others are ended."""
    tasks = [asyncio.ensure_future(item) for item in work]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


def concatenated(lists: Iterable[Iterable[T]]) -> list[T]:
    """All items of several lists."""
    return [item for items in lists for item in items]
