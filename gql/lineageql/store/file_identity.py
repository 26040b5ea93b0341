"""Whether a store's file is still where it was opened.

A file that is deleted or replaced under its path stays open: what is written then
is lost with it, and what is read is old. The path is looked at before each read
and write, which costs a few microseconds.
"""

from __future__ import annotations

import os
from pathlib import Path

from lineageql.errors import StoreMissing, StoreReplaced


class FileIdentity:
    """The path of an open file, and which file that was.

    It must be made before the file is opened. While that is open, no other file
    gets its number.

    Attributes:
        real: the path without symbolic links, to be opened by all who open the file. SQLite keeps its log beside it,
            and where a link has become another since, a second log would come to be.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.real = Path(os.path.realpath(path))
        self._file = _number(path)

    @property
    def unchanged(self) -> bool:
        """Whether the path still leads to the file."""
        try:
            return self._is_there()
        except StoreMissing:
            return False

    def check(self) -> None:
        """Refuses to go on where the path leads elsewhere.

        Raises:
            StoreMissing: nothing is there any more, or it cannot be reached.
            StoreReplaced: another file is there.
        """
        if not self._is_there():
            words = f"{self.path} was replaced by another file while it was open, and neither is read or written now"
            raise StoreReplaced(f"{words}: start the service again to serve the new one, or put the old one back")

    def _is_there(self) -> bool:
        return _number(self.path) == self._file and (self.real == self.path or _number(self.real) == self._file)


def _number(path: Path) -> tuple[int, int]:
    try:
        found = os.stat(path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        words = f"{path} is not there any more ({reason}), and nothing is read or written"
        raise StoreMissing(f"{words}: put it back, or start the service again with another store") from error
    return found.st_dev, found.st_ino
