"""The media types of GraphQL's answers, and which of them a client takes."""

from __future__ import annotations

from lineageql.web.answers import JSON_TYPE
from lineageql.web.weights import weights

RESPONSE_TYPE = "application/graphql-response+json"


def response_type(accept: str) -> str | None:
    """The media type to answer, from what a client accepts; None where it accepts neither."""
    if not accept.strip():
        return JSON_TYPE
    accepted = weights(accept)
    anything = max(accepted.get("application/*", 0.0), accepted.get("*/*", 0.0))
    modern, plain = accepted.get(RESPONSE_TYPE, 0.0), accepted.get(JSON_TYPE, anything)
    if max(modern, plain) <= 0:
        return None
    return RESPONSE_TYPE if modern >= plain else JSON_TYPE
