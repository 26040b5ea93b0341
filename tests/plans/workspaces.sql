-- workspaces: 17 statements in 15 round trips

-- count: workspaces in the order of name
-- count: 1 row
SELECT count(*) AS c0
FROM Context AS "Context_1"
WHERE 1 = 1 AND "Context_1".type_id + :type_id_1 IN (:param_1_1)

-- count_under: WORKSPACE_ARTIFACTS, 3 workspaces, artifacts in the order of id
-- count under each owner: 3 rows
SELECT owner.key, (SELECT json_group_array(json_array(c0)) FROM (SELECT count(*) AS c0
FROM Artifact AS "Artifact_1", Attribution AS "Attribution_1"
WHERE "Attribution_1".context_id = owner.value AND "Attribution_1".artifact_id = "Artifact_1".id AND 1 = 1)) FROM json_each(:owners) AS owner

-- count_under: WORKSPACE_EXECUTIONS, 3 workspaces, executions in the order of id
-- count under each owner: 3 rows
SELECT owner.key, (SELECT json_group_array(json_array(c0)) FROM (SELECT count(*) AS c0
FROM Execution AS "Execution_1", Association AS "Association_1"
WHERE "Association_1".context_id = owner.value AND "Association_1".execution_id = "Execution_1".id AND 1 = 1)) FROM json_each(:owners) AS owner

