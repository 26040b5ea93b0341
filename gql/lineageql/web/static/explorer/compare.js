// Runs side by side, and two artifacts or executions with what differs between all that made them.

import { useQuery } from "./api.js";
import { formatEnum, formatNumber, formatTime, formatValue, plural } from "./format.js";
import { Icon, StateIcon } from "./icons.js";

import { html, useState } from "./lib.js";
import { DiffPage } from "./diff.js";
import { Parallel, Scatter } from "./comparisonplots.js";
import { href, place, setParams } from "./router.js";
import { EntityLink, Failure, Head, Popover, save, Scroll, useTitle, Waiting } from "./ui.js";

const COMPARE = `query CompareRuns($ids: [ID!]!) {
  compareRuns(ids: $ids) {
    runs { __typename id name state createTime workspace { __typename id name } }
    rows { section field values same }
  }
}`;

const CANDIDATES = `query RunsToCompare($where: RunFilter) {
  runs(where: $where, orderBy: {field: CREATE_TIME, direction: DESC}, first: 50) {
    nodes { __typename id name state createTime workspace { name } }
  }
}`;

const MOST = 100;

export function ComparePage() {
  const { params } = place.value;
  if (params.has("left") || params.has("right")) return html`<${DiffPage} left=${params.get("left") ?? ""} right=${params.get("right") ?? ""} />`;
  return html`<${RunComparison} ids=${params.getAll("runs")} />`;
}

function RunComparison({ ids }) {
  useTitle("Compare runs");
  const { params } = place.value;
  const variables = { ids };
  const { data, error, loading, again } = useQuery(ids.length >= 2 ? COMPARE : null, variables);
  const comparison = ids.length >= 2 ? data?.compareRuns : null;
  const all = params.get("show") === "all";
  const rows = comparison?.rows.filter((row) => all || !row.same) ?? [];
  const same = comparison ? comparison.rows.length - comparison.rows.filter((row) => !row.same).length : 0;

  return html`<${Head}
      title="Compare runs"
      note=${comparison ? `${plural(comparison.runs.length, "run")}, ${plural(comparison.rows.length - same, "field")} that ${comparison.rows.length - same === 1 ? "differs" : "differ"}, ${same} the same` : "Parameters, values, inputs and outputs, side by side."}
      query=${ids.length >= 2 ? { document: COMPARE, variables } : undefined}
      exports=${comparison
        ? [
            { label: "CSV", hint: all ? "all fields" : "what differs", run: () => save(asCsv(comparison.runs, rows), "comparison.csv", "text/csv") },
            { label: "JSON", hint: "all fields", run: () => save(`${JSON.stringify(comparison, null, 2)}\n`, "comparison.json", "application/json") },
          ]
        : []}
    >
      ${ids.length < MOST && html`<${AddRun} ids=${ids} />`}
    <//>
    ${ids.length < 2 && html`<${Chooser} ids=${ids} />`}
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${ids.length >= 2 && !comparison && !error && html`<${Waiting} rows=${14} />`}
    ${comparison &&
    html`<div class=${loading ? "stale-view" : ""}>
      <${Plots} comparison=${comparison} />
      <div class="filters">
        <div class="choice" role="group" aria-label="Which fields">
          <button type="button" class="button" aria-pressed=${!all} onClick=${() => setParams({ show: null }, { replace: true })}>Only what differs</button>
          <button type="button" class="button" aria-pressed=${all} onClick=${() => setParams({ show: "all" }, { replace: true })}>All fields</button>
        </div>
      </div>
      <${Comparison} runs=${comparison.runs} rows=${rows} ids=${ids} />
    </div>`}`;
}

function AddRun({ ids }) {
  return html`<${Popover} label="Add a run" icon="plus" title="Add a run">
    ${(close) => html`<${Candidates}
      ids=${ids}
      choose=${(id) => {
        setParams({ runs: [...ids, id] });
        close();
      }}
    />`}
  <//>`;
}

function Candidates({ ids, choose }) {
  const [text, setText] = useState("");
  const { data, error, again } = useQuery(CANDIDATES, { where: text.trim() ? { name: { contains: text.trim(), ignoreCase: true } } : null });
  const runs = (data?.runs.nodes ?? []).filter((run) => !ids.includes(run.id));
  return html`<div class="values wide">
    <input class="input" type="search" aria-label="Name contains" placeholder="Name contains" value=${text} onInput=${(event) => setText(event.target.value)} />
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${!data && !error && html`<${Waiting} rows=${6} />`}
    <div class="checks">
      ${runs.map(
        (run) => html`<button key=${run.id} type="button" class="menu-item" onClick=${() => choose(run.id)}>
          <span class="state"><${StateIcon} state=${run.state} /><span class="unseen">${formatEnum(run.state)} </span>${run.name}</span>
          <span class="menu-hint">${[run.workspace?.name, formatTime(run.createTime)].filter(Boolean).join(" · ")}</span>
        </button>`,
      )}
      ${data && runs.length === 0 && html`<p class="quiet-note">There is no other such run.</p>`}
    </div>
  </div>`;
}

