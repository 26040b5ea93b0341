"""The explorer's lineage in a real browser: it draws what the API answers, all of it and nothing else."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from tests.demo import demo_store
from tests.server import Server
from tests.web.browser import Visit, browse
from tests.web.explorer import answered, ask, drawn
from tests.web.explorer import picture_ready as ready

if TYPE_CHECKING:
    from playwright.sync_api import Page, Playwright

pytestmark = pytest.mark.browser

LAYOUT_CHECKS = Path(__file__).parent / "layout_checks.js"
GRAPH = """query ($roots: [ID!]!, $direction: LineageDirection!, $maxHops: Int, $events: LineageEvents!) {
  lineage(roots: $roots, direction: $direction, maxHops: $maxHops, events: $events) {
    complete limits frontier nodes { node { id name } }
    edges { artifact { id } execution { id } eventType port implied }
  }
}"""
SIBLINGS = 7


def graph_of(url: str, roots: list[str], **given: Any) -> Any:
    return ask(url, GRAPH, **{"roots": roots, "direction": "BOTH", "events": "ALL", **given})["lineage"]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The service over the demonstration store, to which trainings were added that are all alike."""
    folder = tmp_path_factory.mktemp("lineage")
    (folder / "demo.db").write_bytes(demo_store())
    server = Server("serve", str(folder / "demo.db"), "--port", "0", cwd=folder)
    try:
        data = {"dataSet": {"name": "corpus", "uri": "u:corpus"}}
        record = "mutation ($input: [RecordExecutionInput!]!) { recordLineage(input: $input) { created } }"
        names = {"workspace": "sweep"}
        trained = [
            {
                **names,
                "run": f"try-{n}",
                "execution": {"name": f"train-{n}"},
                "inputs": [{"port": "examples", "artifact": data}],
                "outputs": [{"port": "model", "artifact": {"model": {"name": f"try-{n}", "uri": f"u:model-{n}"}}}],
            }
            for n in range(SIBLINGS)
        ]
        ask(server.url, 'mutation { createWorkspace(input: {name: "sweep"}) { created } }')
        ask(server.url, record, input=trained)
        yield server.url
    finally:
        server.stop()


