"""What this machine lacks in order to run a robot, and how to mend it.

Each check is a function of what it looks at, so that it can be tested on machines that lack something.
"""

from __future__ import annotations

import importlib.util
import os
import resource
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from robot_runtime import gl_probe, machine, origin
from robot_runtime.realtime_permission import may_use_fifo
from robot_runtime.report import Figure, Report
from robot_runtime.run_folders import RunFolder, run_folders

Verdict = Literal["ok", "warn", "missing"]

PYTHON_FROM, PYTHON_BELOW = (3, 11), (3, 13)
SHARED_MEMORY = Path("/dev/shm")
DISK_FREE_GIB = 1.0
SHARED_MEMORY_FREE_MIB = 128
MEMORY_GIB = 3.0
CORES = 2
PACKAGES = ("rt_control", "perception", "policies", "behaviours", "trees", "robot_runtime", "sim", "robots", "missions")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        what: was looked at.
        found: in a few words.
        verdict: `ok`; `warn`: the demo runs, but something is worse; `missing`: the demo cannot run.
        mend: what to do; empty when ok.
    """

    what: str
    found: str
    verdict: Verdict
    mend: str = ""


def examine() -> tuple[Check, ...]:
    """Look at everything; takes a few seconds, because it renders an image."""
    return (
        python(sys.version_info[:2]),
        compiler(_compilers(), Path(sysconfig.get_path("include"), "Python.h").is_file()),
        core(importlib.util.find_spec("rt_control._native") is not None, _executable()),
        gl(gl_probe.first_working()),
        realtime(
            may_use_fifo(), *(resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_RTPRIO, resource.RLIMIT_MEMLOCK))
        ),
        kernel(machine.describe().preemption),
        cores(machine.cores()),
        memory(_available_memory_gib()),
        disk(shutil.disk_usage(origin.FOLDER).free / 2**30),
        shared_memory(_free_mib(SHARED_MEMORY)),
        display(os.environ),
        remains(run_folders()),
        shadows(_origins(PACKAGES), origin.FOLDER, _owners(PACKAGES)),
    )


def runs_the_demo(checks: Iterable[Check]) -> bool:
    """Whether nothing that the demo needs is missing."""
    return all(check.verdict != "missing" for check in checks)


def report(checks: Iterable[Check]) -> Report:
    """The checks in the form that all reporting commands share: `holds` is None for a warning, `note` is the mend."""
    holds: dict[Verdict, bool | None] = {"ok": True, "warn": None, "missing": False}
    figures = tuple(
        Figure(name=check.what, value=check.found, holds=holds[check.verdict], note=check.mend) for check in checks
    )
    return Report("doctor", origin.commit(), machine.describe(), figures)


def python(found: Sequence[int]) -> Check:
    """The interpreter."""
    text = ".".join(str(part) for part in found)
    if PYTHON_FROM <= tuple(found) < PYTHON_BELOW:
        return Check("Python", text, "ok")
    return Check("Python", text, "missing", "use Python 3.11 or 3.12: PYTHON=/path/to/python3.12 make run")


def compiler(found: Sequence[str], headers: bool) -> Check:
    """What builds `rt_control`."""
    if not found:
        return Check(
            "C++ compiler", "none with C++20", "warn", "to build rt_control: apt-get install g++ (12 or newer)"
        )
    if not headers:
        return Check("C++ compiler", f"{found[0]}, but no Python.h", "warn", "apt-get install python3-dev")
    return Check("C++ compiler", found[0], "ok")


def core(bindings: bool, executable: Path | None) -> Check:
    """The built C++: the `rt_control` process and its Python bindings."""
    if bindings and executable is not None:
        return Check("rt_control", f"built, {executable.name}", "ok")
    lacking = " and ".join(
        name for name, there in (("the bindings", bindings), ("the executable", executable is not None)) if not there
    )
    return Check("rt_control", f"{lacking} not built", "missing", "make run builds it; or: pip install -e .")


def gl(findings: Sequence[gl_probe.GlFinding]) -> Check:
    """Off-screen rendering, without which the cameras of the simulated robot see nothing."""
    last = findings[-1]
    if not last.works:
        reasons = "; ".join(f"{item.backend}: {item.detail}" for item in findings)
        return Check("off-screen GL", reasons, "missing", "apt-get install libegl1 libgl1-mesa-dri libosmesa6")
    return Check("off-screen GL", f"{last.backend}, {last.detail}", "ok")


def realtime(fifo: bool, priority_limit: int, locked_limit_bytes: int) -> Check:
    """The right to run `rt_control` under SCHED_FIFO with its memory locked.

    Args:
        fifo: whether SCHED_FIFO is granted.
        priority_limit: RLIMIT_RTPRIO.
        locked_limit_bytes: RLIMIT_MEMLOCK; -1 is unlimited.
    """
    locked = "unlimited" if locked_limit_bytes < 0 else f"{locked_limit_bytes / 2**20:.0f} MiB"
    if fifo:
        return Check("real-time permission", f"SCHED_FIFO granted, lockable memory {locked}", "ok")
    return Check(
        "real-time permission",
        f"SCHED_FIFO refused (rtprio limit {priority_limit}), lockable memory {locked}",
        "warn",
        "the robot runs degraded, with looser watchdogs. As root, write the lines `USER - rtprio 95` and "
        "`USER - memlock unlimited` to /etc/security/limits.d/dynamical.conf, then log in again",
    )


def kernel(preemption: str) -> Check:
    """The kernel's preemption."""
    if preemption == "PREEMPT_RT":
        return Check("kernel", preemption, "ok")
    return Check(
        "kernel",
        preemption,
        "warn",
        "enough for the simulated robot; a real one wants PREEMPT_RT (linux-image-rt-amd64)",
    )


