"""How long processes have kept the processor busy."""

from __future__ import annotations

import os
from pathlib import Path

from tests.processes import children


def spent(pid: int | None) -> float:
    """Milliseconds that a process and all that it has started have run; 0 where there is no /proc, which is Linux's.

    It counts in steps of the kernel's clock, some 10 ms.
    """
    if pid is None or not Path("/proc").is_dir():
        return 0.0
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    # utime, stime, and the same of the children that it has waited for.
    own = sum(map(int, fields[11:15])) * 1000 / os.sysconf("SC_CLK_TCK")
    return own + sum(map(spent, children(pid)))
