// What there is: the four sorts of entities, how they are called, and where each is shown.

import { href } from "./router.js";

/** In the order of the navigation. Each is a field of Query; `kind`: of EntityKind; `facets`: the field of Query that counts them. */
export const SORTS = {
  workspaces: { title: "Workspaces", one: "workspace", kind: "WORKSPACE", type: "Workspace", facets: null },
  runs: { title: "Runs", one: "run", kind: "RUN", type: "Run", facets: "runFacets" },
  executions: { title: "Executions", one: "execution", kind: "EXECUTION", type: "Execution", facets: "executionFacets" },
  artifacts: { title: "Artifacts", one: "artifact", kind: "ARTIFACT", type: "Artifact", facets: "artifactFacets" },
};

const BY_TYPENAME = { Workspace: "workspaces", Run: "runs", Execution: "executions" };

/** Of which sort an answer's `__typename` is; every other type is of artifacts. @param {string} typename */
export function sortOf(typename) {
  return BY_TYPENAME[typename] ?? "artifacts";
}

/** The kind whose shape an entity has. @param {{__typename: string, kind?: string}} entity */
export function kindOf(entity) {
  const sort = sortOf(entity.__typename);
  return sort === "artifacts" ? (entity.kind ?? KIND_BY_TYPENAME[entity.__typename] ?? "OTHER") : SORTS[sort].kind;
}

const KIND_BY_TYPENAME = { Model: "MODEL", DataSet: "DATA_SET", Metrics: "METRICS" };

/** The page of an entity. @param {{__typename: string, id: string}} entity @param {Record<string, unknown>} [params] */
export function entityHref(entity, params) {
  return href([sortOf(entity.__typename), entity.id], params);
}

/** How the writers are called whose conventions the service knows. */
export const WRITERS = {
  kubeflow: "Kubeflow Metadata SDK, LineageQL",
  "kfp-v2": "Kubeflow Pipelines 2",
  "kfp-v1": "Kubeflow Pipelines 1",
  tfx: "TFX",
  "model-registry": "Model Registry",
  cmf: "CMF",
  generic: "Other writers",
};

/** The kinds of artifacts, in the order in which they are offered. */
export const ARTIFACT_KINDS = ["MODEL", "DATA_SET", "METRICS", "STATISTICS", "OTHER"];