def cores(count: int) -> Check:
    """Processors."""
    if count >= CORES:
        return Check("processor cores", str(count), "ok")
    return Check("processor cores", str(count), "warn", f"give at least {CORES}: the 1 kHz loop wants one for itself")


def memory(available_gib: float) -> Check:
    """Main memory."""
    found = f"{available_gib:.1f} GiB available"
    if available_gib >= MEMORY_GIB:
        return Check("memory", found, "ok")
    return Check("memory", found, "warn", f"free some: all processes together want about {MEMORY_GIB:g} GiB")


def disk(free_gib: float) -> Check:
    """Disk where the sources lie."""
    found = f"{free_gib:.1f} GiB free"
    if free_gib >= DISK_FREE_GIB:
        return Check("disk", found, "ok")
    return Check("disk", found, "warn", f"free some: building and logs want {DISK_FREE_GIB:g} GiB")


def shared_memory(free_mib: float | None) -> Check:
    """/dev/shm, through which the processes speak.

    Args:
        free_mib: None when it is missing or may not be written.
    """
    if free_mib is None:
        return Check("shared memory", "no writable /dev/shm", "missing", "mount it: mount -t tmpfs tmpfs /dev/shm")
    found = f"{free_mib:.0f} MiB free"
    if free_mib >= SHARED_MEMORY_FREE_MIB:
        return Check("shared memory", found, "ok")
    mend = (
        f"at least {SHARED_MEMORY_FREE_MIB} MiB: remove what fills /dev/shm, or run the container with --shm-size=512m"
    )
    return Check("shared memory", found, "missing", mend)


def display(environment: Mapping[str, str]) -> Check:
    """A display, which only `--view` needs."""
    name = environment.get("WAYLAND_DISPLAY") or environment.get("DISPLAY")
    if name:
        return Check("display", name, "ok")
    return Check("display", "none", "warn", "only `dynamical run --view` needs one; everything else renders off-screen")


def remains(folders: Sequence[RunFolder]) -> Check:
    """What crashed runs left behind."""
    dead = [folder for folder in folders if not folder.running]
    if not dead:
        running = ", ".join(folder.robot for folder in folders)
        return Check("crashed runs", f"none; running: {running or 'none'}", "ok")
    mend = "; ".join(f"dynamical rt clean {folder.robot}" for folder in dead)
    return Check("crashed runs", ", ".join(str(folder.path) for folder in dead), "warn", mend)


def shadows(origins: Mapping[str, Path | None], home: Path, owners: Mapping[str, Sequence[str]]) -> Check:
    """Other distributions that bring a top-level package of one of our names.

    Args:
        origins: from where Python would load each of our packages; None: from nowhere.
        home: the folder in which our packages lie.
        owners: distributions that claim each name, our own left out.
    """
    wrong = [
        f"{name} from {path or 'nowhere'}" for name, path in origins.items() if path is None or path.parent != home
    ]
    if wrong:
        blamed = sorted(
            {owner for name, path in origins.items() if path != home / name for owner in owners.get(name, ())}
        )
        mend = f"pip uninstall {' '.join(blamed)}" if blamed else "run `make run` again: it installs the packages"
        return Check("package names", "; ".join(wrong), "missing", mend)
    claimed = {name: found for name, found in owners.items() if found}
    if claimed:
        found = "; ".join(f"{name} also in {', '.join(names)}" for name, names in claimed.items())
        return Check("package names", found, "warn", "ours are loaded; uninstall the others to be sure")
    return Check("package names", "ours alone", "ok")


def _compilers() -> list[str]:
    """Names of the compilers that understand C++20, the preferred one first."""
    program = b"#include <span>\nint main() { int a[1] = {0}; return std::span<int>(a)[0]; }\n"
    found = []
    for name in dict.fromkeys((os.environ.get("CXX", ""), "c++", "g++", "clang++")):
        path = shutil.which(name) if name else None
        if path is None:
            continue
        arguments = [path, "-std=c++20", "-fsyntax-only", "-x", "c++", "-"]
        if subprocess.run(arguments, input=program, capture_output=True, check=False, timeout=60).returncode == 0:
            version = subprocess.run(
                [path, "--version"], capture_output=True, text=True, check=False, timeout=60
            ).stdout
            found.append(version.partition("\n")[0] or name)
    return found


def _executable() -> Path | None:
    from rt_control import executable
    from rt_control.errors import DynamicalError

    try:
        path = executable.path()
    except DynamicalError:
        return None
    return path if os.access(path, os.X_OK) else None


def _available_memory_gib() -> float:
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) / 2**20
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES") / 2**30


def _free_mib(folder: Path) -> float | None:
    if not os.access(folder, os.W_OK):
        return None
    return shutil.disk_usage(folder).free / 2**20


def _origins(names: Iterable[str]) -> dict[str, Path | None]:
    found: dict[str, Path | None] = {}
    for name in names:
        spec = importlib.util.find_spec(name)
        places = list(spec.submodule_search_locations or ()) if spec is not None else []
        found[name] = Path(places[0]).resolve() if places else None
    return found


def _owners(names: Iterable[str]) -> dict[str, list[str]]:
    owners = metadata.packages_distributions()
    return {name: sorted(set(owners.get(name, ())) - {"dynamical"}) for name in names}
