"""Texts in the order of their code points, which is that of their octets in UTF-8."""

from __future__ import annotations


def octets_of(text: str) -> bytes:
    """A text in UTF-8, half a surrogate pair in the manner of UTF-8."""
    return text.encode("utf-8", "surrogatepass")


def after(prefix: str) -> str:
    """The first text, in the order of code points, beyond all that begin with the prefix; empty if none is."""
    kept = prefix.rstrip("\U0010ffff")
    if not kept:
        return ""
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(0xE000 if following == 0xD800 else following)
