"""What was asked of MLMD since a store was opened, for those who watch the service."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from lineageql.errors import LineageQLError


@dataclass
class Call:
    """A call that is under way, and how it ended: the name of MLMD's status, or the code of an error."""

    outcome: str = "CANCELLED"


@dataclass
class Tally:
    """Counts calls of MLMD's service.

    Attributes:
        calls: by the name of the method, and how the call ended.
        starts: how often a process of ml-metadata was started for them.
    """

    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    starts: int = 0

    @contextmanager
    def counted(self, rpc: str) -> Iterator[Call]:
        """Counts a call when it ends, whichever way."""
        call = Call()
        try:
            yield call
        except LineageQLError as error:
            call.outcome = error.code
            raise
        finally:
            self.calls[rpc, call.outcome] += 1
