"""Typed reads: the same as plain HTTP answers."""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
import threading
import warnings
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineageql_client import AsyncClient, Client, IncompleteWarning
from lineageql_client.errors import (
    BadRequest,
    InvalidArgument,
    LineageQLError,
    ReadOnly,
    ServiceWarning,
    Unauthenticated,
    Unavailable,
)
from lineageql_client.generated.entities import CustomArtifact, DataSet, Execution, Metrics, Model, Run, Workspace
from lineageql_client.transport import declared_variables

from .conftest import Service
from .user_code import counted, hyperparameters, producers, production_models

ALL = """{ artifacts(first: 1000) { totalCount nodes {
  id mlmdId name __typename uri createTime labels { key value } workspace { name }
  ... on Model { hyperparameters } ... on Metrics { values }
} } }"""


def test_artifacts_are_what_plain_http_answers(client: Client, demo: Service) -> None:
    expected = demo.ask(ALL)["artifacts"]
    found = client.artifacts(page_size=7).all()
    assert len(found) == expected["totalCount"] == client.artifacts().count()
    for artifact, node in zip(found, expected["nodes"], strict=True):
        assert type(artifact).__name__ == node["__typename"]
        assert (artifact.id, artifact.mlmd_id, artifact.name, artifact.uri) == (
            node["id"],
            node["mlmdId"],
            node["name"],
            node["uri"],
        )
        assert artifact.create_time is not None
        assert artifact.create_time.tzinfo is not None
        assert artifact.create_time == datetime.strptime(node["createTime"], "%Y-%m-%dT%H:%M:%S.%f%z")
        assert artifact.labels == {label["key"]: label["value"] for label in node["labels"]}
        assert (None if artifact.workspace is None else artifact.workspace.name) == (node["workspace"] or {}).get(
            "name"
        )
        if isinstance(artifact, Model):
            assert artifact.hyperparameters == node["hyperparameters"]
        if isinstance(artifact, Metrics):
            assert artifact.values == node["values"]
    assert {type(artifact) for artifact in found} == {Model, DataSet, Metrics, CustomArtifact}


def test_filters(client: Client, demo: Service) -> None:
    query = "query ($where: ArtifactFilter) { artifacts(where: $where) { totalCount } }"
    where: dict[str, Any] = {"kind": ["MODEL"], "labelSelector": "stage=production"}
    expected = demo.ask(query, where=where)["artifacts"]["totalCount"]
    assert expected > 0
    assert client.artifacts(kind="MODEL", labels={"stage": "production"}).count() == expected
    assert client.artifacts({"kind": ["MODEL"]}, labelSelector="stage=production").count() == expected
    assert client.artifacts({"kind": ["MODEL"], "not": {"labels": {"stage": "production"}}}).count() == (
        demo.ask(query, where={"kind": ["MODEL"]})["artifacts"]["totalCount"] - expected
    )
    workspace = client.workspace(name="fraud-detection")
    assert workspace is not None
    in_it = client.artifacts(workspace=workspace).count()
    assert in_it == client.artifacts(workspace="fraud-detection").count() == workspace.artifacts().count() > 0
    assert client.artifacts({"createTime": {"after": datetime(2200, 1, 1, tzinfo=timezone.utc)}}).all() == []


def test_pages_are_lazy(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    send = client._transport.send
    monkeypatch.setattr(client._transport, "send", lambda request: sent.append(request) or send(request))
    pages = client.artifacts(page_size=5)
    assert sent == []
    rows = iter(pages)
    next(rows)
    assert len(sent) == 1
    for _ in range(5):
        next(rows)
    assert len(sent) == 2
    assert len(client.artifacts(limit=7, page_size=5).all()) == 7
    assert [request.variables["first"] for request in sent[2:]] == [5, 2]
    assert client.artifacts(limit=0).all() == []
    first = client.artifacts(order_by="NAME").first()
    assert first is not None
    assert first.name == min(artifact.name for artifact in client.artifacts())
    assert client.artifacts(name="nothing has this name").first() is None


def test_progress(client: Client, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int | None]] = []
    total = client.artifacts().count()
    rows = client.artifacts(page_size=10).progress(lambda done, of: told.append((done, of))).all()
    assert told[-1] == (total, total) == (len(rows), total)
    assert [done for done, _ in told[:-1]] == list(range(10, total, 10))
    # A file gets whole lines, and a terminal one that is written anew.
    client.artifacts(page_size=10).progress().all()
    assert capsys.readouterr().err == f"{total:,} of {total:,} rows\n"
    with monkeypatch.context() as patch:
        patch.setattr(sys.stderr, "isatty", lambda: True)
        client.artifacts(page_size=10).progress().all()
    shown = capsys.readouterr().err
    assert shown.startswith(f"\r10 of {total:,} rows\r")
    assert shown.endswith(f"\r{total:,} of {total:,} rows\n")


