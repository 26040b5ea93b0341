// Where the reader is. The address holds all of it, after its `#`: `#/artifacts?kind=MODEL&order=-CREATE_TIME`.
// Nothing of it is sent to the server, a reload keeps it, and the page works under any path prefix.

import { computed, signal } from "./lib.js";

/**
 * @typedef {object} Place
 * @property {string[]} path the steps of the path, decoded: `["artifacts", "QXJ0…"]`; empty for the overview
 * @property {URLSearchParams} params what follows the `?`
 */

/** @returns {Place} */
function read() {
  const [path, query = ""] = splitOnce(window.location.hash.replace(/^#\/?/, ""), "?");
  return { path: path.split("/").filter(Boolean).map(decode), params: new URLSearchParams(query) };
}

/** @param {string} text @param {string} mark */
function splitOnce(text, mark) {
  const index = text.indexOf(mark);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + mark.length)];
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // An address that someone wrote by hand.
  }
}

/** Where the reader is now: a `Place`. */
export const place = signal(read());

/** The path as one text: it changes when another page is opened, and not when one is filtered. */
export const pathKey = computed(() => place.value.path.join("/"));

window.addEventListener("hashchange", () => {
  place.value = read();
});

/**
 * An address within the explorer, for `href`.
 *
 * @param {string | string[]} path `"artifacts"`, or steps that are still to be encoded
 * @param {Record<string, unknown> | URLSearchParams} [params] empty values are left out; a list stands as often as long
 */
export function href(path, params = {}) {
  const steps = Array.isArray(path) ? path.map(encodeURIComponent).join("/") : path;
  const query = params instanceof URLSearchParams ? params : withParams(new URLSearchParams(), params);
  // These stay readable: in a query they mean nothing.
  const written = query.toString().replace(/%(2C|3A|3C|3E)/g, (code) => decodeURIComponent(code));
  return `#/${steps}${written ? `?${written}` : ""}`;
}

/**
 * Go to an address of `href`'s.
 *
 * @param {string} address
 * @param {{replace?: boolean}} [how] `replace`: the button Back does not lead here again
 */
export function go(address, { replace = false } = {}) {
  if (address === window.location.hash) return;
  if (!replace) {
    window.location.hash = address;
    return;
  }
  window.history.replaceState(null, "", address);
  place.value = read();
}

/**
 * Change parameters of where the reader is; null, "" and false remove one.
 *
 * @param {Record<string, unknown>} changes
 * @param {{replace?: boolean}} [how]
 */
export function setParams(changes, how) {
  go(href(place.value.path, withParams(place.value.params, changes)), how);
}

/** @param {URLSearchParams} before @param {Record<string, unknown>} changes */
function withParams(before, changes) {
  const params = new URLSearchParams(before);
  for (const [name, value] of Object.entries(changes)) {
    params.delete(name);
    for (const part of Array.isArray(value) ? value : [value]) {
      if (part !== null && part !== undefined && part !== "" && part !== false) params.append(name, String(part));
    }
  }
  return params;
}
