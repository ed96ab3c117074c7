from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from rt_control._native import DriveCommand
from sim.drives import (
    EMERGENCY_STOP,
    EMERGENCY_STOP_DELAY_CYCLES,
    ENABLED,
    EXTRAPOLATED_CYCLES,
    FAULT,
    TORQUE_OFF,
    WATCHDOG_TRIPPED,
    VirtualDrives,
)

AXES = 3
HERE = np.array([0.1, -0.2, 0.3])


def command(
    cycle: int,
    generation: int = 1,
    enable: int = 1,
    clear_fault: int = 0,
    position: npt.ArrayLike = HERE,
    velocity: npt.ArrayLike = (0.0, 0.0, 0.0),
    axes: int = AXES,
) -> DriveCommand:
    return DriveCommand(
        cycle=cycle,
        generation=generation,
        axes=axes,
        enable=enable,
        clear_fault=clear_fault,
        position=position,
        velocity=velocity,
    )


@pytest.fixture
def drives() -> VirtualDrives:
    return VirtualDrives(0.001, np.array([0.2, 0.2, math.inf]), watchdog_cycles=5)


def test_torque_is_off_until_a_first_command_enables(drives: VirtualDrives) -> None:
    for _ in range(100):
        assert drives.step(None, HERE, False) is None
    assert drives.status == TORQUE_OFF
    assert drives.watchdog_trips == 0
    reference = drives.step(command(1), HERE, False)
    assert reference is not None
    np.testing.assert_array_equal(reference.position, HERE)
    assert drives.status == ENABLED


def test_a_command_that_does_not_enable_removes_the_torque(drives: VirtualDrives) -> None:
    drives.step(command(1), HERE, False)
    assert drives.step(command(2, enable=0), HERE, False) is None
    assert drives.status == TORQUE_OFF


@pytest.mark.parametrize("watchdog_cycles", [1, 5, 50])
def test_the_watchdog_counts_plant_cycles(watchdog_cycles: int) -> None:
    drives = VirtualDrives(0.001, np.full(AXES, 0.2), watchdog_cycles)
    drives.step(command(1), HERE, False)
    for _ in range(watchdog_cycles - 1):
        assert drives.step(None, HERE, False) is not None
    assert drives.step(None, HERE, False) is None
    assert drives.status == WATCHDOG_TRIPPED | TORQUE_OFF
    assert drives.watchdog_trips == 1


def test_the_same_command_again_does_not_pet_the_watchdog(drives: VirtualDrives) -> None:
    same = command(1)
    for _ in range(5):
        drives.step(same, HERE, False)
    assert drives.status == ENABLED
    drives.step(same, HERE, False)
    assert drives.status & WATCHDOG_TRIPPED


def test_a_tripped_watchdog_stays_until_a_command_clears_it(drives: VirtualDrives) -> None:
    drives.step(command(1), HERE, False)
    for _ in range(5):
        drives.step(None, HERE, False)
    for cycle in range(2, 20):
        assert drives.step(command(cycle), HERE, False) is None
    assert drives.step(command(20, clear_fault=1), HERE, False) is not None
    assert drives.status == ENABLED
    assert drives.watchdog_trips == 1


def test_an_old_generation_neither_moves_nor_pets_nor_clears(drives: VirtualDrives) -> None:
    drives.step(command(1, generation=7), HERE, False)
    for cycle in range(1, 6):
        old = command(1000 + cycle, generation=6, clear_fault=1, position=HERE + 0.1)
        reference = drives.step(old, HERE, False)
    assert reference is None
    assert drives.status & WATCHDOG_TRIPPED
    assert drives.step(command(2000, generation=6, clear_fault=1), HERE, False) is None
    assert (drives.accepted_generation, drives.accepted_cycle) == (7, 1)


def test_a_new_generation_begins_its_own_count(drives: VirtualDrives) -> None:
    drives.step(command(1_000_000, generation=1), HERE, False)
    reference = drives.step(command(1, generation=2, position=HERE + 0.01), HERE, False)
    assert reference is not None
    np.testing.assert_array_equal(reference.position, HERE + 0.01)
    assert (drives.accepted_generation, drives.accepted_cycle) == (2, 1)


def test_a_late_command_is_bridged_at_the_last_velocity_and_then_held(drives: VirtualDrives) -> None:
    velocity = np.array([1.0, 0.0, -1.0])
    drives.step(command(1, velocity=velocity), HERE, False)
    references = [drives.step(None, HERE, False) for _ in range(4)]
    steps = [min(count, EXTRAPOLATED_CYCLES) for count in (1, 2, 3, 4)]
    for reference, step in zip(references, steps, strict=True):
        assert reference is not None
        np.testing.assert_allclose(reference.position, HERE + step * 0.001 * velocity, atol=1e-15)
    assert references[-1] is not None
    assert not references[-1].velocity.any()


def test_a_reference_far_from_the_axis_is_a_fault_and_moves_nothing(drives: VirtualDrives) -> None:
    assert drives.step(command(1, position=HERE + [0.0, 0.21, 0.0]), HERE, False) is None
    assert drives.status == FAULT | TORQUE_OFF
    assert drives.step(command(2), HERE, False) is None
    assert drives.step(command(3, clear_fault=1), HERE, False) is not None


def test_an_axis_without_following_limit_may_stop_at_what_it_grasps(drives: VirtualDrives) -> None:
    assert drives.step(command(1, position=HERE + [0.0, 0.0, 5.0]), HERE, False) is not None


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none_are_a_fault(drives: VirtualDrives, value: float) -> None:
    assert drives.step(command(1, position=[0.1, value, 0.3]), HERE, False) is None
    assert drives.status & FAULT
    assert drives.step(command(2, clear_fault=1, velocity=[0.1, value, 0.3]), HERE, False) is None
    assert drives.status & FAULT


def test_a_command_for_another_number_of_axes_is_not_taken(drives: VirtualDrives) -> None:
    assert drives.step(command(1, axes=4), HERE, False) is None
    assert drives.accepted_cycle == 0


def test_the_e_stop_chain_leaves_time_for_a_ramp_and_then_takes_the_torque(drives: VirtualDrives) -> None:
    for cycle in range(1, EMERGENCY_STOP_DELAY_CYCLES + 1):
        assert drives.step(command(cycle), HERE, True) is not None
        assert drives.status == ENABLED | EMERGENCY_STOP
    assert drives.step(command(1000), HERE, True) is None
    assert drives.status == TORQUE_OFF | EMERGENCY_STOP
    assert drives.step(command(1001, clear_fault=1), HERE, True) is None, "the chain is still open"
    assert drives.step(command(1002), HERE, False) is None, "closing the chain alone moves nothing"
    assert drives.step(command(1003, clear_fault=1), HERE, False) is not None


def test_a_watchdog_of_no_cycles_is_refused() -> None:
    with pytest.raises(ValueError, match="watchdog_cycles is 0; give at least 1"):
        VirtualDrives(0.001, np.full(AXES, 0.2), 0)
