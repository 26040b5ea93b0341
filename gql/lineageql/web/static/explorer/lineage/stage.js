// Where a picture is shown: pan and zoom, the pointer and the keys, the map of the whole, and buttons over near boxes.

import { chipOf, colourOf, lookOf, NEAR, NO_MARKS, paint } from "./paint.js";
import { CanvasPen } from "./pens.js";

const NEAREST = 2.4;
/** A picture of so many boxes begins so near that it can be read. */
const SMALL = 30;
/** More buttons than these would slow the page, and nobody could follow them. */
const MOST_BUTTONS = 240;
/** A picture that takes longer to draw, in milliseconds, is moved as a sheet and drawn anew when it rests. */
const SLOW = 9;
/** How much larger than the stage a sheet is, on each side. */
const SPARE = 0.35;

/**
 * What a stage tells.
 *
 * @typedef {object} Listener
 * @property {(box: number) => void} choose a box was chosen; -1 for none
 * @property {(box: number) => void} open a box was double-clicked, or Enter was pressed on it
 * @property {(box: number, way: "up" | "down") => void} more the mark of hidden neighbours was pressed
 * @property {(group: number) => void} frame the head of a frame was pressed
 * @property {(boxes: number[]) => void} near these boxes can be read
 * @property {(box: number) => string} label how a box is called by a screen reader
 */

export class Stage {
  /** @param {HTMLElement} host an empty element with a size @param {Listener} listener */
  constructor(host, listener) {
    this.host = host;
    this.listener = listener;
    this.canvas = element("canvas", "stage-canvas");
    this.layer = element("div", "stage-buttons");
    this.map = element("canvas", "stage-map");
    this.window = element("div", "stage-window");
    this.mapBox = element("div", "stage-map-box");
    this.canvas.setAttribute("aria-hidden", "true");
    this.mapBox.setAttribute("aria-hidden", "true");
    this.layer.setAttribute("role", "group");
    this.layer.setAttribute("aria-label", "Graph: arrow keys go along the lines; the list beside it holds the same nodes");
    this.mapBox.append(this.map, this.window);
    host.append(this.canvas, this.layer, this.mapBox);
    this.context = (this.canvas.getContext("2d", { alpha: false }));
    this.look = lookOf(host);
    /** @type {import("./picture.js").Picture | null} */
    this.picture = null;
    /** @type {import("./paint.js").Marks} */
    this.marks = NO_MARKS;
    /** The picture's point at the upper left corner, and how large it is shown. */
    this.at = { x: 0, y: 0, k: 1 };
    this.size = { w: 0, h: 0, dpr: 1 };
    /** Where the picture was drawn last, larger than the stage. @type {{canvas: HTMLCanvasElement, x: number, y: number, k: number} | null} */
    this.sheet = null;
    /** How long drawing took, in milliseconds. */
    this.cost = 0;
    this.fresh = false;
    this.frame = 0;
    this.rest = 0;
    /** @type {Map<number, HTMLButtonElement>} */
    this.buttons = new Map();
    this.focused = -1;
    /** @type {Map<number, {x: number, y: number}>} */
    this.pointers = new Map();
    this.dragged = 0;

    this.ended = new AbortController();
    const { signal } = this.ended;
    const on = (target, name, act, options = {}) =>
      target.addEventListener(name, act, { signal, ...options });
    on(host, "wheel", (event) => this.wheel(event), { passive: false });
    on(host, "pointerdown", (event) => this.down(event));
    on(host, "pointermove", (event) => this.move(event));
    on(host, "pointerup", (event) => this.up(event));
    on(host, "pointercancel", (event) => this.up(event, true));
    on(host, "pointerleave", () => this.point(-1));
    on(host, "dblclick", (event) => this.doubled(event));
    on(this.layer, "keydown", (event) => this.key(event));
    // Such a click comes from a screen reader; those of a pointer are told by its going up.
    on(this.layer, "click", (event) => event.detail === 0 && this.listener.choose(this.focusedOn(event)));
    on(this.layer, "focusin", (event) => this.focusedOn(event));
    on(matchMedia("(prefers-color-scheme: dark)"), "change", () => this.restyle());
    this.watch = new ResizeObserver(() => this.resize());
    this.watch.observe(host);
    this.resize();
  }

