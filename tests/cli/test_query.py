"""`lineageql query`: where it takes a query from, where it sends it, and what it prints."""

from __future__ import annotations

import csv
import http.server
import io
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lineageql.cli.text_tables import separated
from tests.demo import demo_store, lineageql
from tests.server import Server

NAMES = (
    "{ artifacts(orderBy: {field: NAME}, first: 5) { nodes { id name version workspace { name } labels { key } } } }"
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("query") / "demo.db"
    path.write_bytes(demo_store())
    return path


@pytest.fixture(scope="module")
def server(demo: Path) -> Iterator[Server]:
    running = Server("serve", str(demo), "--port", "0", "--read-only", cwd=demo.parent)
    yield running
    running.stop()


def test_all_rows_come_page_after_page(demo: Path) -> None:
    answer = json.loads(
        lineageql("query", "{ artifacts(orderBy: {field: NAME}) { nodes { id } } }", "--store", str(demo))
    )
    everything = [node["id"] for node in answer["data"]["artifacts"]["nodes"]]
    assert len(everything) > 30  # as one page of the default size holds them all
    lines = lineageql("query", NAMES, "--store", str(demo), "--all").splitlines()
    assert [json.loads(line)["id"] for line in lines] == everything
    assert json.loads(lines[0]).keys() == {"id", "name", "version", "workspace", "labels"}


PAGED = """
query Other { store { url } }
query Paged($after: String, $first: Int = 2) {
  space: workspace(name: "fraud-detection") { ...Models }
}
fragment Models on Workspace {
  models: artifacts(where: {kind: [MODEL]}, first: $first, after: $after) {
    rows: edges { node { name ... on Model { version } } }
    pageInfo { hasNextPage }
  }
}
"""


def test_a_connection_in_a_fragment_with_variables_of_its_own(demo: Path, tmp_path: Path) -> None:
    file = tmp_path / "paged.graphql"
    file.write_text(PAGED)
    arguments = ("query", str(file), "--operation", "Paged", "--store", str(demo), "--all")
    lines = [json.loads(line) for line in lineageql(*arguments).splitlines()]
    versions = ["2026-01", "2026-02", "2026-03"]
    assert lines == [{"node": {"name": "fraud-model", "version": version}} for version in versions]
    table = lineageql(*arguments, "--format", "tsv")
    assert table == "node.name\tnode.version\n" + "".join(f"fraud-model\t{version}\n" for version in versions)


def test_tables(demo: Path) -> None:
    lines = lineageql("query", NAMES, "--store", str(demo), "--all", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(lines)))
    answers = [json.loads(line) for line in lineageql("query", NAMES, "--store", str(demo), "--all").splitlines()]
    assert len(rows) == len(answers)
    for row, answer in zip(rows, answers, strict=True):
        assert (row["id"], row["name"], row["version"]) == (answer["id"], answer["name"], answer["version"] or "")
        assert row["workspace.name"] == answer["workspace"]["name"]
        assert json.loads(row["labels"]) == answer["labels"]


def test_a_table_of_one_page_says_that_there_is_more(demo: Path) -> None:
    command = [sys.executable, "-m", "lineageql", "query", NAMES, "--store", str(demo), "--format", "tsv"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 6
    assert done.stderr == "lineageql: there are more rows; --all prints them all\n"


def test_a_plain_list_is_a_table_too(demo: Path) -> None:
    facets = '{ artifactFacets(by: KIND, where: {workspace: {name: {eq: "chargebacks"}}}) { value count } }'
    assert lineageql("query", facets, "--store", str(demo), "--format", "tsv") == "value\tcount\nMETRICS\t1\nMODEL\t1\n"


def test_what_a_table_escapes(tmp_path: Path) -> None:
    store = tmp_path / "odd.db"
    text = 'a\tb\nc\\d "e", é'
    record = 'mutation ($t: String!) { createWorkspace(input: {name: "w", description: $t}) { created } }'
    server = Server("serve", "--create", str(store), "--port", "0", cwd=tmp_path)
    try:
        lineageql("query", record, "--endpoint", server.url, "--variables", json.dumps({"t": text}))
        asked = ("query", "{ workspaces { nodes { description externalId } } }", "--endpoint", server.url, "--all")
        assert lineageql(*asked, "--format", "tsv") == 'description\texternalId\na\\tb\\nc\\\\d "e", é\t\n'
        (head, row) = csv.reader(io.StringIO(lineageql(*asked, "--format", "csv")))
        assert (head, row) == (["description", "externalId"], [text, ""])
    finally:
        server.stop()


@pytest.mark.parametrize("text", ["a\rb", "\r", "a\nb", "a\r\nb", 'a"b', "a,b", " a ", "", "=1+1"])
def test_any_cell_of_csv_reads_back(text: str) -> None:
    assert list(csv.reader(io.StringIO(separated([text, "end"], "csv"), newline=""))) == [[text, "end"]]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("{ store { url } }", "this has no list of rows"),
        ("{ a: artifacts { totalCount } }", "this has no list of rows"),
        (
            "{ artifacts { nodes { name } } workspaces { nodes { name } } }",
            "several lists of rows, artifacts.nodes and workspaces.nodes",
        ),
        ("{ artifacts(last: 2) { nodes { name } } }", "this asks for last"),
        ("{ artifacts(first: 0) { nodes { name } } }", "a page has no rows here"),
        (
            'mutation { createWorkspace(input: {name: "w"}) { workspace { runs { nodes { name } } } } }',
            "would run this mutation once for each page",
        ),
    ],
)
def test_what_cannot_be_paged(demo: Path, query: str, said: str) -> None:
    text = lineageql("query", query, "--store", str(demo), "--all", code=2)
    assert text.count("\n") == 1
    assert said in text


