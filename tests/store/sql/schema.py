"""MLMD's tables and indexes of schema version 10 on SQLite, as ml-metadata makes them.

`test_schema.py` compares them with ml-metadata's own, where that is installed.
"""

from __future__ import annotations

_NODE = """
    `id` INTEGER PRIMARY KEY AUTOINCREMENT, `type_id` INT NOT NULL, {columns}, `external_id` VARCHAR(255) UNIQUE,
    `create_time_since_epoch` INT NOT NULL DEFAULT 0, `last_update_time_since_epoch` INT NOT NULL DEFAULT 0,
    UNIQUE(`type_id`, `name`)"""
_PROPERTY = """
    `{owner}` INT NOT NULL, `name` VARCHAR(255) NOT NULL, `is_custom_property` TINYINT(1) NOT NULL, `int_value` INT,
    `double_value` DOUBLE, `string_value` TEXT, `byte_value` BLOB, `proto_value` BLOB, `bool_value` BOOLEAN,
    PRIMARY KEY (`{owner}`, `name`, `is_custom_property`)"""
_MEMBER = """
    `id` INTEGER PRIMARY KEY AUTOINCREMENT, `context_id` INT NOT NULL, `{node}` INT NOT NULL,
    UNIQUE(`context_id`, `{node}`)"""

TABLES = {
    "Type": "`id` INTEGER PRIMARY KEY AUTOINCREMENT, `name` VARCHAR(255) NOT NULL, `version` VARCHAR(255), "
    "`type_kind` TINYINT(1) NOT NULL, `description` TEXT, `input_type` TEXT, `output_type` TEXT, "
    "`external_id` VARCHAR(255) UNIQUE",
    "TypeProperty": "`type_id` INT NOT NULL, `name` VARCHAR(255) NOT NULL, `data_type` INT NULL, "
    "PRIMARY KEY (`type_id`, `name`)",
    "ParentType": "`type_id` INT NOT NULL, `parent_type_id` INT NOT NULL, PRIMARY KEY (`type_id`, `parent_type_id`)",
    "Artifact": _NODE.format(columns="`uri` TEXT, `state` INT, `name` VARCHAR(255)"),
    "ArtifactProperty": _PROPERTY.format(owner="artifact_id"),
    "Execution": _NODE.format(columns="`last_known_state` INT, `name` VARCHAR(255)"),
    "ExecutionProperty": _PROPERTY.format(owner="execution_id"),
    "Context": _NODE.format(columns="`name` VARCHAR(255) NOT NULL"),
    "ContextProperty": _PROPERTY.format(owner="context_id"),
    "Event": "`id` INTEGER PRIMARY KEY AUTOINCREMENT, `artifact_id` INT NOT NULL, `execution_id` INT NOT NULL, "
    "`type` INT NOT NULL, `milliseconds_since_epoch` INT, UNIQUE(`artifact_id`, `execution_id`, `type`)",
    "EventPath": "`event_id` INT NOT NULL, `is_index_step` TINYINT(1) NOT NULL, `step_index` INT, `step_key` TEXT",
    "MLMDEnv": "`schema_version` INTEGER PRIMARY KEY",
    "ParentContext": "`context_id` INT NOT NULL, `parent_context_id` INT NOT NULL, "
    "PRIMARY KEY (`context_id`, `parent_context_id`)",
    "Association": _MEMBER.format(node="execution_id"),
    "Attribution": _MEMBER.format(node="artifact_id"),
}


def _indexes() -> dict[str, str]:
    found = {
        "idx_artifact_uri": "`Artifact`(`uri`)",
        "idx_event_execution_id": "`Event`(`execution_id`)",
        "idx_parentcontext_parent_context_id": "`ParentContext`(`parent_context_id`)",
        "idx_type_name": "`Type`(`name`)",
        "idx_type_external_id": "`Type`(`external_id`)",
        "idx_eventpath_event_id": "`EventPath`(`event_id`)",
    }
    for table in ("Artifact", "Execution", "Context"):
        for column in ("create_time_since_epoch", "last_update_time_since_epoch", "external_id"):
            found[f"idx_{table.lower()}_{column}"] = f"`{table}`(`{column}`)"
        for kind in ("int", "double", "string"):
            column = f"{kind}_value"
            found[f"idx_{table.lower()}_property_{kind}"] = (
                f"`{table}Property`(`name`, `is_custom_property`, `{column}`) WHERE `{column}` IS NOT NULL"
            )
    return found


INDEXES = _indexes()

SIMPLE_TYPES = (
    (1, "mlmd.Dataset", 1),
    (2, "mlmd.Model", 1),
    (3, "mlmd.Metrics", 1),
    (4, "mlmd.Statistics", 1),
    (5, "mlmd.Train", 0),
    (6, "mlmd.Transform", 0),
    (7, "mlmd.Process", 0),
    (8, "mlmd.Evaluate", 0),
    (9, "mlmd.Deploy", 0),
)
"""The types that ml-metadata makes in every new store: id, name, kind."""

SCRIPT = "\n".join(
    [
        *(f"CREATE TABLE `{name}` ({columns});" for name, columns in TABLES.items()),
        *(f"CREATE INDEX `{name}` ON {columns};" for name, columns in INDEXES.items()),
        "INSERT INTO MLMDEnv VALUES (10);",
        *(
            f"INSERT INTO Type (id, name, type_kind) VALUES ({id_}, '{name}', {kind});"
            for id_, name, kind in SIMPLE_TYPES
        ),
    ]
)
"""Makes an empty store."""
