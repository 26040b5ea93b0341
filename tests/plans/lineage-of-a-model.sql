-- lineage-of-a-model: 11 statements in 9 round trips

-- events_onward: ARTIFACT, 1 id, 64, 64
-- events at nodes, level by level: 6 rows
WITH RECURSIVE walk(level, id, artifact_id, execution_id, type, milliseconds_since_epoch) AS
(SELECT 0 AS level, "Event_1".id AS id, "Event_1".artifact_id AS artifact_id, "Event_1".execution_id AS execution_id, "Event_1".type AS type, "Event_1".milliseconds_since_epoch AS milliseconds_since_epoch
FROM Event AS "Event_1"
WHERE "Event_1".id IN (SELECT "Event_2".id
FROM Event AS "Event_2"
WHERE "Event_2".artifact_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1) AND "Event_2".type IN (1, 4, 6, 7)
 LIMIT :most OFFSET :param_1) UNION SELECT walk.level + 1 AS level, "Event_3".id AS id, "Event_3".artifact_id AS artifact_id, "Event_3".execution_id AS execution_id, "Event_3".type AS type, "Event_3".milliseconds_since_epoch AS milliseconds_since_epoch
FROM walk, Event AS "Event_3"
WHERE "Event_3".id IN (SELECT "Event_4".id
FROM Event AS "Event_4"
WHERE "Event_4".execution_id = walk.execution_id AND "Event_4".type IN (2, 3, 5)
 LIMIT 64 OFFSET :param_2) AND walk.level % 2 = 0 AND walk.level < :levels UNION SELECT walk.level + 1 AS level, "Event_5".id AS id, "Event_5".artifact_id AS artifact_id, "Event_5".execution_id AS execution_id, "Event_5".type AS type, "Event_5".milliseconds_since_epoch AS milliseconds_since_epoch
FROM walk, Event AS "Event_5"
WHERE "Event_5".id IN (SELECT "Event_6".id
FROM Event AS "Event_6"
WHERE "Event_6".artifact_id = walk.artifact_id AND "Event_6".type IN (1, 4, 6, 7)
 LIMIT 64 OFFSET :param_3) AND walk.level % 2 = 1 AND walk.level < :le
-- and so on: 1663 characters in all, SHA-256 e1c601e7c09d…

-- events_onward: ARTIFACT, 1 id, 64, 64
-- events at nodes, level by level: 6 rows
WITH RECURSIVE walk(level, id, artifact_id, execution_id, type, milliseconds_since_epoch) AS
(SELECT 0 AS level, "Event_1".id AS id, "Event_1".artifact_id AS artifact_id, "Event_1".execution_id AS execution_id, "Event_1".type AS type, "Event_1".milliseconds_since_epoch AS milliseconds_since_epoch
FROM Event AS "Event_1"
WHERE "Event_1".id IN (SELECT "Event_2".id
FROM Event AS "Event_2"
WHERE "Event_2".artifact_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1) AND "Event_2".type IN (2, 3, 5)
 LIMIT :most OFFSET :param_1) UNION SELECT walk.level + 1 AS level, "Event_3".id AS id, "Event_3".artifact_id AS artifact_id, "Event_3".execution_id AS execution_id, "Event_3".type AS type, "Event_3".milliseconds_since_epoch AS milliseconds_since_epoch
FROM walk, Event AS "Event_3"
WHERE "Event_3".id IN (SELECT "Event_4".id
FROM Event AS "Event_4"
WHERE "Event_4".execution_id = walk.execution_id AND "Event_4".type IN (1, 4, 6, 7)
 LIMIT 64 OFFSET :param_2) AND walk.level % 2 = 0 AND walk.level < :levels UNION SELECT walk.level + 1 AS level, "Event_5".id AS id, "Event_5".artifact_id AS artifact_id, "Event_5".execution_id AS execution_id, "Event_5".type AS type, "Event_5".milliseconds_since_epoch AS milliseconds_since_epoch
FROM walk, Event AS "Event_5"
WHERE "Event_5".id IN (SELECT "Event_6".id
FROM Event AS "Event_6"
WHERE "Event_6".artifact_id = walk.artifact_id AND "Event_6".type IN (2, 3, 5)
 LIMIT 64 OFFSET :param_3) AND walk.level % 2 = 1 AND walk.level < :level
-- and so on: 1660 characters in all, SHA-256 c2740da9d408…

-- get: 13 artifacts and executions, {name, uri, version}
-- nodes by id: 7 rows
SELECT Artifact.id, Artifact.type_id, Artifact.name, Artifact.external_id, Artifact.create_time_since_epoch, Artifact.last_update_time_since_epoch, Artifact.state, Artifact.uri
FROM Artifact
WHERE Artifact.id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
-- properties by id that the selected fields need: 13 rows
SELECT ArtifactProperty.artifact_id, ArtifactProperty.name, ArtifactProperty.is_custom_property, ArtifactProperty.string_value, ArtifactProperty.int_value, ArtifactProperty.double_value, ArtifactProperty.bool_value, ArtifactProperty.byte_value, ArtifactProperty.proto_value
FROM ArtifactProperty
WHERE ArtifactProperty.artifact_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1) AND ArtifactProperty.name IN (:name_1_1, :name_1_2)
-- nodes by id: 6 rows
SELECT Execution.id, Execution.type_id, Execution.name, Execution.external_id, Execution.create_time_since_epoch, Execution.last_update_time_since_epoch, Execution.last_known_state
FROM Execution
WHERE Execution.id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
-- properties by id that the selected fields need: 6 rows
SELECT ExecutionProperty.execution_id, ExecutionProperty.name, ExecutionProperty.is_custom_property, ExecutionProperty.string_value, ExecutionProperty.int_value, ExecutionProperty.double_value, ExecutionProperty.bool_value, ExecutionProperty.byte_value, ExecutionProperty.proto_value
FROM ExecutionProperty
WHERE ExecutionProperty.execution_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1) AND ExecutionProperty.name IN (:name_1_1)

-- paths: those not known yet
-- paths of events: theirs
SELECT EventPath.event_id, EventPath.is_index_step, EventPath.step_index, EventPath.step_key
FROM EventPath
WHERE EventPath.event_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)

-- types_of: Artifact, 1 id
-- types: 72 rows
-- types of nodes: 1 row

-- types_of: Artifact, 7 ids
-- types of nodes: 7 rows

-- types_of: Execution, 6 ids
-- types of nodes: 6 rows
