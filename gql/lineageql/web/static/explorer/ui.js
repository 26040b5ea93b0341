// What all views are put together from.

import { ApiError, ENDPOINT } from "./api.js";
import { formatEnum, formatFullTime, formatTime } from "./format.js";
import { Icon, KindIcon, StateIcon } from "./icons.js";
import { entityHref, kindOf } from "./kinds.js";
import { Fragment, html, signal, useEffect, useId, useLayoutEffect, useRef, useState } from "./lib.js";

/** What is said to those who do not see the page: the last thing that was done. */
export const announcement = signal("");

/** The name of the page, in the browser's tab too. @param {string} title */
export function useTitle(title) {
  useEffect(() => {
    document.title = title ? `${title} · LineageQL` : "LineageQL";
  }, [title]);
}

/** @param {{time: string | null}} props */
export function Time({ time }) {
  if (!time) return html`<span class="none">–</span>`;
  return html`<time datetime=${time} title=${formatFullTime(time)}>${formatTime(time)}</time>`;
}

/** @param {{state: string}} props */
export function State({ state }) {
  return html`<span class="state"><${StateIcon} state=${state} />${formatEnum(state)}</span>`;
}

/** @param {{kind: string}} props */
export function Kind({ kind }) {
  return html`<span class="kind-name"><${KindIcon} kind=${kind} />${formatEnum(kind)}</span>`;
}

/**
 * An entity's name as a link to its page, behind its kind's shape.
 *
 * @param {object} props
 * @param {{__typename: string, id: string, name: string, kind?: string, version?: string | null}} props.entity
 * @param {Record<string, unknown>} [props.params] of the address
 * @param {boolean} [props.version] whether the version stands behind the name
 */
export function EntityLink({ entity, params = undefined, version = true }) {
  const kind = kindOf(entity);
  return html`<a class="entity-link" href=${entityHref(entity, params)}>
    <${KindIcon} kind=${kind} /><span class="unseen">${formatEnum(kind)} </span>
    <span class="entity-name">${entity.name || "(no name)"}</span>
    ${version && entity.version && html`<span class="version">${entity.version}</span>`}
  </a>`;
}

/** @param {{labels: {key: string, value: string}[]}} props */
export function Labels({ labels }) {
  if (labels.length === 0) return html`<span class="none">–</span>`;
  return html`<span class="labels"
    >${labels.map(
      ({ key, value }) => html`<span class="label" key=${key}><span class="label-key">${key}</span>${value}</span>`,
    )}</span
  >`;
}

/**
 * What went wrong, as the API says it, and a way to try again.
 *
 * @param {{error: Error, again?: () => void, what?: string}} props `what`: what could not be shown
 */
export function Failure({ error, again = undefined, what = "This could not be loaded" }) {
  const code = error instanceof ApiError ? error.code : "";
  return html`<div class="failure" role="alert">
    <${Icon} name="warning" size=${18} />
    <div>
      <strong>${what}</strong>
      <p class="failure-text">${error.message}</p>
      ${code && html`<p class="failure-code"><code>${code}</code></p>`}
    </div>
    ${again && html`<button type="button" class="button" onClick=${again}>Try again</button>`}
  </div>`;
}

/** Room for what is still on its way, of the size that it will have. @param {{rows?: number, label?: string}} props */
export function Waiting({ rows = 6, label = "Loading" }) {
  return html`<div class="waiting" role="status">
    <span class="unseen">${label}…</span>
    ${Array.from({ length: rows }, (_, row) => html`<div class="waiting-row" key=${row} />`)}
  </div>`;
}

/**
 * What is not whole says so, and offers to go on: always in this form, at the top of what it is about.
 *
 * @param {{what: string, goOn?: () => void, label?: string, busy?: boolean, children?: unknown}} props `children`: other ways on
 */
export function Incomplete({ what, goOn = undefined, label = "Go on", busy = false, children = null }) {
  return html`<div class="incomplete" role="status">
    <${Icon} name="warning" size=${18} />
    <p>${what}</p>
    ${goOn && html`<button type="button" class="button" disabled=${busy} onClick=${goOn}>${label}</button>`}${children}
  </div>`;
}

