"""The command line: a module a command.

Every error is one line on standard error. Exit codes: 0 for success, 1 where an
answer holds errors, 2 where the command could not be carried out.
"""

from __future__ import annotations

import errno
import sys
from contextlib import suppress

import click

import lineageql
from lineageql.cli import demo, mlmd_server, query, schema, serve, store, token
from lineageql.cli.output import give_up
from lineageql.errors import LineageQLError

_OUTPUT_FAILS = (errno.EPIPE, errno.ENOSPC, errno.EBADF, errno.EIO, errno.EFBIG, errno.EDQUOT)


@click.group(
    invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(lineageql.__version__, "-V", "--version", prog_name="lineageql")
@click.pass_context
def commands(context: click.Context) -> None:
    """A GraphQL lineage query service over ML Metadata (MLMD).

    \b
    lineageql demo                       make a demonstration store and serve it
    lineageql serve lineage.db           serve a store
    lineageql mlmd-server lineage.db     serve a store by MLMD's own gRPC service
    lineageql query FILE --store STORE   run a query without a server
    lineageql store check STORE          tell what is in a store and what is wrong with it
    lineageql token NAME                 make a bearer token for a client of a service
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for _command in (
    serve.serve,
    demo.demo,
    query.query,
    schema.schema,
    mlmd_server.mlmd_server,
    store.store,
    token.token,
):
    commands.add_command(_command)


def main() -> None:
    """Runs the command that the arguments name."""
    try:
        commands.main(standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    except click.Abort:
        sys.exit(130)
    except KeyboardInterrupt:
        sys.exit(130)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx is not None else "lineageql"
        _fail(f"{error.format_message()} See {command} --help.")
    except click.ClickException as error:
        _fail(error.format_message())
    except LineageQLError as error:
        _fail(str(error))
    except OSError as error:
        if error.errno not in _OUTPUT_FAILS or error.filename is not None:
            raise
        give_up()
        _fail(f"cannot write the output: {(error.strerror or str(error)).lower()}")


def _fail(message: str) -> None:
    with suppress(OSError):
        click.echo("lineageql: " + " ".join(message.split()), err=True)
    sys.exit(2)
