"""Sequences of images with the truth beside them, for measuring perception: episodes with life in them.

Every episode is another table: objects, colours, light, camera, and what happens (see `sim.episode_script`) are drawn
anew. Truth comes from the renderer's own segmentation and from the script.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.training.dataset import visible_boxes
from perception.frames import Frame
from rt_control.description import RobotDescription
from sim.episode_script import Script, write_script
from sim.random_table import HEIGHT, PERSON, SEEN, WIDTH, Randomisation, RandomTable
from sim.training_world import outline_area

Array = npt.NDArray[np.float64]

RATE_HZ = 30
EPISODE_S = 10.0
EPISODE_FRAMES = round(RATE_HZ * EPISODE_S)
FEWEST, MOST = 2, 7  # things
SEEDS = (7_310_221, 1)  # training draws from other seeds
LEAST_PIXELS, LEAST_PERSON_PIXELS = 12, 30  # less need not be found: as in training
CLEARLY_SEEN = 0.5  # share of a thing that may be hidden when it is said to have come into view
ABOVE_TABLE_M = 0.6  # of a person that is in the workspace
AWAY_S = 0.5  # a person who was away for so long comes in anew


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing at one moment; it is on the table, in a bin or in a hand, seen or not.

    Attributes:
        slot: 1..8: its identity throughout the episode, and its value in the instance image.
        label: one of `LABELS`.
        size_m: (3,), extents along its own axes.
        pose_base_from_object: 4x4.
        box: (4,) px of the pixels that show it: left, top, right, bottom as edges; NaN if none does.
        visible_px: their number.
        hidden_share: 0..1 of its outline that other things or the image's edge hide.
        free: neither a hand nor the arm holds it.
    """

    slot: int
    label: str
    size_m: Array
    pose_base_from_object: Array
    box: npt.NDArray[np.float32]
    visible_px: int
    hidden_share: float
    free: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """One image and the truth about it.

    Attributes:
        frame: of the scene camera.
        arm: position of each axis.
        arm_goal: position of each axis where the arm stops next.
        things: that are there.
        instance: (240, 320) uint8: 0 scenery and robot, 1..8 a slot, 9 a person.
        person_box: (4,) px, as `Seen.box`.
        person_px: pixels that show a person.
        person_in_workspace: a part of a person that is seen is above the table.
    """

    frame: Frame
    arm: Array
    arm_goal: Array
    things: tuple[Seen, ...]
    instance: npt.NDArray[np.uint8]
    person_box: npt.NDArray[np.float32]
    person_px: int
    person_in_workspace: bool


@dataclass(frozen=True, slots=True)
class Event:
    """Something that perception should take note of.

    Attributes:
        kind: `appeared`: a thing has been put there; `moved`: it lies at another place; `person`: one came in.
        slot: of the thing, or `PERSON`.
        stamp_ns: of the first image that shows it, at rest and not hidden for the most part.
        until_ns: of the last image for which that holds without a break.
    """

    kind: str
    slot: int
    stamp_ns: int
    until_ns: int


@dataclass(frozen=True, slots=True)
class Episode:
    """What was seen, and what was to be noticed.

    Attributes:
        moments: in the order of time, 1/30 s apart.
        events: in the order of time.
        stories: what became of the thing of each slot, in a word.
    """

    moments: tuple[Moment, ...]
    events: tuple[Event, ...]
    stories: tuple[str, ...]


def render_episode(
    description: RobotDescription,
    seed: int,
    number: int,
    frames: int = EPISODE_FRAMES,
    looks: Randomisation = SEEN,
) -> Episode:
    """Render one episode.

    Args:
        description: of the simulated robot.
        seed, number: the same two give the same episode.
        frames: how many of its first images.
        looks: of the objects.

    Raises:
        InputError: there is no off-screen OpenGL.
    """
    os.environ.setdefault("LP_NUM_THREADS", "0")  # the renderer's threads cost more than they bring at this size
    table = RandomTable(description, int(np.random.SeedSequence((*SEEDS, seed, number)).generate_state(1)[0]), looks)
    try:
        table.new_looks(FEWEST, MOST)
        table.light()
        table.place_camera(near_scene=True)
        script = write_script(table, EPISODE_S)
        moments = tuple(_moments(table, script, frames, description))
    finally:
        table.close()
    things = enumerate(script.stories, start=1)
    found = [event for slot, story in things for event in _settled(moments, slot, story.kind, story.settled_s)]
    events = sorted([*found, *_entries(moments)], key=lambda event: event.stamp_ns)
    return Episode(moments, tuple(events), tuple(story.kind for story in script.stories))


