"""Values that MariaDB takes only as far as a statement with them is no longer than its `max_allowed_packet`."""

from __future__ import annotations

import pytest

from tests.api.recording.sizing import sizes
from tests.places import MariaDBPlace

pytest.importorskip("ml_metadata")

BACKENDS = ("mariadb",)
PACKET = 1_048_576


async def test_values(place: MariaDBPlace) -> None:
    before = place.server.sql("SELECT @@global.max_allowed_packet")
    place.server.sql(f"SET GLOBAL max_allowed_packet = {PACKET}")
    try:
        async with sizes(place) as store:
            # Quotes are two characters each in a statement.
            for character, most in (("a", PACKET - 1_024), ("'", PACKET // 2 - 512), ("好", (PACKET - 1_024) // 3)):
                rows = place.rows()
                for path in ("execution.description", "execution.labels[0].value"):
                    await store.refused(path, character * (most + 1))
                assert place.rows() == rows
                await store.taken("execution.description", character * most)
    finally:
        place.server.sql(f"SET GLOBAL max_allowed_packet = {before}")