@pytest.fixture(scope="module")
def visit(playwright: Playwright, chromium: str, url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    size = {"width": 1280, "height": 860}
    with browse(playwright, chromium, tmp_path_factory.mktemp("chromium"), url, viewport=size) as opened:
        yield opened


@pytest.fixture(scope="module")
def ids(url: str) -> dict[str, str]:
    """Artifacts of the store by name and version."""
    found = ask(url, "{ artifacts(first: 500) { nodes { id name version } } }")["artifacts"]["nodes"]
    return {f"{node['name']} {node['version'] or ''}".strip(): node["id"] for node in found}


def show(page: Page, url: str, view: str, /, **params: Any) -> None:
    """Opens a view and waits until its picture is there and nothing is under way."""
    page.goto("about:blank")
    page.goto(f"{url}/#/{view}?{urlencode(params, doseq=True)}")
    ready(page)


@pytest.mark.parametrize(
    ("params", "given"),
    [
        ({}, {"maxHops": 2}),
        ({"hops": "all"}, {}),
        ({"hops": "3", "dir": "UPSTREAM"}, {"direction": "UPSTREAM", "maxHops": 3}),
        ({"hops": "all", "dir": "CONNECTED", "like": "open"}, {"direction": "CONNECTED"}),
        ({"hops": "all", "dir": "CONNECTED", "events": "MADE"}, {"direction": "CONNECTED", "events": "MADE"}),
    ],
)
def test_it_draws_exactly_what_the_api_answers(
    visit: Visit, url: str, ids: dict[str, str], params: dict[str, str], given: dict[str, Any]
) -> None:
    root = ids["fraud-model 2026-02"]
    show(visit.page, url, "lineage", roots=root, **params)
    graph = graph_of(url, [root], **given)
    assert drawn(visit.page) == answered(graph)
    # What is said of completeness is what the answer says, and the list holds the same boxes.
    assert visit.page.get_by_text("Whole: all").count() == graph["complete"]
    assert visit.page.get_by_text("Not whole.").count() == (not graph["complete"])
    boxes = int(visit.page.get_attribute(".stage", "data-boxes") or 0)
    assert visit.page.locator(".node-row").first.get_attribute("aria-setsize") == str(boxes)


WHERE = """query ($where: LineageFilter, $maxHops: Int) {
  lineage(where: $where, maxHops: $maxHops) {
    nodes { hops node { id } } edges { artifact { id } execution { id } eventType port implied }
  }
}"""


def test_it_begins_at_all_that_filters_match(visit: Visit, url: str, ids: dict[str, str]) -> None:
    """From a table, where the same filters stand; another filter begins anew."""
    page = visit.page
    page.goto("about:blank")
    page.goto(f"{url}/#/artifacts?kind=MODEL&workspace=fraud-detection&order=name")
    page.get_by_role("link", name="Draw lineage").click()
    ready(page)
    where: dict[str, Any] = {"kind": ["MODEL"], "workspace": {"name": {"in": ["fraud-detection"]}}}
    graph = ask(url, WHERE, where={"artifacts": where}, maxHops=2)["lineage"]
    assert drawn(page) == answered(graph)
    begun = sum(step["hops"] == 0 for step in graph["nodes"])
    assert page.locator(".head-note").inner_text() == f"of {begun} artifacts that match"
    chips = page.get_by_role("list", name="Filters in force").get_by_role("listitem").all_inner_texts()
    assert [chip.strip() for chip in chips] == ["Kind Model", "Workspace fraud-detection", "Clear all"]

    page.get_by_role("option", name=re.compile("^fraud-model 2026-02|fraud-model.*2026-02")).first.click()
    page.get_by_role("button", name=re.compile(r"^Remove the filter Workspace")).click()
    page.wait_for_function("() => !location.hash.includes('workspace=') && !location.hash.includes('chosen=')")
    ready(page)
    graph = ask(url, WHERE, where={"artifacts": {"kind": ["MODEL"]}}, maxHops=2)["lineage"]
    page.wait_for_function(
        "nodes => document.querySelector('.stage').lineage.drawn().nodes.length === nodes", arg=len(graph["nodes"])
    )
    assert drawn(page) == answered(graph)
    # What nothing ties to the rest of its run stands near it all the same: no frame is much higher than its boxes.
    frames = page.eval_on_selector(".stage", "({lineage}) => [...lineage.stage.picture.placed.frames]")
    assert max(frames[at + 3] - frames[at + 1] for at in range(0, len(frames), 4)) < 450

    page.get_by_label("Begins at").select_option("executions")
    page.get_by_role("combobox", name="Steps", exact=True).select_option("all")
    ready(page)
    graph = ask(url, WHERE, where={"executions": {}}, maxHops=None)["lineage"]
    page.wait_for_function(
        "nodes => document.querySelector('.stage').lineage.drawn().nodes.length === nodes", arg=len(graph["nodes"])
    )
    assert drawn(page) == answered(graph)
    show(page, url, "lineage", of="executions")
    page.get_by_label("Name contains").fill("there is no such")
    page.get_by_text("Nothing that you may see meets these filters.").wait_for()


def test_its_controls_take_one_row_on_a_phone(visit: Visit, url: str, ids: dict[str, str]) -> None:
    page = visit.page
    page.set_viewport_size({"width": 420, "height": 860})
    try:
        show(page, url, f"artifacts/{ids['fraud-model 2026-02']}", tab="lineage")
        bar = page.get_by_role("toolbar", name="What is shown").bounding_box()
        assert bar is not None
        assert bar["height"] < 48
        page.get_by_role("button", name="View", exact=True).click()
        page.get_by_role("combobox", name="Steps", exact=True).select_option("1")
        page.wait_for_function("() => location.hash.includes('hops=1')")
    finally:
        page.set_viewport_size({"width": 1280, "height": 860})


def test_one_goes_on_step_by_step_and_the_address_keeps_it(visit: Visit, url: str, ids: dict[str, str]) -> None:
    page, root = visit.page, ids["fraud-model 2026-02"]
    show(page, url, "lineage", roots=root, hops="1", dir="UPSTREAM")
    first = graph_of(url, [root], direction="UPSTREAM", maxHops=1)
    step = next(node["node"] for node in first["nodes"] if node["node"]["id"] != root)
    page.get_by_role("option", name=re.compile(step["name"])).click()
    page.get_by_role("button", name=re.compile(r"^Show \d+ more$")).first.click()
    page.wait_for_function(
        "before => Number(document.querySelector('.stage').dataset.boxes) > before", arg=len(first["nodes"])
    )
    ready(page)
    more = answered(graph_of(url, [step["id"]], direction="UPSTREAM", maxHops=1))
    nodes, edges = answered(first)
    expected = (nodes | more[0], edges | more[1])
    assert drawn(page) == expected
    page.reload()
    ready(page)
    assert drawn(page) == expected

    page.get_by_role("button", name="All at once").click()
    page.get_by_text("Whole: all").wait_for()
    ready(page)
    assert drawn(page) == answered(graph_of(url, [root], direction="UPSTREAM"))


def test_like_siblings_fold_with_what_follows_them(visit: Visit, url: str, ids: dict[str, str]) -> None:
    page, root = visit.page, ids["corpus"]
    show(page, url, "lineage", roots=root, hops="all")
    graph = answered(graph_of(url, [root]))
    assert int(page.get_attribute(".stage", "data-boxes") or 0) == 3
    assert drawn(page)[0] == graph[0]
    page.get_by_role("option", name=re.compile(f"{SIBLINGS} models")).click()
    page.get_by_role("button", name="Unfold").click()
    page.wait_for_function(f"() => document.querySelector('.stage').dataset.boxes === '{2 + SIBLINGS}'")
    page.get_by_role("option", name=re.compile(f"{SIBLINGS} executions")).click()
    page.get_by_role("button", name="Unfold").click()
    page.wait_for_function(f"() => document.querySelector('.stage').dataset.boxes === '{1 + 2 * SIBLINGS}'")
    ready(page)
    assert drawn(page) == graph
    page.get_by_role("option", name=re.compile("train-3")).click()
    page.get_by_role("button", name="Fold it with those like it").click()
    page.wait_for_function(f"() => document.querySelector('.stage').dataset.boxes === '{2 + SIBLINGS}'")

    show(page, url, "lineage", roots=root, hops="all", frames="folded", like="open")
    assert int(page.get_attribute(".stage", "data-boxes") or 0) == 1 + SIBLINGS
    assert drawn(page)[0] == graph[0]


def test_the_keys_go_along_the_lines(visit: Visit, url: str, ids: dict[str, str]) -> None:
    page, root = visit.page, ids["fraud-model 2026-02"]
    show(page, url, "lineage", roots=root, hops="1", chosen=root)
    page.wait_for_selector(f'.stage-button[data-id="{root}"]')
    page.get_by_role("group", name=re.compile("^Graph")).locator('[tabindex="0"]').focus()
    focused = "() => document.activeElement.dataset.id"
    assert page.evaluate(focused) == root
    graph = graph_of(url, [root], maxHops=1)
    consumers = {edge["execution"]["id"] for edge in graph["edges"] if edge["eventType"] == "INPUT"}
    makers = {edge["execution"]["id"] for edge in graph["edges"]} - consumers
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused) in consumers
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(focused) == root
    page.keyboard.press("ArrowLeft")
    maker = page.evaluate(focused)
    assert maker in makers
    page.keyboard.press("Enter")
    page.wait_for_function("id => location.hash.includes(`chosen=${id}`)", arg=maker)
    assert page.locator(".chosen h2").inner_text().strip().endswith("train")


