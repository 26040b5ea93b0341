// What a table can show: for each column what is asked for, how it is shown, and how it is written to a file.

import { formatCount, formatDuration, formatSeconds, formatValue } from "./format.js";
import { html } from "./lib.js";
import { href } from "./router.js";
import { EntityLink, Kind, Labels, State, Time } from "./ui.js";

/**
 * @typedef {object} Column
 * @property {string} key its name in the address: `createTime`, `label:stage`, `value:auc`
 * @property {string} title
 * @property {(alias: string) => string} select the fields of GraphQL that it needs
 * @property {(node: any, alias: string) => unknown} show
 * @property {(node: any, alias: string) => unknown} value what a file holds: text, number or JSON; null where there is none
 * @property {string} [order] the field of the order's enum, where the API can order by it
 * @property {Record<string, unknown>} [orderMore] what else the order needs
 * @property {string} [orderHint] what the order is by, where the title does not say it
 * @property {boolean} [number] it is aligned as numbers are
 */

const none = html`<span class="none">–</span>`;

/** A column of one field of its own. */
function plain(key, title, more = {}) {
  return {
    key,
    title,
    select: () => key,
    show: (node) => formatValue(node[key]) || none,
    value: (node) => node[key] ?? null,
    ...more,
  };
}

function time(key, title, order) {
  return plain(key, title, { show: (node) => html`<${Time} time=${node[key]} />`, order });
}

function count(key, title) {
  return {
    key,
    title,
    number: true,
    select: () => `${key} { totalCount }`,
    show: (node) => formatCount(node[key].totalCount),
    value: (node) => node[key].totalCount,
  };
}

/** A column that is another entity, as a link. */
function entity(key, title, section) {
  return {
    key,
    title,
    select: () => `${key} { __typename id name }`,
    show: (node) => (node[key] ? html`<a href=${href([section, node[key].id])}>${node[key].name}</a>` : none),
    value: (node) => node[key]?.name ?? null,
  };
}

const name = plain("name", "Name", { select: () => "name", order: "NAME", show: (node) => html`<${EntityLink} entity=${node} version=${false} />` });
const type = {
  key: "type",
  title: "Type",
  select: () => "type { name }",
  show: (node) => node.type.name,
  value: (node) => node.type.name,
};
const labels = {
  key: "labels",
  title: "Labels",
  select: () => "labels { key value }",
  show: (node) => html`<${Labels} labels=${node.labels} />`,
  value: (node) => Object.fromEntries(node.labels.map((label) => [label.key, label.value])),
};
const state = plain("state", "State", { show: (node) => html`<${State} state=${node.state} />` });
const ending = [
  time("updateTime", "Changed", "UPDATE_TIME"),
  plain("description", "Description"),
  plain("externalId", "External id"),
  plain("mlmdId", "MLMD id", { number: true, order: "ID", show: (node) => node.mlmdId ?? none }),
];
const recorded = time("createTime", "Recorded", "CREATE_TIME");

const runTook = {
  key: "duration",
  title: "Took",
  number: true,
  select: () =>
    "began: executions(orderBy: {field: START_TIME, direction: ASC}, first: 1) { nodes { startTime } } " +
    "ended: executions(orderBy: {field: END_TIME, direction: DESC}, first: 1) { nodes { endTime } }",
  show: (node) => formatSeconds(seconds(node.began.nodes[0]?.startTime, node.ended.nodes[0]?.endTime)) || none,
  value: (node) => seconds(node.began.nodes[0]?.startTime, node.ended.nodes[0]?.endTime) ?? null,
};

const executionTook = {
  key: "duration",
  title: "Took",
  number: true,
  select: () => "startTime endTime",
  show: (node) => formatDuration(node.startTime, node.endTime) || none,
  value: (node) => seconds(node.startTime, node.endTime) ?? null,
};

function seconds(from, to) {
  return from && to ? (Date.parse(to) - Date.parse(from)) / 1000 : undefined;
}

