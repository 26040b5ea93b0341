/**
 * Where each box of a graph stands, and how each line runs: a layered layout from left to right.
 *
 * Pure and deterministic: the same graph gives the same picture. The way of one graph:
 * components → layers (longest path, then each box moves next to what it is tied to) → places for lines
 * that pass a layer → order in each layer (barycentre sweeps, the best of them by crossings) →
 * heights (boxes are drawn to their neighbours, and constraints keep them apart) → columns → lines.
 *
 * A group keeps its boxes together: in no layer that it spans stands another's box inside it. Lines that
 * pass a layer have a place of their own there, so no line crosses a box. Lines that leave one port
 * together share one trunk.
 */

/**
 * A graph to lay out. Boxes and lines are numbered; order matters only for ties.
 * @typedef {object} Plan
 * @property {Float32Array} widths width of each box
 * @property {Float32Array} heights height of each box
 * @property {Int32Array} groups number of each box's group, -1 for none
 * @property {number} groupCount how many groups there are
 * @property {Int32Array} from the box where each line begins
 * @property {Int32Array} to the box where it ends
 * @property {Int32Array} outPort number of the port that it leaves, in its box; -1 for the middle
 * @property {Int32Array} inPort number of the port that it enters, in its box; -1 for the middle
 * @property {Int32Array} sort lines of different sorts share no trunk
 * @property {Float32Array} outLabel width of the label where it leaves
 * @property {Float32Array} inLabel width of the label where it enters
 * @property {Float32Array | null} before the middle of each box in an earlier picture, NaN for new ones: known boxes
 *   keep their order
 */

/**
 * A graph laid out. Coordinates are pixels at full size, y downward; nothing is below 0.
 * @typedef {object} Placed
 * @property {number} width
 * @property {number} height
 * @property {Float32Array} x left edge of each box
 * @property {Float32Array} y top edge of each box
 * @property {Float32Array} w width of each box: that of its column
 * @property {Float32Array} frames left, top, right, bottom of each group; NaN where it has no box
 * @property {Float32Array} segments x, y where a piece of a line begins, x, y where it ends
 * @property {Int32Array} pieces the segments of all lines, one line after the other
 * @property {Int32Array} starts where in `pieces` each line begins, and one more for the end
 * @property {Uint8Array} back whether a line runs from right to left, as in a circle
 * @property {number} crossings how many lines cross, between layers
 * @property {number} layers how many layers the deepest component has
 */

const GAP_Y = 14;
const PLACE_Y = 7;
const FRAME_TOP = 30;
const FRAME = 12;
const FRAME_GAP = 18;
const GAP_X = 44;
const PORT_Y = 17;
const COMPONENT_GAP = 48;
/** A group may be so many times as high as it must be. */
const LOOSE = 2;
const MOST_SWEEPS = 24;
/** After so many sweeps that make nothing better there are no more. */
const VAIN = 4;

/**
 * @param {Plan} plan
 * @returns {Placed}
 */
export function layout(plan) {
  const count = plan.widths.length;
  const parts = components(plan);
  /** @type {Component[]} */
  const laid = parts.map((part) => layoutComponent(plan, part));
  return pack(plan, count, laid);
}

/**
 * @typedef {object} Part
 * @property {number[]} boxes
 * @property {number[]} lines
 */

/**
 * Boxes that lines or a group tie together, in the order of their first boxes.
 * @param {Plan} plan
 * @returns {Part[]}
 */
function components(plan) {
  const count = plan.widths.length;
  const parent = Int32Array.from({ length: count }, (_, box) => box);
  /** @param {number} box */
  const root = (box) => {
    while (parent[box] !== box) {
      parent[box] = parent[parent[box]];
      box = parent[box];
    }
    return box;
  };
  /** @param {number} a @param {number} b */
  const join = (a, b) => {
    const [one, other] = [root(a), root(b)];
    parent[Math.max(one, other)] = Math.min(one, other);
  };
  for (let line = 0; line < plan.from.length; line += 1) join(plan.from[line], plan.to[line]);
  const first = new Int32Array(plan.groupCount).fill(-1);
  for (let box = 0; box < count; box += 1) {
    const group = plan.groups[box];
    if (group < 0) continue;
    if (first[group] < 0) first[group] = box;
    else join(first[group], box);
  }
  /** @type {Map<number, Part>} */
  const parts = new Map();
  for (let box = 0; box < count; box += 1) {
    const key = root(box);
    let part = parts.get(key);
    if (!part) parts.set(key, (part = { boxes: [], lines: [] }));
    part.boxes.push(box);
  }
  for (let line = 0; line < plan.from.length; line += 1) {
    parts.get(root(plan.from[line])).lines.push(line);
  }
  return [...parts.values()];
}

/**
 * A component laid out, from 0, 0.
 * @typedef {object} Component
 * @property {Part} part
 * @property {number} width
 * @property {number} height
 * @property {Float32Array} x by the place in `part.boxes`
 * @property {Float32Array} y
 * @property {Float32Array} w
 * @property {Map<number, [number, number, number, number]>} frames
 * @property {number[]} segments
 * @property {number[][]} pieces by the place in `part.lines`
 * @property {Uint8Array} back
 * @property {number} crossings
 * @property {number} layers
 */

/**
 * The lists of each row, one after the other.
 * @param {number} rows
 * @param {ArrayLike<number>} row the row of each entry
 * @param {ArrayLike<number>} entry
 */
function listed(rows, row, entry) {
  const start = new Int32Array(rows + 1);
  for (let at = 0; at < row.length; at += 1) start[row[at] + 1] += 1;
  for (let at = 0; at < rows; at += 1) start[at + 1] += start[at];
  const next = start.slice(0, rows);
  const list = new Int32Array(row.length);
  for (let at = 0; at < row.length; at += 1) list[next[row[at]]++] = entry[at];
  return { start, list };
}

