"""Recording that a training script can rely on."""

from __future__ import annotations

import asyncio
import os
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from lineageql_client import Client, metadata, sending
from lineageql_client.errors import DeadlineExceeded, InvalidArgument, ServiceWarning, Unavailable
from lineageql_client.generated.entities import Execution

from .conftest import Service
from .proxies import Proxy


@pytest.fixture
def proxy(fresh: Service) -> Iterator[Proxy]:
    with Proxy(fresh.url) as made:
        yield made


def recorded(workspace: metadata.Workspace, name: str | None = None) -> list[Execution]:
    return workspace.client.executions(workspace=workspace.name, name=name, order_by="ID").all()


def test_states_start_and_end(workspace: metadata.Workspace) -> None:
    with metadata.Execution("train", workspace) as execution:
        (running,) = recorded(workspace)
        assert running.state == "RUNNING"
        assert running.start_time is not None
        assert running.end_time is None
        execution.log_parameters({"epochs": 3})
    (done,) = recorded(workspace)
    assert (done.state, done.custom_properties["epochs"]) == ("COMPLETE", 3)
    assert done.start_time == running.start_time
    assert done.end_time is not None
    assert done.start_time is not None
    assert done.start_time <= done.end_time


def test_an_exception_is_recorded_and_raised(workspace: metadata.Workspace) -> None:
    with pytest.raises(ZeroDivisionError), metadata.Execution("train", workspace):
        1 / 0  # noqa: B018
    (failed,) = recorded(workspace)
    assert failed.state == "FAILED"
    assert failed.custom_properties["exception"] == "ZeroDivisionError: division by zero"


def test_what_a_reused_model_does_not_take_is_a_warning(workspace: metadata.Workspace) -> None:
    """At the line that said it, whoever's method sends it."""

    def model(stage: str) -> metadata.Model:
        return metadata.Model(name="m", uri="u/m", version="1", labels={"stage": stage})

    first = metadata.Execution("train", workspace).log_output(model("test"))
    with pytest.warns(ServiceWarning, match=r'stage "live" \(it has "test"\); setLabels') as told:
        metadata.Execution("again", workspace).log_output(model("live"))
    assert [warning.filename for warning in told] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        metadata.Execution("same", workspace).log_input(model("test"))
    same = {"model": {"name": "m", "uri": "u/m", "version": "1", "owner": "ann"}}
    execution = recorded(workspace)[0]
    with pytest.warns(ServiceWarning, match="owner") as told:
        workspace.client.log_input({"executionId": execution.id, "artifact": same})
    assert [warning.filename for warning in told] == [__file__]
    assert first is not None


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("no file \udcff\0."), "ValueError: no file \\udcff."),
        (Unspeakable(), "Unspeakable: its text cannot be shown, as that raises RuntimeError"),
    ],
)
def test_an_exception_of_any_text_is_recorded(store: metadata.Store, error: Exception, words: str) -> None:
    workspace = metadata.Workspace(store, type(error).__name__)
    with pytest.raises(type(error)), metadata.Execution("train", workspace):
        raise error
    (failed,) = recorded(workspace)
    assert (failed.state, failed.custom_properties["exception"]) == ("FAILED", words)


def test_tasks_may_be_in_one_workspace_at_once(workspace: metadata.Workspace) -> None:
    async def work(turns: int) -> None:
        with workspace:
            for _ in range(turns):
                await asyncio.sleep(0)

    async def main() -> None:
        await asyncio.gather(work(1), work(2))

    asyncio.run(main())


def test_a_workspace_in_itself_is_left(workspace: metadata.Workspace) -> None:
    step = metadata.step(lambda: None, name="step")
    with workspace, workspace:
        pass
    with pytest.raises(ValueError, match="has no workspace"):
        step()


def test_a_task_that_outlives_its_batch_is_recorded(store: metadata.Store, workspace: metadata.Workspace) -> None:
    async def main() -> None:
        ended = asyncio.Event()

        async def work() -> None:
            await ended.wait()
            metadata.Execution("late", workspace)

        with store.batch():
            metadata.Execution("in time", workspace)
            task = asyncio.create_task(work())
            await asyncio.sleep(0)
        ended.set()
        await task

    asyncio.run(main())
    assert [execution.name for execution in recorded(workspace)] == ["in time", "late"]


