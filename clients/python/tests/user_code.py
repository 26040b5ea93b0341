"""Code as a user writes it: `make lint` checks its types strictly, and a test runs it."""

from __future__ import annotations

from datetime import datetime, timezone

from lineageql_client import AsyncClient, Client, metadata
from lineageql_client.generated.entities import Artifact, Execution, Model
from lineageql_client.generated.inputs import ArtifactFilter


def production_models(client: Client) -> list[str]:
    where: ArtifactFilter = {"kind": ["MODEL"], "createTime": {"before": datetime(2100, 1, 1, tzinfo=timezone.utc)}}
    names: list[str] = []
    for artifact in client.artifacts(where, labels={"stage": "production"}, order_by="NAME"):
        found: Artifact = artifact
        names.append(found.name)
    return names


def hyperparameters(client: Client, name: str) -> object:
    first = client.artifacts(name=name, kind="MODEL").first()
    return first.hyperparameters if isinstance(first, Model) else None


def producers(client: Client, artifact: Artifact) -> list[Execution]:
    lineage = client.lineage([artifact], direction="UPSTREAM", max_nodes=1000)
    assert lineage.complete
    return lineage.executions


async def counted(client: AsyncClient) -> int:
    count = 0
    async for run in client.runs(state=["COMPLETE", "UNKNOWN"]):
        count += len(run.name) > 0
    workspace = await client.workspace(name="fraud-detection")
    assert workspace is None or workspace.name == "fraud-detection"
    return count


@metadata.step(name="double")
def doubled(data: metadata.DataSet, factor: float = 2.0) -> metadata.Model:
    return metadata.Model(name=data.name, uri=f"{data.uri}/{factor}")


def record(store: metadata.Store) -> int | None:
    with metadata.Workspace(store, "typed") as workspace, metadata.Run(workspace, "run-1"):
        model: metadata.Model = doubled(metadata.DataSet(uri="u/data", name="data"), factor=3)
    return model.id
