"""A few threads, shared fairly among operations.

One operation may ask for a thousand things at once. It is served by one thread
at a time all the same, and in pieces: after each, whoever has had the least of
the threads' time is next.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from heapq import heappop, heappush
from itertools import count

PIECE = 0.02
"""Seconds after which a piece of work ends, as soon as the statement that it is at does."""

LONG = 0.1
"""Seconds of service from which on an operation is a long one: these never have the last thread."""


class Party(ABC):
    """Who takes turns: an operation, or what is none and reads once."""

    def __init__(self) -> None:
        self.had = 0.0
        """Seconds that it was served, or worked by itself."""
        self.place = 0.0
        """Where it stands in the queue: when it came first, and what it has had since. Only `Turns` sets it."""
        self.inside = False
        """Whether it waits or is served. Only `Turns` sets it."""
        self.ended = False
        """Whether it never comes again. Only `Turns` sets it."""

    @abstractmethod
    def serve(self) -> Callable[[], None]:
        """Does a piece of its work, in a thread, and answers how to tell what came of it; neither ever raises."""

    @abstractmethod
    def waits(self) -> bool:
        """Whether there is more to do for it."""

    @abstractmethod
    def holds(self) -> bool:
        """Whether there is anything to let go of; asked only while no thread serves it."""

    @abstractmethod
    def left(self) -> None:
        """Lets go of what it holds, if anything: it has ended, and no thread serves it. It is called in any thread."""


class Turns:
    """Serves parties with a few threads, by the rule of start-time fair queuing.

    The queue has a clock, the place of who was served last. Who comes stands at
    the clock, and who was served as much behind that as it took. So who comes
    is next after those that came before it, whatever they had had until then,
    and nobody waits for ever.
    """

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="lineageql-reader")
        self._leaving = ThreadPoolExecutor(1, thread_name_prefix="lineageql-leaving")
        self._lock = threading.Lock()
        self._free = threads
        self._most_long = max(1, threads - 1)
        self._served_long = 0
        self._short: list[tuple[float, int, Party]] = []
        self._long: list[tuple[float, int, Party]] = []
        self._clock = 0.0
        self._arrivals = count()

    def enter(self, party: Party) -> None:
        """Lets a party that has work wait for its turn, unless it does or is served."""
        with self._lock:
            if party.inside:
                return
            party.inside = True
            party.place = max(party.place, self._clock)
            self._queue(party)
            if not self._free:
                return
            self._free -= 1
        self._pool.submit(self._work)

    def _queue(self, party: Party) -> None:
        heappush(self._long if party.had >= LONG else self._short, (party.place, next(self._arrivals), party))

    def _next(self) -> tuple[Party, bool] | None:
        """Who is next, and whether it is a long one."""
        long = bool(self._long) and self._served_long < self._most_long
        if long and self._short:
            long = self._long[0] < self._short[0]
        if not long and not self._short:
            return None
        self._clock, _, party = heappop(self._long if long else self._short)
        self._served_long += long
        return party, long

    def _work(self) -> None:
        """What a thread does until nobody waits for it."""
        while True:
            with self._lock:
                found = self._next()
                if found is None:
                    self._free += 1
                    return
            party, long = found
            began = time.perf_counter()
            tell = party.serve()
            took = time.perf_counter() - began
            with self._lock:
                self._served_long -= long
                party.had += took
                party.place += took
                party.inside = party.waits()
                if party.inside:
                    self._queue(party)
                gone = party.ended and not party.inside
            # Only now: who is told may have more work at once, and do that by itself where no thread serves the party.
            tell()
            if gone:
                party.left()

    def free(self, party: Party) -> bool:
        """Whether a party may do a little work by itself, out of turn: no thread serves it, and it is no long one."""
        return not party.inside and party.had < LONG

    def had(self, party: Party, took: float) -> None:
        """Takes note of how many seconds a party worked by itself."""
        party.had += took
        party.place = max(party.place, self._clock) + took

    def leave(self, party: Party, *, at_once: bool = False) -> None:
        """Takes leave of a party that has no more work and never enters again.

        Args:
            party: who leaves.
            at_once: to let go of what it holds takes next to no time.
        """
        with self._lock:
            party.ended = True
            gone = not party.inside
        if gone and at_once:
            party.left()
        elif gone and party.holds():
            # A connection ends with calls to SQLite, which the event loop should not wait for. The threads that serve
            # may have no end of work.
            try:
                self._leaving.submit(party.left)
            except RuntimeError:  # it is closed: an operation ends after the store
                party.left()

    def close(self) -> None:
        """Waits for the threads."""
        self._pool.shutdown()
        self._leaving.shutdown()
