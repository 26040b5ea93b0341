"""Every row of the benchmark, once, on a small store, and some on each server: both sides answer the same.

Nothing is timed.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lineageql.catalog.recording import kubeflow_encoding
from lineageql.model.drafts import ArtifactDraft
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.values import stored_text
from tests.bench import peers, residual
from tests.bench.backends import BACKENDS
from tests.bench.building import Facts, stored
from tests.bench.equivalents import QUESTIONS, TYPENAME
from tests.bench.measuring import Line, Side, measure, run, same
from tests.bench.pipelines import Pipelines
from tests.bench.report import as_json, markdown
from tests.bench.rows import ROWS
from tests.bench.tables import moment, properties_of
from tests.bench.target import Target
from tests.processes import children
from tests.servers import missing

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("ml_metadata") is None, reason="ml-metadata, which makes the store, is not installed"
)
SIZE = 500
SIDES = ("lineageql", "ml-metadata", "sql")


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    return stored(tmp_path_factory.mktemp("bench"), SIZE)


@pytest.fixture(scope="module")
def target(facts: Facts) -> Iterator[Target]:
    with BACKENDS["sqlite"].serve(facts) as served:
        yield served


@pytest.fixture(scope="module")
def answers(
    target: Target, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, tuple[dict[str, Any], bytes]]]:
    """For each side, what it tells of each row, and its answer."""
    found = {}
    for side in SIDES:
        folder = tmp_path_factory.mktemp(side)
        rows = [row for row in ROWS if side != "sql" or row.root is not None]
        told = run(side, rows, target, 0.0, folder)
        found[side] = {row.name: (told[row.name], (folder / row.name).read_bytes()) for row in rows}
    return found


@pytest.mark.parametrize("name", [row.name for row in ROWS])
def test_both_sides_answer_the_same(name: str, answers: dict[str, Any]) -> None:
    (told, ours), (their, theirs) = answers["lineageql"][name], answers["ml-metadata"][name]
    if their["missing"]:
        pytest.skip(their["missing"])
    assert json.loads(ours)["data"]
    assert same(ours, theirs)
    assert told["statements"] > 0
    assert min(told["peak"], their["peak"]) > 0


def test_closures_have_the_size_that_the_builder_says(facts: Facts, answers: dict[str, Any]) -> None:
    for row in ROWS:
        if row.root is not None:
            assert int(answers["sql"][row.name][1]) == row.root(facts).nodes


def test_a_store_is_built_once_and_again_when_the_builder_changes(facts: Facts) -> None:
    note = facts.path.with_suffix(".json")
    written = facts.path.stat().st_mtime_ns
    assert stored(facts.path.parent, SIZE) == facts
    assert facts.path.stat().st_mtime_ns == written
    note.write_text(note.read_text().replace('"stamp": "', '"stamp": "of an older builder '))
    assert stored(facts.path.parent, SIZE) == facts
    assert facts.path.stat().st_mtime_ns != written


def test_artifacts_have_the_form_in_which_they_are_recorded() -> None:
    for record in Pipelines(SIZE).records():
        for artifact in record.artifacts:
            type_ = f"kubeflow.org/alpha/{artifact.type}"
            facts = {**artifact.document, **artifact.facts}
            model, data_set = facts.pop("model_id", None), facts.pop("data_set_id", None)
            draft = ArtifactDraft(
                member="custom",
                type=type_,
                name=artifact.name,
                uri=artifact.uri,
                version=artifact.version,
                owner=f"{record.team}@example.org",
                description=artifact.description,
                facts=facts,
                model=_artifact(model),
                data_set=_artifact(data_set),
                labels=list(artifact.labels.items()),
                custom_properties=artifact.custom,
            )
            scope = kubeflow_encoding.Scope("a", "b")
            node = kubeflow_encoding.artifact_node(
                draft,
                kubeflow_encoding.ARTIFACTS[type_],
                scope,
                moment(record.time),
                metrics=artifact.type == "metrics",
            )
            declared, custom = properties_of(artifact, record)
            assert _read(node.properties) == _read(declared)
            stored = {name: stored_text(value) or value for name, value in node.custom_properties.items()}
            assert stored == {**scope.properties, **custom}
        if record.run is not None:
            break


def _artifact(id_: object) -> Ref | None:
    return None if id_ is None else Ref(EntityKind.ARTIFACT, int(str(id_)))


def _read(properties: Any) -> dict[str, Any]:
    return {**properties, "__ALL_META__": json.loads(properties["__ALL_META__"])}


def test_the_report_tells_all_that_was_measured(facts: Facts, target: Target) -> None:
    row = next(row for row in ROWS if row.name == "closure")
    line = measure(row, target, seconds=0.0, rounds=1)
    assert line.agree is not False
    text = markdown([line], target)
    assert f"| upstream closure of {facts.closures[0].nodes:,} nodes |" in text
    assert "| --- | ---: |" in text
    assert as_json([line], target)["rows"][0]["lineageql"]["statements"] == line.ours.statements
    lacking = Line(row, "what ml-metadata cannot do", line.ours, Side(missing="it has no lineage"))
    assert "it has no lineage" in markdown([lacking], target)


def bench(facts: Facts, backend: str, *rows: str) -> list[str]:
    """A command that measures rows on a backend, each once."""
    command = [sys.executable, "-m", "tests.bench", "--backend", backend, "--folder", str(facts.path.parent)]
    command += ["--artifacts", str(SIZE), "--seconds", "0", "--rounds", "1", "--json"]
    return [*command, *(part for row in rows for part in ("--row", row))]


def measured(facts: Facts, backend: str, *rows: str) -> dict[str, Any]:
    """What such a command found, by row; where the machine has no such server the test is skipped."""
    done = subprocess.run(bench(facts, backend, *rows), capture_output=True, text=True)
    if done.returncode == 2:
        missing(done.stderr)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["backend"], told["artifacts"]) == (backend, SIZE)
    return {row["name"]: row for row in told["rows"]}


def test_filters_decided_over_rows_find_what_sql_finds(facts: Facts, capsys: pytest.CaptureFixture[str]) -> None:
    assert residual.main(["--artifacts", str(SIZE), "--folder", str(facts.path.parent)]) == 0
    rows = [line.split("|") for line in capsys.readouterr().out.splitlines() if line.startswith("| a ")]
    assert [int(row[2]) > 0 for row in rows] == [True, True, False]


def beside_postgraphile(facts: Facts, *arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    """A command that measures LineageQL beside PostGraphile, with another PATH where one is given."""
    command = [sys.executable, "-m", "tests.bench", "peers", "--folder", str(facts.path.parent)]
    command += ["--artifacts", str(SIZE), *arguments]
    environment = {**os.environ, **({} if path is None else {"PATH": path})}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def test_what_postgraphile_needs_is_told_in_a_line(facts: Facts, tmp_path: Path) -> None:
    done = beside_postgraphile(facts, path=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no node here" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_answers_are_compared_with_postgraphile_s(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = {"mlmdId": 1, "name": "clean", "uri": "s3://lake/1", "createTime": "2026-01-01T00:00:01.000Z"}
    theirs = {"rowId": 1, "name": None, "uri": "s3://lake/1", "createTimeSinceEpoch": "1767225601000"}

    def answer(client: peers.Client) -> bytes:
        field, node = ("artifacts", ours) if client.peer.ours else ("allArtifacts", theirs)
        return json.dumps({"data": {field: {"nodes": [node]}}}).encode()

    monkeypatch.setattr(peers.Client, "ask", answer)
    both = [
        peers.Peer(name, "", 1, "http://127.0.0.1/graphql", ours=name == "LineageQL") for name in ("P", "LineageQL")
    ]
    question = next(question for question in QUESTIONS if question.name == "list-100")
    peers.agreeing(question, both, 1, names=False)
    with pytest.raises(peers.Differing, match="list-100"):
        peers.agreeing(question, both, 1, names=True)
    theirs["rowId"] = 2
    with pytest.raises(peers.Differing, match="list-100"):
        peers.agreeing(question, both, 1, names=False)


@pytest.mark.long
@pytest.mark.parametrize("more", [(), ("--names", "--bare")])
def test_postgraphile_answers_the_same_on_postgresql(facts: Facts, more: tuple[str, ...]) -> None:
    done = beside_postgraphile(facts, "--seconds", "0.5", "--connections", "2", "--json", *more)
    if done.returncode == 2:
        told = done.stderr.strip().removeprefix("bench: ")
        (pytest.fail if "TEST_REQUIRE_" in told else pytest.skip)(told)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    names = [question.name for question in QUESTIONS]
    servers = ["LineageQL", *(["bare ASGI"] if "--bare" in more else [])]
    assert {(row["server"], row["store"], row["question"]) for row in told["rows"]} == {
        (server, store, name) for server in servers for store in ("SQLite", "PostgreSQL") for name in names
    }
    assert all(row["part"] > 0 for row in told["rows"])
    assert len(told["load"]) == (3 + 2 * len(servers)) * (len(names) + 1)
    assert all(line["answers_per_second"] > 0 for line in told["load"])
    text = peers.markdown(told)
    assert f"| `{TYPENAME}` | 2 |" in text
    assert "| LineageQL | SQLite | one model, four hops up |" in text


@pytest.mark.long
@pytest.mark.parametrize("backend", ["mariadb", "postgresql", "grpc"])
def test_both_sides_answer_the_same_on_a_server(facts: Facts, backend: str) -> None:
    row = measured(facts, backend, "nested")["nested"]
    assert row["same_answer"] is True
    assert row["lineageql"]["statements"] > 0
    assert all("server_cpu_ms" in row[side] for side in ("lineageql", "ml-metadata"))


@pytest.mark.long
def test_what_a_server_lacks_is_told(facts: Facts) -> None:
    found = measured(facts, "grpc-without-filters", "labels", "properties-by-id")
    assert "filter_query is not supported" in found["labels"]["ml-metadata"]["missing"]
    assert found["labels"]["lineageql"]["runs"] > 0
    assert found["properties-by-id"]["same_answer"] is True


@pytest.mark.long
@pytest.mark.parametrize(
    ("backend", "number"), [("mariadb", signal.SIGTERM), ("postgresql", signal.SIGINT), ("grpc", signal.SIGTERM)]
)
def test_a_server_ends_with_the_bench(facts: Facts, backend: str, number: int) -> None:
    process = subprocess.Popen(bench(facts, backend, "labels"), stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(b"measuring"):
            break
    else:
        missing("the bench has found no server")
    started = children(process.pid)
    assert started
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert [pid for pid in started if Path(f"/proc/{pid}").exists()] == []
