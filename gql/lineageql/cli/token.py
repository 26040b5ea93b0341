"""`lineageql token`: a bearer token, and its row for the file of tokens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

import click

from lineageql.cli.output import check_output
from lineageql.errors import UsageError

_SPAN = re.compile(r"(?P<count>[1-9]\d{0,3})(?P<unit>[hdwy])")
_HOURS = {"h": 1, "d": 24, "w": 24 * 7, "y": 24 * 365}


@click.command()
@click.argument("name")
@click.option(
    "--group", "groups", multiple=True, metavar="NAME", help="A group that its holder is in. May be repeated."
)
@click.option(
    "--expires",
    default=None,
    metavar="SPAN",
    help="For how long it counts: 12h, 90d, 8w or 1y. [default for ever, or until its row is deleted]",
)
def token(name: str, groups: Sequence[str], expires: str | None) -> None:
    """Make a bearer token whose holder is NAME.

    The token is printed once, on standard error; it is stored nowhere. Its row,
    which holds no secret, goes to standard output: add it to the file that
    --auth-tokens of `lineageql serve` names.

    \b
    lineageql token ci --group fraud-team --expires 90d >> tokens.toml
    """
    from lineageql.web.authentication.tokens import new_token

    check_output()
    until = None if expires is None else _after(expires)
    secret, row = new_token(name, groups, until)
    click.echo(row.row())
    click.echo("The token, which is shown this once:", err=True)
    click.echo(secret, err=True)


def _after(span: str) -> datetime:
    """The time after a span of time from now, such as `90d`."""
    if re.fullmatch(r"0+[hdwy]", span):
        raise UsageError(f"--expires is {span!r}, so it would count for no time; it takes a longer one, such as 90d")
    found = _SPAN.fullmatch(span)
    try:
        if found is not None:
            return datetime.now(timezone.utc) + timedelta(hours=int(found["count"]) * _HOURS[found["unit"]])
    except OverflowError:
        pass
    raise UsageError(f"--expires is {span!r}; it takes a number and h, d, w or y, such as 90d")
