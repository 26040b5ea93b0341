// The picture of a scene: its boxes with their sizes, laid out in a worker.

/** @typedef {import("./folding.js").Scene} Scene */
/** @typedef {import("./layout.js").Plan} Plan */
/** @typedef {import("./layout.js").Placed} Placed */

/** Sizes of what is written and drawn, in pixels at full size. */
export const SIZES = {
  box: 46,
  title: 13,
  note: 11.5,
  port: 10.5,
  frame: 12,
  glyph: 18,
  inset: 38, // before a title: the glyph with room around it
  end: 12, // after it
  sign: 20, // more of it, where a state has a sign
  port_step: 17,
  least: 116,
  most: 264,
  mostPort: 116,
};

/** States that are as they should be: they need no sign. */
const QUIET = new Set(["COMPLETE", "LIVE", "UNKNOWN", "NEW"]);

/** @param {string | null} state */
export function hasSign(state) {
  return state !== null && !QUIET.has(state);
}

/** The fonts, for all that draws and measures. @param {string} family */
export function fontsOf(family) {
  return {
    title: `600 ${SIZES.title}px ${family}`,
    note: `400 ${SIZES.note}px ${family}`,
    port: `400 ${SIZES.port}px ${family}`,
    frame: `600 ${SIZES.frame}px ${family}`,
  };
}

/** @type {Map<string, number>} */
const measured = new Map();
/** @type {CanvasRenderingContext2D | null} */
let pen = null;

/** How wide a text is. @param {string} text @param {string} font */
export function widthOf(text, font) {
  const key = `${font}\n${text}`;
  const known = measured.get(key);
  if (known !== undefined) return known;
  pen ??= document.createElement("canvas").getContext("2d");
  if (!pen) return text.length * 7;
  pen.font = font;
  const width = pen.measureText(text).width;
  if (measured.size > 100_000) measured.clear();
  measured.set(key, width);
  return width;
}

/** @type {Map<string, Map<string, number>>} */
const letters = new Map();

/** About how wide a text is, from its letters: for many texts, of which no two are the same. @param {string} text @param {string} font */
function aboutWidthOf(text, font) {
  let widths = letters.get(font);
  if (!widths) letters.set(font, (widths = new Map()));
  let width = 0;
  for (const letter of text) {
    let known = widths.get(letter);
    if (known === undefined) widths.set(letter, (known = widthOf(letter, font)));
    width += known;
  }
  return width;
}

/** A text cut so that it fits. @param {string} text @param {string} font @param {number} room */
export function fitted(text, font, room) {
  if (widthOf(text, font) <= room) return text;
  let [least, most] = [0, text.length];
  while (least < most) {
    const middle = (least + most + 1) >> 1;
    if (widthOf(`${text.slice(0, middle)}…`, font) <= room) least = middle;
    else most = middle - 1;
  }
  return least ? `${text.slice(0, least).trimEnd()}…` : "";
}

/** @param {import("./folding.js").Line} line */
export function labelOf(line) {
  const count = line.edges.length > 1 ? `×${line.edges.length}` : "";
  return [line.port ?? "", count].filter(Boolean).join(" ");
}

/**
 * A scene as the layout takes it.
 *
 * @param {Scene} scene
 * @param {string} family of the font
 * @param {Map<string, number> | null} before the middle of each box in the picture before
 * @returns {Plan}
 */
