"""The explorer in a real browser, part by part, on the demonstration store: what it shows is what the API answers."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.demo import demo_store
from tests.server import Server
from tests.web.browser import Visit, browse
from tests.web.explorer import WCAG, ask, names, settle, show, violations

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Playwright

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the service over a copy of the demonstration store."""
    folder = tmp_path_factory.mktemp("explorer")
    (folder / "demo.db").write_bytes(demo_store())
    server = Server("serve", str(folder / "demo.db"), "--port", "0", cwd=folder)
    try:
        yield server.url
    finally:
        server.stop()


@pytest.fixture(scope="module")
def visit(playwright: Playwright, chromium: str, url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """One browser for all tests: when it closes, nothing has left the machine and nothing was complained of."""
    with browse(playwright, chromium, tmp_path_factory.mktemp("visit"), url, accept_downloads=True) as opened:
        yield opened


@pytest.fixture
def page(visit: Visit) -> Page:
    visit.page.set_default_timeout(20_000)
    visit.page.set_viewport_size({"width": 1280, "height": 800})
    return visit.page


def test_overview(page: Page, url: str) -> None:
    show(page, url, "")
    counts = ask(url, "{store {counts {workspaces runs executions artifacts}}}")["store"]["counts"]
    assert [int(text) for text in page.locator(".figures .figure").all_inner_texts()] == list(counts.values())
    latest = ask(url, "{runs(orderBy: {field: CREATE_TIME, direction: DESC}, first: 1) {nodes {name state}}}")
    first = page.get_by_role("region", name="Latest runs").get_by_role("listitem").first
    assert latest["runs"]["nodes"][0]["name"] in first.inner_text()
    writers = page.get_by_role("region", name="By writer").get_by_role("listitem").all_inner_texts()
    assert [" ".join(text.split()) for text in writers] == [
        f"Kubeflow Metadata SDK, LineageQL {counts['artifacts']} artifacts, {counts['executions']} executions"
    ]
    # Why did the last run fail? One click leads to what failed.
    failed = page.get_by_role("region", name="What failed").get_by_role("listitem").first
    failed.get_by_role("link").nth(1).click()
    page.wait_for_selector("text=One execution failed")
    assert page.title() == "monthly-2026-03-first-try · LineageQL"
    page.go_back()
    page.get_by_role("link", name="Model 6", exact=True).click()
    settle(page)
    assert len(names(page)) == 6
    # Six rows need no box as high as the window.
    box = page.get_by_role("region", name="Artifacts").bounding_box()
    assert box is not None
    assert box["height"] < 8 * 36


def test_columns_by_name_are_offered_and_ordered_by(page: Page, url: str) -> None:
    """A press on the head of a column of a value, a parameter or a property orders by it on the server."""
    show(page, url, "artifacts?kind=METRICS")
    page.get_by_role("button", name="Columns").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox").first.select_option("value")
    facets = ask(url, "{artifactFacets(by: VALUE_NAME, first: 200) {value}}")["artifactFacets"]
    page.wait_for_function("() => document.querySelectorAll('#column-names option').length > 0")
    offered = page.locator("#column-names option").evaluate_all("all => all.map((one) => one.value)")
    assert offered == [facet["value"] for facet in facets]
    page.get_by_label("called").fill("auc")
    page.get_by_role("button", name="Add", exact=True).click()
    page.keyboard.press("Escape")
    orders = {
        "artifacts?kind=METRICS&column=name&column=value:auc": (
            "artifacts",
            "VALUE",
            "auc",
            ", where: {kind: METRICS}",
        ),
        "runs?column=value:auc": ("runs", "VALUE", "auc", ""),
        "executions?column=parameter:seed": ("executions", "PARAMETER", "seed", ""),
        "artifacts?column=property:rows": ("artifacts", "PROPERTY", "rows", ""),
    }
    for place, (field, by, key, where) in orders.items():
        show(page, url, place)
        for direction, word in (("DESC", "descending"), ("ASC", "ascending")):
            page.get_by_role("button", name=key, exact=True).click()
            page.wait_for_selector(f"th[aria-sort={word}]")
            settle(page)
            order = f'{{field: {by}, key: "{key}", direction: {direction}}}'
            found = ask(url, f"{{{field}(orderBy: {order}, first: 10{where}) {{nodes {{name}}}}}}")[field]["nodes"]
            assert names(page)[:10] == [row["name"] for row in found], (place, direction)
        assert f"order={by.lower()}:{key}" in page.url


def test_a_table_filters_orders_and_exports_on_the_server(page: Page, url: str) -> None:
    show(page, url, "artifacts")
    total = ask(url, "{artifacts {totalCount}}")["artifacts"]["totalCount"]
    assert f"{total} artifacts" in page.locator(".head-note").inner_text()

    page.get_by_role("button", name="Kind", exact=True).click()
    page.get_by_role("dialog").get_by_role("checkbox", name="Model").check()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Label", exact=True).click()
    page.get_by_role("button", name="stage 4").click()
    page.get_by_role("button", name="stage = production 2").click()
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("dialog").get_by_role("combobox").first.select_option("label")
    page.get_by_label("called").fill("team")
    page.get_by_role("button", name="Add", exact=True).click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Name", exact=True).click()
    settle(page)
    where = {"kind": ["MODEL"], "labels": [{"key": "stage", "eq": "production"}]}
    document = """query ($where: ArtifactFilter) {
      artifacts(where: $where, orderBy: {field: NAME}) { nodes { id name version team: label(key: "team") } }
    }"""
    expected = ask(url, document, where=where)["artifacts"]["nodes"]
    assert names(page) == [row["name"] for row in expected] == ["chargeback-forecast", "fraud-model"]

    # The address holds all of it.
    address = page.url
    assert "kind=MODEL&label=stage%3Dproduction" in address
    show(page, url, address.partition("#/")[2])
    assert names(page) == [row["name"] for row in expected]
    assert page.locator("th[aria-sort=ascending]").inner_text() == "Name"

    def export(choice: str) -> str:
        page.get_by_role("button", name="Export").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name=choice).click()
        return Path(download.value.path()).read_text(encoding="utf-8")

    rows = list(csv.DictReader(io.StringIO(export("CSV"))))
    assert [(row["id"], row["version"], row["label:team"]) for row in rows] == [
        (row["id"], row["version"], row["team"]) for row in expected
    ]
    lines = [json.loads(line) for line in export("JSON Lines").splitlines()]
    assert [line["label:team"] for line in lines] == [row["team"] for row in expected]
    assert lines[0]["kind"] == "MODEL"

    # What is copied is what the API takes.
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=url)
    page.get_by_role("button", name="GraphQL").click()
    page.get_by_role("menuitem", name="Copy as GraphQL").click()
    page.wait_for_selector(".toast.on")
    document, _, comment = page.evaluate("navigator.clipboard.readText()").partition("# Variables\n")
    variables = json.loads(comment.replace("# ", ""))
    assert [row["id"] for row in ask(url, document, **variables)["artifacts"]["nodes"]] == [
        row["id"] for row in expected
    ]


