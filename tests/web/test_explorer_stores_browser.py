"""The explorer over stores that other tools wrote, and over a large one: each part shows what the API answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest

from tests.bench.building import stored
from tests.server import Server
from tests.web.browser import Visit, browse
from tests.web.explorer import WCAG, answered, ask, drawn, names, picture_ready, settle, show, violations

if TYPE_CHECKING:
    from playwright.sync_api import Page, Playwright

pytestmark = pytest.mark.browser

STORES = [
    "kubeflow-sdk",
    "tfx-eleven-runs",
    "cmf",
    *(pytest.param(name, marks=pytest.mark.long) for name in ("tfx-ir", "tfx-resolver")),
]
WRITERS = {
    "kubeflow": "Kubeflow Metadata SDK, LineageQL",
    "kfp-v2": "Kubeflow Pipelines 2",
    "tfx": "TFX",
    "cmf": "CMF",
    "generic": "Other writers",
}
LARGE = 100_000

COUNTS = """{
  workspaces { totalCount } runs { totalCount } executions { totalCount } artifacts { totalCount }
  artifactWriters: artifactFacets(by: WRITER) { value count }
  executionWriters: executionFacets(by: WRITER) { value count }
  failed: executions(where: {state: [FAILED]}) { totalCount }
  kinds: artifactFacets(by: KIND) { value count }
}"""
ENTITIES = """{
  artifacts(first: 2, orderBy: {field: ID, direction: DESC}) { nodes {
    id name mlmdId type { name mlmdId } uri producers { totalCount } consumers { totalCount }
  } }
  executions(first: 1, orderBy: {field: ID, direction: DESC}) { nodes {
    id name mlmdId type { name mlmdId } inputs { totalCount } outputs { totalCount }
  } }
  runs(first: 2) { nodes { id name executions { totalCount } } }
  workspaces(first: 1) { nodes { id name } }
}"""
LINEAGE = """query ($roots: [ID!], $where: LineageFilter, $direction: LineageDirection!, $hops: Int, $most: Int) {
  lineage(roots: $roots, where: $where, direction: $direction, maxHops: $hops, maxNodes: $most) {
    complete nodes { hops node { id } } edges { artifact { id } execution { id } eventType port implied }
  }
}"""


@pytest.fixture(scope="module")
def visit(playwright: Playwright, chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """One browser for all stores: when it closes, nothing has left the machine and nothing was complained of."""
    folder = tmp_path_factory.mktemp("stores-visit")
    # Whatever is asked, it is asked of the services beside this address.
    with browse(playwright, chromium, folder, "", accept_downloads=True) as opened:
        opened.hosts.clear()
        yield opened


@contextmanager
def explored(visit: Visit, store: Path) -> Iterator[tuple[Page, str]]:
    """A page of a service that only reads a store."""
    server = Server("serve", "--read-only", str(store), "--port", "0", cwd=store.parent)
    try:
        with visit.beside(server.url) as page:
            page.set_viewport_size({"width": 1280, "height": 860})
            yield page, server.url
    finally:
        server.stop()


# One of them is enough for each change: the others take as long again.
@pytest.mark.parametrize("name", [STORES[0], *(pytest.param(name, marks=pytest.mark.long) for name in STORES[1:])])
def test_a_store_of_others_is_explored(visit: Visit, mlmd_stores: Path, name: str) -> None:
    with explored(visit, mlmd_stores / f"{name}.sqlite") as (page, url):
        overview(page, url)
        tables(page, url)
        entities(page, url)
        lineages(page, url)
        comparisons(page, url)


@pytest.mark.long
def test_a_store_of_a_hundred_thousand_artifacts_is_explored(visit: Visit, tmp_path: Path) -> None:
    facts = stored(tmp_path, LARGE)
    with explored(visit, facts.path) as (page, url):
        page.set_default_timeout(60_000)
        overview(page, url)
        tables(page, url)
        entities(page, url)
        comparisons(page, url)
        root = ask(url, f"{{artifacts(where: {{mlmdIds: [{facts.closures[0].artifact}]}}) {{nodes {{id}}}}}}")
        root = root["artifacts"]["nodes"][0]["id"]
        show_lineage(page, url, roots=root, hops="all", most=5_000, dir="UPSTREAM")
        graph = graph_of(url, roots=[root], direction="UPSTREAM", most=5_000)
        assert len(graph["nodes"]) == 5_000
        assert drawn(page) == answered(graph)
        # Rows come as one scrolls, none twice.
        show(page, url, "artifacts?order=mlmdId")
        seen: list[str] = []
        while len(seen) < 500:
            seen += [id_ for id_ in links(page) if id_ not in seen]
            page.locator(".table-scroll").evaluate("box => { box.scrollTop += 20 * 34 }")
            page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
            page.wait_for_function("() => !document.querySelector('.waiting')")
        expected: list[str] = []
        after = None
        while len(expected) < len(seen):
            document = "query ($after: String) {artifacts(first: 500, after: $after, orderBy: {field: ID}) "
            found = ask(url, document + "{nodes {id} pageInfo {endCursor}}}", after=after)["artifacts"]
            after = found["pageInfo"]["endCursor"]
            expected += [row["id"] for row in found["nodes"]]
        assert seen == expected[: len(seen)]
        # All that match are saved, and not the page.
        show(page, url, "artifacts?label=team%3Dfraud&kind=METRICS&column=name&column=label:team")
        where = {"kind": ["METRICS"], "labels": [{"key": "team", "eq": "fraud"}]}
        count = "query ($where: ArtifactFilter) {artifacts(where: $where) {totalCount}}"
        total = ask(url, count, where=where)["artifacts"]["totalCount"]
        page.get_by_role("button", name="Export").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name="JSON Lines").click()
        lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
        assert len(lines) == total > 1_000
        assert {json.loads(line)["label:team"] for line in lines} == {"fraud"}


def overview(page: Page, url: str) -> None:
    show(page, url, "")
    counts = ask(url, COUNTS)
    shown = [int(text.replace(",", "")) for text in page.locator(".figures .figure").all_inner_texts()]
    assert shown == [counts[sort]["totalCount"] for sort in ("workspaces", "runs", "executions", "artifacts")]
    written = {one["value"]: one["count"] for one in counts["artifactWriters"]}
    ran = {one["value"]: one["count"] for one in counts["executionWriters"]}
    rows = page.get_by_role("region", name="By writer").get_by_role("listitem").all_inner_texts()
    assert sorted(" ".join(row.split()) for row in rows) == sorted(
        f"{WRITERS[writer]} {many(written.get(writer, 0), 'artifact')}, {many(ran.get(writer, 0), 'execution')}"
        for writer in {*written, *ran}
    )
    kinds = page.get_by_role("region", name="Artifacts by kind").locator(".bar-count").all_inner_texts()
    assert [int(kind.replace(",", "")) for kind in kinds] == [one["count"] for one in counts["kinds"]]
    failed = page.get_by_role("region", name="What failed").get_by_role("listitem")
    assert failed.count() == min(5, counts["failed"]["totalCount"])
    assert violations(page, WCAG) == []


def many(count: int, one: str) -> str:
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def tables(page: Page, url: str) -> None:
    """Each sort by name, and artifacts of the most frequent type and workspace."""
    for sort in ("workspaces", "runs", "executions", "artifacts"):
        show(page, url, f"{sort}?order=name")
        rows = ask(url, f"{{{sort}(orderBy: {{field: NAME}}, first: 15) {{nodes {{id}}}}}}")[sort]["nodes"]
        assert links(page)[: len(rows)] == [row["id"] for row in rows], sort
    assert violations(page, WCAG) == []
    refreshed(page)
    for by, key in (("TYPE", "type"), ("WORKSPACE", "workspace")):
        facets = ask(url, f"{{artifactFacets(by: {by}, first: 1) {{value count}}}}")["artifactFacets"]
        for facet in facets:
            show(page, url, f"artifacts?{key}={quote(facet['value'])}")
            said = page.locator(".head-note").inner_text()
            expected = f"{many(facet['count'], 'artifact')} match{'es' if facet['count'] == 1 else ''}"
            assert said == expected, (key, facet)


def links(page: Page) -> list[str]:
    """The ids of the rows that are shown."""
    found: list[str] = page.locator("tr[data-row] th a").evaluate_all(
        "all => all.map((one) => decodeURIComponent(one.hash.split('/').at(-1).split('?')[0]))"
    )
    return found


def entities(page: Page, url: str) -> None:
    found = ask(url, ENTITIES)
    sides = {
        "artifacts": ("Written by", "producers", "Read by", "consumers"),
        "executions": ("Inputs", "inputs", "Outputs", "outputs"),
    }
    for sort in ("artifacts", "executions"):
        for entity in found[sort]["nodes"]:
            show(page, url, f"{sort}/{quote(entity['id'])}")
            assert page.locator("h1").inner_text().startswith(entity["name"] or "(no name)")
            facts = page.get_by_role("complementary", name="Facts").inner_text().split("\n")
            assert str(entity["mlmdId"]) in facts
            assert str(entity["type"]["mlmdId"]) in facts
            assert entity["type"]["name"] in facts
            titles = [" ".join(title.split()) for title in page.locator(".part h2").all_inner_texts()]
            for title, side in zip(sides[sort][::2], sides[sort][1::2], strict=True):
                assert f"{title} {entity[side]['totalCount']}" in titles
            # It was started to read only.
            assert page.get_by_role("button", name="Add a label").count() == 0
    for run in found["runs"]["nodes"][:1]:
        show(page, url, f"runs/{quote(run['id'], safe='')}")
        titles = [" ".join(title.split()) for title in page.locator(".part h2").all_inner_texts()]
        assert f"Executions {run['executions']['totalCount']}" in titles
    for workspace in found["workspaces"]["nodes"]:
        show(page, url, f"workspaces/{quote(workspace['id'], safe='')}")
        assert workspace["name"] in page.locator("h1").inner_text()


def graph_of(url: str, **given: Any) -> Any:
    return ask(url, LINEAGE, **{"direction": "BOTH", **given})["lineage"]


def show_lineage(page: Page, url: str, **params: Any) -> None:
    page.goto("about:blank")
    page.goto(f"{url}/#/lineage?{urlencode(params, doseq=True)}")
    picture_ready(page)


def lineages(page: Page, url: str) -> None:
    """The whole store as one picture, folded and not, and the neighbourhood of its last artifact."""
    for of, params in (("artifacts", {}), ("executions", {"like": "open", "frames": "off"})):
        show_lineage(page, url, of=of, hops="all", dir="CONNECTED", **params)
        graph = graph_of(url, where={of: {}}, direction="CONNECTED")
        assert drawn(page) == answered(graph)
        assert page.get_by_text("Whole: all").count() == graph["complete"] == 1
    root = ask(url, ENTITIES)["artifacts"]["nodes"][0]["id"]
    show_lineage(page, url, roots=root)
    assert drawn(page) == answered(graph_of(url, roots=[root], hops=2))


def comparisons(page: Page, url: str) -> None:
    runs = [run["id"] for run in ask(url, ENTITIES)["runs"]["nodes"]][:2]
    if len(runs) == 2:
        show(page, url, f"compare?{urlencode({'runs': runs}, doseq=True)}")
        rows = ask(url, "query ($ids: [ID!]!) {compareRuns(ids: $ids) {rows {field same}}}", ids=runs)["compareRuns"]
        differing = sorted(row["field"] for row in rows["rows"] if not row["same"])
        assert sorted(page.locator("tbody tr:not(.section) th").all_inner_texts()) == differing
    artifacts = [artifact["id"] for artifact in ask(url, ENTITIES)["artifacts"]["nodes"]][:2]
    left, right = artifacts
    show(page, url, f"compare?{urlencode({'left': left, 'right': right})}")
    document = """query ($left: ID!, $right: ID!) { lineageDiff(left: $left, right: $right) {
      changed { differences { field } } } }"""
    changed = ask(url, document, left=left, right=right)["lineageDiff"]["changed"]
    fields = page.locator(".change tbody th").all_inner_texts()
    assert fields == [one["field"] for pair in changed for one in pair["differences"]]


def refreshed(page: Page) -> None:
    """Refresh asks again; what was there stays."""
    before = names(page)
    with page.expect_response(lambda answer: "query Artifacts(" in (answer.request.post_data or "")):
        page.get_by_role("button", name="Refresh").click()
    settle(page)
    assert names(page) == before
