// JSON as a tree: what nests can be folded, and everything can be selected and copied.

import { formatValue } from "./format.js";
import { html } from "./lib.js";

const MANY = 100; // Members of a list or an object that are shown at once.

/** @param {{value: unknown, label: string}} props `label`: what it is, for those who do not see it */
export function Tree({ value, label }) {
  const members = entriesOf(value);
  if (members === null) return html`<div class="tree"><${Scalar} value=${value} /></div>`;
  if (members.length === 0) return html`<p class="quiet-note">There are none.</p>`;
  return html`<div class="tree" role="group" aria-label=${label}><${Members} members=${members} /></div>`;
}

function entriesOf(value) {
  return value !== null && typeof value === "object" ? Object.entries(value) : null;
}

function Members({ members }) {
  return html`<dl class="tree-list">
    ${members.slice(0, MANY).map(([key, value]) => html`<${Member} key=${key} name=${key} value=${value} />`)}
    ${members.length > MANY &&
    html`<div class="tree-row"><dt></dt><dd><details><summary>${members.length - MANY} more</summary><${Members} members=${members.slice(MANY)} /></details></dd></div>`}
  </dl>`;
}

function Member({ name, value }) {
  const members = entriesOf(value);
  if (members === null) {
    return html`<div class="tree-row"><dt>${name}</dt><dd><${Scalar} value=${value} /></dd></div>`;
  }
  const small = members.length <= 8;
  const sort = Array.isArray(value) ? `${members.length} in a list` : `${members.length} in an object`;
  return html`<div class="tree-row nested">
    <dt>${name}</dt>
    <dd>
      ${members.length === 0
        ? html`<span class="none">${Array.isArray(value) ? "empty list" : "empty object"}</span>`
        : html`<details open=${small}><summary>${sort}</summary><${Members} members=${members} /></details>`}
    </dd>
  </div>`;
}

function Scalar({ value }) {
  if (value === null) return html`<span class="none">null</span>`;
  // All digits: a tree is where one looks for the exact value.
  const text = typeof value === "number" ? String(value) : formatValue(value);
  return html`<span class=${`scalar scalar-${typeof value}`}>${text === "" ? html`<span class="none">empty text</span>` : text}</span>`;
}
