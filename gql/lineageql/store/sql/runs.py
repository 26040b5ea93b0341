"""The rows of runs: contexts, and names that no context stands for.

Most writers' runs are contexts. Runs of the Kubeflow convention, and of types of
which users say so, may be only names: the distinct pairs of workspace and run that
executions and artifacts carry. Such a run has the id 0. A run is *named* where the
pair of names is its key. Where no workspace is named, its name in the pair is empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    bindparam,
    case,
    exists,
    false,
    func,
    literal,
    not_,
    null,
    select,
    true,
    union,
    union_all,
)
from sqlalchemy.sql.elements import literal_column

from lineageql.model.conventions.convention import Convention, Custom, Role
from lineageql.model.conventions.kubeflow import RUN_NAME, RUN_TYPE, WORKSPACE_NAME
from lineageql.model.nodes import NodeKind, NodeType
from lineageql.model.predicates import Field
from lineageql.model.type_catalog import RunNaming, TypeCatalog
from lineageql.store.sql.dialects.texts import is_name
from lineageql.store.sql.roles import plays
from lineageql.store.sql.run_scan import NO_CONTEXT, FirstRuns, RunScan, Tied
from lineageql.store.sql.tables import (
    ARTIFACT,
    ASSOCIATION,
    CONTEXT,
    EXECUTION,
    NODES,
    PARENT_CONTEXT,
    PROPERTIES,
    at_place,
)

Column = ColumnElement[Any]


@dataclass(frozen=True)
class RunNames:
    """The rows in which executions or artifacts name their workspace and their run."""

    from_: Any
    node: Any
    workspace: Any
    run: Any
    conditions: tuple[ColumnElement[bool], ...]
    unplaced: bool = False
    """Whether these name no workspace."""

    @property
    def grouping(self) -> tuple[Column, ...]:
        """The columns that tell the runs apart."""
        return (self.run,) if self.unplaced else (self.workspace, self.run)


NOWHERE: Column = literal_column("''", String())
"""The name in place of a workspace's where executions name none."""


def run_names(types: TypeCatalog) -> list[RunNames]:
    """All executions that name runs, joined with both names: once for each pair of properties that hold these."""
    return [_run_names(naming) for naming in types.run_naming]


def holding_names(types: TypeCatalog) -> list[RunNames]:
    """All artifacts that name the runs whose outputs they are, in the same way."""
    return [_run_names(naming) for naming in types.holding_names]


def _run_names(naming: RunNaming) -> RunNames:
    properties = PROPERTIES[naming.kind]
    run, space, node = properties.alias(), properties.alias(), NODES[naming.kind].alias()
    beside = () if naming.workspace is None else (space.c.owner_id == run.c.owner_id, at_place(space, naming.workspace))
    conditions = (
        at_place(run, naming.run),
        run.c.string_value != "",
        is_name(run.c.string_value),
        *(() if naming.workspace is None else (is_name(space.c.string_value),)),
        *beside,
        node.c.id == run.c.owner_id,
        (node.c.type_id + 0).in_(list(naming.type_ids)),
    )
    workspace = NOWHERE if naming.workspace is None else space.c.string_value
    return RunNames(run, run.c.owner_id, workspace, run.c.string_value, conditions, naming.workspace is None)


def unnamed_runs(types: TypeCatalog) -> list[int]:
    """The ids of the types of contexts that are, or may be, runs whose key is no pair of names."""
    return types.contexts(Role.RUN, lambda convention: not convention.run_names) + types.contexts(Role.BY_STRUCTURE)


def all_named(types: TypeCatalog) -> bool:
    """Whether the key of each run with a context is a pair of names."""
    return bool(types.named_contexts(Role.RUN)) and not unnamed_runs(types)


def run_rows(types: TypeCatalog, scan: RunScan) -> Any:
    """A select of runs: `id`, `type_id`, `place`, `workspace_id`, both names, `named` and the columns of a context."""
    if scan.tied is not None:
        names = _names_of(types, scan.tied.executions, scan.tied.artifacts)
        scan = replace(scan, tied=replace(scan.tied, names=names))
    if scan.unnamed:
        return _context_runs(types, scan)
    parts = _contexts(types, scan)
    by_name = scan.tied is None or scan.tied.names is not None
    if scan.ids is None and scan.among is None and by_name:
        # A run in a workspace is named by what names a workspace.
        every = (*types.run_naming, *types.holding_names)
        naming = [one for one in every if scan.workspace is None or one.workspace is not None]
        if naming:
            parts.append(_name_runs(types, naming, scan))
    return _together(parts)


