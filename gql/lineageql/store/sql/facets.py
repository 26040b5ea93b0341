"""Counts of entities by one of their properties, under a filter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

from sqlalchemy import BigInteger, Select, and_, bindparam, case, exists, false, func, not_, select, true, union_all

from lineageql.model.conventions.convention import (
    BOOKKEEPING,
    MOMENTS,
    Convention,
    Document,
    Kept,
    Mapped,
    Stored,
    StructMembers,
    UnderName,
)
from lineageql.model.entities import ArtifactState, ExecutionState
from lineageql.model.identity import EntityKind
from lineageql.model.kinds import kind_of
from lineageql.model.nodes import NodeType
from lineageql.model.predicates import ALWAYS, Field, Group, Related, Relation
from lineageql.model.values import STRUCT_PREFIX, struct_members
from lineageql.store.ports import ITEM_FACETS, Facet, Search
from lineageql.store.sql.clauses import UNREGISTERED_RUN
from lineageql.store.sql.dialects import Statement
from lineageql.store.sql.dialects.texts import is_text
from lineageql.store.sql.driver import Rows, Script, fetch
from lineageql.store.sql.entities import NODE_KINDS
from lineageql.store.sql.field_expressions import text_of_field
from lineageql.store.sql.json_documents import foreign
from lineageql.store.sql.order_values import number_of
from lineageql.store.sql.property_tests import row_has_value
from lineageql.store.sql.relations import ties_of
from lineageql.store.sql.searches import Searches, Start
from lineageql.store.sql.sources import Source, source_of
from lineageql.store.sql.tables import MEMBERSHIPS, NODES, PARENT_CONTEXT, at_place
from lineageql.store.sql.workspace_names import names_workspace

_READ = 5_000
"""How many Structs are read at a time."""
_MOST_NAMED = 100
"""A statement that lists the names of more workspaces than this is not kept."""
_MOST_CHARACTERS = 4_000
"""A statement whose names and label key have more characters than this is not kept."""


def _holds_text(row: Any) -> Any:
    return row.c.string_value.is_not(None)


class Facets:
    """Counts one facet of what a search finds, by statements that are kept.

    Args:
        searches: makes and keeps statements.
        search: finds what is counted.
        path: the access path at which the statements start; None where they start at all rows.
        facet: what is counted.
        key: that of the label, where label values are counted.
        named: the workspaces that are only named, where workspaces are counted.
    """

    def __init__(
        self,
        searches: Searches,
        search: Search,
        path: int | None,
        facet: Facet,
        key: str | None,
        named: Sequence[str] = (),
    ) -> None:
        self.searches = searches
        self.clauses = searches.clauses
        self.search = search
        self.path = path
        self.facet = facet
        self.key = key
        self.named = tuple(named)

    @cached_property
    def _start(self) -> Start:
        return self.searches.starting(self.search, self.path)

    @property
    def source(self) -> Source:
        return self._start.source

    @cached_property
    def condition(self) -> Any:
        condition, access = self.clauses.of(self.search.predicate, self.source), self._start.access
        return condition if access is None else and_(condition, access)

    def count(self) -> Script[Counter[str]]:
        """How many matching entities have each value; one without a value counts nowhere."""
        match self.facet:
            case Facet.TYPE:
                return (yield from self._by_type(lambda type_: type_.name))
            case Facet.WRITER:
                return (yield from self._by_type(lambda type_: self.clauses.types.convention(type_).writer))
            case Facet.KIND:
                return (yield from self._by_type(lambda type_: kind_of(type_).value))
            case Facet.STATE:
                return (yield from self._by_state())
            case Facet.WORKSPACE:
                if self.search.kind is EntityKind.RUN:
                    return (yield from self._workspaces_of_runs())
                return (yield from self._distinct(self._in_workspaces))
            case Facet.RUN:
                return (yield from self._distinct(self._in_runs))
            case Facet.LABEL_KEY:
                return (yield from self._distinct(self._label_keys))
            case Facet.LABEL_VALUE:
                return (yield from self._grouped(self._label_values))
            case Facet.PROPERTY_NAME:
                return (yield from self._distinct(self._property_names))
        return (yield from self._by_item_name(ITEM_FACETS[self.facet]))

    def _rows(self, make: Callable[[], Select[Any] | None], part: Hashable = "", **values: Any) -> Script[Rows]:
        """The rows of a statement, which is made unless it is kept; no rows if `make` gives no statement.

        Args:
            make: makes the statement.
            part: which of the facet's statements it is.
            values: the values of its parameters.
        """

        def compiled() -> Statement | None:
            query = make()
            return None if query is None else self.clauses.dialect.compile(query).meant(f"facet {self.facet.value}")

        key = ("facet", self.search, self.facet, self.key, self.named, self.path, part)
        characters = len(self.key or "") + sum(map(len, self.named))
        few = len(self.named) <= _MOST_NAMED and characters <= _MOST_CHARACTERS
        statement = self.searches.kept(self.search, key, compiled) if few else compiled()
        return [] if statement is None else (yield from fetch(statement.given(**values)))

    def _grouped(self, values: Callable[[], Select[Any]], part: Hashable = "") -> Script[Counter[Any]]:
        """How many rows of a select have each value that is not null."""

        def make() -> Select[Any]:
            inner = values().subquery()
            return select(inner.c.value, func.count()).where(inner.c.value.is_not(None)).group_by(inner.c.value)

        return Counter(dict((yield from self._rows(make, part))))

    def _distinct(self, parts: Callable[[], Sequence[Select[Any]]]) -> Script[Counter[str]]:
        """How many ids are beside each value, in all rows of some selects."""

        def make() -> Select[Any] | None:
            found = parts()
            if not found:
                return None
            both = union_all(*found).subquery()
            return select(both.c.value, func.count(both.c.id.distinct())).group_by(both.c.value)

        return Counter(dict((yield from self._rows(make))))

    def _valued(self, value: Any) -> Select[Any]:
        """A value of all matching rows."""
        return select(value.label("value")).select_from(self.source.from_).where(self.condition)

    def _by_type(self, name_of: Callable[[NodeType], str]) -> Script[Counter[str]]:
        known = self.clauses.types.by_id
        if self.search.kind is EntityKind.RUN:
            known = {0: UNREGISTERED_RUN, **known}
        counter: Counter[str] = Counter()

        def make() -> Select[Any]:
            columns: list[Any] = [self.source.type_id, func.count()]
            return select(*columns).select_from(self.source.from_).where(self.condition).group_by(columns[0])

        for type_id, number in (yield from self._rows(make)):
            if type_id in known:
                counter[name_of(known[type_id])] += number
        return counter

    def _by_state(self) -> Script[Counter[str]]:
        numbers = yield from self._grouped(lambda: self._valued(self.clauses.state(self.source)))
        states = ArtifactState if self.search.kind is EntityKind.ARTIFACT else ExecutionState
        return Counter({states(int(state)).name: number for state, number in numbers.items()})

    def _matching(self) -> Select[Any]:
        return select(self.source.id.label("id")).select_from(self.source.from_).where(self.condition)

    def _workspaces_of_runs(self) -> Script[Counter[str]]:
        def of_contexts() -> Select[Any]:
            space = source_of(EntityKind.WORKSPACE, self.clauses.types)
            inside = space.id == self.source.from_.c.workspace_id, self.condition
            return select(self._name(space).label("value")).select_from(self.source.from_, space.from_).where(*inside)

        def of_names() -> Select[Any]:
            assert self.source.names is not None
            own = names_workspace(self.named, self.source, self.clauses.types, self.clauses.dialect)
            by_key = select(self.source.names.workspace.label("value")).select_from(self.source.from_)
            return by_key.where(own, self.condition)

        found = yield from self._grouped(of_contexts)
        return found + (yield from self._grouped(of_names, "names")) if self.named else found

    def _in_workspaces(self) -> Sequence[Select[Any]]:
        matching = self._matching().subquery()
        space = source_of(EntityKind.WORKSPACE, self.clauses.types)

        def members(through_child: bool) -> Select[Any]:
            link, child = MEMBERSHIPS[self.source.node_kind].alias(), PARENT_CONTEXT.alias()
            tied = [link.c.node_id == matching.c.id]
            if through_child:
                tied += [child.c.context_id == link.c.context_id, child.c.parent_context_id == space.id]
            else:
                tied.append(link.c.context_id == space.id)
            is_workspace: list[Any] = [space.condition]
            return select(self._name(space).label("value"), matching.c.id.label("id")).where(*tied, *is_workspace)

        parts = [members(False)] + ([members(True)] if self.clauses.types.through_children else [])
        return [*parts, *(self._naming(matching) if self.named else ())]

    def _naming(self, matching: Any) -> Iterator[Select[Any]]:
        """What matches with the name of its workspace, where no context stands for that."""
        for place, type_ids in self.clauses.types.naming.get(self.source.node_kind, {}).items():
            row, node = self.source.properties.alias(), NODES[self.source.node_kind].alias()
            yield select(row.c.string_value.label("value"), matching.c.id.label("id")).where(
                row.c.owner_id == matching.c.id,
                at_place(row, place),
                self.clauses.dialect.among(row.c.string_value, self.named),
                node.c.id == row.c.owner_id,
                (node.c.type_id + 0).in_(list(type_ids)),
            )

    def _in_runs(self) -> Sequence[Select[Any]]:
        matching, parts = self._matching().subquery(), list[Select[Any]]()
        for tie in ties_of(self.clauses, self.source.kind, Related(Relation.RUN, ALWAYS), None):
            assert tie.end is not None
            columns = self._name(tie.end).label("value"), matching.c.id.label("id")
            parts.append(select(*columns).where(tie.own == matching.c.id, *tie.conditions))
        return parts

    def _name(self, source: Source) -> Any:
        return text_of_field(Field.NAME, source, self.clauses.types, self.clauses.dialect)

    def _label_values(self) -> Select[Any]:
        assert self.key is not None
        return self._valued(self.clauses.label(self.key, self.source))

    def _label_keys(self) -> Sequence[Select[Any]]:
        parts: list[Select[Any]] = []
        for convention, type_ids in self.clauses.types.groups(self.source.node_kind):
            places = convention.labels.get(self.source.node_kind)
            if places is None:
                continue
            matching = self._matching_of(type_ids)
            parts.extend(self._own_keys(matching, prefix, _holds_text) for prefix in places.prefixes)
            if places.names:
                parts.append(self._named_keys(matching, places.names))
            if places.document is not None:
                parts.append(self._document_keys(matching, places.document))
        return parts

    def _matching_of(self, type_ids: Sequence[int]) -> Any:
        """The matching rows of some types."""
        return self._matching().where((self.source.type_id + 0).in_(list(type_ids))).subquery()

    def _property_names(self) -> Sequence[Select[Any]]:
        parts: list[Select[Any]] = []
        for convention, type_ids in self.clauses.types.groups(self.source.node_kind):
            matching, extras = self._matching_of(type_ids), convention.extras.get(self.source.node_kind)
            parts.append(self._stored_names(matching, partial(self._is_users, convention)))
            if extras is not None:
                parts.append(self._document_keys(matching, extras))
        return parts

    def _by_item_name(self, group: Group) -> Script[Counter[str]]:
        counter = yield from self._distinct(lambda: self._item_names(group))
        groups = self.clauses.types.item_groups(NODE_KINDS[self.search.kind], group)
        for place, (_, kept_in, type_ids) in enumerate(groups):
            if isinstance(kept_in, StructMembers):
                counter += yield from self._struct_names(type_ids, kept_in.property, place)
        return counter

    def _item_names(self, group: Group) -> Sequence[Select[Any]]:
        """The names of items, but for those in Structs."""
        parts: list[Select[Any]] = []
        for convention, place, type_ids in self.clauses.types.item_groups(self.source.node_kind, group):
            matching = self._matching_of(type_ids)
            match place:
                case Kept():
                    parts.append(self._own_keys(matching, place.prefix, row_has_value))
                    parts.append(self._document_keys(matching, place.document))
                case Stored():
                    parts.append(self._stored_names(matching, partial(self._is_item, place, convention, matching)))
                case Mapped():
                    is_users = partial(self._is_users, convention)
                    if place.names:
                        parts.append(self._stored_names(matching, partial(self._is_named, place.names, is_users)))
                    parts.extend(self._mapped_keys(matching, prefix, is_users) for prefix in place.prefixes)
                    if place.document is not None:
                        parts.append(self._document_keys(matching, place.document))
                case UnderName(name):
                    parts.append(self._named_by(matching, name))
        return parts

    def _named_by(self, matching: Any, name: str) -> Select[Any]:
        """The names of the rows themselves that have a property."""
        named = source_of(self.source.kind, self.clauses.types)
        row, called = named.properties.alias(), self._name(named)
        valued = row.c.owner_id == named.id, row.c.name == name, row_has_value(row)
        columns = called.label("value"), named.id.label("id")
        return select(*columns).where(named.id == matching.c.id, called.is_not(None), *valued)

    def _stored_names(self, matching: Any, counts: Callable[[Any], Any]) -> Select[Any]:
        """The names of the properties that hold something, of those whose rows count."""
        row = self.source.properties.alias()
        return select(row.c.name.label("value"), matching.c.id.label("id")).where(
            row.c.owner_id == matching.c.id, row_has_value(row), counts(row)
        )

    def _is_users(self, convention: Convention, row: Any) -> Any:
        """Whether a property is one that its writer's users know."""
        dialect = self.clauses.dialect
        own = [not_(dialect.starts_with(row.c.name, prefix)) for prefix in convention.encoding]
        return and_(row.c.name.not_in(sorted({*convention.hidden, *MOMENTS.values()})), *own)

    def _is_item(self, place: Stored, convention: Convention, matching: Any, row: Any) -> Any:
        """Whether a property is an item."""
        omitted = sorted(place.omitted | convention.bookkeeping)
        bookkeeping = self.clauses.dialect.starts_with(row.c.name, BOOKKEEPING)
        conditions = [self._is_users(convention, row), not_(bookkeeping)]
        if omitted:
            conditions.append(row.c.name.not_in(omitted))
        if not place.declared:
            conditions.append(row.c.is_custom_property == true())
        if place.numbers:
            holder = replace(self.source, id=matching.c.id)
            custom, declared = (
                number_of(row.c.name, custom, holder, self.clauses.dialect).is_not(None) for custom in (True, False)
            )
            before = self.source.properties.alias()
            hides = (
                before.c.owner_id == matching.c.id,
                before.c.name == row.c.name,
                before.c.is_custom_property == false(),
            )
            alone = not_(exists().where(*hides, row_has_value(before)))
            conditions.append(case((row.c.is_custom_property == true(), and_(custom, alone)), else_=declared))
        return and_(*conditions)

    def _is_named(self, names: Sequence[str], is_users: Callable[[Any], Any], row: Any) -> Any:
        return and_(row.c.name.in_(names), is_users(row))

    def _mapped_keys(self, matching: Any, prefix: str, is_users: Callable[[Any], Any]) -> Select[Any]:
        """The rests of the names of properties, declared or custom, that begin with a prefix."""
        row = self.source.properties.alias()
        rest = func.substr(row.c.name, len(prefix) + 1).label("value")
        begins = self.clauses.dialect.starts_with(row.c.name, prefix)
        return select(rest, matching.c.id.label("id")).where(
            row.c.owner_id == matching.c.id, begins, row_has_value(row), is_users(row)
        )

    def _struct_names(self, type_ids: Sequence[int], name: str, part: Hashable) -> Script[Counter[str]]:
        """The names of the members of Structs, which no database reads, of those that hold something."""

        def make() -> Select[Any]:
            matching, row = self._matching_of(type_ids), self.source.properties.alias()
            query = select(matching.c.id, row.c.string_value).where(
                row.c.owner_id == matching.c.id,
                row.c.name == name,
                row.c.is_custom_property == true(),
                self.clauses.dialect.in_prefix_range(row.c.string_value, STRUCT_PREFIX),
                matching.c.id > bindparam("facet_after", -1, BigInteger()),
            )
            return query.order_by(matching.c.id).limit(_READ)

        counter, last = Counter[str](), -1
        while rows := (yield from self._rows(make, part, facet_after=last)):
            last = rows[-1][0]
            for _, text in rows:
                counter.update(key for key, value in struct_members(text).items() if value is not None)
        return counter

    def _own_keys(self, matching: Any, prefix: str, holds: Callable[[Any], Any]) -> Select[Any]:
        """The rests of the names of custom properties that begin with a prefix, of those whose rows hold something."""
        row = self.source.properties.alias()
        return select(func.substr(row.c.name, len(prefix) + 1).label("value"), matching.c.id.label("id")).where(
            row.c.owner_id == matching.c.id,
            row.c.is_custom_property == true(),
            self.clauses.dialect.starts_with(row.c.name, prefix),
            holds(row),
        )

    def _named_keys(self, matching: Any, names: Sequence[str]) -> Select[Any]:
        row = self.source.properties.alias()
        return select(row.c.name.label("value"), matching.c.id.label("id")).where(
            row.c.owner_id == matching.c.id,
            row.c.name.in_(names),
            self.clauses.dialect.holds_text(row.c.string_value),
        )

    def _document_keys(self, matching: Any, document: Document) -> Select[Any]:
        row = self.source.properties.alias()
        member = self.clauses.dialect.members(row.c.string_value, document.member)
        query = select(member.c.key.label("value"), matching.c.id.label("id")).select_from(matching, row)
        return query.where(
            row.c.owner_id == matching.c.id,
            row.c.name == document.property,
            row.c.is_custom_property == false(),
            foreign(document, row, self.clauses.dialect),
            member.c.type != "null",
            is_text(member.c.key),  # SQLite numbers what is in a list, and finds what is neither list nor object
        )
