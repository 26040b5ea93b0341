"""Counts of entities by one of their properties, under a filter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy import Select, and_, case, exists, false, func, not_, select, true, union_all

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
from lineageql.model.predicates import ALWAYS, Field, Group, Predicate, Related, Relation
from lineageql.model.values import STRUCT_PREFIX, struct_members
from lineageql.store.ports import ITEM_FACETS, Facet
from lineageql.store.sql.clauses import UNREGISTERED_RUN, Clauses
from lineageql.store.sql.dialects.texts import is_text
from lineageql.store.sql.entities import Fetch
from lineageql.store.sql.field_expressions import text_of_field
from lineageql.store.sql.json_documents import foreign
from lineageql.store.sql.order_values import number_of
from lineageql.store.sql.property_tests import row_has_value
from lineageql.store.sql.relations import ties_of
from lineageql.store.sql.sources import Source, source_of
from lineageql.store.sql.tables import MEMBERSHIPS, NODES, PARENT_CONTEXT, at_place
from lineageql.store.sql.workspace_names import names_workspace

_READ = 5_000
"""How many Structs are read at a time."""


def _holds_text(row: Any) -> Any:
    return row.c.string_value.is_not(None)


class Facets:
    """Counts facets for one operation; `access` is a clause that every match meets."""

    def __init__(
        self,
        fetch: Fetch,
        clauses: Clauses,
        predicate: Predicate,
        source: Source,
        access: Any,
        named: Sequence[str] = (),
    ) -> None:
        self.fetch = fetch
        self.clauses = clauses
        self.named = named
        self.source = source
        self.condition = clauses.of(predicate, source)
        if access is not None:
            self.condition = and_(self.condition, access)

    async def by(self, facet: Facet, key: str | None) -> Counter[str]:
        """How many matching entities have each value; one without a value counts nowhere."""
        counts: dict[Facet, Callable[[], Any]] = {
            Facet.TYPE: self._by_type,
            Facet.WRITER: self._by_writer,
            Facet.KIND: self._by_kind,
            Facet.STATE: self._by_state,
            Facet.WORKSPACE: self._by_workspace,
            Facet.RUN: self._by_run,
            Facet.LABEL_KEY: self._by_label_key,
            Facet.PROPERTY_NAME: self._by_property_name,
        }
        if facet in ITEM_FACETS:
            return await self._by_item_name(ITEM_FACETS[facet])
        if facet is Facet.LABEL_VALUE:
            assert key is not None
            return await self._grouped(self.clauses.label(key, self.source))
        found: Counter[str] = await counts[facet]()
        return found

    async def _grouped(self, value: Any) -> Counter[str]:
        return await self._counted(select(value.label("value")).select_from(self.source.from_).where(self.condition))

    async def _counted(self, values: Select[Any]) -> Counter[str]:
        """How many rows have each value."""
        inner = values.subquery()
        query = select(inner.c.value, func.count()).where(inner.c.value.is_not(None)).group_by(inner.c.value)
        return Counter(dict(await self.fetch(query)))

    async def _types(self) -> list[tuple[Any, int]]:
        query = (
            select(self.source.type_id, func.count())
            .select_from(self.source.from_)
            .where(self.condition)
            .group_by(self.source.type_id)
        )
        known = self.clauses.types.by_id
        if self.source.kind is EntityKind.RUN:
            known = {0: UNREGISTERED_RUN, **known}
        return [(known[type_id], number) for type_id, number in await self.fetch(query) if type_id in known]

    async def _by_type(self) -> Counter[str]:
        counter: Counter[str] = Counter()
        for type_, number in await self._types():
            counter[type_.name] += number
        return counter

    async def _by_writer(self) -> Counter[str]:
        counter: Counter[str] = Counter()
        for type_, number in await self._types():
            counter[self.clauses.types.convention(type_).writer] += number
        return counter

    async def _by_kind(self) -> Counter[str]:
        counter: Counter[str] = Counter()
        for type_, number in await self._types():
            counter[kind_of(type_).value] += number
        return counter

    async def _by_state(self) -> Counter[str]:
        numbers = await self._grouped(self.clauses.state(self.source))
        states = ArtifactState if self.source.kind is EntityKind.ARTIFACT else ExecutionState
        return Counter({states(int(state)).name: number for state, number in numbers.items()})

    def _matching(self) -> Select[Any]:
        return select(self.source.id.label("id")).select_from(self.source.from_).where(self.condition)

    async def _by_workspace(self) -> Counter[str]:
        if self.source.kind is EntityKind.RUN:
            space = source_of(EntityKind.WORKSPACE, self.clauses.types)
            inside = space.id == self.source.from_.c.workspace_id, self.condition
            name = select(self._name(space).label("value")).select_from(self.source.from_, space.from_).where(*inside)
            found = await self._counted(name)
            if self.named:
                assert self.source.names is not None
                own = names_workspace(self.named, self.source, self.clauses.types, self.clauses.dialect)
                by_key = select(self.source.names.workspace.label("value")).select_from(self.source.from_)
                found += await self._counted(by_key.where(own, self.condition))
            return found
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
        return await self._distinct([*parts, *(self._naming(matching) if self.named else ())])

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

    async def _by_run(self) -> Counter[str]:
        matching, parts = self._matching().subquery(), list[Select[Any]]()
        for tie in ties_of(self.clauses, self.source.kind, Related(Relation.RUN, ALWAYS), None):
            assert tie.end is not None
            columns = self._name(tie.end).label("value"), matching.c.id.label("id")
            parts.append(select(*columns).where(tie.own == matching.c.id, *tie.conditions))
        return await self._distinct(parts)

    def _name(self, source: Source) -> Any:
        return text_of_field(Field.NAME, source, self.clauses.types, self.clauses.dialect)

    async def _distinct(self, parts: list[Select[Any]]) -> Counter[str]:
        """How many ids are beside each value."""
        if not parts:
            return Counter()
        both = union_all(*parts).subquery()
        query = select(both.c.value, func.count(both.c.id.distinct())).group_by(both.c.value)
        return Counter(dict(await self.fetch(query)))

    async def _by_label_key(self) -> Counter[str]:
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
        return await self._distinct(parts)

    def _matching_of(self, type_ids: Sequence[int]) -> Any:
        """The matching rows of some types."""
        return self._matching().where((self.source.type_id + 0).in_(list(type_ids))).subquery()

    async def _by_property_name(self) -> Counter[str]:
        parts: list[Select[Any]] = []
        for convention, type_ids in self.clauses.types.groups(self.source.node_kind):
            matching, extras = self._matching_of(type_ids), convention.extras.get(self.source.node_kind)
            parts.append(self._stored_names(matching, partial(self._is_users, convention)))
            if extras is not None:
                parts.append(self._document_keys(matching, extras))
        return await self._distinct(parts)

    async def _by_item_name(self, group: Group) -> Counter[str]:
        parts: list[Select[Any]] = []
        counter: Counter[str] = Counter()
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
                case StructMembers(name):
                    counter += await self._struct_names(matching, name)
        counter += await self._distinct(parts)
        return counter

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

    async def _struct_names(self, matching: Any, name: str) -> Counter[str]:
        """The names of the members of Structs, which no database reads, of those that hold something."""
        row, counter = self.source.properties.alias(), Counter[str]()
        query = select(matching.c.id, row.c.string_value).where(
            row.c.owner_id == matching.c.id,
            row.c.name == name,
            row.c.is_custom_property == true(),
            self.clauses.dialect.in_prefix_range(row.c.string_value, STRUCT_PREFIX),
        )
        found: Sequence[Any] = [(-1, "")]
        while found:
            found = await self.fetch(query.where(matching.c.id > found[-1][0]).order_by(matching.c.id).limit(_READ))
            for _, text in found:
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