/**
 * Which lines must be turned round so that there is no circle: those that lead back into the path that a
 * walk in depth is on.
 * @param {number} count
 * @param {Int32Array} from
 * @param {Int32Array} to
 * @returns {Uint8Array}
 */
function turned(count, from, to) {
  const lines = Int32Array.from(from, (_, line) => line);
  const out = listed(count, from, lines);
  const back = new Uint8Array(from.length);
  const state = new Uint8Array(count);
  const entered = new Uint8Array(count);
  for (let line = 0; line < to.length; line += 1) if (from[line] !== to[line]) entered[to[line]] = 1;
  const next = out.start.slice(0, count);
  /** @type {number[]} */
  const path = [];
  /** @param {number} start */
  const walk = (start) => {
    if (state[start]) return;
    state[start] = 1;
    path.push(start);
    while (path.length) {
      const box = path[path.length - 1];
      if (next[box] === out.start[box + 1]) {
        state[box] = 2;
        path.pop();
        continue;
      }
      const line = out.list[next[box]++];
      const other = to[line];
      if (state[other] === 1) back[line] = 1;
      else if (state[other] === 0) {
        state[other] = 1;
        path.push(other);
      }
    }
  };
  for (let box = 0; box < count; box += 1) if (!entered[box]) walk(box);
  for (let box = 0; box < count; box += 1) walk(box);
  return back;
}

/**
 * The layer of each box, and the boxes in the order of the flow.
 * @param {number} count
 * @param {Int32Array} from with no circle
 * @param {Int32Array} to
 */
function layered(count, from, to) {
  const out = listed(count, from, to);
  const into = listed(count, to, from);
  const layer = new Int32Array(count);
  const missing = Int32Array.from({ length: count }, (_, box) => into.start[box + 1] - into.start[box]);
  const order = new Int32Array(count);
  let [read, written] = [0, 0];
  for (let box = 0; box < count; box += 1) if (!missing[box]) order[written++] = box;
  while (read < written) {
    const box = order[read++];
    for (let at = out.start[box]; at < out.start[box + 1]; at += 1) {
      const other = out.list[at];
      layer[other] = Math.max(layer[other], layer[box] + 1);
      if (!--missing[other]) order[written++] = other;
    }
  }
  // A box with more lines on one side moves toward it, which makes lines short.
  for (let round = 0; round < 4; round += 1) {
    for (let at = count - 1; at >= 0; at -= 1) {
      const box = order[at];
      const [outs, ins] = [out.start[box + 1] - out.start[box], into.start[box + 1] - into.start[box]];
      if (!outs || outs < ins) continue;
      if (outs === ins && round > 0) continue;
      let most = Infinity;
      for (let of = out.start[box]; of < out.start[box + 1]; of += 1) most = Math.min(most, layer[out.list[of]] - 1);
      if (outs > ins) layer[box] = most;
    }
    for (let at = 0; at < count; at += 1) {
      const box = order[at];
      const [outs, ins] = [out.start[box + 1] - out.start[box], into.start[box + 1] - into.start[box]];
      if (!ins || ins <= outs) continue;
      let least = 0;
      for (let of = into.start[box]; of < into.start[box + 1]; of += 1) least = Math.max(least, layer[into.list[of]] + 1);
      layer[box] = least;
    }
  }
  let lowest = Infinity;
  for (const at of layer) lowest = Math.min(lowest, at);
  for (let box = 0; box < count; box += 1) layer[box] -= lowest;
  return layer;
}

/**
 * @param {Plan} plan
 * @param {Part} part
 * @returns {Component}
 */
function layoutComponent(plan, part) {
  const count = part.boxes.length;
  const lineCount = part.lines.length;
  const place = new Map(part.boxes.map((box, at) => [box, at]));
  const from = new Int32Array(lineCount);
  const to = new Int32Array(lineCount);
  part.lines.forEach((line, at) => {
    from[at] = (place.get(plan.from[line]));
    to[at] = (place.get(plan.to[line]));
  });
  const back = turned(count, from, to);
  const left = from.slice();
  const right = to.slice();
  for (let at = 0; at < lineCount; at += 1) if (back[at]) [left[at], right[at]] = [to[at], from[at]];
  // A line from a box to itself is no part of the layering.
  const whole = Int32Array.from(left.keys()).filter((at) => left[at] !== right[at]);
  const layer = layered(count, whole.map((at) => left[at]), whole.map((at) => right[at]));

  const grid = new Grid(plan, part, layer, left, right, back);
  grid.order();
  grid.settle();
  return grid.drawn(back);
}