def test_pictures_are_whole(visit: Visit, url: str, ids: dict[str, str], tmp_path: Path) -> None:
    page, root = visit.page, ids["fraud-model 2026-02"]
    show(page, url, "lineage", roots=root, hops="all", dir="CONNECTED", like="open")
    # What is in sight makes no difference.
    page.get_by_role("button", name="Zoom in").click(click_count=4)
    graph = graph_of(url, [root], direction="CONNECTED")

    def saved(choice: str) -> bytes:
        page.get_by_role("button", name="Export").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name=choice).click()
        download.value.save_as(tmp_path / "saved")
        return (tmp_path / "saved").read_bytes()

    svg = ET.fromstring(saved("Picture as SVG"))
    left, top, width, height = map(float, svg.attrib["viewBox"].split())
    space = "{http://www.w3.org/2000/svg}"
    for rect in svg.iter(f"{space}rect"):
        if rect.attrib["width"] == "100%":
            continue
        x, y, w, h = (float(rect.attrib[name]) for name in ("x", "y", "width", "height"))
        assert left <= x <= x + w <= left + width
        assert top <= y <= y + h <= top + height
    texts = Counter(text.text for text in svg.iter(f"{space}text"))
    names = Counter(step["node"]["name"] for step in graph["nodes"])
    assert names - texts == Counter()

    png = saved("Picture as PNG")
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    size = int.from_bytes(png[16:20]), int.from_bytes(png[20:24])
    assert abs(size[0] / size[1] - width / height) < 0.02

    told = json.loads(saved("Nodes and edges as JSON"))
    assert {node["id"] for node in told["nodes"]} == answered(graph)[0]


