"""Every example of docs/clients.md is run, as it stands, against a demonstration store."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from lineageql import errors
from tests.demo import demo_store
from tests.npm import install, lacking
from tests.server import Server

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/clients.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8000"
NODE_PACKAGES = (
    "@apollo/client@4.0.9",
    "@graphql-codegen/cli@5.0.7",
    "@graphql-codegen/typescript-operations@4.6.1",
    "@graphql-codegen/typescript@4.1.6",
    "@urql/core@5.2.0",
    "graphql@16.12.0",
    "relay-compiler@20.1.1",
    "relay-runtime@20.1.1",
    "rxjs@7.8.2",
    "typescript@5.9.3",
)
PYTHON_PACKAGES = {"with_gql.py": ("gql[httpx]==4.0.0",), "frame.py": ("pandas==2.3.3",)}


class Example(NamedTuple):
    language: str
    name: str
    """The file that its first line names; empty where it names none."""
    text: str
    said: str
    """The block of text or JSON that follows; empty where none does."""


def examples() -> Iterator[Example]:
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$(\n```(?:text|json)\n(.*?)^```$)?", PAGE, re.DOTALL | re.MULTILINE)
    for language, text, _, said in blocks:
        named = re.match(r"(?:#|//) (\S+\.\w+)\n", text)
        yield Example(language, named.group(1) if named else "", text, said)


EXAMPLES = list(examples())
FILES = {example.name: example for example in EXAMPLES if example.name}
SHELL = [example for example in EXAMPLES if example.language == "sh"]
QUERIES = [example for example in EXAMPLES if example.language == "graphql" and not example.name]


def test_every_example_has_a_test() -> None:
    assert len(SHELL) >= 4
    assert len(QUERIES) >= 2
    assert FILES.keys() == {
        *("pages.py", "with_gql.py", "frame.py", "fetch.mjs", "apollo.mjs", "urql.mjs", "panel.json"),
        *("relay.config.json", "src/Models.js", "codegen.json", "src/record.graphql", "src/record.ts"),
    }
    assert {example.language for example in EXAMPLES} == {"sh", "graphql", "python", "js", "ts", "json5"}


def test_every_code_of_errors_is_told() -> None:
    told = set(re.findall(r"^\| `([A-Z_]+)` \|", PAGE, re.MULTILINE))
    known = {error.code for error in vars(errors).values() if isinstance(error, type) and issubclass(error, Exception)}
    assert told == known


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the service over a demonstration store, as a newcomer has it."""
    folder = tmp_path_factory.mktemp("clients")
    store = folder / "demo.db"
    store.write_bytes(demo_store())
    server = Server("serve", str(store), "--port", "0", cwd=folder)
    try:
        with httpx.Client(transport=httpx.HTTPTransport(retries=5), timeout=60) as client:
            assert client.get(f"{server.url}/readyz").status_code == 200
        yield server.url
    finally:
        server.stop()


def run(command: Sequence[str], folder: Path, **environ: str) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=folder, timeout=200, env={**os.environ, **environ}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def write(name: str, folder: Path, url: str) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(FILES[name].text.replace(ADDRESS, url), encoding="utf-8")
    return path


@pytest.mark.parametrize("example", SHELL, ids=range(len(SHELL)))
def test_a_command(example: Example, url: str, tmp_path: Path) -> None:
    assert shutil.which("curl"), "these examples need curl"
    # `lineageql` is the one of this checkout.
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    said = run(["bash", "-ec", example.text.replace(ADDRESS, url)], tmp_path, PATH=path)
    assert (json.loads(said) == json.loads(example.said)) if example.said.startswith("{") else said == example.said


@pytest.mark.parametrize("example", QUERIES, ids=range(len(QUERIES)))
def test_a_query(example: Example, url: str) -> None:
    answer = httpx.post(f"{url}/graphql", json={"query": example.text}, timeout=60).json()
    assert answer == json.loads(example.said)


def test_what_a_query_costs(url: str) -> None:
    (example,) = (example for example in QUERIES if "runs(first: 1000)" in example.text)
    told = re.search(r"`extensions\.cost`: `(\{.*?\})`", PAGE)
    assert told is not None
    headers = {"GraphQL-Cost": "1"}
    answer = httpx.post(f"{url}/graphql", json={"query": example.text}, headers=headers, timeout=60).json()
    assert answer["extensions"]["cost"] == json.loads(told[1])


def test_python_alone(url: str, tmp_path: Path) -> None:
    assert run([sys.executable, str(write("pages.py", tmp_path, url))], tmp_path) == FILES["pages.py"].said


