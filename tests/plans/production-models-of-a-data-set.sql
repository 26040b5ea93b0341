-- production-models-of-a-data-set: 12 statements in 9 round trips

-- events_onward: ARTIFACT, 1 id, 64, 64
-- events at nodes, level by level: 22 rows
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

-- get: 1 artifact
-- types: 72 rows
-- nodes by id: 1 row
SELECT Artifact.id, Artifact.type_id, Artifact.name, Artifact.external_id, Artifact.create_time_since_epoch, Artifact.last_update_time_since_epoch, Artifact.state, Artifact.uri
FROM Artifact
WHERE Artifact.id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
-- properties by id: 10 rows
SELECT ArtifactProperty.artifact_id, ArtifactProperty.name, ArtifactProperty.is_custom_property, ArtifactProperty.string_value, ArtifactProperty.int_value, ArtifactProperty.double_value, ArtifactProperty.bool_value, ArtifactProperty.byte_value, ArtifactProperty.proto_value
FROM ArtifactProperty
WHERE ArtifactProperty.artifact_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)

-- get: 2 artifacts
-- nodes by id: 2 rows
SELECT Artifact.id, Artifact.type_id, Artifact.name, Artifact.external_id, Artifact.create_time_since_epoch, Artifact.last_update_time_since_epoch, Artifact.state, Artifact.uri
FROM Artifact
WHERE Artifact.id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
-- properties by id: 25 rows
SELECT ArtifactProperty.artifact_id, ArtifactProperty.name, ArtifactProperty.is_custom_property, ArtifactProperty.string_value, ArtifactProperty.int_value, ArtifactProperty.double_value, ArtifactProperty.bool_value, ArtifactProperty.byte_value, ArtifactProperty.proto_value
FROM ArtifactProperty
WHERE ArtifactProperty.artifact_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)

-- get: 2 workspaces
-- workspaces: 2 rows
SELECT "Context_1".id
FROM Context AS "Context_1"
WHERE "Context_1".id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1) AND "Context_1".type_id + :type_id_1 IN (:param_1_1)
-- nodes by id: 2 rows
SELECT Context.id, Context.type_id, Context.name, Context.external_id, Context.create_time_since_epoch, Context.last_update_time_since_epoch
FROM Context
WHERE Context.id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
-- properties by id: 7 rows
SELECT ContextProperty.context_id, ContextProperty.name, ContextProperty.is_custom_property, ContextProperty.string_value, ContextProperty.int_value, ContextProperty.double_value, ContextProperty.bool_value, ContextProperty.byte_value, ContextProperty.proto_value
FROM ContextProperty
WHERE ContextProperty.context_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)

-- matching: Artifact, 12 ids, label 'stage' = 'production' and kind in ['MODEL']
-- statement: 2 rows
SELECT "Artifact_1".id
FROM Artifact AS "Artifact_1"
WHERE "Artifact_1".id IN (SELECT anon_1.value
FROM json_each(:param_1) AS anon_1) AND coalesce(coalesce((SELECT "ArtifactProperty_1".string_value
FROM ArtifactProperty AS "ArtifactProperty_1"
WHERE "ArtifactProperty_1".artifact_id = "Artifact_1".id AND "ArtifactProperty_1".name = :name_1 AND "ArtifactProperty_1".is_custom_property = 1 AND typeof("ArtifactProperty_1".string_value) = :typeof_1), (SELECT CASE WHEN (anon_3.type = :type_1) THEN anon_3.value WHEN (anon_3.type = :type_2) THEN NULL WHEN (anon_3.type IN (:type_3_1, :type_3_2)) THEN anon_3.type ELSE CASE WHEN (anon_3.type = :type_4) THEN CAST(anon_3.value AS VARCHAR) ELSE json_text(CASE WHEN (typeof(anon_3.value) = :typeof_2) THEN CAST(anon_3.value AS BLOB) ELSE anon_3.value END) END END AS anon_2
FROM ArtifactProperty AS "ArtifactProperty_2", json_each(coalesce(CASE WHEN (json_valid("ArtifactProperty_2".string_value) = :json_valid_1) THEN "ArtifactProperty_2".string_value END, strict_json(CAST("ArtifactProperty_2".string_value AS BLOB))), :json_each_1) AS anon_3
WHERE "ArtifactProperty_2".artifact_id = "Artifact_1".id AND "ArtifactProperty_2".name = :name_2 AND "ArtifactProperty_2".is_custom_property = 0 AND ("ArtifactProperty_2".string_value < :string_value_1 OR "ArtifactProperty_2".string_value >= :string_value_2) AND anon_3."key" = :key_1
 LIMIT :param_2 OFFSET :param_3), NULL) = :coalesce_1, 0) = 1 AND "Artifact_1".type_id + :type_id_1 IN (:param_4_1)

-- matching: Execution, 9 ids, false
-- statement: 0 rows
SELECT "Execution_1".id
FROM Execution AS "Execution_1"
WHERE "Execution_1".id IN (SELECT anon_1.value
FROM json_each(:param_1) AS anon_1) AND 0 = 1

-- workspaces_of: Artifact, 2 artifacts
-- workspaces' names: 2 rows
SELECT "ArtifactProperty_1".artifact_id, "ArtifactProperty_1".string_value, (SELECT min("Context_1".id) AS min_1
FROM Context AS "Context_1"
WHERE "Context_1".type_id IN (:type_id_1_1) AND "Context_1".name = "ArtifactProperty_1".string_value) AS anon_1, (SELECT min("Context_2".id) AS min_2
FROM Context AS "Context_2", Attribution AS "Attribution_1"
WHERE "Context_2".type_id IN (:type_id_2_1) AND "Context_2".name = "ArtifactProperty_1".string_value AND "Attribution_1".context_id = "Context_2".id AND "Attribution_1".artifact_id = "ArtifactProperty_1".artifact_id) AS anon_2
FROM ArtifactProperty AS "ArtifactProperty_1", Artifact AS "Artifact_1"
WHERE "ArtifactProperty_1".artifact_id IN (SELECT anon_3.value
FROM json_each(:ids) AS anon_3) AND "ArtifactProperty_1".name = :name_1 AND "ArtifactProperty_1".is_custom_property = 1 AND (typeof("ArtifactProperty_1".string_value) = 'text' AND substr("ArtifactProperty_1".string_value, 1, 13) != 'mlmd-struct::') = 1 AND "ArtifactProperty_1".string_value != :string_value_1 AND "Artifact_1".id = "ArtifactProperty_1".artifact_id AND "Artifact_1".type_id + :type_id_3 IN (:param_1_1, :param_1_2, :param_1_3, :param_1_4, :param_1_5, :param_1_6)
