"""Where a statement should start: the few rows that a predicate can be true of.

A database walks an order and probes each row, which is quick where matches are
dense and slow where they are rare; or it gathers all that can match by an
index, which is quick where they are rare. Which is right depends on the values,
and MLMD's databases keep no statistics of them. So the Reader counts each
*seed*, a select of ids from one index that holds every match, up to a bound, and
starts at the smallest; where all are beyond the bound, it walks.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, literal_column, select, true, union, union_all

from lineageql.model.conventions.base import Column, Custom, Declared, Document, TypeAndId
from lineageql.model.conventions.kubeflow import EXACT_PREFIX
from lineageql.model.identity import EntityKind
from lineageql.model.predicates import And, Field, Label, Operator, Or, Predicate, Property, Related, Test
from lineageql.store.sql.clauses import Chain, Clauses, link_of
from lineageql.store.sql.documents import foreign
from lineageql.store.sql.operators import MEANINGS
from lineageql.store.sql.relations import ties_of
from lineageql.store.sql.sources import Source
from lineageql.store.sql.tables import NODES, PROPERTIES
from lineageql.store.sql.values import bindable, finite

Ids = Select[Any]
Clause = ColumnElement[bool]


@dataclass(frozen=True)
class Seed:
    """Selects of ids, which together hold every match."""

    parts: tuple[Ids, ...]

    def ids(self) -> Ids:
        """The ids, each once."""
        return self.parts[0] if len(self.parts) == 1 else select(union(*self.parts).subquery().c.id)

    def rows(self, most: int) -> Ids:
        """As many rows, up to a bound, as the ids were found by; no id is read, so that an index is enough."""
        one: Any = literal_column("1").label("one")
        parts: list[Ids] = [part.with_only_columns(one, maintain_column_froms=True) for part in self.parts]
        if len(parts) == 1:
            return parts[0].limit(most)
        return select(union_all(*parts).subquery().c.one).limit(most)


_NUMBERS = ("int_value", "double_value")


class Seeds:
    """Finds seeds for the rows of one source."""

    def __init__(self, clauses: Clauses, source: Source) -> None:
        self.clauses = clauses
        self.source = source
        self.node = NODES[source.node_kind]
        self.property = PROPERTIES[source.node_kind]

    def of(self, predicate: Predicate) -> list[Seed]:
        """Selects of ids, each by an index, that each hold every row that can match."""
        if self.source.kind not in (EntityKind.ARTIFACT, EntityKind.EXECUTION):
            return []  # workspaces and runs are few beside these
        match predicate:
            case And(terms):
                return [seed for term in terms for seed in self.of(term)]
            case Or(terms):
                branches = [self.of(term) for term in terms]
                # Every branch must be found by an index; the first seed of each will do.
                return _seed([part for branch in branches for part in branch[0].parts]) if all(branches) else []
            case Related():
                return self._related(predicate)
            case Test(ignore_case=False):
                return self._test(predicate)
        return []

    def _related(self, predicate: Related) -> list[Seed]:
        def narrow(inner: Predicate, other: Source) -> Clause:
            # Where the chain goes on, the next link is narrowed in its turn.
            terms, link = inner.terms if isinstance(inner, And) else (inner,), link_of(inner)
            seeds = (seed for term in terms if term is not link for seed in Seeds(self.clauses, other).of(term))
            return and_(true(), *(other.id.in_(seed.ids()) for seed in islice(seeds, 1)))

        ties = ties_of(self.clauses, self.source.kind, predicate, Chain(narrow))
        return _seed([tie.ids() for tie in ties])

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
                return _seed([select(node.c.id.label("id")).where(node.c.type_id.in_(allowed))])
            case Field.CREATE_TIME:
                return self._nodes(lambda node: node.c.create_time_since_epoch, test)
            case Field.UPDATE_TIME:
                return self._nodes(lambda node: node.c.last_update_time_since_epoch, test)
            case Field.URI:
                return self._nodes(lambda node: node.c.uri, test)
            case Field.EXTERNAL_ID:
                return self._nodes(lambda node: node.c.external_id, test)
            case Field.STATE:
                return []
            case Field() as subject:
                return self._places(test, subject)
        return []

    def _nodes(self, column: Any, test: Test) -> list[Seed]:
        node = self.node.alias()
        says = self._indexed(column(node), test)
        return [] if says is None else _seed([select(node.c.id.label("id")).where(says)])

    def _indexed(self, column: ColumnElement[Any], test: Test) -> Clause | None:
        """The test in a form that an index of the column serves, if there is one."""
        if test.operator is Operator.STARTS_WITH:
            return self.clauses.dialect.in_prefix_range(column, str(test.operand)) if test.operand else None
        if test.operator in (Operator.ENDS_WITH, Operator.CONTAINS, Operator.EXISTS):
            return None
        return MEANINGS[test.operator].sql(self.clauses.dialect, column, test.operand)

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
                    types = [type_.id for type_ in self.clauses.types.of(self.source.node_kind)]
                    parts.append(select(node.c.id.label("id")).where(node.c.type_id.in_(types), says))
                case TypeAndId():
                    ids = _ids_written(test)
                    if ids is None:
                        return []
                    found = self._nodes(lambda node: node.c.id, Test(Field.ID, Operator.IN, ids))
                    parts.extend(part for seed in found for part in seed.parts)
                case _:
                    return []  # the end of a uri has no index
        return _seed(parts)

    def _text_rows(self, test: Test, name: str, *, custom: bool) -> list[Ids] | None:
        """The rows of a property whose value, as text, can meet a test."""
        if test.operator not in (Operator.EQ, Operator.IN, Operator.STARTS_WITH):
            return None
        texts = test.operand if isinstance(test.operand, tuple) else (test.operand,)
        if any(text in ("true", "false") for text in texts) or test.operator is Operator.STARTS_WITH:
            return None  # booleans have no index, and numbers no prefix
        parts = [self._rows(name, custom, "string_value", test)]
        numbers = [_number_written(str(text)) for text in texts]
        for column, type_ in zip(_NUMBERS, (int, float), strict=True):
            written = tuple(number for number in numbers if isinstance(number, type_))
            if written:
                parts.append(self._rows(name, custom, column, Test(test.subject, Operator.IN, written)))
        return parts

    def _rows(self, name: str, custom: bool, column: str, test: Test) -> Ids:
        row = self.property.alias()
        says = (
            self._indexed(row.c[column], test) if test.operator is not Operator.EXISTS else row.c[column].is_not(None)
        )
        assert says is not None
        return select(row.c.owner_id.label("id")).where(row.c.name == name, row.c.is_custom_property == custom, says)

    def _foreign(self, document: Document) -> Ids:
        """The rows whose document another writer wrote: each may hold what is asked for."""
        row = self.property.alias()
        return select(row.c.owner_id.label("id")).where(
            row.c.name == document.property,
            row.c.is_custom_property == false(),
            row.c.string_value.is_not(None),
            foreign(document, row, self.clauses.dialect),
        )

    def _label(self, test: Test, key: str) -> list[Seed]:
        parts: list[Ids] = []
        for convention, _ in self.clauses.types.groups(self.source.node_kind):
            places = convention.labels.get(self.source.node_kind)
            if places is None:
                continue
            if places.prefix is not None:
                if test.operator in (Operator.ENDS_WITH, Operator.CONTAINS) or test.operand == "":
                    test = Test(test.subject, Operator.EXISTS)
                parts.append(self._rows(places.prefix + key, True, "string_value", test))
            if places.document is not None:
                parts.append(self._foreign(places.document))
        return _seed(parts)

    def _property(self, test: Test, name: str) -> list[Seed]:
        operands = test.operand if isinstance(test.operand, tuple) else (test.operand,)
        if any(operand is None or isinstance(operand, bool) for operand in operands):
            return []  # booleans have no index
        if test.operator in (Operator.CONTAINS, Operator.ENDS_WITH, Operator.STARTS_WITH, Operator.EXISTS):
            return []
        parts: list[Ids] = []
        texts = tuple(operand for operand in operands if isinstance(operand, str))
        numbers = tuple(bindable(operand) for operand in operands if isinstance(operand, (int, float)))
        several = test.operator is Operator.IN
        wanted = (("string_value", texts), *((column, finite(numbers) if several else numbers) for column in _NUMBERS))
        for custom in (False, True):
            for column, found in wanted:
                if found:
                    part = Test(test.subject, test.operator, found if several else found[0])
                    parts.append(self._rows(name, custom, column, part))
        if numbers:
            exact = Test(test.subject, Operator.EXISTS)
            parts.append(self._rows(EXACT_PREFIX + name, True, "string_value", exact))
        for convention, _ in self.clauses.types.groups(self.source.node_kind):
            extras = convention.extras.get(self.source.node_kind)
            if extras is not None:
                parts.append(self._foreign(extras))
        return _seed(parts)


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
    if test.operator not in (Operator.EQ, Operator.IN):
        return None
    texts = test.operand if isinstance(test.operand, tuple) else (test.operand,)
    numbers = (_number_written(str(text).rpartition("/")[2]) for text in texts)
    return tuple(number for number in numbers if isinstance(number, int))


def _seed(parts: list[Ids]) -> list[Seed]:
    return [Seed(tuple(parts))] if parts else []
