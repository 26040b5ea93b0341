"""Predicates to WHERE clauses.

Every clause is true or false of a row and never NULL, so that NOT means what it
says. A clause probes the row that the statement has at hand; what makes a
statement start at the few rows that can match is `store.sql.access_paths`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, not_, null, or_, select, true

from lineageql.model.conventions.convention import Convention
from lineageql.model.conventions.kubeflow import RUN_TYPE
from lineageql.model.evaluate import comparison, operands_of, references_of
from lineageql.model.identity import EntityKind, RunName
from lineageql.model.kinds import kind_of
from lineageql.model.nodes import NodeKind, NodeType
from lineageql.model.operators import Family
from lineageql.model.predicates import (
    And,
    Field,
    Item,
    Label,
    Not,
    Or,
    Placed,
    Predicate,
    Property,
    Related,
    Test,
    levels,
    link_of,
)
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.sql.access_path import Ids, RunPath
from lineageql.store.sql.access_paths import AccessPaths
from lineageql.store.sql.compiler import Chain
from lineageql.store.sql.dialects import Dialect, one_of
from lineageql.store.sql.field_expressions import moment, state_number, text_of_field
from lineageql.store.sql.item_tests import item_clause
from lineageql.store.sql.json_documents import member_of, text_of_member
from lineageql.store.sql.operators import compared
from lineageql.store.sql.order_values import order_value
from lineageql.store.sql.property_tests import property_clause
from lineageql.store.sql.relations import related, run_state
from lineageql.store.sql.run_scan import Tied, named_one_of
from lineageql.store.sql.sources import Source, source_of
from lineageql.store.sql.tables import at_place
from lineageql.store.sql.workspace_names import names_workspace

Clause = ColumnElement[bool]
UNREGISTERED_RUN = NodeType(0, NodeKind.CONTEXT, RUN_TYPE)
"""The type of runs that are only names, in a store that has no type for runs."""


class Clauses:
    """Compiles predicates for one store's types."""

    def __init__(self, types: TypeCatalog, dialect: Dialect) -> None:
        self.types = types
        self.dialect = dialect

    def of(self, predicate: Predicate, source: Source, chain: Chain | None = None) -> Clause:
        """See `Compiler`."""
        match predicate:
            case And(terms):
                link = link_of(predicate)
                return and_(true(), *(self.of(term, source, chain if term is link else None) for term in terms))
            case Or(terms):
                return or_(false(), *(self.of(term, source) for term in terms))
            case Not(Not(term)):
                return self.of(term, source)  # a level less for the parser
            case Not(term):
                return not_(self.of(term, source))
            case Related():
                return related(self, predicate, source, chain)
            case Placed(by, family):
                return order_value(self, by, family, source).is_not(None)
            case Test(subject=Label(key=key)):
                return self._compare(predicate, self.label(key, source), Family.TEXT)
            case Test(subject=Property(name=name)):
                test = predicate
                return self.by_convention(  # type: ignore[no-any-return]
                    source,
                    lambda convention: property_clause(convention, test, name, source, self.dialect),
                    false(),
                )
            case Test(subject=Item() as item):
                return item_clause(predicate, item, source, self.types, self.dialect)
            case Test(subject=Field() as subject):
                return self._field(predicate, subject, source)
        raise AssertionError(predicate)

    def chained(self, predicate: Predicate, source: Source, chain: Chain | None) -> Clause:
        """See `Compiler`."""
        if chain is None and self.dialect.parses_shallow and source.is_table and levels(predicate, linked=True):
            apart = source_of(source.kind, self.types)
            meeting = select(apart.id.label("id")).where(self._meets(predicate, apart, Chain())).cte()
            # Else SQLite makes all rows of a table that the statement names twice.
            return meeting.prefix_with("NOT MATERIALIZED").c.id == source.id
        return self._meets(predicate, source, chain or Chain())

    def _meets(self, predicate: Predicate, source: Source, chain: Chain) -> Clause:
        return and_(self.of(predicate, source, chain), chain.narrow(predicate, source))

    def _compare(self, test: Test, left: ColumnElement[Any], family: Family) -> Clause:
        # In a function, or the planner gathers all that lack something by an index, and sorts them.
        return func.coalesce(compared(test, self.dialect, left, family), false())

    def _field(self, test: Test, subject: Field, source: Source) -> Clause:
        match subject:
            case Field.ID:
                return self._compare(test, source.columns[Field.ID], Family.NUMBER)
            case Field.REF:
                return self.refs(references_of(test), source)
            case Field.TYPE | Field.KIND:
                return self._type(test, source)
            case Field.STATE:
                return self._compare(test, self.state(source), Family.NUMBER)
            case Field.CREATE_TIME | Field.UPDATE_TIME:
                time = func.nullif(self.dialect.number(source.columns[subject]), 0)
                return self._compare(test, time, Family.NUMBER)
            case Field.START_TIME | Field.END_TIME:
                return self._compare(test, moment(subject, source, self.types, self.dialect), Family.NUMBER)
            case Field.URI | Field.EXTERNAL_ID:
                return self._compare(test, source.columns[subject], Family.TEXT)
            case Field.NAMED_WORKSPACE:
                return names_workspace(operands_of(test), source, self.types, self.dialect)
            case Field.NAME | Field.VERSION | Field.OWNER | Field.DESCRIPTION:
                text = text_of_field(subject, source, self.types, self.dialect)
                return self._compare(test, text, Family.TEXT)
        raise NotImplementedError(f"{subject.value} is only read: no test of it has a clause")

    def type_ids(self, test: Test, node_kind: NodeKind) -> list[int]:
        """The ids of the types that a test of a type or a kind allows."""
        return self.types.ids(node_kind, _allows(test))

    def _type(self, test: Test, source: Source) -> Clause:
        allowed = self.type_ids(test, source.node_kind)
        if source.kind is EntityKind.RUN and _allows(test)(UNREGISTERED_RUN):
            allowed.append(0)
        # The sum keeps the planner from walking the index of types, which loses the order of ids.
        return (source.type_id + 0).in_(allowed) if allowed else false()

    def state(self, source: Source) -> ColumnElement[Any]:
        """A state as MLMD's number; of a run what those of its executions amount to."""
        if source.kind is EntityKind.RUN:
            return run_state(self, source)
        return state_number(source, self.types, self.dialect)

    def refs(self, refs: Any, source: Source) -> Clause:
        """Whether a row is one of the entities that references name."""
        ids = [ref.key for ref in refs if isinstance(ref.key, int)]
        names = [ref.key for ref in refs if isinstance(ref.key, RunName)]
        clauses: list[Clause] = []
        pair = source.names
        if ids:
            named = false() if pair is None else pair.are_key
            clauses.append(and_(self.dialect.among(source.id, ids), not_(named)))
        if names and pair is not None:
            clauses.append(and_(pair.are_key, named_one_of(self.dialect, names)(pair.workspace, pair.run)))
        return or_(false(), *clauses)

    def few_workspaces(self, predicate: Predicate, source: Source) -> Ids:
        """See `Compiler`."""
        return AccessPaths(self, source).of(predicate)[0].ids(self.dialect)

    def few_runs(self, predicate: Predicate) -> Tied | None:
        """See `Compiler`."""
        paths = AccessPaths(self, source_of(EntityKind.RUN, self.types)).of(predicate)
        few = paths[0] if paths and not paths[0].broad else None
        return Tied.of(few) if isinstance(few, RunPath) else None

    def by_convention(self, source: Source, of: Any, empty: Any) -> Any:
        """`of(convention)` for the rows of each convention's types."""
        groups = self.types.groups(source.node_kind)
        if not groups:
            return empty
        if len(groups) == 1:
            return of(groups[0][0])
        return case(
            *((one_of(source.type_id, type_ids), of(convention)) for convention, type_ids in groups), else_=empty
        )

    def label(self, key: str, source: Source) -> ColumnElement[Any]:
        """The value of a label, NULL where there is none."""

        def text(convention: Convention) -> ColumnElement[Any]:
            places = convention.labels.get(source.node_kind)
            values: list[ColumnElement[Any]] = []
            for place in () if places is None else places.properties(key):
                row = source.properties.alias()
                found = (
                    row.c.owner_id == source.id,
                    at_place(row, place),
                    self.dialect.holds_text(row.c.string_value),
                )
                values.append(select(row.c.string_value).where(*found).scalar_subquery())
            if places is not None and places.document is not None:
                member, in_document, row = member_of(places.document, key, source, self.dialect)
                values.append(
                    select(text_of_member(member, self.dialect))
                    .select_from(row)
                    .where(in_document)
                    .limit(1)
                    .scalar_subquery()
                )
            return func.coalesce(*values, null()) if values else null()

        return self.by_convention(source, text, null())  # type: ignore[no-any-return]


def _allows(test: Test) -> Callable[[NodeType], bool]:
    """Whether a type meets a test of types or kinds."""
    meets, by_kind = comparison(test), test.subject is Field.KIND
    return lambda type_: meets(kind_of(type_) if by_kind else type_.name)
