"""Short forms and Python's values on their way to the service."""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, build_schema
from hypothesis import given, settings
from hypothesis import strategies as st

from lineageql_client.arguments import argument, arguments
from lineageql_client.entities import Ref
from lineageql_client.errors import InvalidArgument
from lineageql_client.values import plain

SCHEMA = build_schema((Path(__file__).parents[3] / "schema.graphql").read_text(encoding="utf-8"))
REF = Ref("V3M6MQ", 1, "fraud", "Workspace")
TIME = datetime(2026, 11, 26, 12, tzinfo=timezone(timedelta(hours=1)))
ROWS: list[tuple[str, Any, Any]] = [
    ("StringFilter", "x", {"eq": "x"}),
    ("StringFilter", {"startsWith": "x"}, {"startsWith": "x"}),
    ("StringFilter", {"in": "x"}, {"in": ["x"]}),
    ("ContextFilter", "fraud", {"name": {"eq": "fraud"}}),
    ("ContextFilter", REF, {"id": "V3M6MQ"}),
    ("ContextFilter", {"name": "fraud"}, {"name": {"eq": "fraud"}}),
    ("[LabelFilter!]", {"stage": "production"}, [{"key": "stage", "eq": "production"}]),
    ("[LabelFilter!]", {"key": "stage", "exists": True}, [{"key": "stage", "exists": True}]),
    ("[LabelFilter!]", [{"key": "stage", "in": ["a", "b"]}], [{"key": "stage", "in": ["a", "b"]}]),
    ("[LabelFilter!]", {}, []),
    ("[PropertyFilter!]", {"rows": 3}, [{"name": "rows", "eq": 3}]),
    ("[PropertyFilter!]", {"name": "rows", "gt": 3}, [{"name": "rows", "gt": 3}]),
    ("[LabelInput!]", {"stage": "production"}, [{"key": "stage", "value": "production"}]),
    ("[LabelFilter!]", {}, []),
    ("[BigInt!]", "9007199254740993", [9007199254740993]),
    ("[BigInt!]", [7, "8"], [7, 8]),
    ("[ArtifactKind!]", "MODEL", ["MODEL"]),
    ("[ArtifactKind!]", ("MODEL", "METRICS"), ["MODEL", "METRICS"]),
    ("ArtifactOrder", "CREATE_TIME", {"field": "CREATE_TIME"}),
    ("[ID!]", REF, ["V3M6MQ"]),
    ("ID", "abc", "abc"),
    ("TimeFilter", {"after": TIME}, {"after": "2026-11-26T11:00:00.000Z"}),
    ("ArtifactFilter", {"not": {"name": "x"}}, {"not": {"name": {"eq": "x"}}}),
    ("ArtifactFilter", {"or": [{"name": "x"}, {"uri": "y"}]}, {"or": [{"name": {"eq": "x"}}, {"uri": {"eq": "y"}}]}),
    ("ArtifactFilter", {"name": None, "uri": "y"}, {"uri": {"eq": "y"}}),
    ("LineageFilter", {"artifacts": {"labels": {"a": "b"}}}, {"artifacts": {"labels": [{"key": "a", "eq": "b"}]}}),
]


@pytest.mark.parametrize(("type_", "given", "sent"), ROWS)
def test_short_forms(type_: str, given: Any, sent: Any) -> None:
    assert argument(type_, given, "where") == sent
    # What is sent is a form of its own, and stays as it is.
    assert argument(type_, sent, "where") == sent


@pytest.mark.parametrize("type_", ["[LabelFilter!]", "[PropertyFilter!]", "[LabelInput!]"])
def test_a_value_that_is_none_matches_not_any(type_: str) -> None:
    with pytest.raises(InvalidArgument, match="is None: give a value") as caught:
        argument(type_, {"stage": None}, "where.labels")
    assert caught.value.argument == "where.labels.stage"


def test_keywords_hold_beside_where() -> None:
    types = {"where": "ArtifactFilter"}
    assert arguments(types, {"where": None}, {"name": "x"}) == {"where": {"name": {"eq": "x"}}}
    assert arguments(types, {"where": {"uri": "y"}}, {}) == {"where": {"uri": {"eq": "y"}}}
    both = arguments(types, {"where": {"name": "y"}}, {"name": "x"})
    assert both == {"where": {"and": [{"name": {"eq": "y"}}, {"name": {"eq": "x"}}]}}
    assert arguments(types, {"where": None}, {"name": None}) == {}


