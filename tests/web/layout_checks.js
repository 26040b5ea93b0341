// Lays out made graphs in the page and answers what is wrong with them: nothing, if all is well.
async () => {
  const app = [...document.scripts].find((script) => script.src.endsWith("/app.js")).src;
  const { layout } = await import(new URL("lineage/layout.js", app).href);
  const wrong = [];
  for (let seed = 1; seed <= 40; seed += 1) {
    let state = seed * 2654435761;
    const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 4294967296;
    const below = (number) => Math.floor(random() * number);
    const count = 1 + below(60);
    const lineCount = count < 2 ? 0 : below(2 * count);
    const groupCount = seed % 3 ? 1 + below(6) : 0;
    const circles = seed % 4 === 0;
    const pairs = Array.from({ length: lineCount }, () => {
      const [a, b] = [below(count), below(count)];
      return circles ? [a, b] : [Math.min(a, b), Math.max(a, b) === Math.min(a, b) ? (a + 1) % count : Math.max(a, b)];
    }).map(([a, b]) => (circles || a <= b ? [a, b] : [b, a]));
    const plan = {
      widths: Float32Array.from({ length: count }, () => 100 + below(120)),
      heights: Float32Array.from({ length: count }, () => 46 + 17 * below(4)),
      groups: Int32Array.from({ length: count }, () => (groupCount && random() < 0.6 ? below(groupCount) : -1)),
      groupCount,
      from: Int32Array.from(pairs, ([a]) => a),
      to: Int32Array.from(pairs, ([, b]) => b),
      outPort: Int32Array.from(pairs, () => below(3) - 1),
      inPort: Int32Array.from(pairs, () => below(3) - 1),
      sort: Int32Array.from(pairs, () => below(2)),
      outLabel: new Float32Array(lineCount).fill(20),
      inLabel: new Float32Array(lineCount).fill(20),
      before: null,
    };
    const say = (text) => wrong.push(`seed ${seed}: ${text}`);
    const placed = layout(plan);
    const { x, y, w, frames, segments, pieces, starts, back } = placed;
    const boxes = [...x.keys()].map((at) => [x[at], y[at], x[at] + w[at], y[at] + plan.heights[at]]);
    const overlap = (a, b) => a[0] < b[2] - 0.01 && b[0] < a[2] - 0.01 && a[1] < b[3] - 0.01 && b[1] < a[3] - 0.01;
    const again = layout(plan);
    for (const name of ["x", "y", "w", "frames", "segments", "pieces"]) {
      if (placed[name].some((value, at) => !Object.is(value, again[name][at]))) say(`${name} differs the second time`);
    }
    boxes.forEach((box, at) => {
      if (box[0] < 0 || box[1] < 0 || box[2] > placed.width || box[3] > placed.height) say(`box ${at} is outside`);
      for (let other = 0; other < at; other += 1) if (overlap(box, boxes[other])) say(`boxes ${other} and ${at} overlap`);
      for (let group = 0; group < groupCount; group += 1) {
        const frame = frames.subarray(4 * group, 4 * group + 4);
        if (Number.isNaN(frame[0])) continue;
        const inside = box[0] >= frame[0] && box[1] >= frame[1] && box[2] <= frame[2] && box[3] <= frame[3];
        if (plan.groups[at] === group && !inside) say(`box ${at} sticks out of its frame`);
        if (plan.groups[at] !== group && overlap(box, frame)) say(`box ${at} is in a frame that is not its own`);
      }
    });
    for (let a = 0; a < groupCount; a += 1) {
      for (let b = 0; b < a; b += 1) {
        if (overlap(frames.subarray(4 * a, 4 * a + 4), frames.subarray(4 * b, 4 * b + 4))) say(`frames ${b} and ${a} overlap`);
      }
    }
    for (let line = 0; line < lineCount; line += 1) {
      const [from, to] = pairs[line];
      const mine = pieces.subarray(starts[line], starts[line + 1]);
      if (from === to) continue;
      const [first, last] = [4 * mine[0], 4 * mine[mine.length - 1]];
      const ends = back[line]
        ? [segments[first + 2], segments[first + 3], segments[last], segments[last + 1]]
        : [segments[first], segments[first + 1], segments[last + 2], segments[last + 3]];
      const touches = (px, py, box) => px >= box[0] - 0.1 && px <= box[2] + 0.1 && py >= box[1] - 0.1 && py <= box[3] + 0.1;
      if (!touches(ends[0], ends[1], boxes[from])) say(`line ${line} does not begin at its box`);
      if (!touches(ends[2], ends[3], boxes[to])) say(`line ${line} does not end at its box`);
      for (const piece of mine) {
        const [x0, y0, x1, y1] = segments.subarray(4 * piece, 4 * piece + 4);
        for (let step = 0; step <= 24; step += 1) {
          const t = step / 24;
          const ease = 3 * t * t * (1 - t) + t * t * t;
          const bend = 0.5 * (x1 - x0);
          const px = x0 * (1 - t) ** 3 + 3 * (x0 + bend) * t * (1 - t) ** 2 + 3 * (x1 - bend) * t * t * (1 - t) + x1 * t ** 3;
          const py = y0 + (y1 - y0) * ease;
          boxes.forEach((box, at) => {
            if (px > box[0] + 0.5 && px < box[2] - 0.5 && py > box[1] + 0.5 && py < box[3] - 0.5) say(`line ${line} crosses box ${at}`);
          });
        }
      }
    }
    // What was there keeps its order where something is added.
    const before = Float32Array.from(boxes, ([, top, , bottom], at) => (at % 5 === 0 ? NaN : (top + bottom) / 2));
    if (!groupCount && !circles) {
      const stable = layout({ ...plan, before });
      for (let a = 0; a < count; a += 1) {
        for (let b = 0; b < count; b += 1) {
          if (a % 5 && b % 5 && stable.x[a] === stable.x[b] && x[a] === x[b] && y[a] < y[b] !== stable.y[a] < stable.y[b]) say(`boxes ${a} and ${b} changed their order`);
        }
      }
    }
    if (wrong.length > 20) break;
  }
  return wrong;
};
