"""What was written since entries were made, by the kind of the entities whose entries may be wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, select

from lineageql.model.conventions.kubeflow import RUN_NAME, WORKSPACE_NAME
from lineageql.model.identity import EntityKind, Ref, RunName
from lineageql.model.nodes import NodeKind
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.sql.dialects import Dialect, Prepared
from lineageql.store.sql.driver import Script, fetch
from lineageql.store.sql.page_statements import parameter
from lineageql.store.sql.run_scan import NO_CONTEXT
from lineageql.store.sql.runs import holding_names, run_names
from lineageql.store.sql.search_index.entry_tables import CHANGES, ENTRIES, Changed
from lineageql.store.sql.search_index.matches import Excluded
from lineageql.store.sql.tables import ASSOCIATION, NODES, PROPERTIES

MOST = 1_000
"""How many changed entities of a kind a search looks at one by one; where there are more it does without the index."""
MOST_ROWS = 8 * MOST
"""How many rows that list changes it reads at most, all kinds together."""


_LISTED = select(CHANGES.c.seq, CHANGES.c.version, CHANGES.c.kind, CHANGES.c.id).order_by(CHANGES.c.seq)
_CHANGES = Prepared(
    "changes that are not in the search index yet", lambda dialect, ids: _LISTED.limit(parameter("most", 0))
)


def _unindexed(kind: EntityKind) -> Prepared:
    entry = ENTRIES[kind]
    query = select(entry.c.id, entry.c.workspace, entry.c.run).where(entry.c.unindexed == 1).limit(MOST + 1)
    return Prepared("entries whose texts are not indexed", lambda dialect, ids: query)


_UNINDEXED = {kind: _unindexed(kind) for kind in EntityKind}
_KINDS = (Changed.ARTIFACT, Changed.EXECUTION, Changed.CONTEXT, Changed.CONTEXT_NAME, Changed.TYPE)


@dataclass
class Pending:
    """Changed nodes, their ids by what was changed.

    `sequence` is the rows that list them: their numbers and versions.
    """

    sequence: list[tuple[int, int]] = field(default_factory=list)
    artifacts: list[int] = field(default_factory=list)
    executions: list[int] = field(default_factory=list)
    contexts: list[int] = field(default_factory=list)
    renamed: list[int] = field(default_factory=list)
    types: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, rows: Sequence[tuple[int, int, int, int]]) -> Pending:
        """From rows of sequence, version, kind and id."""
        found: dict[int, dict[int, None]] = {kind: {} for kind in _KINDS}
        for _, _, kind, id_ in rows:
            found[kind][id_] = None
        return cls([row[:2] for row in rows], *(list(found[kind]) for kind in _KINDS))


def pending(dialect: Dialect, most_rows: int = MOST_ROWS) -> Script[Pending | None]:
    """What is listed; None where that is more than is looked at one by one."""
    rows = yield from fetch(_CHANGES(dialect).given(most=most_rows + 1))
    return None if len(rows) > most_rows else Pending.of([tuple(row) for row in rows])


def stale_entries(dialect: Dialect, types: TypeCatalog, kind: EntityKind) -> Script[tuple[list[Ref], Excluded] | None]:
    """What is looked at one by one, and the entries that are passed over; None where that is too much.

    It is what was changed, and what has texts that are not indexed.
    """
    changes = yield from pending(dialect)
    if changes is None or not (yield from _add_nodes_of_types(dialect, changes)):
        return None
    unindexed = yield from fetch(_UNINDEXED[kind](dialect))
    refs = entry_refs(kind, unindexed)
    if kind is EntityKind.RUN:
        runs, excluded = yield from changed_runs(dialect, types, changes)
        refs += runs
    else:
        ids = changes.artifacts if kind is EntityKind.ARTIFACT else changes.contexts
        if kind is EntityKind.EXECUTION:
            ids = yield from changed_executions(dialect, changes)
        excluded = Excluded(ids)
        refs += [Ref(kind, id_) for id_ in ids]
    return None if len(refs) > MOST else (list(dict.fromkeys(refs)), excluded)


def _add_nodes_of_types(dialect: Dialect, changes: Pending) -> Script[bool]:
    """Adds the nodes of changed types; whether these are so few that all were added."""
    if not changes.types:
        return True
    for nodes, found in (
        (NODES[NodeKind.ARTIFACT], changes.artifacts),
        (NODES[NodeKind.EXECUTION], changes.executions),
        (NODES[NodeKind.CONTEXT], changes.contexts),
    ):
        query = select(nodes.c.id).where(dialect.among(nodes.c.type_id, changes.types)).limit(MOST + 1)
        rows = yield from fetch(dialect.compile(query).meant("nodes of changed types"))
        if len(rows) > MOST:
            return False
        found += [row[0] for row in rows]
        if found is changes.contexts:
            # The names of executions may have a part of theirs.
            changes.renamed += [row[0] for row in rows]
    return True


def entry_refs(kind: EntityKind, entries: Iterable[Sequence[Any]]) -> list[Ref]:
    """What entries may be of, each once: from rows that begin with the id and the pair of names of a run."""
    refs: dict[Ref, None] = {}
    for id_, workspace, run, *_ in entries:
        if kind is EntityKind.RUN and run:
            refs[Ref(kind, RunName(workspace, run))] = None
        if kind is not EntityKind.RUN or id_ < NO_CONTEXT:
            refs[Ref(kind, id_)] = None
    return list(refs)


def changed_executions(dialect: Dialect, changes: Pending) -> Script[list[int]]:
    """The executions whose entries may be wrong; at most one more than `MOST` by the names of their contexts."""
    if not changes.renamed:
        return changes.executions
    query = (
        select(ASSOCIATION.c.node_id).where(dialect.among(ASSOCIATION.c.context_id, changes.renamed)).limit(MOST + 1)
    )
    rows = yield from fetch(dialect.compile(query).meant("executions in renamed contexts"))
    return list(dict.fromkeys([*changes.executions, *(row[0] for row in rows)]))


def changed_runs(dialect: Dialect, types: TypeCatalog, changes: Pending) -> Script[tuple[list[Ref], Excluded]]:
    """The runs that may have come, gone or changed, and the entries that may be theirs."""
    pairs: dict[tuple[str, str], None] = {}
    if changes.contexts:
        properties = PROPERTIES[NodeKind.CONTEXT]
        run, space = properties.alias(), properties.alias()
        query = select(space.c.string_value, run.c.string_value).where(
            dialect.among(run.c.owner_id, changes.contexts),
            run.c.name == RUN_NAME,
            space.c.owner_id == run.c.owner_id,
            space.c.name == WORKSPACE_NAME,
        )
        pairs |= dict.fromkeys((yield from _pairs(dialect, query)))
        # What a context was called before, its entry says.
        entry = ENTRIES[EntityKind.RUN]
        query = select(entry.c.workspace, entry.c.run).where(dialect.among(entry.c.id, changes.contexts))
        pairs |= dict.fromkeys((yield from _pairs(dialect, query)))
    for kind, ids in ((EntityKind.ARTIFACT, changes.artifacts), (EntityKind.EXECUTION, changes.executions)):
        if not ids:
            continue
        entry = ENTRIES[kind]
        query = select(entry.c.workspace, entry.c.run).where(dialect.among(entry.c.id, ids), entry.c.run != "")
        pairs |= dict.fromkeys((yield from _pairs(dialect, query)))
        pairs |= dict.fromkeys((yield from named_runs(dialect, types, kind, ids)).values())
    refs = [Ref(EntityKind.RUN, id_) for id_ in changes.contexts]
    refs += [Ref(EntityKind.RUN, RunName(*pair)) for pair in pairs if pair[1]]
    return refs, Excluded(changes.contexts, list(pairs))


def named_runs(
    dialect: Dialect, types: TypeCatalog, kind: EntityKind, ids: Sequence[int]
) -> Script[dict[int, tuple[str, str]]]:
    """The pairs of names that artifacts or executions carry, by their ids."""
    found: dict[int, tuple[str, str]] = {}
    for names in run_names(types) if kind is EntityKind.EXECUTION else holding_names(types):
        query = select(names.node, names.workspace, names.run).where(dialect.among(names.node, ids), *names.conditions)
        rows = yield from fetch(dialect.compile(query).meant("runs that are named"))
        found.update((id_, (workspace, run)) for id_, workspace, run in rows)
    return found


def _pairs(dialect: Dialect, query: Select[Any]) -> Script[list[tuple[str, str]]]:
    rows = yield from fetch(dialect.compile(query).meant("names of changed runs"))
    # A run that is no pair of names has empty ones in its entry.
    return [(space, run) for space, run in rows if isinstance(space, str) and isinstance(run, str) and space + run]
