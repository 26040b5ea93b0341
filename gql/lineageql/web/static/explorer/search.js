// The search box of every page, and the page of all that it finds.

import { ask, useQuery } from "./api.js";
import { formatEnum } from "./format.js";
import { Icon, KindIcon } from "./icons.js";
import { entityHref, kindOf, SORTS, sortOf } from "./kinds.js";
import { html, useEffect, useId, useRef, useState } from "./lib.js";
import { go, href, place } from "./router.js";
import { EntityLink, Failure, Head, Incomplete, save, Scroll, Time, useTitle, Waiting } from "./ui.js";

const SEARCH = `query Search($text: String!, $first: Int!, $after: String) {
  search(text: $text, first: $first, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes {
      __typename id name createTime
      type { name }
      ... on Artifact { kind version uri workspace { name } }
      ... on Execution { executionState: state workspace { name } }
      ... on Run { runState: state workspace { name } }
    }
  }
}`;

const AT_ONCE = 8;
const PAUSE = 120; // Milliseconds without a key before it is asked.

/** What is known of where an entity stands, in a few words. */
function whereabouts(node) {
  const state = node.executionState ?? node.runState;
  return [node.workspace?.name, state && formatEnum(state), node.type?.name].filter(Boolean).join(" · ");
}

export function SearchBox() {
  const [text, setText] = useState("");
  const [found, setFound] = useState(null);
  const [open, setOpen] = useState(false);
  const [chosen, setChosen] = useState(-1);
  const [problem, setProblem] = useState("");
  const box = useRef(null);
  const input = useRef(null);
  const id = useId();

  useEffect(() => {
    const onKey = (event) => {
      const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.current.focus();
      input.current.select();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);

  useEffect(() => {
    setChosen(-1);
    if (!text.trim()) {
      setFound(null);
      return undefined;
    }
    const controller = new AbortController();
    const timer = window.setTimeout(() => {
      ask(SEARCH, { text: text.trim(), first: AT_ONCE }, { signal: controller.signal }).then(
        (data) => {
          setFound(data.search);
          setProblem("");
        },
        (error) => {
          if (error.name !== "AbortError") setProblem(error.message);
        },
      );
    }, PAUSE);
    return () => {
      window.clearTimeout(timer);
      controller.abort();
    };
  }, [text]);

  const nodes = found?.nodes ?? [];
  const all = href("search", { text: text.trim() });
  const leave = () => {
    setOpen(false);
    setText("");
    input.current.blur();
  };
  const onKeyDown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && nodes.length > 0) {
      event.preventDefault();
      setOpen(true);
      setChosen((chosen + 1 + step + nodes.length + 1) % (nodes.length + 1) - 1);
    } else if (event.key === "Enter" && text.trim()) {
      event.preventDefault();
      go(chosen >= 0 ? entityHref(nodes[chosen]) : all);
      leave();
    } else if (event.key === "Escape") {
      if (open && text) setOpen(false);
      else leave();
    }
  };
  const shown = open && text.trim() !== "" && (found !== null || problem !== "");

  return html`<div
    class="search"
    role="search"
    ref=${box}
    onFocusOut=${(event) => {
      if (!box.current.contains(event.relatedTarget)) setOpen(false);
    }}
  >
    <${Icon} name="search" />
    <input
      ref=${input}
      type="search"
      role="combobox"
      placeholder="Search names, uris, labels"
      aria-label="Search names, uris, labels and descriptions"
      aria-keyshortcuts="/"
      aria-expanded=${shown}
      aria-controls=${id}
      aria-autocomplete="list"
      aria-activedescendant=${chosen >= 0 ? `${id}-${chosen}` : undefined}
      autocomplete="off"
      spellcheck=${false}
      value=${text}
      onInput=${(event) => {
        setText(event.target.value);
        setOpen(true);
      }}
      onFocus=${() => setOpen(true)}
      onKeyDown=${onKeyDown}
    />
    <kbd aria-hidden="true">/</kbd>
    <div class="search-results" id=${id} role="listbox" aria-label="Found" hidden=${!shown}>
      ${shown &&
      html`${problem && html`<div class="search-note">${problem}</div>`}
      ${!problem && nodes.length === 0 && html`<div class="search-note">Nothing is called so.</div>`}
      ${nodes.map(
        (node, index) => html`<a
          key=${node.id}
          id=${`${id}-${index}`}
          role="option"
          tabindex="-1"
          aria-selected=${index === chosen}
          class="search-hit"
          href=${entityHref(node)}
          onClick=${leave}
        >
          <${KindIcon} kind=${kindOf(node)} />
          <span class="search-name">${node.name}${node.version && html` <span class="version">${node.version}</span>`}</span>
          <span class="search-where">${whereabouts(node)}</span>
        </a>`,
      )}
      ${found?.pageInfo.hasNextPage &&
      html`<a role="option" aria-selected="false" tabindex="-1" class="search-hit all" href=${all} onClick=${leave}>All that is found</a>`}`}
    </div>
  </div>`;
}