def test_javascript_alone(url: str, tmp_path: Path) -> None:
    node = shutil.which("node") or lacking("node")
    assert run([node, str(write("fetch.mjs", tmp_path, url))], tmp_path) == FILES["fetch.mjs"].said


def test_a_panel_of_grafana(url: str) -> None:
    panel = json.loads(FILES["panel.json"].text.partition("\n")[2].replace(ADDRESS, url))
    options = panel["url_options"]
    given = options["body_graphql_variables"]
    for macro, time in (
        ("${__from:date:iso}", "2026-04-01T00:00:00.000Z"),
        ("${__to:date:iso}", "2026-05-01T00:00:00.000Z"),
    ):
        given = given.replace(macro, time)
    body = {"query": options["body_graphql_query"], "variables": json.loads(given)}
    rows: Any = httpx.request(options["method"], panel["url"], json=body, timeout=60).json()
    for step in panel["root_selector"].split("."):
        rows = rows[step]
    assert len(rows) > 5
    for row in rows:
        cells = {}
        for column in panel["columns"]:
            value = row
            for step in column["selector"].split("."):
                value = value[step]
            cells[column["text"]] = value
        assert all(isinstance(value, str) for value in cells.values()), cells
        assert datetime.fromisoformat(cells["time"].replace("Z", "+00:00")).month == 4


# -- with packages of others, from their indexes


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", PYTHON_PACKAGES)
def test_python_with_packages(name: str, url: str, tmp_path: Path) -> None:
    folder = tmp_path / "packages"
    patience = ["--retries", "1", "--timeout", "20"]
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        *patience,
        "--target",
        str(folder),
        *PYTHON_PACKAGES[name],
    ]
    done = subprocess.run(pip, capture_output=True, text=True, timeout=500)
    if done.returncode:
        lacking(f"{PYTHON_PACKAGES[name]} in the package index: {done.stderr.strip().splitlines()[-1:]}")
    said = run([sys.executable, str(write(name, tmp_path, url))], tmp_path, PYTHONPATH=str(folder))
    assert said == FILES[name].said


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages that the examples in JavaScript name."""
    folder = tmp_path_factory.mktemp("project")
    install(folder, NODE_PACKAGES)
    return folder


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", ["apollo.mjs", "urql.mjs"])
def test_javascript_with_packages(name: str, url: str, project: Path) -> None:
    assert run(["node", str(write(name, project, url))], project) == FILES[name].said


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_relay(url: str, project: Path) -> None:
    (project / "schema.graphql").write_text(httpx.get(f"{url}/schema.graphql", timeout=60).text)
    config = write("relay.config.json", project, url)
    config.write_text(config.read_text().partition("\n")[2])  # JSON has no comments
    write("src/Models.js", project, url)
    run(["node", "node_modules/relay-compiler/cli.js"], project)
    (made,) = project.glob("src/__generated__/ModelsPaginationQuery.graphql.js")
    text = re.search(r'"text": (".*")', made.read_text())
    assert text is not None
    # What Relay made of the fragment is a query that the service answers.
    workspace = httpx.post(
        f"{url}/graphql", json={"query": '{ workspace(name: "mnist-tutorial") { id } }'}, timeout=60
    ).json()["data"]["workspace"]
    variables = {"id": workspace["id"], "count": 1, "cursor": None}
    body = httpx.post(f"{url}/graphql", json={"query": json.loads(text.group(1)), "variables": variables}, timeout=60)
    (edge,) = body.json()["data"]["node"]["artifacts"]["edges"]
    assert edge["node"]["name"] == "MNIST"


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_types_by_the_code_generator(url: str, project: Path) -> None:
    (project / "schema.graphql").write_text(httpx.get(f"{url}/schema.graphql", timeout=60).text)
    for name in ("codegen.json", "src/record.graphql", "src/record.ts"):
        write(name, project, url)
    config = project / "codegen.json"
    config.write_text(config.read_text().partition("\n")[2])
    run(["node", "node_modules/@graphql-codegen/cli/cjs/bin.js", "--config", "codegen.json"], project)
    tsc = ["node", "node_modules/typescript/bin/tsc", "--noEmit", "--strict", "--skipLibCheck", "--target", "es2022"]
    run([*tsc, "--module", "esnext", "--moduleResolution", "bundler", "src/record.ts"], project)
    wrong = project / "src/wrong.ts"
    wrong.write_text((project / "src/record.ts").read_text().replace("// @ts-expect-error", "// error"))
    done = subprocess.run([*tsc, "--module", "esnext", "--moduleResolution", "bundler", str(wrong)], cwd=project)
    assert done.returncode != 0, "the two fields of a oneOf input were taken"
