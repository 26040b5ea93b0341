// The page of one workspace, run, execution or artifact: all it has.

import { useQuery } from "./api.js";
import { formatCount, formatDuration, formatEnum, formatNumber, formatSeconds, formatValue } from "./format.js";
import { Icon, KindIcon, StateIcon } from "./icons.js";
import { entityHref, kindOf, SORTS, sortOf } from "./kinds.js";
import { LabelEditor } from "./labels.js";
import { LineageView } from "./later.js";
import { Fragment, html, useEffect } from "./lib.js";
import { go, href, place } from "./router.js";
import { Tree } from "./tree.js";
import { copy, EntityLink, Failure, Head, Incomplete, Kind, save, Scroll, State, Tabs, Time, useTitle, Waiting } from "./ui.js";
import { Versions, VERSIONS, versionsWhere } from "./versions.js";
import { may } from "./viewer.js";

const FIRST = 50;

const COMMON = `__typename id mlmdId name description externalId createTime updateTime
    type { mlmdId name version description }
    labels { key value } properties customProperties`;

const EVENTS = `totalCount
      pageInfo { hasNextPage }
      edges { port eventType eventTime node { ...Beside } }`;

const BESIDE = {
  executions: `fragment Beside on Execution { __typename id name state run { __typename id name } }`,
  artifacts: `fragment Beside on Artifact { __typename id name kind version uri }`,
};

const DOCUMENTS = {
  workspaces: `query Workspace($id: ID!, $first: Int!) {
  node(id: $id) {
    ${COMMON_OF("Workspace")}
    ... on Workspace {
      executions { totalCount }
      artifacts { totalCount }
      runs(first: $first, orderBy: {field: CREATE_TIME, direction: DESC}) {
        totalCount
        pageInfo { hasNextPage }
        nodes { __typename id name state createTime }
      }
    }
  }
}`,
  runs: `query Run($id: ID!, $first: Int!) {
  node(id: $id) {
    ${COMMON_OF("Run")}
    ... on Run {
      state
      workspace { __typename id name }
      executions(first: $first, orderBy: {field: ID}) {
        totalCount
        pageInfo { hasNextPage }
        nodes { __typename id name state startTime endTime createTime description }
      }
      inputs(first: $first) { totalCount pageInfo { hasNextPage } nodes { ...Beside } }
      outputs(first: $first) { totalCount pageInfo { hasNextPage } nodes { ...Beside ... on Metrics { values } } }
    }
  }
}
${BESIDE.artifacts}`,
  executions: `query Execution($id: ID!, $first: Int!) {
  node(id: $id) {
    ${COMMON_OF("Execution")}
    ... on Execution {
      state startTime endTime parameters
      workspace { __typename id name }
      run { __typename id name state }
      parent { __typename id name }
      inputs(first: $first) {
      ${EVENTS}
      }
      outputs(first: $first) {
      ${EVENTS}
      }
    }
  }
}
${BESIDE.artifacts}`,
  artifacts: `query Artifact($id: ID!, $first: Int!) {
  node(id: $id) {
    ${COMMON_OF("Artifact")}
    ... on Artifact {
      kind uri state version owner
      workspace { __typename id name }
      workspaces { __typename id name }
      run { __typename id name state }
      producers(first: $first) {
      ${EVENTS}
      }
      consumers(first: $first) {
      ${EVENTS}
      }
    }
    ... on Model {
      modelType trainingFramework hyperparameters
      metrics(first: $first) { totalCount pageInfo { hasNextPage } nodes { __typename id name kind version createTime ... on Metrics { metricsType values } } }
    }
    ... on DataSet { query }
    ... on Metrics {
      metricsType values
      model { __typename id name kind version }
      dataSet { __typename id name kind version }
    }
  }
}
${BESIDE.executions}`,
};

function COMMON_OF(type) {
  return `... on ${type} {
    ${COMMON}
    }`;
}

const WRITABLE = "query Writable { store { writable } }";

