"""A whole store read through the Reader, as the tests of conventions compare it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lineageql.model.entities import Entity
from lineageql.model.event_ports import port_of
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.nodes import Event, EventType, NodeKind
from lineageql.store.ports import Link, Search, Window
from lineageql.store.sql.reader import SQLReader
from lineageql.store.sql.sqlite_driver import SQLiteDriver

ALL = Window(100_000)
EVERY_EVENT = frozenset(EventType)
HELD = (EntityKind.RUN, EntityKind.EXECUTION, EntityKind.ARTIFACT)
UNDER_WORKSPACE = {
    EntityKind.RUN: Link.WORKSPACE_RUNS,
    EntityKind.EXECUTION: Link.WORKSPACE_EXECUTIONS,
    EntityKind.ARTIFACT: Link.WORKSPACE_ARTIFACTS,
}


@asynccontextmanager
async def reading(path: Path) -> AsyncIterator[SQLReader]:
    """A Reader of a file."""
    driver = SQLiteDriver(path, threads=2, lock_timeout=5.0)
    try:
        yield SQLReader(driver)
    finally:
        await driver.close()


@dataclass
class Whole:
    """All of a store: entities by kind, events with paths, and what belongs to what."""

    entities: dict[EntityKind, list[Entity]] = field(default_factory=dict)
    workspaces: dict[Ref, Ref] = field(default_factory=dict)
    runs: dict[Ref, Ref] = field(default_factory=dict)
    members: dict[tuple[Ref, EntityKind], set[Ref]] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    by_ref: dict[Ref, Entity] = field(default_factory=dict)

    def names(self, kind: EntityKind) -> list[str]:
        return [entity.name for entity in self.entities[kind]]

    def workspace(self, entity: Entity) -> str | None:
        ref = self.workspaces.get(entity.ref)
        return None if ref is None else self.by_ref[ref].name

    def run(self, entity: Entity) -> str | None:
        ref = self.runs.get(entity.ref)
        return None if ref is None else self.by_ref[ref].name

    def named(self, kind: EntityKind, name: str) -> list[Any]:
        return [entity for entity in self.entities[kind] if entity.name == name]

    @property
    def ports(self) -> list[tuple[int, str, int, str | None]]:
        """Of each event: the execution's id, the event's type, the artifact's id and the port."""
        steps = {entity.mlmd_id: entity.convention for entity in self.entities[EntityKind.EXECUTION]}
        return [
            (event.execution_id, event.type.name, event.artifact_id, port_of(event.path, steps[event.execution_id]))
            for event in self.events
        ]


async def read(reader: SQLReader) -> Whole:
    """Reads all of a store."""
    whole = Whole()
    for kind in EntityKind:
        rows = (await reader.search(Search(kind), ALL)).rows
        whole.entities[kind] = [row.entity for row in rows]
        whole.by_ref.update((row.entity.ref, row.entity) for row in rows)
    for kind in HELD:
        refs = [entity.ref for entity in whole.entities[kind]]
        whole.workspaces.update(await reader.workspaces_of(kind, refs))
    executions = [entity.ref for entity in whole.entities[EntityKind.EXECUTION]]
    whole.runs.update(await reader.runs_of(executions))
    spaces = [entity.ref for entity in whole.entities[EntityKind.WORKSPACE]]
    for kind in HELD:
        found = await reader.search_under(UNDER_WORKSPACE[kind], spaces, Search(kind), ALL)
        whole.members.update(((space, kind), {row.entity.ref for row in rows.rows}) for space, rows in found.items())
    ids = [int(entity.mlmd_id or 0) for entity in whole.entities[EntityKind.EXECUTION]]
    events = await reader.paths(await reader.events(NodeKind.EXECUTION, ids, EVERY_EVENT))
    whole.events = sorted((event for event in events if not event.implied), key=lambda event: event.id)
    return whole
