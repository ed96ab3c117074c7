"""The whole executable, its loop included, for a million cycles in seconds: its clock and its sleep are a script's."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rt_control import _native as rt
from rt_control.channels import RunDirectory
from rt_control.description import load_robot
from rt_control.model_compiler import compile_model
from tests.rt_control.native_programs import ADDRESS, program, values_of

CYCLES = 1_000_000
# The time at which the loop's cycles are due only ever rises: `allocation_guard` lets that clock stand still.
NEVER_IN_THE_LOOP = {rt.Fault.none, rt.Fault.clock_broken}
# As long as it lives: how it begins, and how it ends.
ONCE = {rt.Fault.restarted, rt.Fault.channel_broken}


@pytest.fixture
def run_directory() -> Iterator[Path]:
    model = compile_model(load_robot("arm7"))
    with tempfile.TemporaryDirectory(dir="/dev/shm") as root, RunDirectory.create("arm7", model, {}, Path(root)) as run:
        yield run.directory


def counted(guard: str, run_directory: Path, cycles: int, *options: str) -> dict[str, float]:
    """What the guard printed, where it may still write when the filter is there."""
    command = [guard, str(run_directory), str(cycles), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return values_of("\n".join(line for line in done.stderr.splitlines() if not line.startswith("rt_control: ")))


def happened(counts: dict[str, float], name: str) -> dict[int, float]:
    """How often, by the number of the fault or the refusal."""
    return {int(key.removeprefix(f"{name}_")): count for key, count in counts.items() if key.startswith(f"{name}_")}


def test_a_million_cycles_with_every_fault_cost_no_allocation_no_page_fault_and_one_sleep_each(
    run_directory: Path,
) -> None:
    counts = counted(program("loop_guard"), run_directory, CYCLES)
    counts["other calls"] = counts["refused_calls"] - counts["calls_on_purpose"]
    figures = ("cycles", "sleeps", "other calls", "allocations", "page_faults", "page_faults_settled")
    print(*(f"{name} {counts[name]:.0f}" for name in figures), sep=", ")
    assert counts["known"] == 1, "rt_control has counted its page faults"
    assert min(counts["guard_allocations"], counts["guard_page_faults"]) > 0, "the guard counts nothing"
    assert counts["cycles"] >= CYCLES
    assert counts["sleeps"] == counts["cycles"]
    assert counts["calls_on_purpose"] > 0, "the filter was not tried"
    assert counts["other calls"] == 0, "the kernel was asked something else"
    assert counts["allocations"] == 0
    assert counts["page_faults_settled"] == 0
    locked = rt.RealtimeStatus.memory_locked & int(counts["realtime"])
    # Where memory may not be locked, the first touch of a page is a fault.
    assert counts["page_faults"] == 0 or not locked

    stops = happened(counts, "fault")
    everything = {rule.fault for rule in rt.fault_table()} - NEVER_IN_THE_LOOP
    assert {rt.Fault(number) for number in stops} == everything
    assert min(count for number, count in stops.items() if rt.Fault(number) not in ONCE) >= 10
    refusals = {rt.Refusal(number) for number in happened(counts, "refusal")}
    assert refusals == {*rt.Refusal} - {rt.Refusal.none}
    for name in ("moving", "resets", "misses", "skipped", "refused_requests", "lost_requests"):
        assert counts[name] >= 10, name
    assert counts["written"] == 1 and counts["events_unheard"] == 0


def test_the_same_loop_has_no_undefined_behaviour(run_directory: Path) -> None:
    # AddressSanitizer replaces the heap itself and asks the kernel on its own account.
    counts = counted(program("loop_guard", ADDRESS), run_directory, 100_000, "--no-filter")
    assert counts["sleeps"] == counts["cycles"] >= 100_000
    everything = {rule.fault for rule in rt.fault_table()} - NEVER_IN_THE_LOOP - {rt.Fault.forbidden_call}
    assert {rt.Fault(number) for number in happened(counts, "fault")} == everything
