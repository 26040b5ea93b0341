// The overview: what the store holds, what ran last, what failed, and how to begin where there is nothing.

import { useQuery } from "./api.js";
import { formatCount, formatDuration, formatEnum, plural } from "./format.js";
import { KindIcon, StateIcon } from "./icons.js";
import { SORTS, WRITERS } from "./kinds.js";
import { Fragment, html } from "./lib.js";
import { href } from "./router.js";
import { Start } from "./start.js";
import { EntityLink, Failure, Head, save, Time, useTitle, Waiting } from "./ui.js";
import { may } from "./viewer.js";

const STORE = "query Store { store { backend writable version } }";
const ADDRESS = "query StoreAddress { store { url } }";

const BREAKDOWN = `query StoreBreakdown {
  kinds: artifactFacets(by: KIND) { value count }
  states: executionFacets(by: STATE) { value count }
  types: artifactFacets(by: TYPE, first: 8) { value count }
  steps: executionFacets(by: TYPE, first: 8) { value count }
  artifactWriters: artifactFacets(by: WRITER) { value count }
  executionWriters: executionFacets(by: WRITER) { value count }
}`;

const RUN = `fragment LatestRun on Run {
  __typename id name state createTime
  workspace { __typename id name }
  first: executions(orderBy: {field: START_TIME, direction: ASC}, first: 1) { nodes { startTime } }
  last: executions(orderBy: {field: END_TIME, direction: DESC}, first: 1) { nodes { endTime } }
}`;

const LATEST = `query LatestRuns($first: Int!) {
  latest: runs(orderBy: {field: CREATE_TIME, direction: DESC}, first: $first) { nodes { ...LatestRun } }
}
${RUN}`;

const FAILED = `query LatestFailures($first: Int!) {
  failed: executions(where: {state: [FAILED]}, orderBy: {field: CREATE_TIME, direction: DESC}, first: $first) {
    nodes { __typename id name state createTime description run { __typename id name } workspace { __typename id name } }
  }
}`;

const ROWS = 8;
const FAILURES = 5;

export function Overview() {
  useTitle("");
  const served = useQuery(STORE);
  const store = served.data?.store;
  const address = useQuery(may("ADMIN") ? ADDRESS : null).data?.store.url;
  const writable = store?.writable && may("RECORD");
  // Each by itself: in a large store one is counted long before another.
  const counts = Object.fromEntries(Object.keys(SORTS).map((sort) => [sort, useQuery(`query Count { ${sort} { totalCount } }`)]));
  const totals = Object.fromEntries(Object.entries(counts).map(([sort, { data }]) => [sort, data?.[sort].totalCount]));
  const breakdown = useQuery(BREAKDOWN);
  const empty = store && totals.executions === 0 && totals.artifacts === 0 && totals.runs === 0;
  return html`<${Head}
      title="Overview"
      note=${store ? html`${address && html`<code class="store-url">${address}</code>`}${writable ? "" : `${address ? " · " : ""}read only`}` : html`<span class="ghost">…</span>`}
      query=${{ document: BREAKDOWN, variables: {} }}
      exports=${breakdown.data ? [{ label: "JSON", hint: "all counts", run: () => save(`${JSON.stringify({ counts: totals, ...breakdown.data }, null, 2)}\n`, "overview.json", "application/json") }] : []}
    />
    ${served.error && html`<${Failure} error=${served.error} again=${served.again} what="The service does not answer" />`}
    ${empty
      ? html`<${Start} writable=${writable} />`
      : html`<${Fragment}>
          <${Figures} counts=${counts} totals=${totals} />
          <div class="columns">
            <${LatestRuns} />
            <div class="stacked">
              <${Failures} />
              <${Bars} title="Executions by state" rows=${breakdown.data?.states} section="executions" field="state" icon=${(value) => html`<${StateIcon} state=${value} />`} enumerated />
              <${Writers} breakdown=${breakdown.data} />
            </div>
          </div>
          ${breakdown.error && html`<${Failure} error=${breakdown.error} again=${breakdown.again} what="What the store holds could not be counted" />`}
          <div class="columns three">
            <${Bars} title="Artifacts by kind" rows=${breakdown.data?.kinds} section="artifacts" field="kind" icon=${(value) => html`<${KindIcon} kind=${value} />`} enumerated />
            <${Bars} title="Artifacts by type" rows=${breakdown.data?.types} section="artifacts" field="type" />
            <${Bars} title="Executions by type" rows=${breakdown.data?.steps} section="executions" field="type" />
          </div>
        <//>`}`;
}

function Figures({ counts, totals }) {
  return html`<ul class="figures" aria-label="What the store holds">
    ${Object.entries(SORTS).map(
      ([key, { title }]) => html`<li key=${key}>
        <a href=${href(key)}>
          <span class="figure">${totals[key] !== undefined ? formatCount(totals[key]) : counts[key].error ? html`<span class="none" title=${counts[key].error.message}>not counted</span>` : html`<span class="ghost">0</span>`}</span>
          <span class="figure-name">${title}</span>
        </a>
      </li>`,
    )}
  </ul>`;
}

