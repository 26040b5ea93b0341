"""Who asks, from a real browser: tokens typed into the pages, and pages of other origins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from lineageql.web.authentication.tokens import new_token
from tests.demo import demo_store
from tests.server import Server
from tests.web.browser import EDITOR, FLAGS, VARIABLES, serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

pytestmark = pytest.mark.browser

SECRET, ROW = new_token("ann")
ANSWERED = "() => document.querySelector('.result-window .CodeMirror').CodeMirror.getValue().includes('\"data\"')"
QUERY = "{ store { backend } }"


async def elsewhere(request: Request) -> Response:
    return HTMLResponse("<!doctype html><title>A dashboard of somebody's</title>")


@pytest.fixture(scope="module")
def dashboard() -> Iterator[str]:
    """The origin of a page of another's, which the service lets ask."""
    with serve(Starlette(routes=[Route("/", elsewhere)])) as url:
        yield url


@pytest.fixture(scope="module")
def stranger() -> Iterator[str]:
    """The origin of one that it does not."""
    with serve(Starlette(routes=[Route("/", elsewhere)])) as url:
        yield url


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, dashboard: str) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("access")
    (folder / "demo.db").write_bytes(demo_store())
    (folder / "tokens.toml").write_text(ROW.row())
    ways = ("--auth-tokens", "tokens.toml", "--cors-origins", f"https://dash.example.org,{dashboard}")
    server = Server("serve", "demo.db", "--port", "0", *ways, cwd=folder)
    try:
        yield server.url
    finally:
        server.stop()


@pytest.fixture(scope="module")
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    launched = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
    yield launched
    launched.close()


class Tab:
    """A tab with nothing stored, and what its pages complained of."""

    def __init__(self, browser: Browser) -> None:
        self.page: Page = browser.new_context().new_page()
        self.page.set_default_timeout(20_000)
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)

    def stored(self) -> str:
        return str(self.page.evaluate("() => JSON.stringify([localStorage, document.cookie, location.href])"))


@pytest.fixture
def tab(browser: Browser) -> Iterator[Tab]:
    opened = Tab(browser)
    yield opened
    opened.page.context.close()


def only_refusals(complaints: list[str]) -> bool:
    """Whether a page complained of answers with 401 alone, as the browser does: of no violation of its policy."""
    return bool(complaints) and all("the server responded with a status of 401" in each for each in complaints)


def test_the_explorer_takes_a_token(tab: Tab, url: str) -> None:
    page = tab.page
    page.goto(f"{url}/#/artifacts")
    box = page.get_by_label("This service wants a token")
    box.fill("lql_wrong")
    page.get_by_role("button", name="Use it").click()
    box = page.get_by_label("The token of this tab is wrong")
    box.wait_for()
    # That is all there is: no part of the view says it once more.
    assert page.get_by_role("alert").count() == 0
    assert page.locator("main h1").all_inner_texts() == ["Who asks?"]
    box.fill(SECRET)
    page.get_by_role("button", name="Use it").click()
    page.get_by_role("row").nth(3).wait_for()
    assert SECRET not in tab.stored()
    # In this tab it is kept: after a reload, and in GraphiQL, which says who it is as well.
    page.reload()
    page.get_by_role("row").nth(3).wait_for()
    assert page.get_by_label("This service wants a token").count() == 0
    page.get_by_role("link", name="GraphQL", exact=True).click()
    page.wait_for_selector(EDITOR)
    page.get_by_role("button", name="Execute query (Ctrl-Enter)").click()
    page.wait_for_function(ANSWERED)
    page.goto(f"{url}/#/artifacts")
    forget = page.get_by_role("button", name="Forget the token")
    forget.wait_for()
    page.set_viewport_size({"width": 360, "height": 640})
    width, room = page.evaluate("() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert width <= room
    forget.click()
    page.get_by_label("This service wants a token").wait_for()
    assert only_refusals(tab.complaints), tab.complaints
    # Another tab knows nothing of it.
    other = page.context.new_page()
    other.goto(f"{url}/#/artifacts")
    other.get_by_label("This service wants a token").wait_for()


def test_graphiql_takes_a_token(tab: Tab, url: str) -> None:
    page = tab.page
    page.goto(f"{url}/graphql")
    panel = page.get_by_role("region", name="Token")
    panel.get_by_label("This service wants a token").fill(SECRET)
    panel.get_by_role("button", name="Use it").click()
    # The schema has come, and the variables of the operation that is open.
    page.get_by_role("region", name="Queries").wait_for()
    page.wait_for_function(
        '(editor) => /: "\\w/.test(document.querySelector(editor).CodeMirror.getValue())', arg=VARIABLES
    )
    page.get_by_role("button", name="Execute query (Ctrl-Enter)").click()
    page.wait_for_function(ANSWERED)
    assert '"errors"' not in page.eval_on_selector(".result-window .CodeMirror", "shown => shown.CodeMirror.getValue()")
    page.get_by_role("button", name="Show Documentation Explorer").click()
    page.get_by_text("Root Types").wait_for()
    page.wait_for_timeout(700)  # Tabs are stored half a second after the last key.
    assert SECRET not in tab.stored()
    page.get_by_role("button", name="Show Token").click()
    panel.get_by_role("button", name="Forget the last one").click()
    panel.get_by_label("This service wants a token").wait_for()
    assert only_refusals(tab.complaints), tab.complaints


ASK = """async ([url, token, how]) => {
  const headers = {"content-type": "application/json", ...(token && {authorization: `Bearer ${token}`})};
  try {
    const response = await fetch(url, {headers, ...how});
    return [response.status, await response.json()];
  } catch (error) {
    return error.name;
  }
}"""


def test_a_page_of_another_origin(tab: Tab, url: str, dashboard: str, stranger: str) -> None:
    page, graphql = tab.page, f"{url}/graphql"
    post = {"method": "POST", "body": json.dumps({"query": QUERY})}
    data = [200, {"data": {"store": {"backend": "sqlite"}}}]

    def ask(to: str, token: str | None, how: Any) -> Any:
        return page.evaluate(ASK, [to, token, how])

    page.goto(dashboard)
    assert ask(graphql, SECRET, post) == data
    assert ask(f"{graphql}?query={QUERY}", SECRET, {}) == data
    # What it is refused it can read, and say to its user.
    status, body = ask(graphql, "lql_wrong", post)
    assert (status, body["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")
    # What the browser itself knows of its user is never asked for.
    assert ask(graphql, SECRET, {**post, "credentials": "include"}) == "TypeError"
    page.goto(stranger)
    assert ask(graphql, SECRET, post) == "TypeError"
    assert ask(f"{graphql}?query={QUERY}", None, {"headers": {}}) == "TypeError"
