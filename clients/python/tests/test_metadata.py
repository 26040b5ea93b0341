"""The surface of the Kubeflow Metadata SDK: what its own tests say, and what its users rely on."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from lineageql_client import Client, metadata
from lineageql_client.errors import InvalidArgument

from .conftest import Service
from .user_code import record


def test_a_store_by_its_address(fresh: Service) -> None:
    with pytest.raises(ValueError, match=r"write metadata\.Store\('http://metadata-grpc:8000'\)"):
        metadata.Store(grpc_host="metadata-grpc", grpc_port=8080)
    with pytest.raises(ValueError, match=r"http://metadata-grpc:8000"):
        metadata.Store("metadata-grpc", 8080)
    with pytest.raises(ValueError, match="SSL context"):
        metadata.Store("https://here", root_certificates=b"x")
    with pytest.raises(ValueError, match="'url' must be set"):
        metadata.Store()
    client = Client(fresh.url)
    assert metadata.Store(client).client is client


def test_a_workspace_must_be_right(store: metadata.Store) -> None:
    for arguments in (
        {"name": "ws_1", "description": "a workspace for testing"},
        {"store": "127.1.0.1:8080", "name": "ws_1"},
        {"store": store},
        {"store": store, "name": 7},
        {"store": store, "name": "x", "labels": {"a": 1}},
        {"store": store, "name": "x", "backend_url_prefix": "127.0.0.1"},
    ):
        with pytest.raises(ValueError, match="'"):
            metadata.Workspace(**arguments)  # type: ignore[arg-type]


def test_a_workspace_of_a_name_that_is_there(store: metadata.Store) -> None:
    name = "non_unique_ws_" + str(uuid.uuid4())
    first = metadata.Workspace(store, name, "first", {"n1": "v1"})
    again = metadata.Workspace(store, name, "second", {"n1": "v2"})
    assert first.context_id == again.context_id
    with pytest.raises(ValueError, match=r".*exists with id.*"):
        metadata.Workspace(store, name, reuse_workspace_if_exists=False)
    found = store.client.workspace(name=name)
    assert found is not None
    assert (found.description, found.labels, found.mlmd_id) == ("first", {"n1": "v1"}, first.context_id)


def test_a_run_does_nothing_before_its_first_execution(workspace: metadata.Workspace) -> None:
    run = metadata.Run(workspace, "first run", "what it is")
    assert workspace.client.runs(workspace=workspace.name).all() == []
    metadata.Execution("one", workspace, run)
    (found,) = workspace.client.runs(workspace=workspace.name)
    assert (found.name, found.description) == ("first run", "what it is")
    for arguments in ({"name": "x"}, {"workspace": workspace}, {"workspace": workspace, "name": 1}):
        with pytest.raises(ValueError, match="must be set"):
            metadata.Run(**arguments)  # type: ignore[arg-type]


def test_logging_twice_keeps_the_id(workspace: metadata.Workspace) -> None:
    execution = metadata.Execution(name="test execution", workspace=workspace, run=metadata.Run(workspace, "first run"))
    assert execution.id is not None
    data_set = execution.log_input(metadata.DataSet(name="mytable-dump", uri="file://path/to/dataset"))
    metrics = execution.log_output(metadata.Metrics(name="MNIST-evaluation", uri="gcs://my-bucket/mnist-eval.csv"))
    model = execution.log_output(metadata.Model(name="MNIST", uri="gcs://my-bucket/mnist"))
    ids = (data_set.id, metrics.id, model.id)
    assert all(isinstance(id_, int) and id_ > 0 for id_ in ids)
    execution.log_input(data_set)
    execution.log_output(metrics)
    execution.log_output(model)
    assert (data_set.id, metrics.id, model.id) == ids
    events = workspace.store.get_events_by_execution_ids([execution.id])
    assert [(event.artifact_id, event.execution_id, event.type) for event in events] == [
        (data_set.id, execution.id, 3),
        (metrics.id, execution.id, 4),
        (model.id, execution.id, 4),
    ]
    assert workspace.store.get_events_by_artifact_ids([model.id]) == events[2:]  # type: ignore[list-item]
    with pytest.raises(AttributeError, match="get_events_by_artifact_ids"):
        workspace.store.get_artifacts()


def test_what_is_the_same_is_reused(store: metadata.Store, workspace: metadata.Workspace) -> None:
    other = metadata.Workspace(store, workspace.name + " other")
    executions = [metadata.Execution("e", one) for one in (workspace, workspace, other)]

    def model() -> metadata.Model:
        return metadata.Model(name="MNIST", uri="gcs://my-bucket/mnist", model_type="neural network", version="v0.0.1")

    first, second, elsewhere = (execution.log_output(model()) for execution in executions)
    assert first.id == second.id != elsewhere.id
    numbers = [executions[0].log_output(metadata.Metrics(name="m", uri="u")) for _ in range(2)]
    assert numbers[0].id != numbers[1].id


def test_an_id_that_is_set_names_an_artifact(workspace: metadata.Workspace) -> None:
    one, other = metadata.Execution("one", workspace), metadata.Execution("other", workspace)
    made = one.log_output(metadata.Model(name="m", uri="u"))
    again = metadata.Model(name="m", uri="u")
    again.id = made.id
    assert other.log_input(again).id == made.id
    wrong = metadata.Model(name="m", uri="u")
    wrong.id = 10**9
    with pytest.raises(ValueError, match="invalid artifact id 1000000000"):
        other.log_input(wrong)


def test_arguments_are_checked_as_by_the_sdk(workspace: metadata.Workspace) -> None:
    for kind in (metadata.DataSet, metadata.Model, metadata.Metrics):
        for arguments in ({"uri": "u"}, {"name": "n"}, {"uri": 1, "name": "n"}, {"uri": "u", "name": None}):
            with pytest.raises(ValueError, match="must be set and in string type"):
                kind(**arguments)
    with pytest.raises(ValueError, match="'workspace' must be set"):
        metadata.Execution(name="x")
    execution = metadata.Execution("x", workspace)
    with pytest.raises(ValueError, match="'artifact' must be set"):
        execution.log_input(None)  # type: ignore[type-var]
    with pytest.raises(ValueError, match="is no artifact"):
        execution.log_input("nothing")  # type: ignore[type-var]
    with pytest.raises(ValueError, match="'model_id' is 'seven'"):
        execution.log_output(metadata.Metrics(name="x", uri="u", model_id="seven"))
    with pytest.raises(InvalidArgument):
        execution.log_output(metadata.Metrics(name="x", uri="u", model_id=str(10**9)))


def test_keywords_beyond_its_own_are_kwargs(workspace: metadata.Workspace) -> None:
    execution = metadata.Execution("x", workspace)
    model = execution.log_output(metadata.Model(name="m", uri="u", rows=3, ratio=1 / 3, tags=["a"], nothing=None))
    assert model.kwargs == {"rows": 3, "ratio": 1 / 3, "tags": ["a"], "nothing": None}
    (row,) = workspace.list()
    assert row["kwargs"] == {"rows": 3, "ratio": 1 / 3, "tags": ["a"]}
    assert row["id"] == model.id
    assert row["workspace"] == workspace.name


class Resource:
    """What the SDK's `is_duplicated` reads: ml-metadata's `Artifact` by its members."""

    def __init__(self, type_id: int, uri: str, workspace: str, name: str | None, version: str | None) -> None:
        self.type_id = type_id
        self.uri = uri
        self.properties = {key: value for key, value in (("name", name), ("version", version)) if value}
        self.custom_properties = {"__kf_workspace__": workspace}


def test_is_duplicated() -> None:
    for kind in (metadata.Model, metadata.DataSet):
        same = (1, "gcs://123", "ws1", "name1", "v1")
        assert kind.is_duplicated(Resource(*same), Resource(*same))
        for place, other in enumerate((2, "gcs://1234", "ws2", "name2", None)):
            changed: list[Any] = list(same)
            changed[place] = other
            assert not kind.is_duplicated(Resource(*same), Resource(*changed))


class Report(metadata.Artifact):
    """An artifact of a user's own."""

    ARTIFACT_TYPE_NAME = "example.org/report"

    def __init__(self, uri: str, pages: int, name: str = "report") -> None:
        self.uri = uri
        self.pages = pages
        self.name = name

    def serialization(self) -> metadata.Serialized:
        return metadata.Serialized(self.uri, {"name": self.name, "pages": self.pages}, {"reviewed": True})

    @staticmethod
    def is_duplicated(a: Any, b: Any) -> bool:
        return bool(a.uri == b.uri and a.properties["pages"] == b.properties["pages"])


