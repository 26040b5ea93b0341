"""Full-text search: where the words of a text are in a name, a uri, label values or a description.

MLMD keeps no index of words, so a search reads every name, uri, label value and
description once, each from an index that holds it. What holds every word is then
ranked: where they stand together a name goes before a label, a label before a uri, a
uri before a description; where they do not, it comes after all of these.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
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

from lineageql.model.conventions.convention import Custom, Declared, Labels
from lineageql.model.conventions.places import ContextSuffix, EventKey
from lineageql.model.identity import EntityKind
from lineageql.model.predicates import Field
from lineageql.store.ports import APART, Window
from lineageql.store.sql.clauses import Clauses
from lineageql.store.sql.derived_fields import contexts_with, keys_with
from lineageql.store.sql.dialects import one_of
from lineageql.store.sql.field_expressions import text_of_field, text_of_property
from lineageql.store.sql.json_documents import foreign, foreign_rows, text_of_member
from lineageql.store.sql.label_rows import label_rows
from lineageql.store.sql.link_sources import Members
from lineageql.store.sql.page_statements import Page, beyond, check, payload, ties_of
from lineageql.store.sql.sources import Source
from lineageql.store.sql.tables import NODES, TYPE, at_place

Clause = ColumnElement[bool]


def text_page(clauses: Clauses, members: Members, text: str, window: Window) -> Page:
    """The statement of a page of the entities in which all words of a text are, best first."""
    source, words = members.source, text.casefold().split()
    texts = dict(_texts(clauses, source))
    ties, shown = ties_of(source, clauses.dialect), payload(members)
    # What is looked into is said once, and compared again and again.
    columns = {
        **{f"tie_{place}": tie for place, tie in enumerate(ties)},
        **{f"shown_{place}": column for place, column in enumerate(shown)},
        **{f"text_{field.value}": text for field, text in texts.items()},
        "node_id": source.id,
        "node_type": source.type_id,
    }
    query = select(*(column.label(name) for name, column in columns.items())).select_from(source.from_)
    if source.kind in (EntityKind.ARTIFACT, EntityKind.EXECUTION):
        # The longest word is likely in the fewest.
        query = query.where(source.id.in_(_candidates(clauses, source, max(words, key=len))))
    if source.condition is not None:
        query = query.where(source.condition)
    raw = query.subquery()
    # A database may say a text several times to fold its case.
    folded = {f"text_{field.value}": clauses.dialect.fold(raw.c[f"text_{field.value}"]) for field in texts}
    found = select(*(folded.get(name, raw.c[name]).label(name) for name in columns)).subquery()
    looked = replace(source, from_=found, id=found.c.node_id, type_id=found.c.node_type)
    ranking = _Ranking(clauses, looked, {field: found.c[f"text_{field.value}"] for field in texts})
    rank = ranking.rank(words)
    keys = [rank, *(found.c[f"tie_{place}"] for place in range(len(ties)))]
    shows = [*keys, *(found.c[f"shown_{place}"] for place in range(len(shown)))]
    page = select(*(column.label(f"c{place}") for place, column in enumerate(shows))).select_from(found)
    page = page.where(*map(ranking.somewhere, dict.fromkeys(words)))
    if window.after is not None:
        check(window.after, keys, "after")
        page = page.where(beyond(keys, window.after, upward=True))
    return Page(page.order_by(*keys).limit(window.limit + 1), len(keys))


def _texts(clauses: Clauses, source: Source) -> Iterator[tuple[Field, ColumnElement[Any]]]:
    """The texts that are looked into, labels left out."""
    for field in (Field.NAME, Field.DESCRIPTION):
        yield field, text_of_field(field, source, clauses.types, clauses.dialect)
    if Field.URI in source.columns:
        yield Field.URI, source.columns[Field.URI]


class _Ranking:
    """Tells of a row in which of its texts, whose case is folded, words are."""

    def __init__(self, clauses: Clauses, source: Source, texts: Mapping[Field, ColumnElement[Any]]) -> None:
        self.clauses = clauses
        self.source = source
        self.dialect = clauses.dialect
        self.texts = texts

    def rank(self, words: Sequence[str]) -> ColumnElement[Any]:
        """By where the words stand together, one space between them, the best place first; else the last rank."""
        text, name = " ".join(words), self.texts[Field.NAME]
        ranks: list[Clause] = [
            self.dialect.compared(operator.eq, name, text),
            self.dialect.starts_with(name, text),
            self.dialect.contains(name, text),
            self._label(text, exact=True),
            self._label(text, exact=False),
            self._in(Field.URI, text),
            self._in(Field.DESCRIPTION, text),
        ]
        return case(*((clause, literal(place)) for place, clause in enumerate(ranks, 1)), else_=literal(APART))

    def somewhere(self, word: str) -> Clause:
        """Whether a word is in the name, the uri, a label's value or the description."""
        clauses = (self._in(field, word) for field in (Field.NAME, Field.URI, Field.DESCRIPTION))
        return or_(*clauses, self._label(word, exact=False))

    def _in(self, field: Field, word: str) -> Clause:
        if field not in self.texts:
            return false()
        return func.coalesce(self.dialect.contains(self.texts[field], word), false())

    def _label(self, text: str, *, exact: bool) -> Clause:
        def meets(value: Any) -> Clause:
            folded = self.dialect.fold(value)
            equal = self.dialect.compared(operator.eq, folded, text)
            return equal if exact else self.dialect.contains(folded, text)

        def of(labels: Labels) -> Clause:
            clauses: list[Clause] = []
            if labels.prefixes or labels.names:
                row = self.source.properties.alias()
                holds = or_(*label_rows(labels, row, self.dialect))
                clauses.append(exists().where(row.c.owner_id == self.source.id, holds, meets(row.c.string_value)))
            if labels.document is not None:
                row = self.source.properties.alias()
                member = self.dialect.members(row.c.string_value, labels.document.member)
                here = (
                    row.c.owner_id == self.source.id,
                    row.c.name == labels.document.property,
                    row.c.is_custom_property == false(),
                    foreign(labels.document, row, self.dialect),
                )
                clauses.append(exists(select(literal(1)).where(*here, meets(text_of_member(member, self.dialect)))))
            return or_(false(), *clauses)

        found = _labels(self.clauses, self.source).items()
        return or_(false(), *(and_(one_of(self.source.type_id, type_ids), of(labels)) for labels, type_ids in found))


