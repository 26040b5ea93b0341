"""Seeds of relations: what is tied to the few entities that the predicate at the other end can be true of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, select, true

from lineageql.model.conventions.kubeflow import RUN_NAME
from lineageql.model.identity import EntityKind, RunName
from lineageql.model.nodes import OUTPUT_EVENTS, NodeKind
from lineageql.model.predicates import And, Field, Operator, Predicate, Related, Relation, Test, link_of
from lineageql.store.sql.clauses import Chain, Clauses
from lineageql.store.sql.relations import ENDS, NODES_OF, event_type_in, ties_of
from lineageql.store.sql.runs import unnamed_runs
from lineageql.store.sql.seed import Ids, Seed, TiedSeed, joined
from lineageql.store.sql.seeds import Seeds
from lineageql.store.sql.sources import Source, source_of
from lineageql.store.sql.tables import EVENT, MEMBERSHIPS, PARENT_CONTEXT

Clause = ColumnElement[bool]
Tied = Callable[[Ids], tuple[Ids, ...]]


def tied_seeds(clauses: Clauses, kind: EntityKind, predicate: Related) -> list[Seed]:
    """The seeds of entities of a kind that are related to what makes a predicate true, one for each at its end."""
    if predicate.relation is Relation.RUN:
        return _by_run(clauses, kind, predicate.predicate)
    if predicate.relation is Relation.WORKSPACE:
        starts = Seeds(clauses, source_of(EntityKind.WORKSPACE, clauses.types)).of(predicate.predicate)
        tied = partial(_of_workspaces, clauses, NODES_OF[kind])
        return [TiedSeed(tied(start.ids()), True, start, (tied,)) for start in starts]
    return list(_by_event(clauses, kind, predicate))


def _by_event(clauses: Clauses, kind: EntityKind, predicate: Related) -> Iterator[Seed]:
    for place, start, steps in _along(clauses, predicate):

        def narrow(inner: Predicate, source: Source, place: Predicate = place, start: Seed = start) -> Clause:
            return source.id.in_(start.ids()) if inner is place else true()

        parts = tuple(tie.ids() for tie in ties_of(clauses, kind, predicate, Chain(narrow)))
        yield TiedSeed(parts, start.broad, start, steps)


def _along(clauses: Clauses, predicate: Related) -> Iterator[tuple[Predicate, Seed, tuple[Tied, ...]]]:
    """The seeds along a chain of relations: at which predicate each is, and the steps from there to this end."""
    inner, types, here, there = predicate.predicate, *ENDS[predicate.relation]
    target = predicate.relation.target

    def step(ids: Ids) -> tuple[Ids, ...]:
        event = EVENT.alias()
        return (select(event.c[here].label("id")).where(event_type_in(event, types), event.c[there].in_(ids)),)

    terms, link = inner.terms if isinstance(inner, And) else (inner,), link_of(inner)
    for term in terms:
        if term is not link:
            for seed in Seeds(clauses, source_of(target, clauses.types)).of(term):
                yield inner, seed, (step,)
    if link is not None:
        for place, seed, steps in _along(clauses, link):
            yield place, seed, (*steps, step)


def _of_workspaces(clauses: Clauses, kind: NodeKind, spaces: Ids) -> tuple[Ids, ...]:
    """What belongs to some workspaces, or to a run of theirs."""
    if not clauses.types.through_children:
        return _members(kind, spaces)
    child = PARENT_CONTEXT.alias()
    return _members(kind, spaces) + _members(
        kind, select(child.c.context_id).where(child.c.parent_context_id.in_(spaces))
    )


def _by_run(clauses: Clauses, kind: EntityKind, predicate: Predicate) -> list[Seed]:
    """What belongs to certain runs, by their names or ids; of runs that anything else is asked of there is no index."""
    terms = predicate.terms if isinstance(predicate, And) else (predicate,)
    found = (_of_runs(clauses, kind, term) for term in terms if isinstance(term, Test) and _tells_which(term))
    return [joined(seeds) for seeds in found if seeds]


def _tells_which(test: Test) -> bool:
    """Whether a test of a run is of its name or its id: what else a run has is no property of its executions."""
    return test.subject in (Field.NAME, Field.REF) and not test.ignore_case


def _of_runs(clauses: Clauses, kind: EntityKind, test: Test) -> list[Seed]:
    found = _executions_of_runs(clauses, test)
    if found is None or kind is EntityKind.EXECUTION:
        return found or []
    tied = [TiedSeed(parts, seed.broad, seed, (_outputs,)) for seed in found for parts in [_outputs(seed.ids())]]
    if clauses.types.holding_runs:
        contexts = _contexts(clauses, test)
        if contexts is None:
            return []
        held = partial(_members, NodeKind.ARTIFACT)
        tied.append(TiedSeed(held(contexts.ids()), False, contexts, (held,)))
    return list(tied)


def _executions_of_runs(clauses: Clauses, test: Test) -> list[Seed] | None:
    """The executions that name such a run, and those in a context that is one."""
    found: list[Seed] = []
    types = clauses.types
    if types.run_named(NodeKind.EXECUTION):
        naming = Seeds(clauses, source_of(EntityKind.EXECUTION, types)).texts(RUN_NAME, _of_name(test))
        if naming is None:
            return None
        found.append(naming)
    if not unnamed_runs(types):
        return found
    contexts = _contexts(clauses, test)
    if contexts is None:
        return None
    inside = partial(_members, NodeKind.EXECUTION)
    return [*found, TiedSeed(inside(contexts.ids()), False, contexts, (inside,))]


def _of_name(test: Test) -> Test:
    """The test of a run's name that a test of a run, which may be of its id, comes with."""
    if test.subject is not Field.REF:
        return test
    refs: Any = test.operand
    return Test(Field.NAME, Operator.IN, tuple(sorted({ref.key.name for ref in refs if isinstance(ref.key, RunName)})))


def _contexts(clauses: Clauses, test: Test) -> Seed | None:
    """The contexts that are such a run, None where no index finds them."""
    if test.subject is Field.REF:
        refs: Any = test.operand
        ids = [ref.key for ref in refs if isinstance(ref.key, int)]
        test = Test(Field.ID, Operator.IN, tuple(ids))
    elif test.subject is not Field.NAME:
        return None
    source = source_of(EntityKind.WORKSPACE, clauses.types)
    found = Seeds(clauses, source, unnamed_runs(clauses.types)).strict(test)
    return found[0] if found else None


def _members(kind: NodeKind, contexts: Ids) -> tuple[Ids, ...]:
    """What is in some contexts."""
    link = MEMBERSHIPS[kind].alias()
    return (select(link.c.node_id.label("id")).where(link.c.context_id.in_(contexts)),)


def _outputs(executions: Ids) -> tuple[Ids, ...]:
    """The artifacts that some executions wrote."""
    event = EVENT.alias()
    wrote = event_type_in(event, OUTPUT_EVENTS), event.c.execution_id.in_(executions)
    return (select(event.c.artifact_id.label("id")).where(*wrote),)
