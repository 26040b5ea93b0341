"""Where a statement can start: the few rows that a predicate can be true of.

A database walks an order and probes each row, which is quick where matches are
dense and slow where they are rare; or it gathers all that can match by an
index, which is quick where they are rare. Which is right depends on the values,
and MLMD's databases keep no statistics of them. So the Reader counts *seeds*,
selects of ids from one index that hold every match, up to a bound; see
`store.sql.searches`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, false, select

from lineageql.model.conventions.base import Column, Custom, Declared, Document, Role, TypeAndId
from lineageql.model.conventions.kubeflow import EXACT_PREFIX
from lineageql.model.evaluate import operands_by_family, operands_of
from lineageql.model.identity import EntityKind
from lineageql.model.operators import Access, Family, Operands
from lineageql.model.predicates import And, Field, Label, Operator, Or, Predicate, Property, Related, Test
from lineageql.model.types import TypeCatalog
from lineageql.store.sql.clauses import Clauses
from lineageql.store.sql.documents import foreign_rows
from lineageql.store.sql.operators import indexed
from lineageql.store.sql.seed import Ids, Seed, joined
from lineageql.store.sql.sources import Source
from lineageql.store.sql.tables import NODES, PROPERTIES
from lineageql.store.sql.values import bindable

Clause = ColumnElement[bool]
_NUMBERS = ("int_value", "double_value")
_BOOLEANS = ("true", "false")
_NOT_FINITE = ("inf", "-inf", "nan")
"""The texts of doubles that not every driver can bind, or compare with themselves."""
_NUMERIC = r"[-0-9in]"
"""How the texts of numbers begin, those of infinities and of NaN among them."""


class Seeds:
    """Finds seeds for the rows of one source, whose types are these."""

    def __init__(self, clauses: Clauses, source: Source, type_ids: Sequence[int] | None = None) -> None:
        self.clauses = clauses
        self.source = source
        self.type_ids = _types_of(source, clauses.types) if type_ids is None else type_ids
        self.node = NODES[source.node_kind]
        self.property = PROPERTIES[source.node_kind]

    def of(self, predicate: Predicate) -> list[Seed]:
        """Seeds that each hold every row that can match, the likely small ones first."""
        if self.source.kind is EntityKind.RUN:
            return []  # its rows are no table's
        found = sorted(self.strict(predicate), key=lambda seed: seed.broad)
        return found or ([self._spaces()] if self.source.kind is EntityKind.WORKSPACE else [])

    def _spaces(self) -> Seed:
        """All workspaces, which are few, and more where only their place among contexts tells them."""
        node = self.node.alias()
        return Seed((select(node.c.id.label("id")).where(node.c.type_id.in_(self.type_ids)),), broad=True)

    def _nothing(self) -> Seed:
        return Seed((select(self.node.c.id.label("id")).where(false()),))

    def strict(self, predicate: Predicate) -> list[Seed]:
        """The seeds that the tests of a predicate give."""
        match predicate:
            case And(terms):
                return [seed for term in terms for seed in self.strict(term)]
            case Or(terms):
                branches = [self.of(term) for term in terms]
                # Every branch must be found by an index; the first seed of each will do.
                firsts = [branch[0] for branch in branches if branch]
                if len(firsts) < len(branches):
                    return []
                return [joined(firsts) if firsts else self._nothing()]
            case Related():
                # Imported here: seeds of relations are made of seeds, and seeds of those of relations.
                from lineageql.store.sql.tied_seeds import tied_seeds

                return tied_seeds(self.clauses, self.source.kind, predicate)
            case Test(operand=()):
                return [self._nothing()]
            case Test(ignore_case=False):
                return self._test(predicate)
        return []

    def _test(self, test: Test) -> list[Seed]:
        match test.subject:
            case Label(key):
                return self._label(test, key)
            case Property(name):
                return self._property(test, name)
            case Field.ID:
                return self._nodes(lambda node: node.c.id, test)
            case Field.TYPE | Field.KIND:
                allowed = self.clauses.type_ids(test, self.source.node_kind)
                node = self.node.alias()
                return _seed([select(node.c.id.label("id")).where(node.c.type_id.in_(allowed))], broad=True)
            case Field.CREATE_TIME:
                return self._nodes(lambda node: node.c.create_time_since_epoch, test)
            case Field.UPDATE_TIME:
                return self._nodes(lambda node: node.c.last_update_time_since_epoch, test)
            case Field.URI:
                return self._nodes(lambda node: node.c.uri, test)
            case Field.EXTERNAL_ID:
                return self._nodes(lambda node: node.c.external_id, test)
            case Field.NAME | Field.VERSION | Field.OWNER | Field.DESCRIPTION:
                return self._places(test, test.subject)
        return []  # no index serves it

    def _nodes(self, column: Any, test: Test) -> list[Seed]:
        node = self.node.alias()
        says = self._indexed(column(node), test)
        if says is None:
            return []
        return _seed([select(node.c.id.label("id")).where(says)], broad=test.operator.meaning.access is Access.RANGE)

    def _indexed(self, column: ColumnElement[Any], test: Test) -> Clause | None:
        """The test in a form that an index of the column serves, if there is one."""
        return indexed(test.operator, self.clauses.dialect, column, test.operand)

    def _places(self, test: Test, subject: Field) -> list[Seed]:
        """All rows with the value at any place of any convention in the store."""
        parts: list[Ids] = []
        groups = self.clauses.types.groups(self.source.node_kind)
        places = {place for convention, _ in groups for place in convention.places(self.source.node_kind, subject)}
        for place in sorted(places, key=repr):
            match place:
                case Declared(name) | Custom(name):
                    rows = self._text_rows(test, name, custom=isinstance(place, Custom))
                    if rows is None:
                        return []
                    parts.extend(rows)
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
        return _seed(parts)

    def _named_by_type(self, test: Test) -> list[Ids] | None:
        """The nodes whose names, made of their type and id, can meet a test."""
        node = self.node.alias()
        if test.operator.meaning.access is Access.PREFIX:
            prefix = test.operator.meaning.prefix(str(test.operand))
            names = {id_: f"{self.clauses.types.by_id[id_].name}/" for id_ in self.type_ids}
            begun = [id_ for id_, name in names.items() if name.startswith(prefix) or prefix.startswith(name)]
            return [select(node.c.id.label("id")).where(node.c.type_id.in_(begun))] if begun else []
        ids = _ids_written(test)
        if ids is None:
            return None
        found = self.clauses.dialect.among(node.c.id, ids) if ids else None
        return [] if found is None else [select(node.c.id.label("id")).where(found)]

    def texts(self, name: str, test: Test) -> Seed | None:
        """The owners of a custom property whose text meets a test, None where no index finds them."""
        if self._indexed(self.property.c.string_value, test) is None:
            return None
        return Seed((self._rows(name, True, "string_value", test),))

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
            select(row.c.owner_id.label("id")).where(here) for here in foreign_rows(document, row, self.clauses.dialect)
        ]

    def _label(self, test: Test, key: str) -> list[Seed]:
        parts: list[Ids] = []
        foreign: list[Ids] = []
        for convention, _ in self.clauses.types.groups(self.source.node_kind):
            places = convention.labels.get(self.source.node_kind)
            if places is None:
                continue
            if places.prefix is not None:
                if self._indexed(self.property.c.string_value, test) is None:
                    test = Test(test.subject, Operator.EXISTS)  # an index finds those that have the label
                parts.append(self._rows(places.prefix + key, True, "string_value", test))
            if places.document is not None:
                foreign.extend(self._foreign(places.document))
        return self._with_foreign(parts, foreign)

    def _property(self, test: Test, name: str) -> list[Seed]:
        if test.operator.meaning.access not in (Access.EQUALITY, Access.RANGE):
            return []
        operands = operands_by_family(test)
        if operands.keys() - {Family.TEXT, Family.NUMBER}:
            return []  # booleans have no index
        texts, numbers = operands.get(Family.TEXT), operands.get(Family.NUMBER)
        tests: list[tuple[str, Test]] = []
        if texts:
            operand = texts if test.operator.meaning.operands is Operands.MANY else texts[0]
            tests.append(("string_value", Test(test.subject, test.operator, operand)))
        bound = bindable(test.operator, numbers) if numbers else None
        if bound is not None:
            tests.extend((column, Test(test.subject, *bound)) for column in _NUMBERS)
        parts = [self._rows(name, custom, column, part) for custom in (False, True) for column, part in tests]
        if numbers:
            exact = Test(test.subject, Operator.EXISTS)
            parts.append(self._rows(EXACT_PREFIX + name, True, "string_value", exact))
        foreign: list[Ids] = []
        for convention, _ in self.clauses.types.groups(self.source.node_kind):
            extras = convention.extras.get(self.source.node_kind)
            if extras is not None:
                foreign.extend(self._foreign(extras))
        return self._with_foreign(parts, foreign)

    def _with_foreign(self, parts: list[Ids], foreign: list[Ids]) -> list[Seed]:
        """A seed of some parts and of the rows of foreign documents, which not every database finds by an index."""
        served = tuple(parts) if foreign and not self.clauses.dialect.sorts_octets else None
        return [Seed((*parts, *foreign), served=served)] if parts or foreign else []


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


def _seed(parts: list[Ids], *, broad: bool = False) -> list[Seed]:
    return [Seed(tuple(parts), broad)] if parts else []