def test_a_table_goes_on_without_end_and_holds_only_what_is_in_sight(page: Page, url: str) -> None:
    """Pages of 100 over answers that are made here: 250 rows, whose order shows that none is lost or doubled."""

    def answer(route: Any) -> None:
        asked = json.loads(route.request.post_data)
        if not asked["query"].startswith(("query Executions(", "query CountExecutions(")):
            return route.continue_()
        if "Count" in asked["query"]:
            return route.fulfill(json={"data": {"executions": {"totalCount": 250}}})
        start = int(asked["variables"]["after"] or 0)
        end = min(start + asked["variables"]["first"], 250)
        nothing = {"createTime": None, "startTime": None, "endTime": None, "run": None, "workspace": None}
        nodes = [
            {"__typename": "Execution", "id": str(n), "name": f"e{n}", "state": "COMPLETE", "type": {"name": "t"}}
            | nothing
            for n in range(start, end)
        ]
        page_info = {"hasNextPage": end < 250, "endCursor": str(end)}
        return route.fulfill(json={"data": {"executions": {"pageInfo": page_info, "nodes": nodes}}})

    page.route("**/graphql", answer)
    try:
        show(page, url, "executions")
        seen: list[str] = []
        for _ in range(40):
            seen += [name for name in names(page) if name not in seen]
            if len(seen) == 250:
                break
            page.locator(".table-scroll").evaluate("box => { box.scrollTop += box.clientHeight }")
            page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
            settle(page)
        assert seen == [f"e{n}" for n in range(250)]
        assert len(names(page)) < 80
        assert "250 loaded, which is all" in page.locator("main").inner_text()
        # The way back leads to where one was.
        top = page.locator(".table-scroll").evaluate("box => box.scrollTop")
        page.get_by_role("link", name="Overview").click()
        page.wait_for_url("**/#/")
        page.go_back()
        page.wait_for_selector("text=e249")
        assert page.locator(".table-scroll").evaluate("box => box.scrollTop") == top > 5_000
    finally:
        page.unroute("**/graphql")