def _labels(clauses: Clauses, source: Source) -> dict[Labels, list[int]]:
    """Where writers keep labels, and the ids of the types of each; some keep them in the same way."""
    found: dict[Labels, list[int]] = {}
    for convention, type_ids in clauses.types.groups(source.node_kind):
        labels = convention.labels.get(source.node_kind)
        if labels is not None:
            found.setdefault(labels, []).extend(type_ids)
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
    conventions = [convention for convention, _ in clauses.types.groups(source.node_kind)]
    fields = (Field.NAME, Field.DESCRIPTION)
    places = {place for c in conventions for field in fields for place in c.places(source.node_kind, field)}
    for place in sorted(places, key=repr):
        if isinstance(place, (Declared, Custom)):
            row = source.properties.alias()
            parts.append(select(row.c.owner_id.label("id")).where(at_place(row, place), has(row.c.string_value)))
            for column in _columns_of_no_text(folded):
                row = source.properties.alias()
                held = row.c[column].is_not(None), has(text_of_property(row, dialect))
                parts.append(select(row.c.owner_id.label("id")).where(at_place(row, place), *held))
        elif isinstance(place, EventKey):
            parts.append(keys_with(has))
        elif isinstance(place, ContextSuffix):
            parts.append(contexts_with(place.part, clauses.types, has))
    for labels in _labels(clauses, source):
        row = source.properties.alias()
        ranges = label_rows(labels, row, dialect)
        parts.extend(select(row.c.owner_id.label("id")).where(one, has(row.c.string_value)) for one in ranges)
        if labels.document is not None:
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
