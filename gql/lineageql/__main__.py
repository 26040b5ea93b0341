"""The command `lineageql`, which `python -m lineageql` is too."""

from __future__ import annotations

import gc


def main() -> None:
    """Runs the command line.

    Most of what is made while modules are loaded stays, and looking through it for garbage takes a tenth of the time
    to a service's first answer. So garbage is collected only once a loop runs: `lineageql.web.loop.run`.
    """
    gc.disable()
    from lineageql import cli

    cli.main()


if __name__ == "__main__":
    main()
