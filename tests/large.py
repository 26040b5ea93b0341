"""A store in which what nothing looks up takes a while."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.store.sql.schema import SCRIPT

ARTIFACTS = 100_000


def fill_large(path: Path) -> None:
    """Makes a store with one workspace that holds a hundred thousand artifacts, each with a name."""
    times = "create_time_since_epoch, last_update_time_since_epoch"
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {ARTIFACTS})"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            f"""{SCRIPT};
            INSERT INTO Type (id, name, type_kind) VALUES (90, 'system.Model', 1), (92, 'system.Pipeline', 2);
            INSERT INTO Context (id, type_id, name, {times}) VALUES (1, 92, 'p', 1, 1);
            INSERT INTO Artifact (id, type_id, {times}) {numbers} SELECT i, 90, 1, 1 FROM n;
            INSERT INTO ArtifactProperty (artifact_id, name, is_custom_property, string_value)
            {numbers} SELECT i, 'display_name', 1, 'name ' || i FROM n;
            INSERT INTO Attribution (id, context_id, artifact_id) {numbers} SELECT i, 1, i FROM n;"""
        )
        connection.commit()
