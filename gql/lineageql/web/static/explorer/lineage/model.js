// What is known of a lineage: the answers to all questions that were asked of it, as one graph.

import { kindOf } from "../kinds.js";

/**
 * An artifact or an execution, as the API answers it.
 *
 * @typedef {object} Node
 * @property {string} id
 * @property {string} kind of artifacts, or EXECUTION: what its shape and colour tell
 * @property {number} place in the order in which nodes were met: it breaks ties
 * @property {number} hops from the roots, as the API counts them; of nodes that were asked for later, from those
 * @property {{__typename: string, id: string, name: string, type: {name: string}, run: {id: string, name: string} | null,
 *     version?: string | null, state: string, createTime: string | null}} entity
 * @property {{up: number, down: number} | null} events how many there are on each side, shown or not; null if not known
 */

/**
 * An event: the flow runs from one node to the other.
 *
 * @typedef {object} Edge
 * @property {string} key
 * @property {string} from
 * @property {string} to
 * @property {string} artifact
 * @property {string} execution
 * @property {string} eventType
 * @property {string | null} port
 * @property {boolean} implied whether the writer's convention says it, and no event
 */

/** The part of every question that says which fields of a node are needed. */
export const NODE_FIELDS = `__typename id name createTime type { name }
      ... on Artifact { kind version artifactState: state run { id name } }
      ... on Execution { state run { id name } }`;

const INTO_EXECUTION = new Set(["INPUT", "DECLARED_INPUT", "INTERNAL_INPUT"]);

export class Lineage {
  constructor() {
    /** @type {Map<string, Node>} */
    this.nodes = new Map();
    /** @type {Map<string, Edge>} */
    this.edges = new Map();
    /** @type {Set<string>} */
    this.roots = new Set();
    /** Nodes that a limit kept from being expanded. @type {Set<string>} */
    this.frontier = new Set();
    /** What cut it short. @type {Set<string>} */
    this.limits = new Set();
    /** Edges at each node, by the way they lead to it. @type {Map<string, {up: Edge[], down: Edge[]}>} */
    this.at = new Map();
  }

  /** Whether nothing that was asked for is missing. */
  get complete() {
    return this.limits.size === 0;
  }

  /**
   * Takes in an answer.
   *
   * @param {any} answer a `Lineage` of the API
   * @param {{roots?: string[], goesOn?: boolean}} [how] `roots`: those of the whole view; `goesOn`: it goes on from the
   *     frontier, so that what it says of completeness stands for all
   */
  merge(answer, { roots = [], goesOn = false } = {}) {
    for (const id of roots) this.roots.add(id);
    for (const { hops, node } of answer.nodes) this.addNode(node, hops);
    /** @type {Map<string, number>} */
    const times = new Map();
    for (const edge of answer.edges) {
      // Two events may say the same; in one answer both count, in two answers they are the same one.
      const said = edgeKey(edge);
      const time = times.get(said) ?? 0;
      times.set(said, time + 1);
      this.addEdge(edge, time ? `${said} ${time}` : said);
    }
    if (goesOn) {
      this.limits = new Set(answer.limits);
      this.frontier = new Set(answer.frontier);
    }
  }

  /** @param {any} entity @param {number} hops */
  addNode(entity, hops) {
    const known = this.nodes.get(entity.id);
    if (known) return known;
    // The two sorts of states cannot stand under one name in a question.
    const { artifactState, ...rest } = entity;
    const kept = { ...rest, state: entity.state ?? artifactState ?? null };
    const node = { id: entity.id, kind: kindOf(entity), place: this.nodes.size, hops, entity: kept, events: null };
    this.nodes.set(entity.id, node);
    this.at.set(entity.id, { up: [], down: [] });
    return node;
  }

  /** @param {any} edge as the API answers it @param {string} [key] */
  addEdge(edge, key = edgeKey(edge)) {
    const found = this.edges.get(key);
    if (found) return found;
    const [artifact, execution] = [edge.artifact.id, edge.execution.id];
    const into = INTO_EXECUTION.has(edge.eventType);
    const [from, to] = into ? [artifact, execution] : [execution, artifact];
    const { eventType, port } = edge;
    const added = { key, from, to, artifact, execution, eventType, port: port ?? null, implied: Boolean(edge.implied) };
    this.edges.set(key, added);
    this.at.get(from)?.down.push(added);
    this.at.get(to)?.up.push(added);
    return added;
  }

  /**
   * Nodes of the frontier by the way in which they were met: a question that goes on walks one way.
   *
   * @returns {{UPSTREAM: string[], DOWNSTREAM: string[]}}
   */
  frontierByWay() {
    const [up, down] = [this.reached("up"), this.reached("down")];
    // What was not shown any more was met from a node that was.
    const [upstream, downstream] = [[], []].map(() => ([]));
    for (const id of this.frontier) {
      const [byUp, byDown] = [up.has(id), down.has(id)];
      if (byUp || !byDown) upstream.push(id);
      if (byDown || !byUp) downstream.push(id);
    }
    return { UPSTREAM: upstream, DOWNSTREAM: downstream };
  }

  /**
   * All nodes that lie one way from the roots, the roots among them.
   *
   * @param {"up" | "down"} way
   * @param {Iterable<string>} [starts] other nodes to begin at
   */
  reached(way, starts = this.roots) {
    const seen = new Set(starts);
    const queue = [...seen];
    for (const id of queue) {
      for (const edge of this.at.get(id)?.[way] ?? []) {
        const other = way === "up" ? edge.from : edge.to;
        if (seen.has(other)) continue;
        seen.add(other);
        queue.push(other);
      }
    }
    return seen;
  }

  /**
   * How many events of a node are not shown on a side; null where that is not known.
   *
   * @param {string} id
   * @param {"up" | "down"} way
   */
  hidden(id, way) {
    const node = this.nodes.get(id);
    if (!node?.events) return null;
    const shown = this.at.get(id)?.[way].length ?? 0;
    return Math.max(0, node.events[way] - shown);
  }
}

/** @param {any} edge */
function edgeKey({ artifact, execution, eventType, port, eventTime, path }) {
  return JSON.stringify([artifact.id, execution.id, eventType, port ?? null, eventTime ?? null, path ?? null]);
}
