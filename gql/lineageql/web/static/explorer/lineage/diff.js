// The lineages of two nodes in one picture: what only one has, what both have, and what changed.

import { useQuery } from "../api.js";
import { formatValue, plural } from "../format.js";
import { html, useMemo, useRef, useState } from "../lib.js";
import { href, place, setParams } from "../router.js";
import { EntityLink, Failure, Incomplete, QueryActions, Waiting } from "../ui.js";
import { fold } from "./folding.js";
import { Lineage, NODE_FIELDS } from "./model.js";
import { EDGE_FIELDS, MOST_NODES } from "./question.js";
import { useStyles } from "./styles.js";
import { exportsOf, Graph } from "./view.js";

export const DIFF = `query LineageDiff($left: ID!, $right: ID!, $direction: LineageDirection!, $maxNodes: Int) {
  lineageDiff(left: $left, right: $right, direction: $direction) {
    complete
    onlyLeft { __typename id name }
    onlyRight { __typename id name }
    both { __typename id name }
    changed { left { id } right { id } differences { field left right } }
  }
  left: lineage(roots: [$left], direction: $direction, maxNodes: $maxNodes) { ...graph }
  right: lineage(roots: [$right], direction: $direction, maxNodes: $maxNodes) { ...graph }
}

fragment graph on Lineage {
  complete
  limits
  frontier
  nodes { hops node { ${NODE_FIELDS} } }
  edges { ${EDGE_FIELDS} }
}`;

/**
 * Two lineages as one. Two nodes that play the same part are one node of it, named by the left one.
 *
 * @typedef {object} Merged
 * @property {Lineage} lineage
 * @property {Map<string, "both" | "left" | "right" | "changed">} sides by id
 * @property {Map<string, string>} partner the right node of each left one that plays the same part
 * @property {Map<string, any>} rights the right nodes
 * @property {Map<string, {field: string, left: unknown, right: unknown}[]>} differences by the left id
 */

/**
 * @param {any} answer to DIFF
 * @param {string} left
 * @param {string} right
 * @returns {Merged}
 */
export function mergeDiff({ lineageDiff: diff, left: one, right: other }, left, right) {
  /** @type {Merged["sides"]} */
  const sides = new Map();
  for (const { id } of diff.both) sides.set(id, "both");
  for (const { id } of diff.onlyLeft) sides.set(id, "left");
  for (const { id } of diff.onlyRight) sides.set(id, "right");
  /** @type {Map<string, string>} */
  const partner = new Map();
  /** @type {Merged["differences"]} */
  const differences = new Map();
  for (const pair of diff.changed) {
    partner.set(pair.left.id, pair.right.id);
    differences.set(pair.left.id, pair.differences);
    sides.set(pair.left.id, "changed");
  }
  if (left !== right && !partner.has(left) && sides.get(left) !== "both") partner.set(left, right);
  // What plays the same part and does not differ is not told of: it has the same sort and name, once in each.
  const free = (nodes, taken) => {
    /** @type {Map<string, string[]>} */
    const byName = new Map();
    for (const { __typename, id, name } of nodes) {
      if (taken.has(id)) continue;
      const key = `${__typename} ${name}`;
      byName.set(key, [...(byName.get(key) ?? []), id]);
    }
    return byName;
  };
  const lefts = free(diff.onlyLeft, new Set(partner.keys()));
  const freeRights = free(diff.onlyRight, new Set(partner.values()));
  for (const [key, [id, ...more]] of lefts) {
    const same = freeRights.get(key);
    if (!more.length && same?.length === 1) partner.set(id, same[0]);
  }
  for (const id of partner.keys()) if (sides.get(id) !== "changed") sides.set(id, "both");
  const leftOf = new Map([...partner].map(([one_, other_]) => [other_, one_]));
  const known = (id) => leftOf.get(id) ?? id;

  const lineage = new Lineage();
  lineage.merge({ ...one, edges: [] }, { roots: [left], goesOn: true });
  lineage.roots.add(known(right));
  for (const { hops, node } of other.nodes) lineage.addNode({ ...node, id: known(node.id) }, hops);
  for (const { edges } of [one, other]) {
    /** @type {Map<string, number>} */
    const times = new Map();
    for (const edge of edges) {
      const ends = { artifact: { id: known(edge.artifact.id) }, execution: { id: known(edge.execution.id) } };
      const said = JSON.stringify([ends, edge.eventType, edge.port]);
      const time = times.get(said) ?? 0;
      times.set(said, time + 1);
      lineage.addEdge({ ...edge, ...ends }, `${said} ${time}`);
    }
  }
  for (const limit of other.limits) lineage.limits.add(limit);
  const rights = new Map(other.nodes.map((step) => [step.node.id, step.node]));
  return { lineage, sides, partner, rights, differences };
}