  end() {
    this.ended.abort();
    this.watch.disconnect();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.rest);
    this.host.replaceChildren();
  }

  restyle() {
    this.look = lookOf(this.host);
    this.drawMap();
    this.stale();
  }

  resize() {
    const { width, height } = this.host.getBoundingClientRect();
    const dpr = Math.min(2, window.devicePixelRatio || 1);
    if (this.size.w === width && this.size.h === height && this.size.dpr === dpr) return;
    const before = this.size;
    this.size = { w: width, h: height, dpr };
    this.canvas.width = Math.max(1, Math.round(width * dpr));
    this.canvas.height = Math.max(1, Math.round(height * dpr));
    if (this.picture && before.w === 0) this.begin();
    this.stale();
    this.draw();
  }

  /**
   * Shows a picture.
   *
   * @param {import("./picture.js").Picture} picture
   * @param {{anchor?: string | null}} [how] `anchor`: the id of a box that stays where it is; without one that the
   *     picture before has too, it begins anew
   */
  show(picture, { anchor = null } = {}) {
    const before = this.picture;
    const focused = this.layer.contains(document.activeElement) ? before?.scene.boxes[this.focused]?.id : undefined;
    this.picture = picture;
    this.marks = { ...NO_MARKS, more: this.marks.more };
    for (const button of this.buttons.values()) button.remove();
    this.buttons.clear();
    this.focused = -1;
    const [old, now] = [before?.scene.byId.get(anchor ?? ""), picture.scene.byId.get(anchor ?? "")];
    if (before && old !== undefined && now !== undefined) {
      this.at.x += picture.placed.x[now] - before.placed.x[old];
      this.at.y += picture.placed.y[now] - before.placed.y[old];
    } else this.begin();
    this.drawMap();
    this.stale();
    // Whoever goes about by keys stays where they were.
    if (focused !== undefined) this.focus(picture.scene.byId.get(focused) ?? now ?? picture.order[0]);
  }

  /** @param {Partial<import("./paint.js").Marks>} marks */
  mark(marks) {
    this.marks = { ...this.marks, ...marks };
    this.stale();
  }

  /** What was drawn does not hold any more. */
  stale() {
    this.fresh = false;
    this.plan();
  }

  plan() {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.draw());
  }

  /** The part that is in sight. @returns {import("./paint.js").Part} */
  part() {
    const { x, y, k } = this.at;
    return { x, y, k, w: this.size.w / k, h: this.size.h / k };
  }

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const { picture, context, size, at, look } = this;
    if (!size.w || !size.h) return;
    const moving = this.rest !== 0;
    const slow = this.cost > SLOW;
    const sheet = this.sheet;
    const usable = slow && moving && this.fresh && sheet && at.k / sheet.k < 2.2 && at.k / sheet.k > 0.4 && this.covers(sheet);
    if (!usable) {
      this.paintAll(slow);
    }
    if (slow && this.sheet) {
      const { canvas, x, y, k } = this.sheet;
      const scale = at.k / k;
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.fillStyle = look.bg;
      context.fillRect(0, 0, this.canvas.width, this.canvas.height);
      context.drawImage(canvas, (x - at.x) * at.k * size.dpr, (y - at.y) * at.k * size.dpr, canvas.width * scale, canvas.height * scale);
    }
    this.layer.style.transform = `translate(${-at.x * at.k}px, ${-at.y * at.k}px) scale(${at.k})`;
    this.placeWindow();
    if (!moving && picture) this.settle();
  }

  /** Whether a sheet still holds most of what is in sight. @param {{canvas: HTMLCanvasElement, x: number, y: number, k: number}} sheet */
  covers({ canvas, x, y, k }) {
    const picture = this.picture;
    if (!picture) return false;
    const { at, size } = this;
    const [right, bottom] = [x + canvas.width / size.dpr / k, y + canvas.height / size.dpr / k];
    // Only the part of the stage where there is a picture counts.
    const [l, t] = [Math.max(at.x, -40), Math.max(at.y, -40)];
    const [r, b] = [Math.min(at.x + size.w / at.k, picture.placed.width + 40), Math.min(at.y + size.h / at.k, picture.placed.height + 40)];
    const spare = (0.12 * size.w) / at.k;
    return x - spare <= l && y - spare <= t && right + spare >= r && bottom + spare >= b;
  }

  /** Draws what is in sight, on a sheet where that is slow. @param {boolean} slow */
  paintAll(slow) {
    const { picture, size, at, look, marks } = this;
    const began = performance.now();
    const spare = slow ? SPARE : 0;
    let context = this.context;
    let { x, y } = at;
    const k = at.k;
    let [w, h] = [size.w, size.h];
    if (slow) {
      const canvas = this.sheet?.canvas ?? document.createElement("canvas");
      const [width, height] = [Math.round(size.w * (1 + 2 * spare) * size.dpr), Math.round(size.h * (1 + 2 * spare) * size.dpr)];
      if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
      x -= (spare * size.w) / k;
      y -= (spare * size.h) / k;
      w *= 1 + 2 * spare;
      h *= 1 + 2 * spare;
      this.sheet = { canvas, x, y, k };
      context = (canvas.getContext("2d", { alpha: false }));
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = look.bg;
    context.fillRect(0, 0, context.canvas.width, context.canvas.height);
    const scale = k * size.dpr;
    context.setTransform(scale, 0, 0, scale, -x * scale, -y * scale);
    if (picture) paint(new CanvasPen(context), picture, { x, y, k, w: w / k, h: h / k }, look, marks);
    this.fresh = true;
    this.cost = this.cost * 0.3 + (performance.now() - began) * 0.7;
    if (!slow) this.sheet = null;
  }

  /** Whether nothing moves and all is drawn. */
  get rested() {
    return !this.rest && !this.frame && this.fresh;
  }

  /** The view was moved; when it rests, what is near becomes buttons. */
  moved() {
    clearTimeout(this.rest);
    this.rest = window.setTimeout(() => {
      this.rest = 0;
      this.stale();
    }, 140);
    this.plan();
  }

  /** @param {number} factor @param {number} [x] on the stage @param {number} [y] */
  zoom(factor, x = this.size.w / 2, y = this.size.h / 2) {
    const { at } = this;
    const k = Math.min(NEAREST, Math.max(this.least(), at.k * factor));
    at.x += x / at.k - x / k;
    at.y += y / at.k - y / k;
    at.k = k;
    this.moved();
  }

  /** The least size: all of it in half of the stage. */
  least() {
    if (!this.picture) return 0.0005;
    const { width, height } = this.picture.placed;
    return Math.min(0.5, 0.5 * Math.min(this.size.w / Math.max(1, width), this.size.h / Math.max(1, height)));
  }

  /** @param {number} dx on the stage @param {number} dy */
  pan(dx, dy) {
    const { at, size } = this;
    at.x += dx / at.k;
    at.y += dy / at.k;
    if (this.picture) {
      // Some of the picture stays in sight.
      const { width, height } = this.picture.placed;
      at.x = Math.min(width - 60 / at.k, Math.max((60 - size.w) / at.k, at.x));
      at.y = Math.min(height - 60 / at.k, Math.max((60 - size.h) / at.k, at.y));
    }
    this.moved();
  }

  /** Shows all of it, or, of a small picture on a small screen, where it begins, so that it can be read. */
  begin() {
    const { picture } = this;
    this.fit();
    if (!picture || picture.size > SMALL || this.at.k >= NEAR) return;
    const root = picture.scene.boxes.findIndex((box) => box.root);
    if (root < 0) return;
    this.at.k = 0.7;
    this.centre(picture.placed.x[root] + picture.placed.w[root] / 2, picture.placed.y[root] + picture.h[root] / 2);
  }

  /** Shows all of it. */
  fit() {
    if (!this.picture) return;
    const { width, height } = this.picture.placed;
    this.frameTo(0, 0, width, height);
  }

  /** Shows some boxes. @param {number[]} boxes */
  fitTo(boxes) {
    if (!this.picture || !boxes.length) return;
    const { placed, h } = this.picture;
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const box of boxes) {
      left = Math.min(left, placed.x[box]);
      top = Math.min(top, placed.y[box]);
      right = Math.max(right, placed.x[box] + placed.w[box]);
      bottom = Math.max(bottom, placed.y[box] + h[box]);
    }
    this.frameTo(left, top, right, bottom);
  }

  /** @param {number} left @param {number} top @param {number} right @param {number} bottom */
  frameTo(left, top, right, bottom) {
    if (!this.size.w) return;
    const room = 36;
    const k = Math.min(1, (this.size.w - 2 * room) / Math.max(1, right - left), (this.size.h - 2 * room) / Math.max(1, bottom - top));
    this.at = { k: Math.max(k, 0.0005), x: 0, y: 0 };
    this.centre((left + right) / 2, (top + bottom) / 2);
  }

  /** @param {number} x @param {number} y */
  centre(x, y) {
    this.at.x = x - this.size.w / 2 / this.at.k;
    this.at.y = y - this.size.h / 2 / this.at.k;
    this.moved();
  }

  /** Brings a box into sight, near enough to be read. @param {number} box @param {{middle?: boolean}} [how] */
  reveal(box, { middle = false } = {}) {
    if (!this.picture || box < 0) return;
    const { placed, h } = this.picture;
    const [x, y, w, high] = [placed.x[box], placed.y[box], placed.w[box], h[box]];
    const part = this.part();
    const far = this.at.k < NEAR;
    if (far) this.at.k = 0.9;
    const inSight = x > part.x && y > part.y && x + w < part.x + part.w && y + high < part.y + part.h;
    if (far || middle || !inSight) this.centre(x + w / 2, y + high / 2);
    else this.moved();
  }

  // The pointer

  /** @param {WheelEvent} event */
  wheel(event) {
    event.preventDefault();
    const { left, top } = this.host.getBoundingClientRect();
    const unit = event.deltaMode === 1 ? 16 : 1;
    if (event.shiftKey) this.pan((event.deltaX || event.deltaY) * unit, 0);
    else this.zoom(Math.exp((-event.deltaY * unit) / (event.ctrlKey ? 120 : 420)), event.clientX - left, event.clientY - top);
  }

  /** @param {PointerEvent} event */
  place(event) {
    const { left, top } = this.host.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  /** @param {PointerEvent} event */
  down(event) {
    if (event.button !== 0) return;
    if (this.mapBox.contains(/** @type {Node} */ (event.target))) {
      this.onMap = true;
      this.goOnMap(event);
    }
    this.pointers.set(event.pointerId, this.place(event));
    this.dragged = 0;
  }

  /** @param {PointerEvent} event */
  move(event) {
    const now = this.place(event);
    const before = this.pointers.get(event.pointerId);
    if (!before) {
      if (event.pointerType === "mouse" && !this.mapBox.contains(/** @type {Node} */ (event.target))) {
        const world = this.world(now);
        this.point(this.picture ? this.picture.hit(world.x, world.y) : -1);
      }
      return;
    }
    if (this.onMap) {
      this.goOnMap(event);
      return;
    }
    const others = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
    if (others.length) {
      // Two fingers: what is under them stays under them.
      const [other] = others;
      const far = Math.hypot(now.x - other.x, now.y - other.y);
      const was = Math.hypot(before.x - other.x, before.y - other.y);
      if (was > 0) this.zoom(far / was, (now.x + other.x) / 2, (now.y + other.y) / 2);
    }
    this.dragged += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
    if (this.dragged > 3) {
      if (!this.host.hasPointerCapture(event.pointerId)) this.host.setPointerCapture(event.pointerId);
      this.host.classList.add("dragging");
      this.pan((before.x - now.x) / (others.length + 1), (before.y - now.y) / (others.length + 1));
    }
    this.pointers.set(event.pointerId, now);
  }

  /** @param {PointerEvent} event @param {boolean} [cancelled] */
  up(event, cancelled = false) {
    const known = this.pointers.delete(event.pointerId);
    this.host.classList.remove("dragging");
    if (this.onMap) {
      this.onMap = false;
      return;
    }
    if (!known || cancelled || this.dragged > 3) return;
    this.press(this.place(event));
  }

  /** @param {{x: number, y: number}} place */
  world({ x, y }) {
    return { x: this.at.x + x / this.at.k, y: this.at.y + y / this.at.k };
  }

  /** @param {{x: number, y: number}} place */
  press(place) {
    const { picture } = this;
    if (!picture) return;
    const { x, y } = this.world(place);
    const chip = this.chipAt(x, y);
    if (chip) {
      this.listener.more(chip.box, chip.way);
      return;
    }
    const box = picture.hit(x, y);
    if (box >= 0) {
      this.listener.choose(box);
      return;
    }
    const frame = this.at.k >= 0.35 ? picture.hitFrame(x, y) : -1;
    if (frame >= 0) this.listener.frame(frame);
    else this.listener.choose(-1);
  }

  /** @param {number} x @param {number} y @returns {{box: number, way: "up" | "down"} | null} */
  chipAt(x, y) {
    const { picture, marks, look } = this;
    if (!picture || this.at.k < NEAR) return null;
    const { placed, h } = picture;
    for (let box = 0; box < h.length; box += 1) {
      if (Math.abs(placed.y[box] + h[box] - y) > 12 || x < placed.x[box] - 30 || x > placed.x[box] + placed.w[box] + 30) continue;
      for (const way of /** @type {const} */ (["up", "down"])) {
        const text = marks.more(picture.scene.boxes[box], way);
        if (!text) continue;
        const [l, t, w, high] = chipOf(placed.x[box], placed.y[box], placed.w[box], h[box], way, text, look);
        if (x >= l && x <= l + w && y >= t && y <= t + high) return { box, way };
      }
    }
    return null;
  }

  /** @param {number} box */
  point(box) {
    if (this.marks.pointed === box) return;
    this.host.classList.toggle("on-box", box >= 0);
    // A name that was cut can be read in full.
    this.host.title = box >= 0 ? this.listener.label(box) : "";
    this.mark({ pointed: box });
  }

  /** @param {MouseEvent} event */
  doubled(event) {
    const { picture } = this;
    if (!picture || this.mapBox.contains(/** @type {Node} */ (event.target))) return;
    const { left, top } = this.host.getBoundingClientRect();
    const place = { x: event.clientX - left, y: event.clientY - top };
    const { x, y } = this.world(place);
    const box = picture.hit(x, y);
    if (box >= 0) this.listener.open(box);
    else this.zoom(1.7, place.x, place.y);
  }

  // The map of the whole

  drawMap() {
    const { picture, map, look } = this;
    this.mapBox.hidden = !picture || picture.size < 12;
    if (!picture || this.mapBox.hidden) return;
    const { placed, h, scene } = picture;
    const [most, tall] = [176, 116];
    const k = Math.min(most / placed.width, tall / placed.height);
    const dpr = this.size.dpr;
    this.mapAt = { k, x: (most - placed.width * k) / 2, y: (tall - placed.height * k) / 2 };
    Object.assign(map, { width: most * dpr, height: tall * dpr });
    const context = (map.getContext("2d"));
    context.setTransform(dpr, 0, 0, dpr, 0, 0);
    context.globalAlpha = 0.8;
    for (let at = 0; at < scene.boxes.length; at += 1) {
      context.fillStyle = scene.boxes[at].root ? look.accent : colourOf(look, scene.boxes[at].kind);
      const [x, y] = [this.mapAt.x + placed.x[at] * k, this.mapAt.y + placed.y[at] * k];
      context.fillRect(x, y, Math.max(1.5, placed.w[at] * k), Math.max(1, h[at] * k));
    }
  }

  placeWindow() {
    if (!this.mapAt || this.mapBox.hidden) return;
    const { x, y, w, h } = this.part();
    const { k } = this.mapAt;
    const [l, t] = [Math.max(0, this.mapAt.x + x * k), Math.max(0, this.mapAt.y + y * k)];
    const [r, b] = [Math.min(176, this.mapAt.x + (x + w) * k), Math.min(116, this.mapAt.y + (y + h) * k)];
    const { style } = this.window;
    style.transform = `translate(${l}px, ${t}px)`;
    style.width = `${Math.max(3, r - l)}px`;
    style.height = `${Math.max(3, b - t)}px`;
  }

  /** @param {PointerEvent} event */
  goOnMap(event) {
    if (!this.mapAt) return;
    const { left, top } = this.map.getBoundingClientRect();
    this.centre((event.clientX - left - this.mapAt.x) / this.mapAt.k, (event.clientY - top - this.mapAt.y) / this.mapAt.k);
  }

  // Buttons over near boxes

  /** Makes buttons of the boxes that can be read, and takes away those of others. */
  settle() {
    const { picture, buttons } = this;
    if (!picture) return;
    const near = this.at.k >= NEAR ? this.inSight() : [];
    const wanted = new Set(near.slice(0, MOST_BUTTONS));
    // What has the focus keeps it.
    const active = this.layer.contains(document.activeElement) ? this.focused : -1;
    if (active >= 0) wanted.add(active);
    for (const [box, button] of buttons) {
      if (wanted.has(box)) continue;
      button.remove();
      buttons.delete(box);
    }
    for (const box of wanted) this.button(box);
    if (!wanted.has(this.focused)) this.focused = wanted.has(this.marks.chosen) ? this.marks.chosen : (near[0] ?? -1);
    for (const [box, button] of buttons) button.tabIndex = box === this.focused ? 0 : -1;
    this.listener.near(near);
  }

  inSight() {
    const { picture } = this;
    if (!picture) return [];
    const { placed, h } = picture;
    const { x, y, w, h: high } = this.part();
    return picture.order.filter((at) => placed.x[at] < x + w && placed.x[at] + placed.w[at] > x && placed.y[at] < y + high && placed.y[at] + h[at] > y);
  }

  /** @param {number} box */
  button(box) {
    const known = this.buttons.get(box);
    const picture = (this.picture);
    const button = known ?? (element("button", "stage-button"));
    button.setAttribute("aria-label", this.listener.label(box));
    button.setAttribute("aria-pressed", String(box === this.marks.chosen));
    if (known) return button;
    const { placed, h } = picture;
    button.type = "button";
    button.dataset.box = String(box);
    button.dataset.id = picture.scene.boxes[box].id;
    Object.assign(button.style, { left: `${placed.x[box]}px`, top: `${placed.y[box]}px`, width: `${placed.w[box]}px`, height: `${h[box]}px` });
    this.layer.append(button);
    this.buttons.set(box, button);
    return button;
  }

  /** Gives a box the focus. @param {number} box */
  focus(box) {
    if (box < 0) return;
    this.focused = box;
    this.reveal(box);
    const button = this.button(box);
    for (const [other, one] of this.buttons) one.tabIndex = other === box ? 0 : -1;
    button.focus({ preventScroll: true });
  }

  /** @param {Event} event */
  focusedOn(event) {
    const box = Number(/** @type {HTMLElement} */ (event.target).dataset.box ?? -1);
    if (box >= 0) this.focused = box;
    // A browser may scroll to what has the focus; here only the view moves.
    this.host.scrollTo(0, 0);
    return box;
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const { picture } = this;
    if (!picture || event.altKey || event.metaKey || event.ctrlKey) return;
    const box = this.focused;
    if (event.key.startsWith("Arrow")) {
      const next = box < 0 ? -1 : picture.next(box, event.key);
      event.preventDefault();
      if (next >= 0) this.focus(next);
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.listener.choose(box);
    } else if (event.key === "Escape") this.listener.choose(-1);
    else if (event.key === "+" || event.key === "=") this.zoom(1.3);
    else if (event.key === "-") this.zoom(1 / 1.3);
    else if (event.key === "0") this.fit();
  }
}

/** @template {keyof HTMLElementTagNameMap} T @param {T} name @param {string} className @returns {HTMLElementTagNameMap[T]} */
function element(name, className) {
  const made = document.createElement(name);
  made.className = className;
  return made;
}
