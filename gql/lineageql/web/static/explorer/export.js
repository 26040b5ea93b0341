// All rows that match, as a file: page after page of the table's own question, as large as the service allows.

import { ask } from "./api.js";
import { save, say } from "./ui.js";

const LARGEST = 1000;

/** @typedef {{done: number, total: number | null, error?: Error, stop: () => void, again?: () => void}} State */

/**
 * @param {object} what
 * @param {string} what.sort
 * @param {import("./columns.js").Column[]} what.columns
 * @param {string} what.document
 * @param {Record<string, unknown>} what.variables
 * @param {number | null} what.total how many rows there are, where it is known
 * @param {"csv" | "jsonl"} what.format
 * @param {(state: State | null) => void} what.show tells how far it is; null when it is over
 */
export async function exportAll({ sort, columns, document, variables, total, format, show }) {
  const controller = new AbortController();
  const stop = () => controller.abort();
  const write = format === "csv" ? csvLine : jsonLine;
  const parts = format === "csv" ? [csvHead(columns)] : [];
  let done = 0;
  let after = null;
  let first = LARGEST;
  show({ done, total, stop });
  try {
    for (;;) {
      let page;
      try {
        page = (await ask(document, { ...variables, first, after }, { signal: controller.signal }))[sort];
      } catch (error) {
        // A service may allow smaller pages, lower costs or less time than is usual.
        if (!["INVALID_ARGUMENT", "TOO_EXPENSIVE", "DEADLINE_EXCEEDED"].includes(error.code) || first <= 10) throw error;
        first = Math.floor(first / 2);
        continue;
      }
      parts.push(page.nodes.map((node) => write(columns, node)).join(""));
      done += page.nodes.length;
      show({ done, total, stop });
      if (!page.pageInfo.hasNextPage) break;
      after = page.pageInfo.endCursor;
    }
  } catch (error) {
    if (error.name === "AbortError") show(null);
    else show({ done, total, error, stop, again: () => exportAll({ sort, columns, document, variables, total, format, show }) });
    return;
  }
  show(null);
  const type = format === "csv" ? "text/csv;charset=utf-8" : "application/x-ndjson";
  save(new Blob(parts, { type }), `${sort}.${format}`);
  say(`${done} rows are saved as ${sort}.${format}`);
}

function csvHead(columns) {
  return `${["id", ...columns.map((column) => column.key)].map(csvCell).join(",")}\r\n`;
}

function csvLine(columns, node) {
  return `${[node.id, ...columns.map((column, index) => column.value(node, `c${index}`))].map(csvCell).join(",")}\r\n`;
}

/** After RFC 4180; lists and objects as JSON. A text that a spreadsheet would take for a formula is made none. */
function csvCell(value) {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function jsonLine(columns, node) {
  const row = { id: node.id };
  columns.forEach((column, index) => {
    row[column.key] = column.value(node, `c${index}`) ?? null;
  });
  return `${JSON.stringify(row)}\n`;
}
