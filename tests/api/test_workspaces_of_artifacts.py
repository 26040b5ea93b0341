"""An artifact tells all workspaces that hold it, as many artifacts as there are in one statement."""

from __future__ import annotations

from tests.places import Place
from tests.service import Service, serving

RECORD = "mutation R($input: RecordExecutionInput!) { recordExecution(input: $input) { created } }"
ASK = "{ artifacts(first: 50) { nodes { name workspace { name } workspaces { name artifacts { totalCount } } } } }"
HOLD = """
INSERT INTO Attribution (context_id, artifact_id)
SELECT Context.id, Artifact.id FROM Context, Artifact WHERE Context.name = '{}' AND Artifact.uri = 's3://{}'
"""


async def record(service: Service, workspace: str, *names: str) -> None:
    """Models of these names that an execution in a workspace writes."""
    outputs = [{"artifact": {"model": {"name": name, "uri": f"s3://{name}"}}} for name in names]
    given = {"workspace": workspace, "execution": {"name": "step"}, "outputs": outputs}
    await service.data(RECORD, {"input": given})


async def test_an_artifact_that_several_workspaces_hold(place: Place) -> None:
    place.fill_empty()
    async with serving(place.url) as service:
        await record(service, "there", "theirs")
        await record(service, "here", "shared", "own")
        place.execute(HOLD.format("there", "shared"))
        before = service.statements
        found = await service.data(ASK)
        statements = service.statements - before
        here, there = ({"name": name, "artifacts": {"totalCount": 2}} for name in ("here", "there"))
        nodes = found["artifacts"]["nodes"]
        # The one that recorded it is its workspace, though another has a lower id.
        assert [(node["name"], node["workspace"]["name"], node["workspaces"]) for node in nodes] == [
            ("theirs", "there", [there]),
            ("shared", "here", [there, here]),
            ("own", "here", [here]),
        ]
        for number in range(5):
            await record(service, f"more-{number}", f"model-{number}")
            place.execute(HOLD.format(f"more-{number}", "shared"))
        before = service.statements
        found = await service.data(ASK)
        assert len(found["artifacts"]["nodes"][1]["workspaces"]) == 7
        assert service.statements - before == statements