def test_every_kind_of_entity(client: Client) -> None:
    (workspace,) = client.workspaces(name="fraud-detection")
    assert isinstance(workspace, Workspace)
    run = workspace.runs(order_by={"field": "NAME", "direction": "DESC"}).first()
    assert isinstance(run, Run)
    assert run.workspace is not None
    assert run.workspace.id == workspace.id
    assert client.run(workspace="fraud-detection", name=run.name) == run
    assert client.run(id=run.node_id) == run
    executions = run.executions().all()
    assert executions
    assert all(isinstance(one, Execution) and one.run is not None and one.run.id == run.id for one in executions)
    event = executions[0].outputs().first()
    assert event is not None
    assert event.event_type == "OUTPUT"
    assert event.node in [edge.node for edge in executions[0].outputs()]
    assert executions[0] in [edge.node for edge in event.node.producers()]
    assert client.execution(mlmd_id=executions[0].mlmd_id) == executions[0]
    assert client.node(executions[0]) == executions[0]
    assert client.nodes([executions[0], run, "QXJ0aWZhY3Q6OTk5OTk5"]) == [executions[0], run, None]
    assert client.artifact(id="QXJ0aWZhY3Q6OTk5OTk5") is None
    # Of a reference the client reads the rest.
    assert client.node(event.node.workspace) == workspace
    assert run.outputs().count() > 0
    model = client.artifacts(kind="MODEL", name="fraud-model").first()
    assert isinstance(model, Model)
    assert all(isinstance(found, Metrics) for found in model.metrics())
    assert {str(facet.value) for facet in client.artifact_facets("KIND")} >= {"MODEL", "DATA_SET"}
    assert client.artifact_facets("LABEL_VALUE", key="stage", kind="MODEL")
    assert client.search("fraud").first() is not None
    assert {type_.name for type_ in client.types("ARTIFACT")} >= {"kubeflow.org/alpha/model"}
    assert client.store().counts.artifacts == client.artifacts().count()
    assert model.label("stage") == "archived"
    assert model.property("version") == model.version


def test_entities_are_values(client: Client) -> None:
    one, same = (client.artifacts(kind="MODEL").first() for _ in range(2))
    assert one is not None
    assert one == same
    assert one is not same
    assert len({one, same}) == 1
    other = pickle.loads(pickle.dumps(one))
    assert other == one
    with pytest.raises(LineageQLError, match="no client"):
        other.upstream().all()
    with pytest.raises(AttributeError):
        one.name = "other"  # type: ignore[misc]
    assert "fraud-model" in repr(client.artifacts(name="fraud-model").first())
    node = client.lineage([one]).nodes[0].node
    with pytest.raises(LineageQLError, match="producer was not read"):
        node.producer  # type: ignore[attr-defined]  # noqa: B018


def test_lineage_is_a_graph(client: Client, demo: Service) -> None:
    model = client.artifacts(name="fraud-model", version="2026-02").first()
    assert model is not None
    query = """query ($id: ID!) { lineage(roots: [$id]) {
      complete nodes { node { id } } edges { artifact { id } execution { id } eventType }
    } }"""
    expected = demo.ask(query, id=model.id)["lineage"]
    lineage = model.lineage()
    assert lineage.complete
    assert [step.node.id for step in lineage.nodes] == [step["node"]["id"] for step in expected["nodes"]]
    assert len(lineage.artifacts) + len(lineage.executions) == len(lineage.nodes)
    graph = lineage.to_networkx()
    assert set(graph.nodes) == {step["node"]["id"] for step in expected["nodes"]}
    ends = {
        (edge["artifact"]["id"], edge["execution"]["id"])
        if edge["eventType"] == "INPUT"
        else (edge["execution"]["id"], edge["artifact"]["id"])
        for edge in expected["edges"]
    }
    assert {(start, end) for start, end, _ in graph.edges} == ends
    import networkx

    # What networkx takes for ancestors and descendants is what the service walked to.
    assert networkx.ancestors(graph, model.id) | networkx.descendants(graph, model.id) | {model.id} == set(graph.nodes)
    assert networkx.ancestors(graph, model.id) == {edge.node.id for edge in model.upstream()}
    assert producers(client, model)
    path = client.lineage_path(lineage.artifacts[-1], model)
    assert path.found
    assert path.steps[0].id in (model.id, lineage.artifacts[-1].id)
    assert len(path.to_networkx()) == len(path.steps)


