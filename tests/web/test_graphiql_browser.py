"""The GraphiQL page in a real browser: it works, and nothing it does leaves the machine."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
import strawberry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send
from strawberry.asgi import GraphQL

from lineageql.web.graphiql import GraphiQL, wants_page
from lineageql.web.operations import Operation, load_operations, operations_folder
from tests.demo import demo_store
from tests.server import Server
from tests.web.browser import EDITOR, RUN, VARIABLES, Visit, browse, serve

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Playwright

pytestmark = pytest.mark.browser

HOSTILE = '</script><img src=x onerror="window.hostile = 1"><script>window.hostile = 1</script>'


@strawberry.type(description="Something that a run made or used.")
class Artifact:
    id: strawberry.ID
    name: str


@strawberry.type
class Query:
    @strawberry.field(description="Artifacts whose names *begin* so.")
    def artifacts(self, prefix: str, first: int = 10) -> list[Artifact]:
        return [Artifact(id=strawberry.ID(str(number)), name=f"{prefix}{number}") for number in range(first)]

    @strawberry.field
    def agent(self, info: strawberry.Info) -> str:
        request: Request = info.context["request"]
        return request.headers.get("authorization", "nobody")


class App:
    """The least app around the page: `/graphql` for browsers and for clients."""

    def __init__(self, operations: list[Operation]) -> None:
        self.graphiql = GraphiQL(operations)
        self.answers: Any = GraphQL(strawberry.Schema(Query), graphql_ide=None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        reply = await self.graphiql.page(request) if wants_page(request) else self.answers
        await reply(scope, receive, send)

    def starlette(self) -> Starlette:
        routes = [*self.graphiql.routes(), Route("/graphql", self)]
        return Starlette(routes=[*routes, Mount("/some/prefix", routes=routes)])


SMALL = [
    Operation(
        "artifacts-by-name",
        "Artifacts by name",
        "",
        "# Artifacts by name\nquery ByName($prefix: String!) {\n  artifacts(prefix: $prefix) { id name }\n}\n",
        {"prefix": "model-"},
    ),
    Operation("who", "Who asks", "", "# Who asks\nquery Who {\n  agent\n}\n"),
]


@pytest.fixture(scope="module")
def operations() -> list[Operation]:
    """The operations that the server offers; the first has variables, the last only reads."""
    return load_operations(operations_folder())


@pytest.fixture(scope="module")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the service over the demonstration store, without a path and a slash at its end."""
    folder = tmp_path_factory.mktemp("browser")
    store = folder / "demo.db"
    store.write_bytes(demo_store())
    server = Server("serve", str(store), "--port", "0", cwd=folder)
    try:
        yield server.url
    finally:
        server.stop()


@pytest.fixture
def visit(playwright: Playwright, chromium: str, server_url: str, tmp_path: Path) -> Iterator[Visit]:
    with browse(playwright, chromium, tmp_path, server_url) as opened:
        yield opened


def test_a_ready_made_operation_runs(visit: Visit, server_url: str, operations: list[Operation]) -> None:
    visit.open(f"{server_url}/graphql")
    assert visit.page.title() == "LineageQL"
    for operation in operations:
        assert visit.entry(operation).inner_text().split("\n", 1) == [operation.name, operation.title]

    visit.pick(operations[-1])
    with visit.page.expect_request(lambda request: request.method == "POST") as asked:
        answer = visit.run()
    assert answer["data"]
    assert "errors" not in answer
    assert asked.value.url == f"{server_url}/graphql"
    headers = asked.value.all_headers()
    assert headers["content-type"] == "application/json"
    assert headers["accept"] == "application/graphql-response+json, application/json"


def test_the_first_operation_is_open_and_brings_its_variables(
    visit: Visit, server_url: str, operations: list[Operation]
) -> None:
    visit.open(f"{server_url}/graphql")
    assert visit.text(EDITOR) == operations[0].document
    assert json.loads(visit.text(VARIABLES)).keys() == operations[0].variables.keys()
    answer = visit.run()
    assert answer["data"]
    assert "errors" not in answer


