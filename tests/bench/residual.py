"""`python -m tests.bench residual`: filters that SQL says exactly, against the same decided in Python over rows read.

A planner may leave what SQL says only in many words to be decided over the rows found: the residual. Here each such
filter is counted, and its matches are counted by label, both ways, over a store of the Kubeflow Metadata SDK's,
whose labels and numbers stand in the text of a document beside each artifact.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Awaitable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from lineageql.model.entities import Entity
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.predicates import Field, Group, Item, Label, Operator, Test
from lineageql.model.rights import WHOLE
from lineageql.model.subjects import meets, value_of
from lineageql.settings import Settings
from lineageql.store.open import open_store
from lineageql.store.ports import Facet, Reader, Search
from tests.bench import FOLDER
from tests.bench.building import stored

T = TypeVar("T")
KIND = EntityKind.ARTIFACT
KEY = "stage"
_CHUNK = 20_000
FILTERS: Mapping[str, Test] = {
    "a label in a document": Test(Label(KEY), Operator.EQ, "prod"),
    "a number in a document": Test(Item(Group.VALUES, "accuracy"), Operator.GTE, 0.9),
    "a name with letters beyond ASCII, whatever their case": Test(Field.NAME, Operator.CONTAINS, "É", ignore_case=True),
}
_FIELDS: Mapping[str, frozenset[Field] | None] = {
    "a label in a document": frozenset({Field.LABELS}),
    "a name with letters beyond ASCII, whatever their case": frozenset({Field.NAME, Field.LABELS}),
}


def main(given: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench residual", description=__doc__)
    parser.add_argument("--artifacts", type=int, default=1_000_000, metavar="N", help="size of the store [1000000]")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where stores are kept")
    options = parser.parse_args(given)
    path = as_the_sdk_wrote(stored(options.folder, options.artifacts).path)
    print("| filter | matches | count by SQL | over rows | facet by SQL | over rows |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    asyncio.run(measured(path, options.artifacts))
    return 0


def as_the_sdk_wrote(store: Path) -> Path:
    """A copy of a store that has nothing of what LineageQL adds to the SDK's convention."""
    path = store.with_name(f"{store.stem}-sdk.db")
    if path.exists() and path.stat().st_mtime >= store.stat().st_mtime:
        return path
    draft = path.with_suffix(".draft")
    shutil.copyfile(store, draft)
    with closing(sqlite3.connect(draft)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("DELETE FROM ArtifactProperty WHERE is_custom_property AND name LIKE '%:%'")
        # The space after the first colon tells LineageQL's documents from the SDK's.
        connection.execute(
            "UPDATE ArtifactProperty SET string_value = "
            "'{\"workspace\": null, ' || substr(string_value, 2) WHERE name = '__ALL_META__'"
        )
        connection.commit()
    draft.replace(path)
    return path


async def measured(path: Path, size: int) -> None:
    """Prints a row for each filter."""
    settings = Settings.load({"store": str(path), "read_only": True}, environ={})
    store = await open_store(settings.store, settings)
    try:
        for title, test in FILTERS.items():
            count, exact = await timed(store.reader(WHOLE).count(Search(KIND, test)))
            found, over = await timed(decided(store.reader(WHOLE), title, test, size))
            assert count == len(found), (title, count, len(found))
            facet, grouped = await timed(store.reader(WHOLE).facets(KIND, test, Facet.LABEL_VALUE, KEY))
            counter, read = await timed(by_label(store.reader(WHOLE), title, test, size))
            assert facet == counter, title
            times = " | ".join(f"{seconds:.1f} s" for seconds in (exact, over, grouped, read))
            print(f"| {title} | {count:,} | {times} |", flush=True)
    finally:
        await store.close()


async def timed(work: Awaitable[T]) -> tuple[T, float]:
    """What some work gives, and the seconds that it takes."""
    began = time.perf_counter()
    return await work, time.perf_counter() - began


async def decided(reader: Reader, title: str, test: Test, size: int) -> list[Entity]:
    """The artifacts that meet a test, of all that are read with what it needs."""
    is_met, fields = meets(test), _FIELDS.get(title)
    found: list[Entity] = []
    for first in range(1, size + 1, _CHUNK):
        refs = [Ref(KIND, id_) for id_ in range(first, min(first + _CHUNK, size + 1))]
        found += filter(is_met, (await reader.get(refs, fields)).values())
    return found


async def by_label(reader: Reader, title: str, test: Test, size: int) -> Counter[str]:
    """How many of them have each value of a label."""
    label = value_of(Label(KEY))
    values = map(label, await decided(reader, title, test, size))
    return Counter(value for value in values if isinstance(value, str))
