"""What the documents that are kept take."""

from __future__ import annotations

import gc
import tracemalloc

import pytest

from lineageql.api import documents as documents_module
from lineageql.api.documents import Documents
from lineageql.api.schema import SCHEMA

CACHE_SIZE = 1_000_000
SHAPES = (
    "{{" + " ".join(f"a{n}: __typename" for n in range(80)) + " b{}: __typename}}",
    "{{" + " ".join(f"a{n}:artifacts(first:1){{{{nodes{{{{id}}}}}}}}" for n in range(20)) + " b{}: __typename}}",
    "{{artifacts(where:{{or:["
    + ",".join(f'{{{{name:{{{{eq:"x{n}"}}}}}}}}' for n in range(25))
    + "]}}){{totalCount}} b{}: __typename}}",
    "#a\n" * 600 + "{{b{}:__typename}}",
    "#" + "a" * 40_000 + "ł\n{{b{}:__typename}}",
)


def test_documents_are_kept_within_so_much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents_module, "CACHE_SIZE", CACHE_SIZE)
    documents = Documents(SCHEMA._schema, 10_000)
    documents.get("{__typename}")
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(12):
            for shape in SHAPES:
                document = documents.get(shape.format(number))
                assert not document.errors
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    # It is full, and not by far too little either.
    assert CACHE_SIZE // 4 < taken < CACHE_SIZE
    assert documents.get(SHAPES[0].format(11)) is documents.get(SHAPES[0].format(11))