/** Boxes, and places for lines that pass a layer, in layers. */
class Grid {
  /**
   * @param {Plan} plan
   * @param {Part} part
   * @param {Int32Array} layer
   * @param {Int32Array} left
   * @param {Int32Array} right
   * @param {Uint8Array} back
   */
  constructor(plan, part, layer, left, right, back) {
    this.plan = plan;
    this.part = part;
    this.boxes = part.boxes.length;
    this.left = left;
    this.right = right;
    /** Layer of each vertex: boxes first, then places. @type {any} */
    this.layer = Array.from(layer);
    /** @type {any} */
    this.height = part.boxes.map((box) => plan.heights[box]);
    /** @type {any} */
    this.group = part.boxes.map((box) => plan.groups[box]);
    /** Ties between vertices of layers that touch. @type {number[]} */
    this.tail = [];
    /** @type {number[]} */
    this.head = [];
    /** @type {number[]} */
    this.weight = [];
    /** The vertices that a line goes by, ends included. @type {number[][]} */
    this.ways = [];
    this.layers = 0;
    for (const at of layer) this.layers = Math.max(this.layers, at + 1);
    this.tie(back);
    this.span();
    this.vertices = this.layer.length;
    // From here on nothing is added: typed, they are read faster.
    this.layer = Int32Array.from(this.layer);
    this.height = Float64Array.from(this.height);
    this.group = Int32Array.from(this.group);
    this.tails = Int32Array.from(this.tail);
    this.heads = Int32Array.from(this.head);
    this.weights = Float32Array.from(this.weight);
    const ties = Int32Array.from(this.tails.keys());
    /** The ties of each vertex to the layer after its own, and to that ahead of it. */
    this.after = listed(this.vertices, this.tails, ties);
    this.ahead = listed(this.vertices, this.heads, ties);
    /** Their other ends, in the order of those lists. */
    this.afterEnds = this.after.list.map((tie) => this.heads[tie]);
    this.aheadEnds = this.ahead.list.map((tie) => this.tails[tie]);
    /** The vertices of each layer in order. @type {Int32Array[]} */
    this.rows = [];
    this.y = new Float64Array(this.vertices);
    this.crossings = 0;
    /** Room that sorting and counting use again and again. */
    this.sorting = { leads: new Float64Array(this.vertices), spare: new Int32Array(this.vertices), spareLeads: new Float64Array(this.vertices) };
    this.rank = new Int32Array(this.vertices);
  }

  /** @param {number} layer @param {number} height @param {number} group */
  vertex(layer, height, group) {
    this.layer.push(layer);
    this.height.push(height);
    this.group.push(group);
    return this.layer.length - 1;
  }

  /** @param {number} tail @param {number} head @param {number} weight */
  bind(tail, head, weight) {
    this.tail.push(tail);
    this.head.push(head);
    this.weight.push(weight);
  }

  /**
   * Gives each line its way, with places where it passes a layer.
   * @param {Uint8Array} back
   */
  tie(back) {
    const { plan, part, left, right, layer } = this;
    const lineCount = left.length;
    /** Trunks: lines that leave one port together. @type {Map<string, {lines: number[], end: number}>} */
    const trunks = new Map();
    for (let at = 0; at < lineCount; at += 1) {
      const line = part.lines[at];
      const span = layer[right[at]] - layer[left[at]];
      if (span <= 1) continue;
      const port = back[at] ? plan.inPort[line] : plan.outPort[line];
      const key = `${left[at]} ${port} ${plan.sort[line]} ${back[at]}`;
      const trunk = trunks.get(key);
      if (trunk) {
        trunk.lines.push(at);
        trunk.end = Math.max(trunk.end, layer[right[at]]);
      } else trunks.set(key, { lines: [at], end: layer[right[at]] });
    }
    // Where there would be too many places, the longest trunks run straight, behind the boxes.
    let budget = 40_000 + 6 * this.boxes;
    const lasting = [...trunks.values()].sort(
      (a, b) => a.end - layer[left[a.lines[0]]] - (b.end - layer[left[b.lines[0]]]) || a.lines[0] - b.lines[0],
    );
    /** @type {Int32Array} */
    const trunkOf = new Int32Array(lineCount).fill(-1);
    /** @type {number[][]} */
    const chains = [];
    for (const trunk of lasting) {
      const start = left[trunk.lines[0]];
      budget -= trunk.end - layer[start] - 1;
      if (budget < 0) break;
      const chain = [start];
      for (let at = layer[start] + 1; at < trunk.end; at += 1) {
        const placed = this.vertex(at, PLACE_Y, -1);
        this.bind(chain[chain.length - 1], placed, chain.length > 1 ? 8 : 2);
        chain.push(placed);
      }
      for (const line of trunk.lines) trunkOf[line] = chains.length;
      chains.push(chain);
    }
    for (let at = 0; at < lineCount; at += 1) {
      const [start, end] = [left[at], right[at]];
      const span = layer[end] - layer[start];
      let way = [start, end];
      if (trunkOf[at] >= 0) {
        way = [...chains[trunkOf[at]].slice(0, span), end];
        this.bind(way[span - 1], end, 2);
      } else if (span === 1) this.bind(start, end, 1);
      this.ways.push(way);
    }
  }

  /** Gives each group a place in every layer between its first and its last. */
  span() {
    /** @type {Map<number, {first: number, last: number, seen: Set<number>}>} */
    const spans = new Map();
    for (let box = 0; box < this.boxes; box += 1) {
      const group = this.group[box];
      if (group < 0) continue;
      const at = this.layer[box];
      const span = spans.get(group);
      if (!span) spans.set(group, { first: at, last: at, seen: new Set([at]) });
      else {
        span.first = Math.min(span.first, at);
        span.last = Math.max(span.last, at);
        span.seen.add(at);
      }
    }
    for (const [group, { first, last, seen }] of spans) {
      for (let at = first; at <= last; at += 1) if (!seen.has(at)) this.vertex(at, PLACE_Y, group);
    }
    this.spans = spans;
  }