/** All columns of each sort but those that are named by the reader, in the order of the choice. @type {Record<string, Column[]>} */
export const COLUMNS = {
  workspaces: [name, type, labels, count("runs", "Runs"), count("executions", "Executions"), count("artifacts", "Artifacts"), recorded, ...ending],
  runs: [name, state, entity("workspace", "Workspace", "workspaces"), runTook, recorded, labels, type, count("executions", "Executions"), ...ending],
  executions: [
    name,
    { ...state, order: "STATE" },
    entity("run", "Run", "runs"),
    entity("workspace", "Workspace", "workspaces"),
    time("startTime", "Began", "START_TIME"),
    time("endTime", "Ended", "END_TIME"),
    executionTook,
    recorded,
    labels,
    { ...type, order: "TYPE" },
    count("inputs", "Inputs"),
    count("outputs", "Outputs"),
    entity("parent", "Part of", "executions"),
    ...ending,
  ],
  artifacts: [
    name,
    plain("version", "Version"),
    plain("kind", "Kind", { show: (node) => html`<${Kind} kind=${node.kind} />` }),
    { ...state, order: "STATE" },
    entity("workspace", "Workspace", "workspaces"),
    entity("run", "Run", "runs"),
    entity("producer", "Written by", "executions"),
    recorded,
    labels,
    { ...type, order: "TYPE" },
    plain("uri", "Uri", { order: "URI" }),
    plain("owner", "Owner"),
    ...ending,
  ],
};

export const DEFAULTS = {
  workspaces: ["name", "labels", "runs", "executions", "artifacts", "createTime"],
  runs: ["name", "state", "workspace", "duration", "createTime", "labels"],
  executions: ["name", "state", "run", "workspace", "duration", "createTime", "type"],
  artifacts: ["name", "version", "kind", "workspace", "run", "createTime", "labels"],
};

/** A member of an object by its name, else by its path: `optimizer.rate` is the `rate` of an `optimizer`. */
function memberOf(object, path) {
  if (object === null || typeof object !== "object") return undefined;
  if (path in object) return object[path];
  for (let dot = path.indexOf("."); dot > 0; dot = path.indexOf(".", dot + 1)) {
    const member = memberOf(object[path.slice(0, dot)], path.slice(dot + 1));
    if (member !== undefined) return member;
  }
  return undefined;
}

/** The first of these objects that has the member. */
function firstOf(objects, path) {
  for (const object of objects) {
    const member = memberOf(object, path);
    if (member !== undefined) return member;
  }
  return null;
}

/** The members of all of these objects that have it. */
function allOf(objects, path) {
  return objects.map((object) => memberOf(object, path) ?? null).filter((member) => member !== null);
}

/** Of several numbers the least and the greatest: a run is ordered by one of them. */
function span(members) {
  const numbers = members.filter((member) => typeof member === "number");
  const least = Math.min(...numbers);
  const greatest = Math.max(...numbers);
  return least < greatest ? `${formatValue(least)} – ${formatValue(greatest)}` : shown(numbers[0] ?? members[0] ?? null);
}

function oneOrAll(members) {
  return members.length > 1 ? members : (members[0] ?? null);
}

/** Metric values of a row: its own, those of a model's metrics, those of the metrics that a run wrote. */
function valuesOf(node) {
  return [node.values, ...[...(node.metrics?.nodes ?? []), ...(node.results?.nodes ?? [])].map((metrics) => metrics.values)];
}

function shown(value) {
  return value === null ? none : formatValue(value);
}

const VALUES = {
  artifacts: "... on Metrics { values } ... on Model { metrics(first: 10) { nodes { ... on Metrics { values } } } }",
  runs: "results: outputs(where: {kind: [METRICS]}, first: 20) { nodes { ... on Metrics { values } } }",
};

