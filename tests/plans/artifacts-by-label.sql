-- artifacts-by-label: 10 statements in 10 round trips

-- facets: Artifact, kind in ['MODEL', 'DATA_SET', 'METRICS'], kind
-- types: 72 rows
-- highest id: 1 row
SELECT max(Artifact.id) AS max_1
FROM Artifact
-- cost of access paths: 1 row
WITH anon_1 AS
(SELECT 1 AS id
FROM Artifact AS "Artifact_1"
WHERE "Artifact_1".type_id IN (:type_id_1_1, :type_id_1_2, :type_id_1_3)
 LIMIT :budget OFFSET :param_1)
 SELECT (SELECT count(*) AS count_1
FROM anon_1) AS c0
-- facet kind: 3 rows
SELECT "Artifact_1".type_id, count(*) AS count_1
FROM Artifact AS "Artifact_1"
WHERE "Artifact_1".type_id + :type_id_1 IN (:param_1_1, :param_1_2, :param_1_3) AND "Artifact_1".id IN (SELECT "Artifact_2".id AS id
FROM Artifact AS "Artifact_2"
WHERE "Artifact_2".type_id IN (:type_id_2_1, :type_id_2_2, :type_id_2_3)) GROUP BY "Artifact_1".type_id

-- facets: Artifact, kind in ['MODEL', 'DATA_SET', 'METRICS'], label key
-- highest id: 1 row
SELECT max(Artifact.id) AS max_1
FROM Artifact
-- cost of access paths: 1 row
WITH anon_1 AS
(SELECT 1 AS id
FROM Artifact AS "Artifact_1"
WHERE "Artifact_1".type_id IN (:type_id_1_1, :type_id_1_2, :type_id_1_3)
 LIMIT :budget OFFSET :param_1)
 SELECT (SELECT count(*) AS count_1
FROM anon_1) AS c0
-- facet label key: 4 rows
SELECT anon_1.value, count(DISTINCT anon_1.id) AS count_1
FROM (SELECT substr("ArtifactProperty_1".name, :substr_1) AS value, anon_2.id AS id
FROM ArtifactProperty AS "ArtifactProperty_1", (SELECT "Artifact_1".id AS id
FROM Artifact AS "Artifact_1"
WHERE "Artifact_1".type_id + :type_id_1 IN (:param_1_1, :param_1_2, :param_1_3) AND "Artifact_1".id IN (SELECT "Artifact_2".id AS id
FROM Artifact AS "Artifact_2"
WHERE "Artifact_2".type_id IN (:type_id_2_1, :type_id_2_2, :type_id_2_3)) AND "Artifact_1".type_id + :type_id_3 IN (:param_2_1, :param_2_2, :param_2_3, :param_2_4, :param_2_5, :param_2_6)) AS anon_2
WHERE "ArtifactProperty_1".artifact_id = anon_2.id AND "ArtifactProperty_1".is_custom_property = 1 AND coalesce(substr(CAST("ArtifactProperty_1".name AS BLOB), :substr_2, :substr_3) = :param_3, 0) = 1 AND "ArtifactProperty_1".string_value IS NOT NULL UNION ALL SELECT anon_3."key" AS value, anon_2.id AS id
FROM (SELECT "Artifact_1".id AS id
FROM Artifact AS "Artifact_1"
WHERE "Artifact_1".type_id + :type_id_1 IN (:param_1_1, :param_1_2, :param_1_3) AND "Artifact_1".id IN (SELECT "Artifact_2".id AS id
FROM Artifact AS "Artifact_2"
WHERE "Artifact_2".type_id IN (:type_id_2_1, :type_id_2_2, :type_id_2_3)) AND "Artifact_1".type_id + :type_id_3 IN (:param_2_1, :param_2_2, :param_2_3, :param_2_4, :param_2_5, :param_2_6)) AS anon_2, ArtifactProperty AS "ArtifactProperty_2", json_each(coalesce(CASE WHEN (json_valid("ArtifactProperty_2".string_value) = :json_valid_1) THEN "A
-- and so on: 1977 characters in all, SHA-256 5ece1bfb3650…

-- facets: Artifact, kind in ['MODEL', 'DATA_SET', 'METRICS'], label value, stage
-- highest id: 1 row
SELECT max(Artifact.id) AS max_1
FROM Artifact
-- cost of access paths: 1 row
WITH anon_1 AS
(SELECT 1 AS id
FROM Artifact AS "Artifact_1"
WHERE "Artifact_1".type_id IN (:type_id_1_1, :type_id_1_2, :type_id_1_3)
 LIMIT :budget OFFSET :param_1)
 SELECT (SELECT count(*) AS count_1
FROM anon_1) AS c0
-- facet label value: 3 rows
SELECT anon_1.value, count(*) AS count_1
FROM (SELECT coalesce((SELECT "ArtifactProperty_1".string_value
FROM ArtifactProperty AS "ArtifactProperty_1"
WHERE "ArtifactProperty_1".artifact_id = "Artifact_1".id AND "ArtifactProperty_1".name = :name_1 AND "ArtifactProperty_1".is_custom_property = 1 AND typeof("ArtifactProperty_1".string_value) = :typeof_1), (SELECT CASE WHEN (anon_3.type = :type_1) THEN anon_3.value WHEN (anon_3.type = :type_2) THEN NULL WHEN (anon_3.type IN (:type_3_1, :type_3_2)) THEN anon_3.type ELSE CASE WHEN (anon_3.type = :type_4) THEN CAST(anon_3.value AS VARCHAR) ELSE json_text(CASE WHEN (typeof(anon_3.value) = :typeof_2) THEN CAST(anon_3.value AS BLOB) ELSE anon_3.value END) END END AS anon_2
FROM ArtifactProperty AS "ArtifactProperty_2", json_each(coalesce(CASE WHEN (json_valid("ArtifactProperty_2".string_value) = :json_valid_1) THEN "ArtifactProperty_2".string_value END, strict_json(CAST("ArtifactProperty_2".string_value AS BLOB))), :json_each_1) AS anon_3
WHERE "ArtifactProperty_2".artifact_id = "Artifact_1".id AND "ArtifactProperty_2".name = :name_2 AND "ArtifactProperty_2".is_custom_property = 0 AND ("ArtifactProperty_2".string_value < :string_value_1 OR "ArtifactProperty_2".string_value >= :string_value_2) AND anon_3."key" = :key_1
 LIMIT :param_1 OFFSET :param_2), NULL) AS value
FROM Artifact AS "Artifact_1"
WHERE "Artifact_1".type_id + :type_id_1 IN (:param_3_1, :param_3_2, :param_3_3) AND "Artifact_1".id IN (SELECT "Artifact_2".id AS id

-- and so on: 1669 characters in all, SHA-256 1b7a989cab83…