export function planOf(scene, family, before) {
  const fonts = fontsOf(family);
  const { boxes, lines, groups } = scene;
  const outPort = new Int32Array(lines.length).fill(-1);
  const inPort = new Int32Array(lines.length).fill(-1);
  const outLabel = new Float32Array(lines.length);
  const inLabel = new Float32Array(lines.length);
  /** @type {Map<string, number>[]} */
  const outs = boxes.map(() => new Map());
  /** @type {Map<string, number>[]} */
  const ins = boxes.map(() => new Map());
  lines.forEach((line, at) => {
    const ports = line.atStart ? outs[line.from] : ins[line.to];
    const name = line.port ?? "";
    let number = ports.get(name);
    if (number === undefined) ports.set(name, (number = ports.size));
    (line.atStart ? outPort : inPort)[at] = number;
    const label = line.port && labelOf(line);
    if (label) (line.atStart ? outLabel : inLabel)[at] = Math.min(SIZES.mostPort, widthOf(label, fonts.port)) + 16;
  });
  return {
    widths: Float32Array.from(boxes, (box) => {
      const wanted = Math.max(aboutWidthOf(box.title, fonts.title), aboutWidthOf(box.note, fonts.note)) + 1;
      const around = SIZES.inset + SIZES.end + (hasSign(box.state) || (box.side && box.side !== "both") ? SIZES.sign : 0);
      return Math.min(SIZES.most, Math.max(SIZES.least, Math.ceil(wanted + around)));
    }),
    heights: Float32Array.from(boxes, (_, at) => {
      const ports = Math.min(24, Math.max(outs[at].size, ins[at].size));
      return Math.max(SIZES.box, 14 + SIZES.port_step * ports);
    }),
    groups: Int32Array.from(boxes, (box) => box.group),
    groupCount: groups.length,
    from: Int32Array.from(lines, (line) => line.from),
    to: Int32Array.from(lines, (line) => line.to),
    outPort,
    inPort,
    sort: Int32Array.from(lines, (line) => (line.implied ? 1 : 0) + 2 * sideNumber(scene, line)),
    outLabel,
    inLabel,
    before: before && Float32Array.from(boxes, (box) => before.get(box.id) ?? NaN),
  };
}

const SIDES = [null, "both", "left", "right", "changed"];

/** Which of two lineages has a line: where its ends differ, the one that is more particular. @param {Scene} scene @param {import("./folding.js").Line} line */
export function sideOfLine({ boxes }, { from, to }) {
  const [a, b] = [boxes[from].side, boxes[to].side];
  if (a === "left" || b === "left") return "left";
  if (a === "right" || b === "right") return "right";
  return a ?? b;
}

/** @param {Scene} scene @param {import("./folding.js").Line} line */
function sideNumber(scene, line) {
  return SIDES.indexOf(sideOfLine(scene, line));
}

/** A scene that is laid out, and what is looked up in it. */
export class Picture {
  /** @param {Scene} scene @param {Placed} placed @param {Plan} plan */
  constructor(scene, placed, plan) {
    this.scene = scene;
    this.placed = placed;
    this.h = plan.heights;
    const { lines, boxes } = scene;
    /** The lines at each box. @type {{up: number[], down: number[]}[]} */
    this.at = boxes.map(() => ({ up: [], down: [] }));
    lines.forEach((line, at) => {
      this.at[line.from].down.push(at);
      this.at[line.to].up.push(at);
    });
    /** The least line of each segment gives it its looks. */
    const count = placed.segments.length / 4;
    this.lineOf = new Int32Array(count).fill(-1);
    for (let line = lines.length - 1; line >= 0; line -= 1) {
      for (let of = placed.starts[line]; of < placed.starts[line + 1]; of += 1) this.lineOf[placed.pieces[of]] = line;
    }
    /** Segments of common lines, and of implied ones. @type {[Int32Array, Int32Array]} */
    this.segments = [Int32Array.from(this.pick(false)), Int32Array.from(this.pick(true))];
    /** Boxes by column and height, for the arrow keys. @type {number[]} */
    this.order = boxes.map((_, at) => at).sort((a, b) => placed.x[a] - placed.x[b] || placed.y[a] - placed.y[b] || a - b);
  }

  /** @param {boolean} implied */
  *pick(implied) {
    for (let at = 0; at < this.lineOf.length; at += 1) {
      const line = this.lineOf[at];
      if (line >= 0 && this.scene.lines[line].implied === implied) yield at;
    }
  }

