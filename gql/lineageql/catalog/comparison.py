"""Runs side by side: parameters, metric values, inputs and outputs, row by row."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lineageql.catalog.finding import Finder
from lineageql.errors import InvalidArgument
from lineageql.model.entities import Artifact, Entity, Execution
from lineageql.model.event_ports import port_of
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.kinds import ArtifactKind
from lineageql.model.nodes import INPUT_EVENTS, OUTPUT_EVENTS, EventType, NodeKind
from lineageql.store.ports import Link, Search, Window

SECTIONS = ("parameters", "metrics", "inputs", "outputs")
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
    """Compares 2 to 10 runs.

    Parameters are the properties of executions and the hyperparameters of the
    models they wrote, metrics the values of the metrics they wrote; inputs and
    outputs are named by step and port, and their values say name, version and uri.

    Raises:
        InvalidArgument: there are fewer than 2 runs or more than 10, one comes twice, or one is not there.
    """
    if not 2 <= len(refs) <= 10:
        raise InvalidArgument(f"there are {len(refs)} ids; a comparison takes 2 to 10 runs", "ids")
    if len(set(refs)) < len(refs):
        twice = next(ref for place, ref in enumerate(refs) if ref in refs[:place])
        raise InvalidArgument(f"the run {str(twice)!r} is named twice", "ids")
    found = await finder.get(refs)
    runs = [run for run in found if run is not None]
    if len(runs) < len(refs):
        place = found.index(None)
        raise InvalidArgument(f"there is no run with the id {str(refs[place])!r}", f"ids[{place}]")
    columns = await asyncio.gather(*(_column(finder, ref) for ref in refs))
    rows = []
    for section in SECTIONS:
        names = sorted({name for column in columns for name in column[section]})
        rows += [ComparisonRow(section, name, [column[section].get(name) for column in columns]) for name in names]
    return RunComparison(runs, rows)


async def _column(finder: Finder, run: Ref) -> Mapping[str, dict[str, Any]]:
    """What one run shows, by section and field."""
    column: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    window = Window(_MOST_EXECUTIONS)
    found = (await finder.reader.search_under(Link.RUN_EXECUTIONS, [run], Search(EntityKind.EXECUTION), window))[run]
    if found.more:
        raise InvalidArgument(f"a run has more than {_MOST_EXECUTIONS} executions, too many to compare", "ids")
    steps = [row.entity for row in found.rows if isinstance(row.entity, Execution)]
    for step in steps:
        for name, value in {**step.custom_properties, **step.properties}.items():
            if name not in ("name", "description", "create_time"):
                _put(column["parameters"], f"{step.name}.{name}", value)
    by_id = {step.mlmd_id: step for step in steps}
    ids = [id_ for id_ in by_id if id_ is not None]
    events = await finder.reader.paths(
        [
            *await finder.reader.events(NodeKind.EXECUTION, ids, INPUT_EVENTS),
            *await finder.reader.events(NodeKind.EXECUTION, ids, OUTPUT_EVENTS),
        ]
    )
    refs = list({Ref(EntityKind.ARTIFACT, event.artifact_id): None for event in events})
    artifacts = dict(zip(refs, await finder.get(refs), strict=True))
    written: set[Ref] = set()
    for event in sorted(events, key=lambda event: event.id):
        ref = Ref(EntityKind.ARTIFACT, event.artifact_id)
        artifact = artifacts[ref]
        if isinstance(artifact, Artifact):
            section = _section(event.type)
            step = by_id[event.execution_id]
            place = f"{step.name}.{port_of(event.path, step.convention) or artifact.name}"
            _put(column[section], place, _said(artifact))
            if section == "outputs" and ref not in written:
                written.add(ref)
                _put_values(column, artifact)
    return column


def _section(type_: EventType) -> str:
    return "inputs" if type_ in INPUT_EVENTS else "outputs"


def _said(artifact: Artifact) -> dict[str, Any]:
    return {"name": artifact.name, "version": artifact.version, "uri": artifact.uri}


def _put_values(column: Mapping[str, dict[str, Any]], artifact: Artifact) -> None:
    if artifact.kind is ArtifactKind.METRICS and isinstance(artifact.values, dict):
        for name, value in artifact.values.items():
            _put(column["metrics"], f"{artifact.name}.{name}", value)
    if artifact.kind is ArtifactKind.MODEL and isinstance(artifact.hyperparameters, dict):
        for name, value in artifact.hyperparameters.items():
            _put(column["parameters"], f"{artifact.name}.{name}", value)


def _put(fields: dict[str, Any], name: str, value: Any) -> None:
    """Puts a value under a name; several of one name, such as a loop's, are numbered from the second."""
    number, free = 2, name
    while free in fields:
        free, number = f"{name} ({number})", number + 1
    fields[free] = value
