"""The texts, numbers and other values of random stores, and of what is asked of them.

Stores and questions draw from the same few values, so that many questions have answers.
"""

from __future__ import annotations

import json
import math
from typing import Any

from hypothesis import strategies as st

from tests.store.sql.records import ProtoValue, StructValue, Value

HOSTILE = (
    *(
        "",
        " ",
        "a ",
        "'",
        '"',
        "''",
        "\\",
        "\\'",
        "%",
        "_",
        "a%b",
        "a_b",
        "`p`",
        "a\nb",
        "\t",
        "\r\n",
        ":c0",
        "?1",
        "$",
    ),
    *("1 OR 1=1", "'; DROP TABLE Artifact; --", "') UNION SELECT 2 --", "name", "uri", "string_value", "NULL", "{}"),
    *("é", "É", "e\u0301", "ß", "SS", "ss", "İ", "i", "\u212a", "k", "👍", "👩\u200d🔬", "שלום", "\u202eabc", "\u2028"),
    *("\ud7ff", "\ue000", "\uffff", "\ufffd", "\U0010ffff", "x" * 10_000, "null", "true", "false", "NaN", "Infinity"),
    *("1", "1.0", "0.5", "-0", "-0.0", "007", "1e+16", "1e16", "5", "9223372036854775807", "[1]", '{"a":1}', '"a"'),
    *("__MLMD_NULL__", "mlmd-struct::", "mlmd-struct::!", "mlmd-struct::CgkKAWESBBoCYQ==", "label:team", "exact:p"),
    *(
        "kubeflow.org/alpha/model/1",
        "system.Model/2",
        "a/b",
        "/a/b//",
        "b",
        "//",
        "s3://bucket/%2F/file.txt",
        "file.txt",
    ),
)
STAMP = "2024-07-14T11:43:44"
STAMPED = (
    *(f"a:{STAMP}", f"a:{STAMP}.000001", f"é:b:{STAMP}", f"a:{STAMP}.5", f"a:{STAMP}:b", f":{STAMP}", STAMP),
    *(f"a:{STAMP[:-1]}x", f"a-{STAMP}", f"a:{STAMP}:{STAMP}", f"a\n:{STAMP}"),
)
PLAIN = (
    *("a", "A", "b", "ab", "team", "w", "w/x", "r", "prod", "dev", "New", "COMPLETED", "failed", "cancelled"),
    *("published", "Deleted", "MARKED_FOR_DELETION"),
)


def few(pool: st.SearchStrategy[Any], key: str, most: int) -> st.SearchStrategy[Any]:
    """Values of a pool, only a few different ones in one example, so that many questions have answers."""
    chosen = st.shared(st.lists(pool, min_size=1, max_size=most), key=key)

    @st.composite
    def one(draw: st.DrawFn) -> Any:
        values = draw(chosen)
        return values[draw(st.integers(0, len(values) - 1))]

    return one()


TEXTS = few(st.sampled_from(PLAIN) | st.sampled_from(HOSTILE) | st.sampled_from(STAMPED), "texts", 6)

PROPERTY_NAMES = (
    *("p", "p", "q", "q", "name", "version", "owner", "state", "description", "labels", "create_time"),
    *("display_name", "task_name", "component_id", "pipeline_name", "tfx_version", "__note__"),
    *("time:start", "time:end", "time:zone"),
    *("id", "string_value", "it's", 'a"b', "`p`", "%", "", "é", "label:team", "exact:p", "__kf_run__", "__ALL_META__"),
    "-p",
)
NAMES = few(st.sampled_from(PROPERTY_NAMES), "names", 4)
LABEL_KEYS = (
    "team",
    "team",
    "stage",
    "app.example/part",
    "",
    "'",
    '"',
    "%",
    "$.a",
    "a.b",
    "👍",
    "label:x",
    "string_value",
    "-1",  # a key that MariaDB's paths do not find
)
KEYS = few(st.sampled_from(LABEL_KEYS), "keys", 3)