def test_errors_of_a_page_are_told(demo: Path) -> None:
    text = lineageql("query", "{ artifacts(first: -1) { nodes { name } } }", "--store", str(demo), "--all", code=1)
    assert text.startswith("lineageql: artifacts: ")
    assert text.count("\n") == 1
    wrong = lineageql("query", "{ artifacts { name } }", "--store", str(demo), "--all", code=1)
    assert wrong.count("\n") == 1
    assert "Write nodes { name }." in wrong


def test_ready_made_operations_find_ids_in_the_store(demo: Path) -> None:
    around = json.loads(lineageql("query", "around-a-model", "--store", str(demo)))
    assert around["data"]["artifact"]["__typename"] == "Model"
    lines = lineageql("query", "models-of-a-workspace", "--store", str(demo), "--all").splitlines()
    assert lines


def test_a_query_comes_from_standard_input(demo: Path) -> None:
    query = '{ workspace(name: "chargebacks") { name } }'
    for file in ([], ["-"]):
        answer = json.loads(lineageql("query", *file, "--store", str(demo), stdin=query))
        assert answer == {"data": {"workspace": {"name": "chargebacks"}}}


# -- endpoints


class Recorder(http.server.BaseHTTPRequestHandler):
    """A server of somebody else's, which has GraphQL at one path only, and keeps the headers that it is sent."""

    seen: list[tuple[str, dict[str, str]]]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        found = self.path == "/api/graphql"
        body = b'{"data": {"answer": 42}}' if found else b"<h1>Nothing here</h1>"
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def stranger() -> Iterator[tuple[str, list[tuple[str, dict[str, str]]]]]:
    handler = type("Handler", (Recorder,), {"seen": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}", handler.seen
        running.shutdown()
        thread.join()


def test_rows_of_what_only_the_service_knows(stranger: tuple[str, list[tuple[str, dict[str, str]]]]) -> None:
    text = lineageql("query", "{ answer }", "--endpoint", f"{stranger[0]}/api/graphql", "--all", code=2)
    assert text.count("\n") == 1
    assert "cannot tell its rows" in text


def test_headers_are_sent_and_a_missing_path_is_tried(
    stranger: tuple[str, list[tuple[str, dict[str, str]]]], tmp_path: Path
) -> None:
    url, seen = stranger
    secrets = tmp_path / "headers"
    secrets.write_text("Authorization: Bearer s3cret\nX-Empty:\n")
    headers = ("--header", f"@{secrets}", "--header", "x-team:  risk ")
    answer = json.loads(lineageql("query", "{ answer }", "--endpoint", f"{url}/api/", *headers))
    assert answer == {"data": {"answer": 42}}
    assert [path for path, _ in seen] == ["/api/", "/api/graphql"]
    for _, sent in seen:
        assert (sent["authorization"], sent["x-team"], sent["x-empty"]) == ("Bearer s3cret", "risk", "")
    token = tmp_path / "token"
    token.write_text("s3cret-token\n")
    lineageql("query", "{ answer }", "--endpoint", f"{url}/api/graphql", "--token-file", str(token))
    assert seen[-1][1]["authorization"] == "Bearer s3cret-token"
    text = lineageql("query", "{ answer }", "--endpoint", url, code=2)
    assert text == f"lineageql: {url} answered 404 and no JSON; so did {url}/graphql\n"


def test_a_missing_path_of_our_own_service_is_tried(server: Server) -> None:
    answer = json.loads(lineageql("query", "{ store { backend } }", "--endpoint", server.url))
    assert answer == {"data": {"store": {"backend": "sqlite"}}}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--store", "x.db", "--header", "a: b"), "--header needs --endpoint"),
        (("--endpoint", "http://127.0.0.1:1", "--header", "s3cret"), "header 1 is not of the form"),
        (("--endpoint", "http://127.0.0.1:1", "--header", "a: b\nc: d"), "header 1 is not of the form"),
        (("--endpoint", "http://127.0.0.1:1", "--header", "@missing"), "cannot read the headers in missing"),
        (("--store", "x.db", "--token-file", "x.db"), "--token-file needs --endpoint"),
        (("--endpoint", "http://127.0.0.1:1", "--token-file", "missing"), "cannot read the token in missing: no such"),
        (("--endpoint", "http://127.0.0.1:1", "--token-file", "/dev/null"), "in /dev/null is no bearer token"),
        (
            ("--endpoint", "http://127.0.0.1:1", "--token-file", "x.db", "--header", "authorization: Bearer s3cret"),
            "both say who asks",
        ),
        (("--store", "x.db", "--all", "--format", "json"), "as jsonl, tsv or csv"),
    ],
)
def test_arguments_that_do_not_fit(demo: Path, arguments: tuple[str, ...], said: str) -> None:
    given = [str(demo) if argument == "x.db" else argument for argument in arguments]
    text = lineageql("query", "{ store { url } }", *given, code=2)
    assert text.count("\n") == 1
    assert said in text
    assert "s3cret" not in text