/**
 * The head of a view: what it is, what can be done with it, and how to ask for the same elsewhere.
 *
 * @param {{title: unknown, eyebrow?: unknown, note?: unknown, children?: unknown, query?: Question, exports?: Choice[]}} props
 * @typedef {{document: string, variables: Record<string, unknown>}} Question
 * @typedef {{label: string, run: () => void, hint?: string}} Choice
 */
export function Head({ title, eyebrow = null, note = null, children = null, query = undefined, exports = [] }) {
  return html`<header class="head">
    <div class="head-text">
      ${eyebrow && html`<div class="eyebrow">${eyebrow}</div>`}
      <h1 tabindex="-1">${title}</h1>
      ${note && html`<div class="head-note">${note}</div>`}
    </div>
    <div class="head-actions">${children}<${QueryActions} query=${query} exports=${exports} /></div>
  </header>`;
}

/** "Copy as GraphQL", "Open in GraphiQL" and "Export", as every view has them. */
export function QueryActions({ query = undefined, exports = [] }) {
  if (!query && exports.length === 0) return null;
  return html`<${Fragment}>
    ${query &&
    html`<${Menu}
      label="GraphQL"
      icon="graphql"
      choices=${[
        { label: "Copy as GraphQL", run: () => copy(asText(query), "The query is copied") },
        { label: "Open in GraphiQL", href: graphiqlHref(query) },
      ]}
    />`}
    ${exports.length > 0 && html`<${Menu} label="Export" icon="download" choices=${exports} />`}
  <//>`;
}

/** A query with its variables, as one text to paste. @param {Question} query */
export function asText({ document: text, variables }) {
  return `${text.trim()}\n\n# Variables\n${JSON.stringify(variables, null, 2).replace(/^/gm, "# ")}\n`;
}

/** @param {Question} query */
export function graphiqlHref({ document: text, variables }) {
  const params = new URLSearchParams({ query: text.trim(), variables: JSON.stringify(variables, null, 2) });
  return `${ENDPOINT}?${params}`;
}

/** @param {string} text @param {string} done what is said then */
export async function copy(text, done) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Outside https and localhost browsers keep the clipboard closed to pages, but not to this.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  say(done);
}

/** Shows a short line for a moment, and reads it out. @param {string} text */
export function say(text) {
  announcement.value = text;
  window.clearTimeout(say.timer);
  say.timer = window.setTimeout(() => {
    announcement.value = "";
  }, 4000);
}
/** @type {number | undefined} */
say.timer = undefined;

/** Offers a file to save. @param {string | Blob} content @param {string} name @param {string} [type] */
export function save(content, name, type = "text/plain") {
  const blob = content instanceof Blob ? content : new Blob([content], { type });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/**
 * A button that opens a list of things to do.
 *
 * @param {{label: string, icon?: string, choices: (Choice & {href?: string})[], quiet?: boolean}} props
 */
export function Menu({ label, icon = undefined, choices, quiet = false }) {
  const [open, setOpen] = useState(false);
  const box = useRef(null);
  const button = useRef(null);
  const id = useId();
  useDismissal(open, box, () => setOpen(false));

  useLayoutEffect(() => {
    if (open) box.current.querySelector("[role=menuitem]")?.focus();
  }, [open]);

  const close = () => {
    setOpen(false);
    button.current.focus();
  };
  const onKeyDown = (event) => {
    const items = [...box.current.querySelectorAll("[role=menuitem]")];
    const index = items.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && open) {
      event.preventDefault();
      items[(index + step + items.length) % items.length].focus();
    } else if (event.key === "Escape" && open) {
      event.stopPropagation();
      close();
    } else if (event.key === "Tab") {
      setOpen(false);
    }
  };

  return html`<div class="menu" ref=${box} onKeyDown=${onKeyDown}>
    <button
      type="button"
      ref=${button}
      class=${quiet ? "button quiet" : "button"}
      aria-haspopup="menu"
      aria-expanded=${open}
      aria-controls=${open ? id : undefined}
      onClick=${() => setOpen(!open)}
    >
      ${icon && html`<${Icon} name=${icon} />`}<span>${label}</span><${Icon} name="down" size=${12} />
    </button>
    ${open &&
    html`<div class="menu-list" role="menu" id=${id} aria-label=${label}>
      ${choices.map(
        (choice) => html`<${choice.href ? "a" : "button"}
          key=${choice.label}
          role="menuitem"
          tabindex="-1"
          class="menu-item"
          type=${choice.href ? undefined : "button"}
          href=${choice.href}
          onClick=${() => {
            setOpen(false);
            choice.run?.();
          }}
          >${choice.label}${choice.hint && html`<span class="menu-hint">${choice.hint}</span>`}<//
        >`,
      )}
    </div>`}
  </div>`;
}

