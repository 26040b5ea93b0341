// What a table's address filters by, and the API's filter that it means. Names in the address are those of the API where it
// has one: `#/artifacts?kind=MODEL&label=stage=production&value=auc>=0.9&createTime=2026-01-01..`.

import { SORTS } from "./kinds.js";

const ALL = Object.keys(SORTS);
const COMPARISONS = [
  [">=", "gte"],
  ["<=", "lte"],
  ["!=", "ne"],
  ["=", "eq"],
  [">", "gt"],
  ["<", "lt"],
  ["~", "contains"],
];

/**
 * @typedef {object} Filter
 * @property {string} key its name in the address
 * @property {string} title
 * @property {string[]} sorts the tables that have it
 * @property {"text" | "choice" | "label" | "comparison" | "time"} form how a reader sets it
 * @property {boolean} [enumerated] a choice's values are those of an enum
 * @property {string} [facet] by what the API counts a choice's values
 * @property {(values: string[], sort: string) => Record<string, unknown>} where
 */

/** @type {Filter[]} */
export const FILTERS = [
  {
    key: "name",
    title: "Name",
    sorts: ALL,
    form: "text",
    where: ([text]) => ({ name: { contains: text, ignoreCase: true } }),
  },
  {
    key: "kind",
    title: "Kind",
    sorts: ["artifacts"],
    form: "choice",
    enumerated: true,
    facet: "KIND",
    where: (values) => ({ kind: values }),
  },
  {
    key: "state",
    title: "State",
    sorts: ["runs", "executions", "artifacts"],
    form: "choice",
    enumerated: true,
    facet: "STATE",
    where: (values) => ({ state: values }),
  },
  { key: "type", title: "Type", sorts: ALL, form: "choice", facet: "TYPE", where: (values) => ({ type: { in: values } }) },
  {
    key: "workspace",
    title: "Workspace",
    sorts: ["runs", "executions", "artifacts"],
    form: "choice",
    facet: "WORKSPACE",
    where: (values) => ({ workspace: { name: { in: values } } }),
  },
  {
    key: "run",
    title: "Run",
    sorts: ["executions", "artifacts"],
    form: "choice",
    facet: "RUN",
    where: (values) => ({ run: { name: { in: values } } }),
  },
  { key: "label", title: "Label", sorts: ALL, form: "label", where: (values) => ({ labels: values.map(labelFilter) }) },
  ...[
    ["descendsFrom", "Descends from"],
    ["leadsTo", "Leads to"],
  ].map(([key, title]) => ({
    key,
    title,
    sorts: ["executions", "artifacts"],
    form: /** @type {"text"} */ ("text"),
    // An artifact of this name, in any version.
    where: ([name]) => ({ [key]: { artifacts: { name: { eq: name } } } }),
  })),
  {
    key: "value",
    title: "Metric",
    sorts: ["runs", "artifacts"],
    form: "comparison",
    where: (values, sort) => over(sort, "outputs", { values: values.map(comparison).filter(Boolean) }),
  },
  {
    key: "parameter",
    title: "Parameter",
    sorts: ["runs", "executions", "artifacts"],
    form: "comparison",
    where: (values, sort) => over(sort, "executions", { parameters: values.map(comparison).filter(Boolean) }),
  },
  {
    key: "property",
    title: "Property",
    sorts: ALL,
    form: "comparison",
    where: (values) => ({ properties: values.map(comparison).filter(Boolean) }),
  },
  ...[
    ["createTime", "Recorded", ALL],
    ["updateTime", "Changed", ALL],
    ["startTime", "Began", ["executions"]],
    ["endTime", "Ended", ["executions"]],
  ].map(([key, title, sorts]) => ({
    key: /** @type {string} */ (key),
    title: /** @type {string} */ (title),
    sorts: /** @type {string[]} */ (sorts),
    form: /** @type {"time"} */ ("time"),
    where: ([range]) => ({ [/** @type {string} */ (key)]: timeFilter(range) }),
  })),
];

/** A run meets what one of those meets that it holds. */
function over(sort, held, where) {
  return sort === "runs" ? { [held]: where } : where;
}

/** The filters of a sort. @param {string} sort */
export function filtersOf(sort) {
  return FILTERS.filter((filter) => filter.sorts.includes(sort));
}

/** `stage=production`, `stage!=production`, or `stage`: that there is one. */
export function labelFilter(text) {
  const found = /^(.*?)(!?=)(.*)$/s.exec(text);
  if (!found) return { key: text };
  return { key: found[1], [found[2] === "=" ? "eq" : "ne"]: found[3] };
}

/**
 * `auc>=0.9`, `optimizer=adam`, or `auc`: that there is one. What reads as a number is one, but for `~`, which finds text.
 *
 * @param {string} text
 * @returns {Record<string, unknown> | null} null where it has no name
 */
export function comparison(text) {
  const found = /^([^<>=!~]+)(>=|<=|!=|=|>|<|~)(.*)$/s.exec(text);
  if (!found) return text.trim() ? { name: text.trim() } : null;
  const [, name, sign, value] = found;
  const operator = COMPARISONS.find(([known]) => known === sign)[1];
  return { name: name.trim(), [operator]: operator === "contains" ? value : scalar(value.trim()) };
}

/** @param {string} text */
function scalar(text) {
  if (text === "true" || text === "false") return text === "true";
  if (/^"(.*)"$/s.test(text)) return text.slice(1, -1);
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : text;
}

/** `2026-01-01..2026-02-01`, either end left out where it is open. Both are counted in. */
function timeFilter(range) {
  const [from, to] = range.split("..");
  return { ...(from && { atOrAfter: from }), ...(to && { atOrBefore: to.length === 10 ? `${to}T23:59:59.999Z` : to }) };
}

/**
 * The API's filter of an address.
 *
 * @param {string} sort
 * @param {URLSearchParams} params
 * @param {string} [without] a filter that is left out: facets of a choice are counted under the others
 * @returns {Record<string, unknown> | null} null where nothing is filtered
 */
export function whereOf(sort, params, without = "") {
  const parts = filtersOf(sort)
    .filter((filter) => filter.key !== without && params.has(filter.key))
    .map((filter) => filter.where(params.getAll(filter.key), sort));
  return parts.length > 0 ? Object.assign({}, ...parts) : null;
}

/** What is filtered, one by one: each can be taken away. @returns {{filter: Filter, value: string}[]} */
export function activeFilters(sort, params) {
  return filtersOf(sort).flatMap((filter) => params.getAll(filter.key).map((value) => ({ filter, value })));
}
