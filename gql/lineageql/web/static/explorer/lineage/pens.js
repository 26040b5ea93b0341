// Two pens that draw the same: on a canvas, and as SVG.

/**
 * @typedef {object} Pen
 * @property {(x: number, y: number, w: number, h: number, round: number, style: BoxStyle) => void} box
 * @property {(rects: number[][], fill: string, alpha?: number) => void} rects many boxes of one colour, without borders
 * @property {(path: string, x: number, y: number, size: number, fill: string, alpha?: number) => void} shape an SVG path
 *     in a box of 24 by 24, filled
 * @property {(path: string, x: number, y: number, size: number, stroke: string, alpha?: number) => void} outline such a
 *     path in a ring, drawn as lines
 * @property {(text: string, x: number, y: number, font: string, fill: string, anchor?: "start" | "middle" | "end",
 *     alpha?: number) => void} text
 * @property {(points: number[][], fill: string, alpha?: number) => void} polygon
 * @property {(lines: number[][], style: LineStyle) => void} lines straight ones
 * @property {(segments: Float32Array, which: ArrayLike<number>, part: Part, style: LineStyle) => void} curves pieces of
 *     lines that leave and enter level
 *
 * @typedef {{fill?: string, stroke?: string, width?: number, dash?: number[], alpha?: number}} BoxStyle
 * @typedef {{stroke: string, width: number, dash?: number[], alpha?: number}} LineStyle
 * @typedef {import("./paint.js").Part} Part
 */

/** @type {Map<string, Path2D>} */
const paths = new Map();

/** @param {string} path */
function pathOf(path) {
  let found = paths.get(path);
  if (!found) paths.set(path, (found = new Path2D(path)));
  return found;
}

const RING = "M21.5 12a9.5 9.5 0 1 1-19 0 9.5 9.5 0 0 1 19 0z";

/** @implements {Pen} */
export class CanvasPen {
  /** @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} context whose coordinates are the picture's */
  constructor(context) {
    this.context = context;
  }

  /** @type {Pen["box"]} */
  box(x, y, w, h, round, { fill, stroke, width = 1, dash, alpha = 1 }) {
    const { context } = this;
    context.globalAlpha = alpha;
    context.beginPath();
    context.roundRect(x, y, w, h, round);
    if (fill) {
      context.fillStyle = fill;
      context.fill();
    }
    if (stroke) {
      context.strokeStyle = stroke;
      context.lineWidth = width;
      if (dash) context.setLineDash(dash);
      context.stroke();
      if (dash) context.setLineDash([]);
    }
    context.globalAlpha = 1;
  }

  /** @type {Pen["rects"]} */
  rects(rects, fill, alpha = 1) {
    const { context } = this;
    context.globalAlpha = alpha;
    context.fillStyle = fill;
    for (const [x, y, w, h] of rects) context.fillRect(x, y, w, h);
    context.globalAlpha = 1;
  }

  /** @type {Pen["shape"]} */
  shape(path, x, y, size, fill, alpha = 1) {
    const { context } = this;
    context.save();
    context.globalAlpha = alpha;
    context.translate(x, y);
    context.scale(size / 24, size / 24);
    context.fillStyle = fill;
    context.fill(pathOf(path), "evenodd");
    context.restore();
  }

  /** @type {Pen["outline"]} */
  outline(path, x, y, size, stroke, alpha = 1) {
    const { context } = this;
    context.save();
    context.globalAlpha = alpha;
    context.translate(x, y);
    context.scale(size / 24, size / 24);
    context.strokeStyle = stroke;
    context.lineWidth = 2;
    context.lineCap = context.lineJoin = "round";
    context.stroke(pathOf(RING));
    context.stroke(pathOf(path));
    context.restore();
  }

  /** @type {Pen["text"]} */
  text(text, x, y, font, fill, anchor = "start", alpha = 1) {
    const { context } = this;
    context.globalAlpha = alpha;
    context.font = font;
    context.fillStyle = fill;
    context.textAlign = anchor === "middle" ? "center" : anchor;
    context.fillText(text, x, y);
    context.globalAlpha = 1;
  }

  /** @type {Pen["polygon"]} */
  polygon(points, fill, alpha = 1) {
    const { context } = this;
    context.globalAlpha = alpha;
    context.beginPath();
    points.forEach(([x, y], at) => (at ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.closePath();
    context.fillStyle = fill;
    context.fill();
    context.globalAlpha = 1;
  }

  /** @type {Pen["lines"]} */
  lines(lines, { stroke, width, alpha = 1 }) {
    const { context } = this;
    context.globalAlpha = alpha;
    context.strokeStyle = stroke;
    context.lineWidth = width;
    context.beginPath();
    for (const [x0, y0, x1, y1] of lines) {
      context.moveTo(x0, y0);
      context.lineTo(x1, y1);
    }
    context.stroke();
    context.globalAlpha = 1;
  }

  /** @type {Pen["curves"]} */
  curves(segments, which, part, { stroke, width, dash, alpha = 1 }) {
    const { context } = this;
    const [left, top, right, bottom] = [part.x, part.y, part.x + part.w, part.y + part.h];
    const smallest = 0.8 / part.k;
    const straight = 10 / part.k;
    context.globalAlpha = alpha;
    context.strokeStyle = stroke;
    context.lineWidth = width;
    if (dash) context.setLineDash(dash);
    context.beginPath();
    let drawn = 0;
    for (let of = 0; of < which.length; of += 1) {
      const at = 4 * which[of];
      const [x0, y0, x1, y1] = [segments[at], segments[at + 1], segments[at + 2], segments[at + 3]];
      if (x0 > right || x1 < left || (y0 > bottom && y1 > bottom) || (y0 < top && y1 < top)) continue;
      const [dx, dy] = [x1 - x0, Math.abs(y1 - y0)];
      if (dx < smallest && dy < smallest) continue;
      context.moveTo(x0, y0);
      if (dy < 0.5 || dx < straight) context.lineTo(x1, y1);
      else {
        const bend = dx * 0.5;
        context.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1, y1);
      }
      drawn += 1;
      // Of one long path the browser's drawing is slower than of several.
      if (drawn % 400 === 0) {
        context.stroke();
        context.beginPath();
      }
    }
    context.stroke();
    if (dash) context.setLineDash([]);
    context.globalAlpha = 1;
  }
}

/** @implements {Pen} */
export class SvgPen {
  constructor() {
    /** @type {string[]} */
    this.parts = [];
  }

