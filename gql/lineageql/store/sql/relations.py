"""Relations between entities: which rows of the tables tie one to another.

A relation is one or more *ties*: a column with the id of the entity that is
asked about, and the conditions under which the entity at the other end makes a
predicate true. The same ties serve to probe a row (`EXISTS … own = row.id`) and
to find the few rows that can match (`SELECT own WHERE …`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, literal, not_, or_, select, union_all

from lineageql.model.entities import ExecutionState
from lineageql.model.evaluate import references_of
from lineageql.model.identity import EntityKind, RunName
from lineageql.model.nodes import INPUT_EVENTS, OUTPUT_EVENTS, EventType, NodeKind
from lineageql.model.predicates import And, Field, Not, Or, Predicate, Related, Relation, Test
from lineageql.model.run_state import RANKED_STATES
from lineageql.store.sql.compiler import Chain, Compiler
from lineageql.store.sql.event_sources import event_source
from lineageql.store.sql.field_expressions import state_number
from lineageql.store.sql.run_scan import RunScan, named_one_of
from lineageql.store.sql.runs import RunNames, holding_names, run_names, unnamed_runs
from lineageql.store.sql.sources import Source, named_run_source, run_source, source_of
from lineageql.store.sql.tables import ASSOCIATION, EVENT, MEMBERSHIPS, PARENT_CONTEXT

Clause = ColumnElement[bool]


@dataclass(frozen=True)
class Tie:
    """The id of the entity asked about, and when it is tied to one that is wanted.

    `end` is the source of the entity at the other end, where who asks needs to know.
    """

    own: ColumnElement[Any]
    conditions: tuple[Clause, ...]
    end: Source | None = None

    def joined(self, source: Source) -> Clause:
        return and_(self.own == source.id, *self.conditions)

    def probe(self, source: Source) -> Clause:
        return exists().where(self.joined(source))

    def ids(self) -> Select[Any]:
        return select(self.own.label("id")).where(*self.conditions)


Wanted = Callable[[Source], Clause]
"""From a source to the clause that its wanted rows meet."""


def related(compiler: Compiler, predicate: Related, source: Source, chain: Chain | None) -> Clause:
    """Whether some entity related to the source's row makes the predicate true; with a chain, a link of it."""
    if source.kind is EntityKind.RUN:
        if predicate.relation is Relation.WORKSPACE:
            return _workspace_of_run(compiler, predicate.predicate, source)
        return _in_run(compiler, predicate, source)
    if predicate.relation is Relation.RUNS:
        # The rows of runs are made once, and not once for each workspace.
        return source.id.in_(_run_tie(compiler, predicate.predicate).ids())
    ties = ties_of(compiler, source.kind, predicate, chain)
    if chain is not None and predicate.relation.by_event:
        return ties[0].joined(source)  # there is one
    return or_(false(), *(tie.probe(source) for tie in ties))


def ties_of(compiler: Compiler, kind: EntityKind, predicate: Related, chain: Chain | None) -> list[Tie]:
    """The ties from entities of a kind to those at the other end of a relation that make its predicate true."""
    inner = predicate.predicate

    def wanted(source: Source) -> Clause:
        return compiler.chained(inner, source, chain)

    if predicate.relation is Relation.WORKSPACE:
        return _workspace_ties(compiler, MEMBERSHIPS[NODES_OF[kind]], inner, wanted)
    if predicate.relation is Relation.RUN:
        ties = run_ties(compiler, inner, wanted)
        if kind is EntityKind.EXECUTION:
            return ties
        return [*map(_first_output, ties), *_held_ties(compiler, wanted), *_naming_ties(compiler, inner, wanted)]
    if kind is EntityKind.WORKSPACE:
        return _member_ties(compiler, predicate.relation.target, wanted)
    types, here, there = ENDS[predicate.relation]
    event, source = event_source(compiler.types, types), source_of(predicate.relation.target, compiler.types)
    return [Tie(event.c[here], (event_type_in(event, types), event.c[there] == source.id, wanted(source)))]


NODES_OF = {EntityKind.ARTIFACT: NodeKind.ARTIFACT, EntityKind.EXECUTION: NodeKind.EXECUTION}
ENDS = {
    Relation.PRODUCED_BY: (OUTPUT_EVENTS, "artifact_id", "execution_id"),
    Relation.CONSUMED_BY: (INPUT_EVENTS, "artifact_id", "execution_id"),
    Relation.INPUTS: (INPUT_EVENTS, "execution_id", "artifact_id"),
    Relation.OUTPUTS: (OUTPUT_EVENTS, "execution_id", "artifact_id"),
}
"""Of each relation over events: their types, and the columns of the entity here and of that at the other end."""


