"""JSON texts inside properties, where old rows keep their labels and extras."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, null, or_, true

from lineageql.model.conventions.convention import Document
from lineageql.store.sql.dialects import Dialect
from lineageql.store.sql.sources import Source

Clause = ColumnElement[bool]


def foreign(document: Document, row: Any, dialect: Dialect) -> Clause:
    """Whether a text is another writer's.

    What LineageQL wrote stands in properties of its own too, and is found there
    without reading the text.
    """
    ranges = _ranges(document, row, dialect)
    return or_(*ranges) if ranges else true()


def foreign_rows(document: Document, row: Any, dialect: Dialect) -> list[Clause]:
    """The rows of documents that another writer wrote: clauses, where it can be each a range of the index of values.

    The texts that LineageQL wrote begin alike, so the others come before them or after them.
    """
    here = (row.c.name == document.property, row.c.is_custom_property == false(), row.c.string_value.is_not(None))
    return [and_(*here, part) for part in _ranges(document, row, dialect)] or [and_(*here)]


def _ranges(document: Document, row: Any, dialect: Dialect) -> list[Clause]:
    prefix = document.written_prefix
    return [] if prefix is None else dialect.begins_otherwise(row.c.string_value, prefix)


def member_of(document: Document, key: str, source: Source, dialect: Dialect) -> tuple[Any, Clause, Any]:
    """The member of this key of a document of the source's row: its table, the clause that finds it, and the row.

    Where the row is not the first that a statement selects from, PostgreSQL does not let the member refer to it.
    """
    row, found = foreign_document(document, source, dialect)
    member = dialect.members(row.c.string_value, document.member)
    return member, and_(found, member.c.key == key), row


def foreign_document(document: Document, source: Source, dialect: Dialect) -> tuple[Any, Clause]:
    """The document of the source's row that another writer wrote: the row of its text, and the clause that finds it."""
    row = source.properties.alias()
    here = (row.c.owner_id == source.id, row.c.name == document.property, row.c.is_custom_property == false())
    return row, and_(*here, foreign(document, row, dialect))


def text_of_member(member: Any, dialect: Dialect) -> ColumnElement[Any]:
    """A member's value as text, as `model.values.as_text` gives it."""
    return case(
        (member.c.type == "text", dialect.member_text(member)),
        (member.c.type == "null", null()),
        (member.c.type.in_(["true", "false"]), member.c.type),
        else_=dialect.member_json(member),
    )
