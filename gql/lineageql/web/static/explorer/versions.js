// The versions of an artifact: those of its name, kind and workspace, with their metrics over time.

import { useQuery } from "./api.js";
import { formatNumber, plural } from "./format.js";
import { html, useState } from "./lib.js";
import { axis, colour, COLOURS, Plot, timeTicks } from "./plot.js";
import { href } from "./router.js";
import { Failure, Incomplete, Labels, Scroll, Time, Waiting } from "./ui.js";

const MOST = 200;

export const VERSIONS = `query Versions($where: ArtifactFilter!, $first: Int!) {
  artifacts(where: $where, orderBy: {field: CREATE_TIME, direction: DESC}, first: $first) {
    pageInfo { hasNextPage }
    nodes {
      __typename id name version createTime labels { key value }
      run { __typename id name }
      ... on Metrics { values }
      ... on Model { metrics(first: 10) { nodes { ... on Metrics { values } } } }
    }
  }
}`;

/** The filter of an artifact's versions. */
export function versionsWhere(artifact) {
  const workspace = artifact.workspace ? { workspace: { id: artifact.workspace.id } } : {};
  return { name: { eq: artifact.name }, kind: [artifact.kind], ...workspace };
}

/** The numbers among the metric values of a version, by name; of several the first. */
function numbersOf(version) {
  const objects = version.values ? [version.values] : (version.metrics?.nodes ?? []).map((metrics) => metrics.values);
  const numbers = {};
  for (const values of objects) {
    for (const [name, value] of Object.entries(values ?? {})) {
      if (typeof value === "number" && !(name in numbers)) numbers[name] = value;
    }
  }
  return numbers;
}

export function Versions({ artifact }) {
  const variables = { where: versionsWhere(artifact), first: MOST };
  const { data, error, again } = useQuery(VERSIONS, variables);
  const [hidden, setHidden] = useState(/** @type {string[]} */ ([]));
  if (error) return html`<${Failure} error=${error} again=${again} />`;
  if (!data) return html`<${Waiting} rows=${10} />`;
  const versions = data.artifacts.nodes;
  const numbers = versions.map(numbersOf);
  const names = [...new Set(numbers.flatMap(Object.keys))].sort();
  /** The greatest of each metric, where versions differ in it. @type {Record<string, number>} */
  const greatest = {};
  for (const name of names) {
    const all = numbers.map((row) => row[name]).filter((number) => number !== undefined);
    if (Math.min(...all) < Math.max(...all)) greatest[name] = Math.max(...all);
  }
  const shown = names.filter((name) => !hidden.includes(name)).slice(0, COLOURS);
  const timed = versions.map((version, index) => ({ version, numbers: numbers[index] })).filter(({ version }) => version.createTime).reverse();

  return html`${data.artifacts.pageInfo.hasNextPage && html`<${Incomplete} what=${`The latest ${MOST} versions are shown; there are more.`} />`}
    ${timed.length > 1 && shown.length > 0 &&
    html`<figure class="card figure-card">
      <figcaption class="card-head"><h2>Metrics over time</h2></figcaption>
      <div class="legend" role="group" aria-label="Metrics that are shown">
        ${names.map((name) => {
          const index = shown.indexOf(name);
          return html`<button
            key=${name}
            type="button"
            class="legend-entry"
            aria-pressed=${index >= 0}
            onClick=${() => setHidden(hidden.includes(name) ? hidden.filter((other) => other !== name) : [...hidden, name])}
          ><span class=${`swatch plot-${index < 0 ? "off" : index + 1}`} />${name}</button>`;
        })}
      </div>
      <${Plot}
        key=${shown.join()}
        label=${`${shown.join(", ")} of ${plural(timed.length, "version")}, over time; the figures are in the table below`}
        data=${[timed.map(({ version }) => Date.parse(version.createTime) / 1000), ...shown.map((name) => timed.map((row) => row.numbers[name] ?? null))]}
        options=${() => ({
          legend: { show: false },
          cursor: { points: { size: 8 } },
          scales: { x: { time: true } },
          axes: [
            axis({ size: 32, values: timeTicks, label: "Recorded", labelSize: 18, labelFont: "11px system-ui, sans-serif" }),
            axis({ size: 60, values: (_, ticks) => ticks.map(formatNumber), label: shown.length === 1 ? shown[0] : "Value of the metric", labelSize: 18, labelFont: "11px system-ui, sans-serif" }),
          ],
          series: [
            {},
            ...shown.map((name, index) => ({
              label: name,
              stroke: colour(`plot-${index + 1}`),
              width: 2,
              dash: index % 2 ? [6, 4] : undefined,
              spanGaps: true,
              points: { show: true, size: 7, fill: colour("panel"), width: 2 },
            })),
          ],
        })}
      />
    </figure>`}
    <${Scroll} label="Versions">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Version</th><th scope="col">Recorded</th><th scope="col">Run</th>
            ${names.map((name) => html`<th key=${name} scope="col" class="number">${name}</th>`)}
            <th scope="col">Labels</th><th scope="col"><span class="unseen">What changed</span></th>
          </tr>
        </thead>
        <tbody>
          ${versions.map((version, index) => {
            const before = versions[index + 1];
            return html`<tr key=${version.id} class=${version.id === artifact.id ? "chosen" : ""}>
              <th scope="row"><a href=${href(["artifacts", version.id])} aria-current=${version.id === artifact.id ? "true" : undefined}>${version.version ?? "(none)"}</a></th>
              <td><${Time} time=${version.createTime} /></td>
              <td>${version.run ? html`<a href=${href(["runs", version.run.id])}>${version.run.name}</a>` : html`<span class="none">–</span>`}</td>
              ${names.map((name) => html`<td key=${name} class="number">${numbers[index][name] === undefined ? html`<span class="none">–</span>` : html`${numbers[index][name] === greatest[name] && html`<span class="mark">greatest</span> `}${formatNumber(numbers[index][name])}`}</td>`)}
              <td><${Labels} labels=${version.labels} /></td>
              <td>${before && html`<a href=${href("compare", { left: before.id, right: version.id })}>Changed since ${before.version ?? "the one before"}</a>`}</td>
            </tr>`;
          })}
        </tbody>
      </table>
    <//>`;
}
