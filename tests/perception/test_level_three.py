from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import pytest

from models.roles import SceneInsight
from perception.cost_meter import ModelledCost
from perception.frames import Frame
from perception.jobs import Admitted
from perception.level_three import IMAGES, Clip, ThreadedLooks, TimedLooks
from perception.observation import Vector
from perception.reasons import Reason
from perception.scene_level import SceneLevel
from perception.scene_triggers import Situation
from perception.triggers import TriggerConfig

PERIOD_NS = 33_333_333
QUIET = Situation(None, 0.0, False, None, None)


class Model:
    """Says how bright the last image is; waits until it may."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.may.set()
        self.clips: list[np.ndarray] = []

    def observe(self, clip: np.ndarray) -> SceneInsight:
        self.may.wait(10.0)
        self.clips.append(clip)
        return SceneInsight(np.zeros(4, dtype=np.float32), float(clip[-1].mean()) / 255.0, {"bright": 0.5})


def image(value: int) -> np.ndarray:
    return np.full((240, 320, 3), value, dtype=np.uint8)


def frame(number: int) -> Frame:
    return Frame("rgbd", number, number * PERIOD_NS, image(number % 256), None, 257, 257, 159.5, 119.5, np.eye(4))


def test_a_clip_takes_four_images_a_quarter_of_a_second_apart() -> None:
    clip = Clip()
    taken = [number for number in range(1, 40) if clip.add(image(number), number * PERIOD_NS)]
    assert set(np.diff(taken).tolist()) <= {7, 8}  # of 30 Hz
    assert clip.is_full
    assert clip.images()[:, 0, 0, 0].tolist() == taken[-IMAGES:]
    assert clip.stamp_ns == taken[-1] * PERIOD_NS


def test_a_clip_with_a_hole_begins_anew() -> None:
    clip = Clip()
    for number in range(1, 40):
        clip.add(image(1), number * PERIOD_NS)
    clip.add(image(2), 80 * PERIOD_NS)
    assert not clip.is_full


def test_a_look_in_a_thread_is_never_waited_for() -> None:
    model = Model()
    model.may.clear()
    looks = ThreadedLooks(model, ModelledCost({"scene": 12.0}), "scene")
    try:
        assert looks.ask(np.zeros((4, 144, 192, 3), dtype=np.uint8), 0)
        assert looks.answer(0) is None
        assert not looks.ask(np.zeros((4, 144, 192, 3), dtype=np.uint8), 0)
        model.may.set()
        found = None
        while found is None:  # bounded by the test's own limit
            found = looks.answer(0)
        assert found.took_ms == 12.0
        assert looks.ask(np.zeros((4, 144, 192, 3), dtype=np.uint8), 0)
    finally:
        model.may.set()
        looks.close()


def test_a_look_in_virtual_time_is_answered_after_what_it_takes() -> None:
    looks = TimedLooks(Model(), 50.0)
    assert looks.ask(np.zeros((4, 144, 192, 3), dtype=np.uint8), 1_000_000)
    assert looks.answer(50_000_000) is None
    assert not looks.ask(np.zeros((4, 144, 192, 3), dtype=np.uint8), 50_000_000)
    assert looks.answer(51_000_000) is not None
    assert looks.answer(51_000_000) is None


def run(
    level: SceneLevel, images: int, situation: Situation = QUIET, begin: int = 1, in_view: Sequence[Vector] = ()
) -> list[Reason]:
    asked = []
    for number in range(begin, begin + images):
        now_ns = number * PERIOD_NS
        level.poll(now_ns)
        for job in level.wanted(situation, in_view, now_ns) if level.take(frame(number)) else ():
            asked.append(job.reasons)
            level.ask(Admitted(job, 50.0, now_ns), in_view, now_ns)
    return asked


def test_the_scene_is_looked_at_once_at_the_start_and_then_every_five_seconds() -> None:
    level = SceneLevel(TimedLooks(Model(), 50.0), TriggerConfig())
    asked = run(level, 600)
    assert asked == [Reason.PERIODIC] * 4
    assert level.report is not None
    assert level.report.facts == {"bright": 0.5}
    assert level.report.reasons == int(Reason.PERIODIC)


def test_with_a_person_nearby_it_is_looked_at_as_often_as_there_is_a_new_clip() -> None:
    level = SceneLevel(TimedLooks(Model(), 50.0), TriggerConfig())
    asked = run(level, 120, Situation(0.5, 0.0, False, None, None))
    assert len(asked) == pytest.approx(120 / 7 - 3, abs=2)
    assert all(Reason.PERSON_NEARBY in reasons for reasons in asked)


def test_a_thing_is_novel_until_the_scene_was_looked_at_with_it_in_view() -> None:
    cube, stranger = (np.eye(4, dtype=np.float32)[index] for index in range(2))
    level = SceneLevel(TimedLooks(Model(), 50.0), TriggerConfig())
    assert run(level, 100, in_view=[cube]) == [Reason.PERIODIC | Reason.NOVEL]
    assert run(level, 30, begin=101, in_view=[cube, stranger]) == [Reason.NOVEL]
