"""How the tests read the explorer's pages, and what the API answers to the same."""

from __future__ import annotations

from collections import Counter
from importlib import resources
from typing import TYPE_CHECKING, Any

import httpx

from tests.web.browser import lacking

if TYPE_CHECKING:
    from playwright.sync_api import Page

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
Drawn = tuple[set[str], Counter[tuple[Any, ...]]]
"""The nodes of a lineage, and its edges with how often each is there."""


def ask(url: str, document: str, **variables: Any) -> Any:
    """What the API answers to the same question."""
    with httpx.Client(transport=httpx.HTTPTransport(retries=5), timeout=60) as client:
        answer = client.post(f"{url}/graphql", json={"query": document, "variables": variables}).json()
    assert "errors" not in answer, answer
    return answer["data"]


def show(page: Page, url: str, place: str) -> None:
    """Open a place of the explorer by its address, as a link does, and wait until it has what it asked for."""
    page.goto("about:blank")
    page.goto(f"{url}/#/{place}")
    settle(page)


def settle(page: Page) -> None:
    page.wait_for_selector("main h1")
    page.wait_for_function("() => !document.querySelector('.progress.on, .waiting, [aria-busy=true], main .ghost')")


def picture_ready(page: Page) -> None:
    """Waits until a lineage is drawn and nothing is under way."""
    page.wait_for_selector('.stage[data-boxes]:not([data-boxes=""])')
    page.wait_for_function(
        "() => !document.querySelector('.progress.on') && document.querySelector('.stage').lineage.rested()"
    )


def names(page: Page) -> list[str]:
    return page.locator("tr[data-row] th .entity-name").all_inner_texts()


def drawn(page: Page) -> Drawn:
    found = page.eval_on_selector(".stage", "stage => stage.lineage.drawn()")
    assert len(found["nodes"]) == len({node["id"] for node in found["nodes"]})
    edges = Counter(
        (edge["artifact"], edge["execution"], edge["eventType"], edge["port"] or "", edge["implied"])
        for edge in found["edges"]
    )
    return {node["id"] for node in found["nodes"]}, edges


def answered(graph: Any) -> Drawn:
    edges = Counter(
        (edge["artifact"]["id"], edge["execution"]["id"], edge["eventType"], edge["port"] or "", edge["implied"])
        for edge in graph["edges"]
    )
    return {step["node"]["id"] for step in graph["nodes"]}, edges


def violations(page: Page, rules: list[str], within: str = "html") -> list[str]:
    """What axe-core finds on the page as it is, or in a part of it."""
    if not page.evaluate("typeof window.axe === 'object'"):
        try:
            axe = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
        except ModuleNotFoundError:
            lacking("Python package axe-playwright-python")
        page.evaluate(axe)
    found: list[str] = page.evaluate(
        """async ([runOnly, within]) => {
            const { violations } = await axe.run(within, { runOnly, resultTypes: ["violations"] });
            return violations.flatMap(({ id, nodes }) =>
                nodes.map((node) => `${id}: ${node.html.slice(0, 200)} ${node.failureSummary}`));
        }""",
        [rules, within],
    )
    return found
