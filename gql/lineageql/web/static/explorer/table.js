// A table of a sort: filters and order on the server, columns that one chooses, pages without end, of which only the rows in
// sight are in the page.

import { ask, refreshes, useQuery } from "./api.js";
import { columnOf, COLUMNS, columnsOf, DEFAULTS, NAMED, namesOf } from "./columns.js";
import { FilterBar } from "./filterbar.js";
import { filtersOf, whereOf } from "./filters.js";
import { exportAll } from "./export.js";
import { formatCount, plural } from "./format.js";
import { Icon } from "./icons.js";
import { SORTS } from "./kinds.js";
import { Fragment, html, useEffect, useLayoutEffect, useRef, useState } from "./lib.js";
import { href, place, setParams } from "./router.js";
import { keep, kept } from "./rowcache.js";
import { Failure, Head, Popover, useTitle, Waiting, watchEdges } from "./ui.js";

const PAGE = 100;
const ROW = 34; // Pixels: --row, which all rows are of, so that one can be found by its number.
const BAR = 20; // Pixels: the borders, and a bar to scroll sideways by.
const BESIDE = 12; // Rows above and below those in sight.

/** The question that a table asks. @param {string} sort @param {import("./columns.js").Column[]} columns */
export function tableDocument(sort, columns) {
  const type = SORTS[sort].type;
  const kind = sort === "artifacts" ? " kind" : "";
  const selects = columns.map((column, index) => `      ${column.select(`c${index}`)}`);
  return `query ${type}s($where: ${type}Filter, $orderBy: ${type}Order, $first: Int!, $after: String) {
  ${sort}(where: $where, orderBy: $orderBy, first: $first, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes {
      __typename id${kind}
${[...new Set(selects)].join("\n")}
    }
  }
}`;
}

/** `-createTime` in the address: the order's field and direction. */
export function orderOf(sort, params) {
  const text = params.get("order") ?? "-createTime";
  const descending = text.startsWith("-");
  const column = columnOf(sort, text.replace(/^-/, ""));
  if (!column?.order) return { column: null, orderBy: null, descending };
  const direction = descending ? "DESC" : "ASC";
  return { column, descending, orderBy: { field: column.order, ...column.orderMore, direction } };
}

/**
 * Pages of one question, one after another.
 *
 * @param {string} document
 * @param {Record<string, unknown>} variables
 * @param {string} field of Query
 */
function usePages(document, variables, field) {
  const key = JSON.stringify([document, variables, refreshes.value]);
  const empty = { key, nodes: [], pageInfo: null, error: null, loading: true };
  const before = () => (kept.has(key) ? { ...empty, ...kept.get(key), loading: false } : empty);
  const [state, setState] = useState(before);
  const controller = useRef(null);
  const busy = useRef(false);

  const load = async (before) => {
    const abort = controller.current;
    busy.current = true;
    setState({ ...before, loading: true, error: null });
    try {
      const after = before.pageInfo?.endCursor ?? null;
      const page = (await ask(document, { ...variables, first: PAGE, after }, { signal: abort.signal }))[field];
      if (abort !== controller.current) return;
      const nodes = [...before.nodes, ...page.nodes];
      keep(key, nodes, page.pageInfo);
      setState({ ...before, nodes, pageInfo: page.pageInfo, error: null, loading: false });
    } catch (error) {
      if (error.name !== "AbortError" && abort === controller.current) setState({ ...before, error, loading: false });
    } finally {
      if (abort === controller.current) busy.current = false;
    }
  };

  useEffect(() => {
    controller.current = new AbortController();
    if (kept.has(key)) setState(before());
    else load(empty);
    return () => controller.current.abort();
  }, [key]);

  const shown = state.key === key ? state : { ...state, loading: true };
  return {
    ...shown,
    fresh: state.key === key,
    more: () => {
      if (!busy.current && state.key === key && (state.pageInfo?.hasNextPage || state.error)) load(state);
    },
  };
}

