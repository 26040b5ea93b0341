-- artifacts-by-label: 12 statements in 10 round trips

-- facets: label 'team' in ['risk', 'shop'], kind
-- types: 10 rows
-- declared properties of types: 61 rows
-- base types of types: 1 row
-- highest id: 1 row
SELECT max(Artifact.id) AS max_1
FROM Artifact
-- cost of access paths: 1 row
WITH anon_1 AS
(SELECT 1 AS id
FROM ArtifactProperty AS "ArtifactProperty_1"
WHERE "ArtifactProperty_1".name = :name_1 AND "ArtifactProperty_1".is_custom_property = 1 AND "ArtifactProperty_1".string_value IN (SELECT anon_2.value
FROM json_each(:param_1) AS anon_2) UNION ALL SELECT 1 AS id
FROM ArtifactProperty AS "ArtifactProperty_2"
WHERE "ArtifactProperty_2".name = :name_2 AND "ArtifactProperty_2".is_custom_property = 0 AND "ArtifactProperty_2".string_value IS NOT NULL AND "ArtifactProperty_2".string_value < :string_value_1 UNION ALL SELECT 1 AS id
FROM ArtifactProperty AS "ArtifactProperty_2"
WHERE "ArtifactProperty_2".name = :name_2 AND "ArtifactProperty_2".is_custom_property = 0 AND "ArtifactProperty_2".string_value IS NOT NULL AND "ArtifactProperty_2".string_value >= :string_value_2
 LIMIT :budget OFFSET :param_2)
 SELECT (SELECT count(*) AS count_1
FROM anon_1) AS c0
-- statement: 4 rows
SELECT "Artifact_1".type_id, count(*) AS count_1
FROM Artifact AS "Artifact_1"
WHERE coalesce(coalesce((SELECT "ArtifactProperty_1".string_value
FROM ArtifactProperty AS "ArtifactProperty_1"
WHERE "ArtifactProperty_1".artifact_id = "Artifact_1".id AND "ArtifactProperty_1".name = :name_1 AND "ArtifactProperty_1".is_custom_property = 1 AND typeof("ArtifactProperty_1".string_value) = :typeof_1), (SELECT CASE WHEN (anon_2.type = :type_1) THEN anon_2.value WHEN (anon_2.type = :type_2) THEN NULL WHEN (anon_2.type IN (:type_3_1, :type_3_2)) THEN anon_2.type ELSE CASE WHEN (anon_2.type = :type_4) THEN CAST(anon_2.value AS VARCHAR) ELSE json_text(CASE WHEN (typeof(anon_2.value) = :typeof_2) THEN CAST(anon_2.value AS BLOB) ELSE anon_2.value END) END END AS anon_1
FROM ArtifactProperty AS "ArtifactProperty_2", json_each(coalesce(CASE WHEN (json_valid("ArtifactProperty_2".string_value) = :json_valid_1) THEN "ArtifactProperty_2".string_value END, strict_json(CAST("ArtifactProperty_2".string_value AS BLOB))), :json_each_1) AS anon_2
WHERE "ArtifactProperty_2".artifact_id = "Artifact_1".id AND "ArtifactProperty_2".name = :name_2 AND "ArtifactProperty_2".is_custom_property = 0 AND ("ArtifactProperty_2".string_value < :string_value_1 OR "ArtifactProperty_2".string_value >= :string_value_2) AND anon_2."key" = :key_1
 LIMIT :param_1 OFFSET :param_2), NULL) IN (SELECT anon_3.value
FROM json_each(:param_3) AS anon_3), 0) = 1 AND "Artifact_1".id IN (SELECT anon_4.id
FROM (SELECT "ArtifactP
-- and so on: 2400 characters in all, SHA-256 c94e53360cab…

-- facets: label 'team' in ['risk', 'shop'], label key
-- highest id: 1 row
SELECT max(Artifact.id) AS max_1
FROM Artifact
-- cost of access paths: 1 row
WITH anon_1 AS
(SELECT 1 AS id
FROM ArtifactProperty AS "ArtifactProperty_1"
WHERE "ArtifactProperty_1".name = :name_1 AND "ArtifactProperty_1".is_custom_property = 1 AND "ArtifactProperty_1".string_value IN (SELECT anon_2.value
FROM json_each(:param_1) AS anon_2) UNION ALL SELECT 1 AS id
FROM ArtifactProperty AS "ArtifactProperty_2"
WHERE "ArtifactProperty_2".name = :name_2 AND "ArtifactProperty_2".is_custom_property = 0 AND "ArtifactProperty_2".string_value IS NOT NULL AND "ArtifactProperty_2".string_value < :string_value_1 UNION ALL SELECT 1 AS id
FROM ArtifactProperty AS "ArtifactProperty_2"
WHERE "ArtifactProperty_2".name = :name_2 AND "ArtifactProperty_2".is_custom_property = 0 AND "ArtifactProperty_2".string_value IS NOT NULL AND "ArtifactProperty_2".string_value >= :string_value_2
 LIMIT :budget OFFSET :param_2)
 SELECT (SELECT count(*) AS count_1
FROM anon_1) AS c0
-- statement: 2 rows
SELECT anon_1.value, count(DISTINCT anon_1.id) AS count_1
FROM (SELECT substr("ArtifactProperty_1".name, :substr_1) AS value, anon_2.id AS id
FROM ArtifactProperty AS "ArtifactProperty_1", (SELECT "Artifact_1".id AS id
FROM Artifact AS "Artifact_1"
WHERE coalesce(coalesce((SELECT "ArtifactProperty_2".string_value
FROM ArtifactProperty AS "ArtifactProperty_2"
WHERE "ArtifactProperty_2".artifact_id = "Artifact_1".id AND "ArtifactProperty_2".name = :name_1 AND "ArtifactProperty_2".is_custom_property = 1 AND typeof("ArtifactProperty_2".string_value) = :typeof_1), (SELECT CASE WHEN (anon_4.type = :type_1) THEN anon_4.value WHEN (anon_4.type = :type_2) THEN NULL WHEN (anon_4.type IN (:type_3_1, :type_3_2)) THEN anon_4.type ELSE CASE WHEN (anon_4.type = :type_4) THEN CAST(anon_4.value AS VARCHAR) ELSE json_text(CASE WHEN (typeof(anon_4.value) = :typeof_2) THEN CAST(anon_4.value AS BLOB) ELSE anon_4.value END) END END AS anon_3
FROM ArtifactProperty AS "ArtifactProperty_3", json_each(coalesce(CASE WHEN (json_valid("ArtifactProperty_3".string_value) = :json_valid_1) THEN "ArtifactProperty_3".string_value END, strict_json(CAST("ArtifactProperty_3".string_value AS BLOB))), :json_each_1) AS anon_4
WHERE "ArtifactProperty_3".artifact_id = "Artifact_1".id AND "ArtifactProperty_3".name = :name_2 AND "ArtifactProperty_3".is_custom_property = 0 AND ("ArtifactProperty_3".string_value < :string_value_1 OR "ArtifactProperty_3".string_value >= :string_value_2) AND anon_4."key" = :key_1
 L
-- and so on: 6039 characters in all, SHA-256 64daf9072631…

-- facets: label 'team' in ['risk', 'shop'], label value, stage
-- highest id: 1 row
SELECT max(Artifact.id) AS max_1
FROM Artifact
-- cost of access paths: 1 row
WITH anon_1 AS
(SELECT 1 AS id
FROM ArtifactProperty AS "ArtifactProperty_1"
WHERE "ArtifactProperty_1".name = :name_1 AND "ArtifactProperty_1".is_custom_property = 1 AND "ArtifactProperty_1".string_value IN (SELECT anon_2.value
FROM json_each(:param_1) AS anon_2) UNION ALL SELECT 1 AS id
FROM ArtifactProperty AS "ArtifactProperty_2"
WHERE "ArtifactProperty_2".name = :name_2 AND "ArtifactProperty_2".is_custom_property = 0 AND "ArtifactProperty_2".string_value IS NOT NULL AND "ArtifactProperty_2".string_value < :string_value_1 UNION ALL SELECT 1 AS id
FROM ArtifactProperty AS "ArtifactProperty_2"
WHERE "ArtifactProperty_2".name = :name_2 AND "ArtifactProperty_2".is_custom_property = 0 AND "ArtifactProperty_2".string_value IS NOT NULL AND "ArtifactProperty_2".string_value >= :string_value_2
 LIMIT :budget OFFSET :param_2)
 SELECT (SELECT count(*) AS count_1
FROM anon_1) AS c0
-- statement: 3 rows
SELECT anon_1.value, count(*) AS count_1
FROM (SELECT coalesce((SELECT "ArtifactProperty_1".string_value
FROM ArtifactProperty AS "ArtifactProperty_1"
WHERE "ArtifactProperty_1".artifact_id = "Artifact_1".id AND "ArtifactProperty_1".name = :name_1 AND "ArtifactProperty_1".is_custom_property = 1 AND typeof("ArtifactProperty_1".string_value) = :typeof_1), (SELECT CASE WHEN (anon_3.type = :type_1) THEN anon_3.value WHEN (anon_3.type = :type_2) THEN NULL WHEN (anon_3.type IN (:type_3_1, :type_3_2)) THEN anon_3.type ELSE CASE WHEN (anon_3.type = :type_4) THEN CAST(anon_3.value AS VARCHAR) ELSE json_text(CASE WHEN (typeof(anon_3.value) = :typeof_2) THEN CAST(anon_3.value AS BLOB) ELSE anon_3.value END) END END AS anon_2
FROM ArtifactProperty AS "ArtifactProperty_2", json_each(coalesce(CASE WHEN (json_valid("ArtifactProperty_2".string_value) = :json_valid_1) THEN "ArtifactProperty_2".string_value END, strict_json(CAST("ArtifactProperty_2".string_value AS BLOB))), :json_each_1) AS anon_3
WHERE "ArtifactProperty_2".artifact_id = "Artifact_1".id AND "ArtifactProperty_2".name = :name_2 AND "ArtifactProperty_2".is_custom_property = 0 AND ("ArtifactProperty_2".string_value < :string_value_1 OR "ArtifactProperty_2".string_value >= :string_value_2) AND anon_3."key" = :key_1
 LIMIT :param_1 OFFSET :param_2), NULL) AS value
FROM Artifact AS "Artifact_1"
WHERE coalesce(coalesce((SELECT "ArtifactProperty_3".string_value
FROM ArtifactProperty AS "ArtifactProperty_3"
WHERE "ArtifactPrope
-- and so on: 3720 characters in all, SHA-256 615af5e8c3bd…
