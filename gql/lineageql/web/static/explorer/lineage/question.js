// What is asked of a lineage: from the address to questions, and from their answers to one graph.

import { ask, refreshes } from "../api.js";
import { filtersOf, whereOf } from "../filters.js";
import { useEffect, useRef, useState } from "../lib.js";
import { Lineage, NODE_FIELDS } from "./model.js";

/** How far the first question goes, in steps, and how many nodes it may show. */
export const FIRST_HOPS = 2;
export const FIRST_NODES = 1_000;
/** So many nodes are drawn at once. */
export const MOST_NODES = 20_000;
/** Of so many nodes the hidden neighbours are counted in one question. */
const COUNTED_AT_ONCE = 60;

/**
 * What the address says of a lineage.
 *
 * @typedef {object} Wish
 * @property {string[]} roots
 * @property {Record<string, object> | null} where what begins it in the place of roots: a filter of artifacts or executions
 * @property {"UPSTREAM" | "DOWNSTREAM" | "BOTH" | "CONNECTED"} direction
 * @property {number | null} hops null for as far as it goes
 * @property {number} most nodes at once
 * @property {boolean} made whether only events count by which something was made
 * @property {string} asOf ISO 8601, or empty
 * @property {string[]} stopKinds kinds of artifacts at which it stops
 * @property {string} stopName such a name
 * @property {string} stopLabels such a label selector
 * @property {string[]} up nodes whose hidden neighbours upstream are shown too
 * @property {string[]} down and downstream
 * @property {number} further how many times it went on from where a limit ended it
 * @property {[string, string] | null} path between these two
 */

/** Whose filters begin a lineage: `artifacts` or `executions`; empty for none. @param {URLSearchParams} params */
export function ofOf(params) {
  const of = params.get("of") ?? "";
  return of === "artifacts" || of === "executions" ? of : "";
}

/** What an address loses when another filter begins it: what was done to the lineage before. */
export const AFRESH = { up: null, down: null, further: null, chosen: null, turned: null, open: null, path: null };

/** What it loses when another sort begins it. */
export function withoutFilters() {
  return { ...AFRESH, ...Object.fromEntries(["artifacts", "executions"].flatMap(filtersOf).map(({ key }) => [key, null])) };
}

/** @param {string[]} roots @param {URLSearchParams} params @returns {Wish} */
export function wishOf(roots, params) {
  const hops = params.get("hops");
  const way = params.get("dir");
  const path = params.getAll("path");
  const of = ofOf(params);
  return {
    roots,
    where: roots.length || !of ? null : { [of]: whereOf(of, params) ?? {} },
    direction: way === "UPSTREAM" || way === "DOWNSTREAM" || way === "CONNECTED" ? way : "BOTH",
    hops: hops === "all" ? null : Math.max(1, Number(hops) || FIRST_HOPS),
    most: Math.min(MOST_NODES, Math.max(1, Number(params.get("most")) || FIRST_NODES)),
    made: params.get("events") === "MADE",
    asOf: params.get("asOf") ?? "",
    stopKinds: params.getAll("stopKind"),
    stopName: params.get("stopName") ?? "",
    stopLabels: params.get("stopLabels") ?? "",
    up: params.getAll("up"),
    down: params.getAll("down"),
    further: Number(params.get("further")) || 0,
    path: path.length === 2 ? [path[0], path[1]] : null,
  };
}

const ARGUMENTS = {
  roots: "[ID!]!",
  where: "LineageFilter",
  direction: "LineageDirection!",
  maxHops: "Int",
  maxNodes: "Int",
  stopAt: "LineageFilter",
  asOf: "DateTime",
  events: "LineageEvents!",
};

export const EDGE_FIELDS = "artifact { id } execution { id } eventType eventTime implied port path";

/**
 * The question of a lineage, with no more arguments than it needs.
 *
 * @param {Record<string, unknown>} given by argument; null and undefined are left out
 * @returns {import("../ui.js").Question}
 */
export function lineageQuestion(given) {
  const variables = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== undefined));
  const names = (Object.keys(variables));
  const document = `query Lineage(${names.map((name) => `$${name}: ${ARGUMENTS[name]}`).join(", ")}) {
  lineage(${names.map((name) => `${name}: $${name}`).join(", ")}) {
    complete
    limits
    frontier
    nodes { hops node { ${NODE_FIELDS} } }
    edges { ${EDGE_FIELDS} }
  }
}`;
  return { document, variables };
}

const PATH = `query LineagePath($from: ID!, $to: ID!) {
  lineagePath(from: $from, to: $to) {
    found
    complete
    steps { ${NODE_FIELDS} }
    edges { ${EDGE_FIELDS} }
  }
}`;