def test_what_fails_says_so_and_is_tried_again(page: Page, visit: Visit, url: str) -> None:
    page.route(
        "**/graphql",
        lambda route: route.fulfill(
            json={"errors": [{"message": "no <b>room</b>", "extensions": {"code": "UNAVAILABLE"}}]}
        ),
    )
    page.goto("about:blank")
    page.goto(f"{url}/#/workspaces")
    alert = page.get_by_role("alert")
    alert.first.wait_for()
    assert "no <b>room</b>" in alert.first.inner_text()
    assert "UNAVAILABLE" in alert.first.inner_text()
    page.unroute("**/graphql")
    alert.first.get_by_role("button", name="Try again").click()
    settle(page)
    assert "fraud-detection" in names(page)
    assert page.get_by_role("alert").count() == 0
    page.get_by_role("button", name="Count again").click()
    page.wait_for_selector("text=3 workspaces")


def test_search_by_the_keyboard(page: Page, url: str) -> None:
    show(page, url, "runs")
    page.keyboard.press("/")
    page.keyboard.type("fraud-mod")
    option = page.get_by_role("option")
    option.first.wait_for()
    page.keyboard.press("ArrowDown")
    assert option.first.get_attribute("aria-selected") == "true"
    page.keyboard.press("Enter")
    page.wait_for_url("**/#/artifacts/*")
    settle(page)
    assert page.locator("h1 .version").inner_text().startswith("2026-")
    page.keyboard.press("/")
    page.keyboard.type("payments")
    page.keyboard.press("Enter")
    page.wait_for_url("**/#/search?text=payments")
    settle(page)
    found = ask(url, '{search(text: "payments", first: 50) {nodes {id}}}')["search"]["nodes"]
    assert page.locator("tbody tr").count() == len(found)


def test_an_artifact_s_page(page: Page, url: str) -> None:
    document = """{artifacts(where: {name: {eq: "fraud-model"}, version: {eq: "2026-02"}}) {nodes {
      id mlmdId uri ... on Model { hyperparameters }
      producers { edges { port node { name } } }
      consumers { edges { port node { name } } }
    }}}"""
    model = ask(url, document)["artifacts"]["nodes"][0]
    show(page, url, f"artifacts/{model['id']}")
    for side, title in (("producers", "Written by"), ("consumers", "Read by")):
        rows = page.get_by_role("region", name=title).locator("tbody tr").all_inner_texts()
        assert len(rows) == len(model[side]["edges"])
        for row, edge in zip(rows, model[side]["edges"], strict=True):
            assert edge["node"]["name"] in row
            assert (edge["port"] or "–") in row
    tree = page.get_by_role("group", name="Hyperparameters").inner_text()
    for name in model["hyperparameters"]:
        assert name in tree
    facts = page.get_by_role("complementary", name="Facts").inner_text()
    assert model["uri"] in facts
    assert str(model["mlmdId"]) in facts
    assert "xgboost 2.1.4" in facts  # and not the object of the framework's name and version

    page.get_by_role("link", name="Versions").click()
    page.wait_for_selector(".plot canvas")
    versions = page.get_by_role("region", name="Versions").locator("tbody th").all_inner_texts()
    assert versions == ["2026-03", "2026-02", "2026-01"]

    page.get_by_role("link", name="Details").click()
    page.get_by_role("button", name="Add a label").click()
    page.get_by_label("Key").fill("reviewed-by")
    page.get_by_label("Value").fill("me")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Remove the label reviewed-by").wait_for()
    label = 'query ($id: ID!) { artifact(id: $id) { label(key: "reviewed-by") } }'
    assert ask(url, label, id=model["id"])["artifact"]["label"] == "me"
    page.get_by_role("button", name="Remove the label reviewed-by").click()
    page.get_by_role("button", name="Remove the label reviewed-by").wait_for(state="detached")
    assert ask(url, label, id=model["id"])["artifact"]["label"] is None