  get size() {
    return this.scene.boxes.length;
  }

  /** The middle of each box's height, by id: what a later picture holds on to. */
  middles() {
    return new Map(this.scene.boxes.map((box, at) => [box.id, this.placed.y[at] + this.h[at] / 2]));
  }

  /** The box at a point; -1 where there is none. @param {number} x @param {number} y */
  hit(x, y) {
    const { placed, h } = this;
    for (let at = 0; at < h.length; at += 1) {
      if (x >= placed.x[at] && y >= placed.y[at] && x <= placed.x[at] + placed.w[at] && y <= placed.y[at] + h[at]) return at;
    }
    return -1;
  }

  /** The frame whose head a point is on; -1 where there is none. @param {number} x @param {number} y */
  hitFrame(x, y) {
    const { frames } = this.placed;
    for (let at = 0; at < this.scene.groups.length; at += 1) {
      const [l, t, r] = frames.subarray(4 * at, 4 * at + 4);
      if (x >= l && x <= r && y >= t && y <= t + 28) return at;
    }
    return -1;
  }

  /**
   * The box that an arrow key leads to.
   *
   * @param {number} at
   * @param {string} key
   */
  next(at, key) {
    const { placed, h, scene } = this;
    const middle = (box) => placed.y[box] + h[box] / 2;
    if (key === "ArrowLeft" || key === "ArrowRight") {
      const side = key === "ArrowLeft" ? this.at[at].up : this.at[at].down;
      const ends = side.map((line) => (key === "ArrowLeft" ? scene.lines[line].from : scene.lines[line].to)).filter((box) => box !== at);
      return nearest(ends, (box) => Math.abs(middle(box) - middle(at)));
    }
    const column = this.order.filter((box) => placed.x[box] === placed.x[at]);
    const step = key === "ArrowUp" ? -1 : 1;
    return column[column.indexOf(at) + step] ?? -1;
  }
}

/** @param {number[]} boxes @param {(box: number) => number} distance */
function nearest(boxes, distance) {
  let [best, least] = [-1, Infinity];
  for (const box of boxes) {
    const far = distance(box);
    if (far < least) [best, least] = [box, far];
  }
  return best;
}

/** A worker that waits for its first layout. @type {Worker | null} */
let spare = null;

function newWorker() {
  return new Worker(new URL("./layout-worker.js", import.meta.url), { type: "module" });
}

/** Starts a worker while the answer is still on its way. */
export function prepare() {
  spare ??= newWorker();
}

/** Lays out in a worker of its own; what is overtaken by a newer wish is dropped. */
export class Layouter {
  constructor() {
    /** @type {Worker | null} */
    this.worker = null;
    this.asked = 0;
    /** How long the last layout took, in milliseconds. */
    this.took = 0;
  }

  /**
   * @param {Scene} scene
   * @param {string} family
   * @param {Map<string, number> | null} before
   * @returns {Promise<Picture | null>} null where a newer wish came
   */
  run(scene, family, before) {
    const plan = planOf(scene, family, before);
    // A layout that nobody waits for any more is ended.
    if (this.waiting) this.end();
    this.worker ??= spare ?? newWorker();
    spare = null;
    const { worker } = this;
    this.asked += 1;
    const id = this.asked;
    return new Promise((resolve, reject) => {
      this.waiting = () => resolve(null);
      worker.onerror = (event) => {
        this.waiting = null;
        reject(new Error(event.message || "The layout's worker could not start."));
      };
      worker.onmessage = ({ data }) => {
        if (data.id !== id) return;
        this.waiting = null;
        if (data.error) reject(new Error(data.error));
        else {
          this.took = data.took;
          resolve(new Picture(scene, data.placed, plan));
        }
      };
      worker.postMessage({ id, plan });
    });
  }

  end() {
    this.worker?.terminate();
    this.worker = null;
    this.waiting?.();
    this.waiting = null;
  }
}