/** The columns that the reader names: what stands before the colon, how it is called, and for which sorts it is. */
export const NAMED = {
  value: {
    title: "Metric",
    sorts: ["artifacts", "runs"],
    make: (key, sort) => ({
      number: true,
      order: "VALUE",
      orderMore: { key },
      orderHint: sort === "runs" ? "By the best value that the run wrote: the least, or the greatest" : "By the values of metrics: models, whose metrics have them, come last",
      select: () => VALUES[sort],
      show: (node) => (sort === "runs" ? span(allOf(valuesOf(node), key)) : shown(firstOf(valuesOf(node), key))),
      value: (node) => (sort === "runs" ? oneOrAll(allOf(valuesOf(node), key)) : firstOf(valuesOf(node), key)),
    }),
  },
  parameter: {
    title: "Parameter",
    sorts: ["executions", "artifacts"],
    make: (key, sort) => ({
      number: true,
      order: "PARAMETER",
      orderMore: { key },
      select: () => (sort === "executions" ? "parameters" : "... on Model { hyperparameters }"),
      show: (node) => shown(firstOf([node.hyperparameters ?? node.parameters], key)),
      value: (node) => firstOf([node.hyperparameters ?? node.parameters], key),
    }),
  },
  label: {
    title: "Label",
    sorts: ["workspaces", "runs", "executions", "artifacts"],
    make: (key) => ({
      select: (alias) => `${alias}: label(key: ${JSON.stringify(key)})`,
      show: (node, alias) => (node[alias] === null ? none : html`<span class="label">${node[alias]}</span>`),
      value: (node, alias) => node[alias],
    }),
  },
  property: {
    title: "Property",
    sorts: ["workspaces", "runs", "executions", "artifacts"],
    make: (key, sort) => ({
      ...(sort === "executions" || sort === "artifacts" ? { order: "PROPERTY", orderMore: { key } } : {}),
      select: (alias) => `${alias}: property(name: ${JSON.stringify(key)})`,
      show: (node, alias) => formatValue(node[alias]) || none,
      value: (node, alias) => node[alias],
    }),
  },
};

/** Of each sort and kind of name: what counts the names that there are, and by what. @type {Record<string, Record<string, [string, string]>>} */
const NAMES = {
  runs: { label: ["runFacets", "LABEL_KEY"], value: ["artifactFacets", "VALUE_NAME"], parameter: ["executionFacets", "PARAMETER_NAME"] },
  executions: { label: ["executionFacets", "LABEL_KEY"], parameter: ["executionFacets", "PARAMETER_NAME"], property: ["executionFacets", "PROPERTY_NAME"] },
  artifacts: {
    label: ["artifactFacets", "LABEL_KEY"],
    value: ["artifactFacets", "VALUE_NAME"],
    parameter: ["artifactFacets", "PARAMETER_NAME"],
    property: ["artifactFacets", "PROPERTY_NAME"],
  },
};

/**
 * The question for the names that the reader may choose from, the most frequent first.
 *
 * @param {string} sort
 * @param {string} kind of name: label, value, parameter or property
 * @returns {string | null} null where the API does not tell them
 */
export function namesOf(sort, kind) {
  const [facets, by] = NAMES[sort]?.[kind] ?? [];
  return facets ? `query Names { names: ${facets}(by: ${by}, first: 200) { value count } }` : null;
}

/**
 * The column of a name in the address.
 *
 * @param {string} sort
 * @param {string} key
 * @returns {Column | null} null where there is no such column
 */
export function columnOf(sort, key) {
  const known = COLUMNS[sort].find((column) => column.key === key);
  if (known) return known;
  const colon = key.indexOf(":");
  const named = NAMED[key.slice(0, colon)];
  if (colon < 0 || !named?.sorts.includes(sort)) return null;
  const field = key.slice(colon + 1);
  return { key, title: field, ...named.make(field, sort) };
}

/**
 * The columns of a table's address.
 *
 * @param {string} sort
 * @param {URLSearchParams} params
 * @returns {Column[]}
 */
export function columnsOf(sort, params) {
  const keys = params.getAll("column");
  const chosen = (keys.length > 0 ? keys : DEFAULTS[sort]).map((key) => columnOf(sort, key)).filter(Boolean);
  return chosen.some((column) => column.key === "name") ? chosen : [name, ...chosen];
}