/** @param {{sort: string, id: string}} props */
export function EntityPage({ sort, id }) {
  const variables = { id, first: FIRST };
  const { data, error, again } = useQuery(DOCUMENTS[sort], variables);
  const writable = (useQuery(WRITABLE).data?.store.writable ?? false) && may("RECORD");
  const entity = data?.node;
  const elsewhere = entity && entity.name === undefined;
  const found = entity && !elsewhere;
  useTitle(found ? entity.name : SORTS[sort].title);

  // The id of another sort, written into this sort's address.
  useEffect(() => {
    if (elsewhere) go(href([sortOf(entity.__typename), id], place.value.params), { replace: true });
  }, [elsewhere]);

  const tab = place.value.params.get("tab") ?? "";
  const path = [sort, id];
  const tabs = [
    { key: "", label: "Details", href: href(path) },
    sort === "artifacts" && { key: "versions", label: "Versions", href: href(path, { tab: "versions" }) },
    (sort === "artifacts" || sort === "executions") && { key: "lineage", label: "Lineage", href: href(path, { tab: "lineage" }) },
  ].filter(Boolean);
  const query = tab === "versions" && found ? { document: VERSIONS, variables: { where: versionsWhere(entity), first: 200 } } : { document: DOCUMENTS[sort], variables };

  return html`<${Head}
      title=${found ? html`<${KindIcon} kind=${kindOf(entity)} size=${20} /><span>${entity.name || "(no name)"}${entity.version && html` <span class="version">${entity.version}</span>`}</span>` : data && !entity ? "Not found" : html`<span class="ghost">The name of it</span>`}
      eyebrow=${html`<${Trail} sort=${sort} entity=${found ? entity : null} />`}
      note=${found ? entity.description : null}
      query=${tab === "lineage" ? undefined : query}
      exports=${found && tab !== "lineage" ? [{ label: "JSON", hint: "this page", run: () => save(`${JSON.stringify(entity, null, 2)}\n`, `${sort}-${id}.json`, "application/json") }] : []}
    >
      ${found && sort === "artifacts" && html`<${WhatChanged} artifact=${entity} />`}
      ${found && sort === "artifacts" && entity.kind !== "MODEL" && html`<a class="button" href=${href("artifacts", { descendsFrom: entity.name, kind: "MODEL" })}><${Icon} name="lineage" /><span>Models from it</span></a>`}
      ${found && sort === "runs" && html`<a class="button" href=${href("compare", { runs: [id] })}><${Icon} name="compare" /><span>Compare</span></a>`}
    <//>
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${tabs.length > 1 && (!data || entity) && html`<${Tabs} label="Views of it" current=${tab} tabs=${tabs} />`}
    ${!data && !error && html`<${Waiting} rows=${14} />`}
    ${data && !entity && html`<p class="quiet-note">The store has nothing of this id, or nothing that you may see.</p>`}
    ${found && tab === "" && html`<${Details} sort=${sort} entity=${entity} writable=${writable} changed=${again} />`}
    ${found && tab === "versions" && sort === "artifacts" && html`<${Versions} artifact=${entity} />`}
    ${found && tab === "lineage" && html`<${LineageView} roots=${[id]} embedded=${true} />`}`;
}

/** Where it stands: sort, workspace, run. */
function Trail({ sort, entity }) {
  const steps = [
    html`<a href=${href(sort)}>${SORTS[sort].title}</a>`,
    entity?.workspace && html`<a href=${entityHref(entity.workspace)}>${entity.workspace.name}</a>`,
    entity?.run && html`<a href=${entityHref(entity.run)}>${entity.run.name}</a>`,
  ].filter(Boolean);
  return steps.map((step, index) => html`<${Fragment} key=${index}>${index > 0 && html`<span aria-hidden="true">/</span>`}${step}<//>`);
}

const BEFORE = `query VersionBefore($where: ArtifactFilter!) {
  artifacts(where: $where, orderBy: {field: CREATE_TIME, direction: DESC}, first: 2) { nodes { id version } }
}`;

/** A link to what changed since the version before. */
function WhatChanged({ artifact }) {
  const where = { ...versionsWhere(artifact), ...(artifact.createTime && { createTime: { atOrBefore: artifact.createTime } }) };
  const { data } = useQuery(artifact.createTime ? BEFORE : null, { where });
  const before = data?.artifacts.nodes.find((version) => version.id !== artifact.id);
  if (!before) return null;
  return html`<a class="button" href=${href("compare", { left: before.id, right: artifact.id })}>
    <${Icon} name="compare" /><span>What changed since ${before.version ?? "the one before"}</span>
  </a>`;
}