def test_artifacts_of_ones_own(workspace: metadata.Workspace) -> None:
    execution = metadata.Execution("x", workspace)
    report = execution.log_output(Report("u/report", 12))
    found = workspace.client.artifact(mlmd_id=report.id)
    assert found is not None
    assert (found.type.name, found.name, found.property("pages")) == ("example.org/report", "report", 12)
    assert found.custom_properties == {"reviewed": True}
    again = execution.log_output(Report("u/report", 12, name="another name"))
    assert again.id == report.id
    (row,) = workspace.list("example.org/report")
    assert (row["id"], row["pages"], row["name"]) == (report.id, 12, "report")
    with pytest.raises(NotImplementedError, match=r"serialization\(\)"):
        execution.log_output(type("Bare", (metadata.Artifact,), {"ARTIFACT_TYPE_NAME": "x"})())


class Plain:
    """An artifact of a class that is not the SDK's, as its own tests have them."""

    ARTIFACT_TYPE_NAME = "example.org/plain"

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.id = None

    def serialization(self) -> metadata.Serialized:
        return metadata.Serialized(self.uri, {"name": "plain"})


def test_artifacts_of_any_class(workspace: metadata.Workspace) -> None:
    first, second = metadata.Execution("first", workspace), metadata.Execution("second", workspace)
    made: Any = first.log_output(Plain("u/one"))  # type: ignore[type-var]
    assert second.log_input(made).id == made.id > 0
    with workspace.client.batch():
        inner: Any = first.log_output(Plain("u/two"))  # type: ignore[type-var]
        second.log_input(inner)
    events = workspace.store.get_events_by_execution_ids([second.id])
    names = {artifact.mlmd_id: artifact.uri for artifact in workspace.client.artifacts(type="example.org/plain")}
    assert [names[event.artifact_id] for event in events] == ["u/one", "u/two"]


