"""The access paths of a relation: from ids at its other end, by the tables of links, to ids at this end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from sqlalchemy import ColumnElement, select, true

from lineageql.model.identity import EntityKind
from lineageql.model.nodes import INPUT_EVENTS, OUTPUT_EVENTS, EventType, NodeKind
from lineageql.model.predicates import (
    And,
    Predicate,
    Related,
    Relation,
    link_of,
)
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.sql.access_path import AccessPath, Ids, JoinPath, RunPath, run_path
from lineageql.store.sql.compiler import Chain, Compiler
from lineageql.store.sql.event_sources import event_source
from lineageql.store.sql.relations import ENDS, NODES_OF, event_type_in, ties_of
from lineageql.store.sql.run_paths import members, members_of_runs
from lineageql.store.sql.run_scan import RunScan, Tied
from lineageql.store.sql.sources import Source, run_source, source_of
from lineageql.store.sql.tables import CONTEXT, MEMBERSHIPS, PARENT_CONTEXT

Clause = ColumnElement[bool]
Join = Callable[[Ids], tuple[Ids, ...]]
"""From ids at one end of a relation to selects of ids at the other."""
Starts = Callable[[EntityKind, Predicate], list[AccessPath]]
"""The access paths of what is at the other end of a relation."""


def join_paths(compiler: Compiler, kind: EntityKind, predicate: Related, starts_of: Starts) -> list[AccessPath]:
    """The paths of entities of a kind that are related to what makes a predicate true, one for each at its end.

    Args:
        compiler: compiles the predicates on the way.
        kind: the kind of the entities.
        predicate: what they are related to.
        starts_of: finds the access paths where a path starts.
    """
    found = _paths(compiler, kind, predicate, starts_of)
    return [replace(path, name=_name_of(predicate.relation, path)) for path in found]


def _name_of(relation: Relation, path: AccessPath) -> str:
    start = path.start.name if isinstance(path, JoinPath) else path.name if isinstance(path, RunPath) else ""
    return f"{relation.value}({start})" if start else relation.value


def _paths(compiler: Compiler, kind: EntityKind, predicate: Related, starts_of: Starts) -> list[AccessPath]:
    relation = predicate.relation
    if relation is Relation.RUN:
        return members_of_runs(compiler, kind, predicate.predicate)
    if kind is EntityKind.RUN:
        return [] if relation is Relation.WORKSPACE else _runs_of_members(compiler, predicate, starts_of)
    if kind is EntityKind.WORKSPACE:
        starts = starts_of(relation.target, predicate.predicate)
        if relation is Relation.RUNS:
            runs = (start for start in starts if isinstance(start, RunPath))
            return [JoinPath((_spaces_of_runs(compiler, start),), start.broad, start) for start in runs]
        above = partial(_spaces_of_members, compiler, NODES_OF[relation.target])
        return [JoinPath(above(start.ids(compiler.dialect)), start.broad, start, (above,)) for start in starts]
    if predicate.relation is Relation.WORKSPACE:
        starts = starts_of(EntityKind.WORKSPACE, predicate.predicate)
        tied = partial(_of_workspaces, compiler, NODES_OF[kind])
        return [JoinPath(tied(start.ids(compiler.dialect)), True, start, (tied,)) for start in starts]
    return list(_by_event(compiler, kind, predicate, starts_of))


def _by_event(compiler: Compiler, kind: EntityKind, predicate: Related, starts_of: Starts) -> Iterator[AccessPath]:
    for place, start, steps in _along(compiler, predicate, starts_of):

        def narrow(inner: Predicate, source: Source, place: Predicate = place, start: AccessPath = start) -> Clause:
            return source.id.in_(start.ids(compiler.dialect)) if inner is place else true()

        parts = tuple(tie.ids() for tie in ties_of(compiler, kind, predicate, Chain(narrow)))
        yield JoinPath(parts, start.broad, start, steps)


def _along(
    compiler: Compiler, predicate: Related, starts_of: Starts
) -> Iterator[tuple[Predicate, AccessPath, tuple[Join, ...]]]:
    """The paths along a chain of relations: at which predicate each is, and the steps from there to this end."""
    inner, types, here, there = predicate.predicate, *ENDS[predicate.relation]
    target = predicate.relation.target

    def step(ids: Ids) -> tuple[Ids, ...]:
        event = event_source(compiler.types, types)
        return (select(event.c[here].label("id")).where(event_type_in(event, types), event.c[there].in_(ids)),)

    terms, link = inner.terms if isinstance(inner, And) else (inner,), link_of(inner)
    for term in terms:
        if term is not link:
            for path in starts_of(target, term):
                yield inner, path, (step,)
    if link is not None:
        for place, path, steps in _along(compiler, link, starts_of):
            yield place, path, (*steps, step)


def _of_workspaces(compiler: Compiler, kind: NodeKind, spaces: Ids) -> tuple[Ids, ...]:
    """What belongs to some workspaces, or to a run of theirs."""
    if not compiler.types.through_children:
        return members(kind, spaces)
    child = PARENT_CONTEXT.alias()
    return members(kind, spaces) + members(
        kind, select(child.c.context_id).where(child.c.parent_context_id.in_(spaces))
    )


def _spaces_of_members(compiler: Compiler, kind: NodeKind, members: Ids) -> tuple[Ids, ...]:
    """The workspaces to which some artifacts or executions belong, by themselves or by a context below."""
    link, child, around = MEMBERSHIPS[kind].alias(), PARENT_CONTEXT.alias(), MEMBERSHIPS[kind].alias()
    own = select(link.c.context_id.label("id")).where(link.c.node_id.in_(members))
    if not compiler.types.through_children:
        return (own,)
    above = select(child.c.parent_context_id.label("id")).where(
        around.c.node_id.in_(members), child.c.context_id == around.c.context_id
    )
    return own, above


def _spaces_of_runs(compiler: Compiler, path: RunPath) -> Ids:
    runs = run_source(compiler.types, RunScan(tied=Tied.of(path))).from_.c
    return select(runs.workspace_id.label("id")).where(runs.workspace_id.is_not(None))


def _runs_of_members(compiler: Compiler, predicate: Related, starts_of: Starts) -> list[AccessPath]:
    """The runs of which an execution, or an artifact that one read or wrote, makes a predicate true."""
    relation, source = predicate.relation, source_of(predicate.relation.target, compiler.types)
    # To go once through all executions or artifacts is quicker than to look into each run.
    meeting = select(source.id.label("id")).where(compiler.chained(predicate.predicate, source, None)).distinct()
    found = starts_of(relation.target, predicate.predicate)
    starts = found or [AccessPath((meeting,), broad=True, name="all")]
    if relation is Relation.EXECUTIONS:
        return [run_path([start], [], start.name) for start in starts]
    touched = partial(_touching, compiler.types, _RUN_EVENTS[relation])
    holding, paths = compiler.types.holding_runs, list[AccessPath]()
    held = partial(_holding, holding)
    for start in starts:
        executions: AccessPath = JoinPath(touched(start.ids(compiler.dialect)), start.broad, start, (touched,))
        contexts = []
        if relation is Relation.RUN_OUTPUTS and holding:
            contexts = [JoinPath(held(start.ids(compiler.dialect)), start.broad, start, (held,))]
        named = [start] if relation is Relation.RUN_OUTPUTS and compiler.types.holding_names else []
        paths.append(run_path([executions], contexts, start.name, artifacts=named))
    return paths


_RUN_EVENTS = {Relation.RUN_INPUTS: INPUT_EVENTS, Relation.RUN_OUTPUTS: OUTPUT_EVENTS}


def _touching(catalog: TypeCatalog, types: frozenset[EventType], artifacts: Ids) -> tuple[Ids, ...]:
    """The executions with an event of some types at some artifacts."""
    event = event_source(catalog, types)
    here = event_type_in(event, types), event.c.artifact_id.in_(artifacts)
    return (select(event.c.execution_id.label("id")).where(*here),)


def _holding(types: list[int], artifacts: Ids) -> tuple[Ids, ...]:
    """The contexts of some types that hold some artifacts."""
    link, context = MEMBERSHIPS[NodeKind.ARTIFACT].alias(), CONTEXT.alias()
    here = link.c.node_id.in_(artifacts), context.c.id == link.c.context_id, context.c.type_id.in_(types)
    return (select(context.c.id.label("id")).where(*here),)