def event_type_in(event: Any, types: frozenset[EventType]) -> Clause:
    """Whether an event is of one of these types."""
    return event.c.type.in_(sorted(type_.value for type_ in types))  # type: ignore[no-any-return]


def _workspace_ties(compiler: Compiler, membership: Any, predicate: Predicate, wanted: Wanted) -> list[Tie]:
    def tie(through_child: bool) -> Tie:
        link, space = membership.alias(), source_of(EntityKind.WORKSPACE, compiler.types)
        assert space.condition is not None
        # Runs are contexts too: the few workspaces among them are found by an index.
        few = compiler.few_workspaces(predicate, space)
        conditions = [space.id.in_(few), space.condition, wanted(space)]
        if through_child:
            child = PARENT_CONTEXT.alias()
            conditions += [child.c.context_id == link.c.context_id, child.c.parent_context_id == space.id]
        else:
            conditions.append(link.c.context_id == space.id)
        return Tie(link.c.node_id, tuple(conditions))

    # What belongs to a run belongs to the run's workspace; the Kubeflow convention says so by a link of its own.
    return [tie(through_child=False)] + ([tie(through_child=True)] if compiler.types.through_children else [])


def _member_ties(compiler: Compiler, kind: EntityKind, wanted: Wanted) -> list[Tie]:
    """Ties from workspaces to the artifacts or executions that belong to them, or to a run of theirs."""
    link, child, source = MEMBERSHIPS[NODES_OF[kind]].alias(), PARENT_CONTEXT.alias(), source_of(kind, compiler.types)
    inside = link.c.node_id == source.id, wanted(source)
    ties = [Tie(link.c.context_id, inside)]
    if compiler.types.through_children:
        ties.append(Tie(child.c.parent_context_id, (child.c.context_id == link.c.context_id, *inside)))
    return ties


def _run_tie(compiler: Compiler, predicate: Predicate) -> Tie:
    """The tie from workspaces to the runs that make a predicate true."""
    runs = run_source(compiler.types, RunScan(tied=compiler.few_runs(predicate)))
    workspace = runs.from_.c.workspace_id
    return Tie(workspace, (workspace.is_not(None), compiler.chained(predicate, runs, None)))


def _workspace_of_run(compiler: Compiler, predicate: Predicate, source: Source) -> Clause:
    space = source_of(EntityKind.WORKSPACE, compiler.types)
    assert space.condition is not None
    return exists().where(space.id == source.from_.c.workspace_id, space.condition, compiler.of(predicate, space))


def executions_of(compiler: Compiler, runs: Source) -> list[Tie]:
    """Ties whose own ids are those of a run's executions: it is named by them, or they are in its context."""
    return [tie for ties in _ways_to_executions(compiler, runs) for tie in ties]


def _ways_to_executions(compiler: Compiler, runs: Source) -> list[list[Tie]]:
    """The same, those together that can hold of one run."""
    linked, named = _linked_and_named(compiler, runs)
    is_named = runs.from_.c.named
    ties = [[Tie(linked.own, (not_(is_named), *linked.conditions))]] if unnamed_runs(compiler.types) else []
    return [*ties, [Tie(tie.own, (is_named, *tie.conditions)) for tie in named]] if named else ties


def _linked_and_named(compiler: Compiler, runs: Source) -> tuple[Tie, list[Tie]]:
    """The ties of the executions in a run's context, and of those that name it: which of them counts, the run tells."""
    link = ASSOCIATION.alias()
    named = named_run_ties(compiler, runs.from_.c.workspace_name, runs.from_.c.run_name)
    return Tie(link.c.node_id, (link.c.context_id == runs.id,)), named


