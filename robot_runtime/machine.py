"""What the machine is on which a figure was measured."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import msgspec


class Machine(msgspec.Struct, frozen=True):
    """The facts about a machine that a figure depends on.

    Attributes:
        processor: model, as the kernel names it.
        cores: that this process may use.
        memory_gib: of main memory.
        kernel: release.
        preemption: kind of the kernel's preemption, see `preemption`.
        virtual: whether a hypervisor shares the processor with others.
        python: version.
    """

    processor: str
    cores: int
    memory_gib: float
    kernel: str
    preemption: str
    virtual: bool
    python: str

    def sentence(self) -> str:
        """The machine in a few words."""
        shared = "virtual, " if self.virtual else ""
        return (
            f"{self.processor}, {shared}{self.cores} cores, {self.memory_gib:.0f} GiB, Linux {self.kernel} "
            f"({self.preemption}), Python {self.python}"
        )


def describe() -> Machine:
    """The machine that this process runs on."""
    information = _read("/proc/cpuinfo")
    processor = next((line.split(":", 1)[1].strip() for line in information.splitlines() if "model name" in line), "")
    flags = next((line for line in information.splitlines() if line.startswith("flags")), "")
    return Machine(
        processor=processor or platform.machine(),
        cores=cores(),
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        kernel=platform.release(),
        preemption=preemption(
            version=platform.version(),
            realtime=_read("/sys/kernel/realtime"),
            mode=_read("/sys/kernel/debug/sched/preempt"),
            command_line=_read("/proc/cmdline"),
        ),
        virtual=" hypervisor" in flags,
        python=platform.python_version(),
    )


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0))


def preemption(version: str, realtime: str, mode: str, command_line: str) -> str:
    """The kind of the kernel's preemption.

    Args:
        version: of the kernel, as `uname -v` prints it.
        realtime: content of /sys/kernel/realtime; empty where the file is missing.
        mode: content of /sys/kernel/debug/sched/preempt, e.g. `none (full)`; empty where it cannot be read.
        command_line: of the kernel.

    Returns:
        `PREEMPT_RT`, `PREEMPT_DYNAMIC full` (or `none`, `voluntary`, `lazy`, without it where unknown), `PREEMPT`, or
        `none`.
    """
    words = version.split()
    if realtime.strip() == "1" or "PREEMPT_RT" in words:
        return "PREEMPT_RT"
    if "PREEMPT_DYNAMIC" in words:
        chosen = next((word.strip("()") for word in mode.split() if word.startswith("(")), "")
        asked = next(
            (word.removeprefix("preempt=") for word in command_line.split() if word.startswith("preempt=")), ""
        )
        return f"PREEMPT_DYNAMIC {chosen or asked}".strip()
    return "PREEMPT" if "PREEMPT" in words else "none"


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