def test_what_a_fork_records_in_a_batch_is_recorded(store: metadata.Store, workspace: metadata.Workspace) -> None:
    with store.batch():
        metadata.Execution("parent", workspace)
        child = os.fork()
        if child == 0:
            try:
                metadata.Execution("child", workspace)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
    assert sorted(execution.name for execution in recorded(workspace)) == ["child", "parent"]


def test_a_step(workspace: metadata.Workspace) -> None:
    seen = []

    @metadata.step
    def train(data: metadata.DataSet, rate: float = 0.1, layers: tuple[int, ...] = (1, 2)) -> dict[str, Any]:
        """Trains a model.

        And more.
        """
        seen.append(data.id)
        return {"model": metadata.Model(name="m", uri="u/m"), "scores": metadata.Metrics(name="s", uri="u/s"), "x": 1}

    with pytest.raises(ValueError, match="no workspace"):
        train(metadata.DataSet(name="d", uri="u/d"))
    with metadata.Run(workspace, "nightly"):
        answer = train(metadata.DataSet(name="d", uri="u/d"), rate=0.5)
    (execution,) = recorded(workspace)
    assert (execution.name, execution.description, execution.state) == ("train", "Trains a model.", "COMPLETE")
    assert execution.run is not None
    assert execution.run.name == "nightly"
    assert execution.custom_properties["rate"] == 0.5
    assert execution.custom_properties["layers"] == [1, 2]
    inputs, outputs = execution.inputs().all(), execution.outputs().all()
    assert [(event.node.mlmd_id, event.port) for event in inputs] == [(seen[0], "data")]
    assert {(event.node.mlmd_id, event.port) for event in outputs} == {
        (answer["model"].id, "model"),
        (answer["scores"].id, "scores"),
    }

    @metadata.step(workspace=workspace, name="use", type="example.org/step", labels={"team": "a"})
    def use(model: Any, others: list[Any]) -> None:
        raise RuntimeError("no use")

    read = workspace.client.artifact(mlmd_id=answer["model"].id)
    with pytest.raises(RuntimeError):
        use(read, [answer["scores"], execution.inputs().all()[0].node])
    (used,) = recorded(workspace, "use")
    assert (used.state, used.type.name, used.labels) == ("FAILED", "example.org/step", {"team": "a"})
    assert [(event.node.mlmd_id, event.port) for event in used.inputs()] == [
        (answer["model"].id, "model"),
        (answer["scores"].id, "others"),
        (seen[0], "others"),
    ]


async def test_an_asynchronous_step(workspace: metadata.Workspace) -> None:
    @metadata.step(workspace=workspace)
    async def slow(number: int) -> metadata.Model:
        await asyncio.sleep(0.01)
        return metadata.Model(name=f"m{number}", uri="u")

    models = await asyncio.gather(*(slow(number) for number in range(3)))
    assert {model.name for model in models} == {"m0", "m1", "m2"}
    assert [execution.state for execution in recorded(workspace)] == ["COMPLETE"] * 3