  /** Orders the vertices of each layer, so that few lines cross. */
  order() {
    const { vertices, layers, after, ahead, afterEnds, aheadEnds } = this;
    const before = this.before();
    const first = this.depth();
    /** @type {number[][]} */
    const rows = Array.from({ length: layers }, () => []);
    for (const vertex of first) rows[this.layer[vertex]].push(vertex);
    this.rows = rows.map((row) => Int32Array.from(row));
    /** Where a vertex stands, in units of height from the middle of its layer. */
    const stand = new Float64Array(vertices);
    const key = new Float64Array(vertices);
    const groupKey = new Float64Array(this.plan.groupCount);
    this.stack(stand);
    if (before) for (let vertex = 0; vertex < vertices; vertex += 1) if (!Number.isNaN(before[vertex])) stand[vertex] = before[vertex];
    const grouped = this.spans.size > 0;
    const sweeps = vertices < 4_000 ? MOST_SWEEPS : vertices < 30_000 ? 14 : 8;
    /** @type {Int32Array[] | null} */
    let best = null;
    let fewest = Infinity;
    let vain = 0;
    for (let sweep = 0; sweep < sweeps; sweep += 1) {
      const rightward = sweep % 2 === 0;
      if (grouped) this.keysOfGroups(stand, groupKey, sweep === 0 ? null : rightward);
      for (let step = 0; step < layers; step += 1) {
        const at = rightward ? step : layers - 1 - step;
        const row = this.rows[at];
        const { start } = rightward ? ahead : after;
        const ends = rightward ? aheadEnds : afterEnds;
        for (let of = 0; of < row.length; of += 1) {
          const vertex = row[of];
          if (before && !Number.isNaN(before[vertex])) {
            key[vertex] = before[vertex];
            continue;
          }
          const [first, end] = [start[vertex], start[vertex + 1]];
          let sum = 0;
          for (let tie = first; tie < end; tie += 1) sum += stand[ends[tie]];
          key[vertex] = end > first ? sum / (end - first) : stand[vertex];
        }
        this.arrange(row, key, groupKey, stand);
        if (!before) this.stackRow(row, stand);
        else for (const vertex of row) stand[vertex] = key[vertex];
      }
      if (before) continue;
      if (grouped) {
        // Groups must stand in one order in all layers before they are compared.
        this.keysOfGroups(stand, groupKey, null);
        for (const row of this.rows) {
          for (const vertex of row) key[vertex] = stand[vertex];
          this.arrange(row, key, groupKey, stand);
          this.stackRow(row, stand);
        }
      }
      const crossings = this.count(fewest);
      if (crossings < fewest) {
        fewest = crossings;
        best = this.rows.map((row) => row.slice());
        vain = 0;
        if (!crossings) break;
      } else if ((vain += 1) === VAIN) break;
    }
    if (best) this.rows = best;
    else if (grouped) {
      this.keysOfGroups(stand, groupKey, null);
      for (const row of this.rows) this.arrange(row, stand.slice(), groupKey, stand);
    }
    this.crossings = best ? fewest : this.count();
  }

  /** The middle of each vertex in the earlier picture, NaN for new ones; null where there is none. */
  before() {
    const earlier = this.plan.before;
    if (!earlier || !this.part.boxes.some((box) => !Number.isNaN(earlier[box]))) return null;
    const known = new Float64Array(this.vertices).fill(NaN);
    this.part.boxes.forEach((box, at) => {
      known[at] = earlier[box];
    });
    return known;
  }

  /** All vertices in the order in which a walk in depth meets them, whichever way ties lead. */
  depth() {
    const { vertices, after, ahead, tails, heads } = this;
    const seen = new Uint8Array(vertices);
    const order = new Int32Array(vertices);
    let written = 0;
    /** @type {number[]} */
    const stack = [];
    for (let start = 0; start < vertices; start += 1) {
      if (seen[start]) continue;
      stack.push(start);
      while (stack.length) {
        const vertex = (stack.pop());
        if (seen[vertex]) continue;
        seen[vertex] = 1;
        order[written++] = vertex;
        for (let of = after.start[vertex + 1] - 1; of >= after.start[vertex]; of -= 1) {
          const other = heads[after.list[of]];
          if (!seen[other]) stack.push(other);
        }
        for (let of = ahead.start[vertex + 1] - 1; of >= ahead.start[vertex]; of -= 1) {
          const other = tails[ahead.list[of]];
          if (!seen[other]) stack.push(other);
        }
      }
    }
    return order;
  }

  /**
   * One key for each group, the same in all layers: the middle of where its vertices are drawn to.
   * @param {Float64Array} stand
   * @param {Float64Array} groupKey
   * @param {boolean | null} rightward which ties draw; where its vertices stand, if null
   */
  keysOfGroups(stand, groupKey, rightward) {
    const { group, after, ahead, afterEnds, aheadEnds, vertices } = this;
    const sum = new Float64Array(groupKey.length);
    const number = new Float64Array(groupKey.length);
    for (let vertex = 0; vertex < vertices; vertex += 1) {
      const own = group[vertex];
      if (own < 0) continue;
      if (rightward !== null) {
        const { start } = rightward ? ahead : after;
        const ends = rightward ? aheadEnds : afterEnds;
        for (let of = start[vertex]; of < start[vertex + 1]; of += 1) {
          const other = ends[of];
          if (group[other] === own) continue;
          sum[own] += 4 * stand[other];
          number[own] += 4;
        }
      }
      sum[own] += stand[vertex];
      number[own] += 1;
    }
    for (let own = 0; own < groupKey.length; own += 1) if (number[own]) groupKey[own] = sum[own] / number[own];
  }

  /**
   * Sorts a layer by keys, the vertices of a group together.
   * @param {Int32Array} row
   * @param {Float64Array} key
   * @param {Float64Array} groupKey
   * @param {Float64Array} stand breaks ties
   */
  arrange(row, key, groupKey, stand) {
    const { group } = this;
    // By the group's key or its own, then by group: groups of one key, and a group and a vertex, have one order in all
    // layers. Within a group by its own key.
    const { leads, spare, spareLeads } = this.sorting;
    for (let at = 0; at < row.length; at += 1) {
      const own = group[row[at]];
      leads[at] = own < 0 ? key[row[at]] : groupKey[own];
    }
    const after = (a, b) => group[a] - group[b] || key[a] - key[b] || stand[a] - stand[b] || a - b;
    sortBy(row, leads, spare, spareLeads, after);
  }

  /** @param {Float64Array} stand */
  stack(stand) {
    for (const row of this.rows) this.stackRow(row, stand);
  }