def test_a_path_stands_out(visit: Visit, url: str, ids: dict[str, str]) -> None:
    page, model, data = visit.page, ids["fraud-model 2026-02"], ids["payments 2026-02"]
    query = "query ($from: ID!, $to: ID!) { lineagePath(from: $from, to: $to) { steps { id } } }"
    steps = ask(url, query, **{"from": model, "to": data})["lineagePath"]["steps"]
    show(page, url, "lineage", roots=model, path=[model, data])
    page.locator(".path-note", has_text=f"{len(steps) - 1} steps").wait_for()
    ready(page)
    lit = page.eval_on_selector(
        ".stage", "({lineage: {stage}}) => [...stage.marks.lit].map(at => stage.picture.scene.boxes[at].id)"
    )
    assert set(lit) == {step["id"] for step in steps}


def test_a_diff_is_one_picture_of_both(visit: Visit, url: str, ids: dict[str, str]) -> None:
    page, left, right = visit.page, ids["fraud-model 2026-01"], ids["fraud-model 2026-02"]
    query = """query ($left: ID!, $right: ID!) { lineageDiff(left: $left, right: $right) {
        changed { left { id } differences { field left right } } } }"""
    diff = ask(url, query, left=left, right=right)["lineageDiff"]
    show(page, url, "compare", left=left, right=right, view="picture")
    nodes, edges = drawn(page)
    one = answered(graph_of(url, [left], direction="UPSTREAM"))
    other = answered(graph_of(url, [right], direction="UPSTREAM"))
    # The pipelines are the same, so each part of the one stands for its part of the other.
    assert nodes == one[0]
    assert edges == one[1]
    assert len(other[0]) == len(nodes)
    sides = page.eval_on_selector(
        ".stage", "({lineage: {stage}}) => stage.picture.scene.boxes.map(b => [b.id, b.side])"
    )
    assert {id_ for id_, side in sides if side == "changed"} == {pair["left"]["id"] for pair in diff["changed"]}
    page.locator(f'.node-row[data-id="{left}"]').click()
    shown = page.locator(".differences dt").all_inner_texts()
    assert shown == [
        found["field"] for pair in diff["changed"] if pair["left"]["id"] == left for found in pair["differences"]
    ]


def test_a_layout_keeps_boxes_apart_and_lines_off_them(visit: Visit, url: str) -> None:
    visit.page.goto(f"{url}/")
    visit.page.wait_for_selector(".nav")
    wrong = visit.page.evaluate(LAYOUT_CHECKS.read_text(encoding="utf-8"))
    assert wrong == []