const PAGE = 50;

export function SearchPage() {
  const text = place.value.params.get("text") ?? "";
  const variables = { text, first: PAGE, after: null };
  const { data, error, loading, again } = useQuery(text ? SEARCH : null, variables, { keep: false });
  const [more, setMore] = useState({ nodes: [], pageInfo: null, busy: false, error: null });
  useTitle(text ? `Search for ${text}` : "Search");
  useEffect(() => setMore({ nodes: [], pageInfo: null, busy: false, error: null }), [data]);

  const first = data?.search;
  const pageInfo = more.pageInfo ?? first?.pageInfo;
  const nodes = first ? [...first.nodes, ...more.nodes] : [];
  const goOn = async () => {
    setMore((before) => ({ ...before, busy: true, error: null }));
    try {
      const next = (await ask(SEARCH, { ...variables, after: pageInfo.endCursor })).search;
      setMore((before) => ({
        nodes: [...before.nodes, ...next.nodes],
        pageInfo: next.pageInfo,
        busy: false,
        error: null,
      }));
    } catch (problem) {
      setMore((before) => ({ ...before, busy: false, error: problem }));
    }
  };

  const exports =
    nodes.length === 0
      ? []
      : [{ label: "JSON Lines", hint: "what is shown", run: () => save(nodes.map((node) => `${JSON.stringify(node)}\n`).join(""), "search.jsonl", "application/x-ndjson") }];

  return html`<${Head} title=${text ? html`Search for “${text}”` : "Search"} query=${text ? { document: SEARCH, variables } : undefined} exports=${exports} />
    ${!text && html`<p class="quiet-note">Type into the box above: names, uris, label values and descriptions are searched.</p>`}
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${text && loading && !data && html`<${Waiting} rows=${10} />`}
    ${first && nodes.length === 0 && html`<p class="quiet-note">Nothing has “${text}” in its name, uri, label values or description.</p>`}
    ${nodes.length > 0 &&
    html`${pageInfo.hasNextPage &&
      html`<${Incomplete} what=${`The first ${nodes.length} are shown; there are more.`} goOn=${goOn} busy=${more.busy} label="Show more" />`}
      ${more.error && html`<${Failure} error=${more.error} again=${goOn} />`}
      <${Scroll} label="What was found">
        <table class="table">
          <thead><tr><th scope="col">Name</th><th scope="col">What</th><th scope="col">Where</th><th scope="col">Recorded</th></tr></thead>
          <tbody>
            ${nodes.map(
              (node) => html`<tr key=${node.id}>
                <th scope="row"><${EntityLink} entity=${node} /></th>
                <td>${node.kind ? formatEnum(node.kind) : formatEnum(SORTS[sortOf(node.__typename)].one)}</td>
                <td>${whereabouts(node)}</td>
                <td><${Time} time=${node.createTime} /></td>
              </tr>`,
            )}
          </tbody>
        </table>
      <//>`}`;
}
