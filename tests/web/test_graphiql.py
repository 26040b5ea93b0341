from __future__ import annotations

import gzip
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

import lineageql
from lineageql.web.graphiql import STATIC_PATH, GraphiQL, wants_page
from lineageql.web.operations import Operation

STATIC = Path(lineageql.__file__).parent / "web" / "static"
VENDORED = json.loads((STATIC / "graphiql" / "VENDORED.json").read_text(encoding="utf-8"))
PATHS = {
    file.name: file
    for folder in (STATIC, STATIC / "graphiql")
    for file in folder.iterdir()
    if file.is_file() and file.name != "page.html"
}
BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "accept-encoding": "identity"}
HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "$files ${operations} $$ %s {{7*7}}",
    "' onload='alert(1)' \" \\ \u2028 \u2029 \ud800 & &lt;",
    "]]>--><svg onload=alert(1)>",
]


def make_app(operations: list[Operation]) -> Starlette:
    graphiql = GraphiQL(operations)

    async def graphql(request: Request) -> Response:
        if wants_page(request):
            return await graphiql.page(request)
        return PlainTextResponse("an answer")

    routes = [*graphiql.routes(), Route("/graphql", graphql, methods=["GET", "POST"])]
    return Starlette(routes=[*routes, Mount("/some/prefix", routes=routes)])


def make_client(operations: list[Operation]) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(make_app(operations))
    return httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=BROWSER)


OPERATION = Operation("runs", "Runs", "Runs\nof a workspace", "# Runs\n{runs}", {"big": 9007199254740993, "ä": "ö"})


