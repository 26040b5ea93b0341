"use strict";

// The GraphiQL page: one GraphiQL over this page's own address, with a plug-in
// that lists the ready-made operations. Plain JavaScript, there is no build step.
(() => {
  const { createElement: h, useEffect, useRef } = React;
  const { useEditorContext, useExecutionContext } = GraphiQL.React;

  // [{name, title, description, document, variables}], all of them strings.
  const operations = JSON.parse(document.getElementById("operations").textContent);
  const QUERIES = "Queries";
  const TABS = "graphiql:tabState";
  const PANEL = "graphiql:visiblePlugin";
  const NEW_TAB = "# Ctrl-Space completes, Ctrl-Enter runs; the Queries panel holds ready-made operations.\n\n";

  const endpoint = new URL(window.location.href);
  endpoint.search = "";
  endpoint.hash = "";

  async function fetcher(parameters, options) {
    const response = await fetch(endpoint, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/graphql-response+json, application/json",
        ...options?.headers,
      },
      body: JSON.stringify(parameters),
    });
    const text = await response.text();
    try {
      return JSON.parse(text);
    } catch {
      // A proxy in between answers in its own words, often a page of HTML.
      const message = `The answer is not JSON: ${response.status} ${response.statusText}`;
      return { errors: [{ message, extensions: { body: text.slice(0, 1000) } }] };
    }
  }

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
    const { tabs, activeTabIndex, addTab, changeTab, setOperationName, queryEditor, variableEditor } =
      useEditorContext({ nonNull: true });
    const { stop } = useExecutionContext({ nonNull: true });
    const waiting = useRef(null);
    const find = ({ document, variables }) =>
      tabs.findIndex((tab) => tab.query === document && (tab.variables || "") === variables);

    // GraphiQL fills the editors of the tab first; the operation follows once that is done.
    useEffect(() => {
      const operation = waiting.current;
      if (operation === null || !queryEditor || !variableEditor) return;
      waiting.current = null;
      variableEditor.setValue(operation.variables);
      queryEditor.setValue(operation.document);
      // The editor learns the operation's name a moment later; until then it would send the last tab's.
      setOperationName(null);
      queryEditor.focus();
    }, [activeTabIndex, tabs.length, queryEditor, variableEditor, setOperationName]);

    const open = (operation) => {
      const index = find(operation);
      if (index === activeTabIndex) return;
      stop();
      waiting.current = operation;
      if (index >= 0) changeTab(index);
      else addTab();
    };
    return { open, isOpen: (operation) => find(operation) === activeTabIndex };
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

  // What the editor shows first: the operation that the address names (`…/graphql#NAME`),
  // else what was there before, else, on a first visit, the first operation.
  function startingPoint(storage) {
    const first = !storage?.getItem(TABS);
    const name = decodeName(window.location.hash.slice(1));
    const named = operations.find((operation) => operation.name === name);
    const operation = named ?? (first ? operations[0] : undefined);
    if (named) window.history.replaceState(null, "", window.location.pathname + window.location.search);
    return {
      ...(operation && { query: operation.document, variables: operation.variables }),
      // GraphiQL reads which panel was open, and leaves it to us to store it.
      ...(storage?.getItem(PANEL) == null && { visiblePlugin: QUERIES }),
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

  const storage = openStorage();
  const icon = document.querySelector("link[rel=icon]").href;
  const page = h(
    GraphiQL,
    {
      fetcher,
      storage,
      plugins: [{ title: QUERIES, icon: QueriesIcon, content: Queries }, GraphiQLPluginExplorer.explorerPlugin()],
      defaultQuery: NEW_TAB,
      defaultEditorToolsVisibility: "variables",
      shouldPersistHeaders: false,
      inputValueDeprecation: true,
      schemaDescription: true,
      ...startingPoint(storage),
    },
    h(
      GraphiQL.Logo,
      null,
      h("span", { className: "lineageql-logo" }, h("img", { src: icon, alt: "" }), "LineageQL"),
    ),
  );
  ReactDOM.createRoot(document.getElementById("page")).render(page);
})();
