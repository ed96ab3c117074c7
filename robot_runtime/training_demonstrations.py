"""Records demonstrations of the scripted expert in the physics.

Objects are displaced, the arm is pushed, hands hide what they grasp. The expert sees what a policy would see, as late.
"""

from __future__ import annotations

import math
import multiprocessing
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.training import lerobot_dataset
from models.training.lerobot_dataset import Episode, Layout
from perception.scene import Scene
from policies.cell import Cell
from policies.grasp import EMPTY_M, PRESSES_M
from policies.inverse_kinematics import Unreachable
from policies.observation import (
    TARGET_NAMES,
    TASKS,
    GripperReading,
    PolicyTarget,
    Task,
    state_names,
    state_vector,
    target_vector,
)
from policies.scripted_expert import PERIOD_S, ScriptedExpert
from policies.targets import NoTarget, pick_target, place_target
from policies.workspace import Workspace
from rt_control.description import RobotDescription, load_robot
from sim.displacement import displace
from sim.oracle import OraclePerception
from sim.other_objects import write_other_objects
from sim.plant import Plant
from sim.random_table import Randomisation

ROBOT = "arm7"
RUNS_PER_FILE = 10
EPISODES_PER_RUN = 7  # about
RATE_HZ = 50
STEPS_PER_FRAME = round(1.0 / (RATE_HZ * PERIOD_S))
CYCLES_PER_STEP = round(PERIOD_S / 0.001)
LOOK_EVERY_STEPS = 3  # 33 images a second
SEEN_AFTER_STEPS = 5
LONGEST_S = 9.0
AFTER_S = 0.3  # that a demonstration goes on once it has succeeded
HIDES_M = 0.12  # a hand nearer than this may hide the object
WATCH_SHARE = 0.3  # of demonstrations in which it does not
PUSHED_SHARE = 0.4  # of demonstrations in which the arm is pushed once, anywhere
MOST_NUDGES, NUDGE_CHANCE = 3, 0.03  # at each step near the target
NEAR_M = 0.04
LOWEST_Z = 0.0115  # of the TCP: finger tips above the table
RETREAT_SHARE = 0.5  # of what was put down, after which the hand leaves once more, from elsewhere
WANDER_SHARE = 0.7  # of demonstrations that begin anywhere, not where the last one ended
LOOKS = Randomisation(
    hues=((0.0, 360.0),),
    cube_m=((0.024, 0.058),),
    ball_m=((0.024, 0.058),),
    cylinder_m=((0.020, 0.052),),
    cylinder_height_m=((0.026, 0.072),),
    box_long_m=((0.034, 0.072),),
    box_short_m=((0.018, 0.042),),
)

Array = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]


def layout(description: RobotDescription) -> Layout:
    """What the columns mean."""
    names = description.axis_names
    return Layout(
        robot=description.name,
        rate_hz=RATE_HZ,
        names={
            lerobot_dataset.STATE: state_names(names),
            lerobot_dataset.TARGET: list(TARGET_NAMES),
            lerobot_dataset.ACTION: [f"{name}.reference" for name in names],
        },
        tasks=TASKS,
    )


