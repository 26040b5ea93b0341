"use strict";

// The GraphiQL page: one GraphiQL over this page's own address, with a plug-in
// that lists the ready-made operations. Plain JavaScript, there is no build step.
(() => {
  const { createElement: h, useEffect, useRef, useState } = React;
  const { useEditorContext, useExecutionContext, usePluginContext, useSchemaContext } = GraphiQL.React;

  // [{name, title, description, document, variables, examples}], all of them strings, but `examples`: null, or
  // {document, paths, ids}: a query that finds values of the variables in this store, where each belongs, and which are ids.
  const operations = JSON.parse(document.getElementById("operations").textContent);
  const QUERIES = "Queries";
  const ACCESS = "Token";
  const TABS = "graphiql:tabState";
  const PANEL = "graphiql:visiblePlugin";
  const PATIENCE = 3000; // Milliseconds that an operation waits for its examples.
  const NEW_TAB = "# Ctrl-Space completes, Ctrl-Enter runs; the Queries panel holds ready-made operations.\n\n";

  // Where page.css lays a panel over the editors.
  const isNarrow = () => window.matchMedia("(max-width: 720px)").matches;

  const endpoint = new URL(window.location.href);
  endpoint.search = "";
  endpoint.hash = "";

  // The token that is sent, where the service wants one. It is kept as long as the tab is open, and the explorer, under
  // the same name, has it in the same tab; `ask` opens the panel in which it is typed.
  const TOKEN = `lineageql:token:${endpoint.pathname}`;
  const access = { token: readToken(), wanted: false, ask: () => {} };

  function readToken() {
    try {
      return window.sessionStorage.getItem(TOKEN) ?? "";
    } catch {
      return ""; // The browser forbids it.
    }
  }

  function keepToken(text) {
    access.token = text;
    try {
      window.sessionStorage.setItem(TOKEN, text);
    } catch {
      // It holds until the page is closed.
    }
  }

  async function fetcher(parameters, options) {
    const headers = new Headers({
      "content-type": "application/json",
      accept: "application/graphql-response+json, application/json",
    });
    if (access.token) headers.set("authorization", `Bearer ${access.token}`);
    // What the headers' editor says counts more.
    for (const [name, value] of Object.entries(options?.headers ?? {})) headers.set(name, value);
    const body = JSON.stringify(withoutOldName(parameters));
    let response;
    try {
      response = await fetch(endpoint, { method: "POST", headers, body });
    } catch {
      const message = "The service does not answer: it was stopped, or the network is away. Run this again when it is back.";
      return { errors: [{ message }] };
    }
    access.wanted = response.status === 401;
    if (access.wanted) access.ask();
    const text = await response.text();
    try {
      return JSON.parse(text);
    } catch {
      // A proxy in between answers in its own words, often a page of HTML.
      const message = `The answer is not JSON: ${response.status} ${response.statusText}`;
      return { errors: [{ message, extensions: { body: text.slice(0, 1000) } }] };
    }
  }

  // The parameters of a request. For a second after the text is replaced, GraphiQL sends the name of an operation of the
  // old text.
  function withoutOldName({ operationName, ...others }) {
    const isThere = operationName && new RegExp(`\\b${operationName}\\b`).test(others.query);
    return isThere ? { operationName, ...others } : others;
  }

  // The variables of an operation, with the ids and names that it needs of the store at hand. An id that is not found
  // is null: that of another store, which the file may hold, could be anything here.
  async function lookUp(operation, headers) {
    if (operation.examples === null) return operation.variables;
    const answer = await Promise.race([
      fetcher({ query: operation.examples.document }, { headers }).catch(() => null),
      new Promise((resolve) => setTimeout(resolve, PATIENCE, null)),
    ]);
    const variables = JSON.parse(operation.variables);
    for (const [key, path] of Object.entries(operation.examples.paths)) {
      const last = path[path.length - 1];
      const place = path.slice(0, -1).reduce((part, step) => part[step], variables);
      const found = scalarsOf(answer?.data?.[key]);
      if (found.length === 0 && !operation.examples.ids.includes(key)) continue;
      place[last] = Array.isArray(place[last]) ? found : (found[0] ?? null);
    }
    const text = JSON.stringify(variables, null, 2);
    offered.get(operation.name).add(text);
    return text;
  }

  function scalarsOf(value) {
    if (value === null || value === undefined) return [];
    return typeof value === "object" ? Object.values(value).flatMap(scalarsOf) : [value];
  }

  // What was offered as an operation's variables: a tab that still holds it is that operation's.
  const offered = new Map(operations.map(({ name, variables }) => [name, new Set([variables])]));

  // Several services may share an origin, each under its own path: so each has
  // its own part of the browser's storage. GraphiQL's history would also keep
  // the request's headers, and with them tokens: they are never stored.
  function openStorage() {
    let storage;
    try {
      storage = GraphiQL.createLocalStorage({ namespace: `lineageql:${endpoint.pathname}` });
      storage.getItem("probe");
    } catch {
      return null; // The browser forbids it: nothing is remembered, all else works.
    }
    const setItem = storage.setItem;
    storage.setItem = (key, value) => setItem(key, withoutHeaders(key, value));
    return storage;
  }

  function withoutHeaders(key, value) {
    if (key !== "graphiql:queries" && key !== "graphiql:favorites") return value;
    return JSON.stringify(JSON.parse(value), (name, part) => (name === "headers" ? undefined : part));
  }

  // Opens an operation in the tab that already holds it, or else in a new one.
  function useOpener() {
    const { tabs, activeTabIndex, addTab, changeTab, setOperationName, queryEditor, variableEditor, headerEditor } =
      useEditorContext({ nonNull: true });
    const { stop } = useExecutionContext({ nonNull: true });
    const { setVisiblePlugin } = usePluginContext({ nonNull: true });
    const waiting = useRef(null);
    const find = ({ name, document }) =>
      tabs.findIndex((tab) => tab.query === document && offered.get(name).has(tab.variables || ""));

    const fill = ({ document }, variables) => {
      variableEditor.setValue(variables);
      queryEditor.setValue(document);
      // The editor learns the operation's name a moment later; until then it would send the last tab's.
      setOperationName(null);
      queryEditor.focus();
      if (isNarrow()) setVisiblePlugin(null);
    };

    // GraphiQL fills the editors of the tab first; the operation follows once that is done.
    useEffect(() => {
      if (waiting.current === null || !queryEditor || !variableEditor) return;
      const [operation, variables] = waiting.current;
      waiting.current = null;
      fill(operation, variables);
    }, [activeTabIndex, tabs.length, queryEditor, variableEditor, setOperationName]);

    const turn = (operation, variables) => {
      stop();
      const index = find(operation);
      if (index === activeTabIndex) return fill(operation, variables);
      waiting.current = [operation, variables];
      if (index >= 0) changeTab(index);
      else addTab();
    };
    // While examples are looked for, tabs may change: what is done then is done with those that there are by then.
    const latest = useRef(turn);
    latest.current = turn;
    const asked = useRef(null);
    const open = async (operation) => {
      asked.current = operation;
      const variables = await lookUp(operation, headersOf(headerEditor));
      if (asked.current === operation) latest.current(operation, variables);
    };
    return { open, isOpen: (operation) => find(operation) === activeTabIndex };
  }

  function headersOf(editor) {
    try {
      return JSON.parse(editor.getValue());
    } catch {
      return {}; // There are none, or they are not written to the end yet.
    }
  }

  function Queries() {
    const { open, isOpen } = useOpener();
    return h(
      "section",
      { "aria-label": QUERIES },
      h("div", { className: "graphiql-doc-explorer-title" }, QUERIES),
      operations.length === 0 && h("p", null, "This service offers no ready-made operations."),
      h(
        "ul",
        { className: "lineageql-queries-list" },
        operations.map((operation) =>
          h(
            "li",
            { key: operation.name },
            h(
              "button",
              {
                type: "button",
                className: "graphiql-un-styled",
                title: operation.description,
                "aria-current": isOpen(operation),
                onClick: () => open(operation),
              },
              h("div", { className: "lineageql-query-name" }, operation.name),
              h("div", { className: "lineageql-query-title" }, operation.title),
            ),
          ),
        ),
      ),
    );
  }

  function QueriesIcon(properties) {
    return h(
      "svg",
      { viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", strokeWidth: 1.6, ...properties },
      h("rect", { x: 3.5, y: 3.5, width: 17, height: 17, rx: 3 }),
      h("path", { d: "M7.5 8.5h.01M11 8.5h5.5M7.5 12h.01M11 12h5.5M7.5 15.5h.01M11 15.5h5.5", strokeLinecap: "round" }),
    );
  }

  // Where a token is typed, and forgotten. It goes nowhere but into requests to this service.
  function Access() {
    const [text, setText] = useState("");
    const { open, isOpen } = useOpener();
    const { introspect } = useSchemaContext({ nonNull: true });
    const { setVisiblePlugin } = usePluginContext({ nonNull: true });
    const use = (token) => {
      keepToken(token);
      setText("");
      introspect();
      // Without a token nobody could look for its variables.
      const shown = operations.find(isOpen);
      if (shown) open(shown);
      if (token) setVisiblePlugin(isNarrow() ? null : QUERIES);
    };
    return h(
      "section",
      { "aria-label": ACCESS },
      h("div", { className: "graphiql-doc-explorer-title" }, ACCESS),
      h(
        "form",
        {
          className: "lineageql-token",
          onSubmit: (event) => {
            event.preventDefault();
            use(text.trim());
          },
        },
        h(
          "label",
          null,
          access.wanted
            ? "This service wants a token, or another one than it was sent. "
            : "A service that asks who you are wants a token. ",
          "It is sent with each request, and kept until this tab is closed.",
          h("input", {
            type: "password",
            autoComplete: "off",
            autoFocus: true,
            value: text,
            onChange: (event) => setText(event.target.value),
          }),
        ),
        h("button", { type: "submit", className: "graphiql-button" }, "Use it"),
        access.token !== "" &&
          h("button", { type: "button", className: "graphiql-button", onClick: () => use("") }, "Forget the last one"),
      ),
    );
  }

  function AccessIcon(properties) {
    return h(
      "svg",
      { viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", strokeWidth: 1.6, ...properties },
      h("circle", { cx: 8, cy: 15.5, r: 4 }),
      h("path", { d: "M11 12.5 19.5 4M16 7.5l3 3M13.5 10l2 2", strokeLinecap: "round" }),
    );
  }

  // Opens that panel when the service wants a token.
  function AccessWatch() {
    const { setVisiblePlugin } = usePluginContext({ nonNull: true });
    useEffect(() => {
      access.ask = () => setVisiblePlugin(ACCESS);
      if (access.wanted) access.ask();
    }, [setVisiblePlugin]);
    return null;
  }

  // What the editor shows first: the query that the address holds (`…/graphql?query=…`), or the operation that it
  // names (`…/graphql#NAME`), else what was there before, else, on a first visit, the first operation.
  async function startingPoint(storage) {
    const first = !storage?.getItem(TABS);
    const name = decodeName(window.location.hash.slice(1));
    const linked = new URLSearchParams(window.location.search);
    const named = operations.find((operation) => operation.name === name);
    const operation = named ?? (first ? operations[0] : undefined);
    let shown = {};
    if (linked.get("query")) {
      shown = { query: linked.get("query"), variables: linked.get("variables") ?? "" };
    } else if (operation) {
      shown = { query: operation.document, variables: await lookUp(operation, {}) };
    }
    // From here on the tab tells what is open, and a reload shows it as it is then.
    if (linked.has("query") || named) window.history.replaceState(null, "", window.location.pathname);
    return {
      ...shown,
      // GraphiQL reads which panel was open, and leaves it to us to store it.
      ...(storage?.getItem(PANEL) == null && { visiblePlugin: isNarrow() ? null : QUERIES }),
      onTogglePluginVisibility: (plugin) => storage?.setItem(PANEL, plugin?.title ?? ""),
    };
  }

  function decodeName(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  }

  async function show() {
    const storage = openStorage();
    const icon = document.querySelector("link[rel=icon]").href;
    const page = h(
      GraphiQL,
      {
        fetcher,
        storage,
        plugins: [
          { title: QUERIES, icon: QueriesIcon, content: Queries },
          GraphiQLPluginExplorer.explorerPlugin(),
          { title: ACCESS, icon: AccessIcon, content: Access },
        ],
        defaultQuery: NEW_TAB,
        defaultEditorToolsVisibility: "variables",
        shouldPersistHeaders: false,
        inputValueDeprecation: true,
        schemaDescription: true,
        ...(await startingPoint(storage)),
      },
      h(
        GraphiQL.Logo,
        null,
        h("span", { className: "lineageql-logo" }, h("img", { src: icon, alt: "" }), "LineageQL"),
        h(AccessWatch),
      ),
    );
    ReactDOM.createRoot(document.getElementById("page")).render(page);
  }

  show();
})();
