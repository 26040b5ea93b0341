"""The access paths of a test: selects of ids from the indexes of a node's table and of its properties."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, false, select

from lineageql.model.conventions.convention import (
    Column,
    Custom,
    Declared,
    Document,
    Kept,
    Mapped,
    Role,
    Stored,
    TypeAndId,
    UnderName,
)
from lineageql.model.conventions.kubeflow import EXACT_PREFIX
from lineageql.model.evaluate import operands_by_family, operands_of
from lineageql.model.identity import EntityKind
from lineageql.model.operators import Access, Family, Operands
from lineageql.model.predicates import (
    Field,
    Item,
    Label,
    Operator,
    Property,
    Test,
    name_of,
)
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.sql.access_path import AccessPath, Ids, run_path
from lineageql.store.sql.compiler import Compiler
from lineageql.store.sql.json_documents import foreign_rows
from lineageql.store.sql.operators import indexed
from lineageql.store.sql.property_tests import bindable
from lineageql.store.sql.sources import Source
from lineageql.store.sql.tables import NODES, PROPERTIES
from lineageql.store.sql.workspace_names import naming_rows

Clause = ColumnElement[bool]
_NUMBERS = ("int_value", "double_value")
_BOOLEANS = ("true", "false")
_NOT_FINITE = ("inf", "-inf", "nan")
"""The texts of doubles that not every driver can bind, or compare with themselves."""
_NUMERIC = r"[-0-9in]"
"""How the texts of numbers begin, those of infinities and of NaN among them."""


class IndexPaths:
    """Finds the paths for the rows of one source, whose types are these."""

    def __init__(self, compiler: Compiler, source: Source, type_ids: Sequence[int] | None = None) -> None:
        self.compiler = compiler
        self.source = source
        self.type_ids = _types_of(source, compiler.types) if type_ids is None else type_ids
        self.node = NODES[source.node_kind]
        self.property = PROPERTIES[source.node_kind]

    def all(self) -> AccessPath:
        """The path to all rows of these types: workspaces are few."""
        node = self.node.alias()
        return AccessPath((select(node.c.id.label("id")).where(node.c.type_id.in_(self.type_ids)),), broad=True)

    def nothing(self) -> AccessPath:
        """The path to no entity."""
        parts = (select(self.node.c.id.label("id")).where(false()),)
        return run_path([], [AccessPath(parts)]) if self.source.kind is EntityKind.RUN else AccessPath(parts)

    def of(self, test: Test) -> list[AccessPath]:
        """The paths of a test, each with the name of what it starts at; none where no index serves the test."""
        if test.operand == ():
            return [self.nothing()]
        return [] if test.ignore_case else [replace(path, name=name_of(test.subject)) for path in self._test(test)]

    def _test(self, test: Test) -> list[AccessPath]:
        match test.subject:
            case Label(key):
                return self._label(test, key)
            case Property(name):
                return self._property(test, name)
            case Item() as item:
                return self._item(test, item)
            case Field.ID:
                return self._nodes(lambda node: node.c.id, test)
            case Field.TYPE | Field.KIND:
                allowed = self.compiler.type_ids(test, self.source.node_kind)
                node = self.node.alias()
                return _path([select(node.c.id.label("id")).where(node.c.type_id.in_(allowed))], broad=True)
            case Field.CREATE_TIME:
                return self._nodes(lambda node: node.c.create_time_since_epoch, test)
            case Field.UPDATE_TIME:
                return self._nodes(lambda node: node.c.last_update_time_since_epoch, test)
            case Field.URI:
                return self._nodes(lambda node: node.c.uri, test)
            case Field.EXTERNAL_ID:
                return self._nodes(lambda node: node.c.external_id, test)
            case Field.NAMED_WORKSPACE:
                return [self._naming(operands_of(test))]
            case Field.NAME | Field.VERSION | Field.OWNER | Field.DESCRIPTION:
                return self._places(test, test.subject)
        return []  # no index serves it

    def _nodes(self, column: Any, test: Test) -> list[AccessPath]:
        node = self.node.alias()
        says = self._indexed(column(node), test)
        if says is None:
            return []
        return _path([select(node.c.id.label("id")).where(says)], broad=test.operator.meaning.access is Access.RANGE)

    def _naming(self, names: Sequence[str]) -> AccessPath:
        """What names one of some workspaces."""
        types, dialect = self.compiler.types, self.compiler.dialect
        parts = naming_rows(self.source.node_kind, types, lambda text: dialect.among(text, names))
        return AccessPath(tuple(parts), broad=True) if types.naming.get(self.source.node_kind) else self.nothing()

    def _indexed(self, column: ColumnElement[Any], test: Test) -> Clause | None:
        """The test in a form that an index of the column serves, if there is one."""
        return indexed(test.operator, self.compiler.dialect, column, test.operand)

    def _places(self, test: Test, subject: Field) -> list[AccessPath]:
        """All rows with the value at any place of any convention in the store."""
        parts: list[Ids] = []
        groups = self.compiler.types.groups(self.source.node_kind)
        places = {place for convention, _ in groups for place in convention.places(self.source.node_kind, subject)}
        for place in sorted(places, key=repr):
            match place:
                case Declared(name, stamped) | Custom(name, stamped):
                    rows = self._text_rows(test, name, custom=isinstance(place, Custom))
                    if rows is None:
                        return []
                    parts.extend(rows)
                    if stamped and test.operator.meaning.access is Access.EQUALITY:
                        begun = (Test(subject, Operator.STARTS_WITH, f"{text}:") for text in operands_of(test))
                        parts.extend(self._rows(name, isinstance(place, Custom), "string_value", one) for one in begun)
                case Column("name"):
                    node = self.node.alias()
                    says = self._indexed(node.c.name, test)
                    if says is None:
                        return []
                    parts.append(select(node.c.id.label("id")).where(node.c.type_id.in_(self.type_ids), says))
                case TypeAndId():
                    named = self._named_by_type(test)
                    if named is None:
                        return []
                    parts.extend(named)
                case _:
                    return []  # the end of a uri has no index
        return _path(parts)

    def _named_by_type(self, test: Test) -> list[Ids] | None:
        """The nodes whose names, made of their type and id, can meet a test."""
        node = self.node.alias()
        if test.operator.meaning.access is Access.PREFIX:
            prefix = test.operator.meaning.prefix(str(test.operand))
            names = {id_: f"{self.compiler.types.by_id[id_].name}/" for id_ in self.type_ids}
            begun = [id_ for id_, name in names.items() if name.startswith(prefix) or prefix.startswith(name)]
            return [select(node.c.id.label("id")).where(node.c.type_id.in_(begun))] if begun else []
        ids = _ids_written(test)
        if ids is None:
            return None
        found = self.compiler.dialect.among(node.c.id, ids) if ids else None
        return [] if found is None else [select(node.c.id.label("id")).where(found)]

    def texts(self, places: Iterable[Declared | Custom], test: Test) -> AccessPath | None:
        """The owners of some properties of which one's text meets a test, None where no index finds them."""
        if self._indexed(self.property.c.string_value, test) is None:
            return None
        rows = (self._rows(place.name, isinstance(place, Custom), "string_value", test) for place in places)
        return AccessPath(tuple(rows))

    def _text_rows(self, test: Test, name: str, *, custom: bool) -> list[Ids] | None:
        """The rows of a property whose value, as text, can meet a test."""
        if test.operator.meaning.access is Access.PREFIX:
            return self._prefixed_rows(test, name, custom)
        if test.operator.meaning.access is not Access.EQUALITY:
            return None
        texts = operands_of(test)
        if any(text in _BOOLEANS or text in _NOT_FINITE for text in texts):
            return None  # booleans have no index
        parts = [self._rows(name, custom, "string_value", test)]
        numbers = [_number_written(str(text)) for text in texts]
        for column, type_ in zip(_NUMBERS, (int, float), strict=True):
            written = tuple(number for number in numbers if isinstance(number, type_))
            if written:
                parts.append(self._rows(name, custom, column, Test(test.subject, Operator.IN, written)))
        return parts

    def _prefixed_rows(self, test: Test, name: str, custom: bool) -> list[Ids] | None:
        prefix = test.operator.meaning.prefix(str(test.operand))
        if not prefix or any(text.startswith(prefix) for text in _BOOLEANS):
            return None
        parts = [self._rows(name, custom, "string_value", test)]
        if re.match(_NUMERIC, prefix):
            # Numbers are not in the order of their texts: all of them are looked at.
            present = Test(test.subject, Operator.EXISTS)
            parts += [self._rows(name, custom, column, present) for column in _NUMBERS]
        return parts

    def _rows(self, name: str, custom: bool, column: str, test: Test) -> Ids:
        row = self.property.alias()
        says = (
            self._indexed(row.c[column], test) if test.operator is not Operator.EXISTS else row.c[column].is_not(None)
        )
        assert says is not None
        return select(row.c.owner_id.label("id")).where(row.c.name == name, row.c.is_custom_property == custom, says)

    def _foreign(self, document: Document) -> list[Ids]:
        """The rows whose document another writer wrote: each may hold what is asked for."""
        row = self.property.alias()
        return [
            select(row.c.owner_id.label("id")).where(here)
            for here in foreign_rows(document, row, self.compiler.dialect)
        ]

    def _label(self, test: Test, key: str) -> list[AccessPath]:
        parts: list[Ids] = []
        foreign: list[Ids] = []
        for convention, _ in self.compiler.types.groups(self.source.node_kind):
            places = convention.labels.get(self.source.node_kind)
            if places is None:
                continue
            for place in places.properties(key):
                if self._indexed(self.property.c.string_value, test) is None:
                    test = Test(test.subject, Operator.EXISTS)  # an index finds those that have the label
                parts.append(self._rows(place.name, isinstance(place, Custom), "string_value", test))
            if places.document is not None:
                foreign.extend(self._foreign(places.document))
        return self._with_foreign(parts, foreign)

    def _property(self, test: Test, name: str) -> list[AccessPath]:
        parts = self._valued(test, name, (False, True))
        if parts is None:
            return []
        foreign: list[Ids] = []
        for convention, _ in self.compiler.types.groups(self.source.node_kind):
            extras = convention.extras.get(self.source.node_kind)
            if extras is not None:
                foreign.extend(self._foreign(extras))
        return self._with_foreign(parts, foreign)

    def _item(self, test: Test, item: Item) -> list[AccessPath]:
        """All rows with the item at any place of any convention in the store, but for those in Structs."""
        places = [place for _, place, _ in self.compiler.types.item_groups(self.source.node_kind, item.group)]
        parts: list[Ids] = []
        foreign: list[Ids] = []
        for place in dict.fromkeys(places):
            rows: list[Ids] | None = []
            match place:
                case Kept():
                    rows = self._valued_of(test, place.names(item.name), (True,))
                    foreign.extend(self._foreign(place.document))
                case Stored():
                    rows = self._valued_of(test, (item.name,), (False, True) if place.declared else (True,))
                case UnderName(name):
                    rows = self._valued_of(test, (name,), (False, True))
                case Mapped():
                    names = dict.fromkeys(one.name for one in place.properties(item.name))
                    rows = self._valued_of(test, tuple(names), (False, True))
                    foreign.extend(() if place.document is None else self._foreign(place.document))
            if rows is None:
                return []
            parts.extend(rows)
        return self._with_foreign(parts, list(foreign)) or [self.nothing()]

    def _valued_of(self, test: Test, names: Sequence[str], customs: Sequence[bool]) -> list[Ids] | None:
        found = [self._valued(test, name, customs) for name in names]
        return None if None in found else [part for parts in found for part in parts or ()]

    def _valued(self, test: Test, name: str, customs: Sequence[bool]) -> list[Ids] | None:
        """The rows of a property, declared or custom, whose value can meet a test; None where no index finds them."""
        if test.operator.meaning.access not in (Access.EQUALITY, Access.RANGE):
            return None
        operands = operands_by_family(test)
        if operands.keys() - {Family.TEXT, Family.NUMBER}:
            return None  # booleans have no index
        texts, numbers = operands.get(Family.TEXT), operands.get(Family.NUMBER)
        tests: list[tuple[str, Test]] = []
        if texts:
            operand = texts if test.operator.meaning.operands is Operands.MANY else texts[0]
            tests.append(("string_value", Test(test.subject, test.operator, operand)))
        bound = bindable(test.operator, numbers) if numbers else None
        if bound is not None:
            tests.extend((column, Test(test.subject, *bound)) for column in _NUMBERS)
        parts = [self._rows(name, custom, column, part) for custom in customs for column, part in tests]
        if numbers:
            exact = Test(test.subject, Operator.EXISTS)
            parts.append(self._rows(EXACT_PREFIX + name, True, "string_value", exact))
        return parts

    def _with_foreign(self, parts: list[Ids], foreign: list[Ids]) -> list[AccessPath]:
        """A path of some parts and of the rows of foreign documents, which not every database finds by an index."""
        served = tuple(parts) if foreign and not self.compiler.dialect.sorts_octets else None
        return [AccessPath((*parts, *foreign), served=served)] if parts or foreign else []


def _types_of(source: Source, types: TypeCatalog) -> list[int]:
    if source.kind is EntityKind.WORKSPACE:
        return types.contexts(Role.WORKSPACE) + types.contexts(Role.BY_STRUCTURE)
    return [type_.id for type_ in types.of(source.node_kind)]


def _number_written(text: str) -> int | float | None:
    """The number whose text, in a store, is this one: digits alone are an integer's."""
    if re.fullmatch(r"-?\d+", text, re.ASCII):
        return int(text) if len(text) <= 20 and -(2**63) <= int(text) < 2**63 else None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _ids_written(test: Test) -> tuple[int, ...] | None:
    """The ids of the nodes whose names, made of their type and id, can meet a test; None where these are too many."""
    if test.operator.meaning.access is not Access.EQUALITY:
        return None
    numbers = (_number_written(str(text).rpartition("/")[2]) for text in operands_of(test))
    return tuple(number for number in numbers if isinstance(number, int))


def _path(parts: list[Ids], *, broad: bool = False) -> list[AccessPath]:
    return [AccessPath(tuple(parts), broad)] if parts else []
