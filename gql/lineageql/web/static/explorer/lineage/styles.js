// The looks of the lineage, loaded with it.

import { useEffect, useState } from "../lib.js";

/** @type {Promise<void> | null} */
let loading = null;
let loaded = false;

function load() {
  loading ??= new Promise((resolve) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL("./lineage.css", import.meta.url).href;
    // Without its looks the list can still be read.
    link.onload = link.onerror = () => {
      loaded = true;
      resolve();
    };
    document.head.append(link);
  });
  return loading;
}

/** Whether the looks are there. */
export function useStyles() {
  const [ready, setReady] = useState(loaded);
  useEffect(() => {
    if (!ready) load().then(() => setReady(true));
  }, []);
  return ready;
}
