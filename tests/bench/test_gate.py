"""Which rows of the bench have fallen behind; `make test-long` measures them."""

from __future__ import annotations

from collections.abc import Collection

from tests.bench.gate import Figures, fallen, least


def test_a_row_falls_behind_that_takes_more_than_a_fifth_longer() -> None:
    released = {"list": 0.5, "hops": 2.0, "gone": 1.0}
    assert fallen(released, {"list": 0.59, "hops": 2.5, "new": 9.0}) == ["hops", "gone"]


def test_a_row_that_seems_behind_is_measured_again() -> None:
    runs = [{"list": 0.7, "hops": 2.0}, {"list": 0.65}, {"list": 0.55}]
    asked: list[Collection[str] | None] = []

    def measure(wanted: Collection[str] | None) -> Figures:
        asked.append(wanted)
        return runs[len(asked) - 1]

    released = {"list": 0.5, "hops": 2.0}
    found = least(measure, lambda found: fallen(released, found))
    assert found == {"hops": 2.0, "list": 0.55}
    assert asked == [None, ["list"], ["list"]]
