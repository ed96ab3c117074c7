"""The local planner: from where the arm is to a position of its joints, around what stands in between.

Model-predictive path integral control over the via-points of a path (MPPI: Williams et al., "Information theoretic MPC
for model-based reinforcement learning", ICRA 2017; over splines and with a distance field as in STORM, Bhardwaj et al.,
CoRL 2021): paths are drawn around the best ones so far, and weighted by what they cost. What comes out is timed by
ruckig and checked exactly, sphere by sphere, before anybody sees it. Pure: the same calls give the same paths.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from policies.activity import Held
from policies.arm_spheres import ArmSpheres
from policies.distance_field import DistanceField
from policies.obstacles import Obstacles, of_workcell
from policies.trajectory import MotionLimits, NoMotion, PathMotion, Reference
from rt_control.model_compiler import checked_chain
from rt_control.robot_file import RobotDescription

Array = npt.NDArray[np.float64]

MARGIN_M = 0.025  # left to everything on a way that is chosen
KEPT_M = 0.015  # and to everything on one that runs: what is seen trembles
LEAST_M = 0.004  # left at the ends of it, where the robot stands or is to stand
SOFT_M = 0.04  # beyond the margin: paths that keep so much more are better
SLACK_M = 0.004  # by which a path may come nearer to what it begins or ends beside
VIAS = 2
SAMPLES, ROUNDS = 40, 2
SPREAD_RAD = 0.5  # of the via-points at first
NARROWER = 0.7  # each round
TEMPERATURE = 0.1  # of the weights, in units of the spread of costs
STEPS = 20  # of a path, to rank it
WAYPOINTS, DENSE = 10, 60
CHECK_RAD, MOST_CHECKS = 0.03, 100  # of all joints together between positions that are checked
TRIED = 2  # of the best paths of a round are checked exactly
HIT_COST, NEAR_COST, LENGTH_COST, BEND_COST, LIMIT_COST = 400.0, 4.0, 1.0, 0.002, 50.0
FAR_OUT_M = 1.2


@dataclass(frozen=True, slots=True)
class Plan:
    """A way that can be gone.

    Attributes:
        waypoints: positions of the arm on it, the start not included, (k, arm axes).
        clearance_m: the least that is left to anything on the way.
        nearest: what that is.
        duration_s: at the speed that was asked for.
    """

    waypoints: tuple[Array, ...]
    clearance_m: float
    nearest: str
    duration_s: float


@dataclass(frozen=True, slots=True)
class NoPlan:
    """There is none, and why.

    Attributes:
        reason: what is in the way of what, in plain words.
        what: name of what is in the way; empty where it is nothing that stands there.
        final: whether looking longer cannot help while the obstacles stay where they are.
    """

    reason: str
    what: str
    final: bool


@dataclass(frozen=True, slots=True)
class Clearance:
    """What is left along a way: at each of its positions (k,), m, and the least of it.

    Attributes:
        along: (k,), m.
        least_m: of them.
        what: the obstacle at the least, or the arm itself.
        part: of the arm that is so near.
    """

    along: Array
    least_m: float
    what: str
    part: str


class LocalPlanner:
    """Finds ways around what perception sees."""

    def __init__(self, description: RobotDescription, seed: int = 0) -> None:
        """Take what does not change.

        Args:
            description: of the robot, with capsules.
            seed: of the paths that are drawn.

        Raises:
            ValueError: it has no capsules.
            InputError: the robot file contradicts its model.
        """
        self._arm = ArmSpheres(description, checked_chain(description))
        self._standing = of_workcell(description)
        axes = [description.axis[index] for index in description.arm_indices]
        self._lower = np.array([axis.lower for axis in axes])
        self._upper = np.array([axis.upper for axis in axes])
        self._home = np.array(description.home)[list(description.arm_indices)]
        self._limits = MotionLimits.of_robot(description).of(np.array(description.arm_indices))
        self._inside = [
            (np.array(zone.lower), np.array(zone.upper)) for zone in description.zone if zone.kind == "keep_in"
        ]
        lower, upper = np.full(3, -FAR_OUT_M), np.full(3, FAR_OUT_M)
        for low, high in self._inside:
            lower, upper = np.maximum(lower, low), np.minimum(upper, high)
        self._field = DistanceField(lower, upper, self._standing)
        self._random = np.random.default_rng(seed)
        self._spline = _spline(np.linspace(0.0, 1.0, VIAS + 2), np.linspace(0.0, 1.0, STEPS))
        self._dense = _spline(np.linspace(0.0, 1.0, VIAS + 2), np.linspace(0.0, 1.0, DENSE))
        self._best: Array | None = None  # via-points that came nearest last time, (VIAS, axes)
        self._best_for: Array | None = None

    def plan(
        self, start: Reference, goal: Array, seen: Obstacles, speed: float, held: Held | None = None
    ) -> Plan | NoPlan:
        """One call of a few tens of ms; where it finds nothing, the next one goes on from the best that was found.

        Args:
            start: of the arm, (arm axes,).
            goal: where it shall stand, (arm axes,).
            seen: what stands there now beside the workcell.
            speed: 0..1 of the velocity limits.
            held: what the hand holds.
        """
        self._arm.holds(held)
        obstacles = self._standing.joined(seen)
        at_goal = self.clearance(goal[None], obstacles)
        if at_goal.least_m < LEAST_M:
            return NoPlan(f"at its goal {_too_near(at_goal)}", at_goal.what, True)
        self._field.update(seen)
        last: NoPlan | None = None
        limits = self._limits.at_speed(speed)
        for tried in self._search(start.position, goal):
            plans: list[tuple[float, Plan, Array]] = []
            for vias in tried:
                found = self._checked(start, vias, goal, obstacles, limits)
                if isinstance(found, Plan):
                    plans.append((found.duration_s, found, vias))
                else:
                    last = last or found
            if plans:
                _, plan, vias = min(plans, key=lambda item: item[0])
                self._best, self._best_for = vias, goal.copy()
                return plan
        assert last is not None, "at least one path was looked at"
        return last

    def check(self, positions: Array, seen: Obstacles, held: Held | None = None) -> Clearance:
        """What is left on the rest of a way to what is seen now.

        Args:
            positions: of the arm on it, (k, arm axes).
            seen: what stands there now beside the workcell.
            held: what the hand holds.
        """
        self._arm.holds(held)
        return self.clearance(positions, self._standing.joined(seen))

    def clearance(self, positions: Array, obstacles: Obstacles) -> Clearance:
        """What is left at some positions (k, arm axes) to obstacles, to the arm itself and to where it has to stay."""
        arm = self._arm
        centres = arm.centres(positions)  # (k, spheres, 3)
        rows = len(positions)
        along, names, parts = np.full(rows, np.inf), np.full(rows, "", object), np.full(rows, "", object)

        def take(left: Array, name: npt.NDArray[np.object_], part: npt.NDArray[np.object_]) -> None:
            nearer = left < along
            along[nearer], names[nearer], parts[nearer] = left[nearer], name[nearer], part[nearer]

        every = np.array(arm.names, dtype=object)
        if len(obstacles):
            gaps = obstacles.distances(centres) - arm.radii[:, None]
            flat = gaps.reshape(rows, -1)
            index = flat.argmin(axis=1)
            sphere, block = np.divmod(index, len(obstacles))
            take(flat[np.arange(rows), index], np.array(obstacles.names, dtype=object)[block], every[sphere])
        for lower, upper in self._inside:
            room = np.minimum(centres - lower, upper - centres).min(axis=-1) - arm.radii
            sphere = room.argmin(axis=1)
            take(room[np.arange(rows), sphere], np.full(rows, "the edge of the workspace", object), every[sphere])
        own = arm.self_clearance(positions) + MARGIN_M  # its limit has its own margin
        take(own, np.full(rows, "itself", object), np.full(rows, "the arm", object))
        least = int(along.argmin())
        return Clearance(along, float(along[least]), str(names[least]), str(parts[least]))

    def _search(self, start: Array, goal: Array) -> Iterator[list[Array]]:
        """Via-points (VIAS, axes) of paths worth a check, round by round."""
        means = list(self._seeds(start, goal))
        spread = SPREAD_RAD
        yield [means[0]]  # straight: most ways are free
        for _ in range(ROUNDS):
            each = SAMPLES // len(means)
            noise = self._random.normal(0.0, spread, (len(means), each, VIAS, len(start)))
            noise[:, 0] = 0.0
            vias = (np.array(means)[:, None] + noise).reshape(-1, VIAS, len(start))
            vias = np.clip(vias, self._lower + 0.03, self._upper - 0.03)
            costs, hits = self._costs(start, vias, goal)
            order = np.argsort(costs)
            yield [vias[index] for index in order[:TRIED] if not hits[index]]
            weights = np.exp(-(costs - costs.min()) / (TEMPERATURE * (costs.std() + 1e-6)))
            mean = np.einsum("n,nij->ij", weights / weights.sum(), vias)
            self._best, self._best_for = vias[order[0]], goal.copy()
            means = [vias[order[0]], mean]
            spread *= NARROWER

    def _seeds(self, start: Array, goal: Array) -> Iterator[Array]:
        """Straight; drawn in like at home while the arm turns; halfway between; what was best before."""
        shares = np.linspace(0.0, 1.0, VIAS + 2)[1:-1, None]
        straight = start + shares * (goal - start)
        yield straight
        tucked = np.repeat(self._home[None], VIAS, axis=0)
        tucked[:, 0] = straight[:, 0]
        yield tucked
        yield 0.5 * (straight + tucked)
        if self._best is not None and self._best_for is not None and np.allclose(self._best_for, goal):
            yield self._best

    def _costs(self, start: Array, vias: Array, goal: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
        """What paths cost (n,), and which ones hit something as far as the grid tells."""
        ends = np.broadcast_to(start, (len(vias), 1, len(start))), np.broadcast_to(goal, (len(vias), 1, len(goal)))
        paths = self._spline @ np.concatenate([ends[0], vias, ends[1]], axis=1)  # (n, STEPS, axes)
        centres = self._arm.centres(paths)
        left = self._field.distances(centres) - self._arm.radii
        for lower, upper in self._inside:
            left = np.minimum(left, np.minimum(centres - lower, upper - centres).min(axis=-1) - self._arm.radii)
        least = left.min(axis=-1)  # (n, STEPS)
        inner = least[:, 1:-1]
        short = np.maximum(MARGIN_M - inner, 0.0)
        soft = np.maximum(MARGIN_M + SOFT_M - inner, 0.0) / SOFT_M
        lengths = np.linalg.norm(np.diff(paths, axis=1), axis=-1).sum(axis=-1)
        beyond = np.maximum(paths - self._upper, 0.0) + np.maximum(self._lower - paths, 0.0)
        costs = (
            HIT_COST * short.sum(axis=1)
            + NEAR_COST * soft.mean(axis=1)
            + LENGTH_COST * lengths
            + BEND_COST * (np.diff(paths, n=2, axis=1) ** 2).sum(axis=(1, 2)) * STEPS**3
            + LIMIT_COST * beyond.sum(axis=(1, 2))
        )
        return costs, least.min(axis=1) < 0.0

    def _checked(
        self, start: Reference, vias: Array, goal: Array, obstacles: Obstacles, limits: MotionLimits
    ) -> Plan | NoPlan:
        """The path as the arm would go it, if nothing is in its way."""
        points = _evenly(self._dense @ np.concatenate([start.position[None], vias, goal[None]]))
        if (points < self._lower).any() or (points > self._upper).any():
            return NoPlan("every way that was found leaves the range of a joint", "", False)
        waypoints = tuple(points)
        try:
            motion = PathMotion(start, waypoints, limits)
        except NoMotion as error:
            return NoPlan(str(error), "", False)
        # By the length of the path, not by how long it takes: slower, the same places are closer together.
        length = float(np.linalg.norm(np.diff(np.vstack([start.position[None], points]), axis=0), axis=1).sum())
        count = min(max(math.ceil(length / CHECK_RAD), STEPS), MOST_CHECKS)
        positions = motion.positions(np.linspace(0.0, motion.duration_s, count + 1))
        left = self.clearance(positions, obstacles)
        if not keeps_clear(left.along, MARGIN_M):
            return NoPlan(f"on every way that was found {_too_near(left)}", left.what, False)
        return Plan(waypoints, left.least_m, left.what, motion.duration_s)


def keeps_clear(along: Array, margin_m: float) -> bool:
    """Whether a way may be gone: within the margin only where it leaves what it began beside, or comes to its goal.

    Args:
        along: what is left at its positions, (k,), m.
        margin_m: elsewhere.
    """
    clear = np.flatnonzero(along >= margin_m)
    if len(clear) == 0:
        return bool(along.min() >= min(along[0], along[-1]) - SLACK_M)
    first, last = clear[0], clear[-1]
    return bool(
        along[first : last + 1].min() >= margin_m
        and along[: first + 1].min() >= along[0] - SLACK_M
        and along[last:].min() >= max(along[-1] - SLACK_M, 0.0)
    )


def _evenly(points: Array) -> Array:
    """WAYPOINTS points (k, axes) of a polyline, equally far from one another, its first left out."""
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    at = np.linspace(0.0, lengths[-1], WAYPOINTS + 1)[1:]
    return np.stack([np.interp(at, lengths, column) for column in points.T], axis=1)


def _too_near(left: Clearance) -> str:
    millimetres = round(1000.0 * left.least_m)
    where = f"{-millimetres} mm inside" if millimetres < 0 else f"{millimetres} mm from"
    return f"{left.part} would be {where} {left.what}"


def _spline(knots: Array, at: Array) -> Array:
    """What each value at the knots of a natural cubic spline adds to its values elsewhere, (at, knots)."""
    from scipy.interpolate import CubicSpline

    return np.asarray(CubicSpline(knots, np.eye(len(knots)), bc_type="natural")(at))