  /** @param {Int32Array} row @param {Float64Array} stand */
  stackRow(row, stand) {
    const { height } = this;
    let total = 0;
    for (let of = 0; of < row.length; of += 1) total += height[row[of]] + GAP_Y;
    let at = -total / 2;
    for (let of = 0; of < row.length; of += 1) {
      const own = height[row[of]];
      stand[row[of]] = at + own / 2;
      at += own + GAP_Y;
    }
  }

  /** How many ties cross, over all layers; no more than it takes to know that they are not fewer than `enough`. */
  count(enough = Infinity) {
    const { after, afterEnds } = this;
    const { start } = after;
    const { rank } = this;
    for (const row of this.rows) for (let at = 0; at < row.length; at += 1) rank[row[at]] = at;
    let total = 0;
    for (let at = 0; at + 1 < this.rows.length && total < enough; at += 1) {
      const row = this.rows[at];
      const size = this.rows[at + 1].length;
      const tree = new Int32Array(size + 1);
      let seen = 0;
      for (let of = 0; of < row.length; of += 1) {
        const [first, end] = [start[row[of]], start[row[of] + 1]];
        for (let tie = first; tie < end; tie += 1) {
          let below = 0;
          for (let node = rank[afterEnds[tie]] + 1; node > 0; node -= node & -node) below += tree[node];
          total += seen - below;
        }
        for (let tie = first; tie < end; tie += 1) {
          for (let node = rank[afterEnds[tie]] + 1; node <= size; node += node & -node) tree[node] += 1;
          seen += 1;
        }
      }
    }
    return total;
  }

  /** Gives each vertex its height: near its neighbours, in its layer's order, and apart. */
  settle() {
    const { vertices, group, height, after, ahead, afterEnds, aheadEnds, weights } = this;
    const groups = this.plan.groupCount;
    const spans = (this.spans);
    // Variables: vertices, then the top of each group, then its bottom.
    const total = vertices + 2 * groups;
    const [tops, bottoms] = [vertices, vertices + groups];
    /** @type {number[]} */ const above = [];
    /** @type {number[]} */ const below = [];
    /** @type {number[]} */ const apart = [];
    /** @param {number} a @param {number} b @param {number} distance */
    const keep = (a, b, distance) => {
      above.push(a);
      below.push(b);
      apart.push(distance);
    };
    for (const row of this.rows) {
      for (let at = 0; at < row.length; at += 1) {
        const vertex = row[at];
        const own = group[vertex];
        const half = height[vertex] / 2;
        const last = at ? row[at - 1] : -1;
        const earlier = last < 0 ? -1 : group[last];
        const halfLast = last < 0 ? 0 : height[last] / 2;
        if (last >= 0 && own === earlier) {
          const thin = last >= this.boxes && vertex >= this.boxes;
          keep(last, vertex, half + halfLast + (thin ? PLACE_Y : GAP_Y));
          continue;
        }
        if (earlier >= 0) keep(last, bottoms + earlier, halfLast + FRAME);
        if (own >= 0) keep(tops + own, vertex, half + FRAME_TOP);
        if (last < 0) continue;
        if (own < 0) keep(bottoms + earlier, vertex, half + FRAME_GAP);
        else if (earlier < 0) keep(last, tops + own, halfLast + FRAME_GAP);
        else keep(bottoms + earlier, tops + own, FRAME_GAP);
      }
      const last = row[row.length - 1];
      if (group[last] >= 0) keep(last, bottoms + group[last], height[last] / 2 + FRAME);
    }
    const constraints = Int32Array.from(above.keys());
    const downward = listed(total, above, constraints);
    const upward = listed(total, below, constraints);
    const order = flow(total, downward, upward, below);
    // What each constraint is about, in the order of the lists.
    const [lower, lowerBy] = [downward.list.map((rule) => below[rule]), Float64Array.from(downward.list, (rule) => apart[rule])];
    const [upper, upperBy] = [upward.list.map((rule) => above[rule]), Float64Array.from(upward.list, (rule) => apart[rule])];
    /** How much each tie draws: within a group more. */
    const pull = (side, ends) => {
      const found = Float64Array.from(side.list, (tie) => weights[tie]);
      for (let vertex = 0; vertex < vertices; vertex += 1) {
        if (group[vertex] < 0) continue;
        for (let of = side.start[vertex]; of < side.start[vertex + 1]; of += 1) if (group[ends[of]] === group[vertex]) found[of] *= 3;
      }
      return found;
    };
    const [afterPulls, aheadPulls] = [pull(after, afterEnds), pull(ahead, aheadEnds)];

    const y = new Float64Array(total);
    const stand = new Float64Array(vertices);
    this.stack(stand);
    const before = this.before();
    for (let vertex = 0; vertex < vertices; vertex += 1) y[vertex] = before && !Number.isNaN(before[vertex]) ? before[vertex] : stand[vertex];
    const wish = new Float64Array(total);
    const down = new Float64Array(total);
    const up = new Float64Array(total);
    let most = 1;
    for (let vertex = 0; vertex < vertices; vertex += 1) {
      most = Math.max(most, after.start[vertex + 1] - after.start[vertex] + ahead.start[vertex + 1] - ahead.start[vertex]);
    }
    const drawn = new Float64Array(most);
    const pulls = new Float64Array(most);
    const room = this.rooms();
    const rounds = vertices < 4_000 ? 22 : vertices < 30_000 ? 16 : 10;
    for (let round = 0; round < rounds; round += 1) {
      // Neighbours on the left draw, then those on the right, and in the end both. What is drawn draws on at once:
      // a chain moves as a whole.
      const both = round >= rounds - 4;
      const rightward = round % 2 === 0;
      wish.set(y.subarray(0, vertices));
      for (let step = 0; step < this.rows.length; step += 1) {
        const row = this.rows[rightward ? step : this.rows.length - 1 - step];
        for (let at = 0; at < row.length; at += 1) {
          const vertex = row[at];
          let size = 0;
          if (both || rightward) {
            for (let of = ahead.start[vertex]; of < ahead.start[vertex + 1]; of += 1) {
              drawn[size] = wish[aheadEnds[of]];
              pulls[size++] = aheadPulls[of];
            }
          }
          if (both || !rightward) {
            for (let of = after.start[vertex]; of < after.start[vertex + 1]; of += 1) {
              drawn[size] = wish[afterEnds[of]];
              pulls[size++] = afterPulls[of];
            }
          }
          if (!size) continue;
          const value = middleOf(drawn, pulls, size);
          wish[vertex] = before && !Number.isNaN(before[vertex]) ? (value + 2 * before[vertex]) / 3 : value;
        }
      }
      if (spans.size) this.gather(wish, room);
      wish.fill(Infinity, tops, bottoms);
      wish.fill(-Infinity, bottoms);
      for (let vertex = 0; vertex < vertices; vertex += 1) {
        const own = group[vertex];
        if (own < 0) continue;
        const half = height[vertex] / 2;
        wish[tops + own] = Math.min(wish[tops + own], wish[vertex] - half - FRAME_TOP);
        wish[bottoms + own] = Math.max(wish[bottoms + own], wish[vertex] + half + FRAME);
      }
      for (const own of Array(groups).keys()) if (!spans.has(own)) wish[tops + own] = wish[bottoms + own] = 0;
      // Two ways to keep the constraints, by pushing down and by pushing up; between them they hold too.
      for (let at = 0; at < total; at += 1) {
        const one = order[at];
        let value = wish[one];
        for (let of = upward.start[one]; of < upward.start[one + 1]; of += 1) {
          value = Math.max(value, down[upper[of]] + upperBy[of]);
        }
        down[one] = value;
      }
      for (let at = total - 1; at >= 0; at -= 1) {
        const one = order[at];
        let value = wish[one];
        for (let of = downward.start[one]; of < downward.start[one + 1]; of += 1) {
          value = Math.min(value, up[lower[of]] - lowerBy[of]);
        }
        up[one] = value;
      }
      for (let one = 0; one < total; one += 1) y[one] = (down[one] + up[one]) / 2;
    }
    this.y = y.subarray(0, vertices);
  }