def test_a_batch_is_one_request(workspace: metadata.Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    documents: list[str] = []
    send = workspace.client._transport.send
    monkeypatch.setattr(
        workspace.client._transport, "send", lambda request: documents.append(request.document) or send(request)
    )
    run = metadata.Run(workspace, "run")
    with workspace.client.batch():
        with metadata.Execution("first", workspace, run) as first:
            first.log_input(metadata.DataSet(name="d", uri="u/d"), port="in")
            model = first.log_output(metadata.Model(name="m", uri="u/m", version="1"))
            first.log_parameters({"a": 1, "b": 2})
            first.log_parameters({"b": None})
        with metadata.Execution("second", workspace, run) as second, workspace.client.batch():
            second.log_input(model)
            scores = second.log_output(metadata.Metrics(name="s", uri="u/s", values={"auc": 0.9}))
        assert documents == []
        assert model.id is not None
        assert model.id < 0
        with pytest.raises(ValueError, match="not recorded yet"):
            model.node_id  # noqa: B018
    assert len(documents) == 1
    assert "recordLineage" in documents[0]
    one, other = recorded(workspace)
    assert (one.mlmd_id, other.mlmd_id) == (first.id, second.id)
    assert (one.state, one.custom_properties["a"], "b" in one.custom_properties) == ("COMPLETE", 1, False)
    assert [event.node.mlmd_id for event in one.outputs()] == [model.id]
    assert [event.node.mlmd_id for event in other.inputs()] == [model.id]
    assert [event.node.mlmd_id for event in other.outputs()] == [scores.id]
    assert [event.port for event in one.inputs()] == ["in"]
    assert model.node_id == one.outputs().all()[0].node.id


def test_metrics_may_name_a_model_of_their_batch(workspace: metadata.Workspace) -> None:
    with workspace.client.batch(), metadata.Execution("train", workspace) as execution:
        model = execution.log_output(metadata.Model(name="m", uri="u"))
        scores = execution.log_output(metadata.Metrics(name="s", uri="u", model_id=str(model.id), values={"a": 1}))
        execution.log_output(scores)
    found = workspace.client.artifact(mlmd_id=scores.id)
    assert found is not None
    assert found.model is not None  # type: ignore[attr-defined]
    assert found.model.mlmd_id == model.id  # type: ignore[attr-defined]
    assert len(recorded(workspace)[0].outputs().all()) == 2


def test_a_batch_of_many_keeps_every_id(workspace: metadata.Workspace) -> None:
    models = []
    with workspace.client.batch():
        for number in range(60):
            with metadata.Execution(f"e{number}", workspace) as execution:
                made = [metadata.Model(name=f"m{number}", uri=f"u/{place}") for place in range(3)]
                models += [execution.log_output(model) for model in made]
    ids = [model.id for model in models]
    assert len(set(ids)) == 180
    assert min(id_ for id_ in ids if id_ is not None) > 0
    for model in models[::50]:
        found = workspace.client.artifact(mlmd_id=model.id)
        assert found is not None
        assert (found.name, found.uri) == (model.name, model.uri)


def test_an_execution_of_more_artifacts_than_are_asked_for(
    workspace: metadata.Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "_MOST_ASKED", 24)
    with workspace.client.batch():
        for number in range(4):
            with metadata.Execution(f"e{number}", workspace) as execution:
                made = [metadata.Model(name=f"m{place}", uri=f"u/{number}/{place}") for place in range(4 + number)]
                models = [execution.log_output(model) for model in made]
                scores = execution.log_output(metadata.Metrics(name="s", uri=f"u/{number}"))
    found = {event.node.mlmd_id: event.node for event in recorded(workspace, "e3")[0].outputs()}
    assert {model.id for model in models} | {scores.id} == set(found)
    assert [found[model.id].uri for model in models] == [model.uri for model in models]


def test_a_batch_that_is_refused_records_nothing(workspace: metadata.Workspace) -> None:
    def work() -> None:
        with workspace.client.batch():
            for name, value in (("good", "x"), ("bad", "__MLMD_NULL__")):
                with metadata.Execution(name, workspace) as execution:
                    execution.log_output(metadata.Model(name="m", uri=name, note=value))

    with pytest.raises(InvalidArgument, match="note"):
        work()
    assert recorded(workspace) == []


def test_what_goes_wrong_in_a_batch_is_what_is_raised(workspace: metadata.Workspace, proxy: Proxy) -> None:
    """What came before it is recorded where that can be; where it cannot, the first trouble is still the one told."""

    def work(store: metadata.Store, name: str) -> None:
        with store.batch(), metadata.Execution(name, metadata.Workspace(store, workspace.name)) as execution:
            execution.log_output(metadata.Model(name="m", uri="u"))
            proxy.away = name == "unrecorded"
            raise RuntimeError("no memory left")

    with metadata.Store(proxy.url, retry_for=0.3) as store:
        for name in ("recorded", "unrecorded"):
            with pytest.raises(RuntimeError, match="no memory left"):
                work(store, name)
    assert [(execution.name, execution.state) for execution in recorded(workspace)] == [("recorded", "FAILED")]


def test_threads_have_batches_of_their_own(workspace: metadata.Workspace) -> None:
    def work(number: int) -> None:
        with workspace.client.batch(), metadata.Execution(f"e{number}", workspace) as execution:
            execution.log_output(metadata.Model(name=f"m{number}", uri="u"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(execution.name for execution in recorded(workspace)) == [f"e{number}" for number in range(8)]


def test_a_lost_answer_is_asked_for_again(proxy: Proxy, fresh: Service) -> None:
    """Each write arrives, its answer is lost, and the same write arrives once more: all is there once."""
    with metadata.Store(proxy.url, retry_for=20) as store:

        def lossy() -> None:
            proxy.lose = 1

        lossy()
        workspace = metadata.Workspace(store, "lossy", "d", {"a": "b"})
        run = metadata.Run(workspace, "run", "described")
        lossy()
        execution = metadata.Execution("train", workspace, run)
        lossy()
        data = execution.log_input(metadata.DataSet(name="d", uri="u"))
        lossy()
        model = execution.log_output(metadata.Model(name="m", uri="u"))
        lossy()
        scores = execution.log_output(metadata.Metrics(name="s", uri="u", model_id=str(model.id)))
        lossy()
        execution.set_state("COMPLETE")
        lossy()
        with store.batch(), metadata.Execution("batch", workspace, run) as other:
            other.log_input(model)
            other.log_output(metadata.Metrics(name="t", uri="u"))
        lossy()
        made = store.client.record_execution(
            {
                "workspace": "lossy",
                "execution": {"name": "typed"},
                "outputs": [{"artifact": {"metrics": {"name": "z", "uri": "u"}}}],
            }
        )
        assert made.execution.name == "typed"
    query = """{ workspaces(where: {name: {eq: "lossy"}}) { nodes {
      runs { totalCount } artifacts { totalCount nodes { mlmdId } }
      executions(orderBy: {field: ID}) { nodes { name state inputs { totalCount } outputs { totalCount } } }
    } } }"""
    (found,) = fresh.ask(query)["workspaces"]["nodes"]
    assert found["runs"]["totalCount"] == 1
    assert {data.id, model.id, scores.id} < {node["mlmdId"] for node in found["artifacts"]["nodes"]}
    assert found["artifacts"]["totalCount"] == 5
    assert found["executions"]["nodes"] == [
        {"name": "train", "state": "COMPLETE", "inputs": {"totalCount": 1}, "outputs": {"totalCount": 2}},
        {"name": "batch", "state": "COMPLETE", "inputs": {"totalCount": 1}, "outputs": {"totalCount": 1}},
        {"name": "typed", "state": "COMPLETE", "inputs": {"totalCount": 0}, "outputs": {"totalCount": 1}},
    ]


def test_a_mutation_of_ones_own_is_not_sent_twice(proxy: Proxy) -> None:
    text = 'mutation { recordExecution(input: {workspace: "own", execution: {name: "e"}}) { created } }'
    with Client(proxy.url, retry_for=5) as client:
        client.query("{ __typename }")
        before = proxy.forwarded
        proxy.lose = 1
        with pytest.raises(Unavailable):
            client.query(text)
        assert proxy.forwarded == before + 1
        proxy.lose = 1
        assert client.query("{ __typename }") == {"__typename": "Query"}
        assert proxy.forwarded == before + 3


def test_the_service_comes_back_while_a_script_waits(proxy: Proxy) -> None:
    with metadata.Store(proxy.url, retry_for=20) as store:
        proxy.away = True
        threading.Timer(0.7, lambda: setattr(proxy, "away", False)).start()
        workspace = metadata.Workspace(store, "patient")
        assert workspace.context_id > 0
        proxy.away = True
        with metadata.Store(proxy.url, retry_for=0.3) as other, pytest.raises(Unavailable):
            metadata.Workspace(other, "patient")
        proxy.away = False


def test_which_errors_are_worth_another_try() -> None:
    from lineageql_client.transport import Request, is_mutation, worth_another

    read, write = Request("{ a }", {}), Request("mutation M { a }", {})
    own = Request("mutation { a }", {}, repeatable=False)
    assert worth_another(Unavailable("x"), read)
    assert worth_another(Unavailable("x"), write)
    assert not worth_another(Unavailable("x"), own)
    assert not worth_another(DeadlineExceeded("x"), read)
    assert worth_another(DeadlineExceeded("x"), write)
    assert not worth_another(InvalidArgument("x"), write)
    for text, mutation in (
        ("{ a }", False),
        ("query mutation { a }", False),
        ('{ a(text: "mutation { b }") }', False),
        ("# mutation { b }\n{ a }", False),
        ("mutation { a }", True),
        ("query A { a } mutation B($x: X) { b }", True),
        ("fragment F on X { mutation: a }\nmutation { ...F }", True),
    ):
        assert is_mutation(text) is mutation, text
