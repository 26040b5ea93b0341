-- compare-runs: 13 statements in 10 round trips

-- events: EXECUTION, 8 ids, {DECLARED_INPUT, INPUT, INTERNAL_INPUT}
-- events at nodes: 10 rows
SELECT Event.id, Event.artifact_id, Event.execution_id, Event.type, Event.milliseconds_since_epoch
FROM Event
WHERE Event.execution_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1) AND Event.type IN (2, 3, 5)

-- events: EXECUTION, 8 ids, {DECLARED_OUTPUT, INTERNAL_OUTPUT, OUTPUT, PENDING_OUTPUT}
-- events at nodes: 12 rows
SELECT Event.id, Event.artifact_id, Event.execution_id, Event.type, Event.milliseconds_since_epoch
FROM Event
WHERE Event.execution_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1) AND Event.type IN (1, 4, 6, 7)

-- get: 14 artifacts
-- nodes by id: 14 rows
SELECT Artifact.id, Artifact.type_id, Artifact.name, Artifact.external_id, Artifact.create_time_since_epoch, Artifact.last_update_time_since_epoch, Artifact.state, Artifact.uri
FROM Artifact
WHERE Artifact.id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
-- properties by id: 146 rows
SELECT ArtifactProperty.artifact_id, ArtifactProperty.name, ArtifactProperty.is_custom_property, ArtifactProperty.string_value, ArtifactProperty.int_value, ArtifactProperty.double_value, ArtifactProperty.bool_value, ArtifactProperty.byte_value, ArtifactProperty.proto_value
FROM ArtifactProperty
WHERE ArtifactProperty.artifact_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)

