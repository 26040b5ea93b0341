"""Full-text search: where a text is part of a name, a uri, a label's value or a description.

MLMD keeps no index of words, so a search reads every name, uri, label value and
description once, each from an index that holds it. What holds the text is then
ranked: a name before a label, a label before a uri, a uri before a description.
"""

from __future__ import annotations

import operator
import re
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    union,
)

from lineageql.model.conventions.convention import Custom, Declared
from lineageql.model.conventions.places import ContextSuffix, EventKey
from lineageql.model.identity import EntityKind
from lineageql.model.predicates import Field
from lineageql.store.ports import Window
from lineageql.store.sql.clauses import Clauses
from lineageql.store.sql.derived_fields import contexts_with, keys_with
from lineageql.store.sql.field_expressions import text_of_field, text_of_property
from lineageql.store.sql.json_documents import foreign, foreign_rows, text_of_member
from lineageql.store.sql.label_rows import label_rows
from lineageql.store.sql.link_sources import Members
from lineageql.store.sql.page_statements import Page, beyond, check, payload, ties_of
from lineageql.store.sql.sources import Source
from lineageql.store.sql.tables import NODES, TYPE

Clause = ColumnElement[bool]


def text_page(clauses: Clauses, members: Members, text: str, window: Window) -> Page:
    """The statement of a page of the entities in which a text is, best first."""
    source = members.source
    rank = _Ranking(clauses, source, text).rank()
    keys = [rank, *ties_of(source, clauses.dialect)]
    columns = [*keys, *payload(members)]
    query = select(*(column.label(f"c{place}") for place, column in enumerate(columns))).select_from(source.from_)
    if source.kind in (EntityKind.ARTIFACT, EntityKind.EXECUTION):
        query = query.where(source.id.in_(_candidates(clauses, source, text)))
    if source.condition is not None:
        query = query.where(source.condition)
    query = query.where(rank.is_not(None))
    if window.after is not None:
        check(window.after, keys, "after")
        query = query.where(beyond(keys, window.after, upward=True))
    return Page(query.order_by(*keys).limit(window.limit + 1), len(keys))


class _Ranking:
    """Ranks a row by where the text is in it; NULL where it is nowhere."""

    def __init__(self, clauses: Clauses, source: Source, text: str) -> None:
        self.clauses = clauses
        self.source = source
        self.dialect = clauses.dialect
        self.text = text.casefold()

    def rank(self) -> ColumnElement[Any]:
        name = self._field(Field.NAME)
        ranks: list[tuple[Clause, int]] = [
            (self.dialect.compared(operator.eq, name, self.text), 1),
            (self.dialect.starts_with(name, self.text), 2),
            (self.dialect.contains(name, self.text), 3),
            (self._label(exact=True), 4),
            (self._label(exact=False), 5),
        ]
        if Field.URI in self.source.columns:
            ranks.append((self.dialect.contains(self.dialect.fold(self.source.columns[Field.URI]), self.text), 6))
        ranks.append((self.dialect.contains(self._field(Field.DESCRIPTION), self.text), 7))
        return case(*((clause, literal(place)) for clause, place in ranks))

    def _field(self, subject: Field) -> ColumnElement[Any]:
        return self.dialect.fold(text_of_field(subject, self.source, self.clauses.types, self.dialect))

    def _label(self, *, exact: bool) -> Clause:
        def meets(value: Any) -> Clause:
            folded = self.dialect.fold(value)
            equal = self.dialect.compared(operator.eq, folded, self.text)
            return equal if exact else self.dialect.contains(folded, self.text)

        def of(convention: Any) -> Clause:
            places = convention.labels.get(self.source.node_kind)
            clauses: list[Clause] = [false()]
            if places is not None and (places.prefixes or places.names):
                row = self.source.properties.alias()
                holds = or_(*label_rows(places, row, self.dialect))
                clauses.append(exists().where(row.c.owner_id == self.source.id, holds, meets(row.c.string_value)))
            if places is not None and places.document is not None:
                row = self.source.properties.alias()
                member = self.dialect.members(row.c.string_value, places.document.member)
                here = (
                    row.c.owner_id == self.source.id,
                    row.c.name == places.document.property,
                    row.c.is_custom_property == false(),
                    foreign(places.document, row, self.dialect),
                )
                clauses.append(exists(select(literal(1)).where(*here, meets(text_of_member(member, self.dialect)))))
            return or_(*clauses)

        found: Clause = func.coalesce(self.clauses.by_convention(self.source, of, false()), false())
        return found


def _candidates(clauses: Clauses, source: Source, text: str) -> Select[Any]:
    """The ids of rows in which the text may be, each part by a pass over one index."""
    folded, dialect, node = text.casefold(), clauses.dialect, NODES[source.node_kind]
    parts: list[Select[Any]] = []

    def has(value: Any) -> Clause:
        return dialect.contains(dialect.fold(value), folded)

    if Field.URI in source.columns:
        row = node.alias()
        parts.append(select(row.c.id.label("id")).where(has(row.c.uri)))
    named = node.alias()
    parts.append(select(named.c.id.label("id")).where(has(named.c.name)))
    for convention, _ in clauses.types.groups(source.node_kind):
        places = {
            *convention.places(source.node_kind, Field.NAME),
            *convention.places(source.node_kind, Field.DESCRIPTION),
        }
        for place in sorted(places, key=repr):
            if isinstance(place, (Declared, Custom)):
                row = source.properties.alias()
                here = and_(row.c.name == place.name, row.c.is_custom_property == isinstance(place, Custom))
                parts.append(select(row.c.owner_id.label("id")).where(here, has(row.c.string_value)))
                for column in _columns_of_no_text(folded):
                    row = source.properties.alias()
                    here = and_(row.c.name == place.name, row.c.is_custom_property == isinstance(place, Custom))
                    held = row.c[column].is_not(None), has(text_of_property(row, dialect))
                    parts.append(select(row.c.owner_id.label("id")).where(here, *held))
            elif isinstance(place, EventKey):
                parts.append(keys_with(has))
            elif isinstance(place, ContextSuffix):
                parts.append(contexts_with(place.part, clauses.types, has))
        labels = convention.labels.get(source.node_kind)
        if labels is not None:
            row = source.properties.alias()
            ranges = label_rows(labels, row, dialect)
            parts.extend(select(row.c.owner_id.label("id")).where(one, has(row.c.string_value)) for one in ranges)
        if labels is not None and labels.document is not None:
            row = source.properties.alias()
            # The text stands escaped inside the document, so each of these few is looked into.
            ranges = foreign_rows(labels.document, row, dialect)
            parts.extend(select(row.c.owner_id.label("id")).where(here) for here in ranges)
    # A node without a name is called `type/id`.
    computed = node.alias()
    called = TYPE.alias()
    name = called.c.name.concat("/").concat(cast(computed.c.id, String))
    parts.append(select(computed.c.id.label("id")).where(called.c.id == computed.c.type_id, has(name)))
    return select(union(*parts).subquery().c.id)


def _columns_of_no_text(folded: str) -> list[str]:
    """The columns of numbers and booleans in whose texts a text can be; most texts can be in none."""
    numbers = re.fullmatch(r"[-+.e0-9]*", folded, re.ASCII) or any(folded in word for word in ("-inf", "nan"))
    booleans = any(folded in word for word in ("true", "false"))
    return (["int_value", "double_value"] if numbers else []) + (["bool_value"] if booleans else [])
