// The lineage of one or several nodes: the picture, the list beside it, and what is asked.

import { Chips, FilterButtons } from "../filterbar.js";
import { activeFilters } from "../filters.js";
import { formatCount, formatEnum, plural } from "../format.js";
import { Icon } from "../icons.js";
import { ARTIFACT_KINDS, SORTS } from "../kinds.js";
import { Fragment, html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../lib.js";
import { href, place, setParams } from "../router.js";
import { Failure, Head, Incomplete, Popover, QueryActions, save, say, useMedia, Waiting } from "../ui.js";
import { toPng, toSvg } from "./export.js";
import { fold, nameOf } from "./folding.js";
import { Layouter, prepare } from "./picture.js";
import { AFRESH, FIRST_HOPS, firstQuestion, MOST_NODES, ofOf, useLineage, wishOf, withoutFilters } from "./question.js";
import { Side } from "./side.js";
import { Stage } from "./stage.js";
import { useStyles } from "./styles.js";

/** @typedef {import("./folding.js").Scene} Scene */
/** @typedef {import("./picture.js").Picture} Picture */

const DIRECTIONS = { BOTH: "Up and down", UPSTREAM: "What led to it", DOWNSTREAM: "What came of it", CONNECTED: "All that is connected" };
const RUNS = { frames: "Runs framed", folded: "Runs folded", off: "No runs" };

/**
 * @param {{roots: string[], embedded: boolean}} props `roots`: ids of artifacts and executions; `embedded`: within the
 *     page of an entity, which has a heading of its own. All else that it shows is in the address.
 */
export function LineageView({ roots, embedded }) {
  const { params } = place.value;
  const wish = wishOf(roots, params);
  const found = useLineage(wish);
  const styled = useStyles();
  const { lineage, path } = found;
  const folds = foldsOf(params, path?.ids);
  const shape = lineage ? `${lineage.nodes.size} ${lineage.edges.size}` : "";
  const scene = useMemo(() => (lineage ? fold(lineage, folds) : null), [lineage, shape, foldsKey(folds)]);
  const question = firstQuestion(wish);
  const [picture, setPicture] = useState(null);
  const stage = useRef(null);
  const exports = picture ? exportsOf(picture, stage) : [];
  const of = ofOf(params);
  const title = wish.where ? beginningOf(lineage, of, wish.where[of]) : rootsTitle(lineage, roots);
  useEffect(prepare, []);
  const began = useRef("");
  const begins = wish.where ? JSON.stringify(wish.where) : "";
  useEffect(() => {
    // What was done to the lineage before is nothing to that of another filter.
    if (began.current && began.current !== begins) setParams(AFRESH, { replace: true });
    began.current = begins;
  }, [begins]);

  if (!roots.length && !wish.where) {
    return html`<${Head} title="Lineage" /><${Beginning} of="" params=${params} /><p class="quiet-note">
      Choose what it begins at. Or open an artifact or an execution and choose “Lineage”, or select some of them in a table.
    </p>`;
  }
  const nothing = lineage && !lineage.nodes.size && !found.loading;
  return html`${!embedded && html`<${Head} title="Lineage" note=${title} query=${question} exports=${exports} />`}
    ${wish.where && html`<${Beginning} of=${of} params=${params} />`}
    <div class=${embedded ? "lineage embedded" : "lineage"}>
      <${Bar} wish=${wish} params=${params} scene=${scene} embedded=${embedded} question=${question} exports=${exports} />
      ${found.error && html`<${Failure} error=${found.error} again=${found.again} />`}
      ${nothing && html`<p class="quiet-note" role="status">Nothing that you may see meets these filters.</p>`}
      ${lineage && !nothing && html`<${Completeness} lineage=${lineage} wish=${wish} busy=${found.loading} />`}
      ${path && html`<${PathNote} path=${path} wish=${wish} lineage=${lineage} />`}
      ${(!styled || (!scene && !found.error)) && html`<${Waiting} rows=${10} />`}
      ${styled &&
      scene &&
      !nothing &&
      html`<${Graph}
        lineage=${lineage}
        scene=${scene}
        version=${found.version}
        base=${`${found.base} ${folds.runs} ${folds.siblings}`}
        stage=${stage}
        picture=${picture}
        onPicture=${setPicture}
        lit=${path?.found ? path : null}
        count=${found.count}
        chosen=${params.get("chosen") ?? ""}
        actions=${actionsOf(params, lineage, scene)}
        more=${moreOf(lineage, wish)}
      />`}
    </div>`;
}

/** What the graph can be told to do; each changes the address. @param {URLSearchParams} params @param {any} lineage @param {Scene | null} scene */
function actionsOf(params, lineage, scene) {
  const add = (name, ids) => [...new Set([...params.getAll(name), ...ids])];
  const drop = (name, ids) => params.getAll(name).filter((id) => !ids.has(id));
  return {
    choose: (id) => setParams({ chosen: id }, { replace: true }),
    more: (id, way) => setParams({ [way]: add(way, [id]) }),
    unfold: (id) => {
      const box = scene?.boxes[scene.byId.get(id) ?? -1];
      if (box?.sort === "like") setParams({ open: add("open", [id.slice(5)]) });
      else if (box?.sort === "run") setParams({ turned: turned(params, id.slice(4)) });
    },
    /** Folds the like siblings that a box was taken out of. */
    foldLike: (like) => {
      const members = new Set(scene?.boxes.filter((box) => box.like === like).map((box) => (box.sort === "run" ? box.id : box.members[0])));
      setParams({ open: drop("open", members) });
    },
    foldRun: (run) => setParams({ turned: turned(params, run) }),
    path: (from, to) => setParams({ path: [from, to], chosen: null }),
    startHref: (id) => href("lineage", { roots: id }),
  };
}

/** @param {URLSearchParams} params @param {string} run */
function turned(params, run) {
  const before = params.getAll("turned");
  return before.includes(run) ? before.filter((id) => id !== run) : [...before, run];
}

/** @param {URLSearchParams} params @param {Set<string>} [apart] @returns {import("./folding.js").Folds} */
function foldsOf(params, apart = new Set()) {
  const runs = params.get("frames");
  return {
    runs: runs === "off" || runs === "folded" ? runs : "frames",
    runsTurned: new Set(params.getAll("turned")),
    siblings: params.get("like") !== "open",
    open: new Set(params.getAll("open")),
    apart,
  };
}

/** @param {import("./folding.js").Folds} folds */
function foldsKey({ runs, runsTurned, siblings, open, apart }) {
  return JSON.stringify([runs, [...runsTurned], siblings, [...open], [...apart]]);
}

/** What begins a lineage that no ids do: the filters of a table. @param {{of: string, params: URLSearchParams}} props */
function Beginning({ of, params }) {
  const sorts = { artifacts: "Artifacts that match", executions: "Executions that match" };
  // The picture has the room, unless there is something to choose first.
  const [open, setOpen] = useState(() => !of || !activeFilters(of, params).length);
  return html`<div class="lineage-from" role="group" aria-label="Where it begins">
    <${Choose}
      label="Begins at"
      named
      value=${of}
      choices=${of ? sorts : { "": "Choose …", ...sorts }}
      onChange=${(value) => setParams({ ...withoutFilters(), of: value })}
    />
    ${of && html`<button type="button" class="button" aria-expanded=${open} onClick=${() => setOpen(!open)}><${Icon} name="filter" /><span>Filters</span><${Icon} name="down" size=${12} /></button>`}
    ${of && html`<${Chips} sort=${of} params=${params} named />`}
    ${of && open && html`<${FilterButtons} sort=${of} params=${params} />`}
  </div>`;
}

/** @param {any} lineage @param {string} of @param {object} where */
function beginningOf(lineage, of, where) {
  if (!lineage) return "…";
  const all = Object.keys(where).length === 0;
  return `of ${all ? "all " : ""}${plural(lineage.roots.size, SORTS[of].one)}${all ? "" : lineage.roots.size === 1 ? " that matches" : " that match"}`;
}

/** @param {any} lineage @param {string[]} roots */
function rootsTitle(lineage, roots) {
  const known = roots.map((id) => lineage?.nodes.get(id)?.entity).filter(Boolean);
  const names = known.map((entity) => [nameOf(entity), entity.version].filter(Boolean).join(" "));
  if (!names.length) return "…";
  return names.length > 3 ? `of ${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : `of ${names.join(", ")}`;
}

/** What the marks of hidden neighbours say. @param {any} lineage @param {import("./question.js").Wish} wish */
function moreOf(lineage, wish) {
  return (box, way) => {
    if (!lineage || box.sort !== "one") return "";
    const id = box.members[0];
    // Of some events only, or of those up to a time, the counts are not known.
    if (wish.made || wish.asOf) return lineage.frontier.has(id) && !wish[way].includes(id) ? "+" : "";
    const hidden = lineage.hidden(id, way);
    return hidden ? `+${formatCount(hidden)}` : "";
  };
}

const LIMITS = {
  MAX_HOPS: (wish) => `It stops ${plural(wish.hops ?? 0, "step")} from where it begins.`,
  MAX_NODES: () => "There are more nodes than are shown at once.",
  TIME: () => "The time for one question ran out.",
  HIDDEN: () => "It leads to something that you may not see.",
};

/** Whether it is whole, and how to go on. @param {{lineage: any, wish: import("./question.js").Wish, busy: boolean}} props */
function Completeness({ lineage, wish, busy }) {
  if (lineage.complete) {
    return html`<p class="whole" role="status"><${Icon} name="check" size=${14} />
      Whole: all ${plural(lineage.nodes.size, "node")} that this question leads to.</p>`;
  }
  const why = [...lineage.limits].map((limit) => LIMITS[limit]?.(wish) ?? limit).join(" ");
  // What is hidden stays hidden, however far one goes.
  const bounds = [...lineage.limits].filter((limit) => limit !== "HIDDEN");
  const onlyHops = bounds.length === 1 && bounds[0] === "MAX_HOPS";
  const goOn = () => (onlyHops && !wish.further ? setParams({ hops: (wish.hops ?? 0) + 2 }) : setParams({ further: wish.further + 1 }));
  const atOnce = () => setParams({ hops: "all", most: MOST_NODES, further: null, up: null, down: null });
  const all = wish.hops === null && wish.most === MOST_NODES;
  const beyond = lineage.frontier.size > 0 ? `; there is more beyond ${plural(lineage.frontier.size, "of them", "of them")}` : "";
  const left = `${plural(lineage.nodes.size, "node")} shown${beyond}.`;
  return html`<${Incomplete} what=${`Not whole. ${why} ${left}`} goOn=${bounds.length > 0 ? goOn : undefined} busy=${busy}>
    ${bounds.length > 0 && !all && html`<button type="button" class="button" disabled=${busy} onClick=${atOnce}>All at once</button>`}
  <//>`;
}

/** @param {{path: any, wish: import("./question.js").Wish, lineage: any}} props */
function PathNote({ path, wish, lineage }) {
  const [from, to] = (wish.path ?? []).map((id) => nameOf(lineage.nodes.get(id)?.entity ?? { name: "?", type: { name: "" } }));
  const steps = path.ids.size - 1;
  const text = path.found
    ? `A shortest path between ${from} and ${to}: ${plural(steps, "step")}.`
    : `${path.complete ? "No path leads" : "No path was found, and the search was not whole,"} from the one to the other: ${from}, ${to}.`;
  return html`<p class="path-note" role="status"><${Icon} name="lineage" size=${15} /><span>${text}</span>
    <button type="button" class="button quiet" onClick=${() => setParams({ path: null })}>Clear</button></p>`;
}

/** What is asked and how it is shown. */
function Bar({ wish, params, scene, embedded, question, exports }) {
  const steps = ["1", "2", "3", "4", "6", "8", "12"];
  const now = wish.hops === null ? "all" : String(wish.hops);
  if (now !== "all" && !steps.includes(now)) steps.push(now);
  const reset = { up: null, down: null, further: null };
  const runs = params.get("frames") ?? "frames";
  const narrow = useMedia("(max-width: 40rem)");
  const choices = html`<${Fragment}>
    <${Choose} label="Direction" named=${narrow} value=${wish.direction} choices=${DIRECTIONS} onChange=${(value) => setParams({ dir: value === "BOTH" ? null : value, ...reset })} />
    <${Choose}
      label="Steps"
      named=${narrow}
      value=${now}
      choices=${{ ...Object.fromEntries(steps.sort((a, b) => Number(a) - Number(b)).map((step) => [step, plural(Number(step), "step")])), all: "All steps" }}
      onChange=${(value) => setParams({ hops: value === String(FIRST_HOPS) ? null : value, ...reset })}
    />
    <${Choose}
      label="Events"
      named=${narrow}
      value=${wish.made ? "MADE" : "ALL"}
      choices=${{ ALL: "All events", MADE: "What was made" }}
      onChange=${(value) => setParams({ events: value === "MADE" ? value : null, ...reset })}
    />
    <${Choose} label="Runs" named=${narrow} value=${runs} choices=${RUNS} onChange=${(value) => setParams({ frames: value === "frames" ? null : value, turned: null })} />
    <label class="check"><input
      type="checkbox"
      checked=${params.get("like") !== "open"}
      onChange=${(event) => setParams({ like: event.target.checked ? null : "open", open: null })}
    />Fold like ones</label>
  <//>`;
  // In a narrow window they would take a row each.
  return html`<div class="lineage-bar" role="toolbar" aria-label="What is shown">
    ${narrow ? html`<${Popover} label="View" icon="overview" title="What is shown">${() => html`<div class="view-choices">${choices}</div>`}<//>` : choices}
    <${Bounds} wish=${wish} />
    ${embedded && html`<span class="bar-end"><${QueryActions} query=${question} exports=${exports} /></span>`}
  </div>`;
}

/** @param {{label: string, value: string, choices: Record<string, string>, onChange: (value: string) => void, named?: boolean}} props */
function Choose({ label, value, choices, onChange, named = false }) {
  return html`<label class="choose"><span class=${named ? "choose-name" : "unseen"}>${label}</span>
    <select class="input" value=${value} onChange=${(event) => onChange(event.target.value)}>
      ${Object.entries(choices).map(([key, text]) => html`<option key=${key} value=${key} selected=${key === value}>${text}</option>`)}
    </select>
  </label>`;
}

/** Where it stops, and as of when. @param {{wish: import("./question.js").Wish}} props */
function Bounds({ wish }) {
  const parts = [];
  if (wish.stopKinds.length || wish.stopName || wish.stopLabels) parts.push("stops");
  if (wish.asOf) parts.push(`as of ${wish.asOf.slice(0, 10)}`);
  return html`<${Popover} label=${parts.length ? `Bounds: ${parts.join(", ")}` : "Bounds"} icon="filter" title="Bounds" active=${parts.length > 0}>
    ${(close) => html`<form
      class="bounds"
      onSubmit=${(event) => {
        event.preventDefault();
        const data = new FormData(event.target);
        const time = String(data.get("asOf") ?? "");
        close();
        setParams({
          stopKind: data.getAll("kind"),
          stopName: String(data.get("name") ?? "").trim(),
          stopLabels: String(data.get("labels") ?? "").trim(),
          asOf: time ? new Date(time).toISOString() : null,
          up: null,
          down: null,
          further: null,
        });
      }}
    >
      <fieldset>
        <legend>Stop at artifacts that are all of this</legend>
        <div class="bound-kinds">
          ${ARTIFACT_KINDS.map((kind) => html`<label class="check" key=${kind}><input type="checkbox" name="kind" value=${kind} checked=${wish.stopKinds.includes(kind)} />${formatEnum(kind)}</label>`)}
        </div>
        <label class="field">Name<input name="name" value=${wish.stopName} autocomplete="off" /></label>
        <label class="field">Labels<input name="labels" value=${wish.stopLabels} placeholder="stage=production" autocomplete="off" /></label>
      </fieldset>
      <label class="field">As of<input type="datetime-local" name="asOf" step="1" value=${localTime(wish.asOf)} /></label>
      <button type="submit" class="button primary">Show</button>
    </form>`}
  <//>`;
}

/** @param {string} iso */
function localTime(iso) {
  const time = iso ? Date.parse(iso) : NaN;
  if (Number.isNaN(time)) return "";
  return new Date(time - new Date(time).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** @param {Picture} picture @param {{current: Stage | null}} stage */
export function exportsOf(picture, stage) {
  const look = () => stage.current.look;
  return [
    { label: "Picture as SVG", run: () => save(toSvg(picture, look(), "Lineage"), "lineage.svg", "image/svg+xml") },
    {
      label: "Picture as PNG",
      run: async () => {
        try {
          const { blob, scale } = await toPng(picture, look());
          save(blob, "lineage.png");
          if (scale < 0.5) say("The picture is whole and small: SVG keeps all its details");
        } catch (error) {
          say(error.message);
        }
      },
    },
    { label: "Nodes and edges as JSON", run: () => save(JSON.stringify(drawn(picture), null, 2), "lineage.json", "application/json") },
  ];
}

/** The nodes and events that a picture shows. @param {Picture} picture */
export function drawn({ scene }) {
  return {
    nodes: scene.boxes.flatMap((box) => box.members.map((id) => ({ id, box: box.id }))),
    edges: scene.lines.flatMap((line) => line.edges.map(({ from, to, artifact, execution, eventType, port, implied }) => ({ from, to, artifact, execution, eventType, port, implied }))),
  };
}

/** The picture with the list beside it. */
export function Graph({ lineage, scene, version, base, stage, picture, onPicture, lit, count, chosen, actions, more, detail = undefined }) {
  const host = useRef(null);
  const layouter = useRef(null);
  const last = useRef({ base: "", anchor: "" });
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const [pathFrom, setPathFrom] = useState("");
  const [sought, setSought] = useState(null);
  const now = useRef(null);
  now.current = { lineage, scene, picture, actions, pathFrom, chosen, more, busy };

  const choose = (at) => {
    const { picture: shown, actions: act, pathFrom: from } = now.current;
    const box = shown?.scene.boxes[at];
    if (from && box?.sort === "one") {
      setPathFrom("");
      if (from !== box.members[0]) act.path(from, box.members[0]);
      return;
    }
    last.current.anchor = box?.id ?? last.current.anchor;
    act.choose(box?.id ?? "");
  };
  const expand = (id, way) => {
    last.current.anchor = id;
    now.current.actions.more(id, way);
  };
  const unfold = (id) => {
    last.current.anchor = id;
    now.current.actions.unfold(id);
  };

  useLayoutEffect(() => {
    const made = new Stage(host.current, {
      choose,
      open: (at) => {
        const box = now.current.picture?.scene.boxes[at];
        if (box && box.sort !== "one") unfold(box.id);
      },
      more: (at, way) => expand(now.current.picture.scene.boxes[at].id, way),
      frame: (group) => now.current.actions.foldRun(now.current.picture.scene.groups[group].run),
      near: (boxes) => {
        const shown = now.current.picture;
        if (shown) count(boxes.filter((at) => shown.scene.boxes[at].sort === "one").map((at) => shown.scene.boxes[at].members[0]));
      },
      label: (at) => spoken(now.current.picture, at),
    });
    stage.current = made;
    host.current.lineage = {
      stage: made,
      drawn: () => now.current.picture && drawn(now.current.picture),
      rested: () => !now.current.busy && now.current.picture?.scene === now.current.scene && made.rested,
    };
    layouter.current = new Layouter();
    return () => {
      made.end();
      layouter.current?.end();
      stage.current = null;
    };
  }, []);

  /** Lays the scene out: anew, or with what is known staying in its place. */
  const arrange = (anew) => {
    const { picture: before } = now.current;
    const same = !anew && last.current.base === base && before;
    setBusy(true);
    layouter.current.run(scene, stage.current.look.font, same ? before.middles() : null).then(
      (next) => {
        if (!next || !stage.current) return;
        const anchor = same ? anchorOf(before, next, [last.current.anchor, now.current.chosen]) : null;
        last.current.base = base;
        // What the stage tells from here on is of the new picture.
        now.current.picture = next;
        stage.current.show(next, { anchor });
        stage.current.draw();
        performance.mark("lineage drawn");
        host.current.dataset.layout = String(Math.round(layouter.current.took));
        onPicture(next);
        setBusy(false);
        setError(null);
      },
      (failed) => {
        setBusy(false);
        setError(failed);
      },
    );
  };
  useEffect(() => arrange(false), [scene]);

  useEffect(() => {
    if (!picture || !stage.current) return;
    const { byId, boxOf, lines } = picture.scene;
    const at = byId.get(chosen) ?? boxOf.get(chosen) ?? -1;
    const marks = { chosen: at, lit: null, litLines: null, more };
    if (lit) {
      const boxesLit = new Set([...lit.ids].map((id) => (boxOf.get(id))));
      const linesLit = lit.edges && new Set([...lines.keys()].filter((line) => lines[line].edges.some((edge) => lit.edges.has(edge.key))));
      Object.assign(marks, { lit: boxesLit, litLines: linesLit });
    } else if (sought) Object.assign(marks, { lit: sought });
    else if (at >= 0) {
      const near = picture.at[at];
      Object.assign(marks, { litLines: new Set([...near.up, ...near.down]) });
    }
    stage.current.mark(marks);
  }, [picture, chosen, lit, sought, version]);

  useEffect(() => {
    if (lit && picture) stage.current?.fitTo([...lit.ids].map((id) => picture.scene.boxOf.get(id)).filter((at) => at !== undefined));
  }, [picture, lit]);

  const reveal = (at) => {
    choose(at);
    stage.current?.reveal(at, { middle: true });
  };

  return html`<div class="lineage-main">
    <div class="stage-frame">
      <div class="stage" ref=${host} data-boxes=${picture?.size ?? ""}></div>
      ${busy && !picture && html`<div class="stage-note" role="status">Laying out ${plural(scene.boxes.length, "box", "boxes")}…</div>`}
      ${error && html`<div class="stage-note"><${Failure} error=${error} what="The picture could not be laid out" /></div>`}
      <div class="stage-tools">
        <button type="button" class="button" aria-label="Zoom in" onClick=${() => stage.current?.zoom(1.35)}><${Icon} name="plus" /></button>
        <button type="button" class="button" aria-label="Zoom out" onClick=${() => stage.current?.zoom(1 / 1.35)}><svg class="icon" viewBox="0 0 24 24" width="16" height="16" aria-hidden="true"><path d="M4.5 12h15" /></svg></button>
        <button type="button" class="button" onClick=${() => stage.current?.fit()}>Fit</button>
        <button type="button" class="button" title="Lay it out anew" onClick=${() => arrange(true)}>Tidy</button>
      </div>
      ${pathFrom && html`<div class="stage-note" role="status">Choose the other end of the path, in the graph or in the list.
        <button type="button" class="button quiet" onClick=${() => setPathFrom("")}>Cancel</button></div>`}
    </div>
    <${Side}
      lineage=${lineage}
      picture=${picture}
      version=${version}
      chosen=${chosen}
      more=${more}
      actions=${{ ...actions, reveal, expand, unfold, pathFrom: setPathFrom, sought: setSought, focus: (at) => stage.current?.focus(at) }}
      detail=${detail}
    />
  </div>`;
}

/** The first of some boxes that both pictures have, else the first that stays. @param {Picture} before @param {Picture} after @param {string[]} wished */
function anchorOf(before, after, wished) {
  const both = (id) => before.scene.byId.has(id) && after.scene.byId.has(id);
  return wished.find(both) ?? before.scene.boxes.find((box) => box.root && both(box.id))?.id ?? before.scene.boxes.find((box) => both(box.id))?.id ?? null;
}

/** How a screen reader calls a box. @param {Picture | null} picture @param {number} at */
function spoken(picture, at) {
  const box = picture?.scene.boxes[at];
  if (!picture || !box) return "";
  const { up, down } = picture.at[at];
  const state = box.state ? `, ${formatEnum(box.state)}` : "";
  return `${box.title}, ${box.note}${state}; ${up.length} in, ${down.length} out`;
}