function LatestRuns() {
  const { data, error, loading, again } = useQuery(LATEST, { first: ROWS });
  const runs = data?.latest.nodes ?? [];
  return html`<section class="card" aria-labelledby="latest-runs">
    <div class="card-head"><h2 id="latest-runs">Latest runs</h2><a href=${href("runs", { order: "-CREATE_TIME" })}>All runs</a></div>
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${loading && !data && html`<${Waiting} rows=${ROWS} />`}
    ${data && runs.length === 0 && html`<p class="quiet-note">No run was recorded.</p>`}
    ${runs.length > 0 &&
    html`<ul class="rows">
      ${runs.map(
        (run) => html`<li key=${run.id}>
          <${StateIcon} state=${run.state} /><span class="unseen">${formatEnum(run.state)} </span>
          <span class="row-main"><a href=${href(["runs", run.id])}>${run.name}</a><span class="row-note">${run.workspace?.name}</span></span>
          <span class="row-side">
            <span>${formatDuration(run.first.nodes[0]?.startTime, run.last.nodes[0]?.endTime) || html`<span class="none">–</span>`}</span>
            <span class="row-note"><${Time} time=${run.createTime} /></span>
          </span>
        </li>`,
      )}
    </ul>`}
  </section>`;
}

function Failures() {
  const { data, error, loading, again } = useQuery(FAILED, { first: FAILURES });
  const failed = data?.failed.nodes ?? [];
  return html`<section class="card" aria-labelledby="failures">
    <div class="card-head">
      <h2 id="failures">What failed</h2>
      <a href=${href("executions", { state: "FAILED", order: "-CREATE_TIME" })}>All failures</a>
    </div>
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${loading && !data && html`<${Waiting} rows=${FAILURES} />`}
    ${data && failed.length === 0 && html`<p class="quiet-note">No execution is recorded as failed.</p>`}
    ${failed.length > 0 &&
    html`<ul class="rows">
      ${failed.map(
        (execution) => html`<li key=${execution.id}>
          <${StateIcon} state="FAILED" /><span class="unseen">Failed </span>
          <span class="row-main">
            <a href=${href(["executions", execution.id])}>${execution.name}</a>
            <span class="row-note">${execution.run && html`<a href=${href(["runs", execution.run.id])}>${execution.run.name}</a>`}${execution.run && execution.workspace && " · "}${execution.workspace?.name}</span>
          </span>
          <span class="row-side"><span class="row-note"><${Time} time=${execution.createTime} /></span></span>
        </li>`,
      )}
    </ul>`}
  </section>`;
}

/** Whose conventions the artifacts and executions follow: no filter goes by that, so none is a link. */
function Writers({ breakdown }) {
  const counted = (rows) => new Map(rows.map(({ value, count }) => [value, count]));
  const [artifacts, executions] = breakdown ? [counted(breakdown.artifactWriters), counted(breakdown.executionWriters)] : [];
  const rows = breakdown && [...new Set([...artifacts.keys(), ...executions.keys()])].map((writer) => ({
    writer,
    written: artifacts.get(writer) ?? 0,
    ran: executions.get(writer) ?? 0,
  }));
  rows?.sort((a, b) => b.written + b.ran - a.written - a.ran);
  const most = Math.max(1, ...(rows ?? []).map((row) => row.written + row.ran));
  return html`<section class="card" aria-label="By writer">
    <div class="card-head"><h2>By writer</h2></div>
    ${!rows && html`<${Waiting} rows=${2} />`}
    ${rows?.length === 0 && html`<p class="quiet-note">There is none.</p>`}
    ${rows?.length > 0 &&
    html`<ul class="bars">
      ${rows.map(
        ({ writer, written, ran }) => html`<li key=${writer} class="bar-row">
          <span class="bar-name">${WRITERS[writer] ?? writer}</span>
          <span class="bar-count">${plural(written, "artifact")}, ${plural(ran, "execution")}</span>
          <span class="bar" aria-hidden="true"><span style=${{ width: `${(100 * (written + ran)) / most}%` }} /></span>
        </li>`,
      )}
    </ul>`}
  </section>`;
}

function Bars({ title, rows, section, field, icon = undefined, enumerated = false }) {
  const most = Math.max(1, ...(rows ?? []).map((row) => row.count));
  return html`<section class="card" aria-label=${title}>
    <div class="card-head"><h2>${title}</h2></div>
    ${rows === undefined && html`<${Waiting} rows=${4} />`}
    ${rows?.length === 0 && html`<p class="quiet-note">There are none.</p>`}
    ${rows?.length > 0 &&
    html`<ul class="bars">
      ${rows.map(
        ({ value, count }) => html`<li key=${value}>
          <a href=${href(section, { [field]: value })}>
            <span class="bar-name">${icon?.(value)}${enumerated ? formatEnum(value) : value}</span>
            <span class="bar-count">${formatCount(count)}</span>
            <span class="bar" aria-hidden="true"><span style=${{ width: `${(100 * count) / most}%` }} /></span>
          </a>
        </li>`,
      )}
    </ul>`}
  </section>`;
}