@pytest.fixture(scope="module")
def other_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the service over a store in which no id is that of the demonstration."""
    folder = tmp_path_factory.mktemp("other")
    server = Server("serve", "--create", str(folder / "other.db"), "--port", "0", cwd=folder)
    try:
        with httpx.Client(base_url=server.url, transport=httpx.HTTPTransport(retries=5), timeout=60) as client:
            variables = {"input": {"name": "team-a", "description": "A team"}}
            names = {"workspace": "team-a", "run": "first"}
            data = {"dataSet": {"name": "d", "uri": "u:d"}}
            labels = [{"key": "tier", "value": "gold"}]
            models = [{"artifact": {"model": {"name": f"m{n}", "uri": f"u:{n}", "labels": labels}}} for n in (1, 2)]
            lineage = [
                {**names, "execution": {"name": "read"}, "outputs": [{"artifact": data}]},
                {**names, "execution": {"name": "train"}, "inputs": [{"artifact": data}], "outputs": models},
                {**names, "run": "second", "execution": {"name": "serve"}, "inputs": models},
            ]
            for query, given in (
                ("mutation ($input: CreateWorkspaceInput!) { createWorkspace(input: $input) { created } }", variables),
                (
                    "mutation ($input: [RecordExecutionInput!]!) { recordLineage(input: $input) { created } }",
                    {"input": lineage},
                ),
            ):
                body = client.post("/graphql", json={"query": query, "variables": given}).json()
                assert "errors" not in body, body
        yield server.url
    finally:
        server.stop()


def test_operations_find_ids_in_the_store_at_hand(
    playwright: Playwright, chromium: str, other_url: str, tmp_path: Path, operations: list[Operation]
) -> None:
    with browse(playwright, chromium, tmp_path, other_url) as visit:
        visit.open(f"{other_url}/graphql")
        for operation in operations:
            if operation.name.startswith("record-"):
                continue
            visit.pick(operation)
            answer = visit.run()
            assert "errors" not in answer, (operation.name, answer)
            if operation.name != "production-models-of-a-data-set":
                assert all(answer["data"].values()), (operation.name, answer)
            else:
                assert answer["data"]["artifact"]["name"] == "d"


def test_the_tutorial_finds_what_its_steps_made(
    playwright: Playwright, chromium: str, other_url: str, tmp_path: Path, operations: list[Operation]
) -> None:
    steps = [operation for operation in operations if operation.name.startswith("record-")][:5]
    with browse(playwright, chromium, tmp_path, other_url) as visit:
        visit.open(f"{other_url}/graphql")
        # Before the first step has made it, there is no workspace, and no other one stands in its place.
        visit.pick(steps[1])
        assert json.loads(visit.text(VARIABLES))["input"]["workspaceId"] is None
        for operation in steps:
            visit.pick(operation)
            answer = visit.run()
            assert "errors" not in answer, (operation.name, answer)
            assert all(answer["data"].values()), (operation.name, answer)


def test_a_query_in_the_address_is_shown_and_not_run(visit: Visit, server_url: str) -> None:
    linked = {"query": "query Linked($n: Int) { artifacts(first: $n) { totalCount } }", "variables": '{"n": 1}'}
    visit.open(f"{server_url}/graphql/?{urlencode(linked)}")
    assert visit.text(EDITOR) == linked["query"]
    assert visit.text(VARIABLES) == linked["variables"]
    assert visit.page.url == f"{server_url}/graphql"
    assert visit.text(".result-window .CodeMirror") == ""
    assert visit.run()["data"]["artifacts"]["totalCount"] > 30
    hostile = 'mutation { createWorkspace(input: {name: "linked"}) { created } } #' + HOSTILE
    visit.open(f"{server_url}/graphql?{urlencode({'query': hostile})}")
    assert visit.text(EDITOR) == hostile
    assert visit.page.evaluate("() => typeof window.hostile") == "undefined"
    answer = httpx.post(f"{server_url}/graphql", json={"query": '{ workspace(name: "linked") { id } }'}).json()
    assert answer == {"data": {"workspace": None}}


def test_it_works_on_a_narrow_screen(
    playwright: Playwright, chromium: str, server_url: str, tmp_path: Path, operations: list[Operation]
) -> None:
    size = {"width": 420, "height": 800}
    with browse(playwright, chromium, tmp_path, server_url, viewport=size) as visit:
        visit.open(f"{server_url}/graphql")
        page = visit.page
        # The list lies over the editors until an operation is chosen.
        page.get_by_role("button", name="Show Queries").click()
        entry = visit.entry(operations[1])
        assert box(entry)["width"] > 350
        visit.pick(operations[1])
        page.wait_for_function("() => !document.querySelector('.graphiql-plugin')?.offsetParent")
        assert visit.run()["data"]
        shown = [page.locator(place) for place in (EDITOR, f"{VARIABLES} >> nth=0", ".result-window .CodeMirror")]
        for element in (*shown, page.get_by_role("button", name=RUN)):
            found = box(element)
            assert found["x"] >= 0
            assert found["x"] + found["width"] <= size["width"]
            assert found["y"] + found["height"] <= size["height"]
        assert all(box(element)["width"] > 300 for element in shown)
        tops = [box(element)["y"] for element in shown]
        assert tops == sorted(tops)
        assert page.evaluate("() => document.documentElement.scrollWidth") == size["width"]
        page.get_by_role("button", name="Show Documentation Explorer").click()
        page.locator(".graphiql-doc-explorer").get_by_role("link", name="Query", exact=True).click()
        page.get_by_role("button", name="Hide Documentation Explorer").click()
        assert visit.run()["data"]


def box(element: Locator) -> dict[str, float]:
    found = element.bounding_box()
    assert found is not None, "it is not shown"
    return dict(found)


def test_an_operation_has_one_tab(visit: Visit, server_url: str, operations: list[Operation]) -> None:
    from playwright.sync_api import expect

    visit.open(f"{server_url}/graphql")
    first, other = operations[0], operations[-1]
    tabs = visit.page.get_by_role("tab")
    for operation in (other, first, other, first):
        visit.pick(operation)
        # The editor tells its tab what it holds a moment later.
        expect(visit.entry(operation)).to_have_attribute("aria-current", "true", timeout=30_000)
        assert json.loads(visit.text(VARIABLES) or "{}").keys() == operation.variables.keys()
    assert tabs.count() == 2


def test_a_text_in_place_of_another_is_run_at_once(visit: Visit, server_url: str) -> None:
    """For a second GraphiQL still sent the name of the operation before, which is none of the new text."""
    visit.open(f"{server_url}/graphql")
    visit.page.locator(EDITOR).click()
    visit.page.keyboard.press("Control+A")
    visit.page.keyboard.insert_text("{ __typename }")
    answer = visit.answer(lambda: visit.page.keyboard.press("Control+Enter"))
    assert answer["data"] == {"__typename": "Query"}


def test_a_service_that_is_gone_is_said_in_words(visit: Visit, server_url: str) -> None:
    """A trace of the page's own code was shown."""
    visit.open(f"{server_url}/graphql?query=%7B%20__typename%20%7D")
    visit.page.route("**/graphql*", lambda route: route.abort())
    visit.page.get_by_role("button", name=RUN).click()
    visit.page.get_by_text("The service does not answer: it was stopped, or the network is away.").wait_for()
    assert "stack" not in visit.text(".result-window .CodeMirror")
    visit.complaints.clear()  # the browser says so too


