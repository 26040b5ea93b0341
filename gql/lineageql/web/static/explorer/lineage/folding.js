// From what is known of a lineage to what is drawn: runs and like siblings fold into one box each.

import { formatCount, formatEnum, plural } from "../format.js";

/** So many like siblings fold into one box. */
export const LIKE = 5;

/**
 * A box of the picture: a node, a run that is folded, or like siblings that are.
 *
 * @typedef {object} Box
 * @property {string} id that of its node; `run:…` or `like:…` for what is folded
 * @property {string} kind of artifacts, EXECUTION or RUN
 * @property {"one" | "run" | "like"} sort
 * @property {string[]} members the nodes in it
 * @property {string} title
 * @property {string} note
 * @property {string | null} state
 * @property {boolean} root
 * @property {string | null} run the id of the run that all its members belong to
 * @property {string | null} like the fold that it was taken out of
 * @property {number} group its frame's number, -1 for none
 * @property {"both" | "left" | "right" | "changed" | null} side in a picture of two lineages
 */

/**
 * A line of the picture: the events from one box to another at one port.
 *
 * @typedef {object} Line
 * @property {number} from
 * @property {number} to
 * @property {string | null} port
 * @property {import("./model.js").Edge[]} edges
 * @property {boolean} implied
 * @property {boolean} atStart whether the port is that of the box where it begins
 */

/**
 * All that is drawn.
 *
 * @typedef {object} Scene
 * @property {Box[]} boxes
 * @property {Line[]} lines
 * @property {{run: string, name: string, boxes: number[]}[]} groups
 * @property {Map<string, number>} boxOf the box of each node
 * @property {Map<string, number>} byId the number of each box
 */

/**
 * What is folded.
 *
 * @typedef {object} Folds
 * @property {"off" | "frames" | "folded"} runs what is done with runs
 * @property {Set<string>} runsTurned runs that are the other way: folded among frames, open among folded ones
 * @property {boolean} siblings whether like siblings fold
 * @property {Set<string>} open nodes whose folds of siblings are open
 * @property {Set<string>} apart nodes that stand for themselves, such as those of a path
 */

/** @typedef {{key: string, sort: "one" | "run", members: string[], node: import("./model.js").Node, run: string | null}} Unit */

/**
 * @param {import("./model.js").Lineage} lineage
 * @param {Folds} folds
 * @param {((id: string) => Box["side"]) | null} [sideOf] in a picture of two lineages: which has a node
 * @returns {Scene}
 */
export function fold(lineage, folds, sideOf = null) {
  const units = unitsOf(lineage, folds);
  /** @type {Map<string, Unit>} */
  const unitOf = new Map();
  for (const unit of units.values()) for (const id of unit.members) unitOf.set(id, unit);
  const likes = folds.siblings ? likeSiblings(lineage, units, unitOf, folds, sideOf) : new Map();

  /** @type {Box[]} */
  const boxes = [];
  /** @type {Map<string, number>} */
  const boxOf = new Map();
  /** @type {Map<string, number>} */
  const byId = new Map();
  for (const unit of units.values()) {
    const like = likes.get(unit.key) ?? null;
    const folded = like !== null && !like.open;
    const id = folded ? like.id : unit.key;
    let at = byId.get(id);
    if (at === undefined) {
      at = boxes.length;
      byId.set(id, at);
      boxes.push(boxOfUnit(lineage, unit, folded ? like : null, id, sideOf));
      boxes[at].like = like && like.open ? like.id : null;
    }
    const box = boxes[at];
    box.members.push(...unit.members);
    if (unit.run !== box.run) box.run = null;
    for (const member of unit.members) {
      boxOf.set(member, at);
      if (lineage.roots.has(member)) box.root = true;
    }
  }
  const lines = linesOf(lineage, boxes, boxOf);
  const groups = folds.runs === "off" ? [] : framed(lineage, boxes);
  return { boxes, lines, groups, boxOf, byId };
}

/** @param {import("./model.js").Lineage} lineage @param {Folds} folds */
function unitsOf(lineage, folds) {
  /** @type {Map<string, Unit>} */
  const units = new Map();
  for (const node of lineage.nodes.values()) {
    const run = node.entity.run?.id ?? null;
    const folded = run !== null && folds.runs !== "off" && (folds.runs === "folded") !== folds.runsTurned.has(run);
    const key = folded && !folds.apart.has(node.id) ? `run:${run}` : node.id;
    const unit = units.get(key);
    if (unit) unit.members.push(node.id);
    else units.set(key, { key, sort: folded && key !== node.id ? "run" : "one", members: [node.id], node, run });
  }
  return units;
}

/** @typedef {{id: string, units: Unit[], open: boolean}} Like */

