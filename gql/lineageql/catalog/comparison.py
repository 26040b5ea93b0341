"""Runs side by side: parameters, metric values, inputs and outputs, row by row.

What belongs together is found by parts, see `catalog.correspondence`, and ports, and
never by ids or times: a row's *key* is the same in each run in which it is.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lineageql.catalog.correspondence import Part, label_of, parts_of
from lineageql.catalog.finding import Finder
from lineageql.errors import InvalidArgument, TooExpensive
from lineageql.model.entities import Artifact, Entity, Execution
from lineageql.model.event_ports import port_of
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.kinds import ArtifactKind
from lineageql.model.nodes import INPUT_EVENTS, OUTPUT_EVENTS, Event, NodeKind
from lineageql.store.ports import Link, Search, Window

SECTIONS = ("parameters", "metrics", "inputs", "outputs")
MOST_RUNS = 100
_MOST_EXECUTIONS = 10_000


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One field of one section, with its value in each run."""

    section: str
    field: str
    values: list[Any]

    @property
    def same(self) -> bool:
        return all(value == self.values[0] for value in self.values)


@dataclass(frozen=True, slots=True)
class RunComparison:
    """Runs, and the rows in which they are compared."""

    runs: list[Entity]
    rows: list[ComparisonRow]


async def compare_runs(finder: Finder, refs: Sequence[Ref]) -> RunComparison:
    """Compares 2 to 100 runs.

    Parameters are those of executions, as their writer means them, and the
    hyperparameters of the models they wrote; metrics are the values of the metrics
    they wrote; inputs and outputs say name, version and uri. Rows are of the same
    part of a run, and where several executions or artifacts of one run are, they
    are numbered in the order of their ids.

    Raises:
        InvalidArgument: there are fewer than 2 runs or more than 100, one comes twice, or one is not there.
        TooExpensive: they have more executions than an operation may read.
    """
    if not 2 <= len(refs) <= MOST_RUNS:
        raise InvalidArgument(f"there are {len(refs)} ids; a comparison takes 2 to {MOST_RUNS} runs", "ids")
    if len(set(refs)) < len(refs):
        twice = next(ref for ref, times in Counter(refs).items() if times > 1)
        raise InvalidArgument(f"the run {str(twice)!r} is named twice", "ids")
    found = await finder.get(refs)
    runs = [run for run in found if run is not None]
    if len(runs) < len(refs):
        place = found.index(None)
        raise InvalidArgument(f"there is no run with the id {str(refs[place])!r}", f"ids[{place}]")
    material = await material_of(finder, runs)
    # Of many executions it takes a while, and nobody else should wait for that.
    return RunComparison(runs, await asyncio.to_thread(rows_of, material))


@dataclass
class Material:
    """What the rows are made of.

    Attributes:
        steps: the executions of each run, by id.
        held: the artifacts that each run holds without an execution that wrote them.
        parts: the part of each execution.
        events: the events of each execution, by its id, in their order.
        artifacts: the artifacts of the events, by id.
    """

    steps: list[list[Execution]]
    held: list[list[Artifact]]
    parts: Mapping[Ref, Part] = field(default_factory=dict)
    events: Mapping[int, Sequence[Event]] = field(default_factory=dict)
    artifacts: Mapping[int, Artifact] = field(default_factory=dict)


async def material_of(finder: Finder, runs: Sequence[Entity]) -> Material:
    """Reads it, in a number of statements that does not follow the number of runs."""
    reader, refs = finder.reader, [run.ref for run in runs]
    under = await reader.search_under(Link.RUN_EXECUTIONS, refs, Search(EntityKind.EXECUTION), Window(_MOST_EXECUTIONS))
    for place, ref in enumerate(refs):
        if under[ref].more:
            words = f"the run {str(ref)!r} has more than {_MOST_EXECUTIONS} executions, too many to compare"
            raise InvalidArgument(words, f"ids[{place}]")
    steps = [[row.entity for row in under[ref].rows if isinstance(row.entity, Execution)] for ref in refs]
    holding = [run.ref for run in runs if run.convention.run_holds]
    outputs = (
        await reader.search_under(Link.RUN_OUTPUTS, holding, Search(EntityKind.ARTIFACT), Window(_MOST_EXECUTIONS))
        if holding
        else {}
    )
    held = [[row.entity for row in outputs[ref].rows if isinstance(row.entity, Artifact)] if ref in outputs else []
            for ref in refs]  # fmt: skip
    count, most = sum(map(len, steps)) + sum(map(len, held)), finder.settings.max_lineage_nodes
    if count > most:
        raise TooExpensive(f"these runs have {count} executions; the most is {most}: compare fewer runs at a time")
    by_id = {step.node.id: step for some in steps for step in some}
    ids = list(by_id)
    events = await reader.paths(
        [
            *await reader.events(NodeKind.EXECUTION, ids, INPUT_EVENTS),
            *await reader.events(NodeKind.EXECUTION, ids, OUTPUT_EVENTS),
        ]
    )
    at: dict[int, list[Event]] = defaultdict(list)
    for event in sorted(events, key=lambda event: event.id):
        at[event.execution_id].append(event)
    named = list({Ref(EntityKind.ARTIFACT, event.artifact_id): None for event in events})
    artifacts = {
        entity.node.id: entity for entity in await finder.get(named) if isinstance(entity, Artifact)
    }  # fmt: skip
    return Material(steps, held, await parts_of(finder, by_id.values()), at, artifacts)