def test_compare_runs(page: Page, url: str) -> None:
    show(page, url, "runs?name=monthly-2026&order=name")
    for row in (0, 1):
        page.get_by_role("checkbox").nth(row).check()
    page.get_by_role("link", name="Compare", exact=True).last.click()
    settle(page)
    ids = [
        row["id"]
        for row in ask(
            url, '{runs(where: {name: {contains: "monthly-2026"}}, orderBy: {field: NAME}, first: 2) {nodes {id}}}'
        )["runs"]["nodes"]
    ]
    rows = ask(url, "query ($ids: [ID!]!) {compareRuns(ids: $ids) {rows {field same}}}", ids=ids)["compareRuns"]["rows"]
    fields = page.locator("tbody tr:not(.section) th")
    assert sorted(fields.all_inner_texts()) == sorted(row["field"] for row in rows if not row["same"])
    page.get_by_role("button", name="All fields").click()
    assert sorted(fields.all_inner_texts()) == sorted(row["field"] for row in rows)
    assert page.locator(".chart").count() == 2
    assert page.locator(".strand").count() == 2


def test_values_and_parameters_filter_by_comparison(page: Page, url: str) -> None:
    show(page, url, "artifacts?order=name")
    page.get_by_role("button", name="Metric", exact=True).click()
    form = page.get_by_role("dialog")
    form.get_by_label("Name", exact=True).fill("auc")
    form.get_by_label("Test").select_option(">=")
    form.get_by_label("Value", exact=True).fill("0.95")
    form.get_by_role("button", name="Add").click()
    settle(page)
    values = [{"name": "auc", "gte": 0.95}]
    document = """query ($where: %sFilter) {%s(where: $where, orderBy: {field: NAME}) {nodes {name}}}"""
    answer = ask(url, document % ("Artifact", "artifacts"), where={"values": values})["artifacts"]["nodes"]
    assert names(page) == [row["name"] for row in answer] != []

    page.get_by_role("button", name="Columns").click()
    page.get_by_role("dialog").get_by_label("Uri").check()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Uri", exact=True).click()
    settle(page)
    document_by_uri = document.replace("field: NAME", "field: URI")
    answer = ask(url, document_by_uri % ("Artifact", "artifacts"), where={"values": values})["artifacts"]["nodes"]
    assert names(page) == [row["name"] for row in answer]

    show(page, url, "runs?value=auc>=0.95&order=name")
    answer = ask(url, document % ("Run", "runs"), where={"outputs": {"values": values}})["runs"]["nodes"]
    assert names(page) == [row["name"] for row in answer] != []


def test_which_production_models_descend_from_a_data_set(page: Page, url: str) -> None:
    payments = ask(url, '{artifacts(where: {name: {eq: "payments"}}, first: 1) {nodes {id}}}')["artifacts"]["nodes"][0]
    show(page, url, f"artifacts/{payments['id']}")
    page.get_by_role("link", name="Models from it").click()
    page.wait_for_url("**/#/artifacts?*")
    show(page, url, f"{page.url.partition('#/')[2]}&label=stage=production&order=name")
    document = """{artifacts(orderBy: {field: NAME}, where: {
      kind: [MODEL], labelSelector: "stage=production", descendsFrom: {artifacts: {name: {eq: "payments"}}}
    }) {nodes {name}}}"""
    assert names(page) == [row["name"] for row in ask(url, document)["artifacts"]["nodes"]] != []


