"""What the documentation shows is what the service does."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import AsyncIterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import lineageql
from lineageql import settings
from lineageql.cli import commands
from lineageql.web.authentication.tokens import parse_tokens
from lineageql.web.operations import load_operations, operations_folder
from tests.demo import demo_store
from tests.service import Service, serving
from tests.web.browser import serve

ROOT = Path(__file__).parents[1]
EXAMPLES = re.findall(r"```graphql\n(.*?)```\n```json\n(.*?)```", (ROOT / "docs/filters.md").read_text(), re.DOTALL)
SCHEMA = (ROOT / "schema.graphql").read_text(encoding="utf-8")
FILTERS = {
    name: re.findall(r"^  (\w+)(?:\(.*\))?: ", fields, re.MULTILINE)
    for name, fields in re.findall(
        r"^input (\w+) {\n(.*?)^}", (ROOT / "schema.graphql").read_text(), re.DOTALL | re.MULTILINE
    )
}
"""The fields of each input of the schema."""


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    async with serving(path, read_only=True) as running:
        yield running


def test_the_table_of_settings_is_printed_from_the_code() -> None:
    shown = (ROOT / "docs/settings.md").read_text(encoding="utf-8").partition("<!-- settings -->\n")[2]
    assert shown == settings.table()


def test_every_setting_has_its_task() -> None:
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    table = text.partition("## Settings by task\n")[2].partition("\n## ")[0]
    rows = fields(settings.Settings)
    named = re.findall(r"`(--[a-z-]+|LINEAGEQL_[A-Z_]+)`", table)
    assert sorted(named) == sorted(
        settings.variable(row) if settings.secret(row) else settings.flag(row) for row in rows
    )


async def test_the_examples_of_filters(service: Service) -> None:
    assert len(EXAMPLES) >= 12
    for query, answer in EXAMPLES:
        assert await service.data(query) == json.loads(answer), query


async def test_the_example_of_the_readme(service: Service) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    query = re.search(r"```graphql\n(.*?)```", text, re.DOTALL)
    answer = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    assert query is not None
    assert answer is not None
    operations = {operation.name: operation for operation in load_operations(operations_folder())}
    variables = dict(operations["production-models-of-a-data-set"].variables)
    assert {"data": await service.data(query.group(1), variables)} == json.loads(answer.group(1))


def test_every_operator_has_an_example() -> None:
    filters = (
        FILTERS[name] for name in ("StringFilter", "TimeFilter", "LabelFilter", "PropertyFilter", "ArtifactFilter")
    )
    operators = {name for fields in filters for name in fields} - {"key", "artifactKind"}
    shown = " ".join(query for query, _ in EXAMPLES)
    assert [name for name in sorted(operators) if f"{name}:" not in shown] == []
    signs = ("==", "!=", "=", " in (", " notin (", "!retired")
    selectors = " ".join(re.findall(r'labelSelector: "(.*?)"', shown))
    assert [sign for sign in signs if sign not in selectors] == []


def test_links_of_the_documentation_lead_somewhere() -> None:
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_files_that_the_architecture_names_are_there() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?<![\w/])(?:api|catalog|cli|model|store|web)/[\w/*]+(?:\.py|/)", text))
    assert len(named) > 25
    assert [name for name in sorted(named) if not list((ROOT / "gql/lineageql").glob(name.rstrip("/")))] == []


def test_the_version_is_in_the_changelog_once_it_is_released() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## Unreleased" in text or f"## {lineageql.__version__}" in text


def test_the_files_of_tokens_that_the_documentation_shows() -> None:
    text = (ROOT / "docs/authentication.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```toml\n(\[\[token\]\].*?)```", text, re.DOTALL)
    assert len(parse_tokens(shown, "the example")) == 1


def test_the_commands_that_the_documentation_shows_are_taken() -> None:
    """Each line that begins with `lineageql`, as far as its flags say and without being run."""
    tried = 0
    for page in ("authentication", "mlmd-server", "operations", "security"):
        text = (ROOT / f"docs/{page}.md").read_text(encoding="utf-8").replace("\\\n", " ")
        for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
            for line in re.findall(r"^lineageql (.*)$", block, re.MULTILINE):
                name, *arguments = shlex.split(line, comments=True)
                command = commands.get_command(click.Context(commands), name)
                assert command is not None, line
                if isinstance(command, click.Group):
                    command = command.get_command(click.Context(command), arguments.pop(0))
                    assert command is not None, line
                arguments = arguments[: arguments.index(">>")] if ">>" in arguments else arguments
                given = command.make_context(name, arguments).params
                known = {row.name for row in fields(settings.Settings)}
                settings.Settings.load({key: value for key, value in given.items() if key in known}, {})
                tried += 1
    assert tried >= 12


def test_the_client_that_the_documentation_shows_sends_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs/authentication.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    seen: list[str] = []

    async def answer(request: Request) -> Response:
        seen.append(request.headers["authorization"])
        return JSONResponse({"data": {"store": None}})

    with serve(Starlette(routes=[Route("/graphql", answer, methods=["POST"])])) as url:
        names: dict[str, Any] = {}
        exec(example.replace("https://lineage.example.org", url), names)
        for token in ("lql_one", "lql_two"):
            (tmp_path / "ci.token").write_text(f"{token}\n")
            names["client"].query("{ store { url } }")
    assert seen == ["Bearer lql_one", "Bearer lql_two"]


async def test_the_examples_of_rights(tmp_path: Path) -> None:
    text = (ROOT / "docs/access.md").read_text(encoding="utf-8")
    policy = re.search(r"```toml\n(.*?)```", text, re.DOTALL)
    assert policy is not None
    path, rules, tokens = tmp_path / "demo.db", tmp_path / "policy.toml", tmp_path / "tokens.toml"
    path.write_bytes(demo_store())
    rules.write_text(policy.group(1))
    tokens.write_text(f'[[token]]\nname = "ann@example.org"\nsha256 = "{hashlib.sha256(b"secret").hexdigest()}"\n')
    async with serving(path, policy=str(rules), auth_tokens=str(tokens)) as running:
        running.client.headers["Authorization"] = "Bearer secret"
        examples = re.findall(r"```graphql\n(.*?)```\n```json\n(.*?)```", text, re.DOTALL)
        assert len(examples) == 4
        for query, answer in examples:
            body, wanted = await running.ask(query), json.loads(answer)
            if "errors" in wanted:
                told = [{"code": error["extensions"]["code"], "message": error["message"]} for error in body["errors"]]
                assert told == wanted["errors"]
            else:
                assert body == {"data": wanted}, query


def test_every_setting_is_read() -> None:
    sources = (ROOT / "gql/lineageql").rglob("*.py")
    read = {
        name
        for path in sources
        if path.name != "settings.py"
        for name in re.findall(r"(?:settings|loaded|given)\.(\w+)", path.read_text())
    }
    by_name = ("grpc_ca_file", "grpc_certificate_file", "grpc_key_file", "grpc_token_file", "explorer", "graphiql")
    read |= set(by_name)
    assert [row.name for row in fields(settings.Settings) if row.name not in read] == []


MIRRORS = {
    "the two ways to read a store": ("store/sql", "store/service", "store"),
    "GraphQL of a use-case": ("catalog", "api"),
    "what a noun of the model is in a store": ("model", "store/sql", "store/service"),
    "a command and the type or the statement that it is called by": ("cli", "api"),
}
"""Rooms of which one mirrors the other, so that both may have a file of the same name."""


def test_no_file_has_the_name_of_another_but_of_its_mirror() -> None:
    root = ROOT / "gql/lineageql"
    rooms: dict[str, list[str]] = {}
    for path in root.rglob("*.py"):
        if path.name not in ("__init__.py", "__main__.py"):
            rooms.setdefault(path.name, []).append(path.parent.relative_to(root).as_posix())
    twice = {name: found for name, found in rooms.items() if len(found) > 1}
    assert {
        name: found for name, found in twice.items() if not any(set(found) <= set(two) for two in MIRRORS.values())
    } == {}
