"""One operation does not keep the event loop: others have their turns while it is read in, worked on and written."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from lineageql.model.identity import EntityKind, global_id
from tests.demo import demo_store
from tests.service import serving

ROOT = global_id(EntityKind.ARTIFACT, 1)
DOCUMENTS = " ".join(f"a{n}: customProperties b{n}: properties" for n in range(1_000))
VARIABLE = "query ($where: ArtifactFilter) { artifacts(where: $where) { totalCount } }"
ATTACKS: dict[str, tuple[str, object, int]] = {
    "thousands of fields of each node": (f"{{ artifacts(first: 37) {{ nodes {{ {DOCUMENTS} }} }} }}", None, 25),
    "the same beside an error": (
        f"{{ artifacts(first: 37) {{ nodes {{ consumers(first: -1) {{ totalCount }} {DOCUMENTS} }} }} }}",
        None,
        30,
    ),
    "hundreds of fields of the root": (
        "{" + " ".join(f"a{n}: artifactFacets(by: TYPE) {{ count }}" for n in range(300)) + "}",
        None,
        15,
    ),
    "an empty filter for each of thousands": (VARIABLE, {"where": {"or": [{}] * 20_000}}, 10),
    "thousands of ids": ("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": [ROOT] * 100_000}, 10),
    "fields that are merged": (
        "{" + " ".join(f"artifacts(first: 1) {{ nodes {{ a{n}: name }} }}" for n in range(150)) + "}",
        None,
        10,
    ),
}
"""What is asked, and how many rounds of the event loop it takes at the least: a bound of work, not of time."""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    return path


@pytest.mark.parametrize("what", ATTACKS)
async def test_others_have_their_turns(what: str, store: Path) -> None:
    query, variables, least = ATTACKS[what]
    rounds = 0

    async def others() -> None:
        nonlocal rounds
        while True:
            rounds += 1
            await asyncio.sleep(0.001)

    async with serving(store) as service:
        counting = asyncio.create_task(others())
        body = await service.ask(query, variables)  # type: ignore[arg-type]
        counting.cancel()
    assert body.keys() & {"data", "errors"}
    assert rounds >= least
