// Beside the picture: what is chosen, and a list of all that is drawn.

import { formatCount, formatEnum, plural } from "../format.js";
import { KindIcon, StateIcon } from "../icons.js";
import { html, useEffect, useId, useMemo, useRef, useState } from "../lib.js";
import { entityHref } from "../kinds.js";
import { EntityLink } from "../ui.js";
import { nameOf } from "./folding.js";
import { labelOf } from "./picture.js";

const ROW = 40;
const SPARE = 6;
/** Of so many neighbours each has a line; the others stand in the list. */
const MOST = 40;

/** @typedef {import("./picture.js").Picture} Picture */

export function Side({ lineage, picture, version, chosen, more, actions, detail }) {
  const scene = picture?.scene;
  const at = scene ? (scene.byId.get(chosen) ?? scene.boxOf.get(chosen) ?? -1) : -1;
  return html`<section class="lineage-side" aria-label="Nodes">
    ${picture && at >= 0 && html`<${Chosen} key=${scene.boxes[at].id} lineage=${lineage} picture=${picture} at=${at} version=${version} more=${more} actions=${actions} detail=${detail} />`}
    ${picture && html`<${List} lineage=${lineage} picture=${picture} at=${at} actions=${actions} />`}
  </section>`;
}

/** What is known of the chosen box, and what can be done with it. */
function Chosen({ lineage, picture, at, more, actions, detail }) {
  const box = picture.scene.boxes[at];
  const { entity } = lineage.nodes.get(box.members[0]);
  const group = box.group >= 0 ? picture.scene.groups[box.group] : null;
  const id = box.members[0];
  return html`<section class="chosen" aria-label="Chosen">
    <div class="chosen-head">
      <h2>${box.sort === "one" ? html`<${EntityLink} entity=${entity} version=${false} />` : html`<${KindIcon} kind=${box.kind} /> ${box.title}`}</h2>
      <button type="button" class="icon-button" aria-label="Close" onClick=${() => actions.choose("")}>×</button>
    </div>
    <p class="chosen-note">${box.note}${box.state && box.state !== "UNKNOWN" && html` · <${StateIcon} state=${box.state} size=${13} /> ${formatEnum(box.state)}`}</p>
    ${box.sort === "one" && entity.run && html`<p class="chosen-note">in run <a href=${entityHref({ __typename: "Run", id: entity.run.id })}>${entity.run.name}</a></p>`}
    <div class="chosen-actions">
      ${box.sort === "one" &&
      html`<a class="button" href=${actions.startHref(id)}>Start here</a>
        ${actions.path && html`<button type="button" class="button" onClick=${() => actions.pathFrom(id)}>Path to…</button>`}`}
      ${box.sort !== "one" && html`<button type="button" class="button" onClick=${() => actions.unfold(box.id)}>Unfold</button>`}
      ${box.like && html`<button type="button" class="button" onClick=${() => actions.foldLike(box.like)}>Fold it with those like it</button>`}
      ${group && html`<button type="button" class="button" onClick=${() => actions.foldRun(group.run)}>Fold the run</button>`}
    </div>
    ${detail?.(box)}
    ${(["up", "down"]).map((way) => html`<${Neighbours} key=${way} picture=${picture} at=${at} way=${way} more=${more(box, way)} actions=${actions} />`)}
  </section>`;
}

const TITLES = {
  up: { execution: "Read", artifact: "Written by", run: "Before it" },
  down: { execution: "Wrote", artifact: "Read by", run: "After it" },
};

/** What led to a box, or what came of it. */
function Neighbours({ picture, at, way, more, actions }) {
  const { scene } = picture;
  const lines = picture.at[at][way];
  if (!lines.length && !more) return null;
  const box = scene.boxes[at];
  const kind = box.kind === "EXECUTION" ? "execution" : box.kind === "RUN" ? "run" : "artifact";
  const title = way === "up" ? TITLES.up[kind] : TITLES.down[kind];
  return html`<div class="neighbours">
    <h3>${title}</h3>
    <ul>
      ${lines.slice(0, MOST).map((of) => {
        const line = scene.lines[of];
        const other = way === "up" ? line.from : line.to;
        const label = labelOf(line);
        return html`<li key=${of}>
          <button type="button" class="neighbour" onClick=${() => actions.reveal(other)}>
            <${KindIcon} kind=${scene.boxes[other].kind} /><span class="neighbour-name">${scene.boxes[other].title}</span>
            ${label && html`<span class="neighbour-port">${label}</span>`}${line.implied && html`<span class="neighbour-port">implied</span>`}
          </button>
        </li>`;
      })}
    </ul>
    ${lines.length > MOST && html`<p class="chosen-note">and ${formatCount(lines.length - MOST)} more, in the list below</p>`}
    ${more && html`<button type="button" class="button more" onClick=${() => actions.expand(box.id, way)}>Show ${more === "+" ? "more" : `${more.slice(1)} more`}</button>`}
  </div>`;
}

