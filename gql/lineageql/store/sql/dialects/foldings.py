"""Python's `str.casefold` in the words of a database that has `LOWER` and `REPLACE`.

Both fold a text character by character, and so does every chain of them. So a
chain that folds each single character as Python does folds every text as Python
does: that is computed here from what the database makes of each character, and
checked for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Folding:
    """What is to be replaced before and after the database's `LOWER`, one after the other.

    Attributes:
        before: first a character, then what it is folded to.
        after: first what `LOWER` makes, then what that is folded to.
        special: the characters that `LOWER` alone folds otherwise: a text without one needs no replacements.
    """

    before: Pairs
    after: Pairs
    special: str

    @property
    def none(self) -> Folding:
        """`LOWER` alone."""
        return Folding((), (), "")

    def of(self, signs: frozenset[str]) -> Folding:
        """The folding as far as it takes or gives one of these characters.

        Every other character becomes some that are none of these, here and in the whole folding. So a text of
        these characters is in the one folded text where it is in the other: as all of it, at its ends, or inside.
        """
        after = tuple(pair for pair in self.after if signs & {*pair[0], *pair[1]})
        # What LOWER makes of these is not kept; there is hardly one.
        return Folding(self.before, after, self.special)

    @property
    def ranges(self) -> list[tuple[str, str]]:
        """The special characters as ranges, both ends included."""
        found: list[tuple[str, str]] = []
        for sign in sorted(self.special):
            if found and ord(found[-1][1]) + 1 == ord(sign):
                found[-1] = (found[-1][0], sign)
            else:
                found.append((sign, sign))
        return found


@cache
def characters() -> str:
    """All characters but those that have no UTF-8."""
    return "".join(chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000)


@cache
def cased() -> str:
    """The characters that Python folds or lowers."""
    return "".join(sign for sign in characters() if sign.casefold() != sign or sign.lower() != sign)


@cache
def uncased() -> str:
    """All others."""
    known = set(cased())
    return "".join(sign for sign in characters() if sign not in known)


def folding(lowered: Mapping[str, str]) -> Folding:
    """The folding for a database.

    Args:
        lowered: what its `LOWER` makes of every cased character, and of every other that it changes.

    Raises:
        ValueError: there is none.
    """
    after = {lower: lower.casefold() for lower in lowered.values() if lower.casefold() != lower}
    before = {sign: sign.casefold() for sign, lower in lowered.items() if lower.casefold() != sign.casefold()}
    special = "".join(sign for sign, lower in lowered.items() if lower != sign.casefold())
    made = Folding(tuple(sorted(before.items())), tuple(sorted(after.items())), special)
    for sign in {*lowered, *after, *before, *"".join(after.values())}:
        if _folded(made, sign, lowered) != sign.casefold():
            raise ValueError(f"U+{ord(sign):04X} cannot be folded")
    return made


def _folded(made: Folding, sign: str, lowered: Mapping[str, str]) -> str:
    text = _replaced(sign, made.before)
    text = "".join(lowered.get(part, part) for part in text)
    return _replaced(text, made.after)


def _replaced(text: str, pairs: Iterable[tuple[str, str]]) -> str:
    for old, new in pairs:
        text = text.replace(old, new)
    return text