  /** @param {string} element */
  put(element) {
    this.parts.push(element);
  }

  /** @type {Pen["box"]} */
  box(x, y, w, h, round, { fill, stroke, width = 1, dash, alpha = 1 }) {
    const size = `x="${n(x)}" y="${n(y)}" width="${n(w)}" height="${n(h)}" rx="${n(round)}"`;
    this.put(`<rect ${size} fill="${fill ?? "none"}"${strokeOf(stroke, width, dash)}${alphaOf(alpha)}/>`);
  }

  /** @type {Pen["rects"]} */
  rects(rects, fill, alpha = 1) {
    this.put(`<path d="${rects.map(([x, y, w, h]) => `M${n(x)} ${n(y)}h${n(w)}v${n(h)}h${n(-w)}z`).join("")}" fill="${fill}"${alphaOf(alpha)}/>`);
  }

  /** @type {Pen["shape"]} */
  shape(path, x, y, size, fill, alpha = 1) {
    const where = `transform="translate(${n(x)} ${n(y)}) scale(${n(size / 24)})"`;
    this.put(`<path d="${path}" ${where} fill="${fill}" fill-rule="evenodd"${alphaOf(alpha)}/>`);
  }

  /** @type {Pen["outline"]} */
  outline(path, x, y, size, stroke, alpha = 1) {
    const where = `transform="translate(${n(x)} ${n(y)}) scale(${n(size / 24)})"`;
    this.put(`<path d="${RING}${path}" ${where} fill="none" stroke="${stroke}" stroke-width="2" stroke-linecap="round"${alphaOf(alpha)}/>`);
  }

  /** @type {Pen["text"]} */
  text(text, x, y, font, fill, anchor = "start", alpha = 1) {
    const where = `x="${n(x)}" y="${n(y)}"${anchor === "start" ? "" : ` text-anchor="${anchor}"`}`;
    this.put(`<text ${where} style="font:${escaped(font)}" fill="${fill}"${alphaOf(alpha)}>${escaped(text)}</text>`);
  }

  /** @type {Pen["polygon"]} */
  polygon(points, fill, alpha = 1) {
    this.put(`<polygon points="${points.map((point) => point.map(n).join()).join(" ")}" fill="${fill}"${alphaOf(alpha)}/>`);
  }

  /** @type {Pen["lines"]} */
  lines(lines, { stroke, width, alpha = 1 }) {
    const path = lines.map(([x0, y0, x1, y1]) => `M${n(x0)} ${n(y0)}L${n(x1)} ${n(y1)}`).join("");
    this.put(`<path d="${path}" fill="none"${strokeOf(stroke, width)}${alphaOf(alpha)}/>`);
  }

  /** @type {Pen["curves"]} */
  curves(segments, which, _, { stroke, width, dash, alpha = 1 }) {
    const path = [];
    for (let of = 0; of < which.length; of += 1) {
      const at = 4 * which[of];
      const [x0, y0, x1, y1] = segments.subarray(at, at + 4);
      const bend = (x1 - x0) * 0.5;
      path.push(Math.abs(y1 - y0) < 0.5 ? `M${n(x0)} ${n(y0)}H${n(x1)}` : `M${n(x0)} ${n(y0)}C${[x0 + bend, y0, x1 - bend, y1, x1, y1].map(n).join(" ")}`);
    }
    if (path.length) this.put(`<path d="${path.join("")}" fill="none"${strokeOf(stroke, width, dash)}${alphaOf(alpha)}/>`);
  }
}

/** @param {number} number */
function n(number) {
  return String(Math.round(number * 100) / 100);
}

/** @param {string | undefined} stroke @param {number} width @param {number[]} [dash] */
function strokeOf(stroke, width, dash) {
  if (!stroke) return "";
  return ` stroke="${stroke}" stroke-width="${n(width)}"${dash ? ` stroke-dasharray="${dash.map(n).join(" ")}"` : ""}`;
}

/** @param {number} alpha */
function alphaOf(alpha) {
  return alpha === 1 ? "" : ` opacity="${n(alpha)}"`;
}

/** Text as it may stand in XML: signs that XML has no place for are left out. @param {string} text */
export function escaped(text) {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
    .replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