def test_pictures_are_whole_and_hold_no_script(client: Client) -> None:
    lineage = client.lineage(client.artifacts(name="fraud-model").all())
    for picture in (lineage.to_svg(), client.lineage_path(lineage.artifacts[0], lineage.artifacts[-1]).to_svg()):
        tree = ElementTree.fromstring(picture)
        names = {element.tag.rpartition("}")[2] for element in tree.iter()}
        assert names <= {"svg", "g", "title", "rect", "text", "path", "polygon"}
        assert not any(
            name.lower().startswith("on") or "href" in name for element in tree.iter() for name in element.attrib
        )
    tree = ElementTree.fromstring(lineage.to_svg())
    boxes = [element for element in tree.iter() if element.tag.endswith("rect")]
    assert len(boxes) == len(lineage.nodes)
    few = ElementTree.fromstring(lineage.to_svg(most=3))
    assert len([element for element in few.iter() if element.tag.endswith("rect")]) == 3
    assert any((element.text or "").startswith("the nearest 3 of") for element in few.iter())
    shown = lineage._repr_html_()
    assert "complete" in shown
    assert "<script" not in shown
    chart = lineage.to_mermaid()
    assert chart.startswith("flowchart LR\n")
    assert chart.count("-->") == len(lineage.edges)


def test_an_answer_that_is_not_whole_warns(client: Client) -> None:
    model = client.artifacts(name="fraud-model", version="2026-02").first()
    assert model is not None
    with pytest.warns(IncompleteWarning, match="lineage"):
        lineage = model.lineage(max_hops=1)
    assert not lineage.complete
    assert lineage.limits == ("MAX_HOPS",)
    pages = model.upstream(max_hops=1)
    with pytest.warns(IncompleteWarning, match="upstream"):
        pages.all()
    assert pages.complete is False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pages = model.upstream()
        assert pages.complete is None
        pages.all()
        assert pages.complete is True


def test_comparisons(client: Client) -> None:
    runs = client.workspace(name="fraud-detection").runs(limit=2).all()  # type: ignore[union-attr]
    comparison = client.compare_runs(runs)
    assert [run.name for run in comparison.runs] == [run.name for run in runs]
    assert 0 < len(comparison.differences) < len(comparison.rows)
    shown = comparison._repr_html_()
    assert all(row.field in shown for row in comparison.rows)
    models = client.artifacts(name="fraud-model").all()
    difference = client.lineage_diff(models[0], models[-1])
    assert difference.complete
    assert {found.field for pair in difference.changed for found in pair.differences}
    assert "nodes are in both" in difference._repr_html_()


def test_tables_escape_what_the_store_holds(client: Client) -> None:
    html = client.artifacts()._repr_html_()
    assert f"first 20 of {client.artifacts().count()}" in html
    assert html.count("<tr>") == 21
    ElementTree.fromstring(f"<div>{html}</div>")
    one = client.artifacts(kind="MODEL").first()
    assert one is not None
    ElementTree.fromstring(one._repr_html_())
    assert one.name in one._repr_html_()
    from lineageql_client import tables

    hostile = "<script>alert('x')</script>" + "&" * 200
    assert "<script" not in tables.table([hostile], [[hostile, {"a": hostile}, [hostile]]], hostile)
    assert tables.rows([], None).endswith("<p><em>nothing</em></p>")


