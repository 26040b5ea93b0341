"""TFX with its IR runner: a user's own component, several outputs at a port, a failed step, odd types of events."""

from __future__ import annotations

from typing import Any

from tests.writers.book import Book, main

PIPELINE = "penguin.v2"  # a dot in the pipeline's name, too
RUNS = ("2024-05-01T10:00:00.000001", "2024-05-02T10:00:00.000001")
GENERATOR = "tfx.components.example_gen.csv_example_gen.component.CsvExampleGen"
TRAINER = "tfx.components.trainer.component.Trainer"
MINE = "penguin.components.Distiller"


def write(book: Book) -> None:
    for name in ("pipeline", "pipeline_run", "node", "execution_cache"):
        book.context_type(name)
    book.execution_type(GENERATOR)
    book.execution_type(TRAINER, base="TRAIN")
    book.execution_type(MINE)
    book.artifact_type("Examples", base="DATASET", span="INT", version="INT", split_names="STRING")
    book.artifact_type("Model", base="MODEL")
    book.artifact_type("Distillate")  # a class of the user's own
    pipeline = book.context("pipeline", PIPELINE)
    nodes = {node: book.context("node", f"{PIPELINE}.{node}") for node in ("CsvExampleGen", "Trainer.big", "Distiller")}
    for number, run in enumerate(RUNS, 1):
        _run(book, [pipeline, book.context("pipeline_run", run, parent=pipeline)], nodes, number)


def _run(book: Book, contexts: list[int], nodes: dict[str, int], number: int) -> None:
    def step(type_: str, node: str | None, status: str, **parameters: Any) -> int:
        cache = book.context("execution_cache", f"{number}{node}".encode().hex())
        own = [] if node is None else [nodes[node]]
        called = f"7d0e6a6c-0000-4000-8000-{len(book.types):06d}{number}{cache:05d}"
        return book.execution(type_, [*contexts, *own, cache], called=called, status=status, **parameters)

    def artifact(type_: str, uri: str, **values: Any) -> int:
        more = {"state": "published", "tfx_version": "1.14.0", "is_external": 0, **values}
        return book.artifact(type_, f"pipelines/penguin/{uri}/{number}", contexts, **more)

    generate = step(GENERATOR, "CsvExampleGen", "COMPLETE", input_base="data", span=0, __external_step__="7")
    splits = '["train", "eval"]'
    shards = [artifact("Examples", f"examples{i}", span=number, version=i, split_names=splits) for i in range(2)]
    for place, shard in enumerate(shards):
        book.writes(generate, shard, "examples", place)
    train = step(TRAINER, "Trainer.big", "FAILED" if number == 2 else "COMPLETE", train_args='{"num_steps": 100}')
    # One event may carry several pairs.
    book.reads(train, shards[0], "examples", 0, "baseline", 0)
    book.reads(train, shards[1], "examples", 1)
    model = artifact("Model", "model", name="best model", producer_component="Trainer")
    if number == 2:
        book.event(train, model, "PENDING_OUTPUT", ("model", 0))
        abandoned = book.artifact("Model", "pipelines/penguin/lost/2", contexts, status="ABANDONED")
        book.event(train, abandoned, "INTERNAL_OUTPUT", (0,))
    else:
        book.writes(train, model, "model", 0)
    distill = step(MINE, None if number == 2 else "Distiller", "COMPLETE", temperature=2.5)
    book.event(distill, model, "INTERNAL_INPUT", ("teacher", 0))
    student = book.artifact("Distillate", f"pipelines/penguin/student/{number}", contexts, status="REFERENCE")
    book.writes(distill, student, "student", 0)


if __name__ == "__main__":
    main(write)