function Details({ sort, entity, writable, changed }) {
  return html`<div class="entity">
    <div class="entity-main">
      ${sort === "artifacts" && html`<${ArtifactParts} artifact=${entity} />`}
      ${sort === "executions" && Object.keys(entity.parameters).length > 0 && html`<${Part} title="Parameters"><${Tree} value=${entity.parameters} label="Parameters" /><//>`}
      ${sort === "executions" &&
      html`<${Events} title="Inputs" what="It read nothing that is recorded." events=${entity.inputs} />
        <${Events} title="Outputs" what="It wrote nothing that is recorded." events=${entity.outputs} />`}
      ${sort === "runs" && html`<${RunParts} run=${entity} />`}
      ${sort === "workspaces" && html`<${WorkspaceParts} workspace=${entity} />`}
      <${Properties} entity=${entity} />
    </div>
    <aside class="entity-side" aria-label="Facts">
      <section class="side-part"><h2>Labels</h2><${LabelEditor} id=${entity.id} labels=${entity.labels} writable=${writable && !(sort === "runs" && entity.mlmdId === null)} changed=${changed} /></section>
      <section class="side-part"><h2>Facts</h2><${Facts} sort=${sort} entity=${entity} /></section>
      <section class="side-part"><h2>MLMD</h2><${Raw} entity=${entity} /></section>
    </aside>
  </div>`;
}

/** Pairs of a name and what it is; those without are left out. @param {{rows: [string, unknown][]}} props */
function Pairs({ rows }) {
  return html`<dl class="pairs">
    ${rows.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}
  </dl>`;
}

/** @param {unknown} framework @returns {string} `xgboost 2.1.4` where it has no more than a name and a version */
function formatFramework(framework) {
  const { name, version, ...more } = Object(framework);
  const plain = typeof name === "string" && ["string", "undefined"].includes(typeof version) && Object.keys(more).length === 0;
  return plain ? [name, version].filter(Boolean).join(" ") : formatValue(framework);
}

function Facts({ sort, entity }) {
  const link = (other) => other && html`<${EntityLink} entity=${other} />`;
  const rows = {
    artifacts: () => [
      ["Kind", html`<${Kind} kind=${entity.kind} />`],
      ["State", html`<${State} state=${entity.state} />`],
      ["Version", entity.version],
      ["Uri", entity.uri && html`<code class="uri">${entity.uri}</code> <button type="button" class="icon-button" aria-label="Copy the uri" onClick=${() => copy(entity.uri, "The uri is copied")}><${Icon} name="copy" size=${13} /></button>`],
      ["Owner", entity.owner],
      ["Workspaces", entity.workspaces.length > 0 && html`<span class="stack">${entity.workspaces.map((one) => html`<${EntityLink} key=${one.id} entity=${one} />`)}</span>`],
      ["Run", link(entity.run)],
      ["Model type", entity.modelType],
      ["Framework", formatFramework(entity.trainingFramework)],
      ["Metrics of", entity.metricsType],
      ["Model", link(entity.model)],
      ["Data set", link(entity.dataSet)],
      ["Query", entity.query && html`<code>${entity.query}</code>`],
    ],
    executions: () => [
      ["State", html`<${State} state=${entity.state} />`],
      ["Workspace", link(entity.workspace)],
      ["Run", link(entity.run)],
      ["Part of", link(entity.parent)],
      ["Began", entity.startTime && html`<${Time} time=${entity.startTime} />`],
      ["Ended", entity.endTime && html`<${Time} time=${entity.endTime} />`],
      ["Took", formatDuration(entity.startTime, entity.endTime)],
    ],
    runs: () => [
      ["State", html`<${State} state=${entity.state} />`],
      ["Workspace", link(entity.workspace)],
      ["Took", runDuration(entity)],
    ],
    workspaces: () => [],
  }[sort]();
  return html`<${Pairs} rows=${[...rows, ["Recorded", entity.createTime && html`<${Time} time=${entity.createTime} />`], ["Changed", entity.updateTime && html`<${Time} time=${entity.updateTime} />`]]} />`;
}

function runDuration(run) {
  if (run.executions.pageInfo.hasNextPage) return "";
  const times = (field) => run.executions.nodes.map((execution) => execution[field]).filter(Boolean).map(Date.parse);
  const [begins, ends] = [times("startTime"), times("endTime")];
  return begins.length > 0 && ends.length > 0 ? formatSeconds((Math.max(...ends) - Math.min(...begins)) / 1000) : "";
}

function Raw({ entity }) {
  return html`<${Pairs}
    rows=${[
      ["Id", html`<span class="mono">${entity.mlmdId ?? "a name only"}</span>`],
      ["Type", html`<span class="mono">${entity.type.name}</span>${entity.type.version && ` ${entity.type.version}`}`],
      ["Type id", html`<span class="mono">${entity.type.mlmdId}</span>`],
      ["External id", entity.externalId && html`<span class="mono">${entity.externalId}</span>`],
      ["Global id", html`<span class="mono">${entity.id}</span> <button type="button" class="icon-button" aria-label="Copy the global id" onClick=${() => copy(entity.id, "The id is copied")}><${Icon} name="copy" size=${13} /></button>`],
    ]}
  />`;
}

function Part({ title, count = undefined, children }) {
  return html`<section class="part">
    <h2>${title}${count !== undefined && html` <span class="count">${formatCount(count)}</span>`}</h2>
    ${children}
  </section>`;
}

function ArtifactParts({ artifact }) {
  const metrics = artifact.metrics?.nodes ?? [];
  return html`${artifact.values && html`<${Part} title="Values"><${Tree} value=${artifact.values} label="Values" /><//>`}
    ${metrics.length > 0 && html`<${MetricsPart} metrics=${metrics} count=${artifact.metrics.totalCount} />`}
    ${artifact.hyperparameters && html`<${Part} title="Hyperparameters"><${Tree} value=${artifact.hyperparameters} label="Hyperparameters" /><//>`}
    <${Events} title="Written by" what="No execution is recorded as its writer." events=${artifact.producers} />
    <${Events} title="Read by" what="No execution is recorded as a reader of it." events=${artifact.consumers} />`;
}

function MetricsPart({ metrics, count }) {
  const names = [...new Set(metrics.flatMap((row) => Object.keys(row.values ?? {})))];
  return html`<${Part} title="Metrics" count=${count}>
    <${Scroll} label="Metrics">
      <table class="table">
        <thead><tr><th scope="col">Name</th><th scope="col">Of</th>${names.map((name) => html`<th key=${name} scope="col" class="number">${name}</th>`)}</tr></thead>
        <tbody>
          ${metrics.map(
            (row) => html`<tr key=${row.id}>
              <th scope="row"><${EntityLink} entity=${row} /></th><td>${row.metricsType}</td>
              ${names.map((name) => html`<td key=${name} class="number">${typeof row.values?.[name] === "number" ? formatNumber(row.values[name]) : formatValue(row.values?.[name])}</td>`)}
            </tr>`,
          )}
        </tbody>
      </table>
    <//>
  <//>`;
}

