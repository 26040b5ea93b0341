// The row of filters above a table. Each is held by the address, and the server filters.

import { useQuery } from "./api.js";
import { namesOf } from "./columns.js";
import { activeFilters, filtersOf, whereOf } from "./filters.js";
import { formatCount, formatEnum } from "./format.js";
import { Icon, KindIcon, StateIcon } from "./icons.js";
import { SORTS } from "./kinds.js";
import { html, useEffect, useRef, useState } from "./lib.js";
import { setParams } from "./router.js";
import { Failure, Popover, Waiting } from "./ui.js";

const PAUSE = 250; // Milliseconds without a key before a text filters.

export function FilterBar({ sort, params }) {
  return html`<${FilterButtons} sort=${sort} params=${params} /><${Chips} sort=${sort} params=${params} />`;
}

export function FilterButtons({ sort, params }) {
  const filters = filtersOf(sort);
  const times = filters.filter((filter) => filter.form === "time");
  const texts = filters.filter((filter) => filter.form === "text" && filter.key !== "name");
  return html`<div class="filters" role="group" aria-label="Filters">
      <${NameFilter} params=${params} />
      ${filters.filter((filter) => filter.form === "choice").map((filter) => html`<${Choice} key=${filter.key} filter=${filter} sort=${sort} params=${params} />`)}
      ${filters.filter((filter) => filter.form === "label").map((filter) => html`<${LabelChoice} key=${filter.key} filter=${filter} sort=${sort} params=${params} />`)}
      ${filters.filter((filter) => filter.form === "comparison").map((filter) => html`<${Comparison} key=${filter.key} filter=${filter} sort=${sort} params=${params} />`)}
      ${texts.length > 0 && html`<${Lineages} filters=${texts} params=${params} />`}
      <${Times} filters=${times} params=${params} />
    </div>`;
}

/** The filters in force, but for the name, which has a box of its own; `named`: that too. */
export function Chips({ sort, params, named = false }) {
  const active = activeFilters(sort, params).filter(({ filter }) => named || filter.key !== "name");
  if (active.length === 0) return null;
  return html`<ul class="chips" aria-label="Filters in force">
      ${active.map(
        ({ filter, value }) => html`<li key=${filter.key + value} class="chip">
          <span><span class="label-kind">${filter.title}</span> ${filter.enumerated || filter.form === "time" ? chipText(filter, value) : value}</span>
          <button type="button" class="icon-button" aria-label=${`Remove the filter ${filter.title} ${value}`} onClick=${() => remove(params, filter.key, value)}>
            <${Icon} name="close" size=${12} />
          </button>
        </li>`,
      )}
      <li><button type="button" class="button quiet" onClick=${() => setParams(Object.fromEntries(filtersOf(sort).map((filter) => [filter.key, null])))}>Clear all</button></li>
    </ul>`;
}

function chipText(filter, value) {
  return filter.form === "time" ? value.replace("..", " – ").replaceAll("T", " ") : formatEnum(value);
}

function add(params, key, value) {
  setParams({ [key]: [...new Set([...params.getAll(key), value])], selected: null });
}

function remove(params, key, value) {
  setParams({ [key]: params.getAll(key).filter((other) => other !== value), selected: null });
}

function NameFilter({ params }) {
  const now = params.get("name") ?? "";
  const [text, setText] = useState(now);
  const timer = useRef(undefined);
  useEffect(() => setText(now), [now]);
  return html`<label class="name-filter">
    <span class="unseen">Name contains</span>
    <${Icon} name="filter" size=${14} />
    <input
      class="input"
      type="search"
      placeholder="Name contains"
      value=${text}
      onInput=${(event) => {
        const typed = event.target.value;
        setText(typed);
        window.clearTimeout(timer.current);
        timer.current = window.setTimeout(() => setParams({ name: typed, selected: null }, { replace: true }), PAUSE);
      }}
    />
  </label>`;
}

/** What the API counts under the other filters; of workspaces, which it does not count, the types that are there. */
function useValues(filter, sort, params) {
  const { type, facets, kind } = SORTS[sort];
  const counted = useQuery(
    facets ? `query Facets($where: ${type}Filter) { facets: ${facets}(by: ${filter.facet}, where: $where, first: 200) { value count } }` : null,
    { where: facets ? whereOf(sort, params, filter.key) : null },
  );
  const listed = useQuery(facets ? null : `query Types { types(of: ${kind}) { name } }`);
  if (facets) return { ...counted, values: counted.data?.facets };
  const names = listed.data?.types.map(({ name }) => name);
  return { ...listed, values: names && [...new Set(names)].map((value) => ({ value, count: undefined })) };
}

