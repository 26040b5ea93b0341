/** Runs layouts beside the page, one after the other: `{id, plan}` in, `{id, placed, took}` or `{id, error}` out. */
import { layout } from "./layout.js";

self.onmessage = ({ data: { id, plan } }) => {
  const began = performance.now();
  try {
    const placed = layout(plan);
    const took = performance.now() - began;
    const buffers = [placed.x, placed.y, placed.w, placed.frames, placed.segments, placed.pieces, placed.starts, placed.back];
    self.postMessage({ id, placed, took }, { transfer: buffers.map((part) => (part.buffer)) });
  } catch (error) {
    self.postMessage({ id, error: String(error) });
  }
};
