"""Types of users' own, from a file, through the command line and the served store."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from lineageql.errors import UsageError
from lineageql.model.conventions.own_types import parse_own_types
from tests.demo import lineageql
from tests.server import Server
from tests.store.sql.records import (
    ARTIFACT,
    CONTEXT,
    EXECUTION,
    EventRecord,
    NodeRecord,
    StoreRecord,
    TypeRecord,
    make,
    template,
)

DOCS = Path(__file__).parents[2] / "docs/conventions.md"
CLASSIFIER = TypeRecord(101, ARTIFACT, "acme.Classifier", declares=("title", "stage", "settings"))
REGRESSOR = TypeRecord(102, ARTIFACT, "acme.LinearRegressor")
TABLE = TypeRecord(103, ARTIFACT, "acme.Table", declares=("tags",))
FIT = TypeRecord(104, EXECUTION, "acme.Fit")
PROJECT = TypeRecord(105, CONTEXT, "acme.Project")
OTHER = TypeRecord(106, ARTIFACT, "acme.Other", bases=(3,))
SCORE = TypeRecord(107, ARTIFACT, "acme.Score")
LOAD = TypeRecord(108, EXECUTION, "acme.Load", declares=("batch",))
PLACE = {"project": "churn", "job": "nightly"}
SETTINGS = '{"optimizer": {"name": "adam"}, "rate": 0.5, "depth": 1}'
STORE = StoreRecord(
    types=(CLASSIFIER, REGRESSOR, TABLE, FIT, PROJECT, OTHER, SCORE, LOAD),
    artifacts=(
        NodeRecord(
            1,
            CLASSIFIER,
            declared={"title": "fraud", "stage": "live", "settings": SETTINGS},
            custom={"build": 7, "team": "risk", "hp.rate": 0.25, "exact:hp.rate": "0.25000001", "depth": 9},
        ),
        NodeRecord(2, REGRESSOR, custom={"title": "price", "revision": "a", "tag.tier": "gold", "stage": "test"}),
        NodeRecord(3, TABLE, uri="s3://t", declared={"tags": '{"tier": "gold", "n": 2}'}),
        NodeRecord(4, OTHER, name="kept", custom={"title": "none", "stage": "live"}),
        NodeRecord(
            5,
            SCORE,
            name="s",
            custom={**PLACE, "metric.auc": 0.9, "metric.note": "good", "loss": 0.1, "rows": 3},
        ),
    ),
    executions=(
        NodeRecord(1, FIT, custom={"step": "fit", "status": "failed", "epochs": 5, "host": "h", **PLACE}),
        NodeRecord(2, LOAD, created=5, updated=6, declared={"batch": "monday"}, custom={"rows": 3}),
        NodeRecord(3, LOAD, created=4, updated=9, declared={"batch": "monday"}, state=3),
        NodeRecord(4, FIT, custom={"step": "lone", "job": "nightly"}),
    ),
    contexts=(NodeRecord(1, PROJECT, "p"),),
    events=(EventRecord(1, 3, 1, 3), EventRecord(2, 1, 1, 4)),
    attributions=frozenset({(1, 1)}),
)
MODELS = """{
  models: artifacts(where: {kind: MODEL}, orderBy: {field: NAME}) {
    nodes { __typename name version owner labels { key value } workspace { name } } }
  live: artifacts(where: {labels: [{key: "stage", eq: "live"}]}) { nodes { name } }
  gold: artifacts(where: {labelSelector: "tier=gold"}) { nodes { kind name } }
  named: artifacts(where: {name: {eq: "fraud"}, version: {eq: "7"}}) { totalCount }
  kinds: artifactFacets(by: KIND) { value count }
  search(text: "GOLD") { totalCount }
  executions(where: {state: [FAILED]}) { nodes { name parameters } }
  scores: artifacts(where: {values: [{name: "auc", gt: 0.8}, {name: "loss", lt: 1}]}) {
    nodes { name ... on Metrics { values } } }
  adam: artifacts(where: {parameters: [{name: "optimizer.name", eq: "adam"}, {name: "rate", lt: 0.3}]}) {
    nodes { name ... on Model { hyperparameters } } }
  long: executions(where: {parameters: [{name: "epochs", gte: 5}]}) { totalCount }
  none: artifacts(where: {or: [{values: [{name: "rows", exists: true}]}, {parameters: [{name: "depth", eq: 9}]}]}) {
    totalCount }
  spaces: workspaces { nodes { name mlmdId artifacts { nodes { name } } executions { nodes { name } } } }
  churn: artifacts(where: {workspace: {name: {eq: "churn"}}}) { nodes { name workspace { name } } }
  places: artifactFacets(by: WORKSPACE) { value count }
  hosts: executions(where: {parameters: [{name: "host", exists: true}]}) { totalCount }
  runs { totalCount nodes { name mlmdId state workspace { name } executions { nodes { name } }
    outputs { totalCount } } }
  nightly: artifacts(where: {run: {name: {eq: "nightly"}}}) { nodes { name run { name workspace { name } } } }
  steps: executions(where: {run: {name: {startsWith: "night"}}}) { nodes { name run { name } } }
  writing: runs(where: {outputs: {kind: MODEL}}) { nodes { name } }
  held: workspaces(where: {name: {eq: "churn"}}) { nodes { runs { totalCount } } }
  jobs: executionFacets(by: RUN) { value count }
  one: run(workspace: "churn", name: "nightly") { name }
}"""
ANSWER = {
    "models": {
        "nodes": [
            {
                "__typename": "Model",
                "name": "fraud",
                "version": "7",
                "owner": "risk",
                "labels": [{"key": "stage", "value": "live"}],
                "workspace": {"name": "p"},
            },
            {
                "__typename": "Model",
                "name": "price",
                "version": "a",
                "owner": None,
                "labels": [{"key": "stage", "value": "test"}, {"key": "tier", "value": "gold"}],
                "workspace": None,
            },
        ]
    },
    "live": {"nodes": [{"name": "fraud"}]},
    "gold": {"nodes": [{"kind": "MODEL", "name": "price"}, {"kind": "DATA_SET", "name": "t"}]},
    "named": {"totalCount": 1},
    "kinds": [{"value": "METRICS", "count": 2}, {"value": "MODEL", "count": 2}, {"value": "DATA_SET", "count": 1}],
    "search": {"totalCount": 2},
    "executions": {"nodes": [{"name": "fit", "parameters": {"epochs": 5}}]},
    "scores": {"nodes": [{"name": "s", "values": {"auc": 0.9, "note": "good", "loss": 0.1}}]},
    "adam": {
        "nodes": [{"name": "fraud", "hyperparameters": {"optimizer": {"name": "adam"}, "rate": 0.25000001, "depth": 1}}]
    },
    "long": {"totalCount": 1},
    "none": {"totalCount": 0},
    "spaces": {
        "nodes": [
            {"name": "p", "mlmdId": 1, "artifacts": {"nodes": [{"name": "fraud"}]}, "executions": {"nodes": []}},
            {
                "name": "churn",
                "mlmdId": None,
                "artifacts": {"nodes": [{"name": "s"}]},
                "executions": {"nodes": [{"name": "fit"}]},
            },
        ]
    },
    "churn": {"nodes": [{"name": "s", "workspace": {"name": "churn"}}]},
    "places": [{"value": "churn", "count": 1}, {"value": "p", "count": 1}],
    "hosts": {"totalCount": 0},
    "runs": {
        "totalCount": 1,
        "nodes": [
            {
                "name": "nightly",
                "mlmdId": None,
                "state": "FAILED",
                "workspace": {"name": "churn"},
                "executions": {"nodes": [{"name": "fit"}]},
                "outputs": {"totalCount": 2},
            }
        ],
    },
    "nightly": {
        "nodes": [
            {"name": "fraud", "run": {"name": "nightly", "workspace": {"name": "churn"}}},
            {"name": "s", "run": {"name": "nightly", "workspace": {"name": "churn"}}},
        ]
    },
    "steps": {"nodes": [{"name": "fit", "run": {"name": "nightly"}}]},
    "writing": {"nodes": [{"name": "nightly"}]},
    "held": {"nodes": [{"runs": {"totalCount": 1}}]},
    "jobs": [{"value": "nightly", "count": 1}],
    "one": {"name": "nightly"},
}
NOWHERE = """{
  runs { nodes { id name state createTime updateTime workspace { name } executions { nodes { mlmdId parameters } } } }
  monday: executions(where: {run: {name: {eq: "monday"}}}) { totalCount }
  run(name: "monday") { name workspace { name } }
  jobs: executionFacets(by: RUN) { value count }
}"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """The example of the documentation, and a store whose types it maps."""
    example = re.search(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    (tmp_path / "types.toml").write_text(example.group(1), encoding="utf-8")
    make(tmp_path / "store.db", STORE, template())
    return str(tmp_path / "types.toml"), str(tmp_path / "store.db")


def test_a_query_sees_what_the_file_says(files: tuple[str, str]) -> None:
    types, store = files
    assert json.loads(lineageql("query", MODELS, "--store", store, "--types", types))["data"] == ANSWER
    assert json.loads(lineageql("query", MODELS, "--store", store))["data"]["models"]["nodes"] == []
    assert "--types needs --store" in lineageql(
        "query", MODELS, "--endpoint", "http://127.0.0.1:1", "--types", types, code=2
    )


def test_the_served_store_is_recorded_in_by_the_same_kinds(
    files: tuple[str, str], tmp_path: Path, monkeypatch: Any
) -> None:
    import httpx

    types, store = files
    with open(types, "a", encoding="utf-8") as file:
        file.write('\n[[executions]]\ntypes = "kubeflow.org/alpha/execution"\ndescription = "note"\n')
    monkeypatch.setenv("LINEAGEQL_TYPES", types)
    server = Server("serve", store, "--port", "0", cwd=tmp_path)

    def ask(query: str, variables: Any = None) -> Any:
        sent = {"query": query, "variables": variables}
        return httpx.post(f"{server.url}/graphql", json=sent, timeout=60).json()

    try:
        assert ask(MODELS)["data"] == ANSWER
        (node,) = ask('{artifacts(where: {name: {eq: "fraud"}}) {nodes {id}}}')["data"]["artifacts"]["nodes"]
        put = {"id": node["id"], "labels": [{"key": "stage", "value": "old"}]}
        document = "mutation ($input: SetLabelsInput!) {setLabels(input: $input) {entity {labels {value}}}}"
        body = ask(document, {"input": put})
        assert body["data"]["setLabels"], body
        assert body["data"]["setLabels"]["entity"]["labels"] == [{"value": "old"}]
        document = "mutation ($input: RemoveLabelsInput!) {removeLabels(input: $input) {entity {id}}}"
        (error,) = ask(document, {"input": {"id": node["id"], "keys": ["stage"]}})["errors"]
        assert "property of acme.Classifier" in error["message"]
        # An execution of a type that the file maps too is one of LineageQL's own all the same.
        document = """mutation ($input: RecordExecutionInput!) {recordExecution(input: $input)
            {execution {id description}}}"""
        recorded = {"workspace": "w", "execution": {"name": "e", "customProperties": {"note": "n"}}}
        made = ask(document, {"input": recorded})["data"]["recordExecution"]["execution"]
        assert made["description"] == "n"
        document = "mutation ($input: LogArtifactInput!) {logOutput(input: $input) {created}}"
        model = {"executionId": made["id"], "artifact": {"model": {"name": "m", "uri": "u"}}}
        assert ask(document, {"input": model})["data"] == {"logOutput": {"created": True}}
    finally:
        server.stop()


def test_a_run_of_executions_that_name_no_workspace_is_in_none(files: tuple[str, str]) -> None:
    types, store = files
    with open(types, "a", encoding="utf-8") as file:
        file.write('\n[[executions]]\ntypes = "acme.Load"\nrun = "batch"\n')
    found = json.loads(lineageql("query", NOWHERE, "--store", store, "--types", types))["data"]
    id_ = found["runs"]["nodes"][0].pop("id")
    monday = {
        "name": "monday",
        "state": "COMPLETE",
        "createTime": "1970-01-01T00:00:00.004Z",
        "updateTime": "1970-01-01T00:00:00.009Z",
        "workspace": None,
        "executions": {"nodes": [{"mlmdId": 2, "parameters": {"rows": 3}}, {"mlmdId": 3, "parameters": {}}]},
    }
    assert found["runs"]["nodes"][0] == monday
    assert [node["name"] for node in found["runs"]["nodes"]] == ["monday", "nightly"]
    assert found["monday"] == {"totalCount": 2}
    assert found["run"] == {"name": "monday", "workspace": None}
    assert found["jobs"] == [{"value": "monday", "count": 2}, {"value": "nightly", "count": 1}]
    again = f'{{node(id: "{id_}") {{... on Run {{name executions {{totalCount}}}}}}}}'
    assert json.loads(lineageql("query", again, "--store", store, "--types", types))["data"] == {
        "node": {"name": "monday", "executions": {"totalCount": 2}}
    }


def test_store_check_shows_what_the_file_maps(files: tuple[str, str]) -> None:
    types, store = files
    with open(types, "a", encoding="utf-8") as file:
        file.write('\n[[artifacts]]\ntypes = ["acme.Othr", "acme.O*", "none*"]\nkind = "OTHER"\n')
    shown = lineageql("store", "check", store, "--types", types, code=1)  # the store lacks indexes
    assert "artifacts[0] maps 2 types of 2 nodes: acme.Classifier, acme.LinearRegressor" in shown
    assert "artifacts[3] names what is no type here: acme.Othr, none*" in shown
    assert re.search(r" 1  artifact +generic \+ artifacts\[3\] +acme\.Other", shown)
    found = json.loads(lineageql("store", "check", store, "--types", types, "--json", code=1).partition("\nerror")[0])
    unseen = {"parameters": ["seed"]}
    assert found["mapped"][-2:] == [
        {"table": "executions[0]", "types": ["acme.Fit"], "nodes": 2, "missing": [], "unseen": unseen},
        {"table": "contexts[0]", "types": ["acme.Project"], "nodes": 1, "missing": [], "unseen": {}},
    ]


def test_store_check_shows_the_names_that_no_node_of_the_mapped_types_has(tmp_path: Path) -> None:
    text = """
