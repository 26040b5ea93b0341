"""What is under an owner: the FROM and WHERE of each link between entities.

The owner is a placeholder here; the dialect runs the statement once for each of
many owners in a single round trip.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, cast, false, not_, null, or_, select, union, union_all

from lineageql.model.identity import EntityKind
from lineageql.model.kinds import ArtifactKind, kind_of
from lineageql.model.nodes import INPUT_EVENTS, OUTPUT_EVENTS, NodeKind
from lineageql.store.ports import Link
from lineageql.store.sql.clauses import Clauses
from lineageql.store.sql.event_sources import event_source
from lineageql.store.sql.relations import event_type_in, named_run_ties, naming_ties
from lineageql.store.sql.run_scan import ContextRange, Needed, RunScan
from lineageql.store.sql.runs import holding_names
from lineageql.store.sql.sources import Source, run_source, source_of
from lineageql.store.sql.tables import (
    ARTIFACT_PROPERTY,
    ASSOCIATION,
    CONTEXT,
    EVENT,
    MEMBERSHIPS,
    PARENT_CONTEXT,
)
from lineageql.store.sql.workspace_names import naming_rows

Clause = ColumnElement[bool]


@dataclass
class Members:
    """The rows under an owner: the source they come from, what ties them to it, and their events."""

    source: Source
    conditions: list[Clause]
    event: Any = None


def members_of(
    link: Link, clauses: Clauses, *, named_owner: bool, needed: Needed | None = None, among: ContextRange | None = None
) -> Members:
    """The rows of a link under the dialect's owner; a named owner is a run or a workspace whose key is of names.

    Of a workspace's runs they are as many as are needed, or those in a range of contexts.
    """
    owner = clauses.dialect.owner()
    match link:
        case Link.WORKSPACE_RUNS:
            return _named_runs(clauses) if named_owner else _runs(clauses, owner, needed, among)
        case Link.WORKSPACE_EXECUTIONS | Link.WORKSPACE_ARTIFACTS:
            return _naming(link, clauses) if named_owner else _of_workspace(link, clauses, owner)
        case Link.RUN_EXECUTIONS:
            source = source_of(EntityKind.EXECUTION, clauses.types)
            return Members(source, [source.id.in_(_executions_of_run(clauses, named_owner))])
        case Link.RUN_INPUTS | Link.RUN_OUTPUTS:
            return _of_run(link, clauses, named_owner)
        case Link.MODEL_METRICS:
            return _metrics(clauses, owner)
    return _by_event(link, clauses, owner)


def _runs(clauses: Clauses, owner: ColumnElement[Any], needed: Needed | None, among: ContextRange | None) -> Members:
    space = CONTEXT.alias()
    name = select(space.c.name).where(space.c.id == owner).scalar_subquery()
    source = run_source(clauses.types, RunScan(workspace=(owner, name), needed=needed, among=among))
    return Members(source, [source.from_.c.workspace_id == owner])


def _of_workspace(link: Link, clauses: Clauses, owner: ColumnElement[Any]) -> Members:
    source = source_of(link.target, clauses.types)
    tie = MEMBERSHIPS[source.node_kind].alias()
    if not clauses.types.through_children:
        # The index of (context, node) gives the members in the order of ids: a page costs what it shows.
        return Members(source, [tie.c.context_id == owner, tie.c.node_id == source.id])
    child = PARENT_CONTEXT.alias()
    runs = select(child.c.context_id).where(child.c.parent_context_id == owner)
    inside = select(tie.c.node_id).where(or_(tie.c.context_id == owner, tie.c.context_id.in_(runs)))
    return Members(source, [source.id.in_(inside)])


def _named_runs(clauses: Clauses) -> Members:
    """The runs of a workspace that is only a name."""
    name = clauses.dialect.owner(0)
    source = run_source(clauses.types, RunScan(workspace=(null(), name)))
    return Members(source, [source.from_.c.named, source.from_.c.workspace_name == name])


def _naming(link: Link, clauses: Clauses) -> Members:
    """What names a workspace that is only a name."""
    source, name = source_of(link.target, clauses.types), clauses.dialect.owner(0)
    rows = list(naming_rows(source.node_kind, clauses.types, lambda text: text == name))
    return Members(source, [source.id.in_(union(*rows) if len(rows) > 1 else rows[0]) if rows else false()])


def _executions_of_run(clauses: Clauses, named_owner: bool) -> Any:
    if named_owner:
        ids = [tie.ids() for tie in named_run_ties(clauses, clauses.dialect.owner(0), clauses.dialect.owner(1))]
        return union_all(*ids) if len(ids) > 1 else ids[0] if ids else select(ASSOCIATION.c.node_id).where(false())
    link = ASSOCIATION.alias()
    return select(link.c.node_id).where(link.c.context_id == clauses.dialect.owner())


def _of_run(link: Link, clauses: Clauses, named_owner: bool) -> Members:
    source = source_of(EntityKind.ARTIFACT, clauses.types)

    def touched(types: Any) -> Any:
        event = event_source(clauses.types, types)
        return select(event.c.artifact_id).where(
            event_type_in(event, types), event.c.execution_id.in_(_executions_of_run(clauses, named_owner))
        )

    if link is Link.RUN_OUTPUTS:
        written = source.id.in_(touched(OUTPUT_EVENTS))
        holding = clauses.types.holding_runs
        if named_owner:
            names = holding_names(clauses.types)
            ties = naming_ties(names, clauses.dialect.owner(0), clauses.dialect.owner(1))
            return Members(source, [or_(written, *(source.id.in_(tie.ids()) for tie in ties)) if ties else written])
        if not holding:
            return Members(source, [written])
        held, run = MEMBERSHIPS[source.node_kind].alias(), CONTEXT.alias()
        own = select(held.c.node_id).where(
            held.c.context_id == clauses.dialect.owner(), run.c.id == held.c.context_id, run.c.type_id.in_(holding)
        )
        return Members(source, [or_(written, source.id.in_(own))])
    return Members(source, [source.id.in_(touched(INPUT_EVENTS)), not_(source.id.in_(touched(OUTPUT_EVENTS)))])


def _by_event(link: Link, clauses: Clauses, owner: ColumnElement[Any]) -> Members:
    source = source_of(link.target, clauses.types)
    here, there = (
        ("execution_id", "artifact_id") if link.owner is EntityKind.EXECUTION else ("artifact_id", "execution_id")
    )
    types = INPUT_EVENTS if link in (Link.EXECUTION_INPUTS, Link.ARTIFACT_CONSUMERS) else OUTPUT_EVENTS
    event = event_source(clauses.types, types)
    source.ties = (event.c.id,)
    return Members(source, [event.c[here] == owner, event_type_in(event, types), event.c[there] == source.id], event)


def _metrics(clauses: Clauses, owner: ColumnElement[Any]) -> Members:
    """Metrics that name this model, or were output by an execution that read or output it."""
    source = source_of(EntityKind.ARTIFACT, clauses.types)
    types = clauses.types.ids(NodeKind.ARTIFACT, lambda type_: kind_of(type_) is ArtifactKind.METRICS)
    row, near, output = ARTIFACT_PROPERTY.alias(), EVENT.alias(), EVENT.alias()
    naming = select(row.c.owner_id.label("id")).where(
        row.c.name == "model_id", row.c.is_custom_property == false(), row.c.string_value == cast(owner, String)
    )
    beside = select(output.c.artifact_id.label("id")).where(
        near.c.artifact_id == owner,
        output.c.execution_id == near.c.execution_id,
        event_type_in(output, OUTPUT_EVENTS),
    )
    return Members(
        source,
        [
            source.id.in_(select(union(naming, beside).subquery().c.id)),
            (source.type_id + 0).in_(types),
            source.id != owner,
        ],
    )
