"""The plan of an operation, as `lineageql query --explain` prints it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def plan_lines(plan: Mapping[str, Any]) -> Iterator[str]:
    """The lines of an answer's `extensions.explain`: what was read, and for it each statement with its rows."""
    statements, trips = _many(plan["statements"], "statement"), _many(plan["roundTrips"], "round trip")
    yield f"{statements} in {trips}, {plan['milliseconds']:.1f} ms"
    for read in plan["reads"]:
        asked = f": {read['asked']}" if read["asked"] else ""
        yield f"\n{read['read']}{asked} ({read['milliseconds']:.1f} ms)"
        for trip in read["roundTrips"]:
            yield f"  round trip, {trip['milliseconds']:.1f} ms"
            for one in trip["statements"]:
                yield f"    {one['purpose'] or 'statement'}: {_many(one['rows'], 'row')}"
                yield from (f"      {line.strip()}" for line in one["text"].splitlines())
                if one["parameters"]:
                    yield "      " + ", ".join(f"{name} = {value!r}" for name, value in one["parameters"].items())


def _many(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number} {what}s"
