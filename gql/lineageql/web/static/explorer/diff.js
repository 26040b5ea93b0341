// Two artifacts or executions: what the lineages of both share, what only one has, and what changed.

import { useQuery } from "./api.js";
import { formatValue, plural } from "./format.js";
import { KindIcon } from "./icons.js";
import { kindOf } from "./kinds.js";
import { DiffView } from "./later.js";
import { html } from "./lib.js";
import { href, place } from "./router.js";
import { EntityLink, Failure, Head, Incomplete, save, Scroll, Tabs, useTitle, Waiting } from "./ui.js";

export const DIFF = `query WhatChanged($left: ID!, $right: ID!) {
  left: node(id: $left) { ...Part }
  right: node(id: $right) { ...Part }
  lineageDiff(left: $left, right: $right) {
    complete
    changed { left { ...Part } right { ...Part } differences { field left right } }
    onlyLeft { ...Part }
    onlyRight { ...Part }
    both { ...Part }
  }
}
fragment Part on LineageNode {
  __typename id name
  ... on Artifact { kind version }
  ... on Execution { state }
}`;

/** @param {{left: string, right: string}} props ids */
export function DiffPage({ left, right }) {
  const variables = { left, right };
  const { data, error, again } = useQuery(left && right ? DIFF : null, variables);
  const diff = data?.lineageDiff;
  const picture = place.value.params.get("view") === "picture";
  useTitle(data?.left && data?.right ? `${data.left.name}: what changed` : "What changed");
  const name = (node, ghost) => (node ? html`<${EntityLink} entity=${node} />` : html`<span class="ghost">${ghost}</span>`);
  return html`<${Head}
      title="What changed"
      eyebrow=${html`<a href=${href("compare")}>Compare</a>`}
      note=${html`<span class="diff-ends"><span class="side-mark left">A</span>${name(data?.left, "the one")}<span class="side-mark right">B</span>${name(data?.right, "the other")}
        <a class="button small" href=${href("compare", { left: right, right: left })}>Swap</a></span>`}
      query=${{ document: DIFF, variables }}
      exports=${diff ? [{ label: "JSON", hint: "all of it", run: () => save(`${JSON.stringify(data, null, 2)}\n`, "what-changed.json", "application/json") }] : []}
    />
    ${(!left || !right) && html`<p class="quiet-note">Tick two in the <a href=${href("artifacts", { kind: "MODEL" })}>table of artifacts</a>.</p>`}
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${left && right && !data && !error && html`<${Waiting} rows=${14} />`}
    ${diff &&
    html`<${Tabs} label="Views" current=${picture ? "picture" : ""} tabs=${[
      { key: "", label: "List", href: href("compare", { left, right }) },
      { key: "picture", label: "Picture", href: href("compare", { left, right, view: "picture" }) },
    ]} />`}
    ${diff && (picture ? html`<${DiffView} left=${left} right=${right} />` : html`<${Lists} diff=${diff} />`)}`;
}

function Lists({ diff }) {
  const changed = diff.changed.filter((pair) => pair.differences.length > 0);
  return html`${!diff.complete && html`<${Incomplete} what="The lineages are larger than the service walks at once: there may be more that differs." />`}
    <section class="part">
      <h2>Changed <span class="count">${changed.length}</span></h2>
      ${changed.length === 0 && html`<p class="quiet-note">Nothing that plays the same part differs.</p>`}
      <div class="changes">${changed.map((pair) => html`<${Change} key=${pair.left.id + pair.right.id} pair=${pair} />`)}</div>
    </section>
    <div class="columns">
      <${Side} title="Only in A" mark="left" nodes=${diff.onlyLeft} />
      <${Side} title="Only in B" mark="right" nodes=${diff.onlyRight} />
    </div>
    <details class="part">
      <summary><strong>In both</strong> <span class="count">${diff.both.length}</span></summary>
      <${Nodes} nodes=${diff.both} />
    </details>`;
}

function Change({ pair }) {
  const { left, right, differences } = pair;
  return html`<article class="card change" aria-label=${left.name}>
    <h3><${KindIcon} kind=${kindOf(left)} /> <a href=${href([left.__typename === "Execution" ? "executions" : "artifacts", left.id])}>${label(left)}</a><span class="none" aria-hidden="true">→</span><span class="unseen">became</span><a href=${href([right.__typename === "Execution" ? "executions" : "artifacts", right.id])}>${label(right)}</a></h3>
    <${Scroll} className="plain" label=${`What changed of ${left.name}`}>
      <table class="table">
        <thead><tr><th scope="col">Field</th><th scope="col">A</th><th scope="col">B</th></tr></thead>
        <tbody>
          ${differences.map(
            (difference) => html`<tr key=${difference.field}>
              <th scope="row">${difference.field}</th>
              <td class="was" title=${formatValue(difference.left)}>${value(difference.left)}</td>
              <td class="is" title=${formatValue(difference.right)}>${value(difference.right)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    <//>
  </article>`;
}

function label(node) {
  return node.version ? `${node.name} ${node.version}` : node.name;
}

function value(given) {
  return given === null || given === undefined ? html`<span class="none">not there</span>` : formatValue(given);
}

function Side({ title, mark, nodes }) {
  return html`<section class="card" aria-label=${title}>
    <div class="card-head"><h2><span class=${`side-mark ${mark}`} aria-hidden="true">${mark === "left" ? "A" : "B"}</span> ${title}</h2><span class="count">${plural(nodes.length, "node")}</span></div>
    ${nodes.length === 0 ? html`<p class="quiet-note">There is nothing.</p>` : html`<${Nodes} nodes=${nodes} />`}
  </section>`;
}

function Nodes({ nodes }) {
  return html`<ul class="plain-list">${nodes.map((node) => html`<li key=${node.id}><${EntityLink} entity=${node} /></li>`)}</ul>`;
}