@dataclass
class _Row:
    """A row that is being filled.

    Attributes:
        labels: what it may be called, the shortest first; the first that no other row of the section has is taken.
        number: which of several of the same part and name, in a run, counted from 1.
        values: by column.
    """

    labels: tuple[str, ...]
    number: int
    values: dict[int, Any] = field(default_factory=dict)


class _Table:
    """The rows by section and key."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.rows: dict[str, dict[Hashable, _Row]] = {section: {} for section in SECTIONS}
        self.numbers: Counter[Hashable] = Counter()

    def numbered(self, column: int, key: Hashable) -> int:
        """Which of those with the same key in a column the next is, from 1."""
        self.numbers[column, key] += 1
        return self.numbers[column, key]

    def put(self, section: str, key: Hashable, number: int, column: int, value: Any, *labels: str) -> None:
        """Puts a value where the key says; it is called as it is in the first run that has it."""
        rows = self.rows[section]
        row = rows.get((key, number))
        if row is None:
            row = rows[key, number] = _Row(labels, number)
        row.values[column] = value

    def finished(self) -> list[ComparisonRow]:
        """The rows, by section, then by what they are called."""
        rows = []
        for section in SECTIONS:
            some = list(self.rows[section].values())
            taken = Counter(_label(row, place) for row in some for place in {0, len(row.labels) - 1})
            named = []
            for row in some:
                # The short name where it is the only one of that name, else the one that says the part too.
                short = _label(row, 0)
                named.append((short if taken[short] == 1 else _label(row, len(row.labels) - 1), row))
            named.sort(key=lambda pair: pair[0])
            free = _Free()
            rows += [
                ComparisonRow(section, free.name(label), [row.values.get(column) for column in range(self.width)])
                for label, row in named
            ]
        return rows


def _label(row: _Row, place: int) -> str:
    label = row.labels[place]
    return label if row.number == 1 else f"{label} ({row.number})"


class _Free:
    """Names of which none comes twice: a second of one name gets a number."""

    def __init__(self) -> None:
        self.used: set[str] = set()
        self.last: dict[str, int] = {}

    def name(self, label: str) -> str:
        found = label
        while found in self.used:
            self.last[label] = self.last.get(label, 1) + 1
            found = f"{label} ({self.last[label]})"
        self.used.add(found)
        return found


def rows_of(material: Material) -> list[ComparisonRow]:
    """The rows: one pass over executions, events and values."""
    table = _Table(len(material.steps))
    labels: dict[Part, str] = {}
    for column, (steps, held) in enumerate(zip(material.steps, material.held, strict=True)):
        written: set[int] = set()
        for step in steps:
            part = material.parts[step.ref]
            if part not in labels:
                labels[part] = label_of(part)
            place = _Place(table, column, part, labels[part])
            place.put_step(step)
            for event in material.events.get(step.node.id, ()):
                artifact = material.artifacts.get(event.artifact_id)
                # An event may name a node that is not in the store.
                if artifact is not None:
                    output = event.type in OUTPUT_EVENTS
                    new = output and artifact.node.id not in written
                    place.put_artifact(artifact, port_of(event.path, step.convention), output=output, told=not new)
                    if new:
                        written.add(artifact.node.id)
        whole = _Place(table, column, (), "")
        for artifact in held:
            if artifact.node.id not in written:
                whole.put_artifact(artifact, None, output=True, told=False)
    return table.finished()


class _Place:
    """A part of one run, and what is put there."""

    def __init__(self, table: _Table, column: int, part: Part, label: str) -> None:
        self.table = table
        self.column = column
        self.part = part
        self.label = label

    def _said(self, *names: str) -> str:
        return ".".join(name for name in (self.label, *names) if name)

    def put_step(self, step: Execution) -> None:
        """The parameters of an execution."""
        number = self.table.numbered(self.column, self.part)
        for name, value in step.parameters.items():
            key = ("step", self.part, name)
            self.table.put("parameters", key, number, self.column, value, self._said(name))

    def put_artifact(self, artifact: Artifact, port: str | None, *, output: bool, told: bool) -> None:
        """An artifact at a port; its values too, unless they were told."""
        table, column = self.table, self.column
        at = ("port", self.part, port) if port else ("name", self.part, artifact.name)
        number = table.numbered(column, (output, at))
        said = {"name": artifact.name, "version": artifact.version, "uri": artifact.uri}
        section = "outputs" if output else "inputs"
        table.put(section, at, number, column, said, self._said(port or artifact.name))
        if told:
            return
        for section, values in _values(artifact):
            for name, value in values:
                alone = name if name == artifact.name else f"{artifact.name}.{name}"
                table.put(section, (at, name), number, column, value, alone, self._said(port or artifact.name, name))


def _values(artifact: Artifact) -> Iterable[tuple[str, Iterable[tuple[str, Any]]]]:
    if artifact.kind is ArtifactKind.METRICS and isinstance(artifact.values, dict):
        yield "metrics", artifact.values.items()
    if isinstance(artifact.hyperparameters, dict):
        yield "parameters", artifact.hyperparameters.items()
