// Who asks, and what they may do: asked once, and again with another token.

import { ask, token } from "./api.js";
import { signal } from "./lib.js";

const VIEWER = "query Viewer { viewer { roles } }";

const roles = signal([]);

// Not an effect: to ask reads other signals, and changes them.
token.subscribe((asked) => {
  ask(VIEWER).then(
    (data) => {
      if (token.value === asked) roles.value = data.viewer.roles;
    },
    () => {
      // Who is not answered may do nothing; the views say what is wrong.
      if (token.value === asked) roles.value = [];
    },
  );
});

/**
 * Whether the reader may do something in some workspaces at least. What may not be done is not offered.
 *
 * @param {"READ" | "RECORD" | "ADMIN"} role
 */
export function may(role) {
  return roles.value.includes(role);
}
