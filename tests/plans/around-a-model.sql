-- around-a-model: 36 statements in 25 round trips

-- get: 1 artifact
-- types: 72 rows
-- nodes by id: 1 row
SELECT Artifact.id, Artifact.type_id, Artifact.name, Artifact.external_id, Artifact.create_time_since_epoch, Artifact.last_update_time_since_epoch, Artifact.state, Artifact.uri
FROM Artifact
WHERE Artifact.id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
-- properties by id: 15 rows
SELECT ArtifactProperty.artifact_id, ArtifactProperty.name, ArtifactProperty.is_custom_property, ArtifactProperty.string_value, ArtifactProperty.int_value, ArtifactProperty.double_value, ArtifactProperty.bool_value, ArtifactProperty.byte_value, ArtifactProperty.proto_value
FROM ArtifactProperty
WHERE ArtifactProperty.artifact_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)

-- get: 1 run
-- runs: 1 row
SELECT anon_1.place AS c0, anon_1.workspace_name AS c1, anon_1.run_name AS c2, anon_1.id AS c3, anon_1.type_id AS c4, anon_1.workspace_name AS c5, anon_1.run_name AS c6, anon_1.named AS c7, anon_1.external_id AS c8, anon_1.create_time AS c9, anon_1.update_time AS c10
FROM (SELECT "Context_1".id AS id, "Context_1".type_id AS type_id, "Context_1".id AS place, (SELECT min("Context_2".id) AS min_1
FROM Context AS "Context_2"
WHERE "Context_2".type_id IN (:type_id_1_1) AND "Context_2".name = "ContextProperty_1".string_value) AS workspace_id, "ContextProperty_1".string_value AS workspace_name, "ContextProperty_2".string_value AS run_name, :param_1 AS named, "Context_1".external_id AS external_id, "Context_1".create_time_since_epoch AS create_time, "Context_1".last_update_time_since_epoch AS update_time
FROM Context AS "Context_1", ContextProperty AS "ContextProperty_1", ContextProperty AS "ContextProperty_2"
WHERE "Context_1".type_id IN (:type_id_2_1) AND "ContextProperty_1".context_id = "Context_1".id AND "ContextProperty_1".name = :name_1 AND "ContextProperty_1".is_custom_property = 1 AND "ContextProperty_2".context_id = "Context_1".id AND "ContextProperty_2".name = :name_2 AND "ContextProperty_2".is_custom_property = 1 AND (typeof("ContextProperty_1".string_value) = 'text' AND substr("ContextProperty_1".string_value, 1, 13) != 'mlmd-struct::') = 1 AND (typeof("ContextProperty_2".string_value) = 'text' AND substr("ContextProperty_2".string_value, 1, 13) != 'mlmd-struct::') =
-- and so on: 3961 characters in all, SHA-256 e2bb9d310b4b…
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

-- get: 1 workspace
-- workspaces: 1 row
SELECT "Context_1".id
FROM Context AS "Context_1"
WHERE "Context_1".id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1) AND "Context_1".type_id + :type_id_1 IN (:param_1_1)
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

