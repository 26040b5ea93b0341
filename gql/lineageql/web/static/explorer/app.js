// The explorer's frame: navigation, search, and the view that the address names.

import { refreshes, token, tokenWanted, underWay, useToken } from "./api.js";
import { ComparePage } from "./compare.js";
import { EntityPage } from "./entity.js";
import { Icon } from "./icons.js";
import { SORTS } from "./kinds.js";
import { LineageView } from "./later.js";
import { html, render, useEffect, useRef, useState } from "./lib.js";
import { Overview } from "./overview.js";
import { href, pathKey, place } from "./router.js";
import { SearchBox, SearchPage } from "./search.js";
import { TablePage } from "./table.js";
import { announcement, Head, useTitle } from "./ui.js";

const NAVIGATION = [
  { key: "", title: "Overview", icon: "overview" },
  ...Object.entries(SORTS).map(([key, { title }]) => ({ key, title, icon: key })),
  { key: "compare", title: "Compare", icon: "compare" },
];

function LineagePage() {
  const roots = place.value.params.getAll("roots");
  useTitle("Lineage");
  return html`<${LineageView} roots=${roots} embedded=${false} />`;
}

function Nowhere() {
  useTitle("Not found");
  return html`<${Head} title="There is no such page" />
    <p class="quiet-note">The address names no view of the explorer. <a href=${href("")}>Go to the overview</a>.</p>`;
}

function View() {
  const [section = "", id, ...rest] = place.value.path;
  if (section === "") return html`<${Overview} />`;
  if (SORTS[section] && id && rest.length === 0) return html`<${EntityPage} key=${id} sort=${section} id=${id} />`;
  if (SORTS[section] && !id) return html`<${TablePage} key=${section} sort=${section} />`;
  if (section === "compare") return html`<${ComparePage} />`;
  if (section === "lineage") return html`<${LineagePage} />`;
  if (section === "search") return html`<${SearchPage} />`;
  return html`<${Nowhere} />`;
}

/** Stands where the view was: without a token that counts, every part of a view would say the same. */
function TokenBox() {
  const [text, setText] = useState("");
  useTitle("Token");
  return html`<${Head} title="Who asks?" />
  <form
    class="token"
    onSubmit=${(event) => {
      event.preventDefault();
      useToken(text.trim());
    }}
  >
    <label>
      ${token.value && "The token of this tab is wrong, or counts no longer. "}This service wants a token. It is sent with each request and kept until this tab is closed.
      <input type="password" autocomplete="off" value=${text} onInput=${(event) => setText(event.target.value)} />
    </label>
    <button type="submit" class="button primary">Use it</button>
  </form>`;
}

function refresh() {
  tokenWanted.value = false;
  refreshes.value += 1;
}

function App() {
  const main = useRef(null);
  const nav = useRef(null);
  const first = useRef(true);
  const section = place.value.path[0] ?? "";
  const page = pathKey.value;

  // Another page begins at its top, and those who do not see it hear its heading.
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    window.scrollTo(0, 0);
    main.current.querySelector("h1")?.focus({ preventScroll: true });
  }, [page]);

  // On a narrow screen the navigation is wider than its room.
  useEffect(() => {
    nav.current.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [section]);

  return html`<a class="skip" href="#main" onClick=${(event) => {
      event.preventDefault();
      main.current.querySelector("h1")?.focus();
    }}>Skip to the content</a>
    <div class=${underWay.value > 0 ? "progress on" : "progress"} aria-hidden="true" />
    <nav class="nav" ref=${nav} aria-label="Main">
      <a class="brand" href=${href("")}><img src=${favicon()} alt="" width="24" height="24" />LineageQL</a>
      <ul>
        ${NAVIGATION.map(
          ({ key, title, icon }) => html`<li key=${key}>
            <a href=${href(key)} aria-current=${key === section ? "page" : undefined}><${Icon} name=${icon} /><span>${title}</span></a>
          </li>`,
        )}
        <li><a href="graphql"><${Icon} name="graphql" /><span>GraphQL</span></a></li>
      </ul>
    </nav>
    <div class="top">
      <${SearchBox} />
      <button type="button" class="button quiet" title="Ask everything on this page again" onClick=${refresh}>
        <${Icon} name="refresh" /><span>Refresh</span>
      </button>
      ${
        token.value &&
        html`<button type="button" class="button quiet" title="Forget the token of this tab" onClick=${() => useToken("")}>
          <${Icon} name="leave" /><span>Forget the token</span>
        </button>`
      }
    </div>
    <main class="main" id="main" ref=${main}>
      ${tokenWanted.value ? html`<${TokenBox} />` : html`<${View} />`}
    </main>
    <div class=${announcement.value ? "toast on" : "toast"} role="status">${announcement.value}</div>`;
}

function favicon() {
  return /** @type {HTMLLinkElement} */ (document.querySelector("link[rel=icon]")).href;
}

const root = document.getElementById("page");
root.textContent = "";
render(html`<${App} />`, root);
