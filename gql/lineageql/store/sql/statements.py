"""Compiled statements, kept while the types of the store stay as they are.

Building and compiling a statement takes longer than running it, and a dashboard
asks the same again and again. What a statement is depends on what is asked and
on the store's types; on its nodes it does not.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar, cast

from lineageql.model.conventions.own_types import NO_OWN_TYPES, OwnTypes
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.sql.rows import stored_types_of

T = TypeVar("T")
_MOST = 512


class Statements:
    """The statements of one store that were run last, and the types that they were made for.

    Args:
        own: what the store's users say of types of their own.
    """

    def __init__(self, own: OwnTypes = NO_OWN_TYPES) -> None:
        self.own = own
        self._rows: Sequence[Any] | None = None
        self._types = TypeCatalog(())
        self._made: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.Lock()  # scripts run in threads, too

    def catalog(self, rows: Sequence[Any]) -> TypeCatalog:
        """The types that the rows of `rows.TYPES` tell; of the same rows, the same object."""
        with self._lock:
            if rows != self._rows:
                self._rows, self._types = rows, TypeCatalog(stored_types_of(rows), self.own)
                self._made.clear()
            return self._types

    def get(self, types: TypeCatalog, key: Hashable, make: Callable[[], T]) -> T:
        """What was made for a key, or what is made for it now."""
        with self._lock:
            if types is self._types and key in self._made:
                self._made.move_to_end(key)
                return cast(T, self._made[key])
        made = make()
        with self._lock:
            # An operation may have begun before the types changed.
            if types is self._types:
                self._made[key] = made
                if len(self._made) > _MOST:
                    self._made.popitem(last=False)
        return made
