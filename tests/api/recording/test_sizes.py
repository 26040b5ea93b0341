"""Texts as long as each backend's columns hold, and one character longer, through GraphQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.api.recording.sizing import ARTIFACT, sizes
from tests.places import PLACES, Place

pytest.importorskip("ml_metadata")

# Characters of one, three and four bytes.
CHARACTERS = ("a", "好", "🌍")


@dataclass(frozen=True)
class Longest:
    """Whether a backend counts bytes in a column of names, and how many of each character it holds in a uri."""

    bytes: bool
    uris: tuple[int, int, int]


SIZES = {
    "sqlite": Longest(False, (65_535, 21_845, 16_383)),
    "postgresql": Longest(False, (65_535, 21_845, 16_383)),
    # ml-metadata sends each byte as a character; in a uri each of these becomes two bytes.
    "mariadb": Longest(True, (65_535, 10_922, 8_191)),
}


def backend(place: Place) -> str:
    return next(name for name, kind in PLACES.items() if type(place) is kind)


def names(place: Place, before: int) -> Iterator[tuple[str, str]]:
    """Of each character as many as a name has where so much stands before it, and one more."""
    for character in CHARACTERS:
        most = (255 - before) // (len(character.encode()) if SIZES[backend(place)].bytes else 1)
        yield character * most, character * (most + 1)


async def test_names(place: Place) -> None:
    columns = {"workspace": 2, "run": 2, "execution.type": 0, "execution.externalId": 0, f"{ARTIFACT}.externalId": 0}
    for facts in ("execution", ARTIFACT):
        columns |= {f"{facts}.customProperties.{{}}": 6, f"{facts}.labels[0].key": 6}
    async with sizes(place) as store:
        rows = place.rows()
        for path, before in columns.items():
            for _, beyond in names(place, before):
                # A run's context is named after both.
                run = path == "workspace" and len(beyond.encode() if SIZES[backend(place)].bytes else beyond) <= 255
                await store.refused(path, beyond, "run" if run else None)
        assert place.rows() == rows
        for path, before in columns.items():
            for most, _ in names(place, before):
                await store.taken(path, most)


@pytest.mark.parametrize("path", ["execution.name", f"{ARTIFACT}.name", "inputs[0].port"])
async def test_names_that_have_no_column(path: str, place: Place) -> None:
    async with sizes(place) as store:
        rows = place.rows()
        for character in CHARACTERS:
            await store.refused(path, character * 256)
        assert place.rows() == rows
        for character in CHARACTERS:
            await store.taken(path, character * 255)


async def test_uris(place: Place) -> None:
    path = f"{ARTIFACT}.uri"
    async with sizes(place) as store:
        rows = place.rows()
        for character, most in zip(CHARACTERS, SIZES[backend(place)].uris, strict=True):
            await store.refused(path, character * (most + 1))
        assert place.rows() == rows
        for character, most in zip(CHARACTERS, SIZES[backend(place)].uris, strict=True):
            await store.taken(path, character * most)