const COUNTS = `query HiddenNeighbours($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on Node { id }
    ... on Artifact { producers(first: 0) { totalCount } consumers(first: 0) { totalCount } }
    ... on Execution { inputs(first: 0) { totalCount } outputs(first: 0) { totalCount } }
  }
}`;

/** The filter at which it stops; null for none. @param {Wish} wish */
function stopAt({ stopKinds, stopName, stopLabels }) {
  const artifacts = {
    ...(stopKinds.length && { kind: stopKinds }),
    ...(stopName && { name: { eq: stopName } }),
    ...(stopLabels && { labelSelector: stopLabels }),
  };
  return Object.keys(artifacts).length ? { artifacts } : null;
}

/** What holds for every question of a wish. @param {Wish} wish */
function termsOf(wish) {
  return { stopAt: stopAt(wish), asOf: wish.asOf || null, events: wish.made ? "MADE" : null };
}

/** The first question, which is also the one to copy. @param {Wish} wish */
export function firstQuestion(wish) {
  const { roots, where, direction, hops, most } = wish;
  return lineageQuestion({ roots: where ? null : roots, where, direction, maxHops: hops, maxNodes: most, ...termsOf(wish) });
}

/**
 * @typedef {object} Found
 * @property {Lineage | null} lineage
 * @property {string} base changes where all was asked anew
 * @property {number} version grows whenever more is known
 * @property {Error | null} error
 * @property {boolean} loading
 * @property {{found: boolean, complete: boolean, ids: Set<string>, edges: Set<string>} | null} path
 * @property {() => void} again
 * @property {(ids: string[]) => void} count asks how many neighbours nodes have
 */

/** Asks what a wish takes, and again where the wish changes: only what is not known yet. */
class Asker {
  /** @param {() => void} tell */
  constructor(tell) {
    this.tell = tell;
    this.begin("");
  }

  /** @param {string} key of what everything else is added to */
  begin(key) {
    this.abort?.abort();
    this.abort = new AbortController();
    /** What is shown until something newer is known. @type {{lineage: Lineage, key: string} | null} */
    this.before = this.lineage ? { lineage: this.lineage, key: this.key } : (this.before ?? null);
    this.key = key;
    /** @type {Lineage | null} */
    this.lineage = null;
    /** @type {{up: Set<string>, down: Set<string>}} */
    this.expanded = { up: new Set(), down: new Set() };
    this.further = 0;
    this.pathKey = "";
    /** @type {Found["path"]} */
    this.path = null;
    /** @type {Error | null} */
    this.error = null;
    this.loading = false;
    this.counting = new Set();
  }

  /** @param {Wish} wish @param {string} salt changes where all is to be asked anew */
  async wish(wish, salt) {
    const { up, down, further, path, ...first } = wish;
    const key = JSON.stringify([first, salt]);
    const known = key === this.key && !this.error;
    const grown = known && [...this.expanded.up].every((id) => up.includes(id)) && [...this.expanded.down].every((id) => down.includes(id));
    // What was added is not taken out of a graph again: the way back begins anew.
    if (!grown || this.further > further || (this.pathKey && this.pathKey !== String(path))) this.begin(key);
    const mine = (this.abort);
    this.loading = true;
    this.tell();
    try {
      await this.answer(wish, mine.signal);
    } catch (error) {
      if (error.name === "AbortError" || mine.signal.aborted) return;
      this.error = (error);
    }
    if (mine !== this.abort) return;
    this.loading = false;
    this.tell();
  }

