"""Lineage through HTTP where a writer's convention has a say in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.service import serving
from tests.writers.kfp_cached import LATER

MADE = """
query ($events: LineageEvents!) {
  artifacts(where: {name: {eq: "model"}}) {
    nodes {
      id
      run { name }
      upstream(events: $events) { totalCount nodes { name } }
    }
  }
  lineage(where: {artifacts: {name: {eq: "model"}}}, direction: UPSTREAM, events: $events) {
    counts { artifacts executions }
  }
}
"""


async def test_cached_executions_made_nothing(written: Callable[[str], Path]) -> None:
    async with serving(written("kfp_cached"), read_only=True) as service:
        for events, executions in (("ALL", 2 + 2 * LATER), ("MADE", 2)):
            found = await service.data(MADE, {"events": events})
            assert found["lineage"]["counts"] == {"artifacts": 2, "executions": executions}
            model = found["artifacts"]["nodes"][0]
            assert model["upstream"]["totalCount"] == executions + 1
            assert model["run"]["name"] == "night-1"