def _in_run(compiler: Compiler, predicate: Related, runs: Source) -> Clause:
    """Whether an execution of a run, or an artifact that it read or wrote, makes a predicate true."""
    relation = predicate.relation
    wanted = source_of(relation.target, compiler.types)
    says = compiler.chained(predicate.predicate, wanted, None)
    if relation is Relation.EXECUTIONS:
        ties = executions_of(compiler, runs)
        return or_(false(), *(exists().where(wanted.id == tie.own, says, *tie.conditions) for tie in ties))
    if relation is Relation.RUN_OUTPUTS:
        return or_(
            false(),
            *(
                exists().where(_touches(compiler, tie, wanted, OUTPUT_EVENTS), says)
                for tie in executions_of(compiler, runs)
            ),
            *(exists().where(held, says) for held in _holds(compiler, runs, wanted)),
        )
    clauses: list[Clause] = []
    for reading, writing in zip(_ways_to_executions(compiler, runs), _ways_to_executions(compiler, runs), strict=True):
        made = (_touches(compiler, written, wanted, OUTPUT_EVENTS) for written in writing)
        unmade = [not_(select(literal(1)).where(one).correlate(runs.from_, wanted.from_).exists()) for one in made]
        clauses += [exists().where(_touches(compiler, read, wanted, INPUT_EVENTS), *unmade, says) for read in reading]
    return or_(false(), *clauses)


def outputs_of_run(compiler: Compiler, runs: Source) -> list[tuple[Source, Clause]]:
    """The artifacts that a run wrote or holds: sources of them, each with the clause that ties its rows to the run."""
    found = []
    for tie in executions_of(compiler, runs):
        artifacts = source_of(EntityKind.ARTIFACT, compiler.types)
        found.append((artifacts, _touches(compiler, tie, artifacts, OUTPUT_EVENTS)))
    held = source_of(EntityKind.ARTIFACT, compiler.types)
    return [*found, *((held, clause) for clause in _holds(compiler, runs, held))]


def _touches(compiler: Compiler, tie: Tie, artifacts: Source, types: frozenset[EventType]) -> Clause:
    """Whether an execution of a run has an event of some types at an artifact."""
    event = event_source(compiler.types, types)
    here = event.c.artifact_id == artifacts.id, event_type_in(event, types), event.c.execution_id == tie.own
    return and_(*here, *tie.conditions)


def _holds(compiler: Compiler, runs: Source, artifacts: Source) -> list[Clause]:
    """Whether a run holds an artifact without an execution, where writers record no events."""
    holding, link = compiler.types.holding_runs, MEMBERSHIPS[NodeKind.ARTIFACT].alias()
    ties = naming_ties(holding_names(compiler.types), runs.from_.c.workspace_name, runs.from_.c.run_name)
    named = [and_(runs.from_.c.named, artifacts.id == tie.own, *tie.conditions) for tie in ties]
    if not holding:
        return named
    held = and_(link.c.context_id == runs.id, runs.type_id.in_(holding), artifacts.id == link.c.node_id)
    return [held, *named]


def _held_ties(compiler: Compiler, wanted: Wanted) -> list[Tie]:
    """Ties from artifacts to runs that hold them without an execution, of writers who record no events."""
    holding = compiler.types.holding_runs
    if not holding:
        return []
    runs, link = source_of(EntityKind.RUN, compiler.types), MEMBERSHIPS[NodeKind.ARTIFACT].alias()
    return [Tie(link.c.node_id, (link.c.context_id == runs.id, runs.type_id.in_(holding), wanted(runs)), runs)]


def run_ties(compiler: Compiler, predicate: Predicate, wanted: Wanted) -> list[Tie]:
    """Ties from executions to the runs that make a predicate true."""
    if isinstance(predicate, Test) and predicate.subject is Field.REF:
        refs = references_of(predicate)
        found: list[Tie] = []
        named = [ref.key for ref in refs if isinstance(ref.key, RunName)]
        if named:
            found += _naming_one_of(compiler, named, run_names(compiler.types))
        ids = [ref.key for ref in refs if isinstance(ref.key, int)]
        if ids:
            link = ASSOCIATION.alias()
            runs = run_source(compiler.types, RunScan(ids=lambda id_: compiler.dialect.among(id_, ids)))
            found.append(Tie(link.c.node_id, (link.c.context_id == runs.id,)))
        return found
    link = ASSOCIATION.alias()
    ties: list[Tie] = []
    if unnamed_runs(compiler.types):
        runs = run_source(compiler.types, RunScan(unnamed=True))
        ties.append(Tie(link.c.node_id, (link.c.context_id == runs.id, wanted(runs)), runs))
    return [*ties, *_naming_wanted(compiler, predicate, wanted, run_names(compiler.types))]