/**
 * Which units are like siblings: of the same sort, tied in the same way to the same boxes nearer to the roots, and
 * with the same sorts of things beyond them. Found from the roots outward, so that what follows folded siblings folds
 * with them: a data set, a hundred trainings, their hundred models.
 *
 * @param {import("./model.js").Lineage} lineage
 * @param {Map<string, Unit>} units
 * @param {Map<string, Unit>} unitOf
 * @param {Folds} folds
 * @param {((id: string) => Box["side"]) | null} sideOf
 * @returns {Map<string, Like>}
 */
function likeSiblings(lineage, units, unitOf, folds, sideOf) {
  const ties = tiesOf(lineage, units, unitOf);
  const levels = levelsOf(lineage, units, unitOf, ties);
  /** @type {Map<string, Like>} */
  const likes = new Map();
  /** Where a unit stands for the next level: its own key, or its fold's. @type {Map<string, string>} */
  const stands = new Map();
  /** @type {Map<string, number>} */
  const depth = new Map();
  levels.forEach((level, at) => level.forEach((unit) => depth.set(unit.key, at)));
  for (const level of levels) {
    /** @type {Map<string, Unit[]>} */
    const alike = new Map();
    for (const unit of level) {
      stands.set(unit.key, unit.key);
      if (unit.members.some((id) => lineage.roots.has(id) || folds.apart.has(id))) continue;
      const inward = new Set();
      const onward = new Set();
      for (const { other, way, port } of ties.get(unit.key)) {
        if (depth.get(other.key) < depth.get(unit.key)) {
          inward.add(`${way} ${port} ${stands.get(other.key)}`);
        } else onward.add(`${way} ${port} ${sortOf(other)}`);
      }
      if (!inward.size) continue;
      const side = sideOf ? unit.members.map(sideOf).sort().join() : "";
      const key = JSON.stringify([sortOf(unit), side, [...inward].sort(), [...onward].sort()]);
      const found = alike.get(key);
      if (found) found.push(unit);
      else alike.set(key, [unit]);
    }
    for (const some of alike.values()) {
      if (some.length < LIKE) continue;
      const open = some.some((unit) => folds.open.has(unit.key));
      const like = { id: `like:${some[0].key}`, units: some, open };
      for (const unit of some) {
        likes.set(unit.key, like);
        if (!open) stands.set(unit.key, like.id);
      }
    }
  }
  return likes;
}

/** @typedef {{other: Unit, way: "up" | "down", port: string | null}} Tie */

/** @param {import("./model.js").Lineage} lineage @param {Map<string, Unit>} units @param {Map<string, Unit>} unitOf */
function tiesOf(lineage, units, unitOf) {
  /** @type {Map<string, Tie[]>} */
  const ties = new Map();
  for (const key of units.keys()) ties.set(key, []);
  for (const edge of lineage.edges.values()) {
    const [from, to] = [unitOf.get(edge.from), unitOf.get(edge.to)];
    if (!from || !to || from === to) continue;
    ties.get(from.key)?.push({ other: to, way: "down", port: edge.port });
    ties.get(to.key)?.push({ other: from, way: "up", port: edge.port });
  }
  return ties;
}

/**
 * Units by their distance from the roots, whichever way lines lead.
 *
 * @param {import("./model.js").Lineage} lineage
 * @param {Map<string, Unit>} units
 * @param {Map<string, Unit>} unitOf
 * @param {Map<string, Tie[]>} ties
 */
function levelsOf(lineage, units, unitOf, ties) {
  /** @type {Unit[][]} */
  const levels = [];
  const seen = new Set();
  /** @type {Unit[]} */
  let level = [];
  const roots = [...lineage.roots].flatMap((id) => unitOf.get(id) ?? []);
  // What nothing ties to the roots is taken from where it was met first.
  for (const start of [roots, ...[...units.values()].map((unit) => [unit])]) {
    level = start.filter((unit) => !seen.has(unit.key) && seen.add(unit.key));
    for (let at = 0; level.length; at += 1) {
      (levels[at] ??= []).push(...level);
      /** @type {Unit[]} */
      const next = [];
      for (const unit of level) {
        for (const { other } of ties.get(unit.key)) {
          if (seen.has(other.key)) continue;
          seen.add(other.key);
          next.push(other);
        }
      }
      level = next.sort((a, b) => a.node.place - b.node.place);
    }
  }
  return levels;
}

/** What makes two units of one sort. Executions differ by their step, which a name tells but for its numbers. @param {Unit} unit */
function sortOf({ sort, node }) {
  if (sort === "run") return "RUN";
  const { kind, entity } = node;
  if (kind !== "EXECUTION") return `${kind} ${entity.type.name}`;
  return `${kind} ${entity.type.name} ${entity.state} ${stem(entity.name)}`;
}

/** A name without what numbers its bearers. @param {string} name */
export function stem(name) {
  return name.replace(/[0-9a-f]{8,}(-[0-9a-f]{4,})*|\d+([-_.:T]\d+)*/gi, "#");
}