class Page(HTMLParser):
    """What a browser makes of the page: addresses, scripts and the data it embeds."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.handlers: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.handlers += [name for name in values if name.startswith("on") or name == "style"]
        self.addresses += [value for name in ("src", "href", "action") if (value := values.get(name))]
        if tag == "script":
            self.scripts.append((values, ""))

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script" and data.strip():
            attributes, before = self.scripts[-1]
            self.scripts[-1] = (attributes, before + data)

    @property
    def operations(self) -> list[dict[str, str]]:
        (text,) = [text for attributes, text in self.scripts if attributes.get("type") == "application/json"]
        rows: list[dict[str, str]] = json.loads(text)
        return rows


async def get_page(client: httpx.AsyncClient, path: str = "/graphql") -> Page:
    return Page((await client.get(path)).text)


async def test_a_browser_gets_the_page() -> None:
    async with make_client([OPERATION]) as client:
        answer = await client.get("/graphql")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>LineageQL</title>" in answer.text


@pytest.mark.parametrize(
    ("method", "path", "accept"),
    [
        ("GET", "/graphql", "application/json"),
        ("GET", "/graphql", "*/*"),
        ("GET", "/graphql?query={runs}", "application/graphql-response+json, text/html;q=0.5"),
        ("GET", "/graphql", "application/json, text/html"),
        ("GET", "/graphql", "text/html-sandboxed"),
        ("POST", "/graphql", BROWSER["accept"]),
    ],
)
async def test_a_client_gets_an_answer(method: str, path: str, accept: str) -> None:
    async with make_client([]) as client:
        answer = await client.request(method, path, headers={"accept": accept})
    assert answer.text == "an answer"


@pytest.mark.parametrize("accept", [BROWSER["accept"], "text/html", "Text/HTML;level=1, */*"])
@pytest.mark.parametrize("path", ["/graphql", "/graphql?query={runs}&variables={}"])
async def test_a_browser_gets_the_page_also_with_a_query(path: str, accept: str) -> None:
    async with make_client([OPERATION]) as client:
        answer = await client.get(path, headers={"accept": accept})
    assert "<title>LineageQL</title>" in answer.text


async def test_nothing_may_leave_the_origin() -> None:
    async with make_client([]) as client:
        headers = (await client.get("/graphql")).headers
    policy = dict(directive.split(" ", 1) for directive in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    sources = {source for sources in policy.values() for source in sources.split()}
    assert {source for source in sources if not source.startswith("'sha256-")} == {"'none'", "'self'", "data:"}
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-dns-prefetch-control"] == "off"


async def test_the_page_is_checked_again_at_every_visit() -> None:
    async with make_client([OPERATION]) as client:
        first = await client.get("/graphql")
        assert first.headers["cache-control"] == "private, no-cache"
        assert "Accept" in first.headers["vary"].split(", ")
        again = await client.get("/graphql", headers={"if-none-match": f'"other", W/{first.headers["etag"]}'})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert "content-security-policy" in again.headers
    async with make_client([]) as client:
        changed = await client.get("/graphql", headers={"if-none-match": first.headers["etag"]})
        assert changed.status_code == 200


@pytest.mark.parametrize("prefix", ["", "/some/prefix"])
async def test_all_the_page_needs_is_served_under_any_prefix(prefix: str) -> None:
    async with make_client([]) as client:
        url = httpx.URL(f"http://localhost{prefix}/graphql")
        page = await get_page(client, url.path)
        assert len(page.addresses) >= 9
        for address in page.addresses:
            assert re.fullmatch(r"static/graphiql/[0-9a-f]+/[\w.-]+", address)
            assert (await client.get(url.join(address))).status_code == 200, address


@pytest.mark.parametrize("name", sorted(PATHS))
async def test_every_file_is_served_as_it_is_and_for_ever(name: str) -> None:
    version = GraphiQL([]).version
    async with make_client([]) as client:
        answer = await client.get(f"{STATIC_PATH}/{version}/{name}")
        zipped = await client.get(f"{STATIC_PATH}/{version}/{name}", headers={"accept-encoding": "br, gzip"})
        known = await client.get(f"{STATIC_PATH}/{version}/{name}", headers={"if-none-match": answer.headers["etag"]})
    file = PATHS[name]
    assert answer.content == file.read_bytes()
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    kind = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
    assert answer.headers["content-type"] == kind.get(file.suffix, answer.headers["content-type"])
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.headers["etag"] != answer.headers["etag"]
    assert zipped.content == answer.content
    assert int(zipped.headers["content-length"]) == len(gzip.compress(file.read_bytes(), 9, mtime=0))
    assert known.status_code == 304


async def test_another_release_s_address_is_answered_and_not_kept() -> None:
    async with make_client([]) as client:
        answer = await client.get(f"{STATIC_PATH}/0123456789abcdef/page.js")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("name", ["page.html", "nothing.js", "..%2fgraphiql.py", "%2e%2e/graphiql.py", "graphiql"])
async def test_no_other_file_is_served(name: str) -> None:
    async with make_client([]) as client:
        answer = await client.get(f"{STATIC_PATH}/{GraphiQL([]).version}/{name}")
    assert answer.status_code == 404


def test_the_version_follows_the_files_alone() -> None:
    assert GraphiQL([]).version == GraphiQL([OPERATION]).version


def test_vendored_files_are_the_ones_that_were_fetched() -> None:
    rows = [*VENDORED["files"], VENDORED["licences"]]
    for row in rows:
        content = (STATIC / "graphiql" / row["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == row["sha256"], f"{row['file']}: run scripts/vendor"
    assert {file.name for file in (STATIC / "graphiql").iterdir()} == {row["file"] for row in rows} | {"VENDORED.json"}


def test_vendored_packages_are_the_pinned_ones_and_their_licences_are_there() -> None:
    licences = (STATIC / "graphiql" / "LICENSES.txt").read_text(encoding="utf-8")
    named = {name.strip() for line in re.findall(r"^(\S.*): \S+$", licences, re.M) for name in line.split(",")}
    assert {row["package"] for row in VENDORED["files"]} | set(VENDORED["bundled"]) <= named
    pins = STATIC.parents[3] / "scripts" / "vendor.json"
    if pins.exists():  # It is not in an installed package.
        served = json.loads(pins.read_text(encoding="utf-8"))["folders"]["graphiql"]["served"]
        assert {(row["package"], row["version"]) for row in VENDORED["files"]} == {
            (pin["package"], pin["version"]) for pin in served
        }


@pytest.mark.parametrize("name", [name for name in sorted(PATHS) if name.endswith((".js", ".css"))])
def test_no_file_asks_for_more(name: str) -> None:
    """Static evidence; the browser's is in test_graphiql_browser."""
    text = PATHS[name].read_text(encoding="utf-8")
    assert "sourceMappingURL" not in text
    if name.endswith(".css"):
        assert "@import" not in text
        assert not re.search(r"url\((?!data:)", text)
    assert not re.search(r"\beval\(|\bnew Function\(|importScripts|\bnew Worker\(", text)


async def test_operations_reach_the_page() -> None:
    async with make_client([OPERATION, Operation("none", "None", "", "{none}")]) as client:
        first, second = (await get_page(client)).operations
    assert (first["name"], first["title"], first["description"]) == ("runs", "Runs", "Runs\nof a workspace")
    assert first["document"] == "# Runs\n{runs}"
    # As text, to be shown: what JavaScript reads as a number would lose its last digit.
    assert first["variables"] == '{\n  "big": 9007199254740993,\n  "ä": "ö"\n}'
    assert second["variables"] == ""


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_operations_stay_data(text: str) -> None:
    operation = Operation(text, text, text, text, {text: text})
    async with make_client([]) as client:
        plain = await get_page(client)
    async with make_client([operation]) as client:
        answer = await client.get("/graphql")
    page = Page(answer.text)
    assert page.addresses == plain.addresses
    assert [attributes for attributes, _ in page.scripts] == [attributes for attributes, _ in plain.scripts]
    assert all("src" in attributes for attributes, text in page.scripts if attributes.get("type") is None)
    assert page.handlers == []
    (row,) = page.operations
    assert [row["name"], row["title"], row["description"], row["document"]] == [text] * 4
    assert json.loads(row["variables"]) == {text: text}
    embedded = answer.text.split('id="operations">', 1)[1].split("</script>", 1)[0]
    assert embedded.isascii()
    assert not set("<>&") & set(embedded)
