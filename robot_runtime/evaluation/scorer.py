"""Scores what perception says after each image of an episode against the truth."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from models.box_pose import angle_between
from models.training.measures import Found, Truth, matched
from perception.scene import Scene, SceneObject
from perception.shape import SHAPES
from perception.track_life import TrackState
from perception.tracks import PERSON, Track
from robot_runtime.evaluation.event_watch import EventWatch
from robot_runtime.evaluation.identity_count import IdentityCount
from robot_runtime.evaluation.tally import Detected, Noticing, Tally
from sim.evaluation_sequences import CLEARLY_SEEN, LEAST_PERSON_PIXELS, LEAST_PIXELS, Event, Moment, Seen

CLASSES = (*SHAPES, PERSON)
MOST_HIDDEN = 0.75  # what is hidden by more need not be found: as in training
SAME_THING_M = 0.05  # a scene object this near to a thing that has appeared is that thing
SAME_PLACE_M = 0.02  # a thing that was moved is in the scene when it is this near to where it is
EVERY = 5  # images: errors of places hardly change from one to the next


class Scorer:
    """Of one strategy in one episode."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._identities = IdentityCount()
        self._watch = EventWatch(events)
        self._tally = Tally(detected={label: Detected() for label in CLASSES})

    def see(self, moment: Moment, tracks: Sequence[Track], scene: Scene | None) -> None:
        """Take what is believed after one image.

        Args:
            moment: the truth.
            tracks: of the newest image that was looked at.
            scene: likewise; None before the first.
        """
        tally = self._tally
        tally.images += 1
        believed = [track for track in tracks if track.state is TrackState.CONFIRMED]
        tally.candidates += sum(track.missed == 0 and track.label != PERSON for track in believed)
        self._detections(moment, believed)
        found = {item.slot: item for item in moment.things if is_wanted(item)}
        boxes = {track.id: np.array(shown_box(track)) for track in believed if track.label != PERSON}
        followed = self._identities.see({slot: item.box for slot, item in found.items()}, boxes)
        objects = () if scene is None else scene.objects
        if tally.images % EVERY == 0:
            self._places(found, followed, {item.track: item for item in objects})
        somebody = any(track.label == PERSON for track in believed)
        somebody |= scene is not None and scene.person_distance_m is not None
        tally.person_images += moment.person_in_workspace
        tally.person_noticed += moment.person_in_workspace and somebody
        tally.empty_images += moment.person_px == 0
        tally.false_alarms += moment.person_px == 0 and somebody
        label_of = {track.id: track.label for track in tracks}
        things = {item.slot: item for item in moment.things}
        self._watch.see(
            moment.frame.stamp_ns,
            lambda event: somebody if event.kind == "person" else _is_in(event, things[event.slot], objects, label_of),
        )

    def result(self) -> Tally:
        """After the last image; costs are not in it."""
        tally, count = self._tally, self._identities
        tally.switches, tally.fragments = count.switches, count.fragments
        tally.present, tally.followed = count.present, count.followed
        for item in self._watch.result():
            kind = tally.noticed.setdefault(item.kind, Noticing())
            if item.latency_s is None:
                kind.missed += 1
            else:
                kind.latencies_s.append(item.latency_s)
        return tally

    def _detections(self, moment: Moment, believed: Sequence[Track]) -> None:
        boxes = np.array([shown_box(track) for track in believed], dtype=np.float64).reshape(-1, 4)
        scores = np.array([track.label_probability * track.score for track in believed])
        labels = np.array([CLASSES.index(track.label) for track in believed], dtype=np.int64)
        truth = truth_of(moment)
        for index, label in enumerate(CLASSES):
            one, right = matched(Found(boxes, scores, labels), truth, index)
            detected = self._tally.detected[label]
            detected.scores += [round(score, 4) for score in one.tolist()]
            detected.right += right.tolist()
            detected.wanted += int(((truth.labels == index) & ~truth.ignored).sum())

    def _places(
        self, found: Mapping[int, Seen], followed: Mapping[int, int], objects: Mapping[int, SceneObject]
    ) -> None:
        for slot, item in found.items():
            if not item.free or item.hidden_share >= CLEARLY_SEEN:
                continue
            said = objects.get(followed.get(slot, -1))
            if said is None:
                self._tally.not_placed += 1
                continue
            self._tally.place_errors_m.append(math.dist(said.position_base, item.pose_base_from_object[:3, 3]))
            if item.label in ("cube", "box"):
                self._tally.yaw_errors_rad.append(yaw_error_rad(said, item))


def truth_of(moment: Moment) -> Truth:
    """What is to be found in an image."""
    seen = [item for item in moment.things if item.visible_px > 0]
    boxes = [item.box for item in seen]
    labels = [CLASSES.index(item.label) for item in seen]
    ignored = [not is_wanted(item) for item in seen]
    if moment.person_px > 0:
        boxes.append(moment.person_box)
        labels.append(CLASSES.index(PERSON))
        ignored.append(moment.person_px < LEAST_PERSON_PIXELS)
    return Truth(
        np.array(boxes, dtype=np.float64).reshape(-1, 4),
        np.array(labels, dtype=np.int64),
        np.array(ignored, dtype=bool),
    )


def is_wanted(item: Seen) -> bool:
    """Enough of it is seen that it must be found."""
    return item.visible_px >= LEAST_PIXELS and item.hidden_share <= MOST_HIDDEN


def shown_box(track: Track) -> tuple[float, float, float, float]:
    """Where a track says that its thing is in the newest image, px."""
    return track.box if track.missed == 0 else track.predicted_box


def yaw_error_rad(said: SceneObject, item: Seen) -> float:
    """By how much a cube or box is turned wrongly, given that it looks the same after some turns."""
    c, s = math.cos(said.yaw_rad), math.sin(said.yaw_rad)
    turned: npt.NDArray[np.float64] = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    pose = item.pose_base_from_object
    return angle_between(item.label, turned, np.array(said.size_m), pose[:3, :3], item.size_m)


def _is_in(event: Event, thing: Seen, objects: Sequence[SceneObject], label_of: Mapping[int, str]) -> bool:
    """Whether the scene has a thing that has appeared, by its name, or moved, at its place."""
    place = thing.pose_base_from_object[:3, 3]
    if event.kind == "moved":
        return any(math.dist(item.position_base, place) <= SAME_PLACE_M for item in objects)
    return any(
        math.dist(item.position_base, place) <= SAME_THING_M and label_of.get(item.track) == thing.label
        for item in objects
    )
