"""Texts that PostgreSQL's indexes hold whole: of an entry's 2,704 bytes a property's name takes some."""

from __future__ import annotations

import pytest

from tests.api.recording.sizing import ARTIFACT, noise, sizes
from tests.places import Place

pytest.importorskip("ml_metadata")

BACKENDS = ("postgresql",)
LONGEST = {
    "execution.description": 2676,
    "execution.customProperties.p": 2688,
    "execution.labels[0].value": 2680,
}


async def test_values(place: Place) -> None:
    async with sizes(place) as store:
        rows = place.rows()
        for path, most in LONGEST.items():
            await store.refused(path, noise(most + 1))
        assert place.rows() == rows
        for path, most in LONGEST.items():
            await store.taken(path, noise(most))


async def test_artifacts(place: Place) -> None:
    """All that is said of one stands in one text as well."""
    paths = [f"{ARTIFACT}.{end}" for end in ("uri", "version", "customProperties.p", "labels[0].value")]
    async with sizes(place) as store:
        rows = place.rows()
        for path in paths:
            await store.refused(path, noise(2693))
            await store.refused(path, noise(2600), ARTIFACT)
        assert place.rows() == rows
        for path in paths:
            await store.taken(path, noise(2200))
            # What repeats itself is compressed.
            await store.taken(path, "0123456789abcdef" * 4000)
