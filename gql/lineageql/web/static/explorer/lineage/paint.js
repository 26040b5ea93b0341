// Draws a picture, with a pen of either sort: on a canvas, or as SVG. The nearer, the more is drawn.

import { kindShape, stateSign } from "../icons.js";
import { fitted, fontsOf, hasSign, labelOf, sideOfLine, SIZES, widthOf } from "./picture.js";

/**
 * What a picture looks like: colours from tokens.css, as they are at the moment.
 *
 * @typedef {Record<"bg" | "panel" | "sunk" | "hover" | "line" | "lineStrong" | "edge" | "text" | "muted" | "accent" |
 *     "accentSoft" | "ok" | "run" | "bad" | "warn" | "model" | "data" | "metrics" | "statistics" | "other" |
 *     "execution" | "group" | "font", string>} Look
 */

/**
 * What stands out.
 *
 * @typedef {object} Marks
 * @property {number} chosen the box that is chosen, -1 for none
 * @property {number} pointed the box that is pointed at, -1 for none
 * @property {Set<number> | null} lit boxes that stand out; all others step back
 * @property {Set<number> | null} litLines lines that do
 * @property {(box: import("./folding.js").Box, way: "up" | "down") => string} more what a box's mark of hidden neighbours says; "" for none
 */

/** The part of a picture that is drawn, in its own coordinates, and how large. @typedef {{x: number, y: number, w: number, h: number, k: number}} Part */

/** @type {Marks} */
export const NO_MARKS = { chosen: -1, pointed: -1, lit: null, litLines: null, more: () => "" };

/** From these sizes on more is drawn. */
export const NEAR = 0.5;
const MIDDLE = 0.2;

/** @param {Element} element any that the tokens reach @returns {Look} */
export function lookOf(element) {
  const style = getComputedStyle(element);
  const read = (name) => style.getPropertyValue(name).trim();
  return {
    bg: read("--bg"),
    panel: read("--panel"),
    sunk: read("--sunk"),
    hover: read("--hover"),
    line: read("--line"),
    lineStrong: read("--line-strong"),
    edge: read("--edge-control"),
    text: read("--text"),
    muted: read("--muted"),
    accent: read("--accent"),
    accentSoft: read("--accent-soft"),
    ok: read("--ok"),
    run: read("--run"),
    bad: read("--bad"),
    warn: read("--warn"),
    model: read("--model"),
    data: read("--data"),
    metrics: read("--metrics"),
    statistics: read("--statistics"),
    other: read("--other"),
    execution: read("--execution"),
    group: read("--group"),
    font: style.fontFamily,
  };
}

/** @type {Record<string, keyof Look>} */
const COLOURS = { MODEL: "model", DATA_SET: "data", METRICS: "metrics", STATISTICS: "statistics", EXECUTION: "execution", RUN: "group" };

/** @param {Look} look @param {string} kind */
export function colourOf(look, kind) {
  return look[COLOURS[kind] ?? "other"];
}

/** @type {Record<string, keyof Look>} */
const SIDE_COLOURS = { left: "bad", right: "ok", changed: "warn" };
/** Sides are told by a sign too. @type {Record<string, string>} */
export const SIDE_SIGNS = { left: "−", right: "+", changed: "≠" };

/**
 * @typedef {(pen: import("./pens.js").Pen, picture: import("./picture.js").Picture, part: Part, look: Look,
 *     marks: Marks) => void} Painter
 */

/** @type {Painter} */
export function paint(pen, picture, part, look, marks) {
  paintFrames(pen, picture, part, look, marks);
  paintLines(pen, picture, part, look, marks);
  paintBoxes(pen, picture, part, look, marks);
}

/** @type {Painter} */
function paintFrames(pen, { scene, placed }, part, look) {
  const fonts = fontsOf(look.font);
  for (let at = 0; at < scene.groups.length; at += 1) {
    const [l, t, r, b] = placed.frames.subarray(4 * at, 4 * at + 4);
    if (!(r > part.x && b > part.y && l < part.x + part.w && t < part.y + part.h)) continue;
    pen.box(l, t, r - l, b - t, 12, { fill: look.sunk, stroke: look.line, width: 1 / Math.max(part.k, 0.35) });
    if (part.k < 0.26) continue;
    // Farther off a name keeps a size that can be read, as long as its frame's head has room for it.
    const size = Math.min(21, Math.max(SIZES.frame, 9.5 / part.k));
    const font = `600 ${size.toFixed(1)}px ${look.font}`;
    const room = ((r - l - 44 - size) * SIZES.frame) / size;
    pen.shape(kindShape("RUN"), l + 11, t + 15 - size / 2, size, look.group);
    pen.text(fitted(scene.groups[at].name, fonts.frame, room), l + 17 + size, t + 15 + size * 0.36, font, look.muted);
    // The sign of folding stands at the right.
    pen.lines([[r - 24, t + 15, r - 14, t + 15]], { stroke: look.muted, width: 1.6 });
  }
}