/**
 * All boxes, from left to right and from top to bottom, as a list of which only the rows in sight are there.
 * What is sought stands out in the picture too.
 */
function List({ lineage, picture, at, actions }) {
  const { scene } = picture;
  const [text, setText] = useState("");
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(400);
  const [active, setActive] = useState(0);
  const box = useRef(null);
  const id = useId();
  const rows = useMemo(() => sought(lineage, picture, text), [picture, text]);
  const words = text.trim();

  useEffect(() => {
    actions.sought(words ? new Set(rows) : null);
    setActive(0);
  }, [rows]);
  useEffect(() => {
    const watch = new ResizeObserver(() => box.current && setHeight(box.current.clientHeight));
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  const show = (row) => {
    setActive(row);
    const { scrollTop, clientHeight } = box.current;
    if (row * ROW < scrollTop) box.current.scrollTop = row * ROW;
    else if ((row + 1) * ROW > scrollTop + clientHeight) box.current.scrollTop = (row + 1) * ROW - clientHeight;
  };
  useEffect(() => {
    const row = rows.indexOf(at);
    if (row >= 0) show(row);
  }, [at, rows]);
  const onKeyDown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -rows.length, End: rows.length }[event.key];
    if (step) {
      event.preventDefault();
      show(Math.max(0, Math.min(rows.length - 1, active + step)));
    } else if (event.key === "Enter" && rows.length) {
      event.preventDefault();
      actions.reveal(rows[active]);
    }
  };
  const first = Math.max(0, Math.floor(top / ROW) - SPARE);
  const last = Math.min(rows.length, Math.ceil((top + height) / ROW) + SPARE);
  const shown = Array.from({ length: Math.max(0, last - first) }, (_, of) => first + of);
  if (active < first || active >= last) shown.push(active);
  const counted = words ? `${formatCount(rows.length)} of ${plural(scene.boxes.length, "box", "boxes")}` : contents(scene, lineage);
  return html`<section class="node-list">
    <div class="node-find">
      <input class="input" type="search" aria-label="Find in the graph" placeholder="Find in the graph" value=${text}
        onInput=${(event) => setText(event.target.value)} onKeyDown=${onKeyDown} />
      <p class="node-count" role="status">${counted}</p>
    </div>
    <div class="node-rows" ref=${box} role="listbox" tabindex="0" aria-label="Nodes of the graph" aria-activedescendant=${rows.length ? `${id}-${active}` : undefined}
      onScroll=${(event) => setTop(event.target.scrollTop)} onKeyDown=${onKeyDown}>
      <div class="node-room" style=${{ height: `${rows.length * ROW}px` }} role="presentation">
        ${shown.filter((row) => row < rows.length).map((row) => {
          const one = scene.boxes[rows[row]];
          return html`<div
            key=${one.id}
            id=${`${id}-${row}`}
            role="option"
            aria-selected=${rows[row] === at}
            aria-setsize=${rows.length}
            aria-posinset=${row + 1}
            class=${row === active ? "node-row active" : "node-row"}
            data-id=${one.id}
            style=${{ transform: `translateY(${row * ROW}px)` }}
            onClick=${() => {
              setActive(row);
              actions.reveal(rows[row]);
            }}
          >
            <${KindIcon} kind=${one.kind} />
            <span class="node-text"><span class="node-name">${one.title}</span><span class="node-note">${one.note}</span></span>
            ${one.root && html`<span class="node-root">start</span>`}
            ${one.side && one.side !== "both" && html`<span class=${`node-side side-${one.side}`}>${SIDES[one.side]}</span>`}
            ${one.state === "FAILED" && html`<${StateIcon} state=${one.state} size=${14} /><span class="unseen">failed</span>`}
          </div>`;
        })}
      </div>
    </div>
  </section>`;
}

const SIDES = { left: "only in A", right: "only in B", changed: "changed" };

/** @param {import("./folding.js").Scene} scene @param {import("./model.js").Lineage} lineage */
function contents(scene, lineage) {
  const executions = [...lineage.nodes.values()].filter((node) => node.kind === "EXECUTION").length;
  const folded = scene.boxes.length < lineage.nodes.size ? `, drawn as ${plural(scene.boxes.length, "box", "boxes")}` : "";
  return `${plural(lineage.nodes.size - executions, "artifact")}, ${plural(executions, "execution")}${folded}`;
}

/** The boxes whose text, or that of a member, holds a text. @param {import("./model.js").Lineage} lineage @param {Picture} picture @param {string} text */
function sought(lineage, picture, text) {
  const words = text.trim().toLowerCase();
  if (!words) return picture.order;
  return picture.order.filter((at) => {
    const box = picture.scene.boxes[at];
    if (`${box.title} ${box.note}`.toLowerCase().includes(words)) return true;
    return box.sort !== "one" && box.members.some((id) => nameOf((lineage.nodes.get(id)).entity).toLowerCase().includes(words));
  });
}
