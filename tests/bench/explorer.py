"""`python -m tests.bench explorer`: how quick the explorer is, in a headless Chromium over a large store.

The times of pictures begin when the answer has arrived: what the service takes for it stands in the other tables.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import lineageql
from lineageql.model.identity import EntityKind, global_id
from tests.bench import FOLDER
from tests.bench.building import Facts, stored
from tests.server import Server
from tests.web.browser import CHROMIUMS, FLAGS, lacking

if TYPE_CHECKING:
    from playwright.sync_api import Page

FILES = Path(lineageql.__file__).parent / "web" / "static" / "explorer"
SIZES = (1_000, 5_000, 20_000)
# How long 120 frames take, each of which moves the view, in milliseconds.
FRAMES = """async (move) => {
  const { stage } = document.querySelector(".stage").lineage;
  const times = [];
  let last = performance.now();
  for (let frame = 0; frame < 120; frame += 1) {
    if (move === "pan") stage.pan(frame % 60 < 30 ? 9 : -9, frame % 40 < 20 ? 5 : -5);
    else stage.zoom(frame % 60 < 30 ? 1.05 : 1 / 1.05);
    await new Promise((drawn) => requestAnimationFrame(drawn));
    const now = performance.now();
    times.push(now - last);
    last = now;
  }
  return times;
}"""
# From the arrival of the last answer that is a lineage to the first drawing of it, and how long the layout took.
DRAWN = """() => {
  const asked = performance.getEntriesByType("resource").filter((entry) => entry.name.endsWith("/graphql"));
  const drawn = performance.getEntriesByName("lineage drawn").at(-1);
  const before = asked.filter((entry) => entry.responseEnd < drawn.startTime);
  const large = before.filter((entry) => entry.encodedBodySize > 5000);
  const answered = Math.max(...large.map((entry) => entry.responseEnd));
  const stage = document.querySelector(".stage");
  const { nodes, edges } = stage.lineage.drawn();
  const layout = Number(stage.dataset.layout);
  return {ms: drawn.startTime - answered, layout, nodes: nodes.length, edges: edges.length};
}"""


def main(given: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench explorer", description=__doc__)
    parser.add_argument("--artifacts", type=int, default=1_000_000, metavar="N", help="size of the store [1000000]")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where stores are kept")
    parser.add_argument("--rounds", type=int, default=3, help="how often each time is measured [3]")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(given)
    facts = stored(options.folder, options.artifacts)
    lines = list(measured(facts, options.rounds))
    if options.json:
        print(json.dumps([{"what": what, "value": value, "wanted": wanted} for what, value, wanted in lines], indent=2))
    else:
        print("| | measured | wanted |\n| --- | ---: | ---: |")
        print("\n".join(f"| {what} | {value} | {wanted} |" for what, value, wanted in lines))
    return 0


def measured(facts: Facts, rounds: int) -> Iterator[tuple[str, str, str]]:
    """What was measured, as text, and what is wanted of it."""
    with opened(facts) as (page, url):
        artifacts = f"{facts.size:,}"
        first = median(rounds, lambda: first_view(page, url))
        yield f"first view of the table of artifacts, of {artifacts}", f"{first:.0f} ms", "≤ 1,000 ms"
        after = median(rounds, lambda: next_page(page, url))
        yield f"the next page of it, of {artifacts}", f"{after:.0f} ms", "≤ 300 ms"
        for size, wanted in zip(SIZES, (1_000, 2_000, 8_000), strict=True):
            found = [drawing(page, url, facts, size) for _ in range(rounds)]
            ms = statistics.median(one["ms"] for one in found)
            layout = statistics.median(one["layout"] for one in found)
            graph = f"{found[0]['nodes']:,} nodes and {found[0]['edges']:,} edges"
            yield (
                f"a lineage of {graph}, from its answer to its picture",
                f"{ms:.0f} ms, {layout:.0f} of them layout",
                f"≤ {wanted:,} ms",
            )
            for move in ("pan", "zoom"):
                times = page.evaluate(FRAMES, move)
                rate, slow = 1000 / statistics.mean(times), sorted(times)[int(len(times) * 0.95)]
                yield (
                    f"frames a second, {move}, {found[0]['nodes']:,} nodes",
                    f"{rate:.0f}; 95 % within {slow:.0f} ms",
                    "≥ 30",
                )
    yield "the page's own files, gzipped", f"{weight() / 1024:.0f} KB", "≤ 150 KB"


def weight() -> int:
    """The octets of all files of the page but those of others, compressed."""
    files = [path for path in FILES.rglob("*") if path.is_file() and "vendor" not in path.parts]
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in files)


@contextmanager
def opened(facts: Facts) -> Iterator[tuple[Page, str]]:
    """A page of a headless Chromium, and the address of a service over the store."""
    from playwright.sync_api import sync_playwright

    found = next((path for name in CHROMIUMS if (path := shutil.which(name))), None)
    chromium = found or lacking("Chromium")
    server = Server("serve", str(facts.path), "--port", "0", "--read-only", cwd=facts.path.parent)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.set_default_timeout(120_000)
            page.goto(f"{server.url}/")
            page.wait_for_selector(".nav")
            yield page, server.url
            browser.close()
    finally:
        server.stop()


def median(rounds: int, measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(rounds))


def since(page: Page, condition: str) -> float:
    """Milliseconds from the page's beginning until a condition holds, told by the page's own clock."""
    waiting = f"() => ({condition}) && performance.now()"
    return float(page.wait_for_function(waiting, polling="raf").json_value())


def first_view(page: Page, url: str) -> float:
    page.goto("about:blank")
    page.goto(f"{url}/#/artifacts", wait_until="commit")
    return since(page, "document.querySelectorAll('.main table tbody tr').length > 5")


def next_page(page: Page, url: str) -> float:
    """From the wish for more rows, by scrolling to the end of those that are there, to the first of them."""
    first_view(page, url)
    return float(
        page.evaluate(
            """async () => {
              const rows = () => [...document.querySelectorAll(".main table tbody tr")];
              const count = () => Math.max(rows().length, ...rows().map((row) => Number(row.ariaRowIndex ?? 0)));
              const before = count();
              const began = performance.now();
              rows().at(-1).scrollIntoView();
              while (count() <= before) {
                if (performance.now() - began > 30_000) throw new Error("no further rows came");
                await new Promise((drawn) => requestAnimationFrame(drawn));
              }
              return performance.now() - began;
            }"""
        )
    )


def drawing(page: Page, url: str, facts: Facts, size: int) -> dict[str, Any]:
    """Opens a lineage of so many nodes, every one of them drawn by itself."""
    enough = [root for root in facts.closures if root.nodes >= size] or facts.closures[-1:]
    root = global_id(EntityKind.ARTIFACT, enough[0].artifact)
    params = {"roots": root, "hops": "all", "most": size, "dir": "UPSTREAM", "like": "open", "frames": "off"}
    page.goto("about:blank")
    page.goto(f"{url}/#/lineage?{urlencode(params)}", wait_until="commit")
    page.wait_for_function("() => document.querySelector('.stage')?.lineage?.rested()")
    found: dict[str, Any] = page.evaluate(DRAWN)
    return found
