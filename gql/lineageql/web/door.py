"""Who may stay at the door: connections, counted and timed, before anything of a request is looked at.

A connection either *works*, which means that a whole request of its client's is being
answered, or it *waits for its client*: for a request to begin, for the rest of one, or
for the answer to be taken. What waits costs memory and a place, so it is bounded in
number and in time; what works is bounded elsewhere, by the deadline of operations.

When all places are taken, the connection that has waited longest gives its place to
the new one. Only when none waits, a new one is refused, and even then the service's
probes are answered: silent clients, however many, do not close the door to them.
"""

from __future__ import annotations

import ipaddress
import logging
from collections import OrderedDict
from typing import Protocol

from lineageql.settings import Settings

log = logging.getLogger("lineageql.web")

RESERVE = 64
"""Connections beyond the bound that are answered with 503, or as a probe; those beyond these are closed unheard."""
LEAST_RATE = 4_096
"""Bytes a second that a client takes of its answer, at least."""
_QUIET = 60.0
"""Seconds between two lines in the log that say that the door is full."""


class Connection(Protocol):
    """A client's connection, as the door sees it."""

    address: str
    """The client's IP address; empty where it has none."""
    refused: bool
    """Whether it gets no answer but to a probe."""
    drained: int
    """How often its client took so much of an answer that is sent in pieces that more of it was made."""

    @property
    def unsent(self) -> int:
        """Bytes of its answers that its client has not taken."""

    def check(self, now: float) -> None:
        """Ends it where its client has not sent in time what it began."""

    def drop(self) -> None:
        """Ends it at once."""


class _Queue:
    """Connections of one client, or of all: how many there are, and those that wait, the longest first."""

    def __init__(self) -> None:
        self.count = 0
        self.waiting: OrderedDict[Connection, None] = OrderedDict()


class Door:
    """The connections of a server.

    Args:
        settings: how many there may be, and how long they may wait.
        most: connections of all clients, where that is less than in the settings.
    """

    def __init__(self, settings: Settings, most: int | None = None) -> None:
        self.settings = settings
        self.most = min(settings.max_connections, most or settings.max_connections)
        self.connections: dict[Connection, _Queue] = {}
        self._everyone = _Queue()
        self._clients: dict[str, _Queue] = {}
        self._refused = 0
        self._stalls: dict[Connection, tuple[float, int, int]] = {}
        self._told = -_QUIET

    @property
    def waiting(self) -> int:
        """How many connections wait for their clients."""
        return len(self._everyone.waiting)

    def enter(self, connection: Connection, now: float) -> None:
        """Gives a new connection a place, if need be that of one that waits; else it is refused, or dropped."""
        client = self._clients.setdefault(_client(connection.address), _Queue())
        self.connections[connection] = client
        for queue, most, whose in (
            (client, self.settings.max_client_connections, f"of {connection.address}"),
            (self._everyone, self.most, "of all clients"),
        ):
            queue.count += 1
            if queue.count > most:
                self._tell(f"all {most} connections {whose} are in use", now)
                longest = next(iter(queue.waiting), None)
                if longest is not None:
                    self._drop(longest)
                else:
                    connection.refused = True
        self.waits(connection)
        if connection.refused:
            self._refused += 1
            if self._refused > RESERVE:
                self._drop(connection)

    def leave(self, connection: Connection) -> None:
        """Forgets a connection; nothing where it has left."""
        client = self.connections.pop(connection, None)
        if client is None:
            return
        for queue in (client, self._everyone):
            queue.count -= 1
            queue.waiting.pop(connection, None)
        if not client.count:
            del self._clients[_client(connection.address)]
        self._stalls.pop(connection, None)
        self._refused -= connection.refused

    def waits(self, connection: Connection) -> None:
        """From now on a connection waits for its client."""
        client = self.connections.get(connection)
        if client is not None:
            client.waiting[connection] = self._everyone.waiting[connection] = None

    def works(self, connection: Connection) -> None:
        """From now on a connection's request is whole, and being answered."""
        client = self.connections.get(connection)
        if client is not None:
            client.waiting.pop(connection, None)
            self._everyone.waiting.pop(connection, None)

    def sweep(self, now: float) -> None:
        """Ends what has waited too long; to be called about once a second."""
        for connection in list(self.connections):
            unsent = connection.unsent
            if unsent:
                self._check_answer(connection, unsent, now)
            else:
                self._stalls.pop(connection, None)
                connection.check(now)
        self._bound_answers(now)

    def _check_answer(self, connection: Connection, unsent: int, now: float) -> None:
        """Drops a client that takes its answer too slowly, or not at all."""
        timeout = self.settings.send_timeout
        since, before, drained = self._stalls.setdefault(connection, (now, unsent, connection.drained))
        # More is written only once some of it was taken.
        taken = unsent > before or before - unsent >= min(before, LEAST_RATE * timeout)
        if taken or connection.drained != drained:
            self._stalls[connection] = now, unsent, connection.drained
        elif now - since >= timeout:
            self._drop(connection)

    def _bound_answers(self, now: float) -> None:
        """Drops who has taken nothing for longest, while answers that wait for their clients take too much memory."""
        excess = sum(connection.unsent for connection in self._stalls) - self.settings.max_unsent_size
        if excess <= 0:
            return
        for connection, (since, before, _) in sorted(self._stalls.items(), key=lambda stall: stall[1][0]):
            if excess > 0 and now > since and connection.unsent == before:
                excess -= before
                self._drop(connection)

    def _drop(self, connection: Connection) -> None:
        self.leave(connection)
        connection.drop()

    def _tell(self, what: str, now: float) -> None:
        if now - self._told >= _QUIET:
            self._told = now
            log.warning("%s: those that have waited longest for their clients are closed for new ones", what)


def _client(address: str) -> str:
    """Whose an address is: a client has a whole network of IPv6 addresses."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return address
    return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False))
