-- models-without-approved-data: 15 statements in 13 round trips

-- count: artifacts where label 'stage' = 'production' and kind in ['MODEL'] and not id in [] in the order of id
-- highest id: 1 row
SELECT max(Artifact.id) AS max_1
FROM Artifact
-- cost of access paths: 1 row
WITH anon_1 AS
(SELECT 1 AS id
FROM ArtifactProperty AS "ArtifactProperty_1"
WHERE "ArtifactProperty_1".name = :name_1 AND "ArtifactProperty_1".is_custom_property = 1 AND "ArtifactProperty_1".string_value = :string_value_1 UNION ALL SELECT 1 AS id
FROM ArtifactProperty AS "ArtifactProperty_2"
WHERE "ArtifactProperty_2".name = :name_2 AND "ArtifactProperty_2".is_custom_property = 0 AND "ArtifactProperty_2".string_value IS NOT NULL AND "ArtifactProperty_2".string_value < :string_value_2 UNION ALL SELECT 1 AS id
FROM ArtifactProperty AS "ArtifactProperty_2"
WHERE "ArtifactProperty_2".name = :name_2 AND "ArtifactProperty_2".is_custom_property = 0 AND "ArtifactProperty_2".string_value IS NOT NULL AND "ArtifactProperty_2".string_value >= :string_value_3
 LIMIT :budget OFFSET :param_1),
anon_2 AS
(SELECT 1 AS id
FROM Artifact AS "Artifact_1"
WHERE "Artifact_1".type_id IN (:type_id_1_1)
 LIMIT :budget OFFSET :param_2)
 SELECT (SELECT count(*) AS count_1
FROM anon_1) AS c0, (SELECT count(*) AS count_2
FROM anon_2) AS c1
-- count, by access path label 'stage': 1 row
WITH anon_3 AS
(SELECT "ArtifactProperty_3".artifact_id AS id
FROM ArtifactProperty AS "ArtifactProperty_3"
WHERE "ArtifactProperty_3".name = :name_3 AND "ArtifactProperty_3".is_custom_property = 1 AND "ArtifactProperty_3".string_value = :string_value_3 UNION SELECT "ArtifactProperty_4".artifact_id AS id
FROM ArtifactProperty AS "ArtifactProperty_4"
WHERE "ArtifactProperty_4".name = :name_4 AND "ArtifactProperty_4".is_custom_property = 0 AND "ArtifactProperty_4".string_value IS NOT NULL AND "ArtifactProperty_4".string_value < :string_value_4 UNION SELECT "ArtifactProperty_4".artifact_id AS id
FROM ArtifactProperty AS "ArtifactProperty_4"
WHERE "ArtifactProperty_4".name = :name_4 AND "ArtifactProperty_4".is_custom_property = 0 AND "ArtifactProperty_4".string_value IS NOT NULL AND "ArtifactProperty_4".string_value >= :string_value_5)
 SELECT count(*) AS c0
