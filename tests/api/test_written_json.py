"""Lists that are written in pieces are the same JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineageql.api import written_json
from lineageql.api.written_json import WrittenList, dumps, pieces_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
"""JSON values. Those that orjson does not write, integers of more than 64 bits, are among them."""


@given(values=st.lists(VALUES, max_size=20), beside=VALUES, size=st.integers(1, 60))
def test_a_written_list_is_the_list(values: list[Any], beside: Any, size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(written_json, "_PIECE", size)
        pieces = list(pieces_of(values))
    assert all(pieces)
    written = WrittenList(pieces)
    assert json.loads(b"".join(written.pieces())) == values
    assert json.loads(dumps({"list": written, "beside": beside})) == {"list": values, "beside": beside}
    assert json.loads(dumps([written, written])) == [values, values]


def test_what_is_no_json_value_is_refused() -> None:
    with pytest.raises(TypeError, match="object is no JSON value"):
        dumps(object())
