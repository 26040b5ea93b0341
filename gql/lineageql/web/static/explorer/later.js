// Views whose modules are loaded when they are first opened.

import { html, useEffect, useState } from "./lib.js";
import { Failure, Waiting } from "./ui.js";

/**
 * A view whose module is loaded when it is first opened.
 *
 * @param {() => Promise<(props: any) => any>} load
 */
function later(load) {
  /** @type {((props: any) => any) | null} */
  let view = null;
  return function Later(props) {
    const [state, setState] = useState(view ? "ready" : "loading");
    const attempt = () =>
      load().then(
        (loaded) => {
          view = loaded;
          setState("ready");
        },
        (error) => setState(error),
      );
    useEffect(() => {
      if (!view) attempt();
    }, []);
    if (state === "ready") return html`<${view} ...${props} />`;
    return state === "loading" ? html`<${Waiting} />` : html`<${Failure} error=${state} again=${attempt} />`;
  };
}

/** The lineage of roots: `lineage/` holds it. Also shown in a page of an entity, there as `embedded`. */
export const LineageView = later(() => import("./lineage/view.js").then((module) => module.LineageView));

/** The lineages of two nodes in one picture. */
export const DiffView = later(() => import("./lineage/diff.js").then((module) => module.DiffView));
