"""What mutations answer: references, which the Reader turns into entities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lineageql.model.identity import Ref


@dataclass(frozen=True)
class Recorded:
    """A workspace, a run or an execution, and whether it was made now."""

    ref: Ref
    created: bool


@dataclass(frozen=True)
class Logged:
    """An artifact that an execution read or wrote, and whether the artifact was made now."""

    artifact: Ref
    execution: Ref
    created: bool


@dataclass(frozen=True)
class RecordedExecution:
    """An execution with its surroundings, and whether it was made now.

    Artifacts come in the order in which they were logged, each once.
    """

    workspace: Ref
    run: Ref | None
    execution: Ref
    inputs: Sequence[Ref]
    outputs: Sequence[Ref]
    created: bool


@dataclass(frozen=True)
class RecordedType:
    """MLMD's id of an artifact type, and whether it was made now."""

    type_id: int
    created: bool
