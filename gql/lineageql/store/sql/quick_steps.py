"""Which steps of a script the event loop does itself, as asking a thread would take longer than the step."""

from __future__ import annotations

import threading
from types import GeneratorType
from typing import Any

from lineageql.store.sql.driver import Script

QUICK = 0.0004
"""Seconds of the processor's time that a quick step takes at most.

A thread that is asked for one answers a fifth of a millisecond later, and several times that where others wait for
the interpreter: Python's sqlite3 gives it up and takes it again at each row. A longer step is better off in a thread,
where it may have a core of its own.
"""
_RISE, _FALL = 0.1, 0.8
"""How far what is expected of a step goes towards a time that is longer, and to what part of it it falls at most.

Where threads get in each other's way, the same step takes two to five times as long. And a step that took 100 ms, as it
made a statement that nobody had asked for before, is done by threads the next fifteen times.
"""
_LONG = 1.0
"""Seconds that are expected of a step at most."""
_MOST = 4_096
"""How many steps are known. Each takes some 120 bytes."""


def step_of(script: Script[Any]) -> int:
    """The number of what a script does next: that of the code at which it stands."""
    inner: Any = script
    while isinstance(inner.gi_yieldfrom, GeneratorType):
        inner = inner.gi_yieldfrom
    return id(inner.gi_code)


class QuickSteps:
    """Remembers how long steps took.

    A step is what a script does up to its next statements, or one statement. It is known by a number: `step_of` for the
    one, the hash of its text for the other.
    """

    def __init__(self) -> None:
        self._expected: dict[int, float] = {}
        self._lock = threading.Lock()

    def quick(self, step: int) -> bool:
        """Whether a step is expected to be quick; one that is not known is not."""
        return self._expected.get(step, _LONG) <= QUICK

    def took(self, step: int, seconds: float) -> None:
        """Takes note of the processor's time that a step took."""
        seconds = min(seconds, _LONG)
        with self._lock:
            expected = self._expected.get(step)
            if expected is None:
                if len(self._expected) >= _MOST:
                    del self._expected[next(iter(self._expected))]
                self._expected[step] = seconds
            elif seconds > expected:
                self._expected[step] = expected + (seconds - expected) * _RISE
            else:
                self._expected[step] = max(seconds, expected * _FALL)
