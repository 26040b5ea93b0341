// The labels of an entity, edited in place where the service records.

import { ask } from "./api.js";
import { Icon } from "./icons.js";
import { html, useState } from "./lib.js";
import { forgetRows } from "./rowcache.js";
import { Failure, Labels, say } from "./ui.js";

const SET = `mutation SetLabel($input: SetLabelsInput!) {
  setLabels(input: $input) { entity { id labels { key value } } }
}`;

const REMOVE = `mutation RemoveLabel($input: RemoveLabelsInput!) {
  removeLabels(input: $input) { entity { id labels { key value } } }
}`;

/**
 * @param {{id: string, labels: {key: string, value: string}[], writable: boolean, changed: () => void}} props
 *     `changed`: is called when the service has recorded a change
 */
export function LabelEditor({ id, labels, writable, changed }) {
  const [edited, setEdited] = useState(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  if (!writable) return html`<${Labels} labels=${labels} />`;

  const run = async (document, input, done) => {
    setBusy(true);
    setError(null);
    try {
      await ask(document, { input });
      setEdited(null);
      forgetRows();
      say(done);
      changed();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const submit = (event) => {
    event.preventDefault();
    const key = edited.key.trim();
    if (key) run(SET, { id, labels: [{ key, value: edited.value }] }, `The label ${key} is set`);
  };

  return html`<div class="label-editor">
    <ul class="labels" aria-label="Labels">
      ${labels.map(
        ({ key, value }) => html`<li key=${key} class="label editable">
          <button type="button" class="label-text" aria-label=${`Change the label ${key}`} onClick=${() => setEdited({ key, value, there: true })}>
            <span class="label-key">${key}</span>${value}
          </button>
          <button type="button" class="icon-button" disabled=${busy} aria-label=${`Remove the label ${key}`} onClick=${() => run(REMOVE, { id, keys: [key] }, `The label ${key} is removed`)}>
            <${Icon} name="close" size=${11} />
          </button>
        </li>`,
      )}
      <li>
        <button type="button" class="button quiet small" onClick=${() => setEdited({ key: "", value: "", there: false })}>
          <${Icon} name="plus" size=${12} /><span>Add a label</span>
        </button>
      </li>
    </ul>
    ${error && html`<${Failure} error=${error} what="The label was not changed" />`}
    ${edited &&
    html`<form class="named" onSubmit=${submit} onKeyDown=${(event) => event.key === "Escape" && setEdited(null)}>
      <label class="field">Key
        <input value=${edited.key} readonly=${edited.there} required ref=${(input) => !edited.there && !edited.key && input?.focus()} onInput=${(event) => setEdited({ ...edited, key: event.target.value })} />
      </label>
      <label class="field">Value
        <input value=${edited.value} onInput=${(event) => setEdited({ ...edited, value: event.target.value })} />
      </label>
      <button type="submit" class="button primary" disabled=${busy}>Save</button>
      <button type="button" class="button quiet" onClick=${() => setEdited(null)}>Leave it</button>
    </form>`}
  </div>`;
}
