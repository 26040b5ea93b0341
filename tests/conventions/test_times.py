"""When the executions of Kubeflow Pipelines and TFX began and ended, also after somebody labels them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.service import serving

ASK = "{ executions(first: 100) { nodes { id state createTime updateTime startTime endTime } } }"
LABEL = 'mutation ($id: ID!) { setLabels(input: {id: $id, labels: [{key: "k", value: "v"}]}) { entity { id } } }'
NOTHING = 'mutation ($id: ID!) { removeLabels(input: {id: $id, keys: ["none"]}) { entity { id } } }'
CHANGE = 'mutation ($id: ID!) { updateExecution(input: {id: $id, description: "d"}) { execution { endTime } } }'
ENDED = {"kfp_v2": {"COMPLETE", "FAILED", "CACHED"}, "tfx_ir": {"COMPLETE", "FAILED", "CANCELED"}}


@pytest.mark.parametrize("writer", ENDED)
async def test_executions_tell_it_by_when_they_were_made_and_changed(
    written: Callable[[str], Path], tmp_path: Path, writer: str
) -> None:
    path = tmp_path / "store.db"
    shutil.copyfile(written(writer), path)
    async with serving(path) as service:
        before = (await service.data(ASK))["executions"]["nodes"]
        for node in before:
            begun, ended = node["state"] in ENDED[writer] | {"RUNNING"}, node["state"] in ENDED[writer]
            assert node["startTime"] == (node["createTime"] if begun else None)
            assert node["endTime"] == (node["updateTime"] if ended else None)
        assert any(node["endTime"] for node in before)
        assert {node["startTime"] is None for node in before} == ({True, False} if writer == "kfp_v2" else {False})
        for node in before:
            await service.data(NOTHING, {"id": node["id"]})
        assert (await service.data(ASK))["executions"]["nodes"] == before
        for number, node in enumerate(before):
            await service.data(CHANGE if number % 2 else LABEL, {"id": node["id"]})
        after = (await service.data(ASK))["executions"]["nodes"]
        assert all(node["updateTime"] > old["updateTime"] for node, old in zip(after, before, strict=True))
        assert [(node["startTime"], node["endTime"]) for node in after] == [
            (node["startTime"], node["endTime"]) for node in before
        ]