-- get: 2 artifacts
-- nodes by id: 2 rows
SELECT Artifact.id, Artifact.type_id, Artifact.name, Artifact.external_id, Artifact.create_time_since_epoch, Artifact.last_update_time_since_epoch, Artifact.state, Artifact.uri
FROM Artifact
WHERE Artifact.id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
-- properties by id: 14 rows
SELECT ArtifactProperty.artifact_id, ArtifactProperty.name, ArtifactProperty.is_custom_property, ArtifactProperty.string_value, ArtifactProperty.int_value, ArtifactProperty.double_value, ArtifactProperty.bool_value, ArtifactProperty.byte_value, ArtifactProperty.proto_value
FROM ArtifactProperty
WHERE ArtifactProperty.artifact_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)

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
-- properties by id: 8 rows
SELECT ContextProperty.context_id, ContextProperty.name, ContextProperty.is_custom_property, ContextProperty.string_value, ContextProperty.int_value, ContextProperty.double_value, ContextProperty.bool_value, ContextProperty.byte_value, ContextProperty.proto_value
FROM ContextProperty
WHERE ContextProperty.context_id IN (SELECT anon_1.value
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

-- run_states: 1 run
-- states of runs by their names: 1 row
SELECT "ExecutionProperty_1".string_value, "ExecutionProperty_2".string_value AS string_value_1, CASE WHEN (coalesce("Execution_1".last_known_state, :coalesce_1) < :coalesce_2 OR coalesce("Execution_1".last_known_state, :coalesce_1) > :coalesce_3) THEN CASE lower(coalesce(nullif((SELECT CASE WHEN (typeof("ExecutionProperty_3".string_value) = :typeof_1) THEN CASE WHEN ("ExecutionProperty_3".string_value >= :string_value_2 AND "ExecutionProperty_3".string_value < :string_value_3) THEN NULL ELSE "ExecutionProperty_3".string_value END WHEN ("ExecutionProperty_3".int_value IS NOT NULL) THEN CAST("ExecutionProperty_3".int_value AS VARCHAR) WHEN ("ExecutionProperty_3".double_value IS NOT NULL) THEN json_text(CASE WHEN (typeof("ExecutionProperty_3".double_value) = :typeof_2) THEN CAST("ExecutionProperty_3".double_value AS BLOB) ELSE "ExecutionProperty_3".double_value END) WHEN ("ExecutionProperty_3".bool_value IS NOT NULL) THEN CASE WHEN ("ExecutionProperty_3".bool_value = 1) THEN :param_1 ELSE :param_2 END ELSE NULL END AS anon_1
FROM ExecutionProperty AS "ExecutionProperty_3"
WHERE "ExecutionProperty_3".execution_id = "Execution_1".id AND "ExecutionProperty_3".name = :name_1 AND "ExecutionProperty_3".is_custom_property = 0), :param_3), nullif((SELECT CASE WHEN (typeof("ExecutionProperty_4".string_value) = :typeof_3) THEN CASE WHEN ("ExecutionProperty_4".string_value >= :string_value_4 AND "ExecutionProperty_4".string_value < :string_value_5) THEN NULL ELSE "ExecutionProperty_4".s
-- and so on: 6305 characters in all, SHA-256 9c79dd6ff2c5…

-- search_under: ARTIFACT_CONSUMERS, 1 artifact, executions in the order of id, first 20
-- page under each owner: 1 row
SELECT owner.key, (SELECT json_group_array(json_array(c0, c1, c2, c3, c4, c5, c6)) FROM (SELECT "Event_1".id AS c0, "Execution_1".id AS c1, "Event_1".id AS c2, "Event_1".artifact_id AS c3, "Event_1".execution_id AS c4, "Event_1".type AS c5, "Event_1".milliseconds_since_epoch AS c6
FROM Execution AS "Execution_1", Event AS "Event_1"
WHERE "Event_1".artifact_id = owner.value AND "Event_1".type IN (:type_1_1, :type_1_2, :type_1_3) AND "Event_1".execution_id = "Execution_1".id AND 1 = 1 ORDER BY "Event_1".id ASC
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

-- search_under: ARTIFACT_PRODUCERS, 1 artifact, executions in the order of id, first 1
-- page under each owner: 1 row
SELECT owner.key, (SELECT json_group_array(json_array(c0, c1, c2, c3, c4, c5, c6)) FROM (SELECT "Event_1".id AS c0, "Execution_1".id AS c1, "Event_1".id AS c2, "Event_1".artifact_id AS c3, "Event_1".execution_id AS c4, "Event_1".type AS c5, "Event_1".milliseconds_since_epoch AS c6
FROM Execution AS "Execution_1", Event AS "Event_1"
WHERE "Event_1".artifact_id = owner.value AND "Event_1".type IN (:type_1_1, :type_1_2, :type_1_3, :type_1_4) AND "Event_1".execution_id = "Execution_1".id AND 1 = 1 ORDER BY "Event_1".id ASC
 LIMIT :window_limit OFFSET :param_1)) FROM json_each(:owners) AS owner
-- nodes by id: 1 row
SELECT Execution.id, Execution.type_id, Execution.name, Execution.external_id, Execution.create_time_since_epoch, Execution.last_update_time_since_epoch, Execution.last_known_state
FROM Execution
WHERE Execution.id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
-- properties by id: 6 rows
SELECT ExecutionProperty.execution_id, ExecutionProperty.name, ExecutionProperty.is_custom_property, ExecutionProperty.string_value, ExecutionProperty.int_value, ExecutionProperty.double_value, ExecutionProperty.bool_value, ExecutionProperty.byte_value, ExecutionProperty.proto_value
FROM ExecutionProperty
WHERE ExecutionProperty.execution_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)

-- search_under: ARTIFACT_PRODUCERS, 1 artifact, executions in the order of id, first 5, {name, state}
-- page under each owner: 1 row
SELECT owner.key, (SELECT json_group_array(json_array(c0, c1, c2, c3, c4, c5, c6)) FROM (SELECT "Event_1".id AS c0, "Execution_1".id AS c1, "Event_1".id AS c2, "Event_1".artifact_id AS c3, "Event_1".execution_id AS c4, "Event_1".type AS c5, "Event_1".milliseconds_since_epoch AS c6
FROM Execution AS "Execution_1", Event AS "Event_1"
WHERE "Event_1".artifact_id = owner.value AND "Event_1".type IN (:type_1_1, :type_1_2, :type_1_3, :type_1_4) AND "Event_1".execution_id = "Execution_1".id AND 1 = 1 ORDER BY "Event_1".id ASC
 LIMIT :window_limit OFFSET :param_1)) FROM json_each(:owners) AS owner
-- nodes by id: 1 row
SELECT Execution.id, Execution.type_id, Execution.name, Execution.external_id, Execution.create_time_since_epoch, Execution.last_update_time_since_epoch, Execution.last_known_state
FROM Execution
WHERE Execution.id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
-- properties by id that the selected fields need: 1 row
SELECT ExecutionProperty.execution_id, ExecutionProperty.name, ExecutionProperty.is_custom_property, ExecutionProperty.string_value, ExecutionProperty.int_value, ExecutionProperty.double_value, ExecutionProperty.bool_value, ExecutionProperty.byte_value, ExecutionProperty.proto_value
FROM ExecutionProperty
WHERE ExecutionProperty.execution_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1) AND ExecutionProperty.name IN (:name_1_1, :name_1_2)

-- search_under: EXECUTION_INPUTS, 1 execution, artifacts in the order of id, first 20, {name, version}
-- page under each owner: 1 row
SELECT owner.key, (SELECT json_group_array(json_array(c0, c1, c2, c3, c4, c5, c6)) FROM (SELECT "Event_1".id AS c0, "Artifact_1".id AS c1, "Event_1".id AS c2, "Event_1".artifact_id AS c3, "Event_1".execution_id AS c4, "Event_1".type AS c5, "Event_1".milliseconds_since_epoch AS c6
FROM Artifact AS "Artifact_1", Event AS "Event_1"
WHERE "Event_1".execution_id = owner.value AND "Event_1".type IN (:type_1_1, :type_1_2, :type_1_3) AND "Event_1".artifact_id = "Artifact_1".id AND 1 = 1 ORDER BY "Event_1".id ASC
 LIMIT :window_limit OFFSET :param_1)) FROM json_each(:owners) AS owner
-- nodes by id: 1 row
SELECT Artifact.id, Artifact.type_id, Artifact.name, Artifact.external_id, Artifact.create_time_since_epoch, Artifact.last_update_time_since_epoch, Artifact.state, Artifact.uri
FROM Artifact
WHERE Artifact.id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
-- properties by id that the selected fields need: 2 rows
SELECT ArtifactProperty.artifact_id, ArtifactProperty.name, ArtifactProperty.is_custom_property, ArtifactProperty.string_value, ArtifactProperty.int_value, ArtifactProperty.double_value, ArtifactProperty.bool_value, ArtifactProperty.byte_value, ArtifactProperty.proto_value
FROM ArtifactProperty
WHERE ArtifactProperty.artifact_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1) AND ArtifactProperty.name IN (:name_1_1, :name_1_2)

-- search_under: EXECUTION_OUTPUTS, 1 execution, artifacts in the order of id, first 20, {name, version}
-- page under each owner: 1 row
SELECT owner.key, (SELECT json_group_array(json_array(c0, c1, c2, c3, c4, c5, c6)) FROM (SELECT "Event_1".id AS c0, "Artifact_1".id AS c1, "Event_1".id AS c2, "Event_1".artifact_id AS c3, "Event_1".execution_id AS c4, "Event_1".type AS c5, "Event_1".milliseconds_since_epoch AS c6
FROM Artifact AS "Artifact_1", Event AS "Event_1"
WHERE "Event_1".execution_id = owner.value AND "Event_1".type IN (:type_1_1, :type_1_2, :type_1_3, :type_1_4) AND "Event_1".artifact_id = "Artifact_1".id AND 1 = 1 ORDER BY "Event_1".id ASC
 LIMIT :window_limit OFFSET :param_1)) FROM json_each(:owners) AS owner
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

-- search_under: MODEL_METRICS, 1 artifact, artifacts in the order of id, first 20
-- page under each owner: 1 row
SELECT owner.key, (SELECT json_group_array(json_array(c0, c1)) FROM (SELECT "Artifact_1".id AS c0, "Artifact_1".id AS c1
FROM Artifact AS "Artifact_1"
WHERE "Artifact_1".id IN (SELECT anon_1.id
FROM (SELECT "ArtifactProperty_1".artifact_id AS id
FROM ArtifactProperty AS "ArtifactProperty_1"
WHERE "ArtifactProperty_1".name = :name_1 AND "ArtifactProperty_1".is_custom_property = 0 AND "ArtifactProperty_1".string_value = CAST(owner.value AS VARCHAR) UNION SELECT "Event_1".artifact_id AS id
FROM Event AS "Event_1", Event AS "Event_2"
WHERE "Event_2".artifact_id = owner.value AND "Event_1".execution_id = "Event_2".execution_id AND "Event_1".type IN (:type_1_1, :type_1_2, :type_1_3, :type_1_4)) AS anon_1) AND "Artifact_1".type_id + :type_id_1 IN (:param_1_1) AND "Artifact_1".id != owner.value AND 1 = 1 ORDER BY "Artifact_1".id ASC
 LIMIT :window_limit OFFSET :param_2)) FROM json_each(:owners) AS owner
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

-- workspaces_of: Artifact, 1 artifact
-- workspaces' names: 1 row
SELECT "ArtifactProperty_1".artifact_id, "ArtifactProperty_1".string_value, (SELECT min("Context_1".id) AS min_1
FROM Context AS "Context_1"
WHERE "Context_1".type_id IN (:type_id_1_1) AND "Context_1".name = "ArtifactProperty_1".string_value) AS anon_1, (SELECT min("Context_2".id) AS min_2
FROM Context AS "Context_2", Attribution AS "Attribution_1"
WHERE "Context_2".type_id IN (:type_id_2_1) AND "Context_2".name = "ArtifactProperty_1".string_value AND "Attribution_1".context_id = "Context_2".id AND "Attribution_1".artifact_id = "ArtifactProperty_1".artifact_id) AS anon_2
FROM ArtifactProperty AS "ArtifactProperty_1", Artifact AS "Artifact_1"
WHERE "ArtifactProperty_1".artifact_id IN (SELECT anon_3.value
FROM json_each(:ids) AS anon_3) AND "ArtifactProperty_1".name = :name_1 AND "ArtifactProperty_1".is_custom_property = 1 AND (typeof("ArtifactProperty_1".string_value) = 'text' AND substr("ArtifactProperty_1".string_value, 1, 13) != 'mlmd-struct::') = 1 AND "ArtifactProperty_1".string_value != :string_value_1 AND "Artifact_1".id = "ArtifactProperty_1".artifact_id AND "Artifact_1".type_id + :type_id_3 IN (:param_1_1, :param_1_2, :param_1_3, :param_1_4, :param_1_5, :param_1_6)