export function TablePage({ sort }) {
  const { title, one } = SORTS[sort];
  useTitle(title);
  const { params } = place.value;
  const columns = columnsOf(sort, params);
  const where = whereOf(sort, params);
  const { orderBy } = orderOf(sort, params);
  const document = tableDocument(sort, columns);
  const variables = { where, orderBy };
  const pages = usePages(document, variables, sort);
  const type = SORTS[sort].type;
  const counted = useQuery(
    `query Count${type}s($where: ${type}Filter) { ${sort}(where: $where) { totalCount } }`,
    { where },
    { keep: true },
  );
  const total = counted.loading ? null : (counted.data?.[sort].totalCount ?? null);
  const [exporting, setExporting] = useState(null);
  const note = counted.error
    ? html`They could not be counted. <button type="button" class="button small" onClick=${counted.again}>Count again</button>`
    : total === null
      ? html`<span class="ghost">0 ${title}</span>`
      : `${plural(total, one)}${where ? (total === 1 ? " matches" : " match") : ""}`;
  const exportAs = (format) => exportAll({ sort, columns, document, variables, total, format, show: setExporting });

  return html`<${Head}
      title=${title}
      note=${html`<span aria-live="polite">${note}</span>`}
      query=${{ document, variables: { ...variables, first: PAGE } }}
      exports=${[
        { label: "CSV", hint: "all that match", run: () => exportAs("csv") },
        { label: "JSON Lines", hint: "all that match", run: () => exportAs("jsonl") },
      ]}
    >
      ${(sort === "artifacts" || sort === "executions") && total !== 0 && html`<a class="button" href=${lineageHref(sort, params)} title=${where ? "The lineage of all that match" : `The lineage of all ${sort}`}><${Icon} name="lineage" /><span>Draw lineage</span></a>`}
      <${ColumnChoice} sort=${sort} params=${params} columns=${columns} />
    <//>
    <${FilterBar} sort=${sort} params=${params} />
    ${exporting && html`<${Progress} ...${exporting} />`}
    <${Selection} sort=${sort} params=${params} />
    <${Rows} sort=${sort} columns=${columns} pages=${pages} total=${total} params=${params} filtered=${where !== null} />`;
}

/** The lineage of all that a table's filters match. */
function lineageHref(sort, params) {
  const filters = filtersOf(sort).filter(({ key }) => params.has(key)).map(({ key }) => [key, params.getAll(key)]);
  return href("lineage", { of: sort, ...Object.fromEntries(filters) });
}

function Progress({ done, total, error, stop, again }) {
  if (error) return html`<${Failure} error=${error} again=${again} what="The export stopped" />`;
  return html`<div class="exporting" role="status">
    <label>
      Exporting: ${formatCount(done)}${total ? ` of ${formatCount(total)}` : ""} rows
      <progress value=${total ? done : undefined} max=${total ?? 1} />
    </label>
    <button type="button" class="button" onClick=${stop}>Stop</button>
  </div>`;
}

/** What can be done with the rows that are chosen. */
function Selection({ sort, params }) {
  const chosen = params.getAll("selected");
  if (chosen.length === 0) return null;
  return html`<div class="selection" role="region" aria-label="Selection">
    <span>${plural(chosen.length, "row")} selected</span>
    ${sort === "runs" &&
    (chosen.length >= 2 && chosen.length <= 100
      ? html`<a class="button primary" href=${href("compare", { runs: chosen })}>Compare</a>`
      : html`<span class="row-note">Select 2 to 100 runs to compare them</span>`)}
    ${sort === "artifacts" &&
    (chosen.length === 2
      ? html`<a class="button primary" href=${href("compare", { left: chosen[0], right: chosen[1] })}>What differs</a>`
      : html`<span class="row-note">Select 2 to see what differs</span>`)}
    ${(sort === "artifacts" || sort === "executions") && html`<a class="button" href=${href("lineage", { roots: chosen })}>Lineage</a>`}
    <button type="button" class="button quiet" onClick=${() => setParams({ selected: null }, { replace: true })}>Clear</button>
  </div>`;
}

