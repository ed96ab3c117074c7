from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy.spatial.transform import Rotation

from rt_control._native import ContactObserver, DriveState, DriveStatus, Kinematics
from rt_control.description import RobotDescription, compile_model
from rt_control.errors import InputError
from sim.person import PARKED, PersonPath
from sim.plant import Plant
from sim.score import score
from tests.sim.driver import Driver

MakeDriver = Callable[[int], Driver]

# Datasheet figures (see robots/arm7/README.md): Denavit-Hartenberg parameters in Craig's convention.
DH_A = [0.0, 0.0, 0.0, 0.0825, -0.0825, 0.0, 0.088]
DH_D = [0.333, 0.0, 0.316, 0.0, 0.384, 0.0, 0.0]
DH_ALPHA = [0.0, -np.pi / 2, np.pi / 2, np.pi / 2, -np.pi / 2, np.pi / 2, np.pi / 2]
FLANGE_M = 0.107
HAND_M = 0.1034  # flange to tool centre point, turned by -45 degrees
FULL_SPEED = [2.175, 1.0, 1.0, 2.0, 2.6, 1.5, -2.6, 0.0]


def forward_by_dh(position: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    pose = np.eye(4)
    for a, d, alpha, theta in zip(DH_A, DH_D, DH_ALPHA, position, strict=True):
        tilt, turn = np.eye(4), np.eye(4)
        tilt[:3, :3] = Rotation.from_euler("x", alpha).as_matrix()
        turn[:3, :3] = Rotation.from_euler("z", theta).as_matrix()
        tilt[:3, 3] = tilt[:3, :3] @ [a, 0.0, 0.0]
        turn[:3, 3] = [0.0, 0.0, d]
        pose = pose @ tilt @ turn
    hand = np.eye(4)
    hand[:3, :3] = Rotation.from_euler("z", -np.pi / 4).as_matrix()
    hand[2, 3] = FLANGE_M + HAND_M
    return pose @ hand


def inverse(
    kinematics: Kinematics, start: npt.NDArray[np.float64], position: npt.ArrayLike, yaw_rad: float, gripper: float
) -> npt.NDArray[np.float64]:
    """Axis positions with the gripper pointing down at a point."""
    axes = np.array(start)
    wanted = Rotation.from_euler("z", yaw_rad) * Rotation.from_euler("x", np.pi)
    for _ in range(100):
        pose = kinematics.forward(axes)
        turn = (wanted * Rotation.from_matrix(pose[:3, :3]).inv()).as_rotvec()
        error = np.concatenate([np.asarray(position) - pose[:3, 3], turn])
        jacobian = kinematics.jacobian(axes)
        step = jacobian.T @ np.linalg.solve(jacobian @ jacobian.T + 1e-6 * np.eye(6), error)
        axes[:7] += np.clip(step, -0.2, 0.2)
    axes[7] = gripper
    return axes


def test_the_arm_has_the_kinematics_of_the_datasheet(arm7: RobotDescription, kinematics: Kinematics) -> None:
    random = np.random.default_rng(1)
    limits = [(axis.lower, axis.upper) for axis in arm7.axis[:7]]
    for _ in range(100):
        position = np.array([random.uniform(*limit) for limit in limits])
        np.testing.assert_allclose(kinematics.forward(position), forward_by_dh(position), atol=1e-9)


def test_the_simulated_arm_is_where_the_kinematics_says(arm7: RobotDescription, make_driver: MakeDriver) -> None:
    driver = make_driver(0)
    target = [0.5, -0.3, 0.2, -2.0, 0.4, 1.9, 0.3, 0.02]
    driver.move(target, 2.0)
    state = driver.hold(300)
    site = driver.plant.data.site("tcp")
    expected = forward_by_dh(np.asarray(state.position)[:7])
    np.testing.assert_allclose(site.xpos, expected[:3, 3], atol=1e-4)
    np.testing.assert_allclose(state.position[:8], target, atol=2e-4)


def test_the_arm_starts_at_home_at_rest_with_the_brakes_closed(driver: Driver, arm7: RobotDescription) -> None:
    for _ in range(2000):
        state = driver.plant.step(None)
    assert state.status == DriveStatus.torque_off
    np.testing.assert_allclose(state.position[:8], arm7.home, atol=1e-3)
    assert np.abs(state.velocity).max() < 1e-3
    assert not state.torque.any()


def test_tracking_error_stays_small_at_full_speed(driver: Driver) -> None:
    worst = np.zeros(7)
    limit = np.array([axis.acceleration for axis in driver.plant.description.axis]) * 0.001
    speed = np.zeros(8)
    for _ in range(600):
        speed = speed + np.clip(np.array(FULL_SPEED) - speed, -limit, limit)
        state = driver.plant.step(driver.command(driver.reference + speed * 0.001, speed))
        worst = np.maximum(worst, np.abs(np.asarray(state.position)[:7] - driver.reference[:7]))
    np.testing.assert_allclose(np.asarray(state.velocity)[:7], FULL_SPEED[:7], atol=0.05)
    assert worst.max() < 0.005


def test_torque_off_brings_the_fast_arm_to_rest_inside_its_limits(driver: Driver, arm7: RobotDescription) -> None:
    driver.accelerate(FULL_SPEED, 500)
    fastest = 0.0
    for _ in range(300):
        state = driver.plant.step(None)
        position = np.asarray(state.position)[:8]
        fastest = max(fastest, float(np.abs(np.asarray(state.velocity)[:7]).max()))
        assert all(
            axis.lower - 1e-3 <= value <= axis.upper + 1e-3 for axis, value in zip(arm7.axis, position, strict=True)
        )
    assert state.status == DriveStatus.torque_off | DriveStatus.watchdog_tripped
    assert fastest < 3.0, "braking does not throw the arm"
    assert np.abs(state.velocity).max() < 1e-3
    rest = np.asarray(state.position).copy()
    for _ in range(2000):
        state = driver.plant.step(None)
    np.testing.assert_allclose(state.position, rest, atol=1e-3)


def test_a_restarted_controller_takes_the_arm_over_where_it_rests(driver: Driver) -> None:
    driver.accelerate(FULL_SPEED, 400)
    for _ in range(300):
        state = driver.plant.step(None)
    driver.generation, driver.cycle = 2, 0
    at_rest = np.asarray(state.position)[:8].copy()
    driver.plant.step(driver.command(at_rest, clear_fault=1))
    state = driver.hold(200)
    assert state.status == DriveStatus.enabled
    assert (state.accepted_generation, state.watchdog_trips) == (2, 1)
    np.testing.assert_allclose(state.position[:8], at_rest, atol=2e-3)


def states_of(driver: Driver) -> list[DriveState]:
    states = [driver.plant.step(driver.command()) for _ in range(50)]
    states.append(driver.accelerate(FULL_SPEED, 300))
    states.extend(driver.plant.step(None) for _ in range(100))
    return states


def test_the_same_inputs_give_the_same_states_to_the_bit(make_driver: MakeDriver) -> None:
    first, second = make_driver(11), make_driver(11)
    assert states_of(first) == states_of(second)
    assert first.plant.world_bytes() == second.plant.world_bytes()


def test_another_seed_gives_another_table(make_driver: MakeDriver) -> None:
    assert make_driver(1).plant.world_bytes() != make_driver(2).plant.world_bytes()


def test_the_drive_state_is_filled_completely(driver: Driver) -> None:
    state = driver.hold(100)
    assert (state.cycle, state.stamp_ns, state.axes) == (100, 100_000_000, 8)
    assert (state.accepted_generation, state.accepted_cycle) == (1, 100)
    assert state.status == DriveStatus.enabled
    assert state.dilation == 1.0
    assert abs(state.torque[3]) > 5.0, "the elbow carries the forearm"
    assert not state.position[8:].any()


def test_the_measured_torque_is_what_moved_the_arm(driver: Driver, arm7: RobotDescription) -> None:
    """Against the observer of contacts: with its own model and nothing in the way, no torque remains unexplained."""
    observer = ContactObserver(compile_model(arm7))
    speed, largest = np.zeros(8), 0.0
    limit = np.array([axis.acceleration for axis in arm7.axis]) * 0.001
    driver.hold(50)
    for cycle in range(900):
        wanted = np.array(FULL_SPEED) if cycle < 600 else np.zeros(8)
        change = np.clip(wanted - speed, -limit, limit)
        speed = speed + change
        state = driver.plant.step(driver.command(driver.reference + speed * 0.001, speed))
        observer.observe(state.position, state.velocity, state.torque, change[:7] / 0.001)
        largest = max(largest, float(np.abs(observer.residual).max()))
    assert largest < 0.1, "N m"


def test_the_battery_discharges_slowly_and_faster_in_motion(make_driver: MakeDriver) -> None:
    resting, moving = make_driver(0), make_driver(0)
    resting.hold(500)
    moving.accelerate(FULL_SPEED, 500)
    assert 0.999 < moving.plant.battery < resting.plant.battery < 1.0


def test_the_gripper_holds_an_object_through_fast_motion(driver: Driver, kinematics: Kinematics) -> None:
    plant = driver.plant
    body = plant.data.body("red_cube")
    cube = body.xpos.copy()
    yaw = float(np.arctan2(body.xmat[3], body.xmat[0]))
    yaw = (yaw + np.pi / 4) % (np.pi / 2) - np.pi / 4
    above = inverse(kinematics, driver.reference, cube + [0.0, 0.0, 0.15], yaw, 0.04)
    driver.move(above, 1.0)
    at = inverse(kinematics, above, cube, yaw, 0.04)
    driver.move(at, 0.8)
    state = driver.move([*at[:7], 0.0], 0.4)
    assert state.position[7] == pytest.approx(0.020, abs=5e-4), "the fingers stop at the cube, which is not crushed"
    assert abs(state.torque[7]) <= 40.0
    assert score(plant).misplaced["red_cube"] == "held"
    driver.move([*above[:7], 0.0], 0.5)
    held = body.xpos - plant.data.site("tcp").xpos
    swing = np.array([*above[:7], 0.0])
    for turn in (0.6, -0.6, 0.3):
        driver.move(swing + [turn, 0, 0, 0, 0, 0, 0, 0], 0.8)
    driver.move(swing, 0.8)
    assert body.xpos[2] > 0.1
    np.testing.assert_allclose(body.xpos - plant.data.site("tcp").xpos, held, atol=3e-3)


def test_closed_brakes_keep_what_the_gripper_holds(driver: Driver, kinematics: Kinematics) -> None:
    plant = driver.plant
    body = plant.data.body("green_cylinder")
    at = inverse(kinematics, driver.reference, body.xpos, 0.0, 0.04)
    driver.move(inverse(kinematics, driver.reference, body.xpos + [0.0, 0.0, 0.15], 0.0, 0.04), 1.0)
    above = driver.reference
    driver.move(at, 0.8)
    driver.move([*at[:7], 0.0], 0.4)
    driver.move([*above[:7], 0.0], 0.8)
    for _ in range(2000):
        plant.step(None)
    assert body.xpos[2] > 0.1


def test_the_emergency_stop_chain_is_seen_at_once_and_takes_the_torque_later(driver: Driver) -> None:
    driver.hold(50)
    driver.plant.emergency_stop = True
    assert driver.hold(1).status == DriveStatus.enabled | DriveStatus.emergency_stop
    assert driver.hold(600).status == DriveStatus.torque_off | DriveStatus.emergency_stop


def test_the_person_follows_the_path_and_goes_away(arm7: RobotDescription) -> None:
    person = PersonPath.from_rows([(0.0, 0.8, 0.0, 0.3, 0.0), (0.1, 0.5, 0.0, 0.3, 0.0), (0.2, 0.4, 0.1, 0.3, 0.0)])
    plant = Plant(arm7.world_path, arm7, 0, 5, person)
    for _ in range(150):
        plant.step(None)
    np.testing.assert_allclose(plant.data.mocap_pos[0], person.pose(0.149)[0])
    for _ in range(200):
        plant.step(None)
    np.testing.assert_allclose(plant.data.mocap_pos[0], PARKED)


def test_a_person_pushes_objects_that_were_at_rest(arm7: RobotDescription) -> None:
    plant = Plant(arm7.world_path, arm7, 0, 5)
    body = plant.data.body("red_cube")
    x, y, _ = body.xpos
    plant.person = PersonPath.from_rows([(0.5, x + 0.3, y, 0.03, 0.0), (1.0, x - 0.02, y, 0.03, 0.0)])
    for _ in range(1200):
        plant.step(None)
    assert body.xpos[0] < x - 0.05


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            '<position name="joint3"',
            '<position name="joint_3"',
            "axis 'joint3' has no actuator; allowed: joint1, joint2, joint_3",
        ),
        (
            'body name="red_cube"',
            'body name="red_ball"',
            "simulation.goal.red_cube: the world has no free body of that name",
        ),
        ("<worldbody>", "<wordbody>", "the world cannot be loaded"),
    ],
)
def test_a_world_that_does_not_fit_is_refused_in_one_line(
    arm7: RobotDescription, tmp_path: Path, old: str, new: str, message: str
) -> None:
    arm = arm7.model_path.read_text()
    world = arm7.world_path.read_text().replace("../../robots/arm7/arm7.xml", str(tmp_path / "arm7.xml"))
    assert old in arm + world
    (tmp_path / "arm7.xml").write_text(arm.replace(old, new))
    (tmp_path / "world.xml").write_text(world.replace(old, new))
    with pytest.raises(InputError) as refusal:
        Plant(tmp_path / "world.xml", arm7, 0, 5)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)
