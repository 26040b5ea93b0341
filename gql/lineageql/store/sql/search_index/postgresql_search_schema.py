"""A search index in a PostgreSQL database: its tables, their words by `pg_trgm`, and the triggers on MLMD's tables.

Nothing here has a sequence: ml-metadata asks for the number that its session was given last,
which would be that of a trigger.
"""

from __future__ import annotations

from collections.abc import Iterator

from lineageql.model.identity import EntityKind
from lineageql.store.sql.search_index.entry_tables import CHANGES, ENTRIES, STATE, Changed, texts_of

_PREFIX = "lineageql_search_"
_ARTIFACT_OF_STEP = "(SELECT artifact_id FROM Event WHERE id = {row}.event_id)"
_LISTED: tuple[tuple[str, tuple[tuple[int, str], ...]], ...] = (
    ("Artifact", ((Changed.ARTIFACT, "{row}.id"),)),
    ("Execution", ((Changed.EXECUTION, "{row}.id"),)),
    ("Context", ((Changed.CONTEXT, "{row}.id"),)),
    ("ArtifactProperty", ((Changed.ARTIFACT, "{row}.artifact_id"),)),
    ("ExecutionProperty", ((Changed.EXECUTION, "{row}.execution_id"),)),
    ("ContextProperty", ((Changed.CONTEXT, "{row}.context_id"),)),
    ("Event", ((Changed.ARTIFACT, "{row}.artifact_id"),)),
    ("EventPath", ((Changed.ARTIFACT, _ARTIFACT_OF_STEP),)),
    ("Association", ((Changed.EXECUTION, "{row}.execution_id"),)),
    ("ParentContext", ((Changed.CONTEXT, "{row}.context_id"), (Changed.CONTEXT, "{row}.parent_context_id"))),
    ("Type", ((Changed.TYPE, "{row}.id"),)),
    ("TypeProperty", ((Changed.TYPE, "{row}.type_id"),)),
    ("ParentType", ((Changed.TYPE, "{row}.type_id"),)),
)
"""MLMD's tables, and what a change of a row of theirs changes; see `sqlite_search_schema`."""


def created() -> Iterator[str]:
    """The statements that make an empty index; from then on what is written is listed."""
    yield "CREATE EXTENSION IF NOT EXISTS pg_trgm"
    yield f"CREATE TABLE {STATE.name} (name TEXT PRIMARY KEY, value TEXT NOT NULL)"
    # Two numbers that are drawn are not alike.
    number = "BIGINT NOT NULL DEFAULT CAST(random() * 9007199254740991 AS BIGINT)"
    yield (
        f"CREATE TABLE {CHANGES.name} (seq {number}, kind INTEGER NOT NULL, id BIGINT NOT NULL,"
        " taken INTEGER NOT NULL DEFAULT 0)"
    )
    yield f"CREATE INDEX {CHANGES.name}_seq ON {CHANGES.name}(seq)"
    for kind in EntityKind:
        yield from _entries(kind)
    for table, changed in _LISTED:
        yield from _triggers(table, changed)


def indexed() -> Iterator[str]:
    """The statements that index the entries; to do that once they are all made takes a part of the time."""
    for kind in EntityKind:
        table = ENTRIES[kind].name
        yield f"CREATE INDEX {table}_name ON {table}(name, id)"
        yield f"CREATE INDEX {table}_folded ON {table} USING hash (folded)"
        yield f"CREATE INDEX {table}_unindexed ON {table}(unindexed) WHERE unindexed = 1"
        for column in texts_of(kind):
            yield f"CREATE INDEX {table}_{column}_words ON {table} USING gin ({column} gin_trgm_ops)"
        yield f"ANALYZE {table}"


def dropped() -> Iterator[str]:
    """The statements that take an index away, as far as it is there."""
    for table, _ in _LISTED:
        # The triggers go with the function.
        yield f"DROP FUNCTION IF EXISTS {_function(table)}() CASCADE"
    for name in (STATE.name, CHANGES.name, *(table.name for table in ENTRIES.values())):
        yield f"DROP TABLE IF EXISTS {name}"


def _entries(kind: EntityKind) -> Iterator[str]:
    table = ENTRIES[kind].name
    text = 'TEXT COLLATE "C" NOT NULL'
    columns = ", ".join(
        f"{name} {text}" for name in ("name", "workspace", "run", "folded", "uri", "labels", "description")
    )
    yield f"CREATE TABLE {table} (id BIGINT PRIMARY KEY, {columns}, unindexed INTEGER NOT NULL)"
    if kind is EntityKind.RUN:
        yield f"CREATE INDEX {table}_run ON {table}(run)"


def _function(table: str) -> str:
    return f"{_PREFIX}{table.lower()}"


def _triggers(table: str, changed: tuple[tuple[int, str], ...]) -> Iterator[str]:
    def listing(*rows: str) -> str:
        named = " UNION ".join(
            f"VALUES {', '.join(f'({kind}, {id_.format(row=row)})' for kind, id_ in changed)}" for row in rows
        )
        found = f"SELECT * FROM ({named}) AS named(kind, id) WHERE id IS NOT NULL"
        return f"INSERT INTO {CHANGES.name}(kind, id) {found};"

    renamed = ""
    if table == "Context":
        renamed = (
            "IF TG_OP = 'UPDATE' AND OLD.name IS DISTINCT FROM NEW.name THEN"
            f" INSERT INTO {CHANGES.name}(kind, id) VALUES ({Changed.CONTEXT_NAME}, NEW.id); END IF; "
        )
    # Whoever may write MLMD's rows need not be allowed to write the index, nor have it in their search path.
    yield (
        f"CREATE FUNCTION {_function(table)}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER"
        " SET search_path FROM CURRENT AS $$ BEGIN"
        f" IF TG_OP = 'INSERT' THEN {listing('NEW')}"
        f" ELSIF TG_OP = 'DELETE' THEN {listing('OLD')}"
        f" ELSE {listing('OLD', 'NEW')} END IF; {renamed}RETURN NULL; END $$"
    )
    # A new event has no step, and a new type no node, as yet.
    events = "UPDATE OR DELETE" if table in ("Event", "Type") else "INSERT OR UPDATE OR DELETE"
    yield (
        f"CREATE TRIGGER {_function(table)} AFTER {events} ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION {_function(table)}()"
    )