def record(folder: Path, seed: int, episodes: int, tell: Callable[[int, int], None], processes: int = 1) -> None:
    """Record what is missing of a data set; one that was interrupted goes on.

    Args:
        folder: of the set.
        seed: of the set; the same seed gives the same demonstrations.
        episodes: how many about; a run of a table with four objects gives about six.
        tell: called with how many there are about, and how many there will be.
        processes: that record.
    """
    per_file = RUNS_PER_FILE * EPISODES_PER_RUN
    count = -(-episodes // per_file)
    missing = [
        (str(path), seed * 100_000 + number)
        for number in range(count)
        if not (path := lerobot_dataset.file_path(folder, number)).exists()
    ]
    done = count - len(missing)
    tell(done * per_file, count * per_file)
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for _ in pool.imap_unordered(_record_file, missing):
            done += 1
            tell(done * per_file, count * per_file)
    lerobot_dataset.finish(folder, layout(load_robot(ROBOT)))


def _record_file(what: tuple[str, int]) -> None:
    path, seed = what
    shipped = load_robot(ROBOT)
    episodes: list[Episode] = []
    for number in range(RUNS_PER_FILE):
        run_seed = seed * 1000 + number
        with tempfile.TemporaryDirectory(prefix="dynamical-demonstrations-") as objects:
            other = write_other_objects(shipped, run_seed, Path(objects), LOOKS)
            episodes.extend(DemonstrationRun(load_robot(other.robot_file), run_seed).record())
    lerobot_dataset.write_file(Path(path), episodes, layout(shipped), 0)


@dataclass(frozen=True, slots=True)
class Push:
    """Something moves the arm beside the expert.

    Attributes:
        begin, steps: when, and how long.
        velocity: at most, (axes,).
    """

    begin: int
    steps: int
    velocity: Array

    def over(self, step: int) -> bool:
        return step >= self.begin + self.steps

    def share(self, step: int) -> float:
        """Of the velocity, at a step."""
        return math.sin(math.pi * (step - self.begin + 0.5) / self.steps) ** 2


class DemonstrationRun:
    """One table, whose objects are put into the bins one after the other."""

    def __init__(self, description: RobotDescription, seed: int) -> None:
        from rt_control import _native as native
        from rt_control.model_compiler import compile_model

        self._random = np.random.default_rng(seed)
        kinematics = native.Kinematics(compile_model(description))
        self._cell = Cell(description, kinematics)
        self._ways = Workspace(description, kinematics)
        self._expert = ScriptedExpert(description, kinematics)
        self._plant = Plant(description.world_path, description, seed % 2**31, description.timing.drive_watchdog_cycles)
        self._oracle = OraclePerception(self._plant, seed)
        self._axes = len(description.axis)
        assert description.gripper_index is not None, "the expert has refused such a robot"
        self._finger = description.gripper_index
        self._command = native.DriveCommand(axes=self._axes, generation=1, enable=1, clear_fault=1)
        self._reference: Array = np.array(description.home, dtype=np.float64)
        self._velocity = np.zeros(self._axes)
        self._gripper = GripperReading(float(self._reference[self._finger]), 0.0)
        self._no_push = Push(0, 0, np.zeros(self._axes))
        self._steps = 0
        self._scene: Scene = self._oracle.look(0)
        self._apply(self._reference, self._velocity)

    def record(self) -> list[Episode]:
        """The demonstrations of this table."""
        episodes: list[Episode] = []
        simulation = self._cell.description.simulation
        names = self._random.permutation(sorted(simulation.goal) if simulation is not None else [])
        for name in names:
            if self._random.random() < WANDER_SHARE:
                self._wander(lowest_z=0.06, opening=True)
            picked = self._pick(str(name))
            if picked is None:
                break
            episodes.append(picked)
            if self._random.random() < WANDER_SHARE:
                self._wander(lowest_z=self._cell.travel_z - 0.04, opening=False)
            if not self._holds():
                continue
            target = self._release_target(str(name))
            placed = self._place(target)
            if placed is None:
                break
            episodes.append(placed)
            if self._random.random() < RETREAT_SHARE:
                self._wander_near(target)
                retreated = self._place(target)
                if retreated is None:
                    break
                episodes.append(retreated)
        return episodes

    def _pick(self, name: str) -> Episode | None:
        random = self._random
        watched = random.random() < WATCH_SHARE
        displacements = int(random.integers(0, 4))
        pending: list[tuple[int, PolicyTarget]] = []
        first = self._seen_target(name, None)
        if first is None:
            return None
        target: PolicyTarget = first

        def look() -> tuple[PolicyTarget, bool]:
            nonlocal target, displacements
            moved = False
            hand = self._cell.tcp(self._reference)[:3, 3]
            away = math.dist(hand[:2], target.position_base[:2])
            above = hand[2] - target.position_base[2]
            free = (away > 0.05 or above > 0.07) and not self._holds()
            if displacements and free and random.random() < 0.012:
                displacements -= 1
                displace(self._plant, name, random, float(random.uniform(0.015, 0.09)))
            if self._steps % LOOK_EVERY_STEPS == 0:
                hidden = away < HIDES_M and above < 0.25 and not watched
                if not hidden or free and random.random() < 0.3:
                    seen = self._seen_target(name, target)
                    if seen is not None:
                        pending.append((self._steps + SEEN_AFTER_STEPS, seen))
            while pending and pending[0][0] <= self._steps:
                newest = pending.pop(0)[1]
                moved |= math.dist(newest.position_base, target.position_base) > 0.005 and not self._holds()
                target = newest
            return target, moved

        return self._demonstrate("pick", look, lambda: self._holds() and self._raised())

    def _release_target(self, name: str) -> PolicyTarget:
        workcell = self._cell.description.workcell
        chosen = workcell.bin[int(self._random.integers(len(workcell.bin)))]
        spot = np.array(chosen.centre) + self._random.uniform(-0.26, 0.26, 2) * np.array(chosen.size[:2])
        item = self._scene.find(name)
        width = self._cell.opening_m(self._measured)
        below = 0.03 if item is None else min(item.size_m[2] / 2.0 + 0.02, 0.06)
        return place_target(
            self._cell, chosen, (float(spot[0]), float(spot[1])), float(self._random.uniform(0.01, below)), width, 0
        )

    def _place(self, target: PolicyTarget) -> Episode | None:
        def look() -> tuple[PolicyTarget, bool]:
            return PolicyTarget("place", target.position_base, target.yaw_rad, target.opening, self._now_ns, 0.0), False

        return self._demonstrate("place", look, lambda: not self._holds() and self._open(target) and self._raised())

    def _demonstrate(
        self, task: Task, look: Callable[[], tuple[PolicyTarget, bool]], succeeded: Callable[[], bool]
    ) -> Episode | None:
        """One demonstration; None if it did not succeed."""
        random = self._random
        self._expert.reset()
        states, targets, actions, disturbed = [], [], [], []
        push = self._no_push
        push_at = int(random.integers(20, 250)) if random.random() < PUSHED_SHARE else -1
        nudges = int(random.integers(0, MOST_NUDGES + 1))
        left = round(AFTER_S / PERIOD_S)
        since = True
        for step in range(round(LONGEST_S / PERIOD_S)):
            target, moved = look()
            since |= moved
            if step == push_at:
                push = self._push(step)
            elif push.over(step) and nudges and random.random() < NUDGE_CHANCE and self._near(target):
                nudges -= 1
                push = self._nudge(step)
            pushed = not push.over(step)
            since |= pushed
            reference, velocity = self._expert.step(self._reference, self._velocity, self._gripper, target)
            if pushed:
                moved_by = push.velocity * push.share(step) * PERIOD_S
                if self._cell.tcp(reference + moved_by)[2, 3] > LOWEST_Z or moved_by[self._finger]:
                    reference = np.clip(reference + moved_by, self._cell.lower, self._cell.upper)
            if step % STEPS_PER_FRAME == 0:
                pose = self._cell.tcp(self._reference)
                states.append(state_vector(self._reference, self._velocity, self._gripper, pose))
                targets.append(target_vector(target, self._now_ns))
                disturbed.append(since)
                since = False
            self._apply(reference, velocity)
            if step % STEPS_PER_FRAME == STEPS_PER_FRAME - 1:
                actions.append(self._reference.copy())
            if succeeded():
                left -= 1
            if left <= 0 and len(actions) == len(states):
                break
        else:
            return None
        count = len(actions)
        return Episode(
            task,
            np.array(states[:count], dtype=np.float32),
            np.array(targets[:count], dtype=np.float32),
            np.array(actions, dtype=np.float32),
            np.array(disturbed[:count], dtype=bool),
        )

    def _push(self, step: int) -> Push:
        """Anywhere on the way, hard."""
        random = self._random
        velocity = np.zeros(self._axes)
        near = self._cell.tcp(self._reference)[2, 3] < self._cell.travel_z
        velocity[self._cell.arm] = random.normal(0.0, 0.05 if near else 0.25, len(self._cell.arm))
        if not self._holds():
            velocity[self._finger] = random.normal(0.0, 0.04)
        return Push(step, int(random.integers(12, 30)), velocity)

    def _nudge(self, step: int) -> Push:
        """Where it is delicate: a few mm to any side, down too, or a turn of the hand."""
        random = self._random
        twist = np.concatenate([random.normal(0.0, 0.04, 3), random.normal(0.0, 0.15, 3)])
        arm = self._cell.arm
        jacobian = self._cell.kinematics.jacobian(self._reference)[:, arm]
        velocity = np.zeros(self._axes)
        velocity[arm] = jacobian.T @ np.linalg.solve(jacobian @ jacobian.T + 1e-4 * np.eye(6), twist)
        return Push(step, int(random.integers(8, 24)), velocity)

    def _near(self, target: PolicyTarget) -> bool:
        hand = self._cell.tcp(self._reference)[:3, 3]
        return float(np.linalg.norm(hand - target.position_base)) < NEAR_M and not self._holds()

    def _wander(self, lowest_z: float, opening: bool) -> None:
        """Go somewhere, fast, and perhaps not as far as that: a demonstration may begin in the middle of a motion."""
        random = self._random
        for _ in range(20):
            place = random.uniform([0.30, -0.50, lowest_z], [0.66, 0.50, 0.50])
            yaw = self._cell.easiest_yaw(place, [random.uniform(-math.pi, math.pi)])
            found = self._ways.down_at(place, [yaw], self._reference)
            if not isinstance(found, Unreachable) and (place[2] > 0.12 or self._clear(place)):
                break
        else:
            return
        goal = found.copy()
        goal[self._cell.arm] += random.normal(0.0, 0.08, len(self._cell.arm))
        goal[self._finger] = self._reference[self._finger]
        if opening:
            goal[self._finger] = self._cell.inside(float(random.uniform(0.008, 0.04)))
        goal = np.clip(goal, self._cell.lower + 0.02, self._cell.upper - 0.02)
        goal[self._finger] = max(goal[self._finger], self._cell.gripper_at(0.0))
        fastest = np.array([axis.velocity for axis in self._cell.description.axis])
        slow = 2.2 if opening else 4.0
        duration = max(float((np.abs(goal - self._reference) / fastest).max()) * slow, 0.4)
        self._glide(goal, duration, float(random.uniform(0.55, 1.0)) if random.random() < 0.5 else 1.0)

    def _glide(self, goal: Array, duration_s: float, share: float) -> None:
        """Along a straight line of the axes, and no farther than a share of the time."""
        begun, way = self._reference.copy(), goal - self._reference
        steps = round(duration_s / PERIOD_S)
        for step in range(1, round(share * steps) + 1):
            along = step / steps
            reference = begun + way * along**3 * (10.0 + along * (6.0 * along - 15.0))
            if self._cell.tcp(reference)[2, 3] < 0.05:
                break
            self._apply(reference, way * 30.0 * along**2 * (1.0 - along) ** 2 / duration_s)

    def _wander_near(self, target: PolicyTarget) -> None:
        """With an empty hand to somewhere near a place where something was let go, the fingers anywhere."""
        random = self._random
        place = np.array(target.position_base) + random.uniform([-0.03, -0.03, 0.05], [0.03, 0.03, 0.16])
        found = self._ways.down_at(place, [target.yaw_rad + random.normal(0.0, 0.1)], self._reference)
        if isinstance(found, Unreachable):
            return
        goal = found.copy()
        goal[self._finger] = self._cell.inside(float(random.uniform(0.0, 0.04)))
        self._glide(goal, 0.6, 1.0 if random.random() < 0.5 else float(random.uniform(0.5, 1.0)))

    def _clear(self, place: Array) -> bool:
        return all(math.dist(item.position_base[:2], place[:2]) > 0.10 for item in self._scene.objects)

    def _seen_target(self, name: str, before: PolicyTarget | None) -> PolicyTarget | None:
        self._scene = self._oracle.look(self._now_ns)
        item = self._scene.find(name)
        if item is None:
            return None
        found = pick_target(self._cell, item, self._scene, before)
        return None if isinstance(found, NoTarget) else found

    @property
    def _now_ns(self) -> int:
        return round(self._steps * PERIOD_S * 1e9)

    def _holds(self) -> bool:
        pressed = self._gripper.position - float(self._reference[self._finger])
        return 2.0 * self._gripper.position > EMPTY_M and pressed > PRESSES_M

    def _open(self, target: PolicyTarget) -> bool:
        return self._gripper.position > target.opening - 6e-3

    def _raised(self) -> bool:
        return bool(self._cell.tcp(self._reference)[2, 3] > self._cell.travel_z - 0.012)

    def _apply(self, reference: Array, velocity: Array) -> None:
        """Let the drives go there within one step."""
        begin, begin_slope, end_slope = self._reference, self._velocity * PERIOD_S, velocity * PERIOD_S
        command = self._command
        state = None
        for cycle in range(1, CYCLES_PER_STEP + 1):
            u = cycle / CYCLES_PER_STEP
            u2, u3 = u * u, u * u * u
            position = (
                (2 * u3 - 3 * u2 + 1) * begin
                + (u3 - 2 * u2 + u) * begin_slope
                + (3 * u2 - 2 * u3) * reference
                + (u3 - u2) * end_slope
            )
            command = command.copy()
            command.cycle += 1
            command.position[: self._axes] = position
            command.velocity[: self._axes] = self._velocity + (velocity - self._velocity) * u
            state = self._plant.step(command)
            command.clear_fault = 0
        self._command = command
        assert state is not None
        self._measured = np.array(state.position[: self._axes])
        self._gripper = GripperReading(float(state.position[self._finger]), float(state.velocity[self._finger]))
        self._reference, self._velocity = reference, velocity
        self._steps += 1