/** Whether the window meets a media query, now and when it changes. @param {string} query */
export function useMedia(query) {
  const [met, setMet] = useState(() => window.matchMedia(query).matches);
  useEffect(() => {
    const media = window.matchMedia(query);
    const look = () => setMet(media.matches);
    look();
    media.addEventListener("change", look);
    return () => media.removeEventListener("change", look);
  }, [query]);
  return met;
}

/** Closes what is open when the reader clicks or moves elsewhere. */
export function useDismissal(open, box, close) {
  useEffect(() => {
    if (!open) return undefined;
    const onPointer = (event) => {
      if (!box.current?.contains(event.target)) close();
    };
    document.addEventListener("pointerdown", onPointer);
    return () => document.removeEventListener("pointerdown", onPointer);
  }, [open]);
}

/**
 * A button that opens a panel with a form in it.
 *
 * @param {{label: unknown, icon?: string, title: string, children: (close: () => void) => unknown, active?: boolean, quiet?: boolean}} props
 */
export function Popover({ label, icon = undefined, title, children, active = false, quiet = false }) {
  const [open, setOpen] = useState(false);
  const box = useRef(null);
  const button = useRef(null);
  useDismissal(open, box, () => setOpen(false));
  useLayoutEffect(() => {
    if (open) box.current.querySelector(".popover-panel :is(input, select, button)")?.focus();
  }, [open]);
  const close = () => {
    setOpen(false);
    button.current.focus();
  };
  return html`<div
    class="popover"
    ref=${box}
    onKeyDown=${(event) => {
      if (event.key === "Escape" && open) {
        event.stopPropagation();
        close();
      }
    }}
  >
    <button
      type="button"
      ref=${button}
      class=${`button ${quiet ? "quiet" : ""} ${active ? "active" : ""}`}
      aria-haspopup="dialog"
      aria-expanded=${open}
      onClick=${() => setOpen(!open)}
    >
      ${icon && html`<${Icon} name=${icon} />`}<span>${label}</span>
    </button>
    ${open && html`<div class="popover-panel" role="dialog" aria-label=${title}>${children(close)}</div>`}
  </div>`;
}

/**
 * Room for a table, which scrolls by itself. Where it holds more than fits, that edge fades.
 *
 * @param {{label: string, className?: string, children?: unknown}} props
 */
export function Scroll({ label, className = "", children = null }) {
  const box = useRef(null);
  useLayoutEffect(() => watchEdges(box.current), []);
  return html`<div class=${`table-scroll ${className}`} ref=${box} tabindex="0" role="region" aria-label=${label}>${children}</div>`;
}

/** Tells the styles at which sides of a box there is more of its content: `data-more="left right"`. @param {HTMLElement} box */
export function watchEdges(box) {
  const look = () => {
    const before = box.scrollLeft > 1 ? "left" : "";
    const after = box.scrollLeft + box.clientWidth < box.scrollWidth - 1 ? "right" : "";
    const more = `${before} ${after}`.trim();
    if (more !== (box.dataset.more ?? "")) box.dataset.more = more;
  };
  look();
  box.addEventListener("scroll", look, { passive: true });
  const observer = new ResizeObserver(look);
  observer.observe(box);
  if (box.firstElementChild) observer.observe(box.firstElementChild);
  return () => {
    box.removeEventListener("scroll", look);
    observer.disconnect();
  };
}

/**
 * A choice of views of one page, held by the address.
 *
 * @param {{label: string, tabs: {key: string, label: unknown, href: string}[], current: string}} props
 */
export function Tabs({ label, tabs, current }) {
  return html`<nav class="tabs" aria-label=${label}>
    ${tabs.map(
      (tab) => html`<a key=${tab.key} href=${tab.href} aria-current=${tab.key === current ? "page" : undefined}
        >${tab.label}</a
      >`,
    )}
  </nav>`;
}