  /** How high each group must be: that of its fullest layer. */
  rooms() {
    const room = new Float64Array(this.plan.groupCount);
    const filled = new Float64Array(this.plan.groupCount);
    for (const row of this.rows) {
      for (const vertex of row) if (this.group[vertex] >= 0) filled[this.group[vertex]] += this.height[vertex] + GAP_Y;
      for (const vertex of row) {
        const own = this.group[vertex];
        if (own < 0) continue;
        room[own] = Math.max(room[own], filled[own]);
        filled[own] = 0;
      }
    }
    return room;
  }

  /**
   * Draws together what is far apart within one group: nothing else does, where no lines tie it, and its frame would be
   * as high as that is far.
   * @param {Float64Array} wish
   * @param {Float64Array} room that each group must have
   */
  gather(wish, room) {
    const { group, vertices } = this;
    const high = new Float64Array(room.length).fill(Infinity);
    const low = new Float64Array(room.length).fill(-Infinity);
    const sum = new Float64Array(room.length);
    const number = new Float64Array(room.length);
    for (let vertex = 0; vertex < vertices; vertex += 1) {
      const own = group[vertex];
      if (own < 0) continue;
      high[own] = Math.min(high[own], wish[vertex]);
      low[own] = Math.max(low[own], wish[vertex]);
      sum[own] += wish[vertex];
      number[own] += 1;
    }
    for (let vertex = 0; vertex < vertices; vertex += 1) {
      const own = group[vertex];
      if (own < 0) continue;
      const most = LOOSE * room[own];
      if (low[own] - high[own] <= most) continue;
      const middle = sum[own] / number[own];
      wish[vertex] = middle + ((wish[vertex] - middle) * most) / (low[own] - high[own]);
    }
  }