[[artifacts]]
types = "acme.Score"
kind = "METRICS"
name = ["titel", "properties.loss", "rows"]
workspace = "customProperties.projekt"
values = {prefix = ["metrik.", "metric."], properties = ["los", "loss"], document = "rows"}
labels = {prefix = "tag.", properties = ["note"]}

[[executions]]
types = "acme.Fit"
workspace = "project"
run = "properties.job"

[[artifacts]]
types = "acme.None"
kind = "MODEL"
parameters = {properties = ["rate"]}
"""
    (tmp_path / "types.toml").write_text(text, encoding="utf-8")
    make(tmp_path / "store.db", STORE, template())
    shown = lineageql("store", "check", str(tmp_path / "store.db"), "--types", str(tmp_path / "types.toml"), code=1)
    assert [line for line in shown.splitlines() if "none of these" in line] == [
        "artifacts[0].name names what none of these nodes has: titel, loss",
        "artifacts[0].labels names what none of these nodes has: tag., note",
        "artifacts[0].values names what none of these nodes has: metrik., los, rows",
        "artifacts[0].workspace names what none of these nodes has: projekt",
        "executions[0].run names what none of these nodes has: job",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[artifacts", "t.toml is not TOML: "),
        ("", "t.toml: the file maps nothing: write a table such as [[artifacts]]"),
        ('[[artefacts]]\ntypes = "a"', "did you mean artifacts?"),
        ('[[artefacts]]\ntypes = "a"', "the file has no 'artefacts': it takes artifacts, executions or"),
        ('[artifacts]\ntypes = "a"', "artifacts is no list of tables: write [[artifacts]] above each"),
        ('[[artifacts]]\nkind = "MODEL"', "artifacts[0].types is missing: it takes the names of types"),
        ('[[artifacts]]\ntypes = [1]\nkind = "MODEL"', "artifacts[0].types is [1]; it takes the names of types"),
        (
            '[[artifacts]]\ntypes = "a"',
            "artifacts[0] says nothing of its types: it takes kind, labels, values, parameters, workspace",
        ),
        (
            '[[artifacts]]\ntypes = "a"\nkind = "Modell"',
            "artifacts[0].kind is 'Modell'; it takes MODEL, DATA_SET, METRICS",
        ),
        (
            '[[artifacts]]\ntypes = "a"\nnam = "b"',
            "artifacts[0] has no 'nam': it takes types, kind, labels, values, parameters",
        ),
        ('[[executions]]\ntypes = "a"\nkind = "MODEL"', "executions[0] has no 'kind'"),
        ('[[artifacts]]\ntypes = "a"\nname = 3', "artifacts[0].name is 3; it takes names of properties, such as"),
        ('[[artifacts]]\ntypes = "a"\nname = "properties."', "artifacts[0].name holds 'properties.', which names no"),
        ('[[artifacts]]\ntypes = "a"\nlabels = "b"', "artifacts[0].labels takes a table, such as {prefix"),
        (
            '[[artifacts]]\ntypes = "a"\nvalues = {prefix = "m."}',
            'artifacts[0].values are of METRICS alone: write kind = "METRICS" beside them',
        ),
        (
            '[[artifacts]]\ntypes = "a"\nkind = "METRICS"\nparameters = {prefix = "m."}',
            'artifacts[0].parameters are of MODEL alone: write kind = "MODEL" beside them',
        ),
        (
            '[[executions]]\ntypes = "a"\nparameters = ["epochs"]',
            'executions[0].parameters takes a table, such as {prefix = "parameter."} or {properties = ["loss"]}',
        ),
        (
            '[[executions]]\ntypes = "a"\nworkspace = ["a", "b"]',
            "executions[0].workspace is ['a', 'b']; it takes the name of one property",
        ),
        (
            '[[executions]]\ntypes = "a"\nworkspace = "properties."',
            "executions[0].workspace holds 'properties.', which",
        ),
        ('[[executions]]\ntypes = "a"\nrun = 5', "executions[0].run is 5; it takes the name of one property, such as"),
        ('[[contexts]]\ntypes = "a"\nrun = "r"', "contexts[0] has no 'run': it takes"),
        ('[[executions]]\ntypes = "a"\nvalues = {prefix = "m."}', "executions[0] has no 'values': it takes"),
        (
            '[[executions]]\ntypes = "a"\nparameters = {prefixes = "m."}',
            "executions[0].parameters has no 'prefixes': it takes prefix, properties or document; did you mean prefix?",
        ),
        ('[[artifacts]]\ntypes = "a"\nlabels = {}', "artifacts[0].labels is empty"),
        (
            '[[artifacts]]\ntypes = "a"\nlabels = {document = ["a", "b"]}',
            "artifacts[0].labels.document is ['a', 'b']; it takes",
        ),
        (
            '[[artifacts]]\ntypes = "a"\nkind = "MODEL"\n[[artifacts]]\ntypes = ["b", "a"]\nkind = "OTHER"',
            "artifacts[1].types names 'a', which artifacts[0] maps already",
        ),
        ('[[contexts]]\ntypes = "a"\nrole = "PROJECT"', "contexts[0].role is 'PROJECT'; it takes WORKSPACE"),
    ],
)
def test_a_fault_of_the_file_says_where_it_is_and_what_is_expected(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=re.escape(words)):
        parse_own_types(text, "t.toml")


def test_a_file_that_cannot_be_read_ends_every_command_in_one_line(files: tuple[str, str]) -> None:
    _, store = files
    for command in (["query", "{ __typename }", "--store", store], ["store", "check", store], ["serve", store]):
        shown = lineageql(*command, "--types", os.devnull + "/none", code=2)
        assert "cannot read /dev/null/none: not a directory" in shown
        assert len(shown.splitlines()) == 1, shown
