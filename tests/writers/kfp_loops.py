"""Kubeflow Pipelines, second version: runs of one pipeline with a loop, whose iterations were recorded in any order."""

from __future__ import annotations

from typing import Any

from tests.writers.book import Book, main

RATES = (0.1, 0.2)
LEARNING_RATES = (0.1, 0.2, 0.3)
ACCURACIES = (0.5, 0.625, 0.75)
SCORES = (0.75, 0.875)
ORDERS = ((0, 1, 2), (2, 0, 1))


def write(book: Book) -> None:
    for name in ("system.Pipeline", "system.PipelineRun"):
        book.context_type(name)
    for name in ("system.DAGExecution", "system.ContainerExecution"):
        book.execution_type(name)
    for name in ("system.Dataset", "system.Metrics", "system.Model"):
        book.artifact_type(name)
    pipeline = book.context("system.Pipeline", "search")
    for number, (rate, order) in enumerate(zip(RATES, ORDERS, strict=True)):
        _run(book, pipeline, f"run-{number}", rate, order)


def _run(book: Book, pipeline: int, run: str, rate: float, order: tuple[int, ...]) -> None:
    contexts = [pipeline, book.context("system.PipelineRun", run, parent=pipeline, namespace="ns")]

    def dag(parent: int | None, task: str, called: str | None = None, **more: Any) -> int:
        if parent is not None:
            more["parent_dag_id"] = parent
        names = {"display_name": task, "task_name": task}
        return book.execution("system.DAGExecution", contexts, called=called, status="COMPLETE", **names, **more)

    def task(parent: int, name: str, **more: Any) -> int:
        pods = {"pod_name": f"{name}-{run}", "pod_uid": f"uid-{run}", "cache_fingerprint": run, "namespace": "ns"}
        names = {"display_name": f"{name} of {run}", "task_name": name, "parent_dag_id": parent, "image": "python"}
        return book.execution("system.ContainerExecution", contexts, status="COMPLETE", **names, **pods, **more)

    root = dag(None, "", called=f"run/{run}", inputs={"rate": rate})
    make = task(root, "make-data", inputs={"rate": rate})
    data = book.artifact("system.Dataset", "minio://b/data", contexts, display_name="data")
    book.writes(make, data, "data")
    loop = dag(root, "for-loop-1", iteration_count=len(order))
    best: list[int] = []
    for place in order:
        one = dag(loop, "for-loop-1", iteration_index=place)
        train = task(one, "train", iteration_index=place, inputs={"lr": LEARNING_RATES[place]})
        book.reads(train, data, "data")
        metrics = book.artifact(
            "system.Metrics",
            "minio://b/metrics",
            contexts,
            display_name="metrics",
            accuracy=ACCURACIES[place],
        )
        book.writes(train, metrics, "metrics")
        model = book.artifact("system.Model", "minio://b/model", contexts, display_name="model", store_session_info=run)
        book.writes(train, model, "model")
        best.append(model)
    choose = task(root, "choose")
    for model in best:
        book.reads(choose, model, "models")
    chosen = book.artifact("system.Model", "minio://b/chosen", contexts, display_name="chosen")
    book.writes(choose, chosen, "chosen")
    scores = book.artifact(
        "system.Metrics", "minio://b/scores", contexts, display_name="scores", auc=SCORES[RATES.index(rate)]
    )
    book.writes(choose, scores, "scores")


if __name__ == "__main__":
    main(write)