def test_operations_of_ones_own(client: Client) -> None:
    found = client.query("query ($name: String!) { workspace(name: $name) { name } }", name="chargebacks")
    assert found == {"workspace": {"name": "chargebacks"}}
    with pytest.raises(InvalidArgument, match=r"^nam is no variable of the document, which declares \$name$") as caught:
        client.query("query ($name: String) { workspace(name: $name) { name } }", nam="chargebacks")
    assert caught.value.argument == "nam"
    with pytest.raises(InvalidArgument, match=r"which declares none$"):
        client.query("{ store { uri } }", name="x")


TYPES = ("String", "String!", "[ID!]!", 'String = "$x: Int"', "ArtifactFilter = {name: {eq: null}}")


# A busy machine is slow, which is no fault of a document's.
@settings(deadline=None, max_examples=int(os.environ.get("TEST_EXAMPLES") or 8))
@given(
    st.dictionaries(st.sampled_from(("a", "b1", "_c", "on", "query")), st.sampled_from(TYPES)),
    st.sampled_from((" ", ", ", "\n# $lost: Int\n")),
)
def test_declared_variables_are_those_that_graphql_reads(variables: dict[str, str], gap: str) -> None:
    from graphql import OperationDefinitionNode, parse

    head = gap.join(f"${name}{gap}:{gap}{type_}" for name, type_ in variables.items())
    fields = "".join(f'f(a: ${name}{gap}b: [${name}], c: """$z: "x" """) ' for name in variables) + "g"
    document = f"query {f'({head})' if head else ''} {{ {fields} }}"
    (operation,) = parse(document).definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert declared_variables(document) == [one.variable.name.value for one in operation.variable_definitions or ()]