function Choice({ filter, sort, params }) {
  const chosen = params.getAll(filter.key);
  return html`<${Popover} label=${filter.title} title=${filter.title} active=${chosen.length > 0}>
    ${() => html`<${Values} filter=${filter} sort=${sort} params=${params} />`}
  <//>`;
}

function Values({ filter, sort, params }) {
  const { values, error, again } = useValues(filter, sort, params);
  const [text, setText] = useState("");
  const chosen = params.getAll(filter.key);
  if (error) return html`<${Failure} error=${error} again=${again} />`;
  if (!values) return html`<${Waiting} rows=${4} />`;
  const known = new Set(values.map(({ value }) => value));
  const all = [...values, ...chosen.filter((value) => !known.has(value)).map((value) => ({ value, count: 0 }))];
  const shown = all.filter(({ value }) => value.toLowerCase().includes(text.toLowerCase()));
  return html`<div class="values">
    ${all.length > 12 && html`<input class="input" type="search" aria-label=${`Find a ${filter.title.toLowerCase()}`} placeholder="Find" value=${text} onInput=${(event) => setText(event.target.value)} />`}
    <div class="checks">
      ${shown.map(
        ({ value, count }) => html`<label class="check" key=${value}>
          <input type="checkbox" checked=${chosen.includes(value)} onChange=${() => (chosen.includes(value) ? remove : add)(params, filter.key, value)} />
          <span class="check-text">
            ${filter.key === "kind" && html`<${KindIcon} kind=${value} />`}${filter.key === "state" && html`<${StateIcon} state=${value} />`}
            ${filter.enumerated ? formatEnum(value) : value}
          </span>
          ${count !== undefined && html`<span class="bar-count">${formatCount(count)}</span>`}
        </label>`,
      )}
      ${shown.length === 0 && html`<p class="quiet-note">There is none.</p>`}
    </div>
  </div>`;
}

function LabelChoice({ filter, sort, params }) {
  const chosen = params.getAll(filter.key);
  return html`<${Popover} label=${filter.title} title="Labels" active=${chosen.length > 0}>
    ${(close) => html`<${LabelForm} filter=${filter} sort=${sort} params=${params} close=${close} />`}
  <//>`;
}

function LabelForm({ filter, sort, params, close }) {
  const [key, setKey] = useState("");
  const [text, setText] = useState("");
  const { type, facets } = SORTS[sort];
  const counted = facets !== null;
  const where = whereOf(sort, params);
  const keys = useQuery(
    counted && !key ? `query LabelKeys($where: ${type}Filter) { facets: ${facets}(by: LABEL_KEY, where: $where, first: 200) { value count } }` : null,
    { where },
  );
  const values = useQuery(
    counted && key ? `query LabelValues($where: ${type}Filter, $key: String!) { facets: ${facets}(by: LABEL_VALUE, key: $key, where: $where, first: 200) { value count } }` : null,
    { where, key },
    { keep: false },
  );
  const rows = key ? values : keys;
  const submit = (event) => {
    event.preventDefault();
    if (text.trim()) add(params, filter.key, text.trim());
    close();
  };
  return html`<div class="values">
    ${key && html`<button type="button" class="button quiet" onClick=${() => setKey("")}>All labels</button>`}
    ${counted && rows.error && html`<${Failure} error=${rows.error} again=${rows.again} />`}
    ${counted && !rows.data && !rows.error && html`<${Waiting} rows=${4} />`}
    <div class="checks">
      ${rows.data?.facets.map(
        ({ value, count }) => html`<button
          key=${value}
          type="button"
          class="menu-item"
          onClick=${() => {
            if (!key) setKey(value);
            else {
              add(params, filter.key, `${key}=${value}`);
              close();
            }
          }}
        ><span>${key && html`<span class="label-kind">${key} =</span> `}${value}</span><span class="bar-count">${formatCount(count)}</span></button>`,
      )}
      ${rows.data?.facets.length === 0 && html`<p class="quiet-note">There is none.</p>`}
    </div>
    <form class="named" onSubmit=${submit}>
      <label class="field">Or write one
        <input value=${text} placeholder="stage=production, stage!=test, stage" onInput=${(event) => setText(event.target.value)} />
      </label>
      <button type="submit" class="button">Add</button>
    </form>
  </div>`;
}

