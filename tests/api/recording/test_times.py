"""When executions began and ended: recorded, changed, found, and in order."""

from __future__ import annotations

from typing import Any

from tests.places import Place
from tests.service import Service, serving

SPACE = 'mutation { createWorkspace(input: {name: "w"}) { workspace { id } } }'
CREATE = "mutation C($input: CreateExecutionInput!) { createExecution(input: $input) { execution { id } } }"
UPDATE = """
mutation U($input: UpdateExecutionInput!) { updateExecution(input: $input) {
  execution { state startTime endTime customProperties } } }
"""
RECORD = "mutation R($input: RecordExecutionInput!) { recordExecution(input: $input) { created } }"
ASK = """
query A($where: ExecutionFilter, $orderBy: ExecutionOrder, $first: Int, $after: String) {
  executions(where: $where, orderBy: $orderBy, first: $first, after: $after) {
    nodes { name startTime endTime } pageInfo { hasNextPage endCursor } } }
"""
DAY = "2026-11-26T"
EARLY, NOON, LATE = (f"{DAY}{clock}Z" for clock in ("08:00:00.001", "12:00:00.250", "19:59:59.999"))


async def names(service: Service, **variables: Any) -> list[str]:
    return [node["name"] for node in (await service.data(ASK, variables))["executions"]["nodes"]]


async def test_times_are_recorded_and_read(place: Place) -> None:
    place.fill_empty()
    async with serving(place.url) as service:
        space = (await service.data(SPACE))["createWorkspace"]["workspace"]["id"]

        async def create(name: str, **times: str) -> str:
            given = {"workspaceId": space, "name": name, "customProperties": {"n": 1}, **times}
            created = await service.data(CREATE, {"input": given})
            execution: str = created["createExecution"]["execution"]["id"]
            return execution

        await create("nothing said")
        whole = await create("whole", startTime=EARLY, endTime=NOON)
        open_ = await create("open", startTime=f"{DAY}14:00:00.250+02:00")  # which is noon
        record = {"name": "recorded", "startTime": "1969-12-31T23:59:59.500Z", "endTime": LATE}
        await service.data(RECORD, {"input": {"workspace": "w", "execution": record}})
        found = (await service.data(ASK))["executions"]["nodes"]
        assert [(node["name"], node["startTime"], node["endTime"]) for node in found] == [
            ("nothing said", None, None),
            ("whole", EARLY, NOON),
            ("open", NOON, None),
            ("recorded", "1969-12-31T23:59:59.500Z", LATE),
        ]
        # What has no time comes last, whichever the direction, and pages go on behind it.
        starts = ["recorded", "whole", "open", "nothing said"]
        for direction, wanted in (("ASC", starts), ("DESC", [*starts[2::-1], starts[3]])):
            order = {"field": "START_TIME", "direction": direction}
            assert await names(service, orderBy=order) == wanted
            after, paged = None, []
            for _ in wanted:
                page = (await service.data(ASK, {"orderBy": order, "first": 1, "after": after}))["executions"]
                paged += [node["name"] for node in page["nodes"]]
                after = page["pageInfo"]["endCursor"]
            assert paged == wanted
        assert await names(service, orderBy={"field": "END_TIME", "direction": "DESC"}) == [
            *("recorded", "whole", "open", "nothing said")
        ]
        assert await names(service, where={"startTime": {"after": EARLY}}) == ["open"]
        assert await names(service, where={"startTime": {"atOrAfter": EARLY, "before": NOON}}) == ["whole"]
        assert await names(service, where={"not": {"endTime": {"before": LATE}}}) == [
            "nothing said",
            "open",
            "recorded",
        ]

        ended = (await service.data(UPDATE, {"input": {"id": open_, "endTime": LATE}}))["updateExecution"]["execution"]
        assert ended == {"state": "UNKNOWN", "startTime": NOON, "endTime": LATE, "customProperties": {"n": 1}}
        again = {"input": {"id": whole, "startTime": NOON, "endTime": LATE, "state": "COMPLETE"}}
        changed = (await service.data(UPDATE, again))["updateExecution"]["execution"]
        assert (changed["startTime"], changed["endTime"], changed["state"]) == (NOON, LATE, "COMPLETE")


async def test_an_execution_does_not_end_before_it_begins(place: Place) -> None:
    place.fill_empty()
    async with serving(place.url) as service:
        space = (await service.data(SPACE))["createWorkspace"]["workspace"]["id"]
        given = {"workspaceId": space, "name": "e", "startTime": NOON}
        error = await service.error(CREATE, {"input": {**given, "endTime": EARLY}})
        assert (error["code"], error["argument"]) == ("INVALID_ARGUMENT", "input.endTime")
        assert (await service.data(ASK))["executions"]["nodes"] == []
        execution = (await service.data(CREATE, {"input": given}))["createExecution"]["execution"]["id"]
        error = await service.error(UPDATE, {"input": {"id": execution, "endTime": EARLY}})
        assert (error["code"], error["argument"]) == ("INVALID_ARGUMENT", "input.endTime")
        await service.data(UPDATE, {"input": {"id": execution, "endTime": NOON}})
        error = await service.error(UPDATE, {"input": {"id": execution, "startTime": LATE}})
        assert (error["code"], error["argument"]) == ("INVALID_ARGUMENT", "input.startTime")
        record = {"workspace": "w", "execution": {"name": "e", "startTime": LATE, "endTime": NOON}}
        error = await service.error(RECORD, {"input": record})
        assert (error["code"], error["argument"]) == ("INVALID_ARGUMENT", "input.execution.endTime")