/** What is at the other end of events, with ports. */
function Events({ title, what, events }) {
  const states = events.edges.some(({ node }) => node.state);
  const times = events.edges.some(({ eventTime }) => eventTime);
  return html`<${Part} title=${title} count=${events.totalCount}>
    ${events.pageInfo.hasNextPage && html`<${Incomplete} what=${`The first ${events.edges.length} are shown; the lineage has all.`} />`}
    ${events.edges.length === 0
      ? html`<p class="quiet-note">${what}</p>`
      : html`<${Scroll} label=${title}>
          <table class="table">
            <thead><tr>
              <th scope="col">Name</th><th scope="col">Port</th>${states && html`<th scope="col">State</th><th scope="col">Run</th>`}
              <th scope="col">Event</th>${times && html`<th scope="col">When</th>`}
            </tr></thead>
            <tbody>
              ${events.edges.map(
                ({ node, port, eventType, eventTime }, index) => html`<tr key=${index}>
                  <th scope="row"><${EntityLink} entity=${node} /></th>
                  <td>${port ? html`<code>${port}</code>` : html`<span class="none">–</span>`}</td>
                  ${states && html`<td><${State} state=${node.state} /></td><td>${node.run ? html`<a href=${entityHref(node.run)}>${node.run.name}</a>` : html`<span class="none">–</span>`}</td>`}
                  <td>${formatEnum(eventType)}</td>
                  ${times && html`<td><${Time} time=${eventTime} /></td>`}
                </tr>`,
              )}
            </tbody>
          </table>
        <//>`}
  <//>`;
}

