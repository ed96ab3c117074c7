"""Whether this user may run processes in real time."""

from __future__ import annotations

import os
import subprocess
import sys

_TRY = "import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(90))"


def may_use_fifo() -> bool:
    """Whether a process of this user gets SCHED_FIFO; tried in a child, so that nothing of ours changes."""
    return subprocess.run([sys.executable, "-S", "-c", _TRY], stderr=subprocess.DEVNULL, check=False).returncode == 0


def realtime_cpu() -> int:
    """The processor that `rt_control` and a simulated plant share: the last one that this process may use."""
    return max(os.sched_getaffinity(0))
