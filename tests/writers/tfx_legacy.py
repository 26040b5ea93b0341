"""TFX before its IR runner: runs name their pipeline, names carry times, and states are words in properties."""

from __future__ import annotations

from tests.writers.book import Book, main

PIPELINE = "taxi"
RUNS = ("2024-07-14T11:43:44.000001", "2024-07-15T11:43:44")
STATES = ("published", "deleted", "pending", "MARKED_FOR_DELETION", "missing")
STEP = dict.fromkeys(("pipeline_name", "run_id", "component_id", "pipeline_root", "state"), "STRING")


def write(book: Book) -> None:
    book.context_type("pipeline", pipeline_name="STRING")
    book.context_type("run", pipeline_name="STRING", run_id="STRING")
    book.context_type("component_run", pipeline_name="STRING", run_id="STRING", component_id="STRING")
    for component in ("statistics_gen.component.StatisticsGen", "trainer.component.Trainer"):
        book.execution_type(f"tfx.components.{component}", **STEP)
    book.artifact_type("ExampleStatistics", name="STRING", state="STRING")
    book.artifact_type("Model")  # its name and state are custom properties
    pipeline = book.context("pipeline", PIPELINE, pipeline_name=PIPELINE)
    for number, run in enumerate(RUNS):
        names = {"pipeline_name": PIPELINE, "run_id": run}
        contexts = [pipeline, book.context("run", f"{PIPELINE}.{run}", **names)]

        def step(type_: str, component: str, names: dict[str, str] = names, contexts: list[int] = contexts) -> int:
            own = {**names, "component_id": component}
            context = book.context("component_run", ".".join(own.values()), **own)
            return book.execution(
                f"tfx.components.{type_}", [*contexts, context], state="complete", pipeline_root="/tfx", **own
            )

        gen = step("statistics_gen.component.StatisticsGen", "StatisticsGen")
        for place, state in enumerate(STATES):
            statistics = book.artifact(
                "ExampleStatistics",
                f"/tfx/StatisticsGen/statistics/{number}/{place}",
                contexts,
                status=None,
                name=f"statistics:{run}",
                state=state,
            )
            book.writes(gen, statistics, "statistics", place)
        train = step("trainer.component.Trainer", "Trainer")
        model = book.artifact(
            "Model", f"/tfx/Trainer/model/{number}", contexts, status=None, name=f":{run}", state="published"
        )
        book.reads(train, statistics, "statistics", 0)
        book.writes(train, model, "model", 0)


if __name__ == "__main__":
    main(write)
