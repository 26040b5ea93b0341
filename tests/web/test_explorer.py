"""The explorer's page and its files, as they are served; test_explorer_browser opens them in a browser."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route

import lineageql
from lineageql.web.explorer import STATIC_PATH, Explorer

FOLDER = Path(lineageql.__file__).parent / "web" / "static" / "explorer"
FILES = {path.relative_to(FOLDER).as_posix(): path for path in sorted(FOLDER.rglob("*")) if path.is_file()}
MODULES = [name for name in FILES if name.endswith(".js")]
VENDORED = json.loads((FOLDER / "vendor" / "VENDORED.json").read_text(encoding="utf-8"))
LIMIT = 150 * 1024
"""Bytes of our own files, compressed."""
LIMIT_AT_ONCE = 90 * 1024
"""Bytes of what a browser loads before it shows the first view, the libraries included, compressed."""


def make_client() -> httpx.AsyncClient:
    explorer = Explorer()
    routes = [*explorer.routes(), Route("/", explorer.page)]
    app = Starlette(routes=[Mount("/some/prefix", routes=routes), *routes])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://lineage.test")


async def test_nothing_may_leave_the_origin_and_nothing_stands_in_the_page() -> None:
    async with make_client() as client:
        answer = await client.get("/")
    policy = dict(directive.split(" ", 1) for directive in answer.headers["content-security-policy"].split("; "))
    assert policy.pop("default-src") == "'none'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["img-src"] == "'self' data: blob:"
    assert {source for sources in policy.values() for source in sources.split()} <= {
        "'none'",
        "'self'",
        "data:",
        "blob:",
    }
    assert answer.headers["x-dns-prefetch-control"] == "off"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "private, no-cache"
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", answer.text) == []


@pytest.mark.parametrize("prefix", ["", "/some/prefix"])
async def test_all_that_the_page_names_is_served_under_any_prefix(prefix: str) -> None:
    async with make_client() as client:
        url = httpx.URL(f"http://lineage.test{prefix}/")
        addresses = re.findall(r'(?:src|href)="([^"]+)"', (await client.get(url)).text)
        assert len(addresses) > 10
        for address in addresses:
            assert re.fullmatch(r"static/explorer/[0-9a-f]{16}/[\w./-]+", address)
            answer = await client.get(url.join(address))
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_files_that_are_there_and_asks_for_nothing_else(name: str) -> None:
    text = FILES[name].read_text(encoding="utf-8")
    imports = re.findall(r"""\b(?:import|export)\b(?:[^"';]*?\bfrom)?\s*\(?\s*["']([^"']+)["']""", text)
    for target in imports:
        assert target.startswith("."), target
        assert (FILES[name].parent / target).resolve() in FILES.values(), target
    assert "sourceMappingURL" not in text
    assert not re.search(r"\beval\(|\bnew Function\(|importScripts", text)
    if name.startswith("vendor/"):
        return
    assert not re.search(r"https?://(?!www\.w3\.org/)", text), "another host"
    assert "innerHTML" not in text
    for wanted, target in re.findall(r"""\bimport\s*\{([^}]*)\}\s*from\s*["']([^"']+)["']""", text):
        there = (FILES[name].parent / target).resolve().read_text(encoding="utf-8")
        for imported in filter(None, (part.partition(" as ")[0].strip() for part in wanted.split(","))):
            assert re.search(rf"\bexport\b[^;]*?\b{imported}\b", there), f"{target} exports no {imported}"


async def test_the_page_is_small() -> None:
    sizes = {name: len(gzip.compress(path.read_bytes(), 9)) for name, path in FILES.items()}
    own = {name: size for name, size in sizes.items() if not name.startswith("vendor/")}
    assert sum(own.values()) < LIMIT, own
    async with make_client() as client:
        named = re.findall(r'(?:src|href)="static/explorer/\w+/([^"]+)"', (await client.get("/")).text)
    at_once = {name: sizes[name] for name in set(named) & sizes.keys()}
    assert sum(at_once.values()) < LIMIT_AT_ONCE, at_once


async def test_no_other_file_is_served() -> None:
    async with make_client() as client:
        for name in ("index.html", "nothing.js", "..%2fpage.js", "vendor", "%2e%2e/explorer.py"):
            assert (await client.get(f"{STATIC_PATH}/{Explorer().version}/{name}")).status_code == 404, name


def test_vendored_files_are_the_ones_that_were_fetched() -> None:
    rows = [*VENDORED["files"], VENDORED["licences"]]
    for row in rows:
        content = (FOLDER / "vendor" / row["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == row["sha256"], f"{row['file']}: run scripts/vendor"
    assert {path.name for path in (FOLDER / "vendor").iterdir()} == {row["file"] for row in rows} | {"VENDORED.json"}
    licences = (FOLDER / "vendor" / "LICENSES.txt").read_text(encoding="utf-8")
    named = {name.strip() for line in re.findall(r"^(\S.*): \S+$", licences, re.M) for name in line.split(",")}
    assert {row["package"] for row in VENDORED["files"]} == named
    pins = FOLDER.parents[4] / "scripts" / "vendor.json"
    if pins.exists():  # It is not in an installed package.
        served = json.loads(pins.read_text(encoding="utf-8"))["folders"]["explorer/vendor"]["served"]
        assert {(row["package"], row["version"]) for row in VENDORED["files"]} == {
            (pin["package"], pin["version"]) for pin in served
        }
