"""MLMD's tables and indexes of schema version 10 on PostgreSQL, as ml-metadata makes them.

`test_schema_postgresql.py` compares them with ml-metadata's own, where both are installed.
"""

from __future__ import annotations

from tests.store.sql.schema import SIMPLE_TYPES

_NODE = """
    id SERIAL PRIMARY KEY, type_id INT NOT NULL, {columns}, external_id VARCHAR(255) UNIQUE,
    create_time_since_epoch BIGINT NOT NULL DEFAULT 0, last_update_time_since_epoch BIGINT NOT NULL DEFAULT 0,
    {unique} UNIQUE (type_id, name)"""
_PROPERTY = """
    {owner} INT NOT NULL, name VARCHAR(255) NOT NULL, is_custom_property BOOLEAN NOT NULL, int_value INT,
    double_value DOUBLE PRECISION, string_value TEXT, byte_value BYTEA, proto_value BYTEA, bool_value BOOLEAN,
    PRIMARY KEY ({owner}, name, is_custom_property)"""
_MEMBER = "id SERIAL PRIMARY KEY, context_id INT NOT NULL, {node} INT NOT NULL, UNIQUE (context_id, {node})"

TABLES = {
    "Type": "id SERIAL PRIMARY KEY, name VARCHAR(255) NOT NULL, version VARCHAR(255), type_kind SMALLINT NOT NULL, "
    "description TEXT, input_type TEXT, output_type TEXT, external_id VARCHAR(255) UNIQUE",
    "TypeProperty": "type_id INT NOT NULL, name VARCHAR(255) NOT NULL, data_type INT, PRIMARY KEY (type_id, name)",
    "ParentType": "type_id INT NOT NULL, parent_type_id INT NOT NULL, PRIMARY KEY (type_id, parent_type_id)",
    "Artifact": _NODE.format(
        columns="uri TEXT, state INT, name VARCHAR(255)", unique="CONSTRAINT uniqueartifacttypename"
    ),
    "ArtifactProperty": _PROPERTY.format(owner="artifact_id"),
    "Execution": _NODE.format(
        columns="last_known_state INT, name VARCHAR(255)", unique="CONSTRAINT uniqueexecutiontypename"
    ),
    "ExecutionProperty": _PROPERTY.format(owner="execution_id"),
    "Context": _NODE.format(columns="name VARCHAR(255) NOT NULL", unique=""),
    "ContextProperty": _PROPERTY.format(owner="context_id"),
    "Event": "id SERIAL PRIMARY KEY, artifact_id INT NOT NULL, execution_id INT NOT NULL, type INT NOT NULL, "
    "milliseconds_since_epoch BIGINT, CONSTRAINT uniqueevent UNIQUE (artifact_id, execution_id, type)",
    "EventPath": "event_id INT NOT NULL, is_index_step BOOLEAN NOT NULL, step_index INT, step_key TEXT",
    "MLMDEnv": "schema_version INTEGER PRIMARY KEY",
    "ParentContext": "context_id INT NOT NULL, parent_context_id INT NOT NULL, "
    "PRIMARY KEY (context_id, parent_context_id)",
    "Association": _MEMBER.format(node="execution_id"),
    "Attribution": _MEMBER.format(node="artifact_id"),
}


def _indexes() -> dict[str, str]:
    found = {
        "idx_artifact_uri": "Artifact (uri)",
        "idx_event_execution_id": "Event (execution_id)",
        "idx_parentcontext_parent_context_id": "ParentContext (parent_context_id)",
        "idx_type_name": "Type (name)",
        "idx_type_external_id": "Type (external_id)",
        "idx_eventpath_event_id": "EventPath (event_id)",
    }
    for table in ("Artifact", "Execution", "Context"):
        for column in ("create_time_since_epoch", "last_update_time_since_epoch", "external_id"):
            found[f"idx_{table.lower()}_{column}"] = f"{table} ({column})"
        for kind in ("int", "double", "string"):
            columns = f"name, is_custom_property, {kind}_value"
            found[f"idx_{table.lower()}_property_{kind}"] = f"{table}Property ({columns})"
    return found


SCRIPT = "\n".join(
    [
        *(f"CREATE TABLE {name} ({columns});" for name, columns in TABLES.items()),
        *(f"CREATE INDEX {name} ON {columns};" for name, columns in _indexes().items()),
        "INSERT INTO MLMDEnv VALUES (10);",
        *(f"INSERT INTO Type (name, type_kind) VALUES ('{name}', {kind});" for _, name, kind in SIMPLE_TYPES),
    ]
)
"""Makes an empty store in an empty database."""