def test_documentation_explorer_and_completion_know_the_schema(
    visit: Visit, server_url: str, operations: list[Operation]
) -> None:
    visit.open(f"{server_url}/graphql")
    page = visit.page
    page.get_by_role("button", name="Show Documentation Explorer").click()
    page.locator(".graphiql-doc-explorer").get_by_role("link", name="Query", exact=True).click()
    page.wait_for_selector(".graphiql-doc-explorer-field-name")
    page.get_by_role("button", name="Show GraphiQL Explorer").click()
    page.wait_for_selector(".graphiql-explorer-root .graphiql-explorer-operation-name, .graphiql-explorer-root input")
    assert page.locator(".graphiql-explorer-node").count() > 0

    page.get_by_role("button", name="Add tab").click()
    page.locator(EDITOR).click()
    page.keyboard.press("Control+End")
    page.keyboard.type("{ ")
    page.keyboard.press("Control+Space")
    page.wait_for_selector(".CodeMirror-hints")
    assert "__typename" in page.locator(".CodeMirror-hints").inner_text()
    page.keyboard.press("Escape")

    # The dialogs are the one place with a style element: the policy knows it.
    page.get_by_role("button", name="Open settings dialog").click()
    page.get_by_role("dialog").get_by_text("Theme").wait_for()
    page.get_by_role("dialog").get_by_role("button", name="Dark").click()
    assert page.locator("body.graphiql-dark").count() == 1


def test_what_was_open_is_there_again_and_an_address_may_name_an_operation(
    visit: Visit, server_url: str, operations: list[Operation]
) -> None:
    visit.open(f"{server_url}/graphql#{operations[-1].name}")
    assert visit.text(EDITOR) == operations[-1].document
    assert visit.page.url == f"{server_url}/graphql"
    visit.page.locator(EDITOR).click()
    visit.page.keyboard.press("Control+End")
    visit.page.keyboard.type("# mine")
    visit.page.get_by_role("button", name="Hide Queries").click()
    visit.page.wait_for_function("() => JSON.stringify(localStorage).includes('# mine')")
    visit.page.wait_for_timeout(700)  # Tabs are stored half a second after the last key.
    visit.open(f"{server_url}/graphql")
    assert visit.text(EDITOR) == f"{operations[-1].document}# mine"
    assert visit.page.get_by_role("button", name="Show Queries").count() == 1