FROM Artifact AS "Artifact_1"
WHERE coalesce(coalesce((SELECT "ArtifactProperty_1".string_value
FROM ArtifactProperty AS "ArtifactProperty_1"
WHERE "ArtifactProperty_1".artifact_id = "Artifact_1".id AND "ArtifactProperty_1".name = :name_1 AND "ArtifactProperty_1".is_custom_property = 1 AND typeof("ArtifactProperty_1".string_value) = :typeof_1), (SELECT CASE WHEN (anon_2.type = :type_1) THEN anon_2.value WHEN (anon_2.type = :type_2) THEN NULL WHEN (anon_2.type IN (:type_3_1, :type_3_2)) THEN anon_2.type ELSE CASE WHEN (anon_2.type = :type_4) THEN CAST(anon_2.value AS VARCHAR) ELSE json_text(CASE WHEN (typeof(anon_2.
-- and so on: 2344 characters in all, SHA-256 014dfef225b3…

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

-- ids: Artifact, label 'approved' = 'yes' and kind in ['DATA_SET'], 200001
-- types: 72 rows
-- highest id: 1 row
SELECT max(Artifact.id) AS max_1
FROM Artifact
-- cost of access paths: 1 row
WITH anon_1 AS
(SELECT 1 AS id
FROM ArtifactProperty AS "ArtifactProperty_1"
WHERE "ArtifactProperty_1".name = :name_1 AND "ArtifactProperty_1".is_custom_property = 1 AND "ArtifactProperty_1".string_value = :string_value_1 UNION ALL SELECT 1 AS id
FROM ArtifactProperty AS "ArtifactProperty_2"
WHERE "ArtifactProperty_2".name = :name_2 AND "ArtifactProperty_2".is_custom_property = 0 AND "ArtifactProperty_2".string_value IS NOT NULL AND "ArtifactProperty_2".string_value < :string_value_2 UNION ALL SELECT 1 AS id
FROM ArtifactProperty AS "ArtifactProperty_2"
WHERE "ArtifactProperty_2".name = :name_2 AND "ArtifactProperty_2".is_custom_property = 0 AND "ArtifactProperty_2".string_value IS NOT NULL AND "ArtifactProperty_2".string_value >= :string_value_3
 LIMIT :budget OFFSET :param_1),
anon_2 AS
(SELECT 1 AS id
FROM Artifact AS "Artifact_1"
WHERE "Artifact_1".type_id IN (:type_id_1_1)
 LIMIT :budget OFFSET :param_2)
 SELECT (SELECT count(*) AS count_1
FROM anon_1) AS c0, (SELECT count(*) AS count_2
FROM anon_2) AS c1
-- ids of all: 0 rows
WITH anon_3 AS
(SELECT "ArtifactProperty_3".artifact_id AS id
FROM ArtifactProperty AS "ArtifactProperty_3"
WHERE "ArtifactProperty_3".name = :name_3 AND "ArtifactProperty_3".is_custom_property = 1 AND "ArtifactProperty_3".string_value = :string_value_3 UNION SELECT "ArtifactProperty_4".artifact_id AS id
FROM ArtifactProperty AS "ArtifactProperty_4"
WHERE "ArtifactProperty_4".name = :name_4 AND "ArtifactProperty_4".is_custom_property = 0 AND "ArtifactProperty_4".string_value IS NOT NULL AND "ArtifactProperty_4".string_value < :string_value_4 UNION SELECT "ArtifactProperty_4".artifact_id AS id
FROM ArtifactProperty AS "ArtifactProperty_4"
WHERE "ArtifactProperty_4".name = :name_4 AND "ArtifactProperty_4".is_custom_property = 0 AND "ArtifactProperty_4".string_value IS NOT NULL AND "ArtifactProperty_4".string_value >= :string_value_5)
 SELECT "Artifact_1".id
FROM Artifact AS "Artifact_1"
WHERE coalesce(coalesce((SELECT "ArtifactProperty_1".string_value
FROM ArtifactProperty AS "ArtifactProperty_1"
WHERE "ArtifactProperty_1".artifact_id = "Artifact_1".id AND "ArtifactProperty_1".name = :name_1 AND "ArtifactProperty_1".is_custom_property = 1 AND typeof("ArtifactProperty_1".string_value) = :typeof_1), (SELECT CASE WHEN (anon_2.type = :type_1) THEN anon_2.value WHEN (anon_2.type = :type_2) THEN NULL WHEN (anon_2.type IN (:type_3_1, :type_3_2)) THEN anon_2.type ELSE CASE WHEN (anon_2.type = :type_4) THEN CAST(anon_2.value AS VARCHAR) ELSE json_text(CASE WHEN (typeof(anon_2
-- and so on: 2351 characters in all, SHA-256 cd9e4daea2f6…

-- search: artifacts where label 'stage' = 'production' and kind in ['MODEL'] and not id in [] in the order of id, first 50, {name, uri, version}
-- cost of access paths: 1 row
WITH anon_1 AS
(SELECT 1 AS id
FROM ArtifactProperty AS "ArtifactProperty_1"
WHERE "ArtifactProperty_1".name = :name_1 AND "ArtifactProperty_1".is_custom_property = 1 AND "ArtifactProperty_1".string_value = :string_value_1 UNION ALL SELECT 1 AS id
FROM ArtifactProperty AS "ArtifactProperty_2"
WHERE "ArtifactProperty_2".name = :name_2 AND "ArtifactProperty_2".is_custom_property = 0 AND "ArtifactProperty_2".string_value IS NOT NULL AND "ArtifactProperty_2".string_value < :string_value_2 UNION ALL SELECT 1 AS id
FROM ArtifactProperty AS "ArtifactProperty_2"
WHERE "ArtifactProperty_2".name = :name_2 AND "ArtifactProperty_2".is_custom_property = 0 AND "ArtifactProperty_2".string_value IS NOT NULL AND "ArtifactProperty_2".string_value >= :string_value_3
 LIMIT :budget OFFSET :param_1),
anon_2 AS
(SELECT 1 AS id
FROM Artifact AS "Artifact_1"
WHERE "Artifact_1".type_id IN (:type_id_1_1)
 LIMIT :budget OFFSET :param_2)
 SELECT (SELECT count(*) AS count_1
FROM anon_1) AS c0, (SELECT count(*) AS count_2
FROM anon_2) AS c1
-- page, by access path label 'stage': 2 rows
WITH anon_3 AS
(SELECT "ArtifactProperty_3".artifact_id AS id
FROM ArtifactProperty AS "ArtifactProperty_3"
WHERE "ArtifactProperty_3".name = :name_3 AND "ArtifactProperty_3".is_custom_property = 1 AND "ArtifactProperty_3".string_value = :string_value_3 UNION SELECT "ArtifactProperty_4".artifact_id AS id
FROM ArtifactProperty AS "ArtifactProperty_4"
WHERE "ArtifactProperty_4".name = :name_4 AND "ArtifactProperty_4".is_custom_property = 0 AND "ArtifactProperty_4".string_value IS NOT NULL AND "ArtifactProperty_4".string_value < :string_value_4 UNION SELECT "ArtifactProperty_4".artifact_id AS id
FROM ArtifactProperty AS "ArtifactProperty_4"
WHERE "ArtifactProperty_4".name = :name_4 AND "ArtifactProperty_4".is_custom_property = 0 AND "ArtifactProperty_4".string_value IS NOT NULL AND "ArtifactProperty_4".string_value >= :string_value_5)
 SELECT "Artifact_1".id AS c0, "Artifact_1".id AS c1
FROM Artifact AS "Artifact_1"
WHERE coalesce(coalesce((SELECT "ArtifactProperty_1".string_value
FROM ArtifactProperty AS "ArtifactProperty_1"
WHERE "ArtifactProperty_1".artifact_id = "Artifact_1".id AND "ArtifactProperty_1".name = :name_1 AND "ArtifactProperty_1".is_custom_property = 1 AND typeof("ArtifactProperty_1".string_value) = :typeof_1), (SELECT CASE WHEN (anon_2.type = :type_1) THEN anon_2.value WHEN (anon_2.type = :type_2) THEN NULL WHEN (anon_2.type IN (:type_3_1, :type_3_2)) THEN anon_2.type ELSE CASE WHEN (anon_2.type = :type_4) THEN CAST(anon_2.value AS VARCHAR) ELSE json_
-- and so on: 2440 characters in all, SHA-256 59c5bed96424…
-- nodes by id: 2 rows
SELECT Artifact.id, Artifact.type_id, Artifact.name, Artifact.external_id, Artifact.create_time_since_epoch, Artifact.last_update_time_since_epoch, Artifact.state, Artifact.uri
FROM Artifact
WHERE Artifact.id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
-- properties by id that the selected fields need: 4 rows
SELECT ArtifactProperty.artifact_id, ArtifactProperty.name, ArtifactProperty.is_custom_property, ArtifactProperty.string_value, ArtifactProperty.int_value, ArtifactProperty.double_value, ArtifactProperty.bool_value, ArtifactProperty.byte_value, ArtifactProperty.proto_value
FROM ArtifactProperty
WHERE ArtifactProperty.artifact_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1) AND ArtifactProperty.name IN (:name_1_1, :name_1_2)

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