-- count_under: WORKSPACE_RUNS, 3 workspaces, runs in the order of id
-- count under each owner: 3 rows
SELECT owner.key, (SELECT json_group_array(json_array(c0)) FROM (SELECT count(*) AS c0
FROM (SELECT "Context_1".id AS id, "Context_1".type_id AS type_id, "Context_1".id AS place, (SELECT min("Context_2".id) AS min_1
FROM Context AS "Context_2"
WHERE "Context_2".type_id IN (:type_id_1_1) AND "Context_2".name = "ContextProperty_1".string_value) AS workspace_id, "ContextProperty_1".string_value AS workspace_name, "ContextProperty_2".string_value AS run_name, :param_1 AS named, "Context_1".external_id AS external_id, "Context_1".create_time_since_epoch AS create_time, "Context_1".last_update_time_since_epoch AS update_time
FROM Context AS "Context_1", ContextProperty AS "ContextProperty_1", ContextProperty AS "ContextProperty_2"
WHERE "Context_1".type_id IN (:type_id_2_1) AND "ContextProperty_1".context_id = "Context_1".id AND "ContextProperty_1".name = :name_1 AND "ContextProperty_1".is_custom_property = 1 AND "ContextProperty_2".context_id = "Context_1".id AND "ContextProperty_2".name = :name_2 AND "ContextProperty_2".is_custom_property = 1 AND (typeof("ContextProperty_1".string_value) = 'text' AND substr("ContextProperty_1".string_value, 1, 13) != 'mlmd-struct::') = 1 AND (typeof("ContextProperty_2".string_value) = 'text' AND substr("ContextProperty_2".string_value, 1, 13) != 'mlmd-struct::') = 1 AND "ContextProperty_1".string_value = (SELECT "Context_3".name
FROM Context AS "Context_3"
WHERE "Context_3".id = owner.value) UNION ALL SELECT :param_2 AS id, :param_3 AS typ
-- and so on: 3394 characters in all, SHA-256 ffd22d80e706…

-- search: workspaces in the order of name, first 20, {createTime, description, labels, name}
-- types: 72 rows
-- names of workspaces without a context: 0 rows
WITH RECURSIVE anon_1(text) AS
(SELECT (SELECT "ArtifactProperty_1".string_value AS text
FROM ArtifactProperty AS "ArtifactProperty_1"
WHERE "ArtifactProperty_1".name = :name_1 AND "ArtifactProperty_1".is_custom_property = 1 AND "ArtifactProperty_1".string_value >= :string_value_1 ORDER BY "ArtifactProperty_1".string_value
 LIMIT :param_1 OFFSET :param_2) AS text UNION ALL SELECT (SELECT "ArtifactProperty_2".string_value AS text
FROM ArtifactProperty AS "ArtifactProperty_2"
WHERE "ArtifactProperty_2".name = :name_2 AND "ArtifactProperty_2".is_custom_property = 1 AND "ArtifactProperty_2".string_value > anon_1.text ORDER BY "ArtifactProperty_2".string_value
 LIMIT :param_3 OFFSET :param_4) AS anon_2
FROM anon_1
WHERE anon_1.text IS NOT NULL),
anon_4(text) AS
(SELECT (SELECT "ExecutionProperty_1".string_value AS text
FROM ExecutionProperty AS "ExecutionProperty_1"
WHERE "ExecutionProperty_1".name = :name_4 AND "ExecutionProperty_1".is_custom_property = 1 AND "ExecutionProperty_1".string_value >= :string_value_2 ORDER BY "ExecutionProperty_1".string_value
 LIMIT :param_7 OFFSET :param_8) AS text UNION ALL SELECT (SELECT "ExecutionProperty_2".string_value AS text
FROM ExecutionProperty AS "ExecutionProperty_2"
WHERE "ExecutionProperty_2".name = :name_5 AND "ExecutionProperty_2".is_custom_property = 1 AND "ExecutionProperty_2".string_value > anon_4.text ORDER BY "ExecutionProperty_2".string_value
 LIMIT :param_9 OFFSET :param_10) AS anon_5
FROM anon_4
WHERE anon_4.te
-- and so on: 2886 characters in all, SHA-256 23715b650abb…
-- page, in the order: 3 rows
SELECT coalesce(coalesce(nullif(CAST("Context_1".name AS TEXT), :param_1), nullif(coalesce((SELECT "Type_1".name
FROM Type AS "Type_1"
WHERE "Type_1".id = "Context_1".type_id), :param_2 || CAST("Context_1".type_id AS VARCHAR)) || :coalesce_1 || CAST("Context_1".id AS VARCHAR), :param_3), NULL), :coalesce_2) AS c0, "Context_1".id AS c1, "Context_1".id AS c2
FROM Context AS "Context_1"
WHERE 1 = 1 AND "Context_1".type_id + :type_id_1 IN (:param_4_1) ORDER BY coalesce(coalesce(nullif(CAST("Context_1".name AS TEXT), :param_1), nullif(coalesce((SELECT "Type_1".name
FROM Type AS "Type_1"
WHERE "Type_1".id = "Context_1".type_id), :param_2 || CAST("Context_1".type_id AS VARCHAR)) || :coalesce_1 || CAST("Context_1".id AS VARCHAR), :param_3), NULL), :coalesce_2) ASC, "Context_1".id ASC
 LIMIT :window_limit OFFSET :param_5
-- nodes by id: 3 rows
SELECT Context.id, Context.type_id, Context.name, Context.external_id, Context.create_time_since_epoch, Context.last_update_time_since_epoch
FROM Context
WHERE Context.id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
-- properties by id that the selected fields need: 10 rows
SELECT ContextProperty.context_id, ContextProperty.name, ContextProperty.is_custom_property, ContextProperty.string_value, ContextProperty.int_value, ContextProperty.double_value, ContextProperty.bool_value, ContextProperty.byte_value, ContextProperty.proto_value
FROM ContextProperty
WHERE ContextProperty.context_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1) AND (ContextProperty.name IN (:name_1_1) OR ContextProperty.is_custom_property = 1 AND ContextProperty.name >= :name_2 AND ContextProperty.name < :name_3 OR ContextProperty.name = :name_4 AND ContextProperty.is_custom_property = 0)

-- search_under: WORKSPACE_ARTIFACTS, 3 workspaces, artifacts in the order of id, first 1, {}
-- page under each owner: 3 rows
SELECT owner.key, (SELECT json_group_array(json_array(c0, c1)) FROM (SELECT "Artifact_1".id AS c0, "Artifact_1".id AS c1
FROM Artifact AS "Artifact_1", Attribution AS "Attribution_1"
WHERE "Attribution_1".context_id = owner.value AND "Attribution_1".artifact_id = "Artifact_1".id AND 1 = 1 ORDER BY "Artifact_1".id ASC
 LIMIT :window_limit OFFSET :param_1)) FROM json_each(:owners) AS owner
-- types of nodes by id: 3 rows

-- search_under: WORKSPACE_EXECUTIONS, 3 workspaces, executions in the order of id, first 1, {}
-- page under each owner: 3 rows
SELECT owner.key, (SELECT json_group_array(json_array(c0, c1)) FROM (SELECT "Execution_1".id AS c0, "Execution_1".id AS c1
FROM Execution AS "Execution_1", Association AS "Association_1"
WHERE "Association_1".context_id = owner.value AND "Association_1".execution_id = "Execution_1".id AND 1 = 1 ORDER BY "Execution_1".id ASC
 LIMIT :window_limit OFFSET :param_1)) FROM json_each(:owners) AS owner
-- types of nodes by id: 3 rows

-- search_under: WORKSPACE_RUNS, 3 workspaces, runs in the order of id, first 1, {}
-- page under each owner, among the next contexts: 3 rows
SELECT owner.key, (SELECT json_group_array(json_array(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10)) FROM (SELECT anon_1.place AS c0, anon_1.workspace_name AS c1, anon_1.run_name AS c2, anon_1.id AS c3, anon_1.type_id AS c4, anon_1.workspace_name AS c5, anon_1.run_name AS c6, anon_1.named AS c7, anon_1.external_id AS c8, anon_1.create_time AS c9, anon_1.update_time AS c10
FROM (SELECT "Context_1".id AS id, "Context_1".type_id AS type_id, "Context_1".id AS place, (SELECT min("Context_2".id) AS min_1
FROM Context AS "Context_2"
WHERE "Context_2".type_id IN (:type_id_1_1) AND "Context_2".name = (SELECT "Context_3".name
FROM Context AS "Context_3"
WHERE "Context_3".id = owner.value)) AS workspace_id, (SELECT "ContextProperty_1".string_value
FROM ContextProperty AS "ContextProperty_1"
WHERE "ContextProperty_1".context_id = "Context_1".id AND "ContextProperty_1".name = :name_1 AND "ContextProperty_1".is_custom_property = 1) AS workspace_name, (SELECT "ContextProperty_2".string_value
FROM ContextProperty AS "ContextProperty_2"
WHERE "ContextProperty_2".context_id = "Context_1".id AND "ContextProperty_2".name = :name_2 AND "ContextProperty_2".is_custom_property = 1) AS run_name, :param_1 AS named, "Context_1".external_id AS external_id, "Context_1".create_time_since_epoch AS create_time, "Context_1".last_update_time_since_epoch AS update_time
FROM Context AS "Context_1"
WHERE "Context_1".type_id + :type_id_2 IN (:param_2_1) AND "Context_1".id > :id_1 AND "Context_1".id <= C
-- and so on: 3120 characters in all, SHA-256 e15619a4de24…
-- page under each owner: 3 rows
SELECT owner.key, (SELECT json_group_array(json_array(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10)) FROM (SELECT anon_1.place AS c0, anon_1.workspace_name AS c1, anon_1.run_name AS c2, anon_1.id AS c3, anon_1.type_id AS c4, anon_1.workspace_name AS c5, anon_1.run_name AS c6, anon_1.named AS c7, anon_1.external_id AS c8, anon_1.create_time AS c9, anon_1.update_time AS c10
FROM (SELECT "Context_1".id AS id, "Context_1".type_id AS type_id, "Context_1".id AS place, (SELECT min("Context_2".id) AS min_1
FROM Context AS "Context_2"
WHERE "Context_2".type_id IN (:type_id_1_1) AND "Context_2".name = "ContextProperty_1".string_value) AS workspace_id, "ContextProperty_1".string_value AS workspace_name, "ContextProperty_2".string_value AS run_name, :param_1 AS named, "Context_1".external_id AS external_id, "Context_1".create_time_since_epoch AS create_time, "Context_1".last_update_time_since_epoch AS update_time
FROM Context AS "Context_1", ContextProperty AS "ContextProperty_1", ContextProperty AS "ContextProperty_2"
WHERE "Context_1".type_id IN (:type_id_2_1) AND "ContextProperty_1".context_id = "Context_1".id AND "ContextProperty_1".name = :name_1 AND "ContextProperty_1".is_custom_property = 1 AND "ContextProperty_2".context_id = "Context_1".id AND "ContextProperty_2".name = :name_2 AND "ContextProperty_2".is_custom_property = 1 AND (typeof("ContextProperty_1".string_value) = 'text' AND substr("ContextProperty_1".string_value, 1, 13) != 'mlmd-struct::') = 1 AND (typeof("ContextPr
-- and so on: 5423 characters in all, SHA-256 a6069027c4f6…
-- nodes by id: 3 rows
SELECT Context.id, Context.type_id, Context.name, Context.external_id, Context.create_time_since_epoch, Context.last_update_time_since_epoch
FROM Context
WHERE Context.id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
-- properties by id: 8 rows
SELECT ContextProperty.context_id, ContextProperty.name, ContextProperty.is_custom_property, ContextProperty.string_value, ContextProperty.int_value, ContextProperty.double_value, ContextProperty.bool_value, ContextProperty.byte_value, ContextProperty.proto_value
FROM ContextProperty
WHERE ContextProperty.context_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