def test_what_changed_between_two_versions(page: Page, url: str) -> None:
    """From the search, in two clicks."""
    show(page, url, "")
    page.get_by_role("combobox").fill("fraud-model")
    page.get_by_role("option", name="fraud-model 2026-03").click()
    page.get_by_role("link", name="What changed since 2026-02").click()
    settle(page)
    params = httpx.QueryParams(page.url.partition("?")[2])
    document = """query ($left: ID!, $right: ID!) { lineageDiff(left: $left, right: $right) {
      changed { left { id } right { id } differences { field } } onlyLeft { name } onlyRight { name } both { id }
    }}"""
    diff = ask(url, document, left=params["left"], right=params["right"])["lineageDiff"]
    expected = [difference["field"] for pair in diff["changed"] for difference in pair["differences"]]
    assert expected
    assert page.locator(".change tbody th").all_inner_texts() == expected
    for side, title in (("onlyLeft", "Only in A"), ("onlyRight", "Only in B")):
        shown = page.get_by_role("region", name=title).locator(".entity-name").all_inner_texts()
        assert shown == [node["name"] for node in diff[side]]

    # On a phone both sides are in sight, and so is where one is in the navigation.
    page.set_viewport_size({"width": 420, "height": 860})
    page.reload()
    settle(page)
    for place in (page.locator(".change td").nth(1), page.locator(".nav [aria-current]")):
        box = place.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 420
    # A table that is wider says so at its edge.
    show(page, url, "artifacts")
    table = page.get_by_role("region", name="Artifacts")
    assert table.get_attribute("data-more") == "right"
    table.evaluate("box => { box.scrollLeft = box.scrollWidth }")
    page.wait_for_function("() => document.querySelector('.table-scroll').dataset.more === 'left'")


