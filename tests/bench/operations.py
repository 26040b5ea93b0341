"""The GraphQL operations that the rows run.

No field is asked for that ml-metadata could not give, so nodes are told by MLMD's id and pages have no cursors.
"""

from __future__ import annotations

PAGE = """
query Page($where: ArtifactFilter, $orderBy: ArtifactOrder, $first: Int, $after: String) {
  artifacts(where: $where, orderBy: $orderBy, first: $first, after: $after) {
    nodes { mlmdId name version uri createTime labels { key value } }
  }
}
"""

EVERYTHING = """
query Everything($first: Int!) {
  artifacts(first: $first) { nodes { ...All } }
}
"""

EVERYTHING_BY_ID = """
query EverythingById($ids: [ID!]!) {
  nodes(ids: $ids) { ...All }
}
"""

ALL = """
fragment All on Artifact {
  mlmdId name type { name } uri state externalId createTime updateTime
  labels { key value }
  properties
  customProperties
}
"""

NESTED = """
query Nested($workspace: String!, $runs: Int!) {
  workspace(name: $workspace) {
    mlmdId
    name
    runs(first: $runs) {
      nodes {
        mlmdId
        name
        executions(first: 10) {
          nodes {
            mlmdId
            name
            state
            outputs(first: 5) {
              edges {
                port
                node {
                  mlmdId
                  name
                  kind
                  version
                  uri
                  labels { key value }
                  consumers(first: 10) { nodes { mlmdId name state } }
                }
              }
            }
          }
        }
      }
    }
  }
}
"""

CLOSURE = """
query Closure($root: ID!, $nodes: Int!) {
  lineage(roots: [$root], direction: UPSTREAM, maxNodes: $nodes) {
    nodes { hops node { __typename mlmdId name } }
    edges { artifact { mlmdId } execution { mlmdId } eventType }
  }
}
"""

EDGES = """
query Edges($root: ID!, $nodes: Int!) {
  lineage(roots: [$root], direction: UPSTREAM, maxNodes: $nodes) {
    edges { artifact { mlmdId } execution { mlmdId } eventType }
  }
}
"""

IDS = """
query Ids($root: ID!, $nodes: Int!) {
  lineage(roots: [$root], direction: UPSTREAM, maxNodes: $nodes) {
    nodes { hops node { mlmdId } }
    edges { artifact { mlmdId } execution { mlmdId } eventType }
  }
}
"""

COUNTS = """
query Counts($root: ID!, $nodes: Int!) {
  lineage(roots: [$root], direction: UPSTREAM, maxNodes: $nodes) { counts { artifacts executions } }
}
"""

TOTAL = """
query Total($where: ArtifactFilter) {
  artifacts(where: $where, first: 0) { totalCount }
}
"""

CURSOR = """
query Cursor($first: Int!, $after: String) {
  artifacts(first: $first, after: $after) { pageInfo { endCursor } }
}
"""

FACETS = """
query Facets($where: ArtifactFilter, $key: String!) {
  artifactFacets(where: $where, by: LABEL_VALUE, key: $key) { value count }
}
"""

UPSTREAM_SQL = """
WITH RECURSIVE walk(id, artifact) AS (
  VALUES (:root, 1)
  UNION
  SELECT e.execution_id, 0 FROM walk JOIN Event e ON e.artifact_id = walk.id
  WHERE walk.artifact AND e.type IN (1, 4, 6, 7)
  UNION
  SELECT e.artifact_id, 1 FROM walk JOIN Event e ON e.execution_id = walk.id
  WHERE NOT walk.artifact AND e.type IN (2, 3, 5)
)
SELECT id, artifact FROM walk
"""
"""An upstream closure as ids in one statement: what no service can be quicker than."""

UPSTREAM_EDGES_SQL = """
WITH RECURSIVE walk(id, artifact, event, type, near) AS (
  VALUES (:root, 1, NULL, NULL, NULL)
  UNION
  SELECT e.execution_id, 0, e.id, e.type, e.artifact_id FROM walk JOIN Event e ON e.artifact_id = walk.id
  WHERE walk.artifact AND e.type IN (1, 4, 6, 7)
  UNION
  SELECT e.artifact_id, 1, e.id, e.type, e.execution_id FROM walk JOIN Event e ON e.execution_id = walk.id
  WHERE NOT walk.artifact AND e.type IN (2, 3, 5)
)
SELECT id, artifact, event, type, near FROM walk
"""
"""The same with the event that leads to each: its nodes and its edges, a node of several edges several times."""
