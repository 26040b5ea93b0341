"""The tables of a search index: an entry for each entity, and which nodes were changed since their entries were made.

MLMD keeps names, labels and descriptions where each writer puts them, and no index
finds a part of a text. An entry holds the texts of one entity as its convention reads
them, with their case folded. Triggers on MLMD's tables list what anybody writes, in
the writer's own transaction; so an entry that is not listed is as its entity.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import orjson
from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text, select

from lineageql.model.conventions.own_types import OwnTypes
from lineageql.model.identity import EntityKind
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.sql.dialects import Dialect, Prepared, Statement
from lineageql.store.sql.driver import Script, fetch

FORMAT = 1
"""Another number where entries are made otherwise, of a convention's other places too: an older index is not read."""

_metadata = MetaData()

STATE = Table("lineageql_search_state", _metadata, Column("name", Text, primary_key=True), Column("value", Text))
"""What is known of the index, by these names."""
ENTRIES_MADE, BUILD, TYPES_READ = "entries", "build", "types"
"""The fingerprint of what the entries were made by, once all are; which making this was, by a drawn name; and by which
convention each type was read, as JSON."""
CHANGES = Table(
    "lineageql_search_change",
    _metadata,
    Column("seq", BigInteger, primary_key=True),
    Column("kind", Integer),
    Column("id", BigInteger),
    Column("version", Integer),
)
"""Nodes that were written: whose entries are to be made anew. See `Changed`. Where the node that was listed last is
written again, the row has another version."""


class Changed:
    """What a row of `CHANGES` names.

    `CONTEXT_NAME` is a context, whose name its executions may have a part of; `TYPE` is a type, which may say that the
    texts of its nodes stand elsewhere.
    """

    ARTIFACT, EXECUTION, CONTEXT, CONTEXT_NAME, TYPE = 1, 2, 3, 4, 5


WATCHED: Mapping[str, tuple[tuple[int, str], ...]] = {
    "Artifact": ((Changed.ARTIFACT, "{row}.id"),),
    "Execution": ((Changed.EXECUTION, "{row}.id"),),
    "Context": ((Changed.CONTEXT, "{row}.id"),),
    "ArtifactProperty": ((Changed.ARTIFACT, "{row}.artifact_id"),),
    "ExecutionProperty": ((Changed.EXECUTION, "{row}.execution_id"),),
    "ContextProperty": ((Changed.CONTEXT, "{row}.context_id"),),
    # An artifact may be named by a step of an event, an execution by the contexts that it is in.
    "Event": ((Changed.ARTIFACT, "{row}.artifact_id"),),
    "EventPath": ((Changed.ARTIFACT, "(SELECT artifact_id FROM {schema}Event WHERE id = {row}.event_id)"),),
    "Association": ((Changed.EXECUTION, "{row}.execution_id"),),
    # What a context is may be told by what is above it and below.
    "ParentContext": ((Changed.CONTEXT, "{row}.context_id"), (Changed.CONTEXT, "{row}.parent_context_id")),
    # A type may be told of later what tells its convention, or another's.
    "Type": ((Changed.TYPE, "{row}.id"),),
    "TypeProperty": ((Changed.TYPE, "{row}.type_id"),),
    "ParentType": ((Changed.TYPE, "{row}.type_id"),),
}
"""MLMD's tables, and what a change of a row of theirs changes, as SQL of the row and of the schema with its dot.

Where a context comes or goes, or its name or its type changes, that is a change of `CONTEXT_NAME` too.
"""
OF_TYPE = (
    (Changed.ARTIFACT, "Artifact"),
    (Changed.EXECUTION, "Execution"),
    (Changed.CONTEXT, "Context"),
    (Changed.CONTEXT_NAME, "Context"),
)
"""What is changed where a type is, and the tables of its nodes."""


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
"""The columns that are searched."""


def texts_of(kind: EntityKind) -> tuple[str, ...]:
    """The columns of a kind's entries that are searched: only artifacts have uris."""
    return TEXTS if kind is EntityKind.ARTIFACT else tuple(text for text in TEXTS if text != "uri")


APART = "\x1f"
"""Stands between the values of labels. It is white space, so no word has it."""


def signatures(types: TypeCatalog) -> dict[str, str]:
    """By which convention each type is read. A new type of another may change that: some are adopted by a writer."""
    return {str(id_): types.convention(type_).name for id_, type_ in types.by_id.items()}


def differing(made: Mapping[str, str], now: Mapping[str, str]) -> list[int]:
    """The types whose entries were made by other conventions than they are read by now."""
    return [int(id_) for id_, name in made.items() if now.get(id_, name) != name]


_STATE = Prepared("what the search index was made by", lambda dialect, ids: select(STATE.c.name, STATE.c.value))


def state(dialect: Dialect) -> Script[dict[str, str] | None]:
    """What is known of a database's index; None where there is none."""
    if dialect.has_search_table is None or not (
        yield from fetch(Statement(dialect.has_search_table, {"name": STATE.name}))
    ):
        return None
    return dict(map(tuple, (yield from fetch(_STATE(dialect)))))


def whole(dialect: Dialect, own: OwnTypes) -> Script[dict[str, str] | None]:
    """What is known of an index whose entries are all made, by what they would be made by now; None of any other."""
    made = yield from state(dialect)
    return made if made is not None and made.get(ENTRIES_MADE) == fingerprint(own) else None


def is_indexed(dialect: Dialect, own: OwnTypes, types: TypeCatalog) -> Script[bool]:
    """Whether a database has such an index, and its types are read by the same conventions as when it was made."""
    made = yield from whole(dialect, own)
    return made is not None and not differing(orjson.loads(made[TYPES_READ]), signatures(types))


def fingerprint(own: OwnTypes) -> str:
    """Of what the entries of a store are made by: this program's conventions and the types that users map."""
    mapped = hashlib.sha256(repr(own.tables).encode()).hexdigest()[:16] if own.tables else "none"
    return f"format {FORMAT}, types {mapped}"
