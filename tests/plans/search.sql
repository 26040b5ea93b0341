-- search: 15 statements in 13 round trips

-- count_text: Artifact, fraud
-- count of what holds a text: 1 row
SELECT count(*) AS count_1
FROM (SELECT CASE WHEN (anon_2.text_name = :text_name_1) THEN :param_1 WHEN coalesce(substr(CAST(anon_2.text_name AS BLOB), :substr_1, :substr_2) = :param_2, 0) THEN :param_3 WHEN (instr(anon_2.text_name, :instr_1) > :instr_2) THEN :param_4 WHEN (anon_2.node_type IN (12, 13, 15, 16, 17, 18) AND ((EXISTS (SELECT *
FROM ArtifactProperty AS "ArtifactProperty_1"
WHERE "ArtifactProperty_1".artifact_id = anon_2.node_id AND "ArtifactProperty_1".is_custom_property = 1 AND "ArtifactProperty_1".name >= :name_1 AND "ArtifactProperty_1".name < :name_2 AND casefold(CAST("ArtifactProperty_1".string_value AS BLOB)) = :casefold_1)) OR (EXISTS (SELECT :param_5 AS anon_3
FROM ArtifactProperty AS "ArtifactProperty_2", json_each(coalesce(CASE WHEN (json_valid("ArtifactProperty_2".string_value) = :json_valid_1) THEN "ArtifactProperty_2".string_value END, strict_json(CAST("ArtifactProperty_2".string_value AS BLOB))), :json_each_1) AS anon_4
WHERE "ArtifactProperty_2".artifact_id = anon_2.node_id AND "ArtifactProperty_2".name = :name_3 AND "ArtifactProperty_2".is_custom_property = 0 AND ("ArtifactProperty_2".string_value < :string_value_1 OR "ArtifactProperty_2".string_value >= :string_value_2) AND casefold(CAST(CASE WHEN (anon_4.type = :type_1) THEN anon_4.value WHEN (anon_4.type = :type_2) THEN NULL WHEN (anon_4.type IN (:type_3_1, :type_3_2)) THEN anon_4.type ELSE CASE WHEN (anon_4.type = :type_4) THEN CAST(anon_4.value AS VARCHAR) ELSE json_text(CASE WHEN (typeof
-- and so on: 12280 characters in all, SHA-256 b8b8058bc45c…

-- count_text: Execution, fraud
-- count of what holds a text: 1 row
SELECT count(*) AS count_1
FROM (SELECT CASE WHEN (anon_2.text_name = :text_name_1) THEN :param_1 WHEN coalesce(substr(CAST(anon_2.text_name AS BLOB), :substr_1, :substr_2) = :param_2, 0) THEN :param_3 WHEN (instr(anon_2.text_name, :instr_1) > :instr_2) THEN :param_4 WHEN (anon_2.node_type IN (14, 19) AND ((EXISTS (SELECT *
FROM ExecutionProperty AS "ExecutionProperty_1"
WHERE "ExecutionProperty_1".execution_id = anon_2.node_id AND "ExecutionProperty_1".is_custom_property = 1 AND "ExecutionProperty_1".name >= :name_1 AND "ExecutionProperty_1".name < :name_2 AND casefold(CAST("ExecutionProperty_1".string_value AS BLOB)) = :casefold_1)) OR (EXISTS (SELECT :param_5 AS anon_3
FROM ExecutionProperty AS "ExecutionProperty_2", json_each(coalesce(CASE WHEN (json_valid("ExecutionProperty_2".string_value) = :json_valid_1) THEN "ExecutionProperty_2".string_value END, strict_json(CAST("ExecutionProperty_2".string_value AS BLOB))), :json_each_1) AS anon_4
WHERE "ExecutionProperty_2".execution_id = anon_2.node_id AND "ExecutionProperty_2".name = :name_3 AND "ExecutionProperty_2".is_custom_property = 0 AND ("ExecutionProperty_2".string_value < :string_value_1 OR "ExecutionProperty_2".string_value >= :string_value_2) AND casefold(CAST(CASE WHEN (anon_4.type = :type_1) THEN anon_4.value WHEN (anon_4.type = :type_2) THEN NULL WHEN (anon_4.type IN (:type_3_1, :type_3_2)) THEN anon_4.type ELSE CASE WHEN (anon_4.type = :type_4) THEN CAST(anon_4.value AS VARCHAR) ELSE json_text(CASE WHEN (typ
-- and so on: 12087 characters in all, SHA-256 2e347c04a07e…

-- count_text: Run, fraud
-- count of what holds a text: 1 row
SELECT count(*) AS count_1
FROM (SELECT CASE WHEN (anon_2.text_name = :text_name_1) THEN :param_1 WHEN coalesce(substr(CAST(anon_2.text_name AS BLOB), :substr_1, :substr_2) = :param_2, 0) THEN :param_3 WHEN (instr(anon_2.text_name, :instr_1) > :instr_2) THEN :param_4 WHEN (anon_2.node_type IN (10, 11) AND ((EXISTS (SELECT *
FROM ContextProperty AS "ContextProperty_1"
WHERE "ContextProperty_1".context_id = anon_2.node_id AND "ContextProperty_1".is_custom_property = 1 AND "ContextProperty_1".name >= :name_1 AND "ContextProperty_1".name < :name_2 AND casefold(CAST("ContextProperty_1".string_value AS BLOB)) = :casefold_1)) OR (EXISTS (SELECT :param_5 AS anon_3
FROM ContextProperty AS "ContextProperty_2", json_each(coalesce(CASE WHEN (json_valid("ContextProperty_2".string_value) = :json_valid_1) THEN "ContextProperty_2".string_value END, strict_json(CAST("ContextProperty_2".string_value AS BLOB))), :json_each_1) AS anon_4
WHERE "ContextProperty_2".context_id = anon_2.node_id AND "ContextProperty_2".name = :name_3 AND "ContextProperty_2".is_custom_property = 0 AND casefold(CAST(CASE WHEN (anon_4.type = :type_1) THEN anon_4.value WHEN (anon_4.type = :type_2) THEN NULL WHEN (anon_4.type IN (:type_3_1, :type_3_2)) THEN anon_4.type ELSE CASE WHEN (anon_4.type = :type_4) THEN CAST(anon_4.value AS VARCHAR) ELSE json_text(CASE WHEN (typeof(anon_4.value) = :typeof_1) THEN CAST(anon_4.value AS BLOB) ELSE anon_4.value END) END END AS BLOB)) = :casefold_2)))) THEN :param_6 WHEN (anon_2.n
-- and so on: 10608 characters in all, SHA-256 34bf71eb085b…

-- count_text: Workspace, fraud
-- count of what holds a text: 1 row
SELECT count(*) AS count_1
FROM (SELECT CASE WHEN (anon_2.text_name = :text_name_1) THEN :param_1 WHEN coalesce(substr(CAST(anon_2.text_name AS BLOB), :substr_1, :substr_2) = :param_2, 0) THEN :param_3 WHEN (instr(anon_2.text_name, :instr_1) > :instr_2) THEN :param_4 WHEN (anon_2.node_type IN (10, 11) AND ((EXISTS (SELECT *
FROM ContextProperty AS "ContextProperty_1"
WHERE "ContextProperty_1".context_id = anon_2.node_id AND "ContextProperty_1".is_custom_property = 1 AND "ContextProperty_1".name >= :name_1 AND "ContextProperty_1".name < :name_2 AND casefold(CAST("ContextProperty_1".string_value AS BLOB)) = :casefold_1)) OR (EXISTS (SELECT :param_5 AS anon_3
FROM ContextProperty AS "ContextProperty_2", json_each(coalesce(CASE WHEN (json_valid("ContextProperty_2".string_value) = :json_valid_1) THEN "ContextProperty_2".string_value END, strict_json(CAST("ContextProperty_2".string_value AS BLOB))), :json_each_1) AS anon_4
WHERE "ContextProperty_2".context_id = anon_2.node_id AND "ContextProperty_2".name = :name_3 AND "ContextProperty_2".is_custom_property = 0 AND casefold(CAST(CASE WHEN (anon_4.type = :type_1) THEN anon_4.value WHEN (anon_4.type = :type_2) THEN NULL WHEN (anon_4.type IN (:type_3_1, :type_3_2)) THEN anon_4.type ELSE CASE WHEN (anon_4.type = :type_4) THEN CAST(anon_4.value AS VARCHAR) ELSE json_text(CASE WHEN (typeof(anon_4.value) = :typeof_1) THEN CAST(anon_4.value AS BLOB) ELSE anon_4.value END) END END AS BLOB)) = :casefold_2)))) THEN :param_6 WHEN (anon_2.n
-- and so on: 7009 characters in all, SHA-256 878dea25831f…

-- find_text: Artifact, fraud, first 10
-- page of what holds a text: 11 rows
SELECT CASE WHEN (anon_1.text_name = :text_name_1) THEN :param_1 WHEN coalesce(substr(CAST(anon_1.text_name AS BLOB), :substr_1, :substr_2) = :param_2, 0) THEN :param_3 WHEN (instr(anon_1.text_name, :instr_1) > :instr_2) THEN :param_4 WHEN (anon_1.node_type IN (12, 13, 15, 16, 17, 18) AND ((EXISTS (SELECT *
FROM ArtifactProperty AS "ArtifactProperty_1"
WHERE "ArtifactProperty_1".artifact_id = anon_1.node_id AND "ArtifactProperty_1".is_custom_property = 1 AND "ArtifactProperty_1".name >= :name_1 AND "ArtifactProperty_1".name < :name_2 AND casefold(CAST("ArtifactProperty_1".string_value AS BLOB)) = :casefold_1)) OR (EXISTS (SELECT :param_5 AS anon_2
FROM ArtifactProperty AS "ArtifactProperty_2", json_each(coalesce(CASE WHEN (json_valid("ArtifactProperty_2".string_value) = :json_valid_1) THEN "ArtifactProperty_2".string_value END, strict_json(CAST("ArtifactProperty_2".string_value AS BLOB))), :json_each_1) AS anon_3
WHERE "ArtifactProperty_2".artifact_id = anon_1.node_id AND "ArtifactProperty_2".name = :name_3 AND "ArtifactProperty_2".is_custom_property = 0 AND ("ArtifactProperty_2".string_value < :string_value_1 OR "ArtifactProperty_2".string_value >= :string_value_2) AND casefold(CAST(CASE WHEN (anon_3.type = :type_1) THEN anon_3.value WHEN (anon_3.type = :type_2) THEN NULL WHEN (anon_3.type IN (:type_3_1, :type_3_2)) THEN anon_3.type ELSE CASE WHEN (anon_3.type = :type_4) THEN CAST(anon_3.value AS VARCHAR) ELSE json_text(CASE WHEN (typeof(anon_3.value) = :typeof_1) THEN C
-- and so on: 15456 characters in all, SHA-256 521290c5ee14…
-- nodes by id: 10 rows
SELECT Artifact.id, Artifact.type_id, Artifact.name, Artifact.external_id, Artifact.create_time_since_epoch, Artifact.last_update_time_since_epoch, Artifact.state, Artifact.uri
FROM Artifact
WHERE Artifact.id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)
-- properties by id: 121 rows
SELECT ArtifactProperty.artifact_id, ArtifactProperty.name, ArtifactProperty.is_custom_property, ArtifactProperty.string_value, ArtifactProperty.int_value, ArtifactProperty.double_value, ArtifactProperty.bool_value, ArtifactProperty.byte_value, ArtifactProperty.proto_value
FROM ArtifactProperty
WHERE ArtifactProperty.artifact_id IN (SELECT anon_1.value
FROM json_each(:ids) AS anon_1)

-- find_text: Execution, fraud, first 10
-- page of what holds a text: 0 rows
SELECT CASE WHEN (anon_1.text_name = :text_name_1) THEN :param_1 WHEN coalesce(substr(CAST(anon_1.text_name AS BLOB), :substr_1, :substr_2) = :param_2, 0) THEN :param_3 WHEN (instr(anon_1.text_name, :instr_1) > :instr_2) THEN :param_4 WHEN (anon_1.node_type IN (14, 19) AND ((EXISTS (SELECT *
FROM ExecutionProperty AS "ExecutionProperty_1"
WHERE "ExecutionProperty_1".execution_id = anon_1.node_id AND "ExecutionProperty_1".is_custom_property = 1 AND "ExecutionProperty_1".name >= :name_1 AND "ExecutionProperty_1".name < :name_2 AND casefold(CAST("ExecutionProperty_1".string_value AS BLOB)) = :casefold_1)) OR (EXISTS (SELECT :param_5 AS anon_2
FROM ExecutionProperty AS "ExecutionProperty_2", json_each(coalesce(CASE WHEN (json_valid("ExecutionProperty_2".string_value) = :json_valid_1) THEN "ExecutionProperty_2".string_value END, strict_json(CAST("ExecutionProperty_2".string_value AS BLOB))), :json_each_1) AS anon_3
WHERE "ExecutionProperty_2".execution_id = anon_1.node_id AND "ExecutionProperty_2".name = :name_3 AND "ExecutionProperty_2".is_custom_property = 0 AND ("ExecutionProperty_2".string_value < :string_value_1 OR "ExecutionProperty_2".string_value >= :string_value_2) AND casefold(CAST(CASE WHEN (anon_3.type = :type_1) THEN anon_3.value WHEN (anon_3.type = :type_2) THEN NULL WHEN (anon_3.type IN (:type_3_1, :type_3_2)) THEN anon_3.type ELSE CASE WHEN (anon_3.type = :type_4) THEN CAST(anon_3.value AS VARCHAR) ELSE json_text(CASE WHEN (typeof(anon_3.value) = :typeof_1) THE
-- and so on: 15213 characters in all, SHA-256 0061c75475d5…

-- find_text: Run, fraud, first 10
-- statement: 0 rows
SELECT name FROM sqlite_master WHERE type = 'table' AND name = :name
-- page of what holds a text: 0 rows
SELECT CASE WHEN (anon_1.text_name = :text_name_1) THEN :param_1 WHEN coalesce(substr(CAST(anon_1.text_name AS BLOB), :substr_1, :substr_2) = :param_2, 0) THEN :param_3 WHEN (instr(anon_1.text_name, :instr_1) > :instr_2) THEN :param_4 WHEN (anon_1.node_type IN (10, 11) AND ((EXISTS (SELECT *
FROM ContextProperty AS "ContextProperty_1"
WHERE "ContextProperty_1".context_id = anon_1.node_id AND "ContextProperty_1".is_custom_property = 1 AND "ContextProperty_1".name >= :name_1 AND "ContextProperty_1".name < :name_2 AND casefold(CAST("ContextProperty_1".string_value AS BLOB)) = :casefold_1)) OR (EXISTS (SELECT :param_5 AS anon_2
FROM ContextProperty AS "ContextProperty_2", json_each(coalesce(CASE WHEN (json_valid("ContextProperty_2".string_value) = :json_valid_1) THEN "ContextProperty_2".string_value END, strict_json(CAST("ContextProperty_2".string_value AS BLOB))), :json_each_1) AS anon_3
WHERE "ContextProperty_2".context_id = anon_1.node_id AND "ContextProperty_2".name = :name_3 AND "ContextProperty_2".is_custom_property = 0 AND casefold(CAST(CASE WHEN (anon_3.type = :type_1) THEN anon_3.value WHEN (anon_3.type = :type_2) THEN NULL WHEN (anon_3.type IN (:type_3_1, :type_3_2)) THEN anon_3.type ELSE CASE WHEN (anon_3.type = :type_4) THEN CAST(anon_3.value AS VARCHAR) ELSE json_text(CASE WHEN (typeof(anon_3.value) = :typeof_1) THEN CAST(anon_3.value AS BLOB) ELSE anon_3.value END) END END AS BLOB)) = :casefold_2)))) THEN :param_6 WHEN (anon_1.node_type IN (10, 11) AND ((EXISTS
-- and so on: 13462 characters in all, SHA-256 90e0574b77c4…

-- find_text: Workspace, fraud, first 10
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
-- page of what holds a text: 1 row
SELECT CASE WHEN (anon_1.text_name = :text_name_1) THEN :param_1 WHEN coalesce(substr(CAST(anon_1.text_name AS BLOB), :substr_1, :substr_2) = :param_2, 0) THEN :param_3 WHEN (instr(anon_1.text_name, :instr_1) > :instr_2) THEN :param_4 WHEN (anon_1.node_type IN (10, 11) AND ((EXISTS (SELECT *
FROM ContextProperty AS "ContextProperty_1"
WHERE "ContextProperty_1".context_id = anon_1.node_id AND "ContextProperty_1".is_custom_property = 1 AND "ContextProperty_1".name >= :name_1 AND "ContextProperty_1".name < :name_2 AND casefold(CAST("ContextProperty_1".string_value AS BLOB)) = :casefold_1)) OR (EXISTS (SELECT :param_5 AS anon_2
FROM ContextProperty AS "ContextProperty_2", json_each(coalesce(CASE WHEN (json_valid("ContextProperty_2".string_value) = :json_valid_1) THEN "ContextProperty_2".string_value END, strict_json(CAST("ContextProperty_2".string_value AS BLOB))), :json_each_1) AS anon_3
WHERE "ContextProperty_2".context_id = anon_1.node_id AND "ContextProperty_2".name = :name_3 AND "ContextProperty_2".is_custom_property = 0 AND casefold(CAST(CASE WHEN (anon_3.type = :type_1) THEN anon_3.value WHEN (anon_3.type = :type_2) THEN NULL WHEN (anon_3.type IN (:type_3_1, :type_3_2)) THEN anon_3.type ELSE CASE WHEN (anon_3.type = :type_4) THEN CAST(anon_3.value AS VARCHAR) ELSE json_text(CASE WHEN (typeof(anon_3.value) = :typeof_1) THEN CAST(anon_3.value AS BLOB) ELSE anon_3.value END) END END AS BLOB)) = :casefold_2)))) THEN :param_6 WHEN (anon_1.node_type IN (10, 11) AND ((EXISTS
-- and so on: 9835 characters in all, SHA-256 04b68a560837…
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