function RunParts({ run }) {
  const failed = run.executions.nodes.filter((execution) => execution.state === "FAILED");
  return html`${failed.length > 0 &&
    html`<div class="failure" role="note"><${Icon} name="warning" size=${18} /><div>
      <strong>${failed.length === 1 ? "One execution failed" : `${failed.length} executions failed`}</strong>
      <ul>${failed.map((execution) => html`<li key=${execution.id}><${EntityLink} entity=${execution} />${execution.description && html` <span>${execution.description}</span>`}</li>`)}</ul>
    </div></div>`}
    <${Part} title="Executions" count=${run.executions.totalCount}>
      ${run.executions.pageInfo.hasNextPage && html`<${Incomplete} what=${`The first ${FIRST} are shown.`} goOn=${() => go(href("executions", { run: run.name }))} label="See all" />`}
      <${Scroll} label="Executions">
        <table class="table">
          <thead><tr><th scope="col">Name</th><th scope="col">State</th><th scope="col">Began</th><th scope="col" class="number">Took</th><th scope="col">Recorded</th></tr></thead>
          <tbody>
            ${run.executions.nodes.map(
              (execution) => html`<tr key=${execution.id}>
                <th scope="row"><${EntityLink} entity=${execution} /></th><td><${State} state=${execution.state} /></td>
                <td><${Time} time=${execution.startTime} /></td>
                <td class="number">${formatDuration(execution.startTime, execution.endTime) || html`<span class="none">–</span>`}</td>
                <td><${Time} time=${execution.createTime} /></td>
              </tr>`,
            )}
          </tbody>
        </table>
      <//>
    <//>
    <${Artifacts} title="Inputs" page=${run.inputs} what="Its executions read nothing that is recorded." />
    <${Artifacts} title="Outputs" page=${run.outputs} what="Its executions wrote nothing that is recorded." />`;
}

function Artifacts({ title, page, what }) {
  return html`<${Part} title=${title} count=${page.totalCount}>
    ${page.pageInfo.hasNextPage && html`<${Incomplete} what=${`The first ${page.nodes.length} are shown.`} />`}
    ${page.nodes.length === 0
      ? html`<p class="quiet-note">${what}</p>`
      : html`<ul class="rows">
          ${page.nodes.map(
            (artifact) => html`<li key=${artifact.id}>
              <${KindIcon} kind=${artifact.kind} />
              <span class="row-main"><a href=${entityHref(artifact)}>${artifact.name}${artifact.version && html` <span class="version">${artifact.version}</span>`}</a>${artifact.uri && html`<span class="row-note">${artifact.uri}</span>`}</span>
              <span class="row-side">${artifact.values && Object.entries(artifact.values).filter(([, value]) => typeof value === "number").slice(0, 3).map(([name, value]) => html`<span key=${name}><span class="row-note">${name}</span> ${formatNumber(value)}</span>`)}</span>
            </li>`,
          )}
        </ul>`}
  <//>`;
}

function WorkspaceParts({ workspace }) {
  const name = { workspace: workspace.name };
  return html`<ul class="figures three" aria-label="What it holds">
      ${["runs", "executions", "artifacts"].map(
        (key) => html`<li key=${key}><a href=${href(key, name)}><span class="figure">${formatCount(workspace[key].totalCount)}</span><span class="figure-name">${SORTS[key].title}</span></a></li>`,
      )}
    </ul>
    <${Part} title="Latest runs" count=${workspace.runs.totalCount}>
      ${workspace.runs.nodes.length === 0 && html`<p class="quiet-note">No run is recorded in it.</p>`}
      <ul class="rows">
        ${workspace.runs.nodes.slice(0, 20).map(
          (run) => html`<li key=${run.id}><${StateIcon} state=${run.state} /><span class="row-main"><span class="unseen">${formatEnum(run.state)}</span><a href=${entityHref(run)}>${run.name}</a></span><span class="row-side"><${Time} time=${run.createTime} /></span></li>`,
        )}
      </ul>
    <//>`;
}

function Properties({ entity }) {
  const declared = Object.keys(entity.properties).length;
  const custom = Object.keys(entity.customProperties).length;
  return html`${declared > 0 && html`<${Part} title="Properties" count=${declared}><${Tree} value=${entity.properties} label="Properties" /><//>`}
    ${custom > 0 && html`<${Part} title="Custom properties" count=${custom}><${Tree} value=${entity.customProperties} label="Custom properties" /><//>`}
    ${declared + custom === 0 && html`<${Part} title="Properties"><p class="quiet-note">It has none.</p><//>`}`;
}
