"""Counts of artifacts by one of their properties."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from lineageql.model.entities import Artifact, Entity
from lineageql.model.identity import EntityKind
from lineageql.store.ports import Facet
from lineageql.store.service.reading import Reading
from lineageql.store.service.subjects import label_of


def _state(entity: Entity) -> str | None:
    return entity.state.name if isinstance(entity, Artifact) else None


def _kind(entity: Entity) -> str | None:
    return entity.kind.value if isinstance(entity, Artifact) else None


_VALUES: dict[Facet, Callable[[Entity], str | None]] = {
    Facet.TYPE: lambda entity: entity.type.name,
    Facet.KIND: _kind,
    Facet.STATE: _state,
}


async def counted(reading: Reading, artifacts: Sequence[Entity], by: Facet, key: str | None) -> Counter[str]:
    """How many artifacts have each value; one without a value counts nowhere, one with several in each."""
    if by is Facet.WORKSPACE:
        return await _by_workspace(reading, artifacts)
    if by is Facet.LABEL_KEY:
        return Counter(name for entity in artifacts for name in entity.label_values)
    if by is Facet.LABEL_VALUE:
        assert key is not None
        return _of(label_of(entity, key) for entity in artifacts)
    return _of(_VALUES[by](entity) for entity in artifacts)


def _of(values: Iterable[str | None]) -> Counter[str]:
    return Counter(value for value in values if value is not None)


async def _by_workspace(reading: Reading, artifacts: Sequence[Entity]) -> Counter[str]:
    spaces = await reading.memberships.spaces(EntityKind.ARTIFACT, [entity.node.id for entity in artifacts])
    counts: Counter[str] = Counter()
    for found in spaces.values():
        counts.update({entity.name for entity in reading.entities.of(EntityKind.WORKSPACE, found)})
    return counts