def test_artifacts_in_the_form_of_ml_metadata(workspace: metadata.Workspace) -> None:
    protos = pytest.importorskip("ml_metadata.proto.metadata_store_pb2")

    class Old(metadata.Artifact):
        ARTIFACT_TYPE_NAME = "example.org/old"
        uri = "u/old"

        def serialization(self) -> Any:
            properties = {"name": protos.Value(string_value="old"), "size": protos.Value(double_value=1.5)}
            return protos.Artifact(uri=self.uri, properties=properties)

        @staticmethod
        def is_duplicated(a: Any, b: Any) -> bool:
            return bool(a.uri == b.uri and a.properties["size"].double_value == b.properties["size"].double_value)

    execution = metadata.Execution("x", workspace)
    first, second = execution.log_output(Old()), execution.log_output(Old())
    assert first.id == second.id
    (row,) = workspace.list("example.org/old")
    assert (row["name"], row["size"]) == ("old", 1.5)


def test_code_of_users(store: metadata.Store) -> None:
    id_ = record(store)
    model = store.client.artifact(mlmd_id=id_)
    assert model is not None
    assert (model.name, model.uri) == ("data", "u/data/3")
    assert model.run is not None
    assert model.run.name == "run-1"
    producer = store.client.execution(id=model.producer.id)  # type: ignore[union-attr]
    assert producer is not None
    assert producer.name == "double"
    assert producer.custom_properties["factor"] == 3
