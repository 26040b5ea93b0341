// Plots of runs that are compared. They are drawn as SVG: ten runs are few, and their names can be read.

import { formatNumber, plural } from "./format.js";
import { html, useLayoutEffect, useRef, useState } from "./lib.js";
import { href } from "./router.js";
import { watchEdges } from "./ui.js";

const SIGNS = [
  "M0-5A5 5 0 1 0 0 5 5 5 0 1 0 0-5z",
  "M-4.5-4.5h9v9h-9z",
  "M0-6 5.5 4.5h-11z",
  "M0-6 6 0 0 6-6 0z",
  "M0 6 5.5-4.5h-11z",
  "M-1.8-5.5h3.6v3.7h3.7v3.6H1.8v3.7h-3.6V1.8h-3.7v-3.6h3.7z",
];

/** Room for numbers within which all lie, with a little around. @param {number[]} numbers @returns {[number, number]} */
function extent(numbers) {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  const around = most === least ? Math.abs(most) * 0.1 || 1 : (most - least) * 0.06;
  return [least - around, most + around];
}

/** @param {[number, number]} range */
function ticks([from, to], count = 4) {
  const rough = (to - from) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= rough) ?? rough;
  const found = [];
  for (let tick = Math.ceil(from / step) * step; tick <= to + step * 1e-9; tick += step) found.push(Number(tick.toPrecision(12)));
  return found;
}

/** A sign and a colour for each run: one alone tells six of them apart. */
function Sign({ index }) {
  return html`<path class=${`dot ink-${(index % 6) + 1}`} d=${SIGNS[index % SIGNS.length]} />`;
}

/**
 * One field against another, a sign for each run.
 *
 * @param {{runs: any[], x: any, y: any}} props `x`, `y`: rows of a comparison
 */
export function Scatter({ runs, x, y }) {
  const [width, height, left, bottom] = [440, 280, 56, 40];
  const points = runs
    .map((run, index) => ({ run, index, across: x.values[index], up: y.values[index] }))
    .filter((point) => typeof point.across === "number" && typeof point.up === "number");
  if (points.length === 0) return html`<p class="quiet-note">No run has both.</p>`;
  const [rangeX, rangeY] = [extent(points.map((point) => point.across)), extent(points.map((point) => point.up))];
  const placeX = (value) => left + ((value - rangeX[0]) / (rangeX[1] - rangeX[0])) * (width - left - 12);
  const placeY = (value) => height - bottom - ((value - rangeY[0]) / (rangeY[1] - rangeY[0])) * (height - bottom - 12);
  return html`<svg class="chart" viewBox=${`0 0 ${width} ${height}`} role="img" aria-label=${`${y.field} against ${x.field} of ${plural(points.length, "run")}; the figures are in the table below`}>
    ${ticks(rangeX).map((tick) => html`<g key=${`x${tick}`}><line class="grid" x1=${placeX(tick)} x2=${placeX(tick)} y1="12" y2=${height - bottom} /><text x=${placeX(tick)} y=${height - bottom + 15} text-anchor="middle">${formatNumber(tick)}</text></g>`)}
    ${ticks(rangeY).map((tick) => html`<g key=${`y${tick}`}><line class="grid" x1=${left} x2=${width - 12} y1=${placeY(tick)} y2=${placeY(tick)} /><text x=${left - 6} y=${placeY(tick) + 4} text-anchor="end">${formatNumber(tick)}</text></g>`)}
    <text class="axis-name" x=${(left + width) / 2} y=${height - 4} text-anchor="middle">${x.field}</text>
    <text class="axis-name" x="4" y="9">${y.field}</text>
    ${points.map(
      (point) => html`<g key=${point.run.id} transform=${`translate(${placeX(point.across)} ${placeY(point.up)})`}>
        <title>${`${point.run.name}: ${formatNumber(point.across)}, ${formatNumber(point.up)}`}</title><${Sign} index=${point.index} />
        <text class="dot-name" x=${placeX(point.across) > width * 0.7 ? -9 : 9} y="4" text-anchor=${placeX(point.across) > width * 0.7 ? "end" : "start"}>${point.run.name}</text>
      </g>`,
    )}
  </svg>`;
}

