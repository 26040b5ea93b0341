"""The tables of a search index: an entry for each entity, and which nodes were changed since their entries were made.

MLMD keeps names, labels and descriptions where each writer puts them, and no index
finds a part of a text. An entry holds the texts of one entity as its convention reads
them, with their case folded. Triggers on MLMD's tables list what anybody writes, in
the writer's own transaction; so an entry that is not listed is as its entity.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text, select

from lineageql.model.conventions.own_types import OwnTypes
from lineageql.model.identity import EntityKind
from lineageql.store.sql.dialects import Dialect, Fixed, Statement
from lineageql.store.sql.driver import Script, fetch

FORMAT = 1
"""Another number where entries are made otherwise, of a convention's other places too: an older index is not read."""

_metadata = MetaData()

STATE = Table("lineageql_search_state", _metadata, Column("name", Text, primary_key=True), Column("value", Text))
"""What is known of the index: `entries`, the fingerprint of what they were made by, once all are made."""
CHANGES = Table(
    "lineageql_search_change",
    _metadata,
    Column("seq", BigInteger, primary_key=True),
    Column("kind", Integer),
    Column("id", BigInteger),
    Column("taken", Integer),
)
"""Nodes that were written: whose entries are to be made anew. See `Changed`."""


class Changed:
    """What a row of `CHANGES` names.

    `CONTEXT_NAME` is a context, whose name its executions may have a part of; `TYPE` is a type, which may say that the
    texts of its nodes stand elsewhere.
    """

    ARTIFACT, EXECUTION, CONTEXT, CONTEXT_NAME, TYPE = 1, 2, 3, 4, 5


def _entries(kind: EntityKind) -> Table:
    return Table(
        f"lineageql_{kind.name.lower()}_entry",
        _metadata,
        Column("id", BigInteger, primary_key=True),
        Column("name", Text),
        Column("workspace", Text),
        Column("run", Text),
        Column("folded", Text),
        Column("uri", Text),
        Column("labels", Text),
        Column("description", Text),
        Column("unindexed", Integer),
    )


ENTRIES = {kind: _entries(kind) for kind in EntityKind}
"""The entries of each kind.

`id` is MLMD's; of a run that is only a name `NO_CONTEXT` and more. `name` is the entity's, as it is sorted. `workspace`
and `run` are the pair of names that is the key of a run, or that an artifact or an execution carries. `folded` is the
name with its case folded, as are `uri`, `description` and `labels`, whose values stand between `APART`. What is
`unindexed` is looked at in each search: its texts are no texts to the database.
"""

TEXTS = ("folded", "labels", "uri", "description")


def texts_of(kind: EntityKind) -> tuple[str, ...]:
    """The columns of a kind's entries that are searched: only artifacts have uris."""
    return TEXTS if kind is EntityKind.ARTIFACT else tuple(text for text in TEXTS if text != "uri")


APART = "\x1f"
"""Stands between the values of labels. It is white space, so no word has it."""


_MADE_BY = Fixed("by what the search index was made", select(STATE.c.value).where(STATE.c.name == "entries"))


def fingerprint(own: OwnTypes) -> str:
    """Of what the entries of a store are made by: this program's conventions and the types that users map."""
    mapped = hashlib.sha256(repr(own.tables).encode()).hexdigest()[:16] if own.tables else "none"
    return f"format {FORMAT}, types {mapped}"


def made_by(dialect: Dialect) -> Script[str | None]:
    """The fingerprint of a database's index; empty where its entries are not all made, None where there is none."""
    if dialect.has_table is None or not (yield from fetch(Statement(dialect.has_table, {"name": STATE.name}))):
        return None
    rows = yield from fetch(_MADE_BY(dialect))
    return str(rows[0][0]) if rows else ""


def is_indexed(dialect: Dialect, own: OwnTypes) -> Script[bool]:
    """Whether a database has an index whose entries are all made, and as they would be made now."""
    return (yield from made_by(dialect)) == fingerprint(own)
