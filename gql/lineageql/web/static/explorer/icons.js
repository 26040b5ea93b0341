// Small pictures, drawn here so that nothing is fetched. Each kind has a shape of its own and each state a sign of its
// own: colour is never the only thing that tells them apart.

import { html } from "./lib.js";

const OUTLINES = {
  overview: "M3 3h7.5v7.5H3zM13.5 3H21v4.5h-7.5zM13.5 10.5H21V21h-7.5zM3 13.5h7.5V21H3z",
  workspaces: "M3 6.5V19a1.5 1.5 0 0 0 1.5 1.5h15A1.5 1.5 0 0 0 21 19V8.5A1.5 1.5 0 0 0 19.5 7H12L9.5 4h-5A1.5 1.5 0 0 0 3 5.5z",
  runs: "M12 3a9 9 0 1 0 9 9M12 7a5 5 0 1 0 5 5M12 12 20 4M20 4v4.2M20 4h-4.2",
  executions: "M4.5 4.5h15v15h-15zM10 8.7l5.4 3.3L10 15.3z",
  artifacts: "M12 2.8 20 7.4v9.2l-8 4.6-8-4.6V7.4zM4.2 7.5 12 12l7.8-4.5M12 12v9",
  compare: "M4 20V9M9 20V4M15 20v-7M20 20V7M2.5 20.5h19",
  lineage: "M6 6.5h3.5c3 0 2 5.5 5 5.5H18M6 17.5h3.5c3 0 2-5.5 5-5.5M6 6.5a2 2 0 1 1-4 0 2 2 0 0 1 4 0zM6 17.5a2 2 0 1 1-4 0 2 2 0 0 1 4 0zM22 12a2 2 0 1 1-4 0 2 2 0 0 1 4 0z",
  graphql: "M8 4 3.5 12 8 20M16 4l4.5 8L16 20",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.3 15.3 21 21",
  refresh: "M20 12a8 8 0 1 1-2.3-5.6M20 3v5h-5",
  copy: "M8.5 8.5h11v11h-11zM15.5 8.5v-4h-11v11h4",
  download: "M12 3.5v12M7.5 11 12 15.5 16.5 11M4 20h16",
  columns: "M4 4.5h16v15H4zM9.3 4.5v15M14.7 4.5v15",
  filter: "M3.5 5h17l-6.5 8v6l-4 1.5V13z",
  close: "M5.5 5.5l13 13M18.5 5.5l-13 13",
  plus: "M12 4.5v15M4.5 12h15",
  edit: "M4 20l1-4.5L16.5 4 20 7.5 8.5 19z",
  check: "M4.5 12.5 10 18 19.5 6.5",
  chevron: "M9 5l7 7-7 7",
  down: "M5 9l7 7 7-7",
  up: "M12 19V5M6 11l6-6 6 6",
  dots: "M5 12h.01M12 12h.01M19 12h.01",
  external: "M13.5 4.5h6v6M19.5 4.5 11 13M17 13.5V19.5H4.5V7h6",
  leave: "M10 4H4.5v16H10M14.5 8l4.5 4-4.5 4M19 12H9",
  warning: "M12 3.5 21.5 20h-19zM12 10v4.5M12 17.2v.1",
};

/** @param {{name: string, size?: number, class?: string}} props */
export function Icon({ name, size = 16, class: extra = "" }) {
  return html`<svg class=${`icon ${extra}`} viewBox="0 0 24 24" width=${size} height=${size} aria-hidden="true">
    <path d=${OUTLINES[name]} />
  </svg>`;
}

// Kinds: solid shapes, told apart by their outline.
const SHAPES = {
  MODEL: "M12 1.8 21 7v10l-9 5.2L3 17V7z",
  DATA_SET: "M12 2.5c5 0 8.5 1.4 8.5 3.3v12.4c0 1.9-3.5 3.3-8.5 3.3s-8.5-1.4-8.5-3.3V5.8C3.5 3.9 7 2.5 12 2.5z",
  METRICS: "M3 13h4.5v8H3zM9.8 3h4.4v18H9.8zM16.5 8.5H21V21h-4.5z",
  STATISTICS: "M2.5 21C7.5 21 8.5 4 12 4s4.5 17 9.5 17z",
  OTHER: "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17z",
  EXECUTION: "M4 3.5h16a1 1 0 0 1 1 1v15a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1v-15a1 1 0 0 1 1-1zM9.8 8v8l6-4z",
  RUN: "M12 2.5a9.5 9.5 0 1 1 0 19 9.5 9.5 0 0 1 0-19zm0 4.2a5.3 5.3 0 1 0 0 10.6 5.3 5.3 0 0 0 0-10.6z",
  WORKSPACE: "M2.5 5A1.5 1.5 0 0 1 4 3.5h5.5L12 6.5h8A1.5 1.5 0 0 1 21.5 8v11a1.5 1.5 0 0 1-1.5 1.5H4A1.5 1.5 0 0 1 2.5 19z",
};

/** A kind's shape. @param {{kind: string, size?: number}} props `kind`: of artifacts, or EXECUTION, RUN, WORKSPACE */
export function KindIcon({ kind, size = 14 }) {
  const known = SHAPES[kind] ? kind : "OTHER";
  return html`<svg class=${`kind kind-${known}`} viewBox="0 0 24 24" width=${size} height=${size} aria-hidden="true">
    <path d=${SHAPES[known]} fill-rule="evenodd" />
  </svg>`;
}

// States: a ring with a sign in it, a half, or a dash.
const SIGNS = {
  COMPLETE: ["ok", "M7 12.5l3.5 3.5L17 8.5"],
  LIVE: ["ok", "M7 12.5l3.5 3.5L17 8.5"],
  FAILED: ["bad", "M8 8l8 8M16 8l-8 8"],
  ABANDONED: ["bad", "M8 8l8 8M16 8l-8 8"],
  RUNNING: ["run", "M12 7v5l3.5 2.5"],
  PENDING: ["run", "M12 7v5l3.5 2.5"],
  CACHED: ["muted", "M13 6l-4 7h6l-4 6"],
  REFERENCE: ["muted", "M9 15l6-6M10 9h5v5"],
  CANCELED: ["muted", "M6.5 6.5l11 11"],
  MARKED_FOR_DELETION: ["warn", "M12 7v6.5M12 16.8v.1"],
  DELETED: ["muted", "M6.5 6.5l11 11"],
  NEW: ["muted", ""],
  UNKNOWN: ["muted", "M8.5 12h7"],
};

/** @param {{state: string, size?: number}} props */
export function StateIcon({ state, size = 15 }) {
  const [tone, sign] = SIGNS[state] ?? SIGNS.UNKNOWN;
  return html`<svg class=${`state-icon tone-${tone}`} viewBox="0 0 24 24" width=${size} height=${size} aria-hidden="true">
    <circle cx="12" cy="12" r="9.5" class=${state === "NEW" || state === "UNKNOWN" ? "dashed" : ""} />
    <path d=${sign} />
  </svg>`;
}

/** The sign and colour of a state: for pictures that are drawn without markup. @param {string} state */
export function stateSign(state) {
  return SIGNS[state] ?? SIGNS.UNKNOWN;
}

/** The outline of a kind in a box of 24 by 24: for pictures that are drawn without markup. @param {string} kind */
export function kindShape(kind) {
  return SHAPES[kind] ?? SHAPES.OTHER;
}
