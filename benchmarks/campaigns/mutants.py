"""Mutants of the limits, the stop machine, the execution table and the ramp monitor: how many do the tests kill?

A test kills a mutant, or a `static_assert` does; a compiler's warning does not.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import msgspec

from robot_runtime.origin import FOLDER
from robot_runtime.report import Figure, figure
from tests.rt_control.native_programs import tools

INCLUDE = "rt_control/include/rt_control"
CHECKOUT = FOLDER / ".cache" / "mutants"
BUILD = CHECKOUT / "build"
TESTS = ("execution", "stop_machine", "ramp", "limits", "resets", "controller", "fault_injection")
LEAST_SHARE = 0.9
TEST_LIMIT_S = 300.0

# File, what is there, what stands there instead. Each text occurs once in its file.
MUTANTS: tuple[tuple[str, str, str], ...] = (
    ("stop_machine.hpp", "in_force_ = std::max(in_force_, rule.stop)", "in_force_ = rule.stop"),
    ("stop_machine.hpp", "in_force_ = std::max(in_force_, rule.stop)", "in_force_ = std::min(in_force_, rule.stop)"),
    ("stop_machine.hpp", "if (rule.latched && !latched_) {", "if (rule.latched) {"),
    ("stop_machine.hpp", "if (rule.latched && !latched_) {", "if (!latched_) {"),
    ("stop_machine.hpp", "(latched_ && !rule.latched)) {", "latched_) {"),
    ("stop_machine.hpp", "(latched_ && !rule.latched)) {", "false) {"),
    ("stop_machine.hpp", "    raised_ |= bit_of(rule.fault);", "    raised_ = bit_of(rule.fault);"),
    ("stop_machine.hpp", "    raised_ |= bit_of(rule.fault);", ""),
    (
        "stop_machine.hpp",
        "    if (!latched_) {\n      in_force_ = Stop::none;",
        "    if (true) {\n      in_force_ = Stop::none;",
    ),
    ("stop_machine.hpp", "    latched_ = false;\n", ""),
    ("stop_machine.hpp", "    others_ = false;\n", ""),
    ("stop_machine.hpp", "    first_ = nothing();\n  }", "  }"),
    ("stop_machine.hpp", "if (origin == Source::operator_) {", "if (origin != Source::operator_) {"),
    ("stop_machine.hpp", "&& !others_ && worst_is_first()", "&& worst_is_first()"),
    ("stop_machine.hpp", "&& !others_ && worst_is_first()", "&& !others_"),
    ("stop_machine.hpp", "first_.source == origin && ", ""),
    ("stop_machine.hpp", "cause.source != first_.source", "cause.source == first_.source"),
    ("stop_machine.hpp", "    last_ = cause;\n", ""),
    ("execution.hpp", "/* stopped  */ {{stopped, stopped,", "/* stopped  */ {{active, stopped,"),
    ("execution.hpp", "/* stopping */ {{active, stopping, holding,", "/* stopping */ {{active, stopping, idle,"),
    (
        "execution.hpp",
        "/* holding  */ {{active, holding, holding, idle,",
        "/* holding  */ {{active, holding, holding, holding,",
    ),
    ("ramp.hpp", "std::max(std::abs(measured[axis]), std::abs(reference[axis]))", "std::abs(reference[axis])"),
    ("ramp.hpp", "outside_cycles_ > kOutsideCycles", "outside_cycles_ > 2 * kOutsideCycles"),
    ("ramp.hpp", "rest_cycles_ > kSettleCycles ? fastest(measured) : -1", "-1"),
    ("ramp.hpp", "worst >= 0 ? outside_cycles_ + 1 : 0", "worst >= 0 ? outside_cycles_ : 0"),
    ("ramp.hpp", "model_.acceleration[axis] * period_ / 2", "model_.acceleration[axis] * period_ / 200"),
    ("stop_profile.hpp", "std::max(jerk * v + a * a / 2, 0.0)", "std::max(jerk * v - a * a / 2, 0.0)"),
    ("stop_profile.hpp", "if (peak_ > acceleration) {", "if (peak_ > 2 * acceleration) {"),
    ("stop_profile.hpp", "acceleration - acceleration * per_jerk_, 0.0)", "acceleration, 0.0)"),
    ("stop_profile.hpp", "if (v < 0) {", "if (v > 0) {"),
    ("stop_profile.hpp", "a > 0 ? v + a * a / 2 * per_jerk_ : v", "v"),
    ("stop_profile.hpp", "std::max(start_.position, rest_)", "rest_"),
    ("stop_profile.hpp", "return {-high, -low, -fast, -slow};", "return {low, high, slow, fast};"),
    ("stop_profile.hpp", "time_s * jerk / 6", "time_s * jerk / 2"),
    ("limits.hpp", "upper_ = std::max(limits.upper, reach.highest);", "upper_ = limits.upper;"),
    ("limits.hpp", "upper_ = std::max(limits.upper, reach.highest);", "upper_ = reach.highest;"),
    ("limits.hpp", "lower_ = std::min(limits.lower, reach.lowest);", "lower_ = limits.lower - 1;"),
    ("limits.hpp", "std::max(limits.velocity * speed_scale, reach.fastest)", "limits.velocity * speed_scale"),
    ("limits.hpp", "std::max(limits.velocity * speed_scale, reach.fastest)", "reach.fastest"),
    (
        "limits.hpp",
        "std::max(limits.velocity * speed_scale, reach.fastest)",
        "std::max(limits.velocity, reach.fastest)",
    ),
    ("limits.hpp", "std::min(-limits.velocity * speed_scale, reach.slowest)", "-1e9"),
    ("limits.hpp", "reach.highest += lost_s_ * reach.fastest;", "reach.highest += 0;"),
    ("limits.hpp", "reach.lowest += lost_s_ * reach.slowest;", "reach.lowest += 0;"),
    (
        "limits.hpp",
        "return std::max(position_excess(reach), velocity_excess(reach));",
        "return velocity_excess(reach);",
    ),
    (
        "limits.hpp",
        "return std::max(position_excess(reach), velocity_excess(reach));",
        "return position_excess(reach);",
    ),
    ("limits.hpp", "std::max(reach.highest - upper_, lower_ - reach.lowest)", "reach.highest - upper_"),
    ("limits.hpp", "std::max(reach.fastest - fastest_, slowest_ - reach.slowest)", "reach.fastest - fastest_"),
    ("limits.hpp", "  return left;\n}", "  return right;\n}"),
    ("limits.hpp", "  return left;\n}", "  return 0.0;\n}"),
    ("limits.hpp", "    if (excess <= 0) {\n      left = at;", "    if (excess <= 0.01) {\n      left = at;"),
    ("limits.hpp", "std::max(from - step, -limits.acceleration)", "-limits.acceleration"),
    ("limits.hpp", "std::min(from + step, limits.acceleration)", "from + step"),
    ("limits.hpp", "  if (high_miss <= 0) {\n    return high;", "  if (high_miss <= 1e-3) {\n    return high;"),
    (
        "limits.hpp",
        "std::min({acceleration * period, (cycles + rest) * unit, 1.0})",
        "std::min(acceleration * period, 1.0)",
    ),
    ("limits.hpp", "const double step = limits.jerk * period;", "const double step = 2 * limits.jerk * period;"),
)
PIECES = len(MUTANTS)


class Piece(msgspec.Struct, frozen=True):
    """One mutant.

    Attributes:
        file: of the header.
        before: what is there.
        after: what stood there instead.
        killed: by which test, or by the compiler; empty if it survived.
    """

    file: str
    before: str
    after: str
    killed: str

    def __str__(self) -> str:
        return f"{self.file}: {self.before!r} -> {self.after!r}: {self.killed or 'SURVIVED'}"


def piece(number: int) -> Piece:
    """Build one mutant in a copy of the sources, and run the tests of tier 1 against it."""
    file, before, after = MUTANTS[number]
    _copy_sources()
    path = CHECKOUT / INCLUDE / file
    text = path.read_text(encoding="utf-8")
    if text.count(before) != 1:
        raise ValueError(f"{file} holds {before!r} {text.count(before)} times; a mutant needs a text that occurs once")
    path.write_text(text.replace(before, after), encoding="utf-8")
    try:
        killed = _build() or _test()
    finally:
        path.write_text(text, encoding="utf-8")
    return Piece(file, before, after, killed)


@cache
def _copy_sources() -> None:
    """The sources of this checkout, once; what was built in the copy before is used again where nothing changed."""
    listed = subprocess.run(["git", "ls-files"], cwd=FOLDER, check=True, capture_output=True, text=True).stdout
    for name in listed.splitlines():
        source, target = FOLDER / name, CHECKOUT / name
        if source.is_file() and (not target.exists() or target.read_bytes() != source.read_bytes()):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    if problem := _configure() or _build():
        raise RuntimeError(f"the sources themselves do not build: {problem}")
    if problem := _test():
        raise RuntimeError(f"the sources themselves do not pass: {problem}")


def _configure() -> str:
    cmake, options = tools()
    include = subprocess.run(
        [sys.executable, "-m", "nanobind", "--cmake_dir"], check=True, capture_output=True, text=True
    ).stdout.strip()
    python = f"-DPython_EXECUTABLE={sys.executable}"
    no_warnings = "-DCMAKE_CXX_FLAGS=-w"  # which the build would take for errors
    return _run(
        cmake, "-S", CHECKOUT, "-B", BUILD, "-G", "Ninja", *options, f"-Dnanobind_DIR={include}", python, no_warnings
    )


def _build() -> str:
    cmake, _ = tools()
    return _run(cmake, "--build", BUILD, "--target", "_native")


def _run(*command: str | Path) -> str:
    """What kills a mutant for which this command fails; empty if it succeeds."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    return "compiler" if done.returncode != 0 else ""


def _test() -> str:
    """The first test that fails; empty if all pass."""
    names = [
        f"tests/rt_control/test_{name}.py" for name in TESTS if (CHECKOUT / f"tests/rt_control/test_{name}.py").exists()
    ]
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *names]
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    try:
        done = subprocess.run(
            command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False, timeout=TEST_LIMIT_S
        )
    except subprocess.TimeoutExpired:
        return "hung"
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return (
        failed[0].split(" - ")[0] if failed else "" if done.returncode == 0 else f"pytest ended with {done.returncode}"
    )


def figures(pieces: Sequence[Piece]) -> list[Figure]:
    """How many were killed."""
    killed = sum(bool(item.killed) for item in pieces)
    survivors = "; ".join(str(item) for item in pieces if not item.killed)
    return [
        figure("mutants", len(pieces)),
        figure("share of mutants killed", killed / max(len(pieces), 1), at_least=LEAST_SHARE, note=survivors),
    ]