def stamp_ns(number: int) -> int:
    """Of an image, counted from 0."""
    return round((number + 1) * 1e9 / RATE_HZ)


def _moments(table: RandomTable, script: Script, frames: int, description: RobotDescription) -> Iterator[Moment]:
    for number in range(frames):
        time_s = stamp_ns(number) * 1e-9
        arm = script.arm(time_s)
        table.move_arm(arm)
        tcp = table.pose_base_from_tcp()
        table.move_person(script.hand(time_s))
        poses = [story.pose(time_s, tcp) for story in script.stories]
        for index, pose in enumerate(poses):
            if pose is None:
                table.hide_thing(index)
            else:
                table.move_thing(index, pose)
        rgb, depth_m = table.image(depth=True)
        instance = table.instance()
        frame = _frame(table, number, rgb, depth_m)
        boxes, counts = visible_boxes(instance), np.bincount(instance.ravel(), minlength=PERSON + 1)
        things = []
        for slot, (thing, pose, story) in enumerate(zip(table.things, poses, script.stories, strict=True), start=1):
            if pose is None:
                continue
            whole = outline_area(thing.label, thing.size_m, pose, frame.pose_base_from_camera, frame.fx)
            hidden = 1.0 - min(1.0, counts[slot] / max(whole, 1.0))
            free = story.is_free(time_s)
            things.append(Seen(slot, thing.label, thing.size_m, pose, boxes[slot], int(counts[slot]), hidden, free))
        over = _over_table(frame, instance, description)
        yield Moment(
            frame,
            arm,
            script.arm_goal(time_s),
            tuple(things),
            instance,
            boxes[PERSON],
            int(counts[PERSON]),
            over >= LEAST_PERSON_PIXELS,
        )


def _frame(
    table: RandomTable, number: int, rgb: npt.NDArray[np.uint8], depth_m: npt.NDArray[np.float32] | None
) -> Frame:
    focal = table.focal_px()
    return Frame(
        camera="rgbd",
        number=number + 1,
        stamp_ns=stamp_ns(number),
        rgb=rgb,
        depth_m=depth_m,
        fx=focal,
        fy=focal,
        cx=(WIDTH - 1) / 2.0,
        cy=(HEIGHT - 1) / 2.0,
        pose_base_from_camera=table.pose_base_from_camera(),
    )


def _over_table(frame: Frame, instance: npt.NDArray[np.uint8], description: RobotDescription) -> int:
    """Pixels that show a person above the table."""
    person = instance == PERSON
    if not person.any():
        return 0
    points, cell = frame.points_base()[person], description.workcell
    lower = (*cell.table_lower, cell.table_height_m)
    upper = (*cell.table_upper, cell.table_height_m + ABOVE_TABLE_M)
    return int(((points > lower) & (points < upper)).all(axis=1).sum())


def _settled(moments: tuple[Moment, ...], slot: int, kind: str, settled_s: float | None) -> list[Event]:
    """That a thing lies at a new place, from when it is seen there."""
    if settled_s is None:
        return []
    begin: int | None = None
    until = 0
    for moment in moments:
        now_ns = moment.frame.stamp_ns
        seen = next((item for item in moment.things if item.slot == slot), None)
        clear = seen is not None and seen.hidden_share < CLEARLY_SEEN and seen.visible_px >= LEAST_PIXELS
        if now_ns * 1e-9 < settled_s:
            continue
        if begin is None and clear:
            begin = now_ns
        if begin is not None:
            if not clear:
                break
            until = now_ns
    return [] if begin is None else [Event("appeared" if kind == "brought" else "moved", slot, begin, until)]


def _entries(moments: tuple[Moment, ...]) -> list[Event]:
    """When a person comes into the workspace."""
    found: list[Event] = []
    for moment in moments:
        if not moment.person_in_workspace:
            continue
        now_ns = moment.frame.stamp_ns
        if found and now_ns - found[-1].until_ns < AWAY_S * 1e9:
            found[-1] = Event("person", PERSON, found[-1].stamp_ns, now_ns)
        else:
            found.append(Event("person", PERSON, now_ns, now_ns))
    return found