@pytest.mark.parametrize(
    ("root", "given", "words"),
    [
        ("workspace", "newcomer", "for a name write `client.workspace(name='newcomer')`"),
        ("run", "nightly", "for a name write `client.run(name='nightly')`"),
        ("artifact", "MNIST", "for a name write `client.artifacts(name='MNIST')`"),
        ("artifact", 14, "for a number of MLMD's write `client.artifact(mlmd_id=14)`"),
        ("execution", "14", "for a number of MLMD's write `client.execution(mlmd_id=14)`"),
        ("workspace", 14, "for a number of MLMD's write `client.workspaces(mlmdIds=[14]).first()`"),
    ],
)
def test_what_is_no_id_is_told_what_finds_it(client: Client, root: str, given: Any, words: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        getattr(client, root)(given)
    assert caught.value.argument == "id"
    assert f"; {words}" in str(caught.value)
    # What is told to write can be written.
    eval(words.split("`")[1])


def test_a_ref_says_how_the_rest_is_read(client: Client) -> None:
    execution = client.executions(name="train").first()
    assert execution is not None
    assert execution.run is not None
    ref = execution.run
    with pytest.raises(AttributeError, match=r"'executions': it leads to a Run.*`client\.node\(ref\)` reads the rest"):
        ref.executions()  # type: ignore[attr-defined]
    assert client.node(ref).executions().first() is not None  # type: ignore[union-attr]
    assert pickle.loads(pickle.dumps(ref)) == ref
    assert not hasattr(ref, "_repr_html_")


def test_errors_are_typed_by_their_codes(client: Client) -> None:
    with pytest.raises(BadRequest, match="Cannot query field"):
        client.query("{ nope }")
    with pytest.raises(InvalidArgument, match="not an id of this service"):
        client.artifact(id="nonsense")
    with pytest.raises(ReadOnly):
        client.create_workspace({"name": "x"})
    with pytest.raises(ValueError, match="no address"):
        Client("grpc://here:8080")
    with Client("http://127.0.0.1:9", retry_for=0.3) as nobody, pytest.raises(Unavailable, match="no service answers"):
        nobody.store()


class Answers(BaseHTTPRequestHandler):
    """Answers each request with the next of a list, and keeps its headers."""

    answers: ClassVar[list[tuple[int, str]]] = []
    seen: ClassVar[list[dict[str, str]]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append(dict(self.headers.items()))
        status, body = self.answers.pop(0)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: Any) -> None:
        pass


def test_what_stands_between_the_client_and_the_service() -> None:
    """Gateways answer too: with their own pages, with GraphQL's errors, and with neither."""
    server = HTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    tokens = iter(("first", "second", "third", "fourth", "fifth", "sixth", "seventh"))
    url = f"http://127.0.0.1:{server.server_port}"
    with Client(url, token=lambda: next(tokens), headers={"X-Team": "a"}, retry_for=5) as client:
        good = (200, '{"data": {"a": 1}, "extensions": {"warnings": [{"message": "no label is named x"}]}}')
        Answers.answers = [(503, "<html>away</html>"), (502, ""), good]
        with pytest.warns(ServiceWarning, match="no label is named x"):
            assert client.query("{ a }") == {"a": 1}
        assert [headers["Authorization"] for headers in Answers.seen] == [
            "Bearer first",
            "Bearer second",
            "Bearer third",
        ]
        assert {headers["X-Team"] for headers in Answers.seen} == {"a"}
        away = '{"errors": [{"message": "the store is locked", "extensions": {"code": "UNAVAILABLE"}}]}'
        Answers.answers = [(200, away), (200, '{"data": {"a": 2}}')]
        assert client.query("{ a }") == {"a": 2}
        Answers.answers = [(401, '{"errors": [{"message": "who are you?"}]}')]
        with pytest.raises(Unauthenticated, match="who are you"):
            client.query("{ a }")
        Answers.answers = [(404, "no such page")]
        with pytest.raises(BadRequest, match="404 and not GraphQL: no such page"):
            client.query("{ a }")
    server.shutdown()
    server.server_close()


def test_codes_and_the_drawing_of_the_tree_agree() -> None:
    from lineageql_client import errors

    drawn = [line for line in (errors.__doc__ or "").splitlines() if "──" in line]
    for code, kind in errors.CODES.items():
        assert any(kind.__name__ in line and code in line for line in drawn), code
    answer = {"message": "no", "extensions": {"code": "NEWER_CODE"}, "path": ["a"]}
    made = errors.error_of([answer, {"message": "x", "extensions": {"code": "NOT_FOUND"}}], {"b": 1})
    assert type(made) is errors.ServiceError
    assert (made.code, made.data, made.answer_path) == ("NEWER_CODE", {"b": 1}, ("a",))
    assert isinstance(made.others[0], errors.NotFound)


async def test_the_asynchronous_twin(demo: Service, client: Client) -> None:
    async with AsyncClient(demo.url) as twin:
        model = await twin.artifact(mlmd_id=12)
        assert model == client.artifact(mlmd_id=12)
        assert model is not None
        assert [one async for one in twin.artifacts(kind="MODEL")] == client.artifacts(kind="MODEL").all()
        assert await twin.artifacts(kind="MODEL", page_size=2).all() == client.artifacts(kind="MODEL").all()
        assert await twin.artifacts().count() == client.artifacts().count()
        assert await twin.artifacts(order_by="NAME").first() == client.artifacts(order_by="NAME").first()
        assert (await twin.lineage([model])).nodes == model_lineage(client)
        assert await twin.related(model, "upstream").all() == client.related(model, "upstream").all()
        assert await twin.query('{ workspace(name: "chargebacks") { name } }') == {"workspace": {"name": "chargebacks"}}
        told: list[int] = []
        await twin.artifacts(page_size=10).progress(lambda done, of: told.append(done)).all()
        assert told[-1] == client.artifacts().count()
        with pytest.raises(InvalidArgument):
            await twin.artifact(id="nonsense")
        with pytest.raises(LineageQLError, match="AsyncClient"):
            model.upstream()
        assert await counted(twin) > 0


def model_lineage(client: Client) -> Any:
    return client.lineage(["QXJ0aWZhY3Q6MTI"]).nodes


def test_code_of_users(client: Client) -> None:
    assert production_models(client) == sorted(production_models(client))
    assert "fraud-model" in production_models(client)
    assert hyperparameters(client, "fraud-model")


@pytest.mark.parametrize("token", ["secret\n", "two words", "g\xe9heim"])
def test_a_token_that_http_cannot_carry_is_told_at_once(demo: Service, token: str) -> None:
    with Client(demo.url, token=token, retry_for=3600) as client, pytest.raises(Unauthenticated) as caught:
        client.artifacts().first()
    assert token not in str(caught.value)
    assert "strip" in str(caught.value)


def test_an_async_client_goes_on_in_another_event_loop(demo: Service) -> None:
    client = AsyncClient(demo.url)

    async def count() -> int:
        return await client.artifacts().count()

    assert asyncio.run(count()) == asyncio.run(count())
    asyncio.run(client.close())
