-- models-of-a-workspace: 15 statements in 11 round trips

-- count_under: WORKSPACE_ARTIFACTS, 1 workspace, artifacts where kind in ['MODEL'] in the order of createTime descending
-- count under each owner: 1 row
SELECT owner.key, (SELECT json_group_array(json_array(c0)) FROM (SELECT count(*) AS c0
FROM Artifact AS "Artifact_1", Attribution AS "Attribution_1"
WHERE "Attribution_1".context_id = owner.value AND "Attribution_1".artifact_id = "Artifact_1".id AND "Artifact_1".type_id + :type_id_1 IN (:param_1_1))) FROM json_each(:owners) AS owner

-- get: 3 runs
-- runs: 3 rows
SELECT anon_1.place AS c0, anon_1.workspace_name AS c1, anon_1.run_name AS c2, anon_1.id AS c3, anon_1.type_id AS c4, anon_1.workspace_name AS c5, anon_1.run_name AS c6, anon_1.named AS c7, anon_1.external_id AS c8, anon_1.create_time AS c9, anon_1.update_time AS c10
FROM (SELECT "Context_1".id AS id, "Context_1".type_id AS type_id, "Context_1".id AS place, (SELECT min("Context_2".id) AS min_1
FROM Context AS "Context_2"
WHERE "Context_2".type_id IN (:type_id_1_1) AND "Context_2".name = "ContextProperty_1".string_value) AS workspace_id, "ContextProperty_1".string_value AS workspace_name, "ContextProperty_2".string_value AS run_name, :param_1 AS named, "Context_1".external_id AS external_id, "Context_1".create_time_since_epoch AS create_time, "Context_1".last_update_time_since_epoch AS update_time
FROM Context AS "Context_1", ContextProperty AS "ContextProperty_1", ContextProperty AS "ContextProperty_2"
WHERE "Context_1".type_id IN (:type_id_2_1) AND "ContextProperty_1".context_id = "Context_1".id AND "ContextProperty_1".name = :name_1 AND "ContextProperty_1".is_custom_property = 1 AND "ContextProperty_2".context_id = "Context_1".id AND "ContextProperty_2".name = :name_2 AND "ContextProperty_2".is_custom_property = 1 AND (typeof("ContextProperty_1".string_value) = 'text' AND substr("ContextProperty_1".string_value, 1, 13) != 'mlmd-struct::') = 1 AND (typeof("ContextProperty_2".string_value) = 'text' AND substr("ContextProperty_2".string_value, 1, 13) != 'mlmd-struct::') =
-- and so on: 4050 characters in all, SHA-256 e22b7ee62358…
-- nodes by id: 3 rows
SELECT Context.id, Context.type_id, Context.name, Context.external_id, Context.create_time_since_epoch, Context.last_update_time_since_epoch
FROM Context
WHERE Context.id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
-- properties by id: 12 rows
SELECT ContextProperty.context_id, ContextProperty.name, ContextProperty.is_custom_property, ContextProperty.string_value, ContextProperty.int_value, ContextProperty.double_value, ContextProperty.bool_value, ContextProperty.byte_value, ContextProperty.proto_value
FROM ContextProperty
WHERE ContextProperty.context_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)

-- search: workspaces where name = 'fraud-detection' in the order of id, first 1
-- types: 72 rows
-- names of workspaces without a context: 0 rows
SELECT :param_1 AS name
WHERE (EXISTS (SELECT :param_2 AS anon_1
FROM ArtifactProperty AS "ArtifactProperty_1", Artifact AS "Artifact_1"
WHERE "ArtifactProperty_1".name = :name_1 AND "ArtifactProperty_1".is_custom_property = 1 AND "ArtifactProperty_1".string_value IN (SELECT anon_2.value
FROM json_each(:names) AS anon_2) AND "Artifact_1".id = "ArtifactProperty_1".artifact_id AND "Artifact_1".type_id + :type_id_1 IN (:param_3_1, :param_3_2, :param_3_3, :param_3_4, :param_3_5, :param_3_6))) AND NOT (EXISTS (SELECT *
FROM Context
WHERE Context.type_id IN (:type_id_2_1) AND Context.name IN (SELECT anon_3.value
FROM json_each(:names) AS anon_3))) UNION SELECT :param_4 AS name
WHERE (EXISTS (SELECT :param_5 AS anon_4
FROM ExecutionProperty AS "ExecutionProperty_1", Execution AS "Execution_1"
WHERE "ExecutionProperty_1".name = :name_2 AND "ExecutionProperty_1".is_custom_property = 1 AND "ExecutionProperty_1".string_value IN (SELECT anon_5.value
FROM json_each(:names) AS anon_5) AND "Execution_1".id = "ExecutionProperty_1".execution_id AND "Execution_1".type_id + :type_id_3 IN (:param_6_1, :param_6_2))) AND NOT (EXISTS (SELECT *
FROM Context
WHERE Context.type_id IN (:type_id_4_1) AND Context.name IN (SELECT anon_6.value
FROM json_each(:names) AS anon_6)))
-- page, by access path name: 1 row
SELECT "Context_1".id AS c0, "Context_1".id AS c1
FROM Context AS "Context_1"
WHERE coalesce(coalesce(nullif(CAST("Context_1".name AS TEXT), :param_1), nullif(coalesce((SELECT "Type_1".name
FROM Type AS "Type_1"
WHERE "Type_1".id = "Context_1".type_id), :param_2 || CAST("Context_1".type_id AS VARCHAR)) || :coalesce_1 || CAST("Context_1".id AS VARCHAR), :param_3), NULL) = :coalesce_2, 0) = 1 AND "Context_1".type_id + :type_id_1 IN (:param_4_1) AND "Context_1".id IN (SELECT "Context_2".id AS id
FROM Context AS "Context_2"
WHERE "Context_2".type_id IN (:type_id_2_1) AND "Context_2".name = :name_1) ORDER BY "Context_1".id ASC
 LIMIT :window_limit OFFSET :param_5
