"""What answers warn of, in `extensions.warnings`."""

from __future__ import annotations

from types import SimpleNamespace

from graphql.pyutils import Path

from lineageql.api.execution import Answer
from lineageql.api.warnings import WarningCode, Warnings
from lineageql.store.explanation import Explanation


def test_an_answer_shows_each_warning_once_by_its_place() -> None:
    warnings = Warnings()
    tenth, second = (Path(Path(None, "b", "Query"), place, None) for place in (10, 2))
    for path in (tenth, second, Path(None, "a", "Query"), tenth):
        warnings.add(SimpleNamespace(path=path), WarningCode.NOT_TAKEN, f"of {path.key}")
    body = Answer({}, [], True, Explanation(), warnings.shown()).body()
    assert [warned["path"] for warned in body["extensions"]["warnings"]] == [["a"], ["b", 2], ["b", 10]]
    assert body["extensions"]["warnings"][0] == {"message": "of a", "code": "NOT_TAKEN", "path": ["a"]}
    assert "explain" in body["extensions"]
    assert Answer({}, [], True).body() == {"data": {}}