@pytest.mark.parametrize(
    ("type_", "given", "path", "words"),
    [
        ("ArtifactFilter", {"nmae": "x"}, "where.nmae", "no field of ArtifactFilter"),
        ("ArtifactFilter", {"kind": ["MODLE"]}, "where.kind[0]", "ArtifactKind has MODEL"),
        ("ArtifactFilter", {"or": [{"name": {"equals": 1}}]}, "where.or[0].name.equals", "no field of StringFilter"),
        ("ArtifactFilter", 3, "where", "has the fields"),
        ("ArtifactFilter", {"createTime": {"after": datetime(2026, 1, 1)}}, "where.createTime.after", "no time zone"),
        ("ArtifactFilter", {"createTime": {"after": date(2026, 1, 1)}}, "where.createTime.after", "a day"),
        ("ArtifactFilter", {"ids": [7]}, "where.ids[0]", "node_id"),
        ("ArtifactFilter", {"create_time": {"after": TIME}}, "where.create_time", r"did you mean createTime\?$"),
        ("ArtifactFilter", {"mlmd_ids": [7]}, "where.mlmd_ids", r"did you mean mlmdIds\?$"),
        ("ArtifactFilter", {"kinds": "MODEL"}, "where.kinds", r"did you mean kind\?$"),
        ("ArtifactFilter", {"xyz": 1}, "where.xyz", r"not$"),
        ("TimeFilter", {"at_or_after": TIME}, "where.at_or_after", r"did you mean atOrAfter\?$"),
        ("ArtifactFilter", {"labels": ["stage"]}, "where.labels[0]", r"write {'stage': …} .*{'key': 'stage', 'exists'"),
        ("ArtifactFilter", {"labels": "stage"}, "where.labels[0]", r"write {'stage': …} or {'key': 'stage', 'eq': …}"),
        ("ArtifactFilter", {"labels": [{"eq": "x"}]}, "where.labels[0].key", "is missing, and LabelFilter needs it"),
        ("ArtifactFilter", {"labels": {"stage": 3}}, "where.labels[0].eq", "is 3; it takes a text"),
        ("ArtifactFilter", {"properties": ["rows"]}, "where.properties[0]", r"write {'rows': …}"),
        ("ArtifactFilter", {"mlmdIds": ["seven"]}, "where.mlmdIds[0]", "it takes an integer"),
        ("ArtifactFilter", {"name": {"eq": 3}}, "where.name.eq", "it takes a text"),
        ("ArtifactFilter", {"labels": {"key": "a", "exists": 1}}, "where.labels[0].exists", "it takes True or False"),
        ("ArtifactOrder", {"direction": "ASC"}, "where.field", "is missing, and ArtifactOrder needs it"),
        ("[LabelInput!]", ["stage"], "where[0]", r"write {'stage': …} or {'key': 'stage', 'value': …}$"),
    ],
)
def test_what_does_not_fit_is_told_before_it_is_sent(type_: str, given: Any, path: str, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words) as caught:
        argument(type_, given, "where")
    assert caught.value.argument == path


ANY = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(("x", "7", "ASC", "MODEL", "NAME", "LIVE"))
FIELD = st.sampled_from(("key", "name", "eq", "in", "exists", "gt", "kind", "labels", "mlmdIds", "or", "not", "field"))
FILTERS = ("ArtifactFilter", "ExecutionFilter", "RunFilter", "WorkspaceFilter", "LineageFilter", "ArtifactOrder")


# A busy machine is slow, which is no fault of a filter's.
@settings(deadline=None, max_examples=int(os.environ.get("TEST_EXAMPLES") or 8))
@given(
    st.sampled_from(FILTERS),
    st.dictionaries(
        FIELD | st.sampled_from(("properties", "workspace", "uri", "state", "direction", "only", "artifacts")),
        st.recursive(ANY, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(FIELD, inner, max_size=2)),
        max_size=2,
    ),
)
def test_what_is_sent_fits_the_schema(type_: str, value: dict[str, Any]) -> None:
    """What is not refused here is what GraphQL takes: no error speaks of variables that nobody wrote."""
    from graphql import Undefined, coerce_input_value

    try:
        sent = argument(type_, value, "where")
    except InvalidArgument:
        return
    schema_type = SCHEMA.type_map[type_]
    assert isinstance(schema_type, GraphQLInputObjectType)
    assert coerce_input_value(sent, schema_type) is not Undefined


class Colour(Enum):
    RED = "red"


def test_values_become_json() -> None:
    class Scalar:
        def item(self) -> float:
            return 0.5

    class Array:
        def tolist(self) -> list[float]:
            return [1.0, float("inf")]

    assert plain({"a": Scalar(), "b": Array(), 3: Colour.RED, "p": PurePosixPath("/x")}) == {
        "a": 0.5,
        "b": [1.0, "Infinity"],
        "3": "red",
        "p": "/x",
    }
    assert plain(float("nan")) == "NaN"
    assert plain({1, 2}) == [1, 2]
    assert plain(Decimal("1.5")) == "Decimal('1.5')"
    assert plain(TIME) == "2026-11-26T11:00:00+00:00"
    assert plain(len) == "len"


INNER = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


# A busy machine is slow, which is no fault of a value's.
@settings(deadline=None, max_examples=int(os.environ.get("TEST_EXAMPLES") or 8))
@given(st.recursive(INNER, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_any_value_becomes_json_once(value: Any) -> None:
    import json

    made = plain(value)
    assert json.loads(json.dumps(made, allow_nan=False)) == made
    assert plain(made) == made
