"""Which part each execution plays in its run, so that those of several runs can be told to correspond.

A *part* is the way from the run down to the execution: what each execution on it
is called as a part of the one that encloses it, and which iteration of a loop it
is. Of writers without such nesting it is the execution's name. The part of the
execution that stands for the run itself has no steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lineageql.catalog.finding import Finder
from lineageql.model.entities import Execution
from lineageql.model.identity import EntityKind, Ref

Part = tuple[tuple[str, int | None], ...]

_MOST_LEVELS = 32
"""How far up executions are followed: no writer nests deeper, and rows that enclose each other end here."""


async def parts_of(finder: Finder, executions: Iterable[Execution]) -> Mapping[Ref, Part]:
    """The part of each execution; those that enclose them are read a level at a time."""
    some = list(executions)
    known: dict[int, Execution | None] = {execution.node.id: execution for execution in some}
    level = some
    for _ in range(_MOST_LEVELS):
        above = {id_ for execution in level if (id_ := execution.parent_id) is not None} - known.keys()
        if not above:
            break
        refs = [Ref(EntityKind.EXECUTION, id_) for id_ in sorted(above)]
        found = dict(zip(refs, await finder.get(refs), strict=True))
        level = [entity for entity in found.values() if isinstance(entity, Execution)]
        known.update({ref.key: None for ref in refs if isinstance(ref.key, int)})
        known.update({execution.node.id: execution for execution in level})
    steps = {id_: _step(execution) for id_, execution in known.items() if execution is not None}
    return {execution.ref: _part(execution.node.id, steps) for execution in some}


_Step = tuple[tuple[str, int | None] | None, int | None]
"""One step of a way, None for a run itself, and the id of what encloses it."""


def _step(execution: Execution) -> _Step:
    return None if execution.is_whole_run else (execution.task, execution.iteration), execution.parent_id


def _part(id_: int | None, steps: Mapping[int, _Step]) -> Part:
    way = []
    for _ in range(_MOST_LEVELS):
        if id_ is None or id_ not in steps:
            break
        step, id_ = steps[id_]
        if step is not None:
            way.append(step)
    return tuple(reversed(way))


def label_of(part: Part) -> str:
    """A part in words: `for-loop-1[0]/train`. A loop and its iterations are called the same, and said once."""
    words: list[str] = []
    before: tuple[str, int | None] | None = None
    for name, iteration in part:
        told = iteration is None or (before is not None and before[1] == iteration)
        word = name if told else f"{name}[{iteration}]"
        if before == (name, None) and iteration is not None:
            words[-1] = word
        else:
            words.append(word)
        before = name, iteration
    return "/".join(words)