INTEGERS = st.sampled_from((0, 1, -1, 5, 2**31, 2**53 + 1, 2**63 - 1, -(2**63)))
DOUBLES = st.sampled_from(
    (0.0, -0.0, 1.0, 5.0, 0.5, 0.333333, 1 / 3, 1e16, 1e-05, 1e300, -2.5, 123456.789012, 2.0**53, 2.0**64)
)
NUMBERS = few(INTEGERS | DOUBLES, "numbers", 4)
TIMES = st.sampled_from((0, 1, 1000, 1000, 2000, 1_600_000_000_000))

STRUCTS = st.sampled_from(
    (StructValue((("list", [1.0, "a"]),)), StructValue((("struct", {"a": None}),)), StructValue((("a", True),)))
)
VALUES: st.SearchStrategy[Value] = st.one_of(
    TEXTS,
    TEXTS,
    TEXTS,
    NUMBERS,
    st.booleans(),
    STRUCTS,
    st.sampled_from((b"", b"\x00\xff", ProtoValue(b"\x01"), None)),
)
PROPERTIES = st.dictionaries(NAMES, VALUES, max_size=3)

JSON_VALUES: st.SearchStrategy[Any] = st.one_of(
    TEXTS,
    TEXTS,
    NUMBERS,
    st.sampled_from((None, True, False, float("nan"), float("-inf"), [], {}, [1, 2.5, "é"], {"a": {"b": None}})),
)
LABELS = st.dictionaries(KEYS, TEXTS, max_size=3)
LOOSE_LABELS = st.dictionaries(KEYS, JSON_VALUES, max_size=3)
KEYWORDS = st.dictionaries(NAMES, JSON_VALUES, max_size=2)

ITEM_PATHS = ("p", "q", "a.b", "a", "a.b.c", "é", "", "a.", 'it"s', "$.a", "value", "name", "state", "acc", "-")
ITEM_NAMES = few(st.sampled_from((*ITEM_PATHS, *PROPERTY_NAMES)), "items", 4)
_NESTED = st.recursive(
    JSON_VALUES,
    lambda inner: st.dictionaries(st.sampled_from(("b", "c", "", "b.c", "é", "-b")), inner, min_size=1, max_size=2),
    max_leaves=3,
)
ITEMS = st.dictionaries(st.sampled_from(ITEM_PATHS), _NESTED, max_size=3)
"""Metric values and hyperparameters, as another writer's document may hold them."""


def storable(value: Any) -> bool:
    """Whether LineageQL takes a JSON value: no number without end, none of MLMD's own words."""
    if isinstance(value, dict):
        return all(map(storable, value.values()))
    if isinstance(value, list):
        return all(map(storable, value))
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, str) or not (value.startswith("mlmd-struct::") or value == "__MLMD_NULL__")


OWN_ITEMS = ITEMS.filter(storable)
"""Metric values and hyperparameters as LineageQL records them."""

MALFORMED = st.sampled_from(
    (
        *(
            "",
            "{",
            "null",
            "[1, 2]",
            '"labels"',
            "1",
            "{'labels': {}}",
            '{"workspace": NaN',
            "{} {}",
            "\ufeff{}",
            "[" * 20,
        ),
        *(
            '{"workspace": null, "labels": [1]}',
            '{"workspace": null, "labels": "team", "kwargs": null}',
            '{ "labels": {}}',
        ),
        *('{"workspace": null, "labels": {"team": "a"}, "kwargs": {"p": 1}', '{"workspace": "\\ud83d", "labels": {}}'),
    )
)


@st.composite
def sdk_meta(draw: st.DrawFn, workspace: str | None) -> str:
    """`__ALL_META__` as the Kubeflow Metadata SDK writes it: Python's JSON of the whole object, or what is none."""
    if draw(st.integers(0, 9)) == 0:
        return draw(MALFORMED)
    meta = {
        "workspace": draw(st.sampled_from((None, workspace))),
        "name": draw(TEXTS),
        "labels": draw(st.none() | LOOSE_LABELS),
        "id": None,
        "kwargs": draw(st.sampled_from((None, {})) | KEYWORDS),
        **{name: draw(st.sampled_from((None, [], "p")) | ITEMS | ITEMS) for name in ("values", "hyperparameters")},
    }
    return json.dumps(meta)


def compact(value: Any) -> str:
    """JSON as LineageQL writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