def _together(parts: list[Any]) -> Any:
    return union_all(*parts) if len(parts) > 1 else parts[0]


def _contexts(types: TypeCatalog, scan: RunScan) -> list[Any]:
    """The runs with a context, of the writers whose types are in the store; at least one select."""
    parts = []
    named = scan.ids is None and bool(types.named_contexts(Role.RUN))
    if scan.names is None and (unnamed_runs(types) or not named):
        parts.append(_context_runs(types, scan))
    if named or not parts:
        parts.append((_named_contexts if scan.among is None else _named_in_range)(types, scan))
    return parts


def _looked_for(types: TypeCatalog, scan: RunScan, *names: str) -> tuple[Column, ...]:
    """The names of the properties that name a run's workspace and the run, NULL where runs with a context are enough.

    They come from a table of one row that the search for names must begin with: as a
    condition of its own, the count would be taken again for each name.
    """
    if scan.needed is None:
        return tuple(map(literal, names))
    rows, after = scan.needed.rows, scan.needed.after
    parts = _contexts(types, replace(scan, first=None))
    contexts = _together(parts).subquery()
    some: Select[Any] = select(literal_column("1")).select_from(contexts).where(contexts.c.place > after)
    if scan.workspace is not None:
        some = some.where(contexts.c.workspace_id == scan.workspace[0])
    counted = select(func.count().label("rows")).select_from(some.limit(rows).subquery()).subquery()
    # Both, as a planner may begin at either.
    return tuple(case((counted.c.rows < rows, name)) for name in names)


def _named_contexts(types: TypeCatalog, scan: RunScan) -> Any:
    """Runs that have both: a context, and the pair of names as its properties."""
    properties = PROPERTIES[NodeKind.CONTEXT]
    context, run, owner = CONTEXT.alias(), properties.alias(), properties.alias()
    query = select(
        context.c.id.label("id"),
        context.c.type_id.label("type_id"),
        context.c.id.label("place"),
        _workspace_id(types, owner.c.string_value).label("workspace_id"),
        owner.c.string_value.label("workspace_name"),
        run.c.string_value.label("run_name"),
        literal(True).label("named"),
        context.c.external_id.label("external_id"),
        context.c.create_time_since_epoch.label("create_time"),
        context.c.last_update_time_since_epoch.label("update_time"),
    ).where(
        # The sum keeps the planner from reading all runs by the index of types where a few are wanted.
        (context.c.type_id if scan.of_all else context.c.type_id + 0).in_(types.named_contexts(Role.RUN)),
        owner.c.owner_id == context.c.id,
        owner.c.name == WORKSPACE_NAME,
        owner.c.is_custom_property == true(),
        run.c.owner_id == context.c.id,
        run.c.name == RUN_NAME,
        run.c.is_custom_property == true(),
        # A name that is no text is none; as a key it could not be compared with others.
        is_name(owner.c.string_value),
        is_name(run.c.string_value),
    )
    if scan.workspace is not None:
        query = query.where(owner.c.string_value == scan.workspace[1])
    if scan.names is not None:
        query = query.where(scan.names(owner.c.string_value, run.c.string_value))
    if scan.first is not None:
        query = query.where(scan.first.hold(context))
    if scan.tied is not None:
        query = query.where(
            context.c.id.in_(_together(_tied_contexts(scan.tied, _contexts_named_by(types, scan.tied))))
        )
    return query


def _tied_contexts(tied: Tied, of_executions: list[Any]) -> list[Any]:
    """The contexts of a tie, beside those that are the runs of its executions; at least one select."""
    some = [*of_executions, *([] if tied.contexts is None else [tied.contexts])]
    return some or [select(CONTEXT.c.id).where(false())]


def _contexts_named_by(types: TypeCatalog, tied: Tied) -> list[Any]:
    """The contexts whose pairs of names are those of some executions."""
    if tied.names is None:
        return []
    names, named = tied.names, CONTEXT.alias()
    return [
        select(named.c.id).where(
            named.c.type_id.in_(types.named_contexts(Role.RUN)),
            named.c.name == _context_name(names.c.workspace, names.c.run),
        )
    ]


