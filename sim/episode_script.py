"""What happens in one episode: how the arm moves, when a person reaches in, and what becomes of each thing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.random_table import RandomTable, Thing, rotation_x, rotation_y, rotation_z
from sim.smooth_path import PEAK, glide
from sim.thing_stories import LetFall, MovedByHand, Rolling, Still, Story, Visit

Array = npt.NDArray[np.float64]

PERSON_SHARE = 0.7  # of the episodes
PERSON_SPEED_MPS = 1.6  # ISO 13855: of an approaching hand
WAY_IN_M = 1.1  # from out of sight to the table
ARM_CLEARANCE_M = 0.09  # of the TCP: above the tallest thing
APART_M = 0.08  # between the centres of things
IN_BINS_M = 0.28  # beside the middle of the table begin the bins
AREA = ((0.24, -0.26), (0.70, 0.26))  # x, y: where things are put
FALL_M = 0.35  # from no higher a thing is let go
BALL_MPS = (0.6, 1.2)
BALL_MPS2 = (0.6, 1.2)
LAST_VISIT_S = 1.0  # before the end: when a hand has gone
FINGER_M = 0.09  # from the hand's origin to what its fingers hold, along -x


@dataclass(frozen=True, slots=True)
class Script:
    """Of one episode.

    Attributes:
        arm_times_s, arm_points: (k,), and (k, axes): the arm glides from each to the next.
        visits: of the person, one after the other.
        stories: one for each thing.
    """

    arm_times_s: Array
    arm_points: Array
    visits: tuple[Visit, ...]
    stories: tuple[Story, ...]

    def arm(self, time_s: float) -> Array:
        """Position of each axis."""
        return glide(self.arm_points, self.arm_times_s, time_s)

    def arm_goal(self, time_s: float) -> Array:
        """Position of each axis where the arm stops next, or stands."""
        after = min(int(np.searchsorted(self.arm_times_s, time_s, side="right")), len(self.arm_times_s) - 1)
        goal: Array = self.arm_points[after]
        return goal

    def hand(self, time_s: float) -> Array | None:
        """Base from the person's hand, 4x4; None: nobody is there."""
        return next((pose for visit in self.visits if (pose := visit.hand(time_s)) is not None), None)


def write_script(table: RandomTable, duration_s: float) -> Script:
    """Draw what happens to the things of a table; one of them may be exchanged for a ball.

    Args:
        table: with new looks.
        duration_s: of the episode.
    """
    random = table.random
    rolls = len(table.things) > 1 and random.random() < 0.5
    if rolls:
        table.things[-1] = Thing("ball", table.things[-1].identity, np.full(3, random.uniform(0.032, 0.048)))
    carries = random.random() < 0.4
    times_s, points, released_s = _arm_path(table, duration_s, carries)
    for _ in range(20):
        table.move_arm(points[0])
        poses = table.place_things(float(released_s is not None), 0.15)
        stories: list[Story] = [Still(pose) for pose in poses]
        taken = [pose[:2, 3] for pose in poses]
        if released_s is None:
            break
        falling = _let_fall(table, poses[0], points, times_s, released_s)
        stories[0], taken[0] = falling, falling.after[:2, 3]
        if all(np.hypot(*(place - taken[0])) > APART_M for place in taken[1:]):
            break
    if rolls and abs(taken[-1][1]) < IN_BINS_M:
        rolling = _rolling(random, poses[-1], taken[:-1], duration_s)
        if rolling is not None:
            stories[-1] = rolling
            end = rolling.pose(duration_s, np.eye(4))
            assert end is not None
            taken.append(end[:2, 3])
    free = [index for index, story in enumerate(stories) if story.kind == "still" and abs(taken[index][1]) < IN_BINS_M]
    visits = _visits(table, stories, taken, free, duration_s) if random.random() < PERSON_SHARE else []
    return Script(times_s, points, tuple(visits), tuple(stories))