function Rows({ sort, columns, pages, total, params, filtered }) {
  const box = useRef(null);
  const question = useRef("");
  const [view, setView] = useState({ top: kept.get(pages.key)?.top ?? 0, height: 800 });
  const { nodes, pageInfo, error, loading, fresh, more } = pages;
  const chosen = new Set(params.getAll("selected"));
  const { column: ordered, descending } = orderOf(sort, params);
  const selectable = sort !== "workspaces";

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const measure = () => {
      setView({ top: element.scrollTop, height: element.clientHeight });
      const rows = kept.get(question.current);
      if (rows) rows.top = element.scrollTop;
    };
    measure();
    element.addEventListener("scroll", measure, { passive: true });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    const unwatch = watchEdges(element);
    return () => {
      unwatch();
      element.removeEventListener("scroll", measure);
      observer.disconnect();
    };
  }, []);

  // Another question begins at its top, one that was left where it was left.
  useLayoutEffect(() => {
    question.current = pages.key;
    box.current.scrollTop = kept.get(pages.key)?.top ?? 0;
  }, [pages.key]);

  const first = Math.max(0, Math.floor(view.top / ROW) - BESIDE);
  const last = Math.min(nodes.length, Math.ceil((view.top + view.height) / ROW) + BESIDE);
  useEffect(() => {
    if (fresh && !loading && !error && last + PAGE / 2 >= nodes.length) more();
  }, [last, nodes.length, loading, fresh]);

  const choose = (id) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setParams({ selected: [...next] }, { replace: true });
  };
  const onKeyDown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const row = event.target.closest("tr[data-row]");
    if (!step || !row || event.target.matches("input:not([type=checkbox])")) return;
    const next = step > 0 ? row.nextElementSibling : row.previousElementSibling;
    const cell = event.target.matches("input") ? "input" : "a";
    if (!next?.matches("[data-row]")) return;
    event.preventDefault();
    next.querySelector(cell)?.focus();
  };
  const order = (column) => {
    const same = ordered?.key === column.key;
    setParams({ order: (same ? !descending : !/^(name|mlmdId|type|state|uri)$/.test(column.key)) ? `-${column.key}` : column.key });
  };

  const nothing = fresh && !loading && nodes.length === 0;
  // Few rows need no box as high as the window; while more may come it stays, so that nothing jumps.
  const whole = fresh && !loading && !error && !pageInfo?.hasNextPage;
  const most = whole ? `${nothing ? 4 * ROW : (nodes.length + 1) * ROW + BAR}px` : "";
  return html`<div
      class=${`table-scroll tall ${fresh ? "" : "stale"}`}
      hidden=${error !== null && nodes.length === 0}
      style=${{ maxHeight: most, minHeight: most && `min(20rem, ${most})` }}
      ref=${box}
      tabindex="0"
      role="region"
      aria-label=${SORTS[sort].title}
      aria-busy=${loading}
      onKeyDown=${onKeyDown}
    >
      <table class="table virtual" aria-rowcount=${total === null ? -1 : total + 1}>
        <thead>
          <tr aria-rowindex="1">
            ${selectable && html`<th scope="col" class="choose"><span class="unseen">Select</span></th>`}
            ${columns.map(
              (column) => html`<th
                key=${column.key}
                scope="col"
                class=${column.number ? "number" : ""}
                aria-sort=${ordered?.key === column.key ? (descending ? "descending" : "ascending") : undefined}
              >
                ${column.order
                  ? html`<button type="button" class="order" title=${column.orderHint} onClick=${() => order(column)}>
                      ${column.title}<${Icon} name="up" size=${11} class=${ordered?.key === column.key ? (descending ? "turned" : "") : "faint"} />
                    </button>`
                  : column.title}
              </th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${first > 0 && html`<tr aria-hidden="true"><td class="gap" style=${{ height: `${first * ROW}px` }} colspan=${columns.length + 1}></td></tr>`}
          ${nodes.slice(first, last).map(
            (node, index) => html`<tr key=${node.id} data-row aria-rowindex=${first + index + 2} class=${chosen.has(node.id) ? "chosen" : ""}>
              ${selectable &&
              html`<td class="choose">
                <input type="checkbox" aria-label=${`Select ${node.name}`} checked=${chosen.has(node.id)} onChange=${() => choose(node.id)} />
              </td>`}
              ${columns.map((column, place_) =>
                place_ === 0
                  ? html`<th key=${column.key} scope="row">${column.show(node, "c0")}</th>`
                  : html`<td key=${column.key} class=${column.number ? "number" : ""}>${column.show(node, `c${place_}`)}</td>`,
              )}
            </tr>`,
          )}
          ${nodes.length - last > 0 && html`<tr aria-hidden="true"><td class="gap" style=${{ height: `${(nodes.length - last) * ROW}px` }} colspan=${columns.length + 1}></td></tr>`}
        </tbody>
      </table>
      ${loading && html`<${Waiting} rows=${nodes.length === 0 ? 14 : 3} />`}
      ${nothing && html`<p class="quiet-note inset">${filtered ? "Nothing meets these filters." : `No ${SORTS[sort].one} is recorded.`}</p>`}
    </div>
    ${error && html`<${Failure} error=${error} again=${more} what=${nodes.length === 0 ? "The rows could not be loaded" : "The next page could not be loaded"} />`}
    <p class="row-note foot">
      ${nodes.length > 0 && `${formatCount(nodes.length)} loaded${pageInfo?.hasNextPage ? "; more come as you scroll" : ", which is all"}`}
    </p>`;
}

/** Which columns are shown: the known ones to tick, and those that the reader names. */
function ColumnChoice({ sort, params, columns }) {
  const keys = columns.map((column) => column.key);
  const set = (next) => setParams({ column: next.join() === DEFAULTS[sort].join() ? null : next }, { replace: true });
  const add = (key) => {
    if (keys.includes(key)) return;
    // Who asks for a metric wants the best of it: where no order was chosen it comes first.
    const order = key.startsWith("value:") && !params.has("order") ? `-${key}` : params.get("order");
    setParams({ column: [...keys, key], order }, { replace: true });
  };
  const toggle = (key) => set(keys.includes(key) ? keys.filter((other) => other !== key) : [...keys, key]);
  return html`<${Popover} label="Columns" icon="columns" title="Columns">
    ${() => html`<div class="column-choice">
      <div class="checks">
        ${COLUMNS[sort].map(
          (column) => html`<label class="check" key=${column.key}>
            <input type="checkbox" checked=${keys.includes(column.key)} disabled=${column.key === "name"} onChange=${() => toggle(column.key)} />${column.title}
          </label>`,
        )}
        ${columns
          .filter((column) => column.key.includes(":"))
          .map(
            (column) => html`<label class="check" key=${column.key}>
              <input type="checkbox" checked onChange=${() => toggle(column.key)} /><span class="label-kind">${NAMED[column.key.split(":")[0]].title}</span> ${column.title}
            </label>`,
          )}
      </div>
      <${NamedColumn} sort=${sort} shown=${keys} add=${add} />
      ${params.has("column") && html`<button type="button" class="button quiet" onClick=${() => setParams({ column: null }, { replace: true })}>As they were</button>`}
    </div>`}
  <//>`;
}