def _names_of(types: TypeCatalog, executions: Any, artifacts: Any) -> Any:
    """The pairs of names of the runs of some executions, and of those that hold some artifacts, as a table.

    None where no executions, or none that name runs, are given, nor such artifacts.
    """
    pairs = [
        select(names.workspace.label("workspace"), names.run.label("run"))
        .where(names.node.in_(nodes), *names.conditions)
        .distinct()
        for nodes, some in ((executions, run_names(types)), (artifacts, holding_names(types)))
        for names in (() if nodes is None else some)
    ]
    return None if not pairs else pairs[0].cte() if len(pairs) == 1 else union(*pairs).cte()


def _names_of_first(types: TypeCatalog, first: FirstRuns | None) -> Any:
    """The pairs of names that runs between a place and an edge can have; None where these are ids."""
    if first is None or first.field is Field.ID:
        return None
    nodes = EXECUTION.alias(), ARTIFACT.alias()
    return _names_of(types, *(select(node.c.id).where(first.hold(node)) for node in nodes))


def first_runs(types: TypeCatalog, field: Field, *, descending: bool) -> FirstRuns:
    """The runs that come first in an order."""
    first = FirstRuns(field, descending, bindparam("run_place", 0, BigInteger()), null())
    tables = [(CONTEXT, types.named_contexts(Role.RUN) + unnamed_runs(types))]
    if field is not Field.ID and types.run_named(NodeKind.EXECUTION):
        tables.append((EXECUTION, types.run_named(NodeKind.EXECUTION)))
    if field is not Field.ID and types.holding_names:
        tables.append((ARTIFACT, [id_ for naming in types.holding_names for id_ in naming.type_ids]))
    ends = select(*(_end(table.alias(), type_ids, first).label(f"e{n}") for n, (table, type_ids) in enumerate(tables)))
    row = ends.cte()
    nearest, *others = cast(list[Column], list(row.c))
    for other in others:
        nearer = nearest > other if descending else nearest < other
        nearest = case((nearest.is_(None), other), (other.is_(None), nearest), (nearer, nearest), else_=other)
    return replace(first, edge=select(nearest).select_from(row).scalar_subquery())


def _end(node: Any, type_ids: Sequence[int], first: FirstRuns) -> Any:
    """The value of the last of so many nodes, NULL where there are fewer."""
    value = node.c[first.column]
    within = value <= first.place if first.descending else value >= first.place
    # The sum keeps the planner from the index of types, which has another order.
    found = select(value).where((node.c.type_id + 0).in_(type_ids), within)
    found = found.order_by(value.desc() if first.descending else value.asc()).limit(1)
    return found.offset(bindparam("run_skip", 0, BigInteger())).scalar_subquery()


def _named_in_range(types: TypeCatalog, scan: RunScan) -> Any:
    """The same of a range of contexts: the names of each are looked up, and not where a name stands."""
    assert scan.among is not None
    assert scan.workspace is not None
    context = CONTEXT.alias()

    def name_in(name: str) -> Any:
        row = PROPERTIES[NodeKind.CONTEXT].alias()
        found = select(row.c.string_value).where(
            row.c.owner_id == context.c.id, row.c.name == name, row.c.is_custom_property == true()
        )
        return found.scalar_subquery()

    workspace, run = name_in(WORKSPACE_NAME), name_in(RUN_NAME)
    naming = PROPERTIES[NodeKind.CONTEXT].alias()
    members: Select[Any] = select(literal_column("1").label("one")).where(
        naming.c.name == WORKSPACE_NAME,
        naming.c.is_custom_property == true(),
        naming.c.string_value == scan.workspace[1],
    )
    enough = select(func.count()).select_from(members.limit(scan.among.least).subquery()).scalar_subquery()
    return select(
        context.c.id.label("id"),
        context.c.type_id.label("type_id"),
        context.c.id.label("place"),
        _workspace_id(types, scan.workspace[1]).label("workspace_id"),
        workspace.label("workspace_name"),
        run.label("run_name"),
        literal(True).label("named"),
        context.c.external_id.label("external_id"),
        context.c.create_time_since_epoch.label("create_time"),
        context.c.last_update_time_since_epoch.label("update_time"),
    ).where(
        (context.c.type_id + 0).in_(types.named_contexts(Role.RUN)),
        # Of a workspace of few runs these are gathered sooner than found.
        scan.among.holds(context.c.id, enough >= scan.among.least),
        workspace == scan.workspace[1],
        is_name(run),
    )


