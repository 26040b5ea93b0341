"""What one operation may read and answer: charged as it goes, and exactly."""

from __future__ import annotations

from lineageql.errors import TooExpensive

READ = 20
"""What one read of the store costs beside what it finds."""


class Budget:
    """The cost of one operation and the size of its answer, and what both may be.

    A node that is read costs 1, and so do an event, and what is looked up or counted for one node; a read of the
    store costs 20 beside that.

    Args:
        cost: the most that may be read.
        size: the most bytes that the answer may have, about.
    """

    def __init__(self, cost: int, size: int) -> None:
        self.most_cost = cost
        self.most_size = size
        self.cost = 0
        self.size = 0
        self.reads = 0
        """How often the store was read."""

    def read(self, nodes: int) -> None:
        """Charges what was read, or what is going to be.

        Raises:
            TooExpensive: it is more than the operation may read.
        """
        self.cost += nodes
        self.check()

    def answer(self, size: int) -> None:
        """Charges a part of the answer.

        Raises:
            TooExpensive: the answer is larger than it may be.
        """
        self.size += size
        self.check()

    @property
    def spent(self) -> bool:
        """Whether the operation wanted more than it may have."""
        return self.cost > self.most_cost or self.size > self.most_size

    def check(self) -> None:
        """Ends what goes on for an operation that wanted too much.

        Raises:
            TooExpensive: it did.
        """
        if self.cost > self.most_cost:
            raise TooExpensive(
                f"the operation reads {self.cost:,} nodes and events, or more; the most is {self.most_cost:,}: "
                "ask for fewer with first, where or maxNodes, or in several operations"
            )
        if self.size > self.most_size:
            raise TooExpensive(
                f"the answer has {self.size:,} bytes, or more; the most is {self.most_size:,}: "
                "select fewer fields, or ask for fewer nodes at a time"
            )

    def shown(self) -> dict[str, int]:
        """What was charged and what might be, as `extensions.cost` tells it."""
        return {"spent": self.cost, "limit": self.most_cost, "size": self.size, "sizeLimit": self.most_size}
