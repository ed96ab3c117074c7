"""Contact of the simulated arm with a person, and none in normal work, while the model is wrong by 10 %."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
import mujoco
import numpy as np
import numpy.typing as npt

from robot_runtime.report import Figure, figure
from rt_control.description import RobotDescription, compile_model, load_robot
from sim.axes import AxisMap
from sim.drives import Reference
from sim.world_state import load_world

PIECES = 60  # a simulated minute of normal work each
WORK_S = 60.0
COLLISIONS = 10  # in a piece
MODEL_ERROR = 0.1
FORCE_N = 50.0  # from this force on the arm on, a contact has to be found
WITHIN_S = 0.010
SHARE = 0.95

PERIOD_S = 0.001
GRASP_M = 0.013  # position of the fingers when they are told to hold the cube of 0.04 m
TIPS_M = 0.010  # the finger tips beyond the tool centre point
TOUCH_N, TOUCH_FROM_M, TOUCH_SPEED_MPS = 1.0, 0.002, 0.004  # touching the table
FINGER_MPS = 0.1
OFF_CENTRE_M, OFF_YAW_RAD = 0.006, 0.15  # that a grasp is wrong by, so that one finger comes first
# About 75 N/mm at the 3 kg that a hand of the arm weighs, as ISO/TS 15066 gives for a person's hand.
PERSON_SOLREF = 0.05, 0.12
IMPOSSIBLE_N = 5000.0  # the shapes were inside each other: no collision that can happen
FAR = (3.0, 3.0, 0.3)

Vector = npt.NDArray[np.float64]


class Piece(msgspec.Struct, frozen=True):
    """A minute of work and some collisions, with one random error of the model.

    Attributes:
        seed: of all that is random.
        work_s: simulated time of normal work.
        moved: objects that were picked up and put down in it.
        false_positives: contacts that were found in it.
        highest_ratio: largest residual / threshold in it.
        touch_n: largest force with which the fingers touched the table in it.
        latencies_s: of each collision that exceeded the force, from there to the finding; infinity: not found.
        early: collisions that were found before they exceeded the force.
        forces_n: force of each collision when it was found.
    """

    seed: int
    work_s: float
    moved: int
    false_positives: int
    highest_ratio: float
    touch_n: float
    latencies_s: list[float]
    early: int
    forces_n: list[float]

    def __str__(self) -> str:
        within = sum(latency <= WITHIN_S for latency in self.latencies_s)
        return (
            f"seed {self.seed}: {self.false_positives} false in {self.work_s:.0f} s ({self.moved} objects moved, at"
            f" most {100 * self.highest_ratio:.0f} % of a threshold), {within} of"
            f" {len(self.latencies_s)} collisions in time"
        )


def piece(number: int) -> Piece:
    """Work for a minute, then collide."""
    return measure(number, WORK_S, COLLISIONS)


def measure(seed: int, work_s: float, collisions: int) -> Piece:
    """Normal work for some simulated time, then a number of collisions with a person's arm."""
    cell = Cell(load_robot("arm7"), seed)
    cell.work(work_s)
    work = Piece(
        seed=seed,
        work_s=cell.cycles * PERIOD_S,
        moved=cell.moved,
        false_positives=cell.found,
        highest_ratio=cell.highest_ratio,
        touch_n=cell.touch_n,
        latencies_s=[],
        early=0,
        forces_n=[],
    )
    results = [result for result in (cell.collide() for _ in range(3 * collisions)) if result is not None][:collisions]
    return msgspec.structs.replace(
        work,
        latencies_s=[max(0.0, result.latency_s) for result in results],
        early=sum(result.latency_s < 0.0 for result in results),
        forces_n=[result.force_n for result in results],
    )