def _context_runs(types: TypeCatalog, scan: RunScan) -> Any:
    """Runs that are contexts: by their type, or where the writer's types do not say so by where they stand."""
    context, link, above = CONTEXT.alias(), PARENT_CONTEXT.alias(), CONTEXT.alias()
    parent = (
        select(func.min(above.c.id))
        .where(
            link.c.context_id == context.c.id,
            above.c.id == link.c.parent_context_id,
            plays(above.c.id, above.c.type_id, Role.WORKSPACE, types),
        )
        .scalar_subquery()
    )
    owners = owning_properties(types)
    # The sum keeps the planner from reading all runs by the index of types where a few are wanted.
    of_all = scan.of_all and scan.workspace is None and scan.ids is None
    type_id = context.c.type_id if of_all else context.c.type_id + 0
    query = select(
        context.c.id.label("id"),
        context.c.type_id.label("type_id"),
        context.c.id.label("place"),
        func.coalesce(parent, *(_owner_id(owner, context.c.id) for owner in owners), null()).label("workspace_id"),
        literal("").label("workspace_name"),
        context.c.name.label("run_name"),
        literal(False).label("named"),
        context.c.external_id.label("external_id"),
        context.c.create_time_since_epoch.label("create_time"),
        context.c.last_update_time_since_epoch.label("update_time"),
    ).where(
        type_id.in_(unnamed_runs(types)),
        plays(context.c.id, context.c.type_id, Role.RUN, types),
    )
    if scan.workspace is not None:
        children = PARENT_CONTEXT.alias()
        inside = select(children.c.context_id).where(children.c.parent_context_id == scan.workspace[0])
        # A parent goes before a name; the caller compares `workspace_id`, which says so.
        naming = [_naming(owner, scan.workspace[1]) for owner in owners]
        query = query.where(context.c.id.in_(union_all(inside, *naming) if naming else inside))
    if scan.ids is not None:
        query = query.where(scan.ids(context.c.id))
    if scan.first is not None:
        query = query.where(scan.first.hold(context))
    if scan.tied is not None:
        link = ASSOCIATION.alias()
        of_executions = []
        if scan.tied.executions is not None:
            of_executions = [select(link.c.context_id).where(link.c.node_id.in_(scan.tied.executions))]
        query = query.where(context.c.id.in_(_together(_tied_contexts(scan.tied, of_executions))))
    return query


def _name_runs(types: TypeCatalog, naming: Sequence[RunNaming], scan: RunScan) -> Any:
    """Runs that are only names, of the executions and artifacts of some types."""
    run_type = types.find(NodeKind.CONTEXT, RUN_TYPE)
    found = [_naming_nodes(types, one, scan, run_type) for one in naming]
    query, names, created, updated = found[0]
    grouping = names.grouping
    if len(found) > 1:  # nodes of several may name one run
        parts = (
            query.add_columns(
                one.workspace.label("workspace"), one.run.label("run"), made.label("made"), changed.label("changed")
            )
            for query, one, made, changed in found
        )
        every = union_all(*parts).subquery()
        query, created, updated = select(), every.c.made, every.c.changed
        grouping = every.c.workspace, every.c.run
    workspace, run = (NOWHERE, *grouping)[-2:]
    return query.add_columns(
        literal(0).label("id"),
        literal(run_type.id if run_type else 0).label("type_id"),
        literal(NO_CONTEXT).label("place"),
        (null() if len(grouping) == 1 else _workspace_id(types, workspace)).label("workspace_id"),
        workspace.label("workspace_name"),
        run.label("run_name"),
        literal(True).label("named"),
        literal_column("NULL").label("external_id"),
        func.min(created).label("create_time"),
        func.max(updated).label("update_time"),
    ).group_by(*grouping)


