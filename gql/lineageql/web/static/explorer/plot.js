// Plots by uPlot, which is loaded when the first one is shown.

import { html, useEffect, useRef, useState } from "./lib.js";

/** @type {Promise<any> | null} */
let loading = null;

/** uPlot's constructor. @returns {Promise<any>} */
export function uPlot() {
  loading ??= import("./vendor/uplot.js").then((module) => module.default);
  return loading;
}

export const COLOURS = 6;

/** A colour of the tokens as the browser has it now: canvases cannot name them. @param {string} name */
export function colour(name) {
  return window.getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/**
 * A plot that fills the width it has.
 *
 * @param {object} props
 * @param {(size: {width: number, height: number}) => object} props.options uPlot's options, made anew when light turns to dark
 * @param {any[]} props.data uPlot's data
 * @param {number} [props.height] pixels
 * @param {string} props.label what it shows, for those who do not see it; the figures stand in a table beside it
 */
export function Plot({ options, data, height = 240, label }) {
  const box = useRef(null);
  const [theme, setTheme] = useState(0);

  useEffect(() => {
    const media = window.matchMedia("(prefers-color-scheme: dark)");
    const turn = () => setTheme((count) => count + 1);
    media.addEventListener("change", turn);
    return () => media.removeEventListener("change", turn);
  }, []);

  useEffect(() => {
    let plot = null;
    let gone = false;
    let observer = null;
    uPlot().then((UPlot) => {
      if (gone) return;
      const size = { width: box.current.clientWidth, height };
      plot = new UPlot({ ...size, ...options(size) }, data, box.current);
      observer = new ResizeObserver(() => {
        if (box.current?.clientWidth) plot.setSize({ width: box.current.clientWidth, height });
      });
      observer.observe(box.current);
    });
    return () => {
      gone = true;
      observer?.disconnect();
      plot?.destroy();
    };
  }, [JSON.stringify(data), height, theme]);

  return html`<div class="plot" ref=${box} role="img" aria-label=${label} style=${{ minHeight: `${height}px` }} />`;
}

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const MONTH = new Intl.DateTimeFormat("en-GB", { month: "short", year: "numeric" });
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** Marks of an axis of time: as fine as they are apart. For uPlot's `values`. */
export function timeTicks(_plot, seconds, _axis, _space, apart) {
  const format = apart >= 28 * 86_400 ? MONTH : apart >= 86_400 ? DAY : CLOCK;
  return seconds.map((second) => format.format(new Date(second * 1000)));
}

/** The looks of axes, which all plots share. */
export function axis(more = {}) {
  return {
    stroke: colour("muted"),
    font: "11px system-ui, sans-serif",
    grid: { stroke: colour("line"), width: 1 },
    ticks: { stroke: colour("line"), width: 1, size: 4 },
    ...more,
  };
}