def figures(pieces: Sequence[Piece]) -> list[Figure]:
    """False positives, and how soon contacts were found."""
    latencies = sorted(itertools.chain.from_iterable(item.latencies_s for item in pieces)) or [math.inf]
    forces = sorted(itertools.chain.from_iterable(item.forces_n for item in pieces)) or [math.inf]
    at = math.ceil(SHARE * len(latencies)) - 1
    hours = sum(item.work_s for item in pieces) / 3600.0
    return [
        figure("normal work, simulated", hours, "h"),
        figure("objects moved in it", sum(item.moved for item in pieces)),
        figure("contacts found in it (false positives)", sum(item.false_positives for item in pieces), at_most=0),
        figure("largest residual in it, share of the threshold", max(item.highest_ratio for item in pieces)),
        figure("largest touch of the table in it", max(item.touch_n for item in pieces), "N"),
        figure(f"collisions above {FORCE_N:g} N", len(latencies)),
        figure("from there to the finding, p95", 1000.0 * latencies[at], "ms", at_most=1000.0 * WITHIN_S),
        figure("from there to the finding, median", 1000.0 * latencies[len(latencies) // 2], "ms"),
        figure("found before that force", sum(item.early for item in pieces)),
        figure("force when found, median", forces[len(forces) // 2], "N"),
        figure("collisions not found", sum(math.isinf(latency) for latency in latencies)),
    ]


@dataclass(frozen=True, slots=True)
class Collision:
    """When a contact was found after the force was exceeded (before: negative; never: infinity), and the force then."""

    latency_s: float
    force_n: float


class Cell:
    """The table, the arm with masses, inertias and friction unlike its model's, and the observer of contacts.

    Attributes:
        cycles: simulated so far.
        found: contacts since the start of the work.
        highest_ratio: of a residual and its threshold.
        moved: objects that were picked up and put down.
        touch_n: largest force between the fingers and the table.
    """

    def __init__(self, description: RobotDescription, seed: int) -> None:
        from rt_control._native import ContactObserver, Kinematics

        self.cycles = 0
        self.found = 0
        self.highest_ratio = 0.0
        self.moved = 0
        self.touch_n = 0.0
        self._random = np.random.default_rng(seed)
        robot = compile_model(description)
        self._kinematics = Kinematics(robot)
        self._observer = ContactObserver(robot)
        self._arm = robot.arm_axes
        self._lower, self._upper = robot.lower[: self._arm].copy(), robot.upper[: self._arm].copy()
        self._speed, self._acceleration = robot.velocity[: self._arm].copy(), robot.acceleration[: self._arm].copy()
        self._model = load_world(description.world_path)
        self._model.opt.timestep = PERIOD_S
        self._data = mujoco.MjData(self._model)
        self._axes = AxisMap(self._model, description, description.world_path)
        self._disturb()
        self._home = np.array(description.home)
        self._axes.move_to(self._data, self._home)
        self._robot_geoms = self._geoms_below("link0")
        self._fingers = {self._model.geom(name).id for name in ("finger_left", "finger_right")}
        self._person = self._geoms_below("person")
        self._model.geom_solref[list(self._person)] = PERSON_SOLREF
        self._model.geom_priority[list(self._person)] = 2
        self._table = {self._model.geom("table").id}
        for name in ("green_cylinder", "blue_box", "yellow_ball"):  # nothing to run into
            address = self._model.joint(self._model.body(name).jntadr[0]).qposadr[0]
            self._data.qpos[address : address + 2] = self._random.uniform(-0.1, 0.1, 2) + [0.42, 0.44]
        self._object = self._model.joint(self._model.body("red_cube").jntadr[0]).qposadr[0]
        mujoco.mj_forward(self._model, self._data)
        self._axes.set_brakes(self._model, closed=False)
        self._reference = self._home.copy()
        self._velocity = np.zeros(16)
        self._hold(0.2)
        self.cycles = 0

    def work(self, duration_s: float) -> None:
        """Pick objects up, put them down elsewhere, and move about."""
        while self.cycles * PERIOD_S < duration_s:
            self._model.body("red_cube").mass[0] = self._random.uniform(0.03, 0.5)
            mujoco.mj_setConst(self._model, mujoco.MjData(self._model))
            start, end = (self._random.uniform([0.38, -0.2], [0.6, 0.2]) for _ in range(2))
            self._place_object(start)
            self._pick(start)
            for _ in range(2):
                self._move(self._some_place(), gripper=GRASP_M)
            self._put(end)
            for _ in range(3):
                self._move(self._some_place(), gripper=0.04)

    def collide(self) -> Collision | None:
        """Move somewhere while a person's arm is in the way, or hits; None: they missed each other."""
        self._park_person()
        self._move(self._some_place(), gripper=0.04)
        self._hold(0.3)
        self._observer.reset()
        goal = np.append(self._some_place(), 0.04)
        path = list(self._trapezoid(goal, self._random.uniform(0.1, 1.0)))
        meet = int(self._random.uniform(0.25, 0.85) * len(path))
        poses = self._kinematics.link_poses(path[meet][0][: self._arm])
        link = int(self._random.integers(3, self._arm + 1))
        at = poses[link][:3, 3] + self._random.uniform(-0.03, 0.03, 3)
        away = self._random.normal(size=3) * [1.0, 1.0, 0.4]
        away *= self._random.choice([0.0, 0.5, 1.0, 1.6]) / np.linalg.norm(away)  # m/s; 0: the person stands
        yaw = self._random.uniform(-math.pi, math.pi)
        self._data.mocap_quat[0] = math.cos(yaw / 2), 0.0, 0.0, math.sin(yaw / 2)
        exceeded = found = math.inf
        force_found = 0.0
        for cycle, (position, velocity, acceleration) in enumerate(itertools.chain(path, self._still(200))):
            self._data.mocap_pos[0] = at + away * max(0.0, (meet - cycle) * PERIOD_S)
            contact = self._step(position, velocity, acceleration)
            force = self._force(self._robot_geoms, self._person)
            if cycle < 20 and force > 0.0:
                break  # the person was put into the arm
            if force > IMPOSSIBLE_N:
                exceeded = math.inf
                break
            now_s = cycle * PERIOD_S
            if force >= FORCE_N:
                exceeded = min(exceeded, now_s)
            if contact and math.isinf(found):
                found, force_found = now_s, force
            if min(exceeded, now_s) < now_s - 0.1 or (found < math.inf and exceeded < math.inf):
                break
            if found < now_s - 0.1:
                break
        self._park_person()
        self._retreat()
        return None if math.isinf(exceeded) else Collision(found - exceeded, force_found)

    def _retreat(self) -> None:
        """Begin anew at home."""
        mujoco.mj_resetData(self._model, self._data)
        self._axes.move_to(self._data, self._home)
        mujoco.mj_forward(self._model, self._data)
        self._reference = self._home.copy()
        self._velocity = np.zeros(16)
        self._observer.reset()
        self._hold(0.1)

    def _disturb(self) -> None:
        """Every mass, inertia, rotor and damping is another by up to the error; the drives go on by the model."""
        model, random = self._model, self._random

        def error(*shape: int) -> Vector:
            return np.asarray(1.0 + MODEL_ERROR * random.choice([-1.0, 1.0, *random.uniform(-1.0, 1.0, 2)], shape))

        arm = [body for body in range(model.nbody) if model.body_rootid[body] == model.body("link0").id]
        scale = error(len(arm))
        model.body_mass[arm] *= scale
        model.body_inertia[arm] *= error(len(arm))[:, None]
        model.body_gravcomp[arm] /= scale
        model.dof_armature[: self._arm] *= error(self._arm)
        model.dof_damping[: self._arm] *= error(self._arm).reshape(model.dof_damping[: self._arm].shape)
        mujoco.mj_setConst(model, self._data)

    def _step(self, position: Vector, velocity: Vector, acceleration: Vector) -> bool:
        self._axes.follow(self._data, Reference(position, velocity))
        before = self._velocity
        mujoco.mj_step(self._model, self._data)
        self.cycles += 1
        self._reference = position
        self._velocity = self._axes.velocity(self._data)
        measured = self._axes.position(self._data)
        torque = self._axes.torque(self._data, before, self._velocity)
        finding = self._observer.observe(measured, self._velocity, torque, acceleration)
        if finding.threshold > 0.0:
            self.highest_ratio = max(self.highest_ratio, abs(finding.residual) / finding.threshold)
        self.found += finding.contact
        return bool(finding.contact)

    def _follow(self, path: Iterator[tuple[Vector, Vector, Vector]]) -> None:
        for position, velocity, acceleration in path:
            self._step(position, velocity, acceleration)
            if self.cycles % 5 == 0:
                self.touch_n = max(self.touch_n, self._force(self._fingers, self._table))

    def _move(self, goal: Vector, gripper: float) -> None:
        self._follow(self._trapezoid(np.append(goal[: self._arm], gripper), self._random.uniform(0.4, 1.0)))

    def _approach(self, at: Vector, height: float) -> None:
        """Down towards the table."""
        for part, share in ((height + 0.02, 0.3), (height, 0.1)):
            self._follow(self._trapezoid(np.append(self._above(at, part), self._reference[-1]), share))

    def _touch(self, at: Vector) -> None:
        """Slowly further down until the finger tips feel the table."""
        start = self._reference
        goal = np.append(self._above(at, TIPS_M - 0.001), start[-1])
        cycles = round((TOUCH_FROM_M + 0.001) / (TOUCH_SPEED_MPS * PERIOD_S))
        rate = (goal - start) / (cycles * PERIOD_S)
        for cycle in range(cycles):
            if self._force(self._fingers, self._table) > TOUCH_N:
                break
            self._follow(iter([(start + rate * cycle * PERIOD_S, rate, np.zeros_like(rate))]))

    def _hold(self, duration_s: float) -> None:
        self._follow(self._still(round(duration_s / PERIOD_S)))

    def _still(self, cycles: int) -> Iterator[tuple[Vector, Vector, Vector]]:
        for _ in range(cycles):
            yield self._reference, np.zeros_like(self._reference), np.zeros_like(self._reference)

    def _trapezoid(self, goal: Vector, share: float) -> Iterator[tuple[Vector, Vector, Vector]]:
        """A straight line at a share of the limits of speed and at full acceleration, its jumps as rt_control's."""
        start = self._reference.copy()
        way = goal - start
        arm = np.abs(way[: self._arm])
        longest = max(float(arm.max()), 1e-9)
        speed = float(np.min(share * self._speed / np.maximum(arm, 1e-9)))  # of the share of the way, 1/s
        acceleration = float(np.min(self._acceleration / np.maximum(arm, 1e-9)))
        if longest < 1e-6:  # only the fingers move
            speed, acceleration = FINGER_MPS / max(abs(float(way[-1])), 1e-9), 1.0 / max(abs(float(way[-1])), 1e-9)
        ramp_s = speed / acceleration
        if speed * ramp_s > 1.0:  # never gets that fast
            ramp_s = math.sqrt(1.0 / acceleration)
            speed = acceleration * ramp_s
        whole_s = 1.0 / speed + ramp_s
        for cycle in range(1, math.ceil(whole_s / PERIOD_S) + 1):
            now_s = min(cycle * PERIOD_S, whole_s)
            left_s = whole_s - now_s
            if now_s < ramp_s:
                place, rate, change = acceleration * now_s**2 / 2.0, acceleration * now_s, acceleration
            elif left_s < ramp_s:
                place, rate, change = 1.0 - acceleration * left_s**2 / 2.0, acceleration * left_s, -acceleration
            else:
                place, rate, change = speed * (now_s - ramp_s / 2.0), speed, 0.0
            yield start + place * way, rate * way, change * way

    def _some_place(self) -> Vector:
        """Somewhere above the table, reachable in a straight line of the joints from where the arm is."""
        for _ in range(1000):
            spread = self._random.uniform(-1.0, 1.0, self._arm) * [1.2, 0.8, 0.8, 0.7, 1.0, 0.8, 2.0]
            goal = self._home[: self._arm] + spread
            goal = np.clip(goal, self._lower + 0.05, self._upper - 0.05)
            if all(self._is_free(self._reference[: self._arm], goal, share) for share in np.linspace(0.1, 1.0, 12)):
                return goal
        return self._home[: self._arm]

    def _is_free(self, start: Vector, goal: Vector, share: float) -> bool:
        poses = self._kinematics.link_poses(start + share * (goal - start))
        tool = poses[-1][:3, 3]
        return bool(poses[4:-1, 2, 3].min() > 0.2 and tool[2] > 0.2 and math.hypot(tool[0], tool[1]) > 0.3)

    def _place_object(self, at: Vector) -> None:
        x, y = at + self._random.uniform(-OFF_CENTRE_M, OFF_CENTRE_M, 2)
        half = self._random.uniform(-OFF_YAW_RAD, OFF_YAW_RAD) / 2.0
        self._data.qpos[self._object : self._object + 3] = x, y, 0.02
        self._data.qpos[self._object + 3 : self._object + 7] = math.cos(half), 0.0, 0.0, math.sin(half)
        self._data.qvel[self._model.body("red_cube").dofadr[0] :][:6] = 0.0

    def _pick(self, at: Vector) -> None:
        above = self._above(at, 0.15)
        self._move(above, gripper=0.04)
        self._approach(at, TIPS_M + TOUCH_FROM_M)
        self._touch(at)
        self._hold(0.1)
        self._move(self._reference, gripper=GRASP_M)
        self._hold(0.1)
        self._move(above, gripper=GRASP_M)

    def _put(self, at: Vector) -> None:
        above = self._above(at, 0.15)
        self._move(above, gripper=GRASP_M)
        self.moved += bool(self._data.qpos[self._object + 2] > 0.1)
        self._approach(at, TIPS_M + 0.005)
        self._hold(0.1)
        self._move(self._reference, gripper=0.04)
        self._move(above, gripper=0.04)

    def _above(self, at: Vector, height: float) -> Vector:
        """Axis positions with the gripper pointing down at a height above a point of the table."""
        axes = np.array(self._home[: self._arm])
        down = np.diag([1.0, -1.0, -1.0])
        for _ in range(60):
            pose = self._kinematics.forward(axes)
            turn = down @ pose[:3, :3].T
            angle = np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]]) / 2.0
            error = np.concatenate([[at[0], at[1], height] - pose[:3, 3], angle])
            jacobian = self._kinematics.jacobian(axes)
            step = jacobian.T @ np.linalg.solve(jacobian @ jacobian.T + 1e-6 * np.eye(6), error)
            axes += np.clip(step, -0.2, 0.2)
        return axes

    def _park_person(self) -> None:
        self._data.mocap_pos[0] = FAR

    def _geoms_below(self, name: str) -> set[int]:
        roots = self._model.body_rootid[self._model.geom_bodyid]
        return set(np.flatnonzero(roots == self._model.body(name).id).tolist())

    def _force(self, one: set[int], other: set[int]) -> float:
        """Sum of the contact forces between two sets of shapes, N."""
        total = 0.0
        force = np.zeros(6)
        for index in range(self._data.ncon):
            first, second = self._data.contact.geom[index]
            if (first in one and second in other) or (first in other and second in one):
                mujoco.mj_contactForce(self._model, self._data, index, force)
                total += float(np.linalg.norm(force[:3]))
        return total
