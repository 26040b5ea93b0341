"""Times of the past in an SQLite store, for demonstrations: MLMD gives each row the time at which it is written."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from lineageql.store.sql.sqlite_errors import translate

_NODES = (
    # Executions first: the times of all others follow from theirs.
    "UPDATE Execution SET create_time_since_epoch = :time, last_update_time_since_epoch = :time "
    "WHERE external_id = :id AND create_time_since_epoch > :time",
    "UPDATE Event SET milliseconds_since_epoch = :time WHERE milliseconds_since_epoch > :time "
    "AND execution_id IN (SELECT id FROM Execution WHERE external_id = :id)",
)
_FOLLOWING = (
    "UPDATE {table} SET create_time_since_epoch = (SELECT min(e.create_time_since_epoch) {members}), "
    "last_update_time_since_epoch = (SELECT max(e.create_time_since_epoch) {members}) "
    "WHERE create_time_since_epoch > (SELECT min(e.create_time_since_epoch) {members}) "
    "AND NOT EXISTS (SELECT 1 {members} AND coalesce(e.external_id, '') NOT IN (SELECT value FROM json_each(:ids)))"
)
_MEMBERS = {
    "Artifact": "FROM Event v JOIN Execution e ON e.id = v.execution_id WHERE v.artifact_id = Artifact.id",
    "Context": "FROM Association a JOIN Execution e ON e.id = a.execution_id WHERE a.context_id = Context.id",
}


async def backdate(path: Path, times: Mapping[str, int], lock_timeout: float) -> None:
    """Gives executions, and what only they have read, written or belong to, times in the past.

    What has such a time already, or is used by other executions too, stays as it is.

    Args:
        path: the file of the store.
        times: milliseconds since the epoch by the external id of an execution.
        lock_timeout: seconds to wait while another process writes.

    Raises:
        StoreLocked, StoreError: the file cannot be written.
    """
    await asyncio.to_thread(_backdate, path, times, lock_timeout)


def _backdate(path: Path, times: Mapping[str, int], lock_timeout: float) -> None:
    ids = json.dumps(list(times))
    try:
        with closing(sqlite3.connect(path, timeout=lock_timeout, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            for statement in _NODES:
                connection.executemany(statement, [{"id": id_, "time": time} for id_, time in times.items()])
            for table, members in _MEMBERS.items():
                connection.execute(_FOLLOWING.format(table=table, members=members), {"ids": ids})
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise translate(error, path) from error
