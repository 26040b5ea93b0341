"""`lineageql schema`: the GraphQL schema as text."""

from __future__ import annotations

import click

from lineageql.cli.output import check_output


@click.command()
def schema() -> None:
    """Print the GraphQL schema."""
    from lineageql.api.schema import SCHEMA

    check_output()
    click.echo(SCHEMA.as_str())
