"""A simulated plant that gets less time than `rt_control`: the reference waits for it, and nothing runs away."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rt_control import _native as rt
from tests.rt_control.rig import ARM_AXES, AXES, Rig, small_model

GOAL = np.array([1.9] * ARM_AXES + [0.03])
PERIOD_S = 0.001
ROUNDING = 1e-9
PATTERNS = pytest.mark.parametrize(("on", "off"), [(1, 1), (1, 9), (20, 45)])


class StarvedRig(Rig):
    """The plant runs for `on` cycles of `rt_control`, then not for `off`; it checks the limits in its own time."""

    def __init__(self, on: int, off: int, **changes: Any) -> None:
        super().__init__(small_model(**changes))
        self.realtime = int(rt.RealtimeStatus.degraded)
        self._on, self._off = on, off
        self._cycle = 0

    def step(self, *requests: rt.Request, **inputs: Any) -> rt.State:
        self.plant_alive = self._cycle % (self._on + self._off) < self._on
        self._cycle += 1
        return super().step(*requests, **inputs)

    def _drive(self) -> None:
        if not self.plant_alive:
            return
        position, velocity = self.position, self.velocity
        super()._drive()
        model = self.model
        assert (self.position >= model.lower[:AXES] - ROUNDING).all()
        assert (self.position <= model.upper[:AXES] + ROUNDING).all()
        # Two steps may reach the drives in one of their cycles, after one that had none.
        assert (np.abs(self.position - position) <= 2 * model.velocity[:AXES] * PERIOD_S + ROUNDING).all()
        assert (np.abs(self.velocity - velocity) <= 2 * model.acceleration[:AXES] * PERIOD_S + ROUNDING).all()


def is_there(rig: Rig) -> bool:
    return bool((np.abs(rig.position - GOAL) < 1e-3).all())


@PATTERNS
def test_a_stream_reaches_its_goal_without_a_fault(on: int, off: int) -> None:
    rig = StarvedRig(on, off).ready()
    for _ in range(2000 * (on + off) // on):
        rig.step(commands=(rig.stream(GOAL),))
    assert is_there(rig)
    assert not rig.state.latched


@PATTERNS
def test_chunks_reach_their_goal_without_a_fault(on: int, off: int) -> None:
    rig = StarvedRig(on, off).ready()
    for cycle in range(3000 * (on + off) // on):
        commands: tuple[rt.Command, ...] = ()
        if cycle % 100 == 0:
            here = rig.state.position_reference[:AXES]
            way_s = np.abs(GOAL - here) / (rig.model.velocity[:AXES] / 2)
            share = np.minimum(np.arange(32)[:, None] * 0.05 / np.maximum(way_s, PERIOD_S), 1.0)
            commands = (rig.chunk(here + share * (GOAL - here), 0.05),)
        rig.step(commands=commands)
    assert is_there(rig)
    assert not rig.state.latched


def test_the_reference_waits_while_the_plant_stands_still_and_goes_on_with_it() -> None:
    rig = StarvedRig(20, 45).ready()
    rig.steps(-rig.state.cycle % 65)
    rig.step(commands=(rig.sweep(),))
    rig.steps(20)
    waiting = rig.state.position_reference.copy()
    speed = rig.state.velocity_reference.copy()
    rig.steps(40)
    assert (rig.state.position_reference == waiting).all()
    assert (rig.state.velocity_reference == speed).all() and speed[:ARM_AXES].min() > 0
    rig.steps(10)
    assert (rig.state.position_reference[:ARM_AXES] > waiting[:ARM_AXES]).all()


def test_a_chunk_ends_at_its_time_on_the_clock_however_slow_the_plant_is() -> None:
    rig = StarvedRig(1, 1).ready()
    command = rig.sweep()
    rig.step(commands=(command,))
    state = rig.until(lambda state: state.execution != rt.ExecutionState.active)
    assert state.stamp_ns == command.end_ns
    assert state.last_cause.fault == rt.Fault.command_ended
    assert np.abs(rig.position - command.position[31, :AXES]).max() > 0.1, "the plant had half of the time"
    rig.until(lambda state: state.execution == rt.ExecutionState.holding, most=1000)
    assert not rig.state.latched


def test_a_plant_that_is_late_by_less_than_a_cycle_loses_no_time() -> None:
    late, punctual = Rig().ready(), Rig().ready()
    for rig in (late, punctual):
        rig.step(commands=(rig.sweep(),))
    for cycle in range(400):
        late.plant_alive = cycle % 2 == 1
        late.plant_cycle += late.plant_alive  # it had two cycles, of which one answer was overwritten
        late.step()
        punctual.step()
    assert late.state.position_reference == pytest.approx(punctual.state.position_reference, abs=1e-12)


def test_a_stop_of_a_starved_robot_is_followed_and_ends() -> None:
    rig = StarvedRig(20, 45).ready()
    for _ in range(800):
        rig.step(commands=(rig.stream(GOAL),))
    assert np.abs(rig.velocity[:ARM_AXES]).min() > 0.5
    rig.step(rt.Request(kind=rt.RequestKind.stop, origin=rt.Source.operator_))
    rig.until(lambda state: state.execution == rt.ExecutionState.stopped, most=1000)
    assert rig.state.stop == rt.Stop.ss1
    assert rig.state.last_cause.fault == rt.Fault.operator_stop


def test_drives_that_stay_away_too_long_are_lost_however_the_reference_waits() -> None:
    rig = StarvedRig(20, 60).ready()
    rig.steps(100)
    assert rig.state.first_cause.fault == rt.Fault.drive_lost


def test_a_real_robot_never_waits() -> None:
    rig = Rig(small_model(simulated=0, drive_lost_cycles=50, reduced_tcp_speed_mps=100.0)).moving()
    before = rig.state.position_reference.copy()
    rig.plant_alive = False
    rig.steps(20)
    assert np.abs(rig.state.position_reference - before)[:ARM_AXES].min() > 15 * PERIOD_S * 0.5


@pytest.mark.parametrize("lost_cycles", [1, 4, 30])
def test_lost_time_delays_a_plan_that_is_timed_by_the_reference_and_never_pushes_it_past_its_goal(
    lost_cycles: int,
) -> None:
    """A time-optimal plan has no acceleration left to catch up with."""
    rig = Rig(small_model(lateness_limit_ns=10**9)).ready()
    start = rig.state.position_reference[:AXES].copy()
    half_s, acceleration = 0.2, 9.0
    begun_ns = rig.state.trajectory_ns

    def plan(elapsed_s: float) -> np.ndarray:
        elapsed_s = min(max(elapsed_s, 0.0), 2 * half_s)
        early = min(elapsed_s, half_s)
        late = elapsed_s - early
        share = acceleration * (early**2 / 2 + half_s * late - late**2 / 2)
        return np.asarray(start + np.array([share] * ARM_AXES + [0.0]))

    goal = plan(2 * half_s)
    fastest = 0.0
    for cycle in range(1500):
        commands: tuple[rt.Command, ...] = ()
        if cycle % 10 == 0:
            from_ns = rig.state.trajectory_ns
            setpoints = [plan((from_ns - begun_ns) * 1e-9 + index * 0.01) for index in range(32)]
            commands = (rig.chunk(setpoints, 0.01, start_ns=from_ns, end_ns=rig.now_ns + 310_000_000),)
        lost = lost_cycles * rig.model.period_ns if cycle % (10 * lost_cycles) == 5 else 0
        rig.step(commands=commands, elapsed_ns=rig.model.period_ns + lost)
        assert (rig.state.position_reference[:ARM_AXES] <= goal[:ARM_AXES] + 1e-3).all()
        assert rig.state.trajectory_ns <= rig.state.stamp_ns
        fastest = max(fastest, rig.state.velocity_reference[0])
    assert rig.state.position_reference[:AXES] == pytest.approx(goal, abs=1e-3)
    assert fastest == pytest.approx(acceleration * half_s, rel=0.02)
    assert not rig.state.latched
