import { useQuery } from "./api.js";
import { formatValue } from "./format.js";
import { html } from "./lib.js";
import { place } from "./router.js";
import { Failure, Head, useTitle, Waiting } from "./ui.js";

const COMPARE = `query CompareRuns($ids: [ID!]!) {
  compareRuns(ids: $ids) { runs { id name state } rows { section field values same } }
}`;

export function ComparePage() {
  useTitle("Compare");
  const ids = place.value.params.getAll("runs");
  const { data, error, again } = useQuery(ids.length > 1 ? COMPARE : null, { ids });
  return html`<${Head} title="Compare" query=${{ document: COMPARE, variables: { ids } }} />
    ${ids.length < 2 && html`<p class="quiet-note">Choose two or more runs in the table of runs.</p>`}
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${ids.length > 1 && !data && !error && html`<${Waiting} rows=${12} />`}
    ${data && html`<div class="table-scroll"><table class="table">
      <thead><tr><th scope="col">Field</th>${data.compareRuns.runs.map((run) => html`<th scope="col" key=${run.id}>${run.name}</th>`)}</tr></thead>
      <tbody>${data.compareRuns.rows.map((row) => html`<tr key=${row.section + row.field}><th scope="row">${row.field}</th>${row.values.map((value) => html`<td>${formatValue(value)}</td>`)}</tr>`)}</tbody>
    </table></div>`}`;
}