/**
 * @param {{left: string, right: string}} props ids of two artifacts or two executions. How it is folded, and what is
 *     chosen, is in the address.
 */
export function DiffView({ left, right }) {
  const { params } = place.value;
  const direction = params.get("dir") === "DOWNSTREAM" ? "DOWNSTREAM" : "UPSTREAM";
  const variables = { left, right, direction, maxNodes: MOST_NODES };
  const { data, error, again } = useQuery(left && right ? DIFF : null, variables, { keep: false });
  const styled = useStyles();
  const merged = useMemo(() => (data ? mergeDiff(data, left, right) : null), [data]);
  const like = params.get("like") !== "open";
  const open = params.getAll("open");
  const only = params.get("only") === "differences";
  const scene = useMemo(() => {
    if (!merged) return null;
    const folds = { runs: /** @type {"off"} */ ("off"), runsTurned: new Set(), siblings: like, open: new Set(open), apart: new Set() };
    return fold(merged.lineage, folds, (id) => merged.sides.get(id) ?? "both");
  }, [merged, like, String(open)]);
  const lit = useMemo(() => {
    if (!merged || !only) return null;
    return { ids: new Set([...merged.lineage.nodes.keys()].filter((id) => (merged.sides.get(id) ?? "both") !== "both")), edges: null };
  }, [merged, only]);
  const [picture, setPicture] = useState(null);
  const stage = useRef(null);
  if (error) return html`<${Failure} error=${error} again=${again} />`;
  if (!merged || !styled || !scene) return html`<${Waiting} rows=${10} />`;

  const { lineage, sides, partner, rights, differences } = merged;
  const number = (side) => [...lineage.nodes.keys()].filter((id) => (sides.get(id) ?? "both") === side).length;
  const ofNode = (box) => {
    const id = box.members[0];
    if (box.sort !== "one") return null;
    const other = partner.get(id);
    const found = differences.get(id);
    return html`${other && html`<p class="chosen-note">in B <${EntityLink} entity=${rights.get(other)} /></p>`}
      ${found && html`<dl class="differences">${found.map(({ field, left: a, right: b }) => html`<div key=${field}><dt>${field}</dt><dd class="difference-left">${formatValue(a) || "nothing"}</dd><dd class="difference-right">${formatValue(b) || "nothing"}</dd></div>`)}</dl>`}
      ${other && !found && html`<p class="chosen-note">No field differs.</p>`}`;
  };
  const question = { document: DIFF, variables };
  return html`<div class="lineage diff">
    <div class="lineage-bar" role="toolbar" aria-label="What is shown">
      <span class="legend"><span class="legend-sign side-left">−</span>${plural(number("left"), "only in A", "only in A")}</span>
      <span class="legend"><span class="legend-sign side-right">+</span>${plural(number("right"), "only in B", "only in B")}</span>
      <span class="legend"><span class="legend-sign side-changed">≠</span>${plural(number("changed"), "changed", "changed")}</span>
      <span class="legend"><span class="legend-sign">=</span>${plural(number("both"), "the same", "the same")}</span>
      <label class="choose"><span class="unseen">Direction</span>
        <select class="input" value=${direction} onChange=${(event) => setParams({ dir: event.target.value })}>
          <option value="UPSTREAM" selected=${direction === "UPSTREAM"}>What led to them</option>
          <option value="DOWNSTREAM" selected=${direction === "DOWNSTREAM"}>What came of them</option>
        </select></label>
      <label class="check"><input type="checkbox" checked=${only} onChange=${(event) => setParams({ only: event.target.checked ? "differences" : null })} />Only what differs</label>
      <label class="check"><input type="checkbox" checked=${like} onChange=${(event) => setParams({ like: event.target.checked ? null : "open", open: null })} />Fold like ones</label>
      <span class="bar-end"><${QueryActions} query=${question} exports=${picture ? exportsOf(picture, stage) : []} /></span>
    </div>
    ${!data.lineageDiff.complete && html`<${Incomplete} what="Not whole: the lineages were not walked to their ends, so more may differ." />`}
    <${Graph}
      lineage=${lineage}
      scene=${scene}
      version=${0}
      base=${JSON.stringify(variables)}
      stage=${stage}
      picture=${picture}
      onPicture=${setPicture}
      lit=${lit}
      count=${() => undefined}
      chosen=${params.get("chosen") ?? ""}
      actions=${{
        choose: (id) => setParams({ chosen: id }, { replace: true }),
        more: () => undefined,
        unfold: (id) => setParams({ open: [...open, id.slice(5)] }),
        foldLike: (id) => {
          const members = new Set(scene.boxes.filter((box) => box.like === id).map((box) => box.members[0]));
          setParams({ open: open.filter((member) => !members.has(member)) });
        },
        foldRun: () => undefined,
        startHref: (id) => href("lineage", { roots: id }),
      }}
      more=${() => ""}
      detail=${ofNode}
    />
  </div>`;
}
