"""What differs between two entities, field by field, and between the lineages of two nodes."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lineageql.catalog.adjacency import Events
from lineageql.catalog.correspondence import Part, parts_of
from lineageql.catalog.finding import Finder
from lineageql.catalog.lineage import Bounds, Direction, Graph, Terms, walk_each
from lineageql.model.entities import Artifact, Entity, Execution
from lineageql.model.event_ports import port_of
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.kinds import ArtifactKind, kind_of
from lineageql.model.nodes import INPUT_EVENTS, OUTPUT_EVENTS, NodeKind
from lineageql.store.ports import Link, Search, Window


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


Facts = dict[str, Any]
"""What an entity says of itself, flat: `version`, `labels.stage`, `hyperparameters.lr` and so on."""


def facts(entity: Entity) -> Facts:
    """What an entity says of itself, and not what its writer keeps about it."""
    found: Facts = {"name": entity.name, "type": entity.type.name, "description": entity.description}
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
    nested["labels"] = entity.label_values
    if isinstance(entity, Execution):
        found["state"] = entity.state.name
        nested["parameters"] = entity.parameters
    else:
        bookkeeps = entity.convention.bookkeeps
        stored = {"properties": entity.properties, "customProperties": entity.custom_properties}
        for place, values in stored.items():
            nested[place] = {name: v for name, v in values.items() if name not in _FIELDS and not bookkeeps(name)}
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


def differences(one: Facts, other: Facts) -> list[FieldDifference]:
    """The fields in which two entities differ, by name."""
    return [
        FieldDifference(name, one.get(name), other.get(name))
        for name in sorted(one.keys() | other.keys())
        if one.get(name) != other.get(name) or (name in one) != (name in other)
    ]


async def lineage_diff(
    finder: Finder, left: Ref, right: Ref, direction: Direction, until: float | None, events: Events = Events.ALL
) -> LineageDiff:
    """What the lineages of two nodes share, and what changed between those that play the same part.

    Two nodes that only one lineage has play the same part where they stand at the
    same port of the same part of a run and have the same name, else where they
    have the same kind and name, else where they stand at the same port; each is
    paired once, in the order of their ids. Of executions it is the part of the
    run, see `catalog.correspondence`, else the name. The metrics that the two nodes'
    executions, and those of each pair, wrote are compared as if they were theirs.
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
    steps = [entity for entity in entities.values() if isinstance(entity, Execution)]
    parts = await parts_of(finder, steps)
    ports = [await _ports(finder, graph, entities, parts) for graph in graphs]
    pairs += _pairs(found.only_left, found.only_right, ports, parts)
    metrics = await _metrics(finder, pairs)
    compared = (
        NodeDifference(one, other, differences(_facts(one, metrics, parts), _facts(other, metrics, parts)))
        for one, other in pairs
    )
    found.changed = [difference for difference in compared if difference.differences]
    return found


def _facts(entity: Entity, metrics: Mapping[Ref, Facts], parts: Mapping[Ref, Part]) -> Facts:
    found = facts(entity)
    if isinstance(entity, Execution) and parts.get(entity.ref) == ():
        found.pop("name", None)  # it is that of the run
    return {**found, **metrics.get(entity.ref, {})}


async def _metrics(finder: Finder, pairs: Sequence[tuple[Entity, Entity]]) -> Mapping[Ref, Facts]:
    """The values of the metrics of compared nodes: `metrics.<name>.<value>`.

    Those of an execution are what it wrote; those of a model what names it, or was written by an execution that
    wrote or read it. Of any other artifact they are what the executions wrote that wrote it.
    """
    compared = list({entity.ref: entity for pair in pairs for entity in pair}.values())
    of: dict[Ref, list[Artifact]] = {}
    await _add_written(finder, [entity for entity in compared if isinstance(entity, Execution)], of)
    roots = [entity for entity in pairs[0] if isinstance(entity, Artifact)] if pairs else []
    models = [entity.ref for entity in roots if entity.kind is ArtifactKind.MODEL]
    if models:
        window = Window(finder.settings.max_page_size)
        beside = await finder.reader.search_under(Link.MODEL_METRICS, models, Search(EntityKind.ARTIFACT), window)
        of.update((ref, [row.entity for row in found.rows if isinstance(row.entity, Artifact)])
                  for ref, found in beside.items())  # fmt: skip
    others = [entity for entity in roots if entity.kind not in (ArtifactKind.MODEL, ArtifactKind.METRICS)]
    makers = await finder.producers([entity.ref for entity in others]) if others else []
    producers = {entity.ref: maker for entity, maker in zip(others, makers, strict=True) if maker is not None}
    by_maker: dict[Ref, list[Artifact]] = {}
    await _add_written(finder, list(producers.values()), by_maker)
    of.update((ref, by_maker.get(maker.ref, [])) for ref, maker in producers.items())
    return {ref: _metric_facts(artifacts) for ref, artifacts in of.items()}