/** @type {Painter} */
function paintLines(pen, picture, part, look, marks) {
  const { scene, placed } = picture;
  const thin = part.k >= NEAR ? 1.25 : Math.min(1.25 / part.k, 1.25 / NEAR + (0.7 / part.k - 0.7 / NEAR) * 0.6);
  const sided = scene.boxes.length > 0 && scene.boxes[0].side !== null;
  const back = marks.litLines ? 0.4 : part.k < MIDDLE ? 0.55 : 1;
  picture.segments.forEach((segments, implied) => {
    if (!segments.length) return;
    const style = { stroke: look.edge, width: thin, alpha: back, dash: implied ? [5 / part.k ** 0.5, 4 / part.k ** 0.5] : undefined };
    if (!sided) pen.curves(placed.segments, segments, part, style);
    else {
      for (const side of ["both", "changed", "left", "right"]) {
        const some = segments.filter((at) => (sideOfLine(scene, scene.lines[picture.lineOf[at]]) ?? "both") === side);
        const named = side === "left" || side === "right";
        const stroke = named ? look[SIDE_COLOURS[side]] : look.edge;
        pen.curves(placed.segments, some, part, { ...style, stroke, dash: side === "left" ? [7, 4] : style.dash });
      }
    }
  });
  if (marks.litLines) {
    const lit = [];
    for (const line of marks.litLines) for (let of = placed.starts[line]; of < placed.starts[line + 1]; of += 1) lit.push(placed.pieces[of]);
    pen.curves(placed.segments, Int32Array.from(new Set(lit)), part, { stroke: look.accent, width: Math.max(2, 1.6 / part.k) });
  }
  if (part.k < MIDDLE) return;
  const fonts = fontsOf(look.font);
  for (let at = 0; at < scene.lines.length; at += 1) {
    const line = scene.lines[at];
    const [start, end] = [placed.starts[at], placed.starts[at + 1]];
    if (start === end) continue;
    const back_ = placed.back[at] === 1;
    // Lines that lead back are kept from their beginning to their end, their segments from left to right.
    const first = 4 * placed.pieces[start];
    const last = 4 * placed.pieces[end - 1];
    const [x0, y0] = back_ ? [placed.segments[first + 2], placed.segments[first + 3]] : [placed.segments[first], placed.segments[first + 1]];
    const [x1, y1] = back_ ? [placed.segments[last], placed.segments[last + 1]] : [placed.segments[last + 2], placed.segments[last + 3]];
    const lit = marks.litLines?.has(at);
    const alpha = marks.litLines && !lit ? 0.4 : 1;
    if (inside(part, x1, y1)) {
      const size = part.k < NEAR ? 9 : 6.5;
      const turn = back_ ? 1 : -1;
      pen.polygon([[x1, y1], [x1 + turn * size, y1 - size * 0.55], [x1 + turn * size, y1 + size * 0.55]], lit ? look.accent : look.edge, alpha);
    }
    if (part.k < NEAR) continue;
    const [x, y] = line.atStart ? [x0, y0] : [x1, y1];
    const label = line.port && labelOf(line);
    if (!label || !inside(part, x, y)) continue;
    const toRight = line.atStart !== back_;
    const shown = fitted(label, fonts.port, SIZES.mostPort);
    pen.text(shown, toRight ? x + 7 : x - 11, y - 4, fonts.port, lit ? look.accent : look.muted, toRight ? "start" : "end", alpha);
  }
}

/** @param {Part} part @param {number} x @param {number} y */
function inside(part, x, y) {
  return x > part.x - 130 && x < part.x + part.w + 130 && y > part.y - 20 && y < part.y + part.h + 20;
}

/** @type {Painter} */
function paintBoxes(pen, picture, part, look, marks) {
  const { scene, placed, h } = picture;
  const far = part.k < MIDDLE;
  /** Far boxes by colour: each colour is one path. @type {Map<string, number[]>} */
  const flat = new Map();
  for (let at = 0; at < scene.boxes.length; at += 1) {
    const [x, y, w] = [placed.x[at], placed.y[at], placed.w[at]];
    if (x > part.x + part.w || y > part.y + part.h + 12 || x + w < part.x || y + h[at] < part.y - 12) continue;
    if (far && at !== marks.chosen) {
      const box = scene.boxes[at];
      const dim = marks.lit !== null && !marks.lit.has(at);
      const colour = box.side && box.side !== "both" ? look[SIDE_COLOURS[box.side]] : box.state === "FAILED" ? look.bad : colourOf(look, box.kind);
      const key = `${dim ? "-" : "+"}${colour}`;
      const some = flat.get(key);
      if (some) some.push(at);
      else flat.set(key, [at]);
    } else paintBox(pen, picture, at, part.k, look, marks);
  }
  for (const [key, some] of flat) {
    const least = 1.5 / part.k;
    pen.rects(some.map((at) => [placed.x[at], placed.y[at], placed.w[at], Math.max(least, h[at])]), key.slice(1), key[0] === "-" ? 0.2 : 0.85);
  }
}

