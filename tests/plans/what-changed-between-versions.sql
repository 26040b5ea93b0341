-- what-changed-between-versions: 16 statements in 12 round trips

-- events: EXECUTION, 6 ids, {DECLARED_OUTPUT, INTERNAL_OUTPUT, OUTPUT, PENDING_OUTPUT}
-- events at nodes: 10 rows
SELECT Event.id, Event.artifact_id, Event.execution_id, Event.type, Event.milliseconds_since_epoch
FROM Event
WHERE Event.execution_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1) AND Event.type IN (1, 4, 6, 7)

-- events_onward: ARTIFACT, 2 ids, 64, 64
-- events at nodes, level by level: 12 rows
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

-- get: 0 ids

-- get: 14 artifacts and executions
-- nodes by id: 8 rows
SELECT Artifact.id, Artifact.type_id, Artifact.name, Artifact.external_id, Artifact.create_time_since_epoch, Artifact.last_update_time_since_epoch, Artifact.state, Artifact.uri
FROM Artifact
WHERE Artifact.id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
-- properties by id: 82 rows
SELECT ArtifactProperty.artifact_id, ArtifactProperty.name, ArtifactProperty.is_custom_property, ArtifactProperty.string_value, ArtifactProperty.int_value, ArtifactProperty.double_value, ArtifactProperty.bool_value, ArtifactProperty.byte_value, ArtifactProperty.proto_value
FROM ArtifactProperty
WHERE ArtifactProperty.artifact_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
-- nodes by id: 6 rows
SELECT Execution.id, Execution.type_id, Execution.name, Execution.external_id, Execution.create_time_since_epoch, Execution.last_update_time_since_epoch, Execution.last_known_state
FROM Execution
WHERE Execution.id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
-- properties by id: 42 rows
SELECT ExecutionProperty.execution_id, ExecutionProperty.name, ExecutionProperty.is_custom_property, ExecutionProperty.string_value, ExecutionProperty.int_value, ExecutionProperty.double_value, ExecutionProperty.bool_value, ExecutionProperty.byte_value, ExecutionProperty.proto_value
FROM ExecutionProperty
WHERE ExecutionProperty.execution_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)

-- get: 2 artifacts
-- nodes by id: 2 rows
SELECT Artifact.id, Artifact.type_id, Artifact.name, Artifact.external_id, Artifact.create_time_since_epoch, Artifact.last_update_time_since_epoch, Artifact.state, Artifact.uri
FROM Artifact
WHERE Artifact.id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
-- properties by id: 24 rows
SELECT ArtifactProperty.artifact_id, ArtifactProperty.name, ArtifactProperty.is_custom_property, ArtifactProperty.string_value, ArtifactProperty.int_value, ArtifactProperty.double_value, ArtifactProperty.bool_value, ArtifactProperty.byte_value, ArtifactProperty.proto_value
FROM ArtifactProperty
WHERE ArtifactProperty.artifact_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)

-- paths: those not known yet
-- paths of events: theirs
SELECT EventPath.event_id, EventPath.is_index_step, EventPath.step_index, EventPath.step_key
FROM EventPath
WHERE EventPath.event_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)

-- paths: those not known yet
-- paths of events: theirs
SELECT EventPath.event_id, EventPath.is_index_step, EventPath.step_index, EventPath.step_key
FROM EventPath
WHERE EventPath.event_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)

-- search_under: MODEL_METRICS, 2 artifacts, artifacts in the order of id, first 1000
-- page under each owner: 2 rows
SELECT owner.key, (SELECT json_group_array(json_array(c0, c1)) FROM (SELECT "Artifact_1".id AS c0, "Artifact_1".id AS c1
FROM Artifact AS "Artifact_1"
WHERE "Artifact_1".id IN (SELECT anon_1.id
FROM (SELECT "ArtifactProperty_1".artifact_id AS id
FROM ArtifactProperty AS "ArtifactProperty_1"
WHERE "ArtifactProperty_1".name = :name_1 AND "ArtifactProperty_1".is_custom_property = 0 AND "ArtifactProperty_1".string_value = CAST(owner.value AS VARCHAR) UNION SELECT "Event_1".artifact_id AS id
FROM Event AS "Event_1", Event AS "Event_2"
WHERE "Event_2".artifact_id = owner.value AND "Event_1".execution_id = "Event_2".execution_id AND "Event_1".type IN (:type_1_1, :type_1_2, :type_1_3, :type_1_4)) AS anon_1) AND "Artifact_1".type_id + :type_id_1 IN (:param_1_1) AND "Artifact_1".id != owner.value AND 1 = 1 ORDER BY "Artifact_1".id ASC
 LIMIT :window_limit OFFSET :param_2)) FROM json_each(:owners) AS owner
-- nodes by id: 4 rows
SELECT Artifact.id, Artifact.type_id, Artifact.name, Artifact.external_id, Artifact.create_time_since_epoch, Artifact.last_update_time_since_epoch, Artifact.state, Artifact.uri
FROM Artifact
WHERE Artifact.id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
-- properties by id: 50 rows
SELECT ArtifactProperty.artifact_id, ArtifactProperty.name, ArtifactProperty.is_custom_property, ArtifactProperty.string_value, ArtifactProperty.int_value, ArtifactProperty.double_value, ArtifactProperty.bool_value, ArtifactProperty.byte_value, ArtifactProperty.proto_value
FROM ArtifactProperty
WHERE ArtifactProperty.artifact_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)

-- types_of: Artifact, 10 ids
-- types of nodes: 10 rows

-- types_of: Artifact, 2 ids
-- types: 72 rows
-- types of nodes: 2 rows
