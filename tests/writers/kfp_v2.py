"""Kubeflow Pipelines, second version: nested DAGs, a loop, an importer, a cached task, a list output, metrics."""

from __future__ import annotations

from typing import Any

from tests.writers.book import Book, main

RUNS = ("0a6f1d6e-6f5b-4c43-9f43-0d1c5f1f7a01", "5d2c8e0b-1c7e-4f4e-8a51-7f1f0a9d2b02")


def write(book: Book) -> None:
    for name in ("system.Pipeline", "system.PipelineRun"):
        book.context_type(name)
    for name in ("system.DAGExecution", "system.ContainerExecution", "system.ImporterExecution"):
        book.execution_type(name)
    # A type is called by its schema's title, the last one by its author's; nothing is declared.
    for name in ("system.Dataset", "system.Model", "system.Metrics", "system.ClassificationMetrics", "acme.Report"):
        book.artifact_type(name)
    pipeline = book.context("system.Pipeline", "fraud-pipeline")
    first = _run(book, pipeline, RUNS[0])
    _cached_run(book, pipeline, RUNS[1], first)


def _start(book: Book, pipeline: int, run: str) -> tuple[list[int], int]:
    context = book.context(
        "system.PipelineRun",
        run,
        parent=pipeline,
        namespace="team-a",
        resource_name="fraud-pipeline-x7k2p",
        pipeline_root=f"minio://mlpipeline/v2/artifacts/fraud-pipeline/{run}",
        store_session_info='{"Provider":"minio","Params":{"fromEnv":"true"}}',
    )
    contexts = [pipeline, context]
    # A root DAG can stay RUNNING when all is over.
    inputs = {"fields": ["amount", "country"], "rate": 0.1, "rounds": 3}
    root = book.execution("system.DAGExecution", contexts, called=f"run/{run}", status="RUNNING", inputs=inputs)
    return contexts, root


def _task(book: Book, contexts: list[int], parent: int, task: str, status: str = "COMPLETE", **more: Any) -> int:
    more = {
        "display_name": task,
        "task_name": task,
        "parent_dag_id": parent,
        "pod_name": f"{task}-impl",
        "pod_uid": f"{task}-uid",
        "namespace": "team-a",
        "image": "python:3.11",
        "cache_fingerprint": f"fingerprint of {task}",
        **more,
    }
    return book.execution("system.ContainerExecution", contexts, status=status, **more)


def _dag(book: Book, contexts: list[int], parent: int, task: str, **more: Any) -> int:
    more = {"display_name": task, "task_name": task, "parent_dag_id": parent, **more}
    return book.execution("system.DAGExecution", contexts, status="COMPLETE", **more)


def _artifact(book: Book, contexts: list[int], type_: str, name: str | None, key: str, **more: Any) -> int:
    more = {"store_session_info": '{"Provider":"minio"}', **more}
    if name is not None:
        more["display_name"] = name
    return book.artifact(type_, f"minio://mlpipeline/v2/artifacts/{key}", contexts, **more)


def _run(book: Book, pipeline: int, run: str) -> tuple[int, int]:
    contexts, root = _start(book, pipeline, run)
    importer = book.execution(
        "system.ImporterExecution",
        contexts,
        status="COMPLETE",
        display_name="import-rows",
        task_name="importer",
        parent_dag_id=root,
    )
    rows = _artifact(book, contexts, "system.Dataset", "rows", "rows.csv", rows=1000, share=0.25, checked=1)
    book.writes(importer, rows, "artifact")
    # Without a display name the task's name counts.
    split = _task(book, contexts, root, "split-rows", display_name="", inputs={"fraction": 0.8, "parts": 2})
    book.reads(split, rows, "rows")
    parts = []
    for place in range(2):
        part = _artifact(book, contexts, "system.Dataset", None, f"parts/{place}", columns={"list": ["amount", 3]})
        book.writes(split, part, "parts")  # all artifacts of a list have one key
        parts.append(part)
    training = _dag(book, contexts, root, "train-all", iteration_count=2)
    for place, part in enumerate(parts):
        trial = _dag(book, contexts, training, "trial", iteration_index=place)
        train = _task(book, contexts, trial, "train", status="COMPLETE" if place else "FAILED", iteration_index=place)
        book.reads(train, part, "rows")
        if place:
            model = _artifact(
                book, contexts, "system.Model", "model", "model", framework={"struct": {"name": "torch", "version": 2}}
            )
            book.writes(train, model, "model")
            metrics = _artifact(book, contexts, "system.Metrics", "metrics", "metrics", accuracy=0.93, epochs=4)
            book.writes(train, metrics, "metrics")
            confusion = {"struct": {"rows": [{"row": [7, 1]}, {"row": [0, 9]}], "annotationSpecs": ["ham", "spam"]}}
            curve = _artifact(book, contexts, "system.ClassificationMetrics", None, "curve", confusionMatrix=confusion)
            book.writes(train, curve, "curve")
    report = _task(book, contexts, root, "report", status="CANCELED")  # not triggered
    book.reads(report, metrics, "metrics")
    return rows, model


def _cached_run(book: Book, pipeline: int, run: str, first: tuple[int, int]) -> None:
    contexts, root = _start(book, pipeline, run)
    rows, model = first
    # The run is attributed what it reads as well as what it writes.
    for artifact in first:
        book.attribute(artifact, contexts[1])
    train = _task(book, contexts, root, "train", status="CACHED", cached_execution_id="6")
    book.reads(train, rows, "rows")
    book.writes(train, model, "model")
    report = _artifact(book, contexts, "acme.Report", None, "report.html")
    step = _task(book, contexts, root, "report")
    book.reads(step, model, "model")
    book.writes(step, report, "report")


if __name__ == "__main__":
    main(write)
