"""`lineageql schema`: the GraphQL schema as text."""

from __future__ import annotations

import click


@click.command()
def schema() -> None:
    """Print the GraphQL schema."""
    from lineageql.api.schema import SCHEMA

    click.echo(SCHEMA.as_str())
