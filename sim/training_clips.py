"""Clips of a robot at work, and of what should not happen, for training and measuring scene models.

In a normal clip the arm moves smoothly, perhaps with a thing in its hand, a person reaches in or out or is away, and
all else lies still. What happens in an abnormal one happens before its last image, but for the foreign thing, which
lies there all the time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rt_control.description import RobotDescription
from sim.person_distance import PersonDistance
from sim.random_table import PERSON, SEEN, Array, Randomisation, RandomTable, Thing, rotation_x, rotation_z

FRAMES = 4
SPACING_S = 0.25
ANOMALIES = ("moved", "vanished", "appeared", "toppled", "foreign", "dropped", "camera knocked", "light failed")
NEAR_M = 0.3
MOST_THINGS = 6
LEAST_PIXELS = 15  # of 320 x 240, that must show what something happens to
LEAST_PERSON_PIXELS, LEAST_HELD_PIXELS = 30, 8
PERSON_SPEED_MPS = 1.6  # ISO 13855: of an approaching hand
GRAVITY_MPS2 = 9.81
_OVER_TABLE, _OVER_TABLE_REACH = np.array([0.5, 0.0, 0.2]), np.array([0.28, 0.5, 0.22])
_PEAK = 1.5  # of the speed along a smooth step, relative to its mean
_OF_A_THING = ("moved", "vanished", "appeared", "toppled", "foreign")


@dataclass(frozen=True, slots=True)
class Facts:
    """What holds in the last image of a clip.

    Attributes:
        person_present: some of a person is seen.
        person_near_robot: some of it is nearer than 0.3 m to the robot, seen or not.
        object_in_hand: the robot's hand holds a thing, some of which is seen.
        left_bin_occupied, right_bin_occupied: a thing lies in it.
        table_empty: no thing lies outside of bins and hand.
    """

    person_present: bool
    person_near_robot: bool
    object_in_hand: bool
    left_bin_occupied: bool
    right_bin_occupied: bool
    table_empty: bool


@dataclass(frozen=True, slots=True)
class Clip:
    """Images and what they show.

    Attributes:
        rgb: (4, 240, 320, 3) uint8, oldest first, 0.25 s apart.
        facts: of the last one.
        anomaly: one of `ANOMALIES`; None if normal.
    """

    rgb: npt.NDArray[np.uint8]
    facts: Facts
    anomaly: str | None


class TrainingClips:
    """Clips, each of another table."""

    def __init__(self, description: RobotDescription, seed: int, looks: Randomisation = SEEN) -> None:
        """Load the world and make a GL context; arguments and errors as `RandomTable`."""
        self._table = RandomTable(description, seed, looks)
        self._random = self._table.random
        self._person_distance = PersonDistance(self._table.model, description.axis_names[0])
        self._bins = {item.name: item for item in description.workcell.bin}

    def close(self) -> None:
        """Free the GL context."""
        self._table.close()

    def clip(self, anomaly: str | None = None) -> Clip:
        """The next one.

        Args:
            anomaly: one of `ANOMALIES` that happens, where it can be seen; None: all is normal.
        """
        while True:
            made = self._attempt(anomaly)
            if made is not None:
                return made

    def _attempt(self, anomaly: str | None) -> Clip | None:
        """A clip; None if what happens would not be seen."""
        table, random = self._table, self._random
        table.new_looks(fewest=2 if anomaly in _OF_A_THING else 1 if anomaly == "dropped" else 0, most=MOST_THINGS)
        table.light()
        table.place_camera(near_scene=True)
        if anomaly == "foreign":
            table.things[-1] = self._foreign()
        if anomaly == "toppled":
            table.things[-1] = self._tall()
        arm, person = self._arm_path(), self._person_path()
        carried = anomaly == "dropped" or (len(table.things) > 0 and random.random() < 0.35)
        if carried:
            arm[:, -1] = min(0.04, float(np.sort(table.things[0].size_m)[1]) / 2.0)
        table.move_arm(arm[0])
        all_in_bins = anomaly not in _OF_A_THING and random.random() < 0.2
        poses = table.place_things(float(carried), 1.0 if all_in_bins else 0.25)
        if anomaly == "toppled" and poses[-1][2, 2] < 0.99:
            return None  # it lies already
        subject = 0 if anomaly == "dropped" else len(poses) - 1 if anomaly in _OF_A_THING else None
        held = np.linalg.inv(table.pose_base_from_tcp()) @ poses[0] if carried else np.eye(4)
        images, seen_px = [], 0
        for number in range(FRAMES):
            table.move_arm(arm[number])
            table.move_person(person[number])
            if carried:
                poses[0] = table.pose_base_from_tcp() @ held
                table.move_thing(0, poses[0])
            if anomaly == "appeared" and number == 0:
                table.hide_thing(len(poses) - 1)
            if anomaly is not None and number == FRAMES - 1:
                self._happen(anomaly, poses)
            images.append(table.image()[0])
            # What vanishes is seen before it does, what appears afterwards.
            if subject is not None and number == (FRAMES - 1 if anomaly == "appeared" else FRAMES - 2):
                seen_px = int((table.instance() == subject + 1).sum())
        if subject is not None and seen_px < LEAST_PIXELS:
            return None
        instance = table.instance()
        gone = {len(poses) - 1} if anomaly == "vanished" else set()
        lying = [pose for index, pose in enumerate(poses) if index not in gone and not (carried and index == 0)]
        return Clip(np.stack(images), self._facts(lying, carried and anomaly != "dropped", instance), anomaly)

    def _happen(self, anomaly: str, poses: list[Array]) -> None:
        table, random = self._table, self._random
        if anomaly == "camera knocked":
            table.knock_camera(random.normal(0.0, 0.02, 3), _direction(random) * math.radians(random.uniform(2.0, 8.0)))
        elif anomaly == "light failed":
            table.dim(random.uniform(0.05, 0.45))
        elif anomaly == "appeared":
            table.move_thing(len(poses) - 1, poses[-1])
        elif anomaly == "vanished":
            table.hide_thing(len(poses) - 1)
        elif anomaly == "dropped":
            fallen_m = 0.5 * GRAVITY_MPS2 * random.uniform(0.08, SPACING_S) ** 2
            poses[0] = poses[0].copy()
            poses[0][2, 3] = max(poses[0][2, 3] - fallen_m, min(poses[0][2, 3], 0.02))
            table.move_thing(0, poses[0])
        elif anomaly == "moved":
            angle, distance_m = random.uniform(-math.pi, math.pi), random.uniform(0.03, 0.15)
            poses[-1][:3, 3] += distance_m * np.array([math.cos(angle), math.sin(angle), 0.0])
            table.move_thing(len(poses) - 1, poses[-1])
        elif anomaly == "toppled":
            size, floor = table.things[-1].size_m, poses[-1][2, 3] - table.things[-1].size_m[2] / 2.0
            turn = rotation_z(random.uniform(-math.pi, math.pi))
            # Over an edge of its foot: then its height lies where it fell to.
            poses[-1][:3, :3] = turn @ rotation_x(math.pi / 2.0)
            poses[-1][:3, 3] += turn @ np.array([0.0, -(size[1] + size[2]) / 2.0, 0.0])
            poses[-1][2, 3] = floor + size[1] / 2.0
            table.move_thing(len(poses) - 1, poses[-1])

    def _foreign(self) -> Thing:
        """Something of a shape or size that training does not show."""
        random = self._random
        label = str(random.choice(["ellipsoid", "capsule", "box"]))
        if label == "ellipsoid":
            size = random.uniform([0.06, 0.03, 0.02], [0.12, 0.05, 0.04])
        elif label == "capsule":
            diameter = random.uniform(0.02, 0.04)
            size = np.array([diameter, diameter, random.uniform(0.04, 0.10)])
        else:
            size = random.uniform([0.10, 0.06, 0.04], [0.18, 0.12, 0.10])
        return Thing(label, -1, size)

    def _tall(self) -> Thing:
        """Something that can topple."""
        random = self._random
        if random.random() < 0.5:
            diameter = random.uniform(0.026, 0.036)
            return Thing("cylinder", -1, np.array([diameter, diameter, random.uniform(0.052, 0.065)]))
        return Thing("box", -1, random.uniform([0.022, 0.022, 0.052], [0.036, 0.036, 0.065]))

    def _arm_path(self) -> Array:
        """Positions of the axes (4, n): through three places with stops, or still."""
        table, random = self._table, self._random
        anywhere = random.random() < 0.3  # else the hand is where the scene camera sees it
        for _ in range(40):
            points = np.array([table.place_arm() for _ in range(3)])
            peak_radps = random.uniform(0.3, 1.5)
            durations = np.maximum(_PEAK * np.abs(np.diff(points, axis=0)).max(axis=1) / peak_radps, 0.1)
            times = np.concatenate([[0.0], np.cumsum(durations)])
            begin = times[-1] if random.random() < 0.15 else random.uniform(0.0, max(times[-1] - SPACING_S, 0.0))
            path = np.array([_glide(points, times, begin + number * SPACING_S) for number in range(FRAMES)])
            above = all(table.move_arm(position) for position in path)
            hand = table.pose_base_from_tcp()[:3, 3]
            if above and (anywhere or bool((np.abs(hand - _OVER_TABLE) < _OVER_TABLE_REACH).all())):
                break
        return path

    def _person_path(self) -> list[Array | None]:
        """Poses of the hand in each image: reaching in or out, moving about, still, or away."""
        random = self._random
        if random.random() > 0.45:
            return [None] * FRAMES
        there = self._table.draw_person()
        kind = random.random()
        if kind < 0.2:
            return [there] * FRAMES
        way = there[:3, 0] * random.uniform(0.1, 0.8) if kind < 0.7 else _direction(random) * random.uniform(0.05, 0.4)
        turn_rad = random.normal(0.0, 0.15)
        duration_s = _PEAK * float(np.linalg.norm(way)) / random.uniform(0.2, PERSON_SPEED_MPS)
        begin_s = random.uniform(-duration_s, FRAMES * SPACING_S)
        inward = random.random() < 0.5
        poses: list[Array | None] = []
        for number in range(FRAMES):
            share = float(_smooth_step((number * SPACING_S - begin_s) / duration_s))
            share = 1.0 - share if inward else share
            pose = there.copy()
            pose[:3, :3] = rotation_z(share * turn_rad) @ there[:3, :3]
            pose[:3, 3] = there[:3, 3] + share * way
            poses.append(pose)
        return poses

    def _facts(self, lying: list[Array], in_hand: bool, instance: npt.NDArray[np.uint8]) -> Facts:
        distance_m = self._person_distance.measure(self._table.data)
        in_bin = {name: [self._lies_in(name, pose) for pose in lying] for name in self._bins}
        return Facts(
            person_present=int((instance == PERSON).sum()) >= LEAST_PERSON_PIXELS,
            person_near_robot=distance_m is not None and distance_m < NEAR_M,
            object_in_hand=in_hand and int((instance == 1).sum()) >= LEAST_HELD_PIXELS,
            left_bin_occupied=any(in_bin["left_bin"]),
            right_bin_occupied=any(in_bin["right_bin"]),
            table_empty=all(any(where) for where in zip(*in_bin.values(), strict=True)),
        )

    def _lies_in(self, name: str, pose: Array) -> bool:
        item = self._bins[name]
        return bool((np.abs(pose[:2, 3] - item.centre) < np.array(item.size[:2]) / 2.0).all())


def _glide(points: Array, times: Array, time_s: float) -> Array:
    """Where one is that goes smoothly from each of the points (k, n) to the next and is there at the times (k,)."""
    after = int(np.clip(np.searchsorted(times, time_s, side="right"), 1, len(times) - 1))
    share = _smooth_step((time_s - times[after - 1]) / (times[after] - times[after - 1]))
    place: Array = points[after - 1] + share * (points[after] - points[after - 1])
    return place


def _smooth_step(share: float) -> float:
    share = min(max(share, 0.0), 1.0)
    return share * share * (3.0 - 2.0 * share)


def _direction(random: np.random.Generator) -> Array:
    """Of length 1, (3,)."""
    vector = random.normal(0.0, 1.0, 3)
    unit: Array = vector / np.linalg.norm(vector)
    return unit
