"""What differs between two entities, field by field, and between the lineages of two nodes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from lineageql.catalog.adjacency import Events
from lineageql.catalog.finding import Finder
from lineageql.catalog.lineage import Bounds, Direction, Graph, Terms, walk_each
from lineageql.model.entities import Artifact, Entity, Execution
from lineageql.model.event_ports import port_of
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.nodes import INPUT_EVENTS


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A field in which two entities differ; None where one lacks it."""

    field: str
    left: Any
    right: Any


@dataclass(frozen=True, slots=True)
class NodeDifference:
    """Two nodes that play the same part, and what differs between them."""

    left: Entity
    right: Entity
    differences: list[FieldDifference]


@dataclass
class LineageDiff:
    """What two lineages share and do not share; the two nodes themselves are compared too."""

    only_left: list[Entity] = field(default_factory=list)
    only_right: list[Entity] = field(default_factory=list)
    both: list[Entity] = field(default_factory=list)
    changed: list[NodeDifference] = field(default_factory=list)
    complete: bool = True


def facts(entity: Entity) -> dict[str, Any]:
    """What an entity says of itself, flat: `version`, `labels.stage`, `hyperparameters.lr` and so on."""
    found: dict[str, Any] = {"name": entity.name, "type": entity.type.name, "description": entity.description}
    if isinstance(entity, Artifact):
        found |= {
            "kind": entity.kind.value,
            "uri": entity.uri,
            "version": entity.version,
            "owner": entity.owner,
            "state": entity.state.name,
        }
        nested = {
            "hyperparameters": entity.hyperparameters,
            "trainingFramework": entity.training_framework,
            "values": entity.values if entity.kind.value == "METRICS" else None,
        }
    else:
        nested = {}
        if isinstance(entity, Execution):
            found["state"] = entity.state.name
    nested |= {
        "labels": entity.label_values,
        "properties": {name: value for name, value in entity.properties.items() if name not in _FIELDS},
        "customProperties": entity.custom_properties,
    }
    for name, value in nested.items():
        found.update(_flat(name, value))
    return {name: value for name, value in found.items() if value is not None}


_FIELDS = {"name", "version", "owner", "description", "create_time"}


def _flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for member, inner in value.items():
            yield from _flat(f"{name}.{member}", inner)
    else:
        yield name, value


def differences(left: Entity, right: Entity) -> list[FieldDifference]:
    """The fields in which two entities differ, by name."""
    one, other = facts(left), facts(right)
    return [
        FieldDifference(name, one.get(name), other.get(name))
        for name in sorted(one.keys() | other.keys())
        if one.get(name) != other.get(name) or (name in one) != (name in other)
    ]


async def lineage_diff(
    finder: Finder, left: Ref, right: Ref, direction: Direction, until: float | None, events: Events = Events.ALL
) -> LineageDiff:
    """What the lineages of two nodes share, and what changed between those that play the same part.

    Two nodes that only one lineage has play the same part where they have the
    same kind and name, or stand at the same port of steps of the same name; each
    is paired once, in the order of their ids.
    """
    bounds = Bounds(finder.settings.lineage_nodes, None, until)
    graphs = await walk_each(finder.reader, [[left], [right]], direction, bounds, Terms(events=events))
    lefts, rights = (set(graph.hops) - {root} for graph, root in zip(graphs, (left, right), strict=True))
    order = {ref: place for graph in graphs for place, ref in enumerate(graph.hops)}
    refs = sorted(lefts | rights | {left, right}, key=lambda ref: (order[ref], str(ref)))
    loaded = dict(zip(refs, await finder.get(refs), strict=True))
    entities = {ref: entity for ref, entity in loaded.items() if entity is not None}

    def shown(wanted: set[Ref]) -> list[Entity]:
        return [entities[ref] for ref in refs if ref in wanted and ref in entities]

    roots = {left, right}
    found = LineageDiff(
        shown(lefts - rights - roots),
        shown(rights - lefts - roots),
        shown((lefts & rights) - roots),
        complete=all(graph.complete for graph in graphs),
    )
    pairs = [(entities[left], entities[right])] if left != right and roots <= entities.keys() else []
    ports = [await _ports(finder, graph, entities) for graph in graphs]
    pairs += _pairs(found.only_left, found.only_right, ports)
    compared = (NodeDifference(one, other, differences(one, other)) for one, other in pairs)
    found.changed = [difference for difference in compared if difference.differences]
    return found


def _pairs(
    lefts: Sequence[Entity], rights: Sequence[Entity], ports: Sequence[dict[Ref, set[Hashable]]]
) -> list[tuple[Entity, Entity]]:
    paired: list[tuple[Entity, Entity]] = []
    taken: set[Ref] = set()
    by_name = _grouped(rights, lambda entity: {_part(entity)})
    by_port = _grouped(rights, lambda entity: ports[1].get(entity.ref, set()))
    parts: tuple[tuple[Keys, dict[Hashable, list[Entity]]], ...] = (
        (lambda entity: {_part(entity)}, by_name),
        (lambda entity: ports[0].get(entity.ref, set()), by_port),
    )
    for keys, groups in parts:
        for one in sorted(lefts, key=_id):
            if one.ref in taken:
                continue
            candidates = [other for key in sorted(keys(one), key=repr) for other in groups.get(key, ())]
            other = next((other for other in candidates if other.ref not in taken), None)
            if other is not None:
                taken |= {one.ref, other.ref}
                paired.append((one, other))
    return paired


Keys = Callable[[Entity], set[Hashable]]


def _grouped(entities: Sequence[Entity], keys: Keys) -> dict[Hashable, list[Entity]]:
    groups: dict[Hashable, list[Entity]] = defaultdict(list)
    for entity in sorted(entities, key=_id):
        for key in keys(entity):
            groups[key].append(entity)
    return groups


def _part(entity: Entity) -> Hashable:
    kind = entity.kind if isinstance(entity, Artifact) else None
    return entity.entity_kind, kind, entity.name


def _id(entity: Entity) -> int:
    return entity.mlmd_id or 0


async def _ports(finder: Finder, graph: Graph, entities: dict[Ref, Entity]) -> dict[Ref, set[Hashable]]:
    """The ports that each artifact of a graph stands at: the step's name, the way and the port's name."""
    found: dict[Ref, set[Hashable]] = defaultdict(set)
    for event in await finder.reader.paths(graph.edges):
        step = entities.get(Ref(EntityKind.EXECUTION, event.execution_id))
        port = port_of(event.path, step.convention) if step is not None else None
        if step is not None and port is not None:
            key = (step.name, event.type in INPUT_EVENTS, port)
            found[Ref(EntityKind.ARTIFACT, event.artifact_id)].add(key)
    return found