def _naming_ties(compiler: Compiler, predicate: Predicate, wanted: Wanted) -> list[Tie]:
    """Ties from artifacts to the runs that they name, and whose outputs they are by that."""
    names = holding_names(compiler.types)
    if isinstance(predicate, Test) and predicate.subject is Field.REF:
        keys = [ref.key for ref in references_of(predicate) if isinstance(ref.key, RunName)]
        return _naming_one_of(compiler, keys, names) if keys else []
    return _naming_wanted(compiler, predicate, wanted, names)


def _naming_one_of(compiler: Compiler, runs: Sequence[RunName], named: Sequence[RunNames]) -> list[Tie]:
    """Ties of the nodes that name one of some runs."""
    ties = []
    for names in named:
        is_one = named_one_of(compiler.dialect, runs)(names.workspace, names.run)
        ties.append(Tie(names.node, (is_one, *names.conditions)))
    return ties


def _naming_wanted(compiler: Compiler, predicate: Predicate, wanted: Wanted, named: Sequence[RunNames]) -> list[Tie]:
    """Ties of the nodes that name a run which makes a predicate true."""
    ties: list[Tie] = []
    if not named:
        return ties
    if _speaks_of_names(predicate):
        # What is asked stands in the node's own properties: the rows of runs need not be made.
        for own in named:
            runs = named_run_source(own.from_, own.workspace, own.run)
            ties.append(Tie(own.node, (own.workspace.is_not(None), wanted(runs), *own.conditions), runs))
        return ties
    runs = source_of(EntityKind.RUN, compiler.types)
    found = naming_ties(named, runs.from_.c.workspace_name, runs.from_.c.run_name)
    return [Tie(tie.own, (runs.from_.c.named, wanted(runs), *tie.conditions)) for tie in found]


def _speaks_of_names(predicate: Predicate) -> bool:
    """Whether a predicate of runs is about nothing but their names, or the names that are their ids."""
    match predicate:
        case And(terms) | Or(terms):
            return all(map(_speaks_of_names, terms))
        case Not(term):
            return _speaks_of_names(term)
        case Test(subject):
            return subject in (Field.NAME, Field.REF)
    return False


def named_run_ties(compiler: Compiler, workspace: Any, name: Any) -> list[Tie]:
    """The ties of the executions that name a run, by both names."""
    return naming_ties(run_names(compiler.types), workspace, name)


def naming_ties(named: Sequence[RunNames], workspace: Any, name: Any) -> list[Tie]:
    """The ties of the nodes that name a run, by both names."""
    return [Tie(names.node, (names.run == name, names.workspace == workspace, *names.conditions)) for names in named]


def _first_output(tie: Tie) -> Tie:
    """From executions to the artifacts that one of them was the first to output."""
    event, earlier = EVENT.alias(), EVENT.alias()
    first = not_(
        exists().where(
            earlier.c.artifact_id == event.c.artifact_id,
            event_type_in(earlier, OUTPUT_EVENTS),
            earlier.c.id < event.c.id,
        )
    )
    return Tie(
        event.c.artifact_id,
        (event_type_in(event, OUTPUT_EVENTS), event.c.execution_id == tie.own, first, *tie.conditions),
        tie.end,
    )


def run_state(compiler: Compiler, source: Source) -> ColumnElement[Any]:
    """What the states of a run's executions amount to, as `model.run_state.run_state` says."""
    linked, named = _linked_and_named(compiler, source)
    if not named:
        return _amount(compiler, source, [linked])
    return case((source.from_.c.named, _amount(compiler, source, named)), else_=_amount(compiler, source, [linked]))


def _amount(compiler: Compiler, runs: Source, ties: Sequence[Tie]) -> ColumnElement[Any]:
    execution = source_of(EntityKind.EXECUTION, compiler.types)
    number = state_number(execution, compiler.types, compiler.dialect)
    rank = case({state.value: rank for rank, state in enumerate(RANKED_STATES)}, value=number, else_=0)
    highest, lowest = func.max(rank), func.min(func.nullif(rank, 0))
    new = RANKED_STATES.index(ExecutionState.NEW)
    state_of_rank = {place: state.value for place, state in enumerate(RANKED_STATES)}
    amount = case(
        (and_(highest == new, lowest < new), ExecutionState.RUNNING.value),
        else_=case(state_of_rank, value=highest, else_=0),
    )
    if len(ties) == 1:
        return select(amount).where(execution.id == ties[0].own, *ties[0].conditions).scalar_subquery()
    # In a union the selects do not find the run's row by themselves.
    tied = union_all(*(tie.ids().correlate(runs.from_) for tie in ties))
    return select(amount).where(execution.id.in_(tied)).scalar_subquery()
