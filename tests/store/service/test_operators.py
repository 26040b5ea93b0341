"""Every operator with every subject, over MLMD's service, is what the oracle says."""

from __future__ import annotations

import pytest

from lineageql.model.identity import EntityKind
from lineageql.model.operators import MEANINGS, Operator
from lineageql.store.ports import Search, Window
from tests.store.sql.combinations import STORE, asked, wrongly_answered

every_kind = pytest.mark.parametrize("kind", EntityKind, ids=lambda kind: kind.value)
every_operator = pytest.mark.parametrize("operator", Operator, ids=lambda operator: operator.value)


@every_operator
@every_kind
def test_every_subject_by_every_operator(service_bench, way, kind, operator):
    with service_bench.reading(STORE, way) as reader:
        assert service_bench.run(wrongly_answered(reader, kind, operator)) == []


@every_operator
def test_an_operator_that_has_no_meaning_raises(service_bench, monkeypatch, way, operator):
    monkeypatch.delitem(MEANINGS, operator)
    with service_bench.reading(STORE, way) as reader:
        for each in asked(EntityKind.ARTIFACT, operator):
            search = Search(EntityKind.ARTIFACT, each.question.predicate(each.tests[0]))
            with pytest.raises(NotImplementedError, match=f"the operator {operator.value} has no meaning"):
                service_bench.run(reader.search(search, Window(1)))
