-- store: 6 statements in 6 round trips

-- counts: 
-- count: 1 row
SELECT count(*) AS c0
FROM Context AS "Context_1"
WHERE 1 = 1 AND "Context_1".type_id + :type_id_1 IN (:param_1_1)
-- statement: 0 rows
SELECT name FROM sqlite_master WHERE type = 'table' AND name = :name
-- count: 1 row
SELECT count(*) AS c0
FROM (SELECT "Context_1".id AS id, "Context_1".type_id AS type_id, "Context_1".id AS place, (SELECT min("Context_2".id) AS min_1
FROM Context AS "Context_2"
WHERE "Context_2".type_id IN (:type_id_1_1) AND "Context_2".name = "ContextProperty_1".string_value) AS workspace_id, "ContextProperty_1".string_value AS workspace_name, "ContextProperty_2".string_value AS run_name, :param_1 AS named, "Context_1".external_id AS external_id, "Context_1".create_time_since_epoch AS create_time, "Context_1".last_update_time_since_epoch AS update_time
FROM Context AS "Context_1", ContextProperty AS "ContextProperty_1", ContextProperty AS "ContextProperty_2"
WHERE "Context_1".type_id IN (:type_id_2_1) AND "ContextProperty_1".context_id = "Context_1".id AND "ContextProperty_1".name = :name_1 AND "ContextProperty_1".is_custom_property = 1 AND "ContextProperty_2".context_id = "Context_1".id AND "ContextProperty_2".name = :name_2 AND "ContextProperty_2".is_custom_property = 1 AND (typeof("ContextProperty_1".string_value) = 'text' AND substr("ContextProperty_1".string_value, 1, 13) != 'mlmd-struct::') = 1 AND (typeof("ContextProperty_2".string_value) = 'text' AND substr("ContextProperty_2".string_value, 1, 13) != 'mlmd-struct::') = 1 UNION ALL SELECT :param_2 AS id, :param_3 AS type_id, :param_4 AS place, (SELECT min("Context_3".id) AS min_2
FROM Context AS "Context_3"
WHERE "Context_3".type_id IN (:type_id_3_1) AND "Context_3".name = "ExecutionProperty_1".string_value)
-- and so on: 2994 characters in all, SHA-256 02457e503ca2…
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
-- counts of rows: 1 row
SELECT (SELECT count(*) AS count_1
FROM Execution) AS anon_1, (SELECT count(*) AS count_2
FROM Artifact) AS anon_2, (SELECT count(*) AS count_3
FROM Event) AS anon_3

-- types: 
-- types: 72 rows
