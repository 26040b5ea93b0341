// The rows of tables that were left, for the way back.

/**
 * What was loaded of the latest questions, and how far down its reader was: the button Back leads there again.
 *
 * @type {Map<string, {nodes: any[], pageInfo: any, top: number}>}
 */
export const kept = new Map();
const KEPT = 5;

/** @param {string} key the question @param {any[]} nodes @param {any} pageInfo */
export function keep(key, nodes, pageInfo) {
  const top = kept.get(key)?.top ?? 0;
  kept.delete(key);
  kept.set(key, { nodes, pageInfo, top });
  if (kept.size > KEPT) kept.delete(kept.keys().next().value);
}

/** Lets every table ask anew: something was recorded. */
export function forgetRows() {
  kept.clear();
}