  /**
   * Columns, ports, frames and lines.
   * @param {Uint8Array} back
   * @returns {Component}
   */
  drawn(back) {
    const { plan, part, boxes, layer, height, left, right, ways } = this;
    let top = Infinity;
    for (let vertex = 0; vertex < this.vertices; vertex += 1) {
      top = Math.min(top, this.y[vertex] - height[vertex] / 2 - (this.group[vertex] >= 0 ? FRAME_TOP : 0));
    }
    for (let vertex = 0; vertex < this.vertices; vertex += 1) this.y[vertex] = Math.round((this.y[vertex] - top) * 2) / 2;

    const widths = new Float64Array(this.layers);
    for (let box = 0; box < boxes; box += 1) widths[layer[box]] = Math.max(widths[layer[box]], plan.widths[part.boxes[box]]);
    // Between two columns there is room for labels, and for lines to bend.
    const outs = new Float64Array(this.layers);
    const ins = new Float64Array(this.layers);
    const bends = new Float64Array(this.layers);
    part.lines.forEach((line, at) => {
      const [a, b] = [layer[left[at]], layer[right[at]]];
      const [leaving, entering] = back[at] ? [plan.inLabel[line], plan.outLabel[line]] : [plan.outLabel[line], plan.inLabel[line]];
      outs[a] = Math.max(outs[a], leaving);
      ins[b] = Math.max(ins[b], entering);
    });
    for (let tie = 0; tie < this.tails.length; tie += 1) {
      const at = layer[this.tails[tie]];
      bends[at] = Math.max(bends[at], Math.abs(this.y[this.tails[tie]] - this.y[this.heads[tie]]));
    }
    const columns = new Float64Array(this.layers);
    let x = FRAME;
    for (let at = 0; at < this.layers; at += 1) {
      columns[at] = x;
      const labels = outs[at] + (at + 1 < this.layers ? ins[at + 1] : 0);
      x += widths[at] + GAP_X + labels + Math.min(110, bends[at] / 9);
    }
    const width = columns[this.layers - 1] + widths[this.layers - 1] + FRAME;

    const anchors = this.anchors(back);
    const known = new Int32Array(2 * this.vertices).fill(-1);
    /** @type {number[]} */
    const segments = [];
    /** @type {(key: number, x0: number, y0: number, x1: number, y1: number) => number} */
    const segment = (key, x0, y0, x1, y1) => {
      if (key >= 0 && known[key] >= 0) return known[key];
      const at = segments.length / 4;
      segments.push(x0, y0, x1, y1);
      if (key >= 0) known[key] = at;
      return at;
    };
    const pieces = ways.map((way, at) => {
      /** @type {number[]} */
      const list = [];
      const [leave, enter] = [anchors[2 * at], anchors[2 * at + 1]];
      if (left[at] === right[at]) {
        const edge = columns[layer[left[at]]];
        const end = edge + widths[layer[left[at]]];
        const low = this.y[left[at]] + height[left[at]] / 2 + 6;
        return [segment(-1, end, leave, end + 14, low), segment(-1, edge - 14, low, end + 14, low), segment(-1, edge - 14, low, edge, enter)];
      }
      let [fromX, fromY] = [columns[layer[way[0]]] + widths[layer[way[0]]], leave];
      for (let step = 1; step < way.length; step += 1) {
        const vertex = way[step];
        const column = layer[vertex];
        const last = step === way.length - 1;
        const y = last ? enter : this.y[vertex];
        // What a trunk's lines share is one segment, known by the place where it ends.
        list.push(segment(last ? -1 : 2 * vertex, fromX, fromY, columns[column], y));
        if (last) break;
        list.push(segment(2 * vertex + 1, columns[column], y, columns[column] + widths[column], y));
        [fromX, fromY] = [columns[column] + widths[column], y];
      }
      return back[at] ? list.reverse() : list;
    });

    /** @type {Map<number, [number, number, number, number]>} */
    const frames = new Map();
    let bottom = 0;
    for (let vertex = 0; vertex < this.vertices; vertex += 1) {
      const own = this.group[vertex];
      const [high, low] = [this.y[vertex] - height[vertex] / 2, this.y[vertex] + height[vertex] / 2];
      bottom = Math.max(bottom, low + (own >= 0 ? FRAME : 0));
      if (own < 0) continue;
      const column = layer[vertex];
      const found = frames.get(own) ?? [Infinity, Infinity, -Infinity, -Infinity];
      found[0] = Math.min(found[0], columns[column] - FRAME);
      found[2] = Math.max(found[2], columns[column] + widths[column] + FRAME);
      if (vertex < boxes) {
        found[1] = Math.min(found[1], high - FRAME_TOP);
        found[3] = Math.max(found[3], low + FRAME);
      }
      frames.set(own, found);
    }
    return {
      part,
      width,
      height: bottom,
      x: Float32Array.from({ length: boxes }, (_, box) => columns[layer[box]]),
      y: Float32Array.from({ length: boxes }, (_, box) => this.y[box] - height[box] / 2),
      w: Float32Array.from({ length: boxes }, (_, box) => widths[layer[box]]),
      frames,
      segments,
      pieces,
      back,
      crossings: this.crossings,
      layers: this.layers,
    };
  }

  /**
   * The height at which each line leaves the box on its left, and enters that on its right: ports stand in the
   * order of what they lead to.
   * @param {Uint8Array} back
   */
  anchors(back) {
    const { plan, part, left, right, ways } = this;
    const lineCount = left.length;
    const anchors = new Float64Array(2 * lineCount);
    for (const rightSide of [true, false]) {
      const ends = rightSide ? left : right;
      /** @type {Map<number, Map<number, {sum: number, number: number, lines: number[]}>>} */
      const ports = new Map();
      for (let at = 0; at < lineCount; at += 1) {
        const line = part.lines[at];
        const leaving = rightSide !== (back[at] === 1);
        const port = leaving ? plan.outPort[line] : plan.inPort[line];
        const box = ends[at];
        const way = ways[at];
        const next = rightSide ? way[1] : way[way.length - 2];
        let own = ports.get(box);
        if (!own) ports.set(box, (own = new Map()));
        // Ports of both sorts may stand on one side, where a line leads back.
        const key = port < 0 ? -1 : 2 * port + (leaving ? 1 : 0);
        let found = own.get(key);
        if (!found) own.set(key, (found = { sum: 0, number: 0, lines: [] }));
        found.sum += this.y[next];
        found.number += 1;
        found.lines.push(at);
      }
      for (const [box, own] of ports) {
        const sorted = [...own.entries()].sort((a, b) => a[1].sum / a[1].number - b[1].sum / b[1].number || a[0] - b[0]);
        const room = this.height[box] - 14;
        const step = sorted.length > 1 ? Math.min(PORT_Y, room / (sorted.length - 1)) : 0;
        sorted.forEach(([, { lines }], at) => {
          const y = this.y[box] + (at - (sorted.length - 1) / 2) * step;
          for (const line of lines) anchors[2 * line + (rightSide ? 0 : 1)] = y;
        });
      }
    }
    return anchors;
  }
}

/**
 * Sorts a list that often is nearly sorted: runs that are in order already are merged, two by two.
 * @param {Int32Array} list
 * @param {Float64Array} keys of the list's members, in its order: sorted with it
 * @param {Int32Array} spare as long as the list at least
 * @param {Float64Array} spareKeys
 * @param {(a: number, b: number) => number} tie compares two of one key
 */
