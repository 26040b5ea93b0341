"""HPE's CMF: stages below a pipeline, artifacts known by their hash, an artifact written by two executions."""

from __future__ import annotations

from tests.writers.book import Book, main

PIPELINE = "Test-env"
ROWS, SPLIT, MODEL = (
    "89e411ed162b9e4f4d0a636203f50414",
    "de1c4c61c689e4654f1f6f7dc995a413",
    "af7ffdc43404601ece3f99e98b08d7e6",
)
STEP = {
    **dict.fromkeys(("Context_Type", "Execution", "Execution_type_name", "Execution_uuid"), "STRING"),
    **dict.fromkeys(("Git_Repo", "Git_Start_Commit", "Git_End_Commit", "Pipeline_Type"), "STRING"),
    **dict.fromkeys(("Context_ID", "Pipeline_id"), "INT"),
}


def write(book: Book) -> None:
    book.context_type("Parent_Context", Pipeline="STRING")
    book.context_type("Pipeline_Stage", Pipeline_Stage="STRING")
    for name in ("Dataset", "Label"):
        book.artifact_type(name, Commit="STRING", git_repo="STRING", url="STRING")
    book.artifact_type("Model", Commit="STRING", url="STRING", model_type="STRING", model_name="STRING")
    book.artifact_type("Metrics", metrics_name="STRING")
    pipeline = book.context("Parent_Context", PIPELINE, Pipeline=PIPELINE)
    stages = {
        name: book.context("Pipeline_Stage", f"{PIPELINE}/{name}", parent=pipeline, Pipeline_Stage=f"{PIPELINE}/{name}")
        for name in ("Prepare", "Train")
    }

    def execution(type_: str, stage: str, uuid: str, **parameters: object) -> int:
        book.execution_type(type_, **STEP)
        return book.execution(
            type_,
            [stages[stage]],
            Context_ID=stages[stage],
            Context_Type=f"{PIPELINE}/{stage}",
            Execution="['src/step.py', 'artifacts']",
            Execution_uuid=uuid,
            Pipeline_id=pipeline,
            Pipeline_Type=PIPELINE,
            **parameters,
        )

    def artifact(type_: str, path: str, hash_: str, stage: str, suffix: str = "", **values: object) -> int:
        more = {"Commit": hash_, "url": f"{PIPELINE}:/remote/files/md5/{hash_[:2]}/{hash_[2:]}", **values}
        called = f"{path}:{hash_}{suffix}"
        return book.artifact(type_, hash_, [stages[stage]], called=called, status=None, **more)

    prepare = execution("Prepare", "Prepare", "a1", seed=20170428, split="0.2")
    again = execution("Prepare", "Prepare", "b1,b2", seed=1)
    labels = {"labels": "artifacts/labels.csv", "labels_uri": "artifacts/labels.csv:13e5"}
    rows = artifact("Dataset", "artifacts/data.xml.gz", ROWS, "Prepare", **labels)
    split = artifact("Dataset", "s3://bucket/parsed/train.tsv", SPLIT, "Prepare")
    book.reads(prepare, rows)  # the first event of an artifact has no path, later ones its name
    book.writes(prepare, split)
    book.reads(again, rows, f"artifacts/data.xml.gz:{ROWS}")
    book.writes(again, split, f"s3://bucket/parsed/train.tsv:{SPLIT}")
    train = execution("Train-execution", "Train", "c1", max_features=3000)
    model = artifact(
        "Model", "artifacts/model/model.pkl", MODEL, "Train", ":3", model_type="forest", model_name="rf:default"
    )
    book.reads(train, split, f"s3://bucket/parsed/train.tsv:{SPLIT}")
    book.writes(train, model)
    name = "metrics:b3e158c4-e722-11f1-b703-02fc00000001:4"
    metrics = book.artifact(
        "Metrics", "b3e158c4-e722-11f1-b703-02fc00000001", [stages["Train"]], called=name, metrics_name=name, auc=0.875
    )
    book.writes(train, metrics)


if __name__ == "__main__":
    main(write)
