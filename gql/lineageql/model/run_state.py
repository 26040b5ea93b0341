"""What the states of a run's executions amount to."""

from __future__ import annotations

from collections.abc import Mapping

from lineageql.model.entities import ExecutionState

RANKED_STATES = (
    ExecutionState.UNKNOWN,
    ExecutionState.CANCELED,
    ExecutionState.CACHED,
    ExecutionState.COMPLETE,
    ExecutionState.NEW,
    ExecutionState.RUNNING,
    ExecutionState.FAILED,
)
"""A run is in the highest of its executions' states. CANCELED is low: writers use it for steps not taken."""


def run_state(counts: Mapping[ExecutionState, int]) -> ExecutionState:
    """The state of a run, from how many of its executions are in each state.

    A run with steps still NEW beside others that have begun or ended is RUNNING;
    one with no executions, or none whose state is known, is UNKNOWN.
    """
    ranks = [rank for rank, state in enumerate(RANKED_STATES) if counts.get(state)]
    highest = RANKED_STATES[max(ranks, default=0)]
    known = [rank for rank in ranks if rank > 0]
    if highest is ExecutionState.NEW and min(known) < max(known):
        return ExecutionState.RUNNING
    return highest
