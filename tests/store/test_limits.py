"""What PostgreSQL's indexes hold, compressed: our answer against a server's, for texts around the limit."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

import pytest

from lineageql.store.text_limits import OF_POSTGRESQL
from tests.servers.postgresql import PostgreSQL, shared

pytestmark = pytest.mark.server
WORDS = ["".join(random.Random(seed).choices("etaoinshrdlu", k=2 + seed % 8)) for seed in range(300)]
TEXTS: dict[str, Callable[[random.Random], str]] = {
    "letters": lambda draw: draw.choice("abcdefghijklmnopqrstuvwxyz0123456789"),
    "prose": lambda draw: draw.choice(WORDS) + " ",
    "numbers": lambda draw: json.dumps({"metric": draw.random()}),
    "characters beyond ASCII": lambda draw: draw.choice("äöü€ß日本語🌍"),
    "one letter": lambda draw: "x" * 100,
}


@pytest.fixture(scope="module")
def database() -> tuple[PostgreSQL, str]:
    server = shared()
    name = server.database(
        "CREATE TABLE t (name text, custom boolean, value text); CREATE INDEX i ON t (name, custom, value)"
    )
    return server, name


@pytest.mark.parametrize("kind", TEXTS)
def test_texts_around_the_limit(kind: str, database: tuple[PostgreSQL, str]) -> None:
    server, database_name = database
    draw = random.Random(kind)
    parts = [TEXTS[kind](draw) for _ in range(3_000)]

    def text(count: int) -> str:
        return "".join(parts[:count])

    for name in ("n", "label:" + "k" * 121):
        fewest, most = 2, len(parts)
        while most - fewest > 1:
            middle = (fewest + most) // 2
            fits = OF_POSTGRESQL.value(text(middle), name) is None
            fewest, most = (middle, most) if fits else (fewest, middle)
        for count in range(fewest - 1, fewest + 3):
            ours = OF_POSTGRESQL.value(text(count), name) is None
            insert = f"INSERT INTO t VALUES ('{name}', true, '{text(count)}');"
            check = f"DO $$ BEGIN {insert} EXCEPTION WHEN program_limit_exceeded THEN NULL; END $$;"
            server.psql(f"TRUNCATE t; {check}", database_name)
            theirs = server.psql("SELECT count(*) FROM t", database_name).strip() == "1"
            assert ours == theirs, (name, count, len(text(count).encode()))
