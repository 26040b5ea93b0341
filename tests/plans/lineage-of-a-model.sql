-- lineage-of-a-model: 19 statements in 17 round trips

-- events: ARTIFACT, 1 id, {DECLARED_INPUT, INPUT, INTERNAL_INPUT}
-- events at nodes: 3 rows
SELECT Event.id, Event.artifact_id, Event.execution_id, Event.type, Event.milliseconds_since_epoch
FROM Event
WHERE Event.artifact_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1) AND Event.type IN (2, 3, 5)

-- events: ARTIFACT, 1 id, {DECLARED_OUTPUT, INTERNAL_OUTPUT, OUTPUT, PENDING_OUTPUT}
-- events at nodes: 1 row
SELECT Event.id, Event.artifact_id, Event.execution_id, Event.type, Event.milliseconds_since_epoch
FROM Event
WHERE Event.artifact_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1) AND Event.type IN (1, 4, 6, 7)

-- events: ARTIFACT, 1 id, {DECLARED_OUTPUT, INTERNAL_OUTPUT, OUTPUT, PENDING_OUTPUT}
-- events at nodes: 1 row
SELECT Event.id, Event.artifact_id, Event.execution_id, Event.type, Event.milliseconds_since_epoch
FROM Event
WHERE Event.artifact_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1) AND Event.type IN (1, 4, 6, 7)

-- events: ARTIFACT, 1 id, {DECLARED_OUTPUT, INTERNAL_OUTPUT, OUTPUT, PENDING_OUTPUT}
-- events at nodes: 1 row
SELECT Event.id, Event.artifact_id, Event.execution_id, Event.type, Event.milliseconds_since_epoch
FROM Event
WHERE Event.artifact_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1) AND Event.type IN (1, 4, 6, 7)

-- events: ARTIFACT, 1 id, {DECLARED_OUTPUT, INTERNAL_OUTPUT, OUTPUT, PENDING_OUTPUT}
-- events at nodes: 0 rows
SELECT Event.id, Event.artifact_id, Event.execution_id, Event.type, Event.milliseconds_since_epoch
FROM Event
WHERE Event.artifact_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1) AND Event.type IN (1, 4, 6, 7)

-- events: ARTIFACT, 3 ids, {DECLARED_INPUT, INPUT, INTERNAL_INPUT}
-- events at nodes: 0 rows
SELECT Event.id, Event.artifact_id, Event.execution_id, Event.type, Event.milliseconds_since_epoch
FROM Event
WHERE Event.artifact_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1) AND Event.type IN (2, 3, 5)

-- events: EXECUTION, 1 id, {DECLARED_INPUT, INPUT, INTERNAL_INPUT}
-- events at nodes: 1 row
SELECT Event.id, Event.artifact_id, Event.execution_id, Event.type, Event.milliseconds_since_epoch
FROM Event
WHERE Event.execution_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1) AND Event.type IN (2, 3, 5)

-- events: EXECUTION, 1 id, {DECLARED_INPUT, INPUT, INTERNAL_INPUT}
-- events at nodes: 1 row
SELECT Event.id, Event.artifact_id, Event.execution_id, Event.type, Event.milliseconds_since_epoch
FROM Event
WHERE Event.execution_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1) AND Event.type IN (2, 3, 5)

-- events: EXECUTION, 1 id, {DECLARED_INPUT, INPUT, INTERNAL_INPUT}
-- events at nodes: 1 row
SELECT Event.id, Event.artifact_id, Event.execution_id, Event.type, Event.milliseconds_since_epoch
FROM Event
WHERE Event.execution_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1) AND Event.type IN (2, 3, 5)

-- events: EXECUTION, 3 ids, {DECLARED_OUTPUT, INTERNAL_OUTPUT, OUTPUT, PENDING_OUTPUT}
-- events at nodes: 3 rows
SELECT Event.id, Event.artifact_id, Event.execution_id, Event.type, Event.milliseconds_since_epoch
FROM Event
WHERE Event.execution_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1) AND Event.type IN (1, 4, 6, 7)

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