const AXES = 8;

/**
 * A line for each run through its values, an axis for each field.
 *
 * @param {{runs: any[], rows: any[]}} props `rows`: of a comparison, numbers
 */
export function Parallel({ runs, rows }) {
  const [over, setOver] = useState(-1);
  const box = useRef(null);
  useLayoutEffect(() => watchEdges(box.current), []);
  const axes = rows.slice(0, AXES);
  const [width, height, top, bottom] = [Math.max(440, axes.length * 70), 300, 60, 14];
  const side = 62;
  const placeX = (index) => side + (axes.length === 1 ? 0 : (index * (width - 2 * side)) / (axes.length - 1));
  const ranges = axes.map((row) => extent(row.values.filter((value) => typeof value === "number")));
  const placeY = (index, value) => height - bottom - ((value - ranges[index][0]) / (ranges[index][1] - ranges[index][0])) * (height - top - bottom);
  // A run that lacks a value has a gap there, and no line across it.
  const path = (run) =>
    axes
      .map((row, index) => [row.values[run], index])
      .map(([value, index]) => (typeof value === "number" ? `${index > 0 && typeof axes[index - 1].values[run] === "number" ? "L" : "M"}${placeX(index)} ${placeY(index, value)}` : ""))
      .join("");
  return html`<div class="chart-scroll" ref=${box} tabindex="0" role="region" aria-label="Fields along axes">
      <svg class="chart" style=${{ minWidth: `${width}px` }} viewBox=${`0 0 ${width} ${height}`} role="img" aria-label=${`${axes.map((row) => row.field).join(", ")} of ${plural(runs.length, "run")}; the figures are in the table below`}>
        ${axes.map(
          (row, index) => html`<g key=${row.section + row.field}>
            <title>${row.field}</title>
            <line class="axis" x1=${placeX(index)} x2=${placeX(index)} y1=${top} y2=${height - bottom} />
            <text x=${placeX(index)} y=${index % 2 ? 36 : 10} text-anchor="middle">${shorten(ownerOf(row.field))}</text>
            <text class="axis-name" x=${placeX(index)} y=${index % 2 ? 49 : 23} text-anchor="middle">${shorten(row.field.slice(row.field.lastIndexOf(".") + 1) || row.field)}</text>
            ${ticks(ranges[index], 3).map((tick) => html`<text key=${tick} x=${placeX(index) - 5} y=${placeY(index, tick) + 4} text-anchor="end">${formatNumber(tick)}</text>`)}
          </g>`,
        )}
        ${runs.map(
          (run, index) => html`<g key=${run.id} class=${over < 0 || over === index ? "" : "dimmed"} onPointerEnter=${() => setOver(index)} onPointerLeave=${() => setOver(-1)}>
            <title>${run.name}</title>
            <path class=${`strand ink-${(index % 6) + 1}`} d=${path(index)} />
            ${axes.map((row, axis) => typeof row.values[index] === "number" && html`<g key=${axis} transform=${`translate(${placeX(axis)} ${placeY(axis, row.values[index])})`}><${Sign} index=${index} /></g>`)}
          </g>`,
        )}
      </svg>
    </div>
    ${rows.length > AXES && html`<p class="row-note">The first ${AXES} of ${rows.length} fields that are numbers.</p>`}
    <ul class="legend" aria-label="Runs">
      ${runs.map(
        (run, index) => html`<li key=${run.id}>
          <a class="legend-entry" href=${href(["runs", run.id])} onPointerEnter=${() => setOver(index)} onPointerLeave=${() => setOver(-1)} onFocus=${() => setOver(index)} onBlur=${() => setOver(-1)}>
            <svg viewBox="-8 -8 16 16" width="12" height="12" aria-hidden="true"><${Sign} index=${index} /></svg>${run.name}
          </a>
        </li>`,
      )}
    </ul>`;
}

/** What has a field: `fraud-model` of `fraud-model.rounds`; empty where its name has one part. */
function ownerOf(field) {
  return field.slice(0, Math.max(0, field.lastIndexOf(".")));
}

/** A name that fits above an axis; the whole is its title. */
function shorten(name) {
  return name.length > 20 ? `${name.slice(0, 19)}…` : name;
}
