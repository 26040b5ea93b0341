"""The access paths of runs, which have no table: by the names and ids that their members tell."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sqlalchemy import select, true

from lineageql.model.conventions.convention import Custom, Role
from lineageql.model.conventions.kubeflow import RUN_NAME, WORKSPACE_NAME
from lineageql.model.evaluate import operands_of, references_of
from lineageql.model.identity import EntityKind, RunName
from lineageql.model.nodes import OUTPUT_EVENTS, NodeKind
from lineageql.model.predicates import And, Field, Operator, Predicate, Test
from lineageql.store.sql.access_path import AccessPath, Ids, JoinPath, run_path, union_of
from lineageql.store.sql.compiler import Compiler
from lineageql.store.sql.index_paths import IndexPaths
from lineageql.store.sql.relations import event_type_in
from lineageql.store.sql.runs import unnamed_runs
from lineageql.store.sql.sources import source_of
from lineageql.store.sql.tables import EVENT, MEMBERSHIPS, PROPERTIES


def runs_of_test(compiler: Compiler, test: Test) -> list[AccessPath]:
    """The runs that a test of their names or ids allows; of what else they have there is no index."""
    if test.subject is Field.NAMED_WORKSPACE:
        return [_runs_of_workspaces(compiler, operands_of(test))]
    if not _tells_which(test):
        return []
    types, executions, contexts, artifacts = compiler.types, *(list[AccessPath]() for _ in range(3))
    if types.run_named(NodeKind.EXECUTION):
        naming = _naming(compiler, EntityKind.EXECUTION, test)
        if naming is None:
            return []
        executions.append(naming)
    if types.named_contexts(Role.RUN):
        naming = IndexPaths(compiler, source_of(EntityKind.WORKSPACE, types)).texts([Custom(RUN_NAME)], _of_name(test))
        if naming is None:
            return []
        contexts.append(naming)
    if unnamed_runs(types):
        unnamed = _contexts(compiler, test)
        if unnamed is None:
            return []
        contexts.append(unnamed)
    if types.holding_names:
        naming = _naming(compiler, EntityKind.ARTIFACT, test)
        if naming is None:
            return []
        artifacts.append(naming)
    if not executions and not contexts and not artifacts:
        return [IndexPaths(compiler, source_of(EntityKind.RUN, types)).nothing()]
    return [run_path(executions, contexts, artifacts=artifacts)]


def _runs_of_workspaces(compiler: Compiler, names: Sequence[str]) -> AccessPath:
    """The runs whose keys name one of some workspaces."""
    naming_test = Test(Field.NAMED_WORKSPACE, Operator.IN, tuple(names))
    executions, artifacts = (
        IndexPaths(compiler, source_of(kind, compiler.types)).of(naming_test)
        for kind in (EntityKind.EXECUTION, EntityKind.ARTIFACT)
    )
    row = PROPERTIES[NodeKind.CONTEXT].alias()
    naming = select(row.c.owner_id.label("id")).where(
        row.c.name == WORKSPACE_NAME,
        row.c.is_custom_property == true(),
        compiler.dialect.among(row.c.string_value, names),
    )
    return run_path(executions, [AccessPath((naming,))], artifacts=artifacts if compiler.types.holding_names else ())


def members_of_runs(compiler: Compiler, kind: EntityKind, predicate: Predicate) -> list[AccessPath]:
    """What belongs to certain runs, by their names or ids; of runs that anything else is asked of there is no index."""
    terms = predicate.terms if isinstance(predicate, And) else (predicate,)
    found = (_of_runs(compiler, kind, term) for term in terms if isinstance(term, Test) and _tells_which(term))
    return [union_of(paths) for paths in found if paths]


def _tells_which(test: Test) -> bool:
    """Whether a test of a run is of its name or its id: what else a run has is no property of its executions."""
    return test.subject in (Field.NAME, Field.REF) and not test.ignore_case


def _of_runs(compiler: Compiler, kind: EntityKind, test: Test) -> list[AccessPath]:
    found = _executions_of_runs(compiler, test)
    if found is None or kind is EntityKind.EXECUTION:
        return found or []
    tied = [
        JoinPath(parts, path.broad, path, (_outputs,))
        for path in found
        for parts in [_outputs(path.ids(compiler.dialect))]
    ]
    if compiler.types.holding_runs:
        contexts = _contexts(compiler, test)
        if contexts is None:
            return []
        held = partial(members, NodeKind.ARTIFACT)
        tied.append(JoinPath(held(contexts.ids(compiler.dialect)), False, contexts, (held,)))
    if compiler.types.holding_names:
        naming = _naming(compiler, EntityKind.ARTIFACT, test)
        if naming is None:
            return []
        return [*tied, naming]
    return list(tied)


def _executions_of_runs(compiler: Compiler, test: Test) -> list[AccessPath] | None:
    """The executions that name such a run, and those in a context that is one."""
    found: list[AccessPath] = []
    types = compiler.types
    if types.run_named(NodeKind.EXECUTION):
        naming = _naming(compiler, EntityKind.EXECUTION, test)
        if naming is None:
            return None
        found.append(naming)
    if not unnamed_runs(types):
        return found
    contexts = _contexts(compiler, test)
    if contexts is None:
        return None
    inside = partial(members, NodeKind.EXECUTION)
    return [*found, JoinPath(inside(contexts.ids(compiler.dialect)), False, contexts, (inside,))]


def _naming(compiler: Compiler, kind: EntityKind, test: Test) -> AccessPath | None:
    """The executions or artifacts that name a run which meets a test, None where no index finds them."""
    types = compiler.types
    names = types.run_naming if kind is EntityKind.EXECUTION else types.holding_names
    places = dict.fromkeys(naming.run for naming in names)
    return IndexPaths(compiler, source_of(kind, types)).texts(places, _of_name(test))


def _of_name(test: Test) -> Test:
    """The test of a run's name that a test of a run, which may be of its id, comes with."""
    if test.subject is not Field.REF:
        return test
    refs = references_of(test)
    return Test(Field.NAME, Operator.IN, tuple(sorted({ref.key.name for ref in refs if isinstance(ref.key, RunName)})))


def _contexts(compiler: Compiler, test: Test) -> AccessPath | None:
    """The contexts that are such a run, None where no index finds them."""
    if test.subject is Field.REF:
        refs = references_of(test)
        ids = [ref.key for ref in refs if isinstance(ref.key, int)]
        test = Test(Field.ID, Operator.IN, tuple(ids))
    elif test.subject is not Field.NAME:
        return None
    source = source_of(EntityKind.WORKSPACE, compiler.types)
    found = IndexPaths(compiler, source, unnamed_runs(compiler.types)).of(test)
    return found[0] if found else None


def members(kind: NodeKind, contexts: Ids) -> tuple[Ids, ...]:
    """What is in some contexts."""
    link = MEMBERSHIPS[kind].alias()
    return (select(link.c.node_id.label("id")).where(link.c.context_id.in_(contexts)),)


def _outputs(executions: Ids) -> tuple[Ids, ...]:
    """The artifacts that some executions wrote."""
    event = EVENT.alias()
    wrote = event_type_in(event, OUTPUT_EVENTS), event.c.execution_id.in_(executions)
    return (select(event.c.artifact_id.label("id")).where(*wrote),)