def test_headers_are_sent_and_never_stored(visit: Visit, server_url: str, operations: list[Operation]) -> None:
    visit.open(f"{server_url}/graphql")
    page = visit.page
    visit.pick(operations[-1])
    page.get_by_role("button", name="Headers").click()
    page.locator(VARIABLES).last.click()
    page.evaluate(
        "([editor, text]) => document.querySelectorAll(editor)[1].CodeMirror.setValue(text)",
        [VARIABLES, json.dumps({"authorization": "Bearer s3cret"})],
    )
    with page.expect_request(lambda request: request.method == "POST") as asked:
        visit.run()
    assert asked.value.all_headers()["authorization"] == "Bearer s3cret"
    page.wait_for_function("() => Object.keys(localStorage).some((key) => key.endsWith('graphiql:queries'))")
    page.wait_for_timeout(700)  # Tabs are stored half a second after the last key.
    assert "s3cret" not in page.evaluate("() => JSON.stringify(localStorage)")


@pytest.mark.parametrize(("scheme", "brightness"), [("light", range(200, 256)), ("dark", range(80))])
def test_it_follows_the_system_s_colours(
    playwright: Playwright, chromium: str, server_url: str, tmp_path: Path, scheme: str, brightness: range
) -> None:
    with browse(playwright, chromium, tmp_path, server_url, color_scheme=scheme) as visit:
        visit.open(f"{server_url}/graphql")
        for element in ("body", ".graphiql-container"):
            colour = visit.page.eval_on_selector(element, "element => getComputedStyle(element).backgroundColor")
            assert all(int(part) in brightness for part in colour[4:-1].split(","))


def test_it_works_behind_a_path_prefix(playwright: Playwright, chromium: str, tmp_path: Path) -> None:
    with (
        serve(App(SMALL).starlette()) as url,
        browse(playwright, chromium, tmp_path, url) as visit,
    ):
        visit.open(f"{url}/some/prefix/graphql")
        visit.pick(SMALL[-1])
        answer = visit.run()
        assert "data" in answer, answer
        assert {urlsplit(asked).path.rpartition("/prefix/")[0] for asked in visit.requests} == {"/some"}


def test_hostile_operations_are_shown_and_not_obeyed(playwright: Playwright, chromium: str, tmp_path: Path) -> None:
    operation = Operation(HOSTILE, HOSTILE, HOSTILE, f"# {HOSTILE}\n{{ agent }}\n", {HOSTILE: HOSTILE})
    with (
        serve(App([operation]).starlette()) as url,
        browse(playwright, chromium, tmp_path, url) as visit,
    ):
        visit.open(f"{url}/graphql")
        assert visit.text(EDITOR) == operation.document
        assert visit.page.get_by_role("region", name="Queries").get_by_role("button").inner_text().count(HOSTILE) == 2
        assert visit.page.evaluate("() => typeof window.hostile") == "undefined"
        assert visit.run()["data"] == {"agent": "nobody"}


def test_the_page_cannot_reach_another_address_even_if_it_wants_to(
    playwright: Playwright, chromium: str, server_url: str, tmp_path: Path
) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as stranger,
        browse(playwright, chromium, tmp_path, server_url) as visit,
    ):
        stranger.settimeout(0.5)
        address = f"http://127.0.0.1:{stranger.getsockname()[1]}/"
        visit.open(f"{server_url}/graphql")
        refused = visit.page.evaluate(
            """async (address) => {
                const refused = [];
                document.addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
                for (const tag of ["img", "script"]) {
                    const element = document.createElement(tag);
                    element.src = address;
                    document.body.append(element);
                }
                navigator.sendBeacon(address, "data");
                await fetch(address).catch(() => null);
                try { new WebSocket(address.replace("http", "ws")); } catch {}
                setTimeout("window.evaluated = 1");
                await new Promise((resolve) => setTimeout(resolve, 300));
                return refused.sort();
            }""",
            address,
        )
        assert set(refused) == {"img-src", "script-src", "script-src-elem", "connect-src"}
        assert refused.count("connect-src") == 3
        assert visit.page.evaluate("() => typeof window.evaluated") == "undefined"
        with pytest.raises(TimeoutError):
            stranger.accept()
        # What the browser was stopped from was asked for here, and is no fault of the page.
        visit.complaints.clear()
        visit.requests[:] = [asked for asked in visit.requests if not asked.startswith(address)]