/**
 * @param {import("./model.js").Lineage} lineage
 * @param {Unit} unit
 * @param {Like | null} like
 * @param {string} id
 * @param {((id: string) => Box["side"]) | null} sideOf
 * @returns {Box}
 */
function boxOfUnit(lineage, unit, like, id, sideOf) {
  const { node } = unit;
  const { entity } = node;
  const base = { id, members: [], root: false, run: unit.run, like: null, group: -1 };
  const side = sideOf ? sideOf(node.id) : null;
  const name = unit.sort === "run" ? (entity.run?.name ?? "") : nameOf(entity);
  if (like) {
    const names = like.units.map((one) => (one.sort === "run" ? (one.node.entity.run?.name ?? "") : nameOf(one.node.entity)));
    const kind = unit.sort === "run" ? "RUN" : node.kind;
    const title = `${formatCount(names.length)} ${pluralOf(kind)}`;
    const state = kind === "EXECUTION" ? entity.state : null;
    return { ...base, kind, sort: "like", title, note: commonName(names), state, side };
  }
  if (unit.sort === "run") {
    const states = unit.members.map((member) => lineage.nodes.get(member)?.entity).filter((one) => one?.__typename === "Execution");
    const failed = states.some((one) => one?.state === "FAILED");
    const note = `Run · ${plural(unit.members.length, "node")}`;
    return { ...base, kind: "RUN", sort: "run", title: name, note, state: failed ? "FAILED" : null, side };
  }
  return { ...base, kind: node.kind, sort: "one", title: name, note: noteOf(node), state: entity.state, side };
}

/** @param {{name: string, type: {name: string}}} entity */
export function nameOf({ name, type }) {
  return name || shortType(type.name);
}

/** `kubeflow.org/alpha/model` is `model`. @param {string} name */
export function shortType(name) {
  return name.slice(Math.max(name.lastIndexOf("/"), name.lastIndexOf(".")) + 1);
}

/** @type {Map<string, string>} */
const kindNames = new Map();

/** @param {import("./model.js").Node} node */
function noteOf({ kind, entity }) {
  if (!kindNames.has(kind)) kindNames.set(kind, formatEnum(kind));
  const parts = [kindNames.get(kind)];
  if (kind === "OTHER" || (kind === "EXECUTION" && !/(^|[/.])execution$/i.test(entity.type.name))) parts[0] = shortType(entity.type.name);
  if (entity.version) parts.push(entity.version);
  return parts.join(" · ");
}

const PLURALS = { DATA_SET: "data sets", METRICS: "metrics", STATISTICS: "statistics", OTHER: "artifacts" };

/** @param {string} kind */
export function pluralOf(kind) {
  return PLURALS[kind] ?? `${kind.toLowerCase().replaceAll("_", " ")}s`;
}

/** What names have in common, or the first and the last of them. @param {string[]} names */
function commonName(names) {
  if (names.every((name) => name === names[0])) return names[0];
  const stems = new Set(names.map(stem));
  const sorted = [...names].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  if (stems.size === 1) return `${sorted[0]} … ${sorted[sorted.length - 1]}`;
  return `${names[0]}, ${names[1]}, …`;
}

/** @param {import("./model.js").Lineage} lineage @param {Box[]} boxes @param {Map<string, number>} boxOf */
function linesOf(lineage, boxes, boxOf) {
  /** @type {Map<string, Line>} */
  const lines = new Map();
  for (const edge of lineage.edges.values()) {
    const [from, to] = [boxOf.get(edge.from), boxOf.get(edge.to)];
    if (from === undefined || to === undefined) continue;
    // Within what is folded nothing is drawn.
    if (from === to && boxes[from].sort !== "one") continue;
    const atStart = edge.from === edge.execution;
    // A port is one of an execution; a folded run has none.
    const port = boxes[atStart ? from : to].sort === "run" ? null : edge.port;
    const key = `${from} ${to} ${edge.implied} ${port ?? ""}`;
    const line = lines.get(key);
    if (line) line.edges.push(edge);
    else lines.set(key, { from, to, port, edges: [edge], implied: edge.implied, atStart });
  }
  return [...lines.values()];
}

/** Frames: the runs of which at least two boxes are drawn. @param {import("./model.js").Lineage} lineage @param {Box[]} boxes */
function framed(lineage, boxes) {
  /** @type {Map<string, number[]>} */
  const byRun = new Map();
  boxes.forEach((box, at) => {
    if (box.run === null || box.sort === "run" || box.kind === "RUN") return;
    const some = byRun.get(box.run);
    if (some) some.push(at);
    else byRun.set(box.run, [at]);
  });
  /** @type {Scene["groups"]} */
  const groups = [];
  for (const [run, some] of byRun) {
    if (some.length < 2) continue;
    for (const at of some) boxes[at].group = groups.length;
    groups.push({ run, name: lineage.nodes.get(boxes[some[0]].members[0])?.entity.run?.name ?? "", boxes: some });
  }
  return groups;
}