function sortBy(list, keys, spare, spareKeys, tie) {
  const { length } = list;
  /** Where runs begin, and the end. @type {number[]} */
  let runs = [0];
  for (let at = 1; at < length; at += 1) {
    if (keys[at - 1] > keys[at] || (keys[at - 1] === keys[at] && tie(list[at - 1], list[at]) > 0)) runs.push(at);
  }
  runs.push(length);
  while (runs.length > 2) {
    const fewer = [0];
    for (let run = 0; run + 2 < runs.length; run += 2) {
      const [begin, middle, end] = [runs[run], runs[run + 1], runs[run + 2]];
      fewer.push(end);
      const ones = middle - begin;
      for (let at = 0; at < ones; at += 1) {
        spare[at] = list[begin + at];
        spareKeys[at] = keys[begin + at];
      }
      let [one, other] = [0, middle];
      for (let at = begin; one < ones; at += 1) {
        const difference = other < end ? spareKeys[one] - keys[other] || tie(spare[one], list[other]) : -1;
        if (difference > 0) {
          list[at] = list[other];
          keys[at] = keys[other];
          other += 1;
        } else {
          list[at] = spare[one];
          keys[at] = spareKeys[one];
          one += 1;
        }
      }
    }
    // One that has none to merge with.
    if (runs.length % 2 === 0) fewer.push(length);
    runs = fewer;
  }
}

/**
 * The weighted median of the first values, which makes lines straight; of many their mean. Changes the order of both.
 * @param {Float64Array} values
 * @param {Float64Array} weights
 * @param {number} size
 */
function middleOf(values, weights, size) {
  let total = 0;
  let sum = 0;
  for (let at = 0; at < size; at += 1) {
    total += weights[at];
    sum += weights[at] * values[at];
  }
  if (size <= 2 && weights[0] === weights[size - 1]) return sum / total;
  if (size > 24) return sum / total;
  for (let at = 1; at < size; at += 1) {
    const [value, weight] = [values[at], weights[at]];
    let to = at;
    for (; to > 0 && values[to - 1] > value; to -= 1) {
      values[to] = values[to - 1];
      weights[to] = weights[to - 1];
    }
    values[to] = value;
    weights[to] = weight;
  }
  let passed = 0;
  for (let at = 0; at < size; at += 1) {
    passed += weights[at];
    if (passed > total / 2) return values[at];
    if (passed === total / 2) return (values[at] + values[at + 1]) / 2;
  }
  return values[size - 1];
}

/**
 * Variables in an order in which each comes after those that it must stay below.
 * @param {number} total
 * @param {{start: Int32Array, list: Int32Array}} downward
 * @param {{start: Int32Array, list: Int32Array}} upward
 * @param {number[]} below
 */
function flow(total, downward, upward, below) {
  const order = new Int32Array(total);
  const missing = Int32Array.from({ length: total }, (_, at) => upward.start[at + 1] - upward.start[at]);
  let [read, written] = [0, 0];
  for (let at = 0; at < total; at += 1) if (!missing[at]) order[written++] = at;
  while (read < written) {
    const one = order[read++];
    for (let of = downward.start[one]; of < downward.start[one + 1]; of += 1) {
      const other = below[downward.list[of]];
      if (!--missing[other]) order[written++] = other;
    }
  }
  if (written !== total) throw new Error("the layout's constraints lead round in a circle");
  return order;
}

/**
 * Components side by side, in rows that make the picture about as wide as a screen.
 * @param {Plan} plan
 * @param {number} count
 * @param {Component[]} laid
 * @returns {Placed}
 */
function pack(plan, count, laid) {
  const area = laid.reduce((sum, one) => sum + (one.width + COMPONENT_GAP) * (one.height + COMPONENT_GAP), 0);
  const widest = laid.reduce((most, one) => Math.max(most, one.width), 0);
  const most = Math.max(widest, Math.sqrt(area * 1.7));
  const x = new Float32Array(count);
  const y = new Float32Array(count);
  const w = new Float32Array(count);
  const frames = new Float32Array(4 * plan.groupCount).fill(NaN);
  const back = new Uint8Array(plan.from.length);
  const starts = new Int32Array(plan.from.length + 1);
  for (const one of laid) one.part.lines.forEach((line, at) => { starts[line + 1] = one.pieces[at].length; });
  for (let line = 0; line < plan.from.length; line += 1) starts[line + 1] += starts[line];
  const pieces = new Int32Array(starts[plan.from.length]);
  const segments = new Float32Array(laid.reduce((sum, one) => sum + one.segments.length, 0));
  let [left, top, row, right, base] = [0, 0, 0, 0, 0];
  for (const one of laid) {
    if (left > 0 && left + one.width > most) {
      top += row + COMPONENT_GAP;
      [left, row] = [0, 0];
    }
    one.part.boxes.forEach((box, at) => {
      x[box] = one.x[at] + left;
      y[box] = one.y[at] + top;
      w[box] = one.w[at];
    });
    for (const [group, [l, t, r, b]] of one.frames) frames.set([l + left, t + top, r + left, b + top], 4 * group);
    for (let at = 0; at < one.segments.length; at += 2) {
      segments[base + at] = one.segments[at] + left;
      segments[base + at + 1] = one.segments[at + 1] + top;
    }
    one.part.lines.forEach((line, at) => {
      back[line] = one.back[at];
      pieces.set(one.pieces[at].map((piece) => piece + base / 4), starts[line]);
    });
    base += one.segments.length;
    row = Math.max(row, one.height);
    right = Math.max(right, left + one.width);
    left += one.width + COMPONENT_GAP;
  }
  return {
    width: right,
    height: top + row,
    x,
    y,
    w,
    frames,
    segments,
    pieces,
    starts,
    back,
    crossings: laid.reduce((sum, one) => sum + one.crossings, 0),
    layers: laid.reduce((most, one) => Math.max(most, one.layers), 0),
  };
}