def test_a_file_of_a_token_holds_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("The token, which is shown this once:\ns3cret\n")
    given = ("--endpoint", "http://127.0.0.1:1", "--token-file", str(tmp_path / "token"))
    text = lineageql("query", "{ store { url } }", *given, code=2)
    assert "token holds 2 lines: leave only the token in it" in text
    assert "s3cret" not in text


# -- output that cannot be written

COMMANDS = {
    "query": ["query", NAMES, "--all"],
    "one page": ["query", NAMES],
    "schema": ["schema"],
    "check": ["store", "check"],
    "help": ["--help"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_output_ends_in_one_line(demo: Path, command: str) -> None:
    with open("/dev/full", "w") as full:
        done = run(demo, command, stdout=full)
    assert (done.returncode, done.stderr) == (2, "lineageql: cannot write the output: no space left on device\n")


@pytest.mark.parametrize("command", ["query", "one page", "schema", "check"])
def test_a_closed_output_ends_in_one_line(demo: Path, command: str) -> None:
    done = run(demo, command, preexec_fn=lambda: os.close(1))
    assert (done.returncode, done.stderr) == (2, "lineageql: cannot write the output: it is closed\n")


@pytest.mark.parametrize("command", ["query", "schema"])
def test_an_output_that_nobody_reads_ends_without_a_word(demo: Path, command: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = run(demo, command, stdout=writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


def run(demo: Path, command: str, **options: Any) -> subprocess.CompletedProcess[str]:
    place = {"query": ["--store", str(demo)], "store": [str(demo)]}
    arguments = [*COMMANDS[command], *place.get(COMMANDS[command][0], [])]
    line = [sys.executable, "-m", "lineageql", *arguments]
    return subprocess.run(line, stderr=subprocess.PIPE, text=True, timeout=90, **options)


def test_the_command_alone_shows_its_help() -> None:
    assert lineageql() == lineageql("--help")
    assert len(lineageql().splitlines()) > 15
    assert lineageql("store") == lineageql("store", "--help")


def explained(*arguments: str) -> tuple[str, str]:
    """What `lineageql query --explain` prints: the answer, and the plan on standard error."""
    command = [sys.executable, "-m", "lineageql", "query", NAMES, *arguments, "--explain"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90)
    return done.stdout, done.stderr


def test_a_plan_is_told_beside_the_answer(demo: Path) -> None:
    answer, plan = explained("--store", str(demo))
    assert json.loads(answer).keys() == {"data"}
    assert json.loads(answer) == json.loads(lineageql("query", NAMES, "--store", str(demo)))
    total, _, reads = plan.partition("\n")
    assert re.fullmatch(r"\d+ statements in \d+ round trips, \d+\.\d ms", total)
    assert re.search(r"^search: artifacts in the order of name, first 5", reads, re.MULTILINE)
    assert re.search(r"^    nodes by id: 5 rows\n      SELECT ", reads, re.MULTILINE)


def test_a_service_tells_its_plan_where_it_may(demo: Path, server: Server) -> None:
    assert "start it with --explain" in explained("--endpoint", server.url)[0]
    telling = Server("serve", str(demo), "--port", "0", "--read-only", "--explain", cwd=demo.parent)
    try:
        assert "nodes by id: 5 rows" in explained("--endpoint", telling.url)[1]
    finally:
        telling.stop()


@pytest.mark.parametrize("more", [["--all"], ["--format", "csv"]])
def test_a_plan_is_one_answers(demo: Path, more: list[str]) -> None:
    assert "leave out --all and --format" in lineageql("query", NAMES, "--store", str(demo), "--explain", *more, code=2)


def test_a_password_of_an_endpoint_is_not_shown(tmp_path: Path) -> None:
    for endpoint in ("http://user:pa@ss@127.0.0.1:1/graphql", "http://user:p%40ss@127.0.0.1:1"):
        text = lineageql("query", "-", "--endpoint", endpoint, stdin="{ __typename }", code=2)
        assert "cannot reach http://127.0.0.1:1" in text
        assert "ss" not in text.replace("address", "").replace("refused", "").partition("127.0.0.1")[0]
