// Pictures to keep: drawn from the model, never from the page, and always whole.

import { NO_MARKS, paint } from "./paint.js";
import { CanvasPen, escaped, SvgPen } from "./pens.js";

const MARGIN = 32;
/** Browsers draw nothing on canvases beyond these. */
const MOST_SIDE = 16_384;
const MOST_AREA = 120_000_000;

/**
 * @param {import("./picture.js").Picture} picture
 * @param {import("./paint.js").Look} look
 * @param {string} title
 * @returns {string} an SVG document
 */
export function toSvg(picture, look, title) {
  const part = wholeOf(picture, 1);
  const pen = new SvgPen();
  paint(pen, picture, part, look, NO_MARKS);
  const size = `width="${Math.ceil(part.w)}" height="${Math.ceil(part.h)}"`;
  const box = `viewBox="${part.x} ${part.y} ${Math.ceil(part.w)} ${Math.ceil(part.h)}"`;
  const ground = `<rect x="${part.x}" y="${part.y}" width="100%" height="100%" fill="${look.bg}"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${box} role="img"><title>${escaped(title)}</title>${ground}${pen.parts.join("\n")}</svg>\n`;
}

/**
 * @param {import("./picture.js").Picture} picture
 * @param {import("./paint.js").Look} look
 * @returns {Promise<{blob: Blob, scale: number}>} `scale`: how many pixels a unit of the picture has; less than 1 where
 *     it would be larger than a browser can draw
 */
export async function toPng(picture, look) {
  const { w, h } = wholeOf(picture, 1);
  const scale = Math.min(2, MOST_SIDE / w, MOST_SIDE / h, Math.sqrt(MOST_AREA / (w * h)));
  const part = wholeOf(picture, scale);
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(w * scale);
  canvas.height = Math.ceil(h * scale);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser cannot draw the picture.");
  context.fillStyle = look.bg;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.setTransform(scale, 0, 0, scale, -part.x * scale, -part.y * scale);
  paint(new CanvasPen(context), picture, part, look, NO_MARKS);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  if (!blob) throw new Error("The picture is too large for this browser. SVG has no such bound.");
  return { blob, scale };
}

/** @param {import("./picture.js").Picture} picture @param {number} k @returns {import("./paint.js").Part} */
function wholeOf({ placed }, k) {
  return { x: -MARGIN, y: -MARGIN, w: placed.width + 2 * MARGIN, h: placed.height + 2 * MARGIN, k };
}