const OFFERED = 12;

function NamedColumn({ sort, shown, add }) {
  const kinds = Object.keys(NAMED).filter((kind) => NAMED[kind].sorts.includes(sort));
  const [kind, setKind] = useState(sort === "runs" ? "value" : "label");
  const [text, setText] = useState("");
  const { data } = useQuery(namesOf(sort, kind));
  const offered = (data?.names ?? []).filter(({ value }) => !shown.includes(`${kind}:${value}`)).slice(0, OFFERED);
  return html`<${Fragment}><form
    class="named"
    onSubmit=${(event) => {
      event.preventDefault();
      if (text.trim()) add(`${kind}:${text.trim()}`);
      setText("");
    }}
  >
    <label class="field">A column of a
      <select value=${kind} onChange=${(event) => setKind(event.target.value)}>
        ${kinds.map((name) => html`<option key=${name} value=${name}>${NAMED[name].title.toLowerCase()}</option>`)}
      </select>
    </label>
    <label class="field">called
      <input value=${text} list="column-names" onInput=${(event) => setText(event.target.value)} />
      <datalist id="column-names">${(data?.names ?? []).map(({ value }) => html`<option key=${value} value=${value} />`)}</datalist>
    </label>
    <button type="submit" class="button">Add</button>
  </form>
  ${offered.length > 0 &&
  html`<ul class="offered" aria-label=${`The most frequent: ${NAMED[kind].title.toLowerCase()}`}>
    ${offered.map(({ value }) => html`<li key=${value}><button type="button" class="button small" onClick=${() => add(`${kind}:${value}`)}><${Icon} name="plus" size=${11} />${value}</button></li>`)}
  </ul>`}<//>`;
}
