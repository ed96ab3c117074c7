"""cyclictest of the rt-tests beside us: what the machine itself makes of a wake-up at the same priority."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import numpy.typing as npt

from rt_control.errors import DynamicalError

LONGEST_US = 5000
MEND = "cyclictest is not installed here; apt-get install rt-tests"


def path() -> str | None:
    """Of the program; None where it is not installed."""
    return shutil.which("cyclictest")


class Cyclictest:
    """One that runs in the background: one thread, a period of 1 ms.

    Args:
        cpu: to run on.
        priority: of SCHED_FIFO; 0: ordinary scheduling.
        duration_s: after which it ends by itself.

    Raises:
        DynamicalError: it is not installed.
    """

    def __init__(self, cpu: int, priority: int, duration_s: float) -> None:
        program = path()
        if program is None:
            raise DynamicalError(MEND)
        command = [program, "--quiet", "--mlockall", "--threads=1", f"--affinity={cpu}", f"--priority={priority}"]
        command += ["--interval=1000", f"--loops={round(duration_s * 1000)}", f"--histogram={LONGEST_US}"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def latencies_us(self) -> npt.NDArray[np.float64]:
        """Of each wake-up, in no order; waits for its end.

        Raises:
            DynamicalError: it failed.
        """
        output, error = self._process.communicate()
        if self._process.returncode != 0:
            raise DynamicalError(f"cyclictest failed ({' '.join(error.split())}); may this user use SCHED_FIFO?")
        return parse(output)

    def end(self) -> None:
        """End it early, if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


def parse(output: str) -> npt.NDArray[np.float64]:
    """The latencies of a histogram of one thread, us; one that is longer than the histogram counts as its end.

    A bucket holds whole microseconds, so its middle is taken.
    """
    latencies: list[float] = []
    for line in output.splitlines():
        words = line.split()
        if line.startswith("# Histogram Overflows:"):
            latencies += [float(LONGEST_US)] * int(words[3])
        elif len(words) == 2 and words[0].isdigit():
            latencies += [int(words[0]) + 0.5] * int(words[1])
    return np.array(latencies, np.float64)