-- get: 2 runs
-- types: 72 rows
-- runs: 2 rows
SELECT anon_1.place AS c0, anon_1.workspace_name AS c1, anon_1.run_name AS c2, anon_1.id AS c3, anon_1.type_id AS c4, anon_1.workspace_name AS c5, anon_1.run_name AS c6, anon_1.named AS c7, anon_1.external_id AS c8, anon_1.create_time AS c9, anon_1.update_time AS c10
FROM (SELECT "Context_1".id AS id, "Context_1".type_id AS type_id, "Context_1".id AS place, (SELECT min("Context_2".id) AS min_1
FROM Context AS "Context_2"
WHERE "Context_2".type_id IN (:type_id_1_1) AND "Context_2".name = "ContextProperty_1".string_value) AS workspace_id, "ContextProperty_1".string_value AS workspace_name, "ContextProperty_2".string_value AS run_name, :param_1 AS named, "Context_1".external_id AS external_id, "Context_1".create_time_since_epoch AS create_time, "Context_1".last_update_time_since_epoch AS update_time
FROM Context AS "Context_1", ContextProperty AS "ContextProperty_1", ContextProperty AS "ContextProperty_2"
WHERE "Context_1".type_id IN (:type_id_2_1) AND "ContextProperty_1".context_id = "Context_1".id AND "ContextProperty_1".name = :name_1 AND "ContextProperty_1".is_custom_property = 1 AND "ContextProperty_2".context_id = "Context_1".id AND "ContextProperty_2".name = :name_2 AND "ContextProperty_2".is_custom_property = 1 AND (typeof("ContextProperty_1".string_value) = 'text' AND substr("ContextProperty_1".string_value, 1, 13) != 'mlmd-struct::') = 1 AND (typeof("ContextProperty_2".string_value) = 'text' AND substr("ContextProperty_2".string_value, 1, 13) != 'mlmd-struct::') =
-- and so on: 4050 characters in all, SHA-256 e22b7ee62358…
-- nodes by id: 2 rows
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

-- run_states: 2 runs
-- states of runs by their names: 2 rows
SELECT "ExecutionProperty_1".string_value, "ExecutionProperty_2".string_value AS string_value_1, CASE WHEN (coalesce("Execution_1".last_known_state, :coalesce_1) < :coalesce_2 OR coalesce("Execution_1".last_known_state, :coalesce_1) > :coalesce_3) THEN CASE lower(coalesce(nullif((SELECT CASE WHEN (typeof("ExecutionProperty_3".string_value) = :typeof_1) THEN CASE WHEN ("ExecutionProperty_3".string_value >= :string_value_2 AND "ExecutionProperty_3".string_value < :string_value_3) THEN NULL ELSE "ExecutionProperty_3".string_value END WHEN ("ExecutionProperty_3".int_value IS NOT NULL) THEN CAST("ExecutionProperty_3".int_value AS VARCHAR) WHEN ("ExecutionProperty_3".double_value IS NOT NULL) THEN json_text(CASE WHEN (typeof("ExecutionProperty_3".double_value) = :typeof_2) THEN CAST("ExecutionProperty_3".double_value AS BLOB) ELSE "ExecutionProperty_3".double_value END) WHEN ("ExecutionProperty_3".bool_value IS NOT NULL) THEN CASE WHEN ("ExecutionProperty_3".bool_value = 1) THEN :param_1 ELSE :param_2 END ELSE NULL END AS anon_1
FROM ExecutionProperty AS "ExecutionProperty_3"
WHERE "ExecutionProperty_3".execution_id = "Execution_1".id AND "ExecutionProperty_3".name = :name_1 AND "ExecutionProperty_3".is_custom_property = 0), :param_3), nullif((SELECT CASE WHEN (typeof("ExecutionProperty_4".string_value) = :typeof_3) THEN CASE WHEN ("ExecutionProperty_4".string_value >= :string_value_4 AND "ExecutionProperty_4".string_value < :string_value_5) THEN NULL ELSE "ExecutionProperty_4".s
-- and so on: 6305 characters in all, SHA-256 9c79dd6ff2c5…

-- search_under: RUN_EXECUTIONS, 2 runs, executions in the order of id, first 10000
-- page under each owner: 2 rows
SELECT owner.key, (SELECT json_group_array(json_array(c0, c1)) FROM (SELECT "Execution_1".id AS c0, "Execution_1".id AS c1
FROM Execution AS "Execution_1"
WHERE "Execution_1".id IN (SELECT "ExecutionProperty_1".execution_id AS id
FROM ExecutionProperty AS "ExecutionProperty_1", ExecutionProperty AS "ExecutionProperty_2", Execution AS "Execution_2"
WHERE "ExecutionProperty_1".string_value = json_extract(owner.value, '$[1]') AND "ExecutionProperty_2".string_value = json_extract(owner.value, '$[0]') AND "ExecutionProperty_1".name = :name_1 AND "ExecutionProperty_1".is_custom_property = 1 AND "ExecutionProperty_1".string_value != :string_value_1 AND (typeof("ExecutionProperty_1".string_value) = 'text' AND substr("ExecutionProperty_1".string_value, 1, 13) != 'mlmd-struct::') = 1 AND (typeof("ExecutionProperty_2".string_value) = 'text' AND substr("ExecutionProperty_2".string_value, 1, 13) != 'mlmd-struct::') = 1 AND "ExecutionProperty_2".execution_id = "ExecutionProperty_1".execution_id AND "ExecutionProperty_2".name = :name_2 AND "ExecutionProperty_2".is_custom_property = 1 AND "Execution_2".id = "ExecutionProperty_1".execution_id AND "Execution_2".type_id + :type_id_1 IN (:param_1_1, :param_1_2)) AND 1 = 1 ORDER BY "Execution_1".id ASC
 LIMIT :window_limit OFFSET :param_2)) FROM json_each(:owners) AS owner
-- nodes by id: 8 rows
SELECT Execution.id, Execution.type_id, Execution.name, Execution.external_id, Execution.create_time_since_epoch, Execution.last_update_time_since_epoch, Execution.last_known_state
FROM Execution
WHERE Execution.id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
-- properties by id: 54 rows
SELECT ExecutionProperty.execution_id, ExecutionProperty.name, ExecutionProperty.is_custom_property, ExecutionProperty.string_value, ExecutionProperty.int_value, ExecutionProperty.double_value, ExecutionProperty.bool_value, ExecutionProperty.byte_value, ExecutionProperty.proto_value
FROM ExecutionProperty
WHERE ExecutionProperty.execution_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
