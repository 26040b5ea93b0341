"""Opening a database: is it MLMD's, and of the schema version that is served?"""

from __future__ import annotations

from lineageql.errors import NotMLMD, SchemaMismatch
from lineageql.store.sql.dialects import Statement
from lineageql.store.sql.driver import Driver

SCHEMA_VERSION = 10
TABLES = ("Artifact", "Execution", "Context", "Event", "Type", "MLMDEnv")
LOCK_TABLE = "LineageQLLock"
"""The one table of ours beside MLMD's, in clusters only; see `mysql_lock`."""
UPGRADE = "`lineageql store upgrade STORE COPY` upgrades a copy of it through ml-metadata"


async def schema_version(driver: Driver, tables: set[str], name: str) -> int:
    """The schema version of an MLMD store, which is the one that is served.

    Raises:
        NotMLMD: see `stored_version`.
        SchemaMismatch: the version is not the one that is served.
    """
    version = await stored_version(driver, tables, name)
    if version != SCHEMA_VERSION:
        advice = UPGRADE.replace("STORE COPY", f"{name} COPY") if version < SCHEMA_VERSION else "update lineageql"
        raise SchemaMismatch(
            f"{name} is an ML Metadata store of schema version {version}, "
            f"and version {SCHEMA_VERSION} is served; {advice}"
        )
    return version


async def stored_version(driver: Driver, tables: set[str], name: str) -> int:
    """The schema version of an MLMD store, whichever it is.

    Args:
        driver: the open database.
        tables: the names of the tables in it.
        name: what the errors call the store.

    Raises:
        NotMLMD: tables of MLMD are missing, or `MLMDEnv` holds no version.
    """
    missing = [table for table in TABLES if table.lower() not in {known.lower() for known in tables}]
    if missing:
        raise NotMLMD(f"{name} is not an ML Metadata store: it has no table {missing[0]}")
    versions = [row[0] for row in await driver.fetch(Statement("SELECT schema_version FROM MLMDEnv", {}))]
    if len(versions) != 1:
        raise NotMLMD(f"{name} is not an ML Metadata store: MLMDEnv holds {len(versions)} versions in place of one")
    return int(versions[0])