class Clicks:
    """Clicks, counted: what is typed is none."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, where: Locator) -> None:
        where.first.click()
        self.count += 1


def test_five_questions_take_three_clicks_each(page: Page, url: str) -> None:
    """As one asks who knows no GraphQL, each from the overview."""
    counts = {}

    def asked() -> Clicks:
        show(page, url, "")
        return Clicks()

    click = asked()  # Which production models descend from `payments`?
    page.get_by_role("combobox").fill("payments")
    click(page.get_by_role("option", name="payments 2026-03"))
    click(page.get_by_role("link", name="Models from it"))
    click(page.get_by_role("button", name="Label", exact=True))
    page.keyboard.type("stage=production")
    page.keyboard.press("Enter")
    page.wait_for_url("**label=stage*")
    settle(page)
    assert sorted(names(page)) == ["chargeback-forecast", "fraud-model"]
    # And is that list whole?
    assert page.locator(".head-note").inner_text() == "2 artifacts match"
    page.get_by_text("2 loaded, which is all").wait_for()
    counts["which models, and are they all"] = click.count

    click = asked()  # What changed between the last two versions of `fraud-model`?
    page.get_by_role("combobox").fill("fraud-model")
    click(page.get_by_role("option", name="fraud-model 2026-03"))
    click(page.get_by_role("link", name="What changed since 2026-02"))
    page.get_by_role("article", name="fraud-model").wait_for()
    counts["what changed"] = click.count

    click = asked()  # Why did the last run fail?
    click(page.get_by_role("region", name="What failed").get_by_role("link", name="train", exact=True))
    page.get_by_text("out of memory").first.wait_for()
    counts["why did it fail"] = click.count

    click = asked()  # Which run has the best auc?
    click(page.get_by_role("navigation", name="Main").get_by_role("link", name="Runs"))
    click(page.get_by_role("button", name="Columns"))
    click(page.get_by_role("button", name="auc", exact=True))
    page.wait_for_selector("th[aria-sort=descending]")
    settle(page)
    best = ask(url, '{runs(orderBy: {field: VALUE, key: "auc", direction: DESC}, first: 1) {nodes {name}}}')
    assert names(page)[0] == best["runs"]["nodes"][0]["name"]
    counts["which run is the best"] = click.count

    click = asked()  # Where does the model come from, and is that list whole?
    page.get_by_role("combobox").fill("fraud-model")
    click(page.get_by_role("option", name="fraud-model 2026-03"))
    click(page.get_by_role("link", name="Lineage", exact=True))
    click(page.get_by_role("button", name="All at once"))
    page.get_by_text("Whole: all").wait_for()
    counts["is it whole"] = click.count
    assert max(counts.values()) <= 3, counts


PLACES = [
    "",
    "workspaces",
    "runs?selected=x",
    "executions",
    "artifacts?kind=MODEL&column=name&column=label:stage",
    "search?text=fraud",
    "workspaces/{workspace}",
    "runs/{run}",
    "executions/{execution}",
    "artifacts/{model}",
    "artifacts/{model}?tab=versions",
    "lineage",
    "lineage?of=artifacts&kind=MODEL",
    "compare",
    "compare?runs={run}&runs={other}",
    "compare?left={before}&right={model}",
    "nowhere",
]


@pytest.fixture(scope="module")
def ids(url: str) -> dict[str, str]:
    data = ask(
        url,
        """{
          workspaces(first: 1) {nodes {id}}
          runs(where: {name: {startsWith: "monthly-2026"}}, first: 2) {nodes {id}}
          executions(where: {state: [FAILED]}, first: 1) {nodes {id}}
          artifacts(where: {name: {eq: "fraud-model"}}) {nodes {id}}
        }""",
    )
    run, other = (row["id"] for row in data["runs"]["nodes"])
    before, model, *_ = (row["id"] for row in data["artifacts"]["nodes"])
    workspace, execution = data["workspaces"]["nodes"][0]["id"], data["executions"]["nodes"][0]["id"]
    return {
        "workspace": workspace,
        "run": run,
        "other": other,
        "execution": execution,
        "before": before,
        "model": model,
    }


LOOKS = {"light": WCAG, "dark": ["color-contrast", "link-in-text-block"], "narrow": ["wcag22aa", "wcag2a"]}
"""What axe-core looks for: what light shows is there in the dark and on a phone too, but for colours and sizes."""


def test_everybody_can_use_every_view(page: Page, url: str, ids: dict[str, str]) -> None:
    """axe-core finds nothing against WCAG 2.2 AA, no view is wider than its window, and each has one heading."""
    found = {}
    try:
        for place in PLACES:
            page.emulate_media(color_scheme="light", reduced_motion="reduce")
            page.set_viewport_size({"width": 1280, "height": 800})
            show(page, url, place.format(**ids))
            if page.locator("h1").count() != 1:
                found[place, "light"] = ["not one heading"]
            # A view that is open turns to the dark and to a phone's width as it does for a reader.
            for look, rules in LOOKS.items():
                page.emulate_media(color_scheme="dark" if look == "dark" else "light", reduced_motion="reduce")
                if look == "narrow":
                    page.set_viewport_size({"width": 360, "height": 740})
                    settle(page)
                problems = violations(page, rules)
                if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                    problems.append("wider than its window")
                if problems:
                    found[place, look] = problems
        assert found == {}
    finally:
        page.emulate_media(color_scheme="light", reduced_motion="no-preference")


def test_everybody_can_use_what_opens(page: Page, url: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    show(page, url, "artifacts")
    found = {}
    for name in ("Kind", "Label", "Property", "Lineage", "Time", "Columns", "Export"):
        button = page.get_by_role("button", name=name, exact=True)
        button.click()
        settle(page)
        # What lies under a panel that is open is not for pressing.
        found[name] = violations(page, WCAG, ".popover-panel, .menu-list")
        page.keyboard.press("Escape")
        # The focus is back where it came from.
        assert button.evaluate("button => button === document.activeElement")
    page.get_by_role("combobox").fill("fraud")
    page.get_by_role("option").first.wait_for()
    found["search"] = violations(page, WCAG, ".search")
    assert not any(found.values()), found


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[str]:
    server = Server("serve", "--create", str(tmp_path / "empty.db"), "--port", "0", cwd=tmp_path)
    try:
        yield server.url
    finally:
        server.stop()


def test_an_empty_store_says_how_to_record_and_its_examples_do(visit: Visit, empty: str) -> None:
    with visit.beside(empty) as page:
        show(page, empty, "")
        examples = {}
        for way in ("curl", "Python", "Kubeflow SDK", "GraphQL"):
            page.get_by_role("group", name="How to record").get_by_role("button", name=way).click()
            examples[way] = page.locator(".code-box pre").inner_text()

        def models() -> int:
            return int(ask(empty, "{artifacts(where: {kind: [MODEL]}) {totalCount}}")["artifacts"]["totalCount"])

        assert models() == 0
        done = subprocess.run(["sh", "-c", examples["curl"]], capture_output=True, text=True, timeout=60, check=True)
        assert "errors" not in json.loads(done.stdout)
        assert models() == 1
        for way in ("Python", "Kubeflow SDK"):
            before = ask(empty, "{executions {totalCount}}")["executions"]["totalCount"]
            environ = {"PYTHONPATH": str(ROOT / "clients" / "python" / "src"), "PATH": "/usr/bin:/bin"}
            subprocess.run([sys.executable, "-c", examples[way]], env=environ, check=True, timeout=60)
            assert ask(empty, "{executions {totalCount}}")["executions"]["totalCount"] == before + 1
        document, _, variables = examples["GraphQL"].partition("# Variables\n")
        ask(empty, document, **json.loads(variables))
        page.get_by_role("button", name="Refresh").click()
        page.get_by_role("link", name="first-run").first.wait_for()


def test_what_may_not_be_done_is_not_offered(visit: Visit, tmp_path: Path) -> None:
    """One who may only read is shown labels without a way to change them, and not where the store is."""
    (tmp_path / "demo.db").write_bytes(demo_store())
    (tmp_path / "policy.toml").write_text('[[rule]]\nwho = ["anonymous"]\nroles = ["READ"]\nworkspaces = ["fraud-*"]\n')
    server = Server(
        "serve", str(tmp_path / "demo.db"), "--port", "0", "--policy", str(tmp_path / "policy.toml"), cwd=tmp_path
    )
    try:
        with visit.beside(server.url) as page:
            artifacts = '{ artifacts(where: {labels: [{key: "stage", exists: true}]}, first: 1) { nodes { id } } }'
            (model,) = ask(server.url, artifacts)["artifacts"]["nodes"]
            with page.expect_response(lambda answer: "Viewer" in (answer.request.post_data or "")) as viewer:
                show(page, server.url, f"artifacts/{model['id']}")
            assert viewer.value.json()["data"]["viewer"]["roles"] == ["READ"]
            page.get_by_role("heading", name="Labels").wait_for()
            assert page.get_by_role("button", name="Add a label").count() == 0
            # Its lineage says that it leads to what is hidden, and offers no way to go on there.
            features = '{ artifacts(where: {name: {eq: "features"}}, first: 1) { nodes { id } } }'
            (root,) = ask(server.url, features)["artifacts"]["nodes"]
            show(page, server.url, f"lineage?roots={root['id']}&hops=all")
            said = page.get_by_text("Not whole.")
            said.wait_for()
            assert said.inner_text().startswith("Not whole. It leads to something that you may not see.")
            assert "beyond" not in said.inner_text()
            for name in ("Go on", "All at once"):
                assert page.get_by_role("button", name=name, exact=True).count() == 0
            show(page, server.url, "artifacts/QXJ0aWZhY3Q6OTk5OTk5")
            page.get_by_role("heading", name="Not found").wait_for()
            assert page.get_by_role("link", name="Lineage", exact=True).count() == 0
            show(page, server.url, "")
            page.get_by_text("read only").wait_for()
            assert page.locator(".store-url").count() == 0
    finally:
        server.stop()