async def _add_written(finder: Finder, steps: Sequence[Execution], of: dict[Ref, list[Artifact]]) -> None:
    """Adds the metrics that executions wrote."""
    ids = sorted({step.node.id for step in steps})
    events = await finder.reader.events(NodeKind.EXECUTION, ids, OUTPUT_EVENTS) if ids else []
    written = sorted({event.artifact_id for event in events})
    types = await finder.reader.types_of(EntityKind.ARTIFACT, written) if written else {}
    refs = [Ref(EntityKind.ARTIFACT, id_) for id_ in written
            if id_ in types and kind_of(types[id_]) is ArtifactKind.METRICS]  # fmt: skip
    found = {entity.node.id: entity for entity in await finder.get(refs) if isinstance(entity, Artifact)}
    for event in sorted(events, key=lambda event: event.id):
        if event.artifact_id in found:
            of.setdefault(Ref(EntityKind.EXECUTION, event.execution_id), []).append(found[event.artifact_id])


def _metric_facts(artifacts: Sequence[Artifact]) -> Facts:
    """The values of metrics, flat; of several of one name the later ones are numbered."""
    found: Facts = {}
    names: Counter[str] = Counter()
    for artifact in {artifact.ref: artifact for artifact in artifacts}.values():
        names[artifact.name] += 1
        number = names[artifact.name]
        name = artifact.name if number == 1 else f"{artifact.name} ({number})"
        found.update(_flat(f"metrics.{name}", artifact.values))
    return found


Keys = Callable[[Entity], Iterable[Hashable]]


def _pairs(
    lefts: Sequence[Entity],
    rights: Sequence[Entity],
    ports: Sequence[Mapping[Ref, set[Hashable]]],
    parts: Mapping[Ref, Part],
) -> list[tuple[Entity, Entity]]:
    """What plays the same part on both sides, by the surest sign first."""

    def surely(side: int) -> Keys:
        def keys(entity: Entity) -> Iterable[Hashable]:
            if entity.ref in parts:
                return [parts[entity.ref]]
            return [(_part(entity), port) for port in ports[side].get(entity.ref, ())]

        return keys

    def by_name(_: int) -> Keys:
        return lambda entity: [_part(entity)]

    def by_port(side: int) -> Keys:
        return lambda entity: ports[side].get(entity.ref, ())

    paired: list[tuple[Entity, Entity]] = []
    taken: set[Ref] = set()
    for sign in (surely, by_name, by_port):
        groups = _grouped(rights, sign(1))
        keys = sign(0)
        for one in sorted(lefts, key=_id):
            if one.ref in taken:
                continue
            for key in sorted(keys(one), key=repr):
                group = groups.get(key, deque())
                # Who is taken is looked at once: it leaves the group.
                while group and group[0].ref in taken:
                    group.popleft()
                if group:
                    other = group.popleft()
                    taken |= {one.ref, other.ref}
                    paired.append((one, other))
                    break
    return paired


def _grouped(entities: Sequence[Entity], keys: Keys) -> dict[Hashable, deque[Entity]]:
    groups: dict[Hashable, deque[Entity]] = defaultdict(deque)
    for entity in sorted(entities, key=_id):
        for key in keys(entity):
            groups[key].append(entity)
    return groups


def _part(entity: Entity) -> Hashable:
    kind = entity.kind if isinstance(entity, Artifact) else None
    return entity.entity_kind, kind, entity.name


def _id(entity: Entity) -> int:
    return entity.mlmd_id or 0


async def _ports(
    finder: Finder, graph: Graph, entities: Mapping[Ref, Entity], parts: Mapping[Ref, Part]
) -> dict[Ref, set[Hashable]]:
    """The ports that each artifact of a graph stands at: the step's part, the way and the port's name."""
    found: dict[Ref, set[Hashable]] = defaultdict(set)
    for event in await finder.reader.paths(graph.edges):
        step = entities.get(Ref(EntityKind.EXECUTION, event.execution_id))
        port = port_of(event.path, step.convention) if step is not None else None
        if step is not None and port is not None:
            key = (parts[step.ref], event.type in INPUT_EVENTS, port)
            found[Ref(EntityKind.ARTIFACT, event.artifact_id)].add(key)
    return found
