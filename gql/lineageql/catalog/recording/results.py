"""What mutations answer: references, which the Reader turns into entities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lineageql.catalog.recording.reuse import NotTaken
from lineageql.model.identity import Ref


@dataclass(frozen=True)
class Recorded:
    """A workspace, a run or an execution, whether it was made now, and what was not taken as it was there."""

    ref: Ref
    created: bool
    not_taken: Sequence[NotTaken] = ()


@dataclass(frozen=True)
class Logged:
    """An artifact that an execution read or wrote, whether the artifact was made now, and what was not taken of it."""

    artifact: Ref
    execution: Ref
    created: bool
    not_taken: Sequence[NotTaken] = ()


@dataclass(frozen=True)
class RecordedExecution:
    """An execution with its surroundings, and whether it was made now.

    Artifacts come in the order in which they were logged, each once. `not_taken`
    is what was said otherwise of what is there already.
    """

    workspace: Ref
    run: Ref | None
    execution: Ref
    inputs: Sequence[Ref]
    outputs: Sequence[Ref]
    created: bool
    not_taken: Sequence[NotTaken] = ()


@dataclass(frozen=True)
class RecordedType:
    """MLMD's id of an artifact type, and whether it was made now."""

    type_id: int
    created: bool
