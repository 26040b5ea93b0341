"""The rows of MLMD's tables that a caller may see, as selects that stand in the place of the tables.

A statement that is given them answers as if the store held nothing else, whatever
it asks. So what a caller may not see is in no page, no count, no relation and no
lineage, and no statement needs to think of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    exists,
    false,
    literal_column,
    not_,
    or_,
    select,
    true,
)

from lineageql.model.conventions.convention import Custom, Declared, Role
from lineageql.model.conventions.kubeflow import WORKSPACE_NAME
from lineageql.model.nodes import EventType, NodeKind
from lineageql.model.type_catalog import NamingPlaces, TypeCatalog
from lineageql.store.sql.dialects import Dialect, Statement, one_of
from lineageql.store.sql.dialects.texts import spelled
from lineageql.store.sql.event_sources import event_source
from lineageql.store.sql.relations import event_type_in
from lineageql.store.sql.roles import plays
from lineageql.store.sql.runs import owning_properties
from lineageql.store.sql.tables import (
    ARTIFACT,
    ASSOCIATION,
    ATTRIBUTION,
    CONTEXT,
    CONTEXT_PROPERTY,
    EVENT,
    EXECUTION,
    MEMBERSHIPS,
    NODES,
    PARENT_CONTEXT,
    PROPERTIES,
)

Clause = ColumnElement[bool]
_WORD = re.compile(r"\w+")


_SPACES = "seen_spaces"
"""The parameter that holds the ids of the workspaces, where a dialect takes them so."""
_MARK = f"<{_SPACES}>"
"""What else stands for them in a text. It cannot occur otherwise: names stand there as letters or as octets."""


class SeenRows:
    """What one caller may see of one store.

    Args:
        selects: the selects of it, but for the workspaces.
        spaces: the ids of the workspaces that the caller may see.
    """

    def __init__(self, selects: SeenRowsSelects, spaces: Sequence[int]) -> None:
        self._selects = selects
        self.spaces = spaces
        self.unplaced = selects.unplaced
        self._listed = ", ".join(map(str, map(int, spaces)))
        self._parameter = selects.dialect.listed(list(spaces))

    def of(self, statement: Statement) -> Statement:
        """The statement over nothing but these rows."""
        if statement.estimate:
            return statement
        words = set(_WORD.findall(statement.text))
        tables = [pair for pair in self._tables if pair[0] in words]
        return self._given(statement.among_tables(tables)) if tables else statement

    @cached_property
    def _tables(self) -> list[tuple[str, str]]:
        return [(name, self._filled(text)) for name, text in self._selects.tables]

    def hidden_below(self) -> Statement:
        """Some workspace that is below one that is seen, and is not seen itself."""
        return self._of_these(self._selects.hidden_below)

    def leading_out(self, kind: NodeKind, ids: Sequence[int], types: frozenset[EventType]) -> Statement:
        """Those of some artifacts or executions of which an event leads to what is there and is not seen.

        An event counts whenever it was: who could leave out the later ones would find the time of one that is hidden.

        Args:
            kind: of the nodes.
            ids: theirs.
            types: of the events that count.
        """
        made = self._of_these(self._selects.leading_out(kind, types))
        return made.given(ids=self._selects.dialect.listed(ids))

    def _of_these(self, statement: Statement) -> Statement:
        return self._given(replace(statement, text=self._filled(statement.text)))

    def _filled(self, text: str) -> str:
        return text if self._selects.by_parameter else text.replace(_MARK, self._listed)

    def _given(self, statement: Statement) -> Statement:
        if not self._selects.by_parameter:
            return statement
        return replace(statement, parameters={**statement.parameters, _SPACES: self._parameter})


class SeenRowsSelects:
    """The selects of what callers may see of one store, with a mark in the place of the ids of their workspaces.

    They take longer to make than most statements to run, and who records workspaces sees others with each.

    Args:
        types: the store's.
        dialect: of its database.
        some: whether the callers may see any workspace.
        unplaced: whether they may see what is in no workspace.
    """

    def __init__(self, types: TypeCatalog, dialect: Dialect, *, some: bool, unplaced: bool) -> None:
        self.types = types
        self.dialect = dialect
        self.some = some
        self.unplaced = unplaced
        self.by_parameter = dialect.among_named(CONTEXT.c.id, _SPACES) is not None
        """Whether the ids of the workspaces are a parameter."""
        self._leading_out: dict[tuple[NodeKind, frozenset[EventType]], Statement] = {}

    def _is_seen(self, space: ColumnElement[Any]) -> Clause:
        """Whether an id is one of the workspaces'."""
        if not self.some:
            return false()
        named = self.dialect.among_named(space, _SPACES)
        return space.in_([literal_column(_MARK)]) if named is None else named

    @cached_property
    def tables(self) -> list[tuple[str, str]]:
        """Each table that has rows which are hidden, and the select of the others.

        A select sees those before it in the place of their tables, which does no harm: what is asked there of a row
        that is itself seen is asked of all rows. Names are judged first: where what is in no workspace is seen, a name
        that no context has is, and one that a hidden context has is not.
        """
        selects: dict[Any, Clause] = {}
        for kind in (NodeKind.ARTIFACT, NodeKind.EXECUTION):
            # A node may name a workspace that is hidden, and a run there: by the names they would be seen.
            names = [self._name_is_seen(kind, *naming) for naming in self.types.naming_places(kind).items()]
            if names:
                selects[PROPERTIES[kind]] = and_(*names)
        selects |= {
            ARTIFACT: self.node(NodeKind.ARTIFACT, ARTIFACT.c.id),
            EXECUTION: self.node(NodeKind.EXECUTION, EXECUTION.c.id),
            EVENT: and_(
                self.node(NodeKind.ARTIFACT, EVENT.c.artifact_id), self.node(NodeKind.EXECUTION, EVENT.c.execution_id)
            ),
            CONTEXT: self._context(CONTEXT),
            ATTRIBUTION: self._context_by_id(ATTRIBUTION.c.context_id),
            ASSOCIATION: self._context_by_id(ASSOCIATION.c.context_id),
            PARENT_CONTEXT: and_(
                self._context_by_id(PARENT_CONTEXT.c.context_id),
                self._context_by_id(PARENT_CONTEXT.c.parent_context_id),
            ),
        }
        rows: dict[str, Select[Any]] = {
            table.name: select(literal_column(f"{table.name}.*")).select_from(table) for table in selects
        }
        return [(table.name, self.dialect.literally(rows[table.name].where(says))) for table, says in selects.items()]

    # -- artifacts and executions

    def _name_is_seen(self, kind: NodeKind, naming: NamingPlaces, type_ids: Sequence[int]) -> Clause:
        """Whether a property is none that names a workspace or a run, or the workspace is seen."""
        own, node = PROPERTIES[kind], NODES[kind].alias()
        names = or_(*(_is(own, place) for place in naming.named))
        if not naming.is_reserved:
            # Nodes of other types may have properties of these names, which say nothing of the kind.
            names = and_(names, exists().where(node.c.id == own.c.owner_id, one_of(node.c.type_id, type_ids)))
        return or_(not_(names), self._named(own.c.owner_id, own, naming.workspace))

    def node(self, kind: NodeKind, id_: Any) -> Clause:
        """Whether an artifact or an execution is in a workspace that is seen."""
        link = MEMBERSHIPS[kind].alias()
        clauses: list[Clause] = [exists().where(link.c.node_id == id_, self._is_seen(link.c.context_id))]
        if self.types.through_children:
            tied, child = MEMBERSHIPS[kind].alias(), PARENT_CONTEXT.alias()
            inside = tied.c.node_id == id_, child.c.context_id == tied.c.context_id
            clauses.append(exists().where(*inside, self._is_seen(child.c.parent_context_id)))
        if self.unplaced:
            clauses.append(not_(or_(*self._placed(kind, id_))))
        # In a CASE, or a planner gathers all that is seen for the sake of a few rows.
        return case((or_(*clauses), 1), else_=0) == literal_column("1")

    def _placed(self, kind: NodeKind, id_: Any) -> list[Clause]:
        link, space = MEMBERSHIPS[kind].alias(), CONTEXT.alias()
        is_workspace = plays(space.c.id, space.c.type_id, Role.WORKSPACE, self.types)
        found: list[Clause] = [exists().where(link.c.node_id == id_, space.c.id == link.c.context_id, is_workspace)]
        if self.types.through_children:
            tied, child, above = MEMBERSHIPS[kind].alias(), PARENT_CONTEXT.alias(), CONTEXT.alias()
            is_above = plays(above.c.id, above.c.type_id, Role.WORKSPACE, self.types)
            inside = tied.c.node_id == id_, child.c.context_id == tied.c.context_id
            found.append(exists().where(*inside, above.c.id == child.c.parent_context_id, is_above))
        return found

    # -- contexts

    def _context(self, context: Any) -> Clause:
        """Whether a context is a workspace that is seen, or something in one."""
        is_workspace = plays(context.c.id, context.c.type_id, Role.WORKSPACE, self.types)
        named = self.types.named_contexts(Role.RUN)
        below = self._below(context)
        if named:
            is_named = one_of(context.c.type_id, named)
            by_name = self._named(context.c.id, CONTEXT_PROPERTY, Custom(WORKSPACE_NAME))
            below = or_(and_(is_named, by_name), and_(not_(is_named), below))
        says = or_(self._is_seen(context.c.id), and_(not_(is_workspace), below))
        return case((says, 1), else_=0) == literal_column("1")

    def _context_by_id(self, id_: Any) -> Clause:
        context = CONTEXT.alias()
        found = exists().where(context.c.id == id_, self._context(context))
        return case((or_(self._is_seen(id_), found), 1), else_=0) == literal_column("1")

    def _below(self, context: Any) -> Clause:
        """Whether a context has a parent that is seen, or names a workspace that is."""
        clauses: list[Clause] = []
        placed: list[Clause] = []
        link, above = PARENT_CONTEXT.alias(), PARENT_CONTEXT.alias()
        parent = CONTEXT.alias()
        clauses.append(exists().where(link.c.context_id == context.c.id, self._is_seen(link.c.parent_context_id)))
        is_workspace = plays(parent.c.id, parent.c.type_id, Role.WORKSPACE, self.types)
        placed.append(
            exists().where(above.c.context_id == context.c.id, parent.c.id == above.c.parent_context_id, is_workspace)
        )
        for owner in owning_properties(self.types):
            row, space = CONTEXT_PROPERTY.alias(), CONTEXT.alias()
            naming = exists().where(
                one_of(context.c.type_id, owner.run_types),
                row.c.owner_id == context.c.id,
                _is(row, Declared(owner.name)),
                one_of(space.c.type_id, owner.workspace_types),
                space.c.name == row.c.string_value,
            )
            clauses.append(naming.where(self._is_seen(space.c.id)))
            placed.append(naming)
        if self.unplaced:
            clauses.append(not_(or_(*placed)))
        return or_(*clauses)

    def _named(self, owner: Any, properties: Any, place: Declared | Custom | None) -> Clause:
        """Whether the workspace is seen that a node names beside its run; one that it does not name is none."""
        if place is None:
            return true() if self.unplaced else false()
        row, space = properties.alias(), CONTEXT.alias()
        naming = exists().where(
            row.c.owner_id == owner,
            _is(row, place),
            one_of(space.c.type_id, self.types.naming_contexts),
            space.c.name == row.c.string_value,
        )
        seen = naming.where(self._is_seen(space.c.id))
        return or_(seen, not_(naming)) if self.unplaced else seen

    @cached_property
    def hidden_below(self) -> Statement:
        """Some workspace that is below one that is seen, and is not seen itself."""
        context, link = CONTEXT.alias(), PARENT_CONTEXT.alias()
        below = exists().where(link.c.context_id == context.c.id, self._is_seen(link.c.parent_context_id))
        is_workspace = plays(context.c.id, context.c.type_id, Role.WORKSPACE, self.types)
        query = select(context.c.id).where(is_workspace, not_(self._is_seen(context.c.id)), below).limit(1)
        return self.dialect.compile(query).meant("hidden workspaces below those that are seen")

    # -- what leads out of what is seen

    def leading_out(self, kind: NodeKind, types: frozenset[EventType]) -> Statement:
        """See `SeenRows.leading_out`: the statement for its parameter, `ids`."""
        if (kind, types) not in self._leading_out:
            # A walk asks it at each of its levels.
            made = self.dialect.compile(self._leading(kind, types))
            self._leading_out[kind, types] = made.meant("nodes with events that lead to what is hidden")
        return self._leading_out[kind, types]

    def _leading(self, kind: NodeKind, types: frozenset[EventType]) -> Select[Any]:
        event = event_source(self.types, types)
        other = NodeKind.EXECUTION if kind is NodeKind.ARTIFACT else NodeKind.ARTIFACT
        here, there = (event.c.artifact_id, event.c.execution_id)[:: 1 if kind is NodeKind.ARTIFACT else -1]
        table = NODES[other].alias()
        conditions = [
            self.dialect.within(here, bindparam("ids", self.dialect.listed([]))),
            event_type_in(event, types),
            table.c.id == there,
            not_(self.node(other, there)),
        ]
        return select(here).where(*conditions).distinct()


def _is(row: Any, place: Declared | Custom) -> Clause:
    """As `tables.at_place`, without parameters."""
    custom = true() if isinstance(place, Custom) else false()
    return and_(row.c.name == _text(place.name), row.c.is_custom_property == custom)


def _text(name: str) -> Any:
    return literal_column(f"'{name}'") if re.fullmatch(r"\w+", name, re.ASCII) else spelled(name)
