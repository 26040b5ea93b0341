"""MLMD's tables and indexes of schema version 10 on MySQL, as ml-metadata makes them.

`test_mysql_schema.py` compares them with ml-metadata's own, where that is installed.
"""

from __future__ import annotations

import re

from tests.store.sql.schema import SIMPLE_TYPES

_NODE = """
    `id` INT PRIMARY KEY AUTO_INCREMENT, `type_id` INT NOT NULL, {columns}, `external_id` VARCHAR(255),
    `create_time_since_epoch` BIGINT NOT NULL DEFAULT 0, `last_update_time_since_epoch` BIGINT NOT NULL DEFAULT 0,
    UNIQUE KEY `external_id` (`external_id`), UNIQUE KEY `{unique}` (`type_id`, `name`),
    KEY `idx_{table}_create_time_since_epoch` (`create_time_since_epoch`),
    KEY `idx_{table}_last_update_time_since_epoch` (`last_update_time_since_epoch`),
    KEY `idx_{table}_external_id` (`external_id`){more}"""
_PROPERTY = """
    `{table}_id` INT NOT NULL, `name` VARCHAR(255) NOT NULL, `is_custom_property` TINYINT(1) NOT NULL, `int_value` INT,
    `double_value` DOUBLE, `string_value` MEDIUMTEXT, `byte_value` MEDIUMBLOB, `proto_value` MEDIUMBLOB,
    `bool_value` TINYINT(1), PRIMARY KEY (`{table}_id`, `name`, `is_custom_property`),
    KEY `idx_{table}_property_int` (`name`, `is_custom_property`, `int_value`),
    KEY `idx_{table}_property_double` (`name`, `is_custom_property`, `double_value`),
    KEY `idx_{table}_property_string` (`name`, `is_custom_property`, `string_value`(255))"""
_MEMBER = """
    `id` INT PRIMARY KEY AUTO_INCREMENT, `context_id` INT NOT NULL, `{node}` INT NOT NULL,
    UNIQUE KEY `context_id` (`context_id`, `{node}`)"""

TABLES = {
    "Type": "`id` INT PRIMARY KEY AUTO_INCREMENT, `name` VARCHAR(255) NOT NULL, `version` VARCHAR(255), "
    "`type_kind` TINYINT(1) NOT NULL, `description` TEXT, `input_type` TEXT, `output_type` TEXT, "
    "`external_id` VARCHAR(255), UNIQUE KEY `external_id` (`external_id`), KEY `idx_type_name` (`name`), "
    "KEY `idx_type_external_id` (`external_id`)",
    "TypeProperty": "`type_id` INT NOT NULL, `name` VARCHAR(255) NOT NULL, `data_type` INT, "
    "PRIMARY KEY (`type_id`, `name`)",
    "ParentType": "`type_id` INT NOT NULL, `parent_type_id` INT NOT NULL, PRIMARY KEY (`type_id`, `parent_type_id`)",
    "Artifact": _NODE.format(
        columns="`uri` TEXT, `state` INT, `name` VARCHAR(255)",
        table="artifact",
        unique="UniqueArtifactTypeName",
        more=", KEY `idx_artifact_uri` (`uri`(255))",
    ),
    "ArtifactProperty": _PROPERTY.format(table="artifact"),
    "Execution": _NODE.format(
        columns="`last_known_state` INT, `name` VARCHAR(255)",
        table="execution",
        unique="UniqueExecutionTypeName",
        more="",
    ),
    "ExecutionProperty": _PROPERTY.format(table="execution"),
    "Context": _NODE.format(columns="`name` VARCHAR(255) NOT NULL", table="context", unique="type_id", more=""),
    "ContextProperty": _PROPERTY.format(table="context"),
    "Event": "`id` INT PRIMARY KEY AUTO_INCREMENT, `artifact_id` INT NOT NULL, `execution_id` INT NOT NULL, "
    "`type` INT NOT NULL, `milliseconds_since_epoch` BIGINT, "
    "UNIQUE KEY `UniqueEvent` (`artifact_id`, `execution_id`, `type`), KEY `idx_event_execution_id` (`execution_id`)",
    "EventPath": "`event_id` INT NOT NULL, `is_index_step` TINYINT(1) NOT NULL, `step_index` INT, `step_key` TEXT, "
    "KEY `idx_eventpath_event_id` (`event_id`)",
    "MLMDEnv": "`schema_version` INT PRIMARY KEY",
    "ParentContext": "`context_id` INT NOT NULL, `parent_context_id` INT NOT NULL, "
    "PRIMARY KEY (`context_id`, `parent_context_id`), "
    "KEY `idx_parentcontext_parent_context_id` (`parent_context_id`)",
    "Association": _MEMBER.format(node="execution_id"),
    "Attribution": _MEMBER.format(node="artifact_id"),
}


def script(*, unique: bool = True) -> str:
    """Makes an empty store; without `unique`, one that holds texts beside others that its collation takes for equal."""
    statements = [f"CREATE TABLE `{name}` ({columns})" for name, columns in TABLES.items()]
    if not unique:
        statements = [_loosened(statement) for statement in statements]
    statements.append("INSERT INTO MLMDEnv VALUES (10)")
    types = ", ".join(f"({id_}, '{name}', {kind})" for id_, name, kind in SIMPLE_TYPES)
    statements.append(f"INSERT INTO Type (id, name, type_kind) VALUES {types}")
    return ";\n".join(statements)


def _loosened(statement: str) -> str:
    """The statement of a table with indexes where it has keys that hold a text."""
    statement = re.sub(r"UNIQUE KEY (`\w+` \([^)]*`(?:name|external_id)`\))", r"KEY \1", statement)
    return re.sub(r"PRIMARY KEY (\(`\w+`, `name`[^)]*\))", r"KEY \1", statement)