const SIGNS = [
  [">=", "at least"],
  ["<=", "at most"],
  [">", "more than"],
  ["<", "less than"],
  ["=", "is"],
  ["!=", "is not"],
  ["~", "contains"],
];

function Comparison({ filter, sort, params }) {
  const chosen = params.getAll(filter.key);
  return html`<${Popover} label=${filter.title} title=${filter.title} active=${chosen.length > 0}>
    ${(close) => html`<${ComparisonForm} filter=${filter} sort=${sort} params=${params} close=${close} />`}
  <//>`;
}

function ComparisonForm({ filter, sort, params, close }) {
  const [name, setName] = useState("");
  const [sign, setSign] = useState(">=");
  const [value, setValue] = useState("");
  const { data } = useQuery(namesOf(sort, filter.key));
  return html`<form
    class="named comparison"
    onSubmit=${(event) => {
      event.preventDefault();
      if (name.trim()) add(params, filter.key, value.trim() ? `${name.trim()}${sign}${value.trim()}` : name.trim());
      close();
    }}
  >
    <label class="field">Name
      <input value=${name} list=${`names-${filter.key}`} required onInput=${(event) => setName(event.target.value)} />
      <datalist id=${`names-${filter.key}`}>${(data?.names ?? []).map((name) => html`<option key=${name.value} value=${name.value} />`)}</datalist>
    </label>
    <label class="field">Test
      <select value=${sign} onChange=${(event) => setSign(event.target.value)}>
        ${SIGNS.map(([known, words]) => html`<option key=${known} value=${known}>${words}</option>`)}
      </select>
    </label>
    <label class="field">Value
      <input value=${value} placeholder="any" onInput=${(event) => setValue(event.target.value)} />
    </label>
    <button type="submit" class="button">Add</button>
  </form>`;
}

function Lineages({ filters, params }) {
  return html`<${Popover} label="Lineage" title="Lineage" active=${filters.some((filter) => params.has(filter.key))}>
    ${(close) => html`<${LineageForm} filters=${filters} params=${params} close=${close} />`}
  <//>`;
}

/** What an artifact, given by its name, led to, or what led to it. */
function LineageForm({ filters, params, close }) {
  const [texts, setTexts] = useState(Object.fromEntries(filters.map(({ key }) => [key, params.get(key) ?? ""])));
  return html`<form
    class="named"
    onSubmit=${(event) => {
      event.preventDefault();
      setParams({ ...Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, text.trim()])), selected: null });
      close();
    }}
  >
    ${filters.map(
      ({ key, title }) => html`<label class="field" key=${key}>${title} an artifact called
        <input value=${texts[key]} onInput=${(event) => setTexts({ ...texts, [key]: event.target.value })} />
      </label>`,
    )}
    <button type="submit" class="button">Filter</button>
  </form>`;
}

function Times({ filters, params }) {
  const active = filters.some((filter) => params.has(filter.key));
  return html`<${Popover} label="Time" title="Time" active=${active}>
    ${(close) => html`<${TimeForm} filters=${filters} params=${params} close=${close} />`}
  <//>`;
}

function TimeForm({ filters, params, close }) {
  const set = filters.find((filter) => params.has(filter.key)) ?? filters[0];
  const [key, setKey] = useState(set.key);
  const [now = "", until = ""] = (params.get(key) ?? "").split("..");
  const [from, setFrom] = useState(now);
  const [to, setTo] = useState(until);
  return html`<form
    class="named"
    onSubmit=${(event) => {
      event.preventDefault();
      const none = Object.fromEntries(filters.map((filter) => [filter.key, null]));
      setParams({ ...none, [key]: from || to ? `${from}..${to}` : null, selected: null });
      close();
    }}
  >
    <label class="field">Which time
      <select value=${key} onChange=${(event) => setKey(event.target.value)}>
        ${filters.map((filter) => html`<option key=${filter.key} value=${filter.key}>${filter.title}</option>`)}
      </select>
    </label>
    <label class="field">From<input type="date" value=${from.slice(0, 10)} onInput=${(event) => setFrom(event.target.value)} /></label>
    <label class="field">Until, that day too<input type="date" value=${to.slice(0, 10)} onInput=${(event) => setTo(event.target.value)} /></label>
    <button type="submit" class="button">Filter</button>
  </form>`;
}
