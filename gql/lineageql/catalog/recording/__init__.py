"""Recording: what mutations do, from a checked draft to one atomic call of MLMD's."""

from __future__ import annotations

from lineageql.catalog.recording.recording import Recording
from lineageql.catalog.recording.results import Logged, Recorded, RecordedExecution, RecordedType

__all__ = ["Logged", "Recorded", "RecordedExecution", "RecordedType", "Recording"]
