"""What stands in a store several times and is one thing: types, workspaces, runs and artifacts of one name.

MLMD lets programs that write at one moment make these. Its own indexes keep executions with an
external id, and contexts of one type, from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Collection, Hashable, Iterable
from dataclasses import dataclass

from sqlalchemy import and_, select

from lineageql.model.conventions.kubeflow import KUBEFLOW, RUN_TYPE, WORKSPACE_NAME, WORKSPACE_TYPE
from lineageql.model.kinds import ArtifactKind, kind_of
from lineageql.model.nodes import NodeKind, NodeType
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.sql.driver import Driver, Rows
from lineageql.store.sql.tables import ARTIFACT, ARTIFACT_PROPERTY, CONTEXT, TYPE

_BATCH = 10_000
_SHOWN_IDS = 5
_CONTEXTS = {WORKSPACE_TYPE: "workspace", RUN_TYPE: "run"}
_ADVICE = {
    "type": "LineageQL reads the nodes of each, and MLMD finds one by the name",
    "workspace": "what is in each is listed apart",
    "run": "LineageQL reads the run by its name from all of them, and other readers see each apart",
    "artifact": "recordings take the first, and the lineage of the others hangs on these",
}
_WHERE = "docs/recording.md tells how to make them one"


@dataclass(frozen=True, slots=True)
class Double:
    """One thing that is there several times.

    Attributes:
        kind: `artifact type`, `execution type`, `context type`, `workspace`, `run` or `artifact`.
        name: what it is called.
        ids: its ids, the first one's first.
    """

    kind: str
    name: str
    ids: list[int]

    def __str__(self) -> str:
        ids = ", ".join(map(str, self.ids[:_SHOWN_IDS])) + (", …" if len(self.ids) > _SHOWN_IDS else "")
        advice = _ADVICE[self.kind.rpartition(" ")[2]]
        return f"the {self.kind} {self.name!r} is there {len(self.ids)} times, ids {ids}: {advice}; {_WHERE}"


async def doubles(driver: Driver, types: Collection[NodeType]) -> list[Double]:
    """All doubles of a store of the schema version that is served; `types` are its own."""
    kinds = {kind.value: kind.name.lower() for kind in NodeKind}
    query = select(TYPE.c.id, TYPE.c.name, TYPE.c.version, TYPE.c.type_kind).where(TYPE.c.type_kind.in_(list(kinds)))
    rows = await driver.fetch(driver.dialect.compile(query))
    found = _grouped((f"{kinds[kind]} type", name, version or None, id_) for id_, name, version, kind in rows)
    found += await _contexts(driver, types)
    return found + await _artifacts(driver, types)


def _grouped(rows: Iterable[tuple[str, str, Hashable, int]]) -> list[Double]:
    """Doubles among rows of a kind, a name, what else tells things apart, and an id."""
    groups: dict[tuple[str, str, Hashable], list[int]] = {}
    for kind, name, apart, id_ in rows:
        groups.setdefault((kind, name, apart), []).append(id_)
    return [Double(kind, name, sorted(ids)) for (kind, name, _), ids in groups.items() if len(ids) > 1]


async def _contexts(driver: Driver, types: Collection[NodeType]) -> list[Double]:
    # Of one type MLMD's index lets there be one context of a name: only a type that is there twice can have two.
    kinds = {
        type_.id: _CONTEXTS[type_.name] for type_ in types if type_.kind is NodeKind.CONTEXT and type_.name in _CONTEXTS
    }
    if len(kinds) == len(set(kinds.values())):
        return []
    query = select(CONTEXT.c.id, CONTEXT.c.type_id, CONTEXT.c.name).where(
        driver.dialect.among(CONTEXT.c.type_id, list(kinds))
    )
    rows = await driver.fetch(driver.dialect.compile(query))
    return _grouped((kinds[type_id], name, None, id_) for id_, type_id, name in rows)


async def _artifacts(driver: Driver, types: Collection[NodeType]) -> list[Double]:
    conventions = TypeCatalog(types).conventions
    names = {
        type_.id: type_.name
        for type_ in types
        if type_.kind is NodeKind.ARTIFACT
        and conventions[type_.id].name == KUBEFLOW.name
        and kind_of(type_) is not ArtifactKind.METRICS
    }
    # Of each a few octets are kept: there may be millions.
    first: dict[bytes, int] = {}
    found: dict[bytes, Double] = {}
    async for rows in _batches(driver, list(names)):
        for id_, type_id, uri, name, version, workspace in rows:
            key = _digest(names[type_id], uri, name, version or "", workspace)
            if first.setdefault(key, id_) != id_:
                found.setdefault(key, Double("artifact", name or uri or "", [first[key]])).ids.append(id_)
    return list(found.values())


def _digest(*parts: str | None) -> bytes:
    text = "\0".join("\1" if part is None else part for part in parts)
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()


async def _batches(driver: Driver, types: list[int]) -> AsyncIterator[Rows]:
    """Artifacts of these types, by their ids, with what the Kubeflow Metadata SDK tells them apart by."""
    if not types:
        return
    name, version, workspace = (ARTIFACT_PROPERTY.alias() for _ in range(3))
    query = (
        select(
            ARTIFACT.c.id,
            ARTIFACT.c.type_id,
            ARTIFACT.c.uri,
            name.c.string_value.label("name"),
            version.c.string_value.label("version"),
            workspace.c.string_value.label("workspace"),
        )
        .select_from(ARTIFACT)
        .where(driver.dialect.among(ARTIFACT.c.type_id, types))
        .order_by(ARTIFACT.c.id)
        .limit(_BATCH)
    )
    for table, of, custom in ((name, "name", False), (version, "version", False), (workspace, WORKSPACE_NAME, True)):
        tied = and_(table.c.owner_id == ARTIFACT.c.id, table.c.name == of, table.c.is_custom_property.is_(custom))
        query = query.outerjoin(table, tied)
    after = -1
    while True:
        rows = await driver.fetch(driver.dialect.compile(query.where(ARTIFACT.c.id > after)))
        yield rows
        if len(rows) < _BATCH:
            return
        after = rows[-1][0]
