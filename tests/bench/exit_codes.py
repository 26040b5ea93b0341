"""What ends a bench: servers that it started end with it, and an error is one line."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable

import pytest


def exit_code(measure: Callable[[], int]) -> int:
    """The exit code of what measures: its own, 1 where a process of its fails, and 2 where something is missing."""
    # Servers that were started end with this, whatever asks it to end.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        return measure()
    except subprocess.CalledProcessError as error:
        # Between them may stand what is asked, which is long.
        print(f"bench: {' '.join(map(str, (*error.cmd[2:4], error.cmd[-1])))} failed", file=sys.stderr)
        return 1
    except RuntimeError as error:  # answers that differ, or a server that fails
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except (pytest.skip.Exception, pytest.fail.Exception) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
