// The libraries, under the names that all modules use: one place says where they come from.

import { h } from "./vendor/preact.js";
import htm from "./vendor/htm.js";

export { Fragment, createContext, h, render } from "./vendor/preact.js";
export { useCallback, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "./vendor/preact-hooks.js";
export { batch, computed, effect, signal, useComputed, useSignal } from "./vendor/signals.js";

/** Markup as a tagged template: html`<p class="note">${text}</p>`. What stands in it is text, never markup. */
export const html = htm.bind(h);
