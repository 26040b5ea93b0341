"""A browser to try the pages with, and witnesses that nothing it does leaves the machine.

The witnesses: every request that the browser's protocol reports, every address that
its own network log says it connected to, and what the page complains of, violations
of its content security policy among them. There must be no complaint at all.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

import pytest
import uvicorn
from starlette.types import ASGIApp

from lineageql.web.operations import Operation

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Locator, Page, Playwright

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Should anything still want a name resolved, it fails here rather than far away.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]
EDITOR = ".graphiql-query-editor .CodeMirror"
VARIABLES = ".graphiql-editor-tool .CodeMirror"
RUN = "Execute query (Ctrl-Enter)"


def lacking(what: str) -> NoReturn:
    """Skip the test, or fail it where the environment insists on a browser."""
    if os.environ.get("TEST_REQUIRE_BROWSER"):
        pytest.fail(f"TEST_REQUIRE_BROWSER is set, and there is no {what}")
    pytest.skip(
        f"there is no {what}: the page was not tried in a browser (Debian: apt-get install chromium libatomic1)"
    )


@contextmanager
def serve(app: ASGIApp) -> Iterator[str]:
    """Serve an app on a free port of this machine; its address."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            until(lambda: server.started)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@dataclass
class Visit:
    """A browser of its own, and what it did."""

    context: BrowserContext
    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    """The services that it may speak to."""

    def watch(self) -> None:
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.listen(self.page)

    def listen(self, page: Page) -> None:
        page.on("websocket", lambda opened: self.requests.append(opened.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        # Violations of the policy are errors on the console too.
        page.on(
            "console", lambda said: self.complaints.append(said.text) if said.type in ("error", "warning") else None
        )

    @contextmanager
    def beside(self, url: str) -> Iterator[Page]:
        """A page of another service, in the same browser: starting one takes longer than most tests."""
        self.hosts.add(urlsplit(url).netloc)
        page = self.context.new_page()
        page.set_default_timeout(20_000)
        self.listen(page)
        try:
            yield page
        finally:
            page.close()

    def open(self, url: str) -> None:
        self.page.goto(url)
        self.page.wait_for_selector(EDITOR)

    def entry(self, operation: Operation) -> Locator:
        """The operation's button in the list."""
        return self.page.get_by_role("region", name="Queries").get_by_role(
            "button", name=f"{operation.name} {operation.title}", exact=True
        )

    def pick(self, operation: Operation) -> None:
        """Choose an operation in the list, again where the first time has no effect: seen once, on a busy machine."""
        from playwright.sync_api import TimeoutError

        shown = "([editor, text]) => document.querySelector(editor).CodeMirror.getValue() === text"
        for seconds in (20, 60):
            self.entry(operation).click()
            with suppress(TimeoutError):
                self.page.wait_for_function(shown, arg=[EDITOR, operation.document], timeout=seconds * 1000)
                return
        raise AssertionError(f"the editor does not show {operation.name}")

    def run(self) -> dict[str, Any]:
        """Press the button; the answer as it stands on the page."""
        return self.answer(self.page.get_by_role("button", name=RUN).click)

    def answer(self, act: Callable[[], None]) -> dict[str, Any]:
        """Do what sends an operation; the answer as it stands on the page."""
        with self.page.expect_response(lambda response: response.request.method == "POST"):
            act()
        self.page.wait_for_function("() => document.querySelector('.result-window .CodeMirror').CodeMirror.getValue()")
        answer: dict[str, Any] = json.loads(self.text(".result-window .CodeMirror"))
        return answer

    def text(self, editor: str) -> str:
        text: str = self.page.eval_on_selector(editor, "editor => editor.CodeMirror.getValue()")
        return text


@contextmanager
def browse(playwright: Playwright, chromium: str, folder: Path, url: str, **options: Any) -> Iterator[Visit]:
    """A browser with a new profile; when it closes, all its traffic must have gone to `url` and what is beside it."""
    log = folder / "network.json"
    context = playwright.chromium.launch_persistent_context(
        folder / "profile", executable_path=chromium, args=[*FLAGS, f"--log-net-log={log}"], **options
    )
    visit = Visit(context, context.pages[0], hosts={urlsplit(url).netloc})
    visit.watch()
    try:
        yield visit
    finally:
        context.close()
    assert visit.requests, "nothing was recorded"
    assert {urlsplit(asked).netloc for asked in visit.requests} - {""} == visit.hosts
    assert connected(log) == visit.hosts
    assert visit.complaints == []


def connected(log: Path) -> set[str]:
    """The addresses in Chromium's network log that it opened a TCP connection to."""
    record = json.loads(log.read_text(encoding="utf-8"))
    kind = record["constants"]["logEventTypes"]["TCP_CONNECT_ATTEMPT"]
    events = [event["params"] for event in record["events"] if event["type"] == kind and "params" in event]
    return {event["address"] for event in events if "address" in event}