function Chooser({ ids }) {
  return html`<section class="card start">
    <h2>${ids.length === 0 ? "Choose two runs" : "Choose another run"}</h2>
    <p class="row-note">Or tick runs in the <a href=${href("runs")}>table of runs</a>. To see what differs between two models, tick them in the <a href=${href("artifacts", { kind: "MODEL" })}>table of artifacts</a>.</p>
    <${Candidates} ids=${ids} choose=${(id) => setParams({ runs: [...ids, id] })} />
  </section>`;
}

const SECTIONS = { parameters: "Parameters", metrics: "Metrics", inputs: "Inputs", outputs: "Outputs" };

function Comparison({ runs, rows, ids }) {
  const sections = [...new Set(rows.map((row) => row.section))];
  if (rows.length === 0) return html`<p class="quiet-note">All fields of these runs are the same.</p>`;
  return html`<${Scroll} label="Fields side by side">
    <table class="table compare">
      <thead>
        <tr>
          <th scope="col">Field</th>
          ${runs.map(
            (run, index) => html`<th scope="col" key=${run.id}>
              <span class="run-head"><span class=${`swatch plot-${(index % 6) + 1}`} /><${EntityLink} entity=${run} />
              ${ids.length > 2 && html`<button type="button" class="icon-button" aria-label=${`Take ${run.name} out`} onClick=${() => setParams({ runs: ids.filter((id) => id !== run.id) })}><${Icon} name="close" size=${11} /></button>`}</span>
            </th>`,
          )}
        </tr>
      </thead>
      ${sections.map(
        (section) => html`<tbody key=${section}>
          <tr class="section"><th scope="rowgroup" colspan=${runs.length + 1}>${SECTIONS[section] ?? formatEnum(section)}</th></tr>
          ${rows
            .filter((row) => row.section === section)
            .map(
              (row) => html`<tr key=${row.field} class=${row.same ? "same" : ""}>
                <th scope="row" title=${row.field}>${row.field}</th>
                ${row.values.map((value, index) => html`<td key=${index} title=${formatValue(value)}><${Value} value=${value} row=${row} /></td>`)}
              </tr>`,
            )}
        </tbody>`,
      )}
    </table>
  <//>`;
}

function Value({ value, row }) {
  if (value === null || value === undefined) return html`<span class="none">–</span>`;
  if (typeof value !== "number") return typeof value === "object" ? html`<code>${formatValue(value)}</code>` : formatValue(value);
  const numbers = row.values.filter((other) => typeof other === "number");
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  const mark = row.same || least === most ? "" : value === most ? "greatest" : value === least ? "least" : "";
  return html`<span class="compared">${formatNumber(value)}${mark && html`<span class="mark">${mark}</span>`}</span>`;
}

/** The rows that are numbers in two runs or more. */
export function numericRows(comparison) {
  return comparison.rows.filter((row) => row.values.filter((value) => typeof value === "number").length > 1);
}

function Plots({ comparison }) {
  const rows = numericRows(comparison);
  const { params } = place.value;
  if (rows.length < 2) return null;
  const named = (key, otherwise) => rows.find((row) => fieldKey(row) === params.get(key)) ?? otherwise;
  const differing = rows.filter((row) => !row.same);
  const [first, second] = [...differing.filter((row) => row.section === "parameters"), ...differing, ...rows];
  const x = named("x", first);
  const y = named("y", differing.find((row) => row.section === "metrics" && row !== x) ?? (second === x ? rows.find((row) => row !== x) : second));
  const chooser = (key, title, chosen) => html`<label class="field">${title}
    <select value=${fieldKey(chosen)} onChange=${(event) => setParams({ [key]: event.target.value }, { replace: true })}>
      ${rows.map((row) => html`<option key=${fieldKey(row)} value=${fieldKey(row)}>${row.field}</option>`)}
    </select>
  </label>`;
  return html`<div class="columns plots">
    <figure class="card figure-card">
      <figcaption class="card-head"><h2>Fields along axes</h2></figcaption>
      <${Parallel} runs=${comparison.runs} rows=${differing.length > 1 ? differing : rows} />
    </figure>
    <figure class="card figure-card">
      <figcaption class="card-head"><h2>One field against another</h2></figcaption>
      <div class="named">${chooser("x", "Across", x)}${chooser("y", "Up", y)}</div>
      <${Scatter} runs=${comparison.runs} x=${x} y=${y} />
    </figure>
  </div>`;
}

function fieldKey(row) {
  return `${row.section}/${row.field}`;
}

function asCsv(runs, rows) {
  const cell = (value) => {
    const text = formatValueFully(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [["section", "field", ...runs.map((run) => run.name)], ...rows.map((row) => [row.section, row.field, ...row.values])];
  return lines.map((line) => `${line.map(cell).join(",")}\r\n`).join("");
}

function formatValueFully(value) {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

