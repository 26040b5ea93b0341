"""What an operation has made is freed when it is answered, without the garbage collector.

Where it is not, the collector stops everybody: for more than a second each minute under a load.
"""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from lineageql.model.identity import EntityKind, global_id
from tests.demo import demo_store
from tests.service import serving
from tests.soak import CHEAP, NODE, READS, RECORD

FACETS = "artifactFacets(by: WORKSPACE) { value count }"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("freed") / "store.db"
    path.write_bytes(demo_store())
    return path


@pytest.mark.parametrize("query", [CHEAP, NODE, *(read.replace(FACETS, "") for read in READS), RECORD])
async def test_what_an_operation_made_is_freed_with_it(store: Path, query: str) -> None:
    variables = {"name": ["first", "second", "third"], "id": [global_id(EntityKind.ARTIFACT, 1)] * 3}
    taken = [{name: values[time] for name, values in variables.items() if f"${name}" in query} for time in range(3)]
    async with serving(store) as service:
        for time in range(2):  # statements and documents that are new are kept, and what made them is not
            await service.data(query, taken[time])
        gc.collect()
        gc.disable()
        gc.set_debug(gc.DEBUG_SAVEALL)
        try:
            await service.data(query, taken[2])
            gc.collect()
            left = sorted(f"{type(found).__module__}.{type(found).__qualname__}" for found in gc.garbage)
        finally:
            gc.set_debug(0)
            gc.enable()
            gc.garbage.clear()
    # The client's own library leaves some.
    assert not [name for name in left if name.startswith(("lineageql", "graphql", "strawberry", "sqlalchemy"))]