  /** @param {Wish} wish @param {AbortSignal} signal */
  async answer(wish, signal) {
    const terms = termsOf(wish);
    const put = async (given) => {
      const { document, variables } = lineageQuestion({ ...given, ...terms });
      return (await ask(document, variables, { signal })).lineage;
    };
    if (!this.lineage) {
      const { roots, where, direction, hops, most } = wish;
      const answer = await put({ roots: where ? null : roots, where, direction, maxHops: hops, maxNodes: most });
      const lineage = new Lineage();
      const begun = where ? answer.nodes.filter((step) => step.hops === 0).map((step) => step.node.id) : roots;
      lineage.merge(answer, { roots: begun, goesOn: true });
      this.lineage = lineage;
      this.tell();
    }
    const { lineage } = this;
    while (this.further < wish.further && lineage.frontier.size) {
      const ways = lineage.frontierByWay();
      const rest = { limits: new Set(), frontier: new Set() };
      for (const direction of (["UPSTREAM", "DOWNSTREAM"])) {
        // With CONNECTED each step goes both ways, from the whole frontier.
        const both = wish.direction === "CONNECTED";
        if (both && direction === "DOWNSTREAM") continue;
        const roots = both ? [...lineage.frontier] : ways[direction];
        if (!roots.length) continue;
        // Where more are left than one answer may show, the others wait for the next time.
        const [now, later] = [roots.slice(0, wish.most), roots.slice(wish.most)];
        const maxNodes = Math.min(MOST_NODES, wish.most + now.length);
        const answer = await put({ roots: now, direction: both ? "CONNECTED" : direction, maxHops: wish.hops, maxNodes });
        lineage.merge(answer);
        for (const limit of answer.limits) rest.limits.add(limit);
        for (const id of [...answer.frontier, ...later]) rest.frontier.add(id);
        if (later.length) rest.limits.add("MAX_NODES");
      }
      lineage.limits = rest.limits;
      lineage.frontier = rest.frontier;
      this.further += 1;
      this.tell();
    }
    for (const [way, direction] of /** @type {const} */ ([["up", "UPSTREAM"], ["down", "DOWNSTREAM"]])) {
      const asked = wish[way].filter((id) => !this.expanded[way].has(id));
      if (!asked.length) continue;
      for (const id of asked) this.expanded[way].add(id);
      // Those of the frontier are asked by themselves: what their answer leaves out is missing from the whole.
      const edge = new Set(lineage.frontierByWay()[direction]);
      for (const some of [asked.filter((id) => edge.has(id)), asked.filter((id) => !edge.has(id))]) {
        if (!some.length) continue;
        const answer = await put({ roots: some, direction, maxHops: 1, maxNodes: MOST_NODES });
        const newer = answer.frontier.filter((id) => !lineage.nodes.has(id));
        lineage.merge(answer);
        if (edge.has(some[0])) this.pass(some, way, newer);
      }
      this.tell();
    }
    if (wish.path && this.pathKey !== String(wish.path)) {
      this.pathKey = String(wish.path);
      const [from, to] = wish.path;
      const { lineagePath } = await ask(PATH, { from, to }, { signal });
      for (const step of lineagePath.steps) lineage.addNode(step, 0);
      const edges = lineagePath.edges.map((edge) => lineage.addEdge(edge).key);
      const ids = lineagePath.steps.map((step) => step.id);
      this.path = { found: lineagePath.found, complete: lineagePath.complete, ids: new Set(ids), edges: new Set(edges) };
    } else if (!wish.path) {
      this.path = null;
      this.pathKey = "";
    }
  }

  /**
   * Nodes of the frontier were expanded by themselves: they limit nothing any more, and what lies beyond them may.
   *
   * @param {string[]} ids
   * @param {"up" | "down"} way
   * @param {string[]} newer nodes that are new and were not expanded
   */
  pass(ids, way, newer) {
    const lineage = (this.lineage);
    const [opposite, direction] = way === "up" ? (["down", "DOWNSTREAM"]) : (["up", "UPSTREAM"]);
    const others = new Set(lineage.frontierByWay()[direction]);
    for (const id of ids) if (!others.has(id) || this.expanded[opposite].has(id)) lineage.frontier.delete(id);
    for (const id of newer) lineage.frontier.add(id);
    if (!lineage.frontier.size) lineage.limits = new Set();
  }

  /** @param {string[]} ids */
  async count(ids) {
    const { lineage, abort } = this;
    const asked = ids.filter((id) => lineage?.nodes.get(id)?.events === null && !this.counting.has(id)).slice(0, COUNTED_AT_ONCE);
    if (!lineage || !asked.length) return;
    for (const id of asked) this.counting.add(id);
    try {
      const { nodes } = await ask(COUNTS, { ids: asked }, { signal: abort.signal });
      for (const found of nodes) {
        const node = lineage.nodes.get(found?.id);
        if (!node) continue;
        const [up, down] = [found.producers ?? found.inputs, found.consumers ?? found.outputs];
        node.events = { up: up.totalCount, down: down.totalCount };
      }
      this.tell();
    } catch (error) {
      // The counts are an extra: without them the marks say that there is more, and not how much.
      if (error.name !== "AbortError") console.info(`LineageQL: ${error.message}`);
    }
  }
}

/**
 * Asks while a view is shown.
 *
 * @param {Wish} wish
 * @returns {Found}
 */
export function useLineage(wish) {
  const [version, setVersion] = useState(0);
  const [times, setTimes] = useState(0);
  const asker = useRef(null);
  if (!asker.current) asker.current = new Asker(() => setVersion((before) => before + 1));
  const question = JSON.stringify(wish);
  const salt = `${times} ${refreshes.value}`;
  useEffect(() => {
    if (wish.roots.length || wish.where) asker.current.wish(wish, salt);
  }, [question, salt]);
  useEffect(() => () => asker.current?.abort?.abort(), []);
  const { lineage, key, before, error, loading, path } = asker.current;
  const old = error || lineage ? null : before;
  return {
    lineage: lineage ?? old?.lineage ?? null,
    base: old?.key ?? key,
    version,
    error,
    loading,
    path,
    again: () => setTimes((before) => before + 1),
    count: (ids) => asker.current?.count(ids),
  };
}