/** @param {import("./pens.js").Pen} pen @param {import("./picture.js").Picture} picture @param {number} at @param {number} k @param {Look} look @param {Marks} marks */
function paintBox(pen, { scene, placed, h }, at, k, look, marks) {
  const box = scene.boxes[at];
  const fonts = fontsOf(look.font);
  const [x, y, w, height] = [placed.x[at], placed.y[at], placed.w[at], h[at]];
  const alpha = marks.lit && !marks.lit.has(at) ? 0.3 : 1;
  const colour = colourOf(look, box.kind);
  // What is recorded has round ends, what was done has corners.
  const round = box.kind === "EXECUTION" ? 4 : box.kind === "RUN" ? 8 : Math.min(16, height / 2);
  const side = box.side && box.side !== "both" ? look[SIDE_COLOURS[box.side]] : null;
  const failed = box.state === "FAILED" || box.state === "ABANDONED";
  const chosen = at === marks.chosen;
  const border = chosen ? look.accent : (side ?? (failed ? look.bad : look.lineStrong));
  const dash = box.state === "CACHED" || box.state === "PENDING" || box.side === "left" ? [5, 3] : undefined;
  const width = (chosen ? 2.2 : side ? 1.8 : at === marks.pointed ? 1.8 : 1.1) / Math.min(1, k ** 0.6);
  const fill = chosen ? look.accentSoft : at === marks.pointed ? look.hover : look.panel;
  if (box.sort !== "one") {
    for (const step of [6, 3]) pen.box(x + step, y + step, w - 2 * step + step, height, round, { fill: look.panel, stroke: look.lineStrong, width: 1, alpha });
  }
  // Where it steps back, lines behind it do not shine through.
  if (alpha < 1) pen.box(x, y, w, height, round, { fill: look.bg });
  pen.box(x, y, w, height, round, { fill, stroke: border, width, dash, alpha });
  if (box.root) pen.box(x - 3.5, y - 3.5, w + 7, height + 7, round + 3.5, { stroke: look.accent, width: 1.4 / Math.min(1, k), alpha });
  const middle = y + height / 2;
  if (k < NEAR) {
    // Names keep a size that can be read, as long as there is room for a few letters.
    const size = Math.min(height * 0.55, Math.max(SIZES.title, 9.5 / k));
    const glyph = Math.min(height * 0.6, SIZES.glyph / k ** 0.3);
    pen.shape(kindShape(box.kind), x + 8, middle - glyph / 2, glyph, colour, alpha);
    const font = `600 ${size.toFixed(1)}px ${look.font}`;
    const room = ((w - glyph - (side ? 38 : 18)) * SIZES.title) / size;
    pen.text(fitted(box.title, fonts.title, room), x + glyph + 13, middle + size * 0.36, font, look.text, "start", alpha);
    if (side) pen.text(SIDE_SIGNS[box.side], x + w - 8, middle + 8, `700 24px ${look.font}`, side, "end", alpha);
    return;
  }
  pen.shape(kindShape(box.kind), x + 11, middle - SIZES.glyph / 2, SIZES.glyph, colour, alpha);
  const sign = hasSign(box.state);
  const room = w - SIZES.inset - SIZES.end - (sign || side ? SIZES.sign : 0);
  pen.text(fitted(box.title, fonts.title, room), x + SIZES.inset, middle - 2.5, fonts.title, look.text, "start", alpha);
  pen.text(fitted(box.note, fonts.note, room), x + SIZES.inset, middle + 14, fonts.note, look.muted, "start", alpha);
  if (side) pen.text(SIDE_SIGNS[box.side], x + w - 12, middle + 5.5, `700 16px ${look.font}`, side, "end", alpha);
  else if (sign) {
    const [tone, path] = stateSign((box.state));
    const paintOf = look[tone] ?? look.muted;
    pen.outline(path, x + w - SIZES.sign - 7, middle - 9, 18, paintOf, alpha);
  }
  for (const way of /** @type {const} */ (["up", "down"])) {
    const more = marks.more(box, way);
    if (!more) continue;
    const [left, top, wide, high] = chipOf(x, y, w, height, way, more, look);
    pen.box(left, top, wide, high, high / 2, { fill: look.panel, stroke: look.accent, width: 1.1, alpha });
    pen.text(more, left + wide / 2, top + high - 5, fonts.port, look.accent, "middle", alpha);
  }
}

/** Where the mark of hidden neighbours stands: at a lower corner, across the border. @param {number} x @param {number} y @param {number} w @param {number} h @param {"up" | "down"} way @param {string} text @param {Look} look @returns {[number, number, number, number]} */
export function chipOf(x, y, w, h, way, text, look) {
  const wide = Math.max(22, widthOf(text, fontsOf(look.font).port) + 12);
  return [way === "up" ? x - 8 : x + w - wide + 8, y + h - 9, wide, 18];
}