def _arm_path(table: RandomTable, duration_s: float, carries: bool) -> tuple[Array, Array, float | None]:
    """Times and points; and when what the hand holds is let go, at the second place; None: it holds nothing."""
    random = table.random
    points, times_s = [_start(table)], [0.0]
    released_s = None
    while times_s[-1] < duration_s:
        first = carries and len(points) == 1
        goal = _next_point(table, points[-1], above_area=first)
        if goal is None:
            goal = points[-1]
        elif first:
            released_s = 0.0
        speed_radps = random.uniform(0.3, 1.5)
        takes_s = max(PEAK * float(np.abs(goal[:-1] - points[-1][:-1]).max()) / speed_radps, 0.3)
        stands_s = random.uniform(0.2, 1.5)
        points += [goal, goal]
        times_s += [times_s[-1] + takes_s, times_s[-1] + takes_s + stands_s]
        if first and released_s is not None:
            released_s = times_s[-2] + 0.5 * stands_s
    path = np.array(points)
    if released_s is not None:
        path[:3, -1], path[3:, -1] = 0.015, 0.04
    return np.array(times_s), path, released_s if released_s is not None and released_s < duration_s - 1.0 else None


def _start(table: RandomTable) -> Array:
    for _ in range(50):
        point = table.place_arm()
        if table.pose_base_from_tcp()[2, 3] > ARM_CLEARANCE_M:
            break
    return point


def _next_point(table: RandomTable, start: Array, above_area: bool) -> Array | None:
    """Another place to which the way is clear of the table; None if none was found."""
    for _ in range(100):
        goal = table.place_arm()
        tcp = table.pose_base_from_tcp()[:3, 3]
        over = ((tcp[:2] > AREA[0]) & (tcp[:2] < AREA[1])).all() and tcp[2] < FALL_M
        if above_area and not over:
            continue
        way = [start + share * (goal - start) for share in np.linspace(0.0, 1.0, 9)]
        if all(table.move_arm(point) and table.pose_base_from_tcp()[2, 3] > ARM_CLEARANCE_M for point in way):
            return goal
    return None


def _let_fall(table: RandomTable, held: Array, points: Array, times_s: Array, released_s: float) -> LetFall:
    """What the arm does with the first thing."""
    table.move_arm(points[0])
    tcp_from_object = np.linalg.inv(table.pose_base_from_tcp()) @ held
    table.move_arm(glide(points, times_s, released_s))
    let_go = table.pose_base_from_tcp() @ tcp_from_object
    size = table.things[0].size_m
    after = np.eye(4)
    after[:3, :3] = rotation_z(math.atan2(let_go[1, 0], let_go[0, 0]))
    after[:3, 3] = *let_go[:2, 3], size[2] / 2.0
    return LetFall(tcp_from_object, released_s, float(let_go[2, 3] - after[2, 3]), after)


def _rolling(random: np.random.Generator, pose: Array, others: list[Array], duration_s: float) -> Rolling | None:
    """A way on which nothing lies."""
    for _ in range(100):
        speed, slows = random.uniform(*BALL_MPS), random.uniform(*BALL_MPS2)
        angle = random.uniform(-math.pi, math.pi)
        velocity = speed * np.array([math.cos(angle), math.sin(angle)])
        begin_s = random.uniform(1.0, duration_s - 3.0)
        story = Rolling(pose, begin_s, velocity, slows)
        way = [story.pose(time_s, np.eye(4)) for time_s in np.linspace(begin_s, story.settled_s, 12)]
        places = np.array([item[:2, 3] for item in way if item is not None])
        inside = ((places > AREA[0]) & (places < AREA[1])).all()
        if inside and all(np.linalg.norm(places - other, axis=1).min() > APART_M for other in others):
            return story
    return None


def _visits(
    table: RandomTable, stories: list[Story], taken: list[Array], free: list[int], duration_s: float
) -> list[Visit]:
    """What the person does, and with which things; their stories are changed."""
    random = table.random
    visits: list[Visit] = []
    begin_s = random.uniform(0.3, 2.0)
    free = [int(index) for index in random.permutation(np.array(free, dtype=int))]
    while True:
        kind = str(random.choice(["reach", "push", "bring", "take"], p=[0.3, 0.3, 0.25, 0.15]))
        index = free.pop() if kind != "reach" and free else None
        visit = _visit(table, kind, index, stories, taken, begin_s)
        if visit is None:
            begin_s += 0.5
        elif visit.times_s[-1] > duration_s - LAST_VISIT_S:
            return visits
        else:
            visits.append(visit)
            if index is not None:
                stories[index] = _story(kind, stories[index], visit)
                after = stories[index].pose(duration_s, np.eye(4))
                taken[index] = taken[index] if after is None else after[:2, 3]
            begin_s = float(visit.times_s[-1]) + random.uniform(0.2, 1.0)
        if begin_s > duration_s:
            return visits


