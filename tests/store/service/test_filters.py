"""What is said in MLMD's filter language means there what it means here, and what may not is never said."""

from __future__ import annotations

import re

import pytest

from lineageql.model.identity import EntityKind
from lineageql.model.predicates import Field, Label, Operator, Property, Subject, Test
from lineageql.store.ports import Search, Window
from lineageql.store.service import filter_query
from lineageql.store.service.client import Knowledge
from lineageql.store.service.reader import ServiceReader
from tests.store.service.conftest import ServiceBench
from tests.store.sql.node_types import COMMON
from tests.store.sql.records import ARTIFACT, EXECUTION, NodeRecord, StoreRecord
from tests.store.sql.schema import TABLES
from tests.store.sql.values import HOSTILE, PLAIN

# MLMD reads these as what is no text.
UNREADABLE = ("__MLMD_NULL__", "mlmd-struct::", "mlmd-struct::!", "mlmd-struct::CgkKAWESBBoCYQ==")
LONG = ("x" * 200, "x" * 201, "v1.2.3-rc.4+build=5", "a--b", "a/*b", "-a", "URI", "State", "rowid", "oid", "table_1")
TEXTS = sorted({*PLAIN, *HOSTILE, *filter_query.COLUMNS, *LONG} - {*UNREADABLE})
MODEL = next(type_ for type_ in COMMON if type_.kind == ARTIFACT and not type_.declares)
STEP = next(type_ for type_ in COMMON if type_.kind == EXECUTION and not type_.declares)


@pytest.fixture(scope="module")
def filled(service_bench: ServiceBench) -> ServiceBench:
    """An execution for each text, which holds it as its name, as a label and as a property."""
    nodes = tuple(
        NodeRecord(
            place + 1,
            STEP,
            name=text if len(text) < 256 else None,
            custom={"label:team": text, "p": text, "Upper": text},
        )
        for place, text in enumerate(TEXTS)
    )
    service_bench.put(StoreRecord(types=COMMON, executions=nodes))
    return service_bench


@pytest.mark.parametrize(
    "subject", [Label("team"), Property("p"), Property("Upper"), Field.NAME], ids=["label", "p", "Upper", "name"]
)
def test_each_text_finds_what_holds_it(filled: ServiceBench, subject: Subject) -> None:
    knowledge, asked = Knowledge(), 0
    for place, text in enumerate(TEXTS):
        if subject is Field.NAME and len(text) > 255:
            continue
        for test in (Test(subject, Operator.EQ, text), Test(subject, Operator.IN, (text, "of nobody"))):
            reader = ServiceReader(filled.channel, knowledge)
            found = filled.run(reader.search(Search(EntityKind.EXECUTION, test), Window(1000)))
            names = [row.entity.mlmd_id for row in found.rows]
            assert place + 1 in names or (subject is Field.NAME and not text), text
            assert len(names) == 1 or subject is Field.NAME, text
            asked += filter_query.is_safe(text)
    assert asked > 20


@pytest.mark.parametrize("kind", [EntityKind.EXECUTION, EntityKind.ARTIFACT], ids=lambda kind: kind.value)
def test_properties_with_the_names_of_columns_are_found(service_bench: ServiceBench, kind: EntityKind) -> None:
    names = sorted({*filter_query.COLUMNS, "artifact_id", "_rowid_", "table_0", "table_1"})
    type_ = STEP if kind is EntityKind.EXECUTION else MODEL
    nodes = tuple(NodeRecord(place + 1, type_, custom={name: "a"}) for place, name in enumerate(names))
    given = {"executions": nodes} if kind is EntityKind.EXECUTION else {"artifacts": nodes}
    service_bench.put(StoreRecord(types=COMMON, **given))
    reader = ServiceReader(service_bench.channel, Knowledge())
    for place, name in enumerate(names):
        test = Test(Property(name), Operator.EQ, "a")
        rows = service_bench.run(reader.search(Search(kind, test), Window(1000))).rows
        assert [row.entity.mlmd_id for row in rows] == [place + 1], name


@pytest.mark.parametrize("sign", [*"'\"`\\\n\r\t;%_?$(){}[]#*, \0é👍\u2028\ud83d"], ids=ascii)
def test_hostile_signs_are_not_said(sign: str) -> None:
    assert filter_query.is_safe("ab")
    assert not any(filter_query.is_safe(text) for text in (sign, f"{sign}ab", f"ab{sign}", f"a{sign}b") if sign != "_")
    assert not filter_query.is_safe("a--b")
    assert not filter_query.is_safe("_ab")


def test_the_names_of_columns_are_not_said() -> None:
    columns = set(re.findall(r"`(\w+)` [A-Z]", " ".join(TABLES.values())))
    assert len(columns) > 30
    for name in columns:
        assert not filter_query.is_safe(name), name
        assert not filter_query.is_safe(name.upper()), name


def test_names_of_properties() -> None:
    assert filter_query.custom_property("label:team", ["a"]) == "custom_properties.`label:team`.string_value = 'a'"
    for name in ("Upper", "a`b", 'a"b', "a'b", "a b", "a\\b", "", "é"):
        assert filter_query.custom_property(name, ["a"]) == ""
    assert filter_query.equals("uri", ["a", "it's"]) == ""
    assert filter_query.equals("uri", []) == ""
    assert filter_query.both("", "id IN (1)", "", "uri = 'a'") == "id IN (1) AND uri = 'a'"
