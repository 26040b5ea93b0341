"""What became of one operation, for those who watch the service: metrics, logs and the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lineageql.catalog.recording.results import Logged, Recorded, RecordedExecution, RecordedType
from lineageql.model.identity import Ref, type_id


@dataclass(frozen=True, slots=True)
class Change:
    """What one field of a mutation did.

    Args:
        field: the mutation, such as `recordExecution`.
        action: `created`, `changed`, `found` for what was there already and is unchanged, or `linked` for what an
            execution was recorded with, which may be new or not.
        ids: the global ids of what it did that to.
    """

    field: str
    action: str
    ids: tuple[str, ...]


@dataclass(slots=True)
class Account:
    """What became of one operation.

    Attributes:
        kind: `query` or `mutation`; `invalid` where it was not known by then which.
        name: what the document calls it; None where it has no name.
        cost: what it was charged.
        reads: how often the store was read for it.
        changes: what its mutations did.
    """

    kind: str = "invalid"
    name: str | None = None
    cost: int = 0
    reads: int = 0
    changes: list[Change] = field(default_factory=list)


def changes(mutation: str, found: object) -> Iterator[Change]:
    """What a mutation did, by what the catalog answered."""
    match found:
        case list():
            for one in found:
                yield from changes(mutation, one)
        case Ref():
            yield Change(mutation, "changed", (str(found),))
        case Recorded(ref, created):
            yield Change(mutation, _made(created), (str(ref),))
        case Logged(artifact, execution, created):
            yield Change(mutation, _made(created), (str(artifact),))
            yield Change(mutation, "linked", (str(execution),))
        case RecordedExecution():
            yield Change(mutation, _made(found.created), (str(found.execution),))
            if found.created:
                around = (found.workspace, found.run, *found.inputs, *found.outputs)
                linked = dict.fromkeys(str(ref) for ref in around if ref is not None)
                yield Change(mutation, "linked", tuple(linked))
        case RecordedType():
            yield Change(mutation, _made(found.created), (type_id(found.type_id),))


def _made(created: bool) -> str:
    return "created" if created else "found"
