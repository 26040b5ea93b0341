"""A search index in a PostgreSQL database: its tables, their words by `pg_trgm`, and the triggers on MLMD's tables.

Nothing here has a sequence: ml-metadata asks for the number that its session was given last,
which would be that of a trigger.
"""

from __future__ import annotations

from collections.abc import Iterator

from lineageql.model.identity import EntityKind
from lineageql.store.sql.search_index.entry_tables import (
    CHANGES,
    ENTRIES,
    ENTRIES_MADE,
    STATE,
    WATCHED,
    Changed,
    texts_of,
)

_PREFIX = "lineageql_search_"


def created(schema: str) -> Iterator[str]:
    """The statements that make an empty index; from then on what is written is listed.

    Args:
        schema: that of MLMD's tables, as an identifier.
    """
    yield "CREATE EXTENSION IF NOT EXISTS pg_trgm"
    yield f"CREATE TABLE {STATE.name} (name TEXT PRIMARY KEY, value TEXT NOT NULL)"
    # Two numbers that are drawn are not alike.
    number = "BIGINT NOT NULL DEFAULT CAST(random() * 9007199254740991 AS BIGINT)"
    yield (
        f"CREATE TABLE {CHANGES.name} (seq {number}, kind INTEGER NOT NULL, id BIGINT NOT NULL,"
        " version INTEGER NOT NULL DEFAULT 0)"
    )
    yield f"CREATE INDEX {CHANGES.name}_seq ON {CHANGES.name}(seq)"
    for kind in EntityKind:
        yield from _entries(kind)
    for table, changed in WATCHED.items():
        yield from _triggers(table, changed, schema)
    # Rows that go all at once are not listed: there is no index any more.
    yield _function_of(f"{_PREFIX}truncated", f"DELETE FROM {schema}.{STATE.name} WHERE name = '{ENTRIES_MADE}';")
    for table in WATCHED:
        yield (
            f"CREATE TRIGGER {_function(table)}_truncated AFTER TRUNCATE ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {_PREFIX}truncated()"
        )


def indexed(trigrams: str) -> Iterator[str]:
    """The statements that index the entries; to do that once they are all made takes a part of the time.

    Args:
        trigrams: the schema of `pg_trgm`, as an identifier; it need not be among those that are looked into.
    """
    for kind in EntityKind:
        table = ENTRIES[kind].name
        yield f"CREATE INDEX {table}_name ON {table}(name, id)"
        yield f"CREATE INDEX {table}_folded ON {table} USING hash (folded)"
        yield f"CREATE INDEX {table}_unindexed ON {table}(unindexed) WHERE unindexed = 1"
        for column in texts_of(kind):
            yield f"CREATE INDEX {table}_{column}_words ON {table} USING gin ({column} {trigrams}.gin_trgm_ops)"
        yield f"ANALYZE {table}"


def dropped(schema: str) -> Iterator[str]:
    """The statements that take an index away, as far as it is there.

    Args:
        schema: that of MLMD's tables, as an identifier.
    """
    for table in WATCHED:
        # The triggers go with the function.
        yield f"DROP FUNCTION IF EXISTS {schema}.{_function(table)}() CASCADE"
    yield f"DROP FUNCTION IF EXISTS {schema}.{_PREFIX}truncated() CASCADE"
    for name in (STATE.name, CHANGES.name, *(table.name for table in ENTRIES.values())):
        yield f"DROP TABLE IF EXISTS {schema}.{name}"


def _entries(kind: EntityKind) -> Iterator[str]:
    table = ENTRIES[kind].name
    texts = {"TEXT": 'TEXT COLLATE "C"'}
    columns = ((column.name, str(column.type)) for column in ENTRIES[kind].columns[1:])
    described = ", ".join(f"{name} {texts.get(type_, type_)} NOT NULL" for name, type_ in columns)
    yield f"CREATE TABLE {table} (id BIGINT PRIMARY KEY, {described})"
    if kind is EntityKind.RUN:
        yield f"CREATE INDEX {table}_run ON {table}(run)"


def _function(table: str) -> str:
    return f"{_PREFIX}{table.lower()}"


def _function_of(name: str, body: str) -> str:
    """A function of triggers.

    Whoever may write MLMD's rows need not be allowed to write the index. It has its maker's rights, so nothing that its
    caller may have made is found by a name in it.
    """
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER"
        f" SET search_path = pg_catalog, pg_temp AS $$ BEGIN {body} RETURN NULL; END $$"
    )


def _triggers(table: str, changed: tuple[tuple[int, str], ...], schema: str) -> Iterator[str]:
    within = f"{schema}."
    changes = f"INSERT INTO {within}{CHANGES.name}(kind, id)"

    def listing(*rows: str) -> str:
        named = " UNION ".join(
            f"VALUES {', '.join(f'({kind}, {id_.format(row=row, schema=within)})' for kind, id_ in changed)}"
            for row in rows
        )
        return f"{changes} SELECT * FROM ({named}) AS named(kind, id) WHERE id IS NOT NULL;"

    body = (
        f"IF TG_OP = 'INSERT' THEN {listing('NEW')} ELSIF TG_OP = 'DELETE' THEN {listing('OLD')}"
        f" ELSE {listing('OLD', 'NEW')} END IF;"
    )
    if table == "Context":
        name = f"{changes} VALUES ({Changed.CONTEXT_NAME},"
        body += (
            f" IF TG_OP = 'INSERT' THEN {name} NEW.id); ELSIF TG_OP = 'DELETE' THEN {name} OLD.id);"
            f" ELSIF (OLD.name, OLD.type_id) IS DISTINCT FROM (NEW.name, NEW.type_id) THEN {name} NEW.id); END IF;"
        )
    yield _function_of(_function(table), body)
    yield (
        f"CREATE TRIGGER {_function(table)} AFTER INSERT OR UPDATE OR DELETE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION {_function(table)}()"
    )