-- nodes by id: 1 row
SELECT Context.id, Context.type_id, Context.name, Context.external_id, Context.create_time_since_epoch, Context.last_update_time_since_epoch
FROM Context
WHERE Context.id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
-- properties by id: 4 rows
SELECT ContextProperty.context_id, ContextProperty.name, ContextProperty.is_custom_property, ContextProperty.string_value, ContextProperty.int_value, ContextProperty.double_value, ContextProperty.bool_value, ContextProperty.byte_value, ContextProperty.proto_value
FROM ContextProperty
WHERE ContextProperty.context_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)

-- search_under: ARTIFACT_PRODUCERS, 3 artifacts, executions in the order of id, first 1
-- page under each owner: 3 rows
SELECT owner.key, (SELECT json_group_array(json_array(c0, c1, c2, c3, c4, c5, c6)) FROM (SELECT "Event_1".id AS c0, "Execution_1".id AS c1, "Event_1".id AS c2, "Event_1".artifact_id AS c3, "Event_1".execution_id AS c4, "Event_1".type AS c5, "Event_1".milliseconds_since_epoch AS c6
FROM Execution AS "Execution_1", Event AS "Event_1"
WHERE "Event_1".artifact_id = owner.value AND "Event_1".type IN (:type_1_1, :type_1_2, :type_1_3, :type_1_4) AND "Event_1".execution_id = "Execution_1".id AND 1 = 1 ORDER BY "Event_1".id ASC
 LIMIT :window_limit OFFSET :param_1)) FROM json_each(:owners) AS owner
-- nodes by id: 3 rows
SELECT Execution.id, Execution.type_id, Execution.name, Execution.external_id, Execution.create_time_since_epoch, Execution.last_update_time_since_epoch, Execution.last_known_state
FROM Execution
WHERE Execution.id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
-- properties by id: 18 rows
SELECT ExecutionProperty.execution_id, ExecutionProperty.name, ExecutionProperty.is_custom_property, ExecutionProperty.string_value, ExecutionProperty.int_value, ExecutionProperty.double_value, ExecutionProperty.bool_value, ExecutionProperty.byte_value, ExecutionProperty.proto_value
FROM ExecutionProperty
WHERE ExecutionProperty.execution_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)

-- search_under: WORKSPACE_ARTIFACTS, 1 workspace, artifacts where kind in ['MODEL'] in the order of createTime descending, first 20
-- page under each owner: 1 row
SELECT owner.key, (SELECT json_group_array(json_array(c0, c1, c2)) FROM (SELECT "Artifact_1".create_time_since_epoch AS c0, "Artifact_1".id AS c1, "Artifact_1".id AS c2
FROM Artifact AS "Artifact_1", Attribution AS "Attribution_1"
WHERE "Attribution_1".context_id = owner.value AND "Attribution_1".artifact_id = "Artifact_1".id AND "Artifact_1".type_id + :type_id_1 IN (:param_1_1) ORDER BY "Artifact_1".create_time_since_epoch DESC, "Artifact_1".id DESC
 LIMIT :window_limit OFFSET :param_2)) FROM json_each(:owners) AS owner
-- nodes by id: 3 rows
SELECT Artifact.id, Artifact.type_id, Artifact.name, Artifact.external_id, Artifact.create_time_since_epoch, Artifact.last_update_time_since_epoch, Artifact.state, Artifact.uri
FROM Artifact
WHERE Artifact.id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
-- properties by id: 45 rows
SELECT ArtifactProperty.artifact_id, ArtifactProperty.name, ArtifactProperty.is_custom_property, ArtifactProperty.string_value, ArtifactProperty.int_value, ArtifactProperty.double_value, ArtifactProperty.bool_value, ArtifactProperty.byte_value, ArtifactProperty.proto_value
FROM ArtifactProperty
WHERE ArtifactProperty.artifact_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
