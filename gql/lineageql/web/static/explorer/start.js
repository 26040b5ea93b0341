// How to record the first run: what an empty store shows.

import { ENDPOINT } from "./api.js";
import { html, useState } from "./lib.js";
import { copy } from "./ui.js";

/** What clients are given: the address without `graphql`. */
const SERVICE = ENDPOINT.replace(/\/?graphql$/, "");

const MUTATION = `mutation Record($input: RecordExecutionInput!) {
  recordExecution(input: $input) { execution { id } outputs { id } }
}`;

const INPUT = {
  workspace: "my-project",
  run: "first-run",
  execution: { name: "train", state: "COMPLETE" },
  inputs: [{ artifact: { dataSet: { name: "payments", uri: "file:///data/payments.csv" } }, port: "data" }],
  outputs: [{ artifact: { model: { name: "my-model", uri: "file:///models/my-model", version: "1" } }, port: "model" }],
};

function curl() {
  const body = JSON.stringify({ query: MUTATION.replace(/\s+/g, " "), variables: { input: INPUT } }, null, 2);
  return `curl ${ENDPOINT} \\\n  -H 'content-type: application/json' \\\n  -d '${body}'`;
}

const WAYS = {
  curl: curl,
  Python: () => `# pip install lineageql-client
from lineageql_client import metadata

store = metadata.Store("${SERVICE}")
workspace = metadata.Workspace(store, "my-project")
run = metadata.Run(workspace, "first-run")
with metadata.Execution("train", workspace, run, parameters={"epochs": 3}) as step:
    step.log_input(metadata.DataSet(name="payments", uri="file:///data/payments.csv"), port="data")
    step.log_output(metadata.Model(name="my-model", uri="file:///models/my-model", version="1"), port="model")
`,
  "Kubeflow SDK": () => `# Only the import and the address differ from Kubeflow's own tutorial.
from lineageql_client import metadata

store = metadata.Store("${SERVICE}")
workspace = metadata.Workspace(store=store, name="my-project", description="a first workspace")
run = metadata.Run(workspace=workspace, name="first-run")
execution = metadata.Execution(name="train", workspace=workspace, run=run)
execution.log_input(metadata.DataSet(name="payments", uri="file:///data/payments.csv", version="1"))
model = execution.log_output(metadata.Model(name="my-model", uri="file:///models/my-model", version="1"))
execution.log_output(
    metadata.Metrics(
        name="my-model-evaluation",
        uri="file:///models/my-model/evaluation.csv",
        model_id=str(model.id),
        metrics_type=metadata.Metrics.VALIDATION,
        values={"accuracy": 0.95},
    )
)
`,
  GraphQL: () => `${MUTATION}\n\n# Variables\n${JSON.stringify({ input: INPUT }, null, 2)}`,
};

/** @param {{writable: boolean}} props */
export function Start({ writable }) {
  const [way, setWay] = useState("curl");
  const text = WAYS[way]();
  return html`<section class="card start">
    <h2>Nothing is recorded here yet</h2>
    ${writable
      ? html`<p>Record a first run with one of these, then press Refresh.</p>
          <div class="choice" role="group" aria-label="How to record">
            ${Object.keys(WAYS).map(
              (name) => html`<button key=${name} type="button" class="button" aria-pressed=${name === way} onClick=${() => setWay(name)}>${name}</button>`,
            )}
          </div>
          <div class="code-box">
            <pre tabindex="0" role="region" aria-label=${`Example with ${way}`}>${text}</pre>
            <button type="button" class="button" onClick=${() => copy(text, "The example is copied")}>Copy</button>
          </div>`
      : html`<p>This service reads a store and does not write to it. It shows what others record there.</p>`}
  </section>`;
}
