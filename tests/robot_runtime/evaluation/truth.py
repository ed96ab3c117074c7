"""Truth and tracks made by hand, for what scores them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from perception.frames import Frame
from perception.scene import Scene, SceneObject
from perception.track_life import TrackState
from perception.tracks import PERSON, Track
from sim.evaluation_sequences import Moment, Seen

NOBODY = np.full(4, np.nan, dtype=np.float32)
SIZE_M = np.array([0.05, 0.03, 0.03])


def thing(slot: int, left: float, label: str = "box", yaw_rad: float = 0.0, place_m: float = 0.5) -> Seen:
    pose: npt.NDArray[np.float64] = np.eye(4)
    pose[:2, :2] = [[np.cos(yaw_rad), -np.sin(yaw_rad)], [np.sin(yaw_rad), np.cos(yaw_rad)]]
    pose[:3, 3] = place_m, 0.0, 0.015
    box = np.array([left, 10.0, left + 20.0, 30.0], dtype=np.float32)
    return Seen(slot, label, SIZE_M, pose, box, 300, 0.0, True)


def moment(number: int, things: tuple[Seen, ...], person: bool = False) -> Moment:
    frame = Frame("rgbd", number, number * 33_000_000, np.zeros((4, 4, 3), np.uint8), None, 1, 1, 0, 0, np.eye(4))
    person_box = np.array([100.0, 100.0, 160.0, 200.0], dtype=np.float32) if person else NOBODY
    px = 900 if person else 0
    return Moment(frame, np.zeros(8), np.zeros(8), things, np.zeros((4, 4), np.uint8), person_box, px, person)


def track(item: Seen, track_id: int, label: str | None = None) -> Track:
    left, top, right, bottom = (float(value) for value in item.box)
    box = (left, top, right, bottom)
    x, y, z = (float(value) for value in item.pose_base_from_object[:3, 3])
    return Track(
        id=track_id,
        state=TrackState.CONFIRMED,
        box=box,
        predicted_box=box,
        label=label or item.label,
        label_probability=0.9,
        score=0.9,
        position_base=(x, y, z),
        position_std_m=0.01,
        velocity_mps=(0.0, 0.0, 0.0),
        velocity_std_mps=0.1,
        occluded=0.0,
        age_s=1.0,
        hits=30,
        missed=0,
        looks=1,
        first_seen_ns=0,
        last_seen_ns=0,
        embedding=None,
    )


def person_track(track_id: int) -> Track:
    return replace(track(thing(9, 0.0), track_id, PERSON), box=(100.0, 100.0, 160.0, 200.0))


def scene(said: dict[int, Seen], person_m: float | None = None) -> Scene:
    """Each thing where it is, by the id of its track."""
    objects = []
    for track_id, item in said.items():
        x, y, z = (float(value) for value in item.pose_base_from_object[:3, 3])
        pose = item.pose_base_from_object
        yaw_rad = float(np.arctan2(pose[1, 0], pose[0, 0]))
        objects.append(SceneObject(f"red_{track_id}", (x, y, z), yaw_rad, (0.05, 0.03, 0.03), 0.9, 0, track_id))
    return Scene(1, 0, tuple(objects), person_m, "cascade")
