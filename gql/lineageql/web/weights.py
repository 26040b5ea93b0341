"""The weights of headers such as Accept and Accept-Encoding."""

from __future__ import annotations


def weights(header: str) -> dict[str, float]:
    """What a header lists, in small letters, each with its weight: 1 where it names none, 0 where that is no number."""
    found: dict[str, float] = {}
    for part in header.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        weight = next((parameter[2:] for parameter in parameters if parameter.startswith("q=")), "1")
        try:
            found[name] = float(weight)
        except ValueError:
            found[name] = 0.0
    return found