def _naming_nodes(
    types: TypeCatalog, naming: RunNaming, scan: RunScan, run_type: NodeType | None
) -> tuple[Select[Any], RunNames, Column, Column]:
    """A select, of no columns as yet, of nodes that name runs without a context; with their names and times."""
    properties = PROPERTIES[naming.kind]
    run, owner, node = properties.alias(), properties.alias(), NODES[naming.kind].alias()
    known = CONTEXT.alias()
    run_custom = true() if isinstance(naming.run, Custom) else false()
    if naming.workspace is None:
        (run_name,) = _looked_for(types, scan, naming.run.name)
        workspace, beside, texts = NOWHERE, tuple[ColumnElement[bool], ...](), tuple[ColumnElement[bool], ...]()
    else:
        workspace_name, run_name = _looked_for(types, scan, naming.workspace.name, naming.run.name)
        workspace = owner.c.string_value
        custom = true() if isinstance(naming.workspace, Custom) else false()
        beside = (
            owner.c.name == workspace_name,
            owner.c.is_custom_property == custom,
            run.c.owner_id == owner.c.owner_id,
        )
        texts = (is_name(workspace),)
    conditions: tuple[ColumnElement[bool], ...] = (
        *beside,
        run.c.name == run_name,
        run.c.is_custom_property == run_custom,
        run.c.string_value != "",
        *texts,
        is_name(run.c.string_value),
        node.c.id == run.c.owner_id,
        (node.c.type_id + 0).in_(list(naming.type_ids)),
    )
    names = RunNames(run, run.c.owner_id, workspace, run.c.string_value, conditions, naming.workspace is None)
    query = select().where(*conditions)
    if run_type is not None:
        query = query.where(
            not_(exists().where(known.c.type_id == run_type.id, known.c.name == _context_name(workspace, names.run)))
        )
    if scan.workspace is not None:
        query = query.where(workspace == scan.workspace[1])
    if scan.names is not None:
        query = query.where(scan.names(workspace, names.run))
    found = _names_of_first(types, scan.first) if scan.tied is None else scan.tied.names
    if found is not None:
        query = query.where(workspace == found.c.workspace, names.run == found.c.run)
        # That says no more, and leads the planner to the index of values.
        query = query.where(names.run.in_(select(found.c.run)))
    return query, names, node.c.create_time_since_epoch, node.c.last_update_time_since_epoch


def _context_name(workspace: Column, run: Column) -> Column:
    """`context_name` in SQL."""
    return func.replace(func.replace(workspace, "%", "%25"), "/", "%2F").concat("/").concat(run)


@dataclass(frozen=True)
class OwningProperty:
    """The declared property in which the runs of some types name a workspace of some types."""

    name: str
    run_types: Sequence[int]
    workspace_types: Sequence[int]


def owning_properties(types: TypeCatalog) -> list[OwningProperty]:
    """The properties by which runs find their workspaces in place of by a parent."""
    found: dict[str, Convention] = {}
    for convention, _ in types.groups(NodeKind.CONTEXT):
        if convention.run_workspace is not None:
            found[convention.writer] = convention

    def ids(role: Role, wanted: Convention) -> list[int]:
        return types.contexts(role, lambda convention: convention.writer == wanted.writer)

    return [
        OwningProperty(convention.run_workspace or "", ids(Role.RUN, convention), ids(Role.WORKSPACE, convention))
        for convention in found.values()
    ]


def _naming(owner: OwningProperty, workspace: Column) -> Select[Any]:
    """The ids of the contexts that name a workspace."""
    row = PROPERTIES[NodeKind.CONTEXT].alias()
    return select(row.c.owner_id).where(
        row.c.name == owner.name, row.c.is_custom_property == false(), row.c.string_value == workspace
    )


def _owner_id(owner: OwningProperty, run: Column) -> Column:
    row, space = PROPERTIES[NodeKind.CONTEXT].alias(), CONTEXT.alias()
    return (
        select(func.min(space.c.id))
        .where(
            row.c.owner_id == run,
            row.c.name == owner.name,
            row.c.is_custom_property == false(),
            space.c.type_id.in_(owner.workspace_types),
            space.c.name == row.c.string_value,
        )
        .correlate_except(row, space)
        .scalar_subquery()
    )


def _workspace_id(types: TypeCatalog, name: Column) -> Column:
    space = CONTEXT.alias()
    return (
        select(func.min(space.c.id))
        .where(space.c.type_id.in_(list(types.naming_contexts)), space.c.name == name)
        .scalar_subquery()
    )
