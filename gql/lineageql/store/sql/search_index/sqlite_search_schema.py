"""A search index in an SQLite file: its tables, their words by FTS5, and the triggers on MLMD's tables."""

from __future__ import annotations

from collections.abc import Iterator

from lineageql.model.identity import EntityKind
from lineageql.store.sql.search_index.entry_tables import CHANGES, ENTRIES, STATE, WATCHED, Changed, texts_of

PREFIX = "lineageql_"


def words_of(kind: EntityKind, text: str) -> str:
    """The name of the table of the words in a text of a kind's entries."""
    return f"{PREFIX}{kind.name.lower()}_words_{text}"


def created() -> Iterator[str]:
    """The statements that make an empty index; from then on what is written is listed."""
    yield f"CREATE TABLE {STATE.name} (name TEXT PRIMARY KEY, value TEXT NOT NULL)"
    yield (
        f"CREATE TABLE {CHANGES.name} (seq INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL,"
        " id INTEGER NOT NULL, version INTEGER NOT NULL DEFAULT 0)"
    )
    for kind in EntityKind:
        yield from _entries(kind)
    yield from _triggers()


def dropped(names: list[tuple[str, str]]) -> Iterator[str]:
    """The statements that take an index away.

    Args:
        names: the types and names of the tables and triggers of the file.
    """
    ours = [(type_, name) for type_, name in names if name.startswith(PREFIX)]
    yield from (f"DROP TRIGGER {name}" for type_, name in ours if type_ == "trigger")
    # The tables that FTS5 keeps go with its own.
    own = {
        STATE.name,
        CHANGES.name,
        *(table.name for table in ENTRIES.values()),
        *(words_of(kind, text) for kind in EntityKind for text in texts_of(kind)),
    }
    yield from (f"DROP TABLE {name}" for type_, name in sorted(ours, reverse=True) if type_ == "table" and name in own)


def _entries(kind: EntityKind) -> Iterator[str]:
    table, texts = ENTRIES[kind].name, texts_of(kind)
    columns = ", ".join(f"{column.name} {column.type} NOT NULL" for column in ENTRIES[kind].columns[1:])
    yield f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, {columns})"
    yield f"CREATE INDEX {table}_name ON {table}(name)"
    yield f"CREATE INDEX {table}_folded ON {table}(folded)"
    yield f"CREATE INDEX {table}_unindexed ON {table}(unindexed) WHERE unindexed = 1"
    if kind is EntityKind.RUN:
        yield f"CREATE INDEX {table}_run ON {table}(workspace, run)"
    for text in texts:
        options = f"content='{table}', content_rowid='id', tokenize='trigram case_sensitive 1'"
        yield f"CREATE VIRTUAL TABLE {words_of(kind, text)} USING fts5({text}, {options})"
    inserts = [f"INSERT INTO {words_of(kind, text)}(rowid, {text}) VALUES (new.id, new.{text});" for text in texts]
    deletes = [
        f"INSERT INTO {words}({words}, rowid, {text}) VALUES ('delete', old.id, old.{text});"
        for text in texts
        for words in (words_of(kind, text),)
    ]
    yield f"CREATE TRIGGER {table}_inserted AFTER INSERT ON {table} BEGIN {' '.join(inserts)} END"
    yield f"CREATE TRIGGER {table}_deleted AFTER DELETE ON {table} BEGIN {' '.join(deletes)} END"


def _triggers() -> Iterator[str]:
    for table, changed in WATCHED.items():

        def of(row: str, changed: tuple[tuple[int, str], ...] = changed) -> list[tuple[int, str]]:
            return [(kind, id_.format(row=row, schema="")) for kind, id_ in changed]

        yield _trigger(table, "inserted", "INSERT", of("new"))
        yield _trigger(table, "deleted", "DELETE", of("old"))
        yield _trigger(table, "updated", "UPDATE", [*of("old"), *of("new")])
    yield _trigger("Context", "named", "INSERT", [(Changed.CONTEXT_NAME, "new.id")])
    yield _trigger("Context", "renamed", "UPDATE OF name, type_id", [(Changed.CONTEXT_NAME, "new.id")])
    yield _trigger("Context", "unnamed", "DELETE", [(Changed.CONTEXT_NAME, "old.id")])


def _trigger(table: str, name: str, event: str, changed: list[tuple[int, str]]) -> str:
    """A trigger that lists nodes; where one is what was listed last, that row gets another version."""
    last = f"SELECT seq, kind, id FROM {CHANGES.name} ORDER BY seq DESC LIMIT 1"
    statements = []
    for kind, id_ in changed:
        same = f"SELECT seq FROM ({last}) WHERE kind = {kind} AND id = {id_}"
        statements.append(f"UPDATE {CHANGES.name} SET version = version + 1 WHERE seq = ({same});")
        statements.append(
            f"INSERT INTO {CHANGES.name}(kind, id) SELECT {kind}, {id_}"
            f" WHERE {id_} IS NOT NULL AND NOT EXISTS ({same});"
        )
    body = " ".join(statements)
    return f"CREATE TRIGGER {PREFIX}search_{table.lower()}_{name} AFTER {event} ON {table} BEGIN {body} END"
