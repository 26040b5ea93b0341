-- search: 13 statements in 11 round trips

-- count_text: Artifact, fraud
-- statement: 1 row
SELECT count(*) AS count_1
FROM (SELECT CASE WHEN (casefold(CAST(coalesce(nullif((SELECT CASE WHEN (typeof("ArtifactProperty_1".string_value) = :typeof_1) THEN CASE WHEN ("ArtifactProperty_1".string_value >= :string_value_1 AND "ArtifactProperty_1".string_value < :string_value_2) THEN NULL ELSE "ArtifactProperty_1".string_value END WHEN ("ArtifactProperty_1".int_value IS NOT NULL) THEN CAST("ArtifactProperty_1".int_value AS VARCHAR) WHEN ("ArtifactProperty_1".double_value IS NOT NULL) THEN json_text(CASE WHEN (typeof("ArtifactProperty_1".double_value) = :typeof_2) THEN CAST("ArtifactProperty_1".double_value AS BLOB) ELSE "ArtifactProperty_1".double_value END) WHEN ("ArtifactProperty_1".bool_value IS NOT NULL) THEN CASE WHEN ("ArtifactProperty_1".bool_value = 1) THEN :param_1 ELSE :param_2 END ELSE NULL END AS anon_2
FROM ArtifactProperty AS "ArtifactProperty_1"
WHERE "ArtifactProperty_1".artifact_id = "Artifact_1".id AND "ArtifactProperty_1".name = :name_1 AND "ArtifactProperty_1".is_custom_property = 0), :param_3), nullif(CAST("Artifact_1".name AS TEXT), :param_4), nullif((SELECT CASE WHEN (typeof("ArtifactProperty_2".string_value) = :typeof_3) THEN CASE WHEN ("ArtifactProperty_2".string_value >= :string_value_3 AND "ArtifactProperty_2".string_value < :string_value_4) THEN NULL ELSE "ArtifactProperty_2".string_value END WHEN ("ArtifactProperty_2".int_value IS NOT NULL) THEN CAST("ArtifactProperty_2".int_value AS VARCHAR) WHEN ("ArtifactProperty_2".double_value IS NOT NULL
-- and so on: 26165 characters in all, SHA-256 74206abf75de…

-- count_text: Execution, fraud
-- statement: 1 row
SELECT count(*) AS count_1
FROM (SELECT CASE WHEN (casefold(CAST(coalesce(nullif((SELECT CASE WHEN (typeof("ExecutionProperty_1".string_value) = :typeof_1) THEN CASE WHEN ("ExecutionProperty_1".string_value >= :string_value_1 AND "ExecutionProperty_1".string_value < :string_value_2) THEN NULL ELSE "ExecutionProperty_1".string_value END WHEN ("ExecutionProperty_1".int_value IS NOT NULL) THEN CAST("ExecutionProperty_1".int_value AS VARCHAR) WHEN ("ExecutionProperty_1".double_value IS NOT NULL) THEN json_text(CASE WHEN (typeof("ExecutionProperty_1".double_value) = :typeof_2) THEN CAST("ExecutionProperty_1".double_value AS BLOB) ELSE "ExecutionProperty_1".double_value END) WHEN ("ExecutionProperty_1".bool_value IS NOT NULL) THEN CASE WHEN ("ExecutionProperty_1".bool_value = 1) THEN :param_1 ELSE :param_2 END ELSE NULL END AS anon_2
FROM ExecutionProperty AS "ExecutionProperty_1"
WHERE "ExecutionProperty_1".execution_id = "Execution_1".id AND "ExecutionProperty_1".name = :name_1 AND "ExecutionProperty_1".is_custom_property = 0), :param_3), nullif(CAST("Execution_1".name AS TEXT), :param_4), nullif((SELECT CASE WHEN (typeof("ExecutionProperty_2".string_value) = :typeof_3) THEN CASE WHEN ("ExecutionProperty_2".string_value >= :string_value_3 AND "ExecutionProperty_2".string_value < :string_value_4) THEN NULL ELSE "ExecutionProperty_2".string_value END WHEN ("ExecutionProperty_2".int_value IS NOT NULL) THEN CAST("ExecutionProperty_2".int_value AS VARCHAR) WHEN ("ExecutionProperty_
-- and so on: 26314 characters in all, SHA-256 6f718cc302c3…

-- count_text: Run, fraud
-- statement: 1 row
SELECT count(*) AS count_1
FROM (SELECT CASE WHEN (casefold(CAST(CASE WHEN anon_2.named THEN anon_2.run_name ELSE coalesce(nullif(CAST(anon_2.run_name AS TEXT), :param_1), nullif(coalesce((SELECT "Type_1".name
FROM Type AS "Type_1"
WHERE "Type_1".id = anon_2.type_id), :param_2 || CAST(anon_2.type_id AS VARCHAR)) || :coalesce_1 || CAST(anon_2.id AS VARCHAR), :param_3), NULL) END AS BLOB)) = :casefold_1) THEN :param_4 WHEN coalesce(substr(CAST(casefold(CAST(CASE WHEN anon_2.named THEN anon_2.run_name ELSE coalesce(nullif(CAST(anon_2.run_name AS TEXT), :param_1), nullif(coalesce((SELECT "Type_1".name
FROM Type AS "Type_1"
WHERE "Type_1".id = anon_2.type_id), :param_2 || CAST(anon_2.type_id AS VARCHAR)) || :coalesce_1 || CAST(anon_2.id AS VARCHAR), :param_3), NULL) END AS BLOB)) AS BLOB), :substr_1, :substr_2) = :param_5, 0) THEN :param_6 WHEN (instr(casefold(CAST(CASE WHEN anon_2.named THEN anon_2.run_name ELSE coalesce(nullif(CAST(anon_2.run_name AS TEXT), :param_1), nullif(coalesce((SELECT "Type_1".name
FROM Type AS "Type_1"
WHERE "Type_1".id = anon_2.type_id), :param_2 || CAST(anon_2.type_id AS VARCHAR)) || :coalesce_1 || CAST(anon_2.id AS VARCHAR), :param_3), NULL) END AS BLOB)), :instr_1) > :instr_2) THEN :param_7 WHEN coalesce((EXISTS (SELECT *
FROM ContextProperty AS "ContextProperty_1"
WHERE "ContextProperty_1".context_id = anon_2.id AND "ContextProperty_1".is_custom_property = 1 AND "ContextProperty_1".name >= :name_1 AND "ContextProperty_1".name < :name_2 AND
-- and so on: 14158 characters in all, SHA-256 7f73e9d22937…

-- count_text: Workspace, fraud
-- statement: 1 row
SELECT count(*) AS count_1
FROM (SELECT CASE WHEN (casefold(CAST(coalesce(nullif(CAST("Context_1".name AS TEXT), :param_1), nullif(coalesce((SELECT "Type_1".name
FROM Type AS "Type_1"
WHERE "Type_1".id = "Context_1".type_id), :param_2 || CAST("Context_1".type_id AS VARCHAR)) || :coalesce_1 || CAST("Context_1".id AS VARCHAR), :param_3), NULL) AS BLOB)) = :casefold_1) THEN :param_4 WHEN coalesce(substr(CAST(casefold(CAST(coalesce(nullif(CAST("Context_1".name AS TEXT), :param_1), nullif(coalesce((SELECT "Type_1".name
FROM Type AS "Type_1"
WHERE "Type_1".id = "Context_1".type_id), :param_2 || CAST("Context_1".type_id AS VARCHAR)) || :coalesce_1 || CAST("Context_1".id AS VARCHAR), :param_3), NULL) AS BLOB)) AS BLOB), :substr_1, :substr_2) = :param_5, 0) THEN :param_6 WHEN (instr(casefold(CAST(coalesce(nullif(CAST("Context_1".name AS TEXT), :param_1), nullif(coalesce((SELECT "Type_1".name
FROM Type AS "Type_1"
WHERE "Type_1".id = "Context_1".type_id), :param_2 || CAST("Context_1".type_id AS VARCHAR)) || :coalesce_1 || CAST("Context_1".id AS VARCHAR), :param_3), NULL) AS BLOB)), :instr_1) > :instr_2) THEN :param_7 WHEN coalesce((EXISTS (SELECT *
FROM ContextProperty AS "ContextProperty_1"
WHERE "ContextProperty_1".context_id = "Context_1".id AND "ContextProperty_1".is_custom_property = 1 AND "ContextProperty_1".name >= :name_1 AND "ContextProperty_1".name < :name_2 AND casefold(CAST("ContextProperty_1".string_value AS BLOB)) = :casefold_2)) OR (EXISTS (SELECT :param_8 AS an
-- and so on: 11179 characters in all, SHA-256 8b3331c9ecb2…

-- find_text: Artifact, fraud, first 10
-- page of what holds a text: 11 rows
SELECT CASE WHEN (casefold(CAST(coalesce(nullif((SELECT CASE WHEN (typeof("ArtifactProperty_1".string_value) = :typeof_1) THEN CASE WHEN ("ArtifactProperty_1".string_value >= :string_value_1 AND "ArtifactProperty_1".string_value < :string_value_2) THEN NULL ELSE "ArtifactProperty_1".string_value END WHEN ("ArtifactProperty_1".int_value IS NOT NULL) THEN CAST("ArtifactProperty_1".int_value AS VARCHAR) WHEN ("ArtifactProperty_1".double_value IS NOT NULL) THEN json_text(CASE WHEN (typeof("ArtifactProperty_1".double_value) = :typeof_2) THEN CAST("ArtifactProperty_1".double_value AS BLOB) ELSE "ArtifactProperty_1".double_value END) WHEN ("ArtifactProperty_1".bool_value IS NOT NULL) THEN CASE WHEN ("ArtifactProperty_1".bool_value = 1) THEN :param_1 ELSE :param_2 END ELSE NULL END AS anon_1
FROM ArtifactProperty AS "ArtifactProperty_1"
WHERE "ArtifactProperty_1".artifact_id = "Artifact_1".id AND "ArtifactProperty_1".name = :name_1 AND "ArtifactProperty_1".is_custom_property = 0), :param_3), nullif(CAST("Artifact_1".name AS TEXT), :param_4), nullif((SELECT CASE WHEN (typeof("ArtifactProperty_2".string_value) = :typeof_3) THEN CASE WHEN ("ArtifactProperty_2".string_value >= :string_value_3 AND "ArtifactProperty_2".string_value < :string_value_4) THEN NULL ELSE "ArtifactProperty_2".string_value END WHEN ("ArtifactProperty_2".int_value IS NOT NULL) THEN CAST("ArtifactProperty_2".int_value AS VARCHAR) WHEN ("ArtifactProperty_2".double_value IS NOT NULL) THEN json_text(CASE WHEN (typeof
-- and so on: 37845 characters in all, SHA-256 8949a920cfc7…
-- nodes by id: 10 rows
SELECT Artifact.id, Artifact.type_id, Artifact.name, Artifact.external_id, Artifact.create_time_since_epoch, Artifact.last_update_time_since_epoch, Artifact.state, Artifact.uri
FROM Artifact
WHERE Artifact.id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
-- properties by id: 97 rows
SELECT ArtifactProperty.artifact_id, ArtifactProperty.name, ArtifactProperty.is_custom_property, ArtifactProperty.string_value, ArtifactProperty.int_value, ArtifactProperty.double_value, ArtifactProperty.bool_value, ArtifactProperty.byte_value, ArtifactProperty.proto_value
FROM ArtifactProperty
WHERE ArtifactProperty.artifact_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)

-- find_text: Execution, fraud, first 10
-- page of what holds a text: 0 rows
SELECT CASE WHEN (casefold(CAST(coalesce(nullif((SELECT CASE WHEN (typeof("ExecutionProperty_1".string_value) = :typeof_1) THEN CASE WHEN ("ExecutionProperty_1".string_value >= :string_value_1 AND "ExecutionProperty_1".string_value < :string_value_2) THEN NULL ELSE "ExecutionProperty_1".string_value END WHEN ("ExecutionProperty_1".int_value IS NOT NULL) THEN CAST("ExecutionProperty_1".int_value AS VARCHAR) WHEN ("ExecutionProperty_1".double_value IS NOT NULL) THEN json_text(CASE WHEN (typeof("ExecutionProperty_1".double_value) = :typeof_2) THEN CAST("ExecutionProperty_1".double_value AS BLOB) ELSE "ExecutionProperty_1".double_value END) WHEN ("ExecutionProperty_1".bool_value IS NOT NULL) THEN CASE WHEN ("ExecutionProperty_1".bool_value = 1) THEN :param_1 ELSE :param_2 END ELSE NULL END AS anon_1
FROM ExecutionProperty AS "ExecutionProperty_1"
WHERE "ExecutionProperty_1".execution_id = "Execution_1".id AND "ExecutionProperty_1".name = :name_1 AND "ExecutionProperty_1".is_custom_property = 0), :param_3), nullif(CAST("Execution_1".name AS TEXT), :param_4), nullif((SELECT CASE WHEN (typeof("ExecutionProperty_2".string_value) = :typeof_3) THEN CASE WHEN ("ExecutionProperty_2".string_value >= :string_value_3 AND "ExecutionProperty_2".string_value < :string_value_4) THEN NULL ELSE "ExecutionProperty_2".string_value END WHEN ("ExecutionProperty_2".int_value IS NOT NULL) THEN CAST("ExecutionProperty_2".int_value AS VARCHAR) WHEN ("ExecutionProperty_2".double_value IS NOT NULL) THEN
-- and so on: 38109 characters in all, SHA-256 5a0fddb9df59…

-- find_text: Run, fraud, first 10
-- page of what holds a text: 0 rows
SELECT CASE WHEN (casefold(CAST(CASE WHEN anon_1.named THEN anon_1.run_name ELSE coalesce(nullif(CAST(anon_1.run_name AS TEXT), :param_1), nullif(coalesce((SELECT "Type_1".name
FROM Type AS "Type_1"
WHERE "Type_1".id = anon_1.type_id), :param_2 || CAST(anon_1.type_id AS VARCHAR)) || :coalesce_1 || CAST(anon_1.id AS VARCHAR), :param_3), NULL) END AS BLOB)) = :casefold_1) THEN :param_4 WHEN coalesce(substr(CAST(casefold(CAST(CASE WHEN anon_1.named THEN anon_1.run_name ELSE coalesce(nullif(CAST(anon_1.run_name AS TEXT), :param_1), nullif(coalesce((SELECT "Type_1".name
FROM Type AS "Type_1"
WHERE "Type_1".id = anon_1.type_id), :param_2 || CAST(anon_1.type_id AS VARCHAR)) || :coalesce_1 || CAST(anon_1.id AS VARCHAR), :param_3), NULL) END AS BLOB)) AS BLOB), :substr_1, :substr_2) = :param_5, 0) THEN :param_6 WHEN (instr(casefold(CAST(CASE WHEN anon_1.named THEN anon_1.run_name ELSE coalesce(nullif(CAST(anon_1.run_name AS TEXT), :param_1), nullif(coalesce((SELECT "Type_1".name
FROM Type AS "Type_1"
WHERE "Type_1".id = anon_1.type_id), :param_2 || CAST(anon_1.type_id AS VARCHAR)) || :coalesce_1 || CAST(anon_1.id AS VARCHAR), :param_3), NULL) END AS BLOB)), :instr_1) > :instr_2) THEN :param_7 WHEN coalesce((EXISTS (SELECT *
FROM ContextProperty AS "ContextProperty_1"
WHERE "ContextProperty_1".context_id = anon_1.id AND "ContextProperty_1".is_custom_property = 1 AND "ContextProperty_1".name >= :name_1 AND "ContextProperty_1".name < :name_2 AND casefold(CAST("ContextProperty_1".
-- and so on: 19779 characters in all, SHA-256 36028c35650c…

-- find_text: Workspace, fraud, first 10
-- types: 72 rows
-- page of what holds a text: 1 row
SELECT CASE WHEN (casefold(CAST(coalesce(nullif(CAST("Context_1".name AS TEXT), :param_1), nullif(coalesce((SELECT "Type_1".name
FROM Type AS "Type_1"
WHERE "Type_1".id = "Context_1".type_id), :param_2 || CAST("Context_1".type_id AS VARCHAR)) || :coalesce_1 || CAST("Context_1".id AS VARCHAR), :param_3), NULL) AS BLOB)) = :casefold_1) THEN :param_4 WHEN coalesce(substr(CAST(casefold(CAST(coalesce(nullif(CAST("Context_1".name AS TEXT), :param_1), nullif(coalesce((SELECT "Type_1".name
FROM Type AS "Type_1"
WHERE "Type_1".id = "Context_1".type_id), :param_2 || CAST("Context_1".type_id AS VARCHAR)) || :coalesce_1 || CAST("Context_1".id AS VARCHAR), :param_3), NULL) AS BLOB)) AS BLOB), :substr_1, :substr_2) = :param_5, 0) THEN :param_6 WHEN (instr(casefold(CAST(coalesce(nullif(CAST("Context_1".name AS TEXT), :param_1), nullif(coalesce((SELECT "Type_1".name
FROM Type AS "Type_1"
WHERE "Type_1".id = "Context_1".type_id), :param_2 || CAST("Context_1".type_id AS VARCHAR)) || :coalesce_1 || CAST("Context_1".id AS VARCHAR), :param_3), NULL) AS BLOB)), :instr_1) > :instr_2) THEN :param_7 WHEN coalesce((EXISTS (SELECT *
FROM ContextProperty AS "ContextProperty_1"
WHERE "ContextProperty_1".context_id = "Context_1".id AND "ContextProperty_1".is_custom_property = 1 AND "ContextProperty_1".name >= :name_1 AND "ContextProperty_1".name < :name_2 AND casefold(CAST("ContextProperty_1".string_value AS BLOB)) = :casefold_2)) OR (EXISTS (SELECT :param_8 AS anon_1
FROM ContextProperty AS "Con
-- and so on: 16681 characters in all, SHA-256 eaf5a3530469…
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
