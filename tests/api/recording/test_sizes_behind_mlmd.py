"""What a store behind MLMD's service refuses: its limits are not known, and nothing of it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.recording.sizing import ARTIFACT, LINEAGE, RECORD, Sizes, changed, noise
from tests.mlmd_server import MLMDServer
from tests.places import Place
from tests.service import serving

pytest.importorskip("ml_metadata")
pytest.importorskip("grpc")

BACKENDS = ("postgresql", "mariadb")
# Names are too long for MariaDB's columns, values for PostgreSQL's indexes.
TEXTS = {
    "mariadb": ("execution.externalId", "run", f"{ARTIFACT}.labels[0].key"),
    "postgresql": ("execution.description", f"{ARTIFACT}.uri", f"{ARTIFACT}.customProperties.p"),
}


def stored(place: Place) -> list[str]:
    """All rows, without the ids that MariaDB is going to give."""
    return [row for row in place.rows() if "AUTO_INCREMENT=" not in row]


async def test_what_the_database_refuses(place: Place, tmp_path: Path) -> None:
    place.fill_empty()
    server = MLMDServer(place.url, folder=tmp_path)
    try:
        async with serving(f"grpc://{server.host}:{server.port}") as service:
            await Sizes(service, place).taken("execution.name", "first")
            rows = stored(place)
            name, text = ("mariadb", "好" * 100) if place.url.startswith("mysql") else ("postgresql", noise(60_000))
            for path in TEXTS[name]:
                record = changed(path, text)
                # MLMD's errors repeat the request.
                record["inputs"][0]["artifact"]["dataSet"]["query"] = "x" * 20_000
                for query, value in ((RECORD, record), (LINEAGE, [record])):
                    error = await service.error(query, {"input": value})
                    assert error["code"] == "INVALID_ARGUMENT", (path, error)
                    assert "database" in error["message"] or "PostgreSQL" in error["message"]
            assert stored(place) == rows
    finally:
        server.stop()
