"""Counts of entities by one of their properties."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from lineageql.model.entities import Artifact, Entity, Execution
from lineageql.model.identity import EntityKind
from lineageql.model.items import item_names
from lineageql.model.predicates import Relation
from lineageql.model.run_state import run_state
from lineageql.model.subjects import label_of, property_names
from lineageql.store.ports import ITEM_FACETS, Facet
from lineageql.store.service.reading import Reading


def _state(entity: Entity) -> str | None:
    return entity.state.name if isinstance(entity, (Artifact, Execution)) else None


def _kind(entity: Entity) -> str | None:
    return entity.kind.value if isinstance(entity, Artifact) else None


_VALUES: dict[Facet, Callable[[Entity], str | None]] = {
    Facet.TYPE: lambda entity: entity.type.name,
    Facet.WRITER: lambda entity: entity.convention.writer,
    Facet.KIND: _kind,
    Facet.STATE: _state,
}


async def counted(
    reading: Reading, kind: EntityKind, entities: Sequence[Entity], by: Facet, key: str | None
) -> Counter[str]:
    """How many entities of a kind have each value; one without a value counts nowhere, one with several in each."""
    if by is Facet.WORKSPACE:
        return await _by_names(reading, Relation.WORKSPACE, kind, entities)
    if by is Facet.RUN:
        return await _by_names(reading, Relation.RUN, kind, entities)
    if by is Facet.STATE and kind is EntityKind.RUN:
        counts = await reading.states.of_runs([entity.ref for entity in entities])
        return Counter(run_state(counts[entity.ref]).name for entity in entities)
    if by is Facet.LABEL_KEY:
        return Counter(name for entity in entities for name in entity.label_values)
    if by is Facet.LABEL_VALUE:
        assert key is not None
        return _of(label_of(entity, key) for entity in entities)
    if by is Facet.PROPERTY_NAME:
        return Counter(name for entity in entities for name in property_names(entity))
    if by in ITEM_FACETS:
        await reading.entities.load_names(entities)  # some are called by the name of their artifact
        return Counter(name for entity in entities for name in item_names(entity, ITEM_FACETS[by]))
    return _of(_VALUES[by](entity) for entity in entities)


def _of(values: Iterable[str | None]) -> Counter[str]:
    return Counter(value for value in values if value is not None)


async def _by_names(reading: Reading, relation: Relation, kind: EntityKind, entities: Sequence[Entity]) -> Counter[str]:
    """How many entities are related to one of each name."""
    if not entities:
        return Counter()
    related = await reading.relations.of(relation, kind, entities)
    await reading.entities.load_names(other for found in related for other in found)
    counts: Counter[str] = Counter()
    for found in related:
        counts.update({other.name for other in found})
    return counts
