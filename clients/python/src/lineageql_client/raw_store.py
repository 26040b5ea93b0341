"""As much of MLMD's own client as users of the Kubeflow Metadata SDK need: the events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from lineageql_client.decoding import time

if TYPE_CHECKING:
    from lineageql_client.client import Client

EVENT_TYPES: Mapping[str, int] = {
    "UNKNOWN": 0,
    "DECLARED_OUTPUT": 1,
    "DECLARED_INPUT": 2,
    "INPUT": 3,
    "OUTPUT": 4,
    "INTERNAL_INPUT": 5,
    "INTERNAL_OUTPUT": 6,
    "PENDING_OUTPUT": 7,
}
_FIRST = datetime.min.replace(tzinfo=timezone.utc)
_MANY = 100
_PAGE = 500
_EDGES = "edges { eventType eventTime path node { mlmdId } } pageInfo { hasNextPage endCursor }"


@dataclass(frozen=True)
class Event:
    """An event, with the members of MLMD's."""

    artifact_id: int
    execution_id: int
    type: int
    """MLMD's number: 3 for an input, 4 for an output."""
    event_time: datetime | None = None
    path: tuple[str, ...] = ()

    DECLARED_OUTPUT = 1
    DECLARED_INPUT = 2
    INPUT = 3
    OUTPUT = 4
    INTERNAL_INPUT = 5
    INTERNAL_OUTPUT = 6
    PENDING_OUTPUT = 7

    @property
    def type_name(self) -> str:
        """The name of the number: `INPUT`, `OUTPUT` …"""
        return next(name for name, number in EVENT_TYPES.items() if number == self.type)

    @property
    def milliseconds_since_epoch(self) -> int:
        """When it happened, as MLMD has it; 0 where nothing says it."""
        return 0 if self.event_time is None else round(self.event_time.timestamp() * 1000)


class RawStore:
    """What stands in the place of MLMD's client."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def get_events_by_artifact_ids(self, artifact_ids: Iterable[int]) -> list[Event]:
        """The events of artifacts, by MLMD's ids."""
        found = self._events("artifacts", "Artifact", ("producers", "consumers"), artifact_ids)
        return [Event(own, other, *rest) for own, other, rest in found]

    def get_events_by_execution_ids(self, execution_ids: Iterable[int]) -> list[Event]:
        """The events of executions, by MLMD's ids."""
        found = self._events("executions", "Execution", ("inputs", "outputs"), execution_ids)
        return [Event(other, own, *rest) for own, other, rest in found]

    def _events(
        self, root: str, type_: str, sides: tuple[str, str], ids: Iterable[int]
    ) -> list[tuple[int, int, tuple[Any, ...]]]:
        wanted = [int(id_) for id_ in ids]
        events: list[tuple[int, int, tuple[Any, ...]]] = []
        both = " ".join(f"{side}(first: {_PAGE}) {{ {_EDGES} }}" for side in sides)
        document = (
            f"query Events($ids: [BigInt!]!, $first: Int!) "
            f"{{ {root}(where: {{mlmdIds: $ids}}, first: $first) {{ nodes {{ id mlmdId {both} }} }} }}"
        )
        for start in range(0, len(wanted), _MANY):
            some = wanted[start : start + _MANY]
            for node in self._client.query(document, ids=some, first=len(some))[root]["nodes"]:
                for side in sides:
                    events += self._side(node, type_, side)
        # MLMD answers events in the order in which they were put.
        return sorted(events, key=lambda event: event[2][1] or _FIRST)

    def _side(self, node: Mapping[str, Any], type_: str, side: str) -> Iterable[tuple[int, int, tuple[Any, ...]]]:
        page = node[side]
        while True:
            for edge in page["edges"]:
                number = EVENT_TYPES[edge["eventType"]]
                rest = (number, time(edge["eventTime"]), tuple(edge["path"]))
                yield int(node["mlmdId"]), int(edge["node"]["mlmdId"]), rest
            if not page["pageInfo"]["hasNextPage"]:
                return
            document = (
                f"query More($id: ID!, $after: String) {{ node(id: $id) {{ ... on {type_} "
                f"{{ {side}(first: {_PAGE}, after: $after) {{ {_EDGES} }} }} }} }}"
            )
            after = page["pageInfo"]["endCursor"]
            page = self._client.query(document, id=node["id"], after=after)["node"][side]

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"this is not MLMD's own client, and it has no {name}: it has get_events_by_artifact_ids and "
            "get_events_by_execution_ids; all else is asked of `store.client`"
        )
