"""Times between two milliseconds: what is stored has whole ones, and is before or after such a time all the same."""

from __future__ import annotations

from pathlib import Path

from tests.demo import demo_store
from tests.service import serving


async def test_filters_see_parts_of_a_millisecond(tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    async with serving(path, read_only=True) as service:
        found = await service.data("{ artifacts(first: 1) { nodes { createTime } } }")
        time = found["artifacts"]["nodes"][0]["createTime"]
        count = "query ($where: TimeFilter!) { artifacts(where: {createTime: $where}) { totalCount } }"

        async def matching(**where: str) -> int:
            data = await service.data(count, {"where": where})
            return int(data["artifacts"]["totalCount"])

        within = time.replace("Z", "0001Z")
        assert await matching(atOrAfter=time) > await matching(after=time)
        assert await matching(atOrAfter=within) == await matching(after=within) == await matching(after=time)
        assert await matching(before=within) == await matching(atOrBefore=within) == await matching(atOrBefore=time)
        assert await matching(before=time.replace("Z", "000000Z")) == await matching(before=time)