def _visit(
    table: RandomTable, kind: str, index: int | None, stories: list[Story], taken: list[Array], begin_s: float
) -> Visit | None:
    """The way of a hand; None if there is no place to push a thing to."""
    random = table.random
    if index is None:
        drawn = table.draw_person()
        rotation, at = drawn[:3, :3], drawn[:3, 3]
        # What reaches in from below the table would come through it.
        outward = rotation[:, 0] * [1.0, 1.0, 0.0] + [0.0, 0.0, max(rotation[2, 0], 0.0)]
    else:
        pose = stories[index].pose(0.0, np.eye(4))
        assert pose is not None
        rotation = _grasping(random, pose)
        outward = rotation[:, 0]
        height_m = 2.0 * pose[2, 3]
        at = np.array([pose[0, 3], pose[1, 3], height_m + 0.012]) + FINGER_M * rotation[:, 0]
    outside = at + WAY_IN_M * outward / np.linalg.norm(outward)
    points, times_s = [outside, at], [begin_s, begin_s + _takes_s(random, WAY_IN_M)]
    if kind == "push" and index is not None:
        shift = _shift(random, taken, index)
        if shift is None:
            return None
        at = at + [*shift, 0.0]
        points += [points[-1], at]
        times_s += [times_s[-1] + random.uniform(0.1, 0.4)]
        times_s += [times_s[-1] + _takes_s(random, float(np.hypot(*shift)))]
        outside = outside + [*shift, 0.0]
    points += [at, outside]
    times_s += [times_s[-1] + random.uniform(0.2, 1.2)]
    times_s += [times_s[-1] + _takes_s(random, WAY_IN_M)]
    return Visit(np.array(times_s), np.array(points), rotation)


def _story(kind: str, story: Story, visit: Visit) -> MovedByHand:
    lies = story.pose(0.0, np.eye(4))
    assert lies is not None
    times_s = [float(value) for value in visit.times_s]
    if kind == "bring":
        return MovedByHand("brought", None, lies, visit, times_s[0], times_s[2])
    if kind == "take":
        return MovedByHand("taken", lies, None, visit, times_s[1], times_s[-1])
    after = lies.copy()
    after[:3, 3] += visit.points[3] - visit.points[2]
    return MovedByHand("pushed", lies, after, visit, times_s[2], times_s[3])


def _grasping(random: np.random.Generator, pose: Array) -> Array:
    """How a hand is turned that comes from above, from any side of the table but the robot's."""
    yaw = math.atan2(pose[1, 3] * 1.2, pose[0, 3] - 0.25) + random.uniform(-0.6, 0.6)
    tilt, roll = random.uniform(-0.5, -0.15), random.uniform(-0.5, 0.5)
    turned: Array = rotation_z(yaw) @ rotation_y(tilt) @ rotation_x(roll)
    return turned


def _shift(random: np.random.Generator, taken: list[Array], index: int) -> Array | None:
    for _ in range(50):
        angle, way_m = random.uniform(-math.pi, math.pi), random.uniform(0.06, 0.25)
        shift = way_m * np.array([math.cos(angle), math.sin(angle)])
        place = taken[index] + shift
        others = [other for number, other in enumerate(taken) if number != index]
        inside = ((place > AREA[0]) & (place < AREA[1])).all()
        if inside and all(np.hypot(*(place - other)) > APART_M for other in others):
            return shift
    return None


def _takes_s(random: np.random.Generator, way_m: float) -> float:
    return PEAK * way_m / random.uniform(0.3 * PERSON_SPEED_MPS, PERSON_SPEED_MPS)
