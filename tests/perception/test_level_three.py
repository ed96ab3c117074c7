from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from models.roles import SceneInsight
from perception.cost_meter import ModelledCost
from perception.frames import Frame
from perception.jobs import Admitted
from perception.level_three import IMAGES, Answer, Clip, ThreadedLooks, TimedLooks
from perception.observation import Vector
from perception.patience import Patience, PatienceConfig
from perception.reasons import Reason
from perception.scene_level import SceneLevel
from perception.scene_triggers import Situation
from perception.triggers import TriggerConfig

PERIOD_NS = 33_333_333
NS_PER_S = 1_000_000_000
CLIP = np.zeros((4, 144, 192, 3), dtype=np.uint8)
QUIET = Situation(None, 0.0, False, None, None)


class Model:
    """Says how bright the last image is; waits until it may."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.may.set()
        self.fails = False
        self.clips: list[np.ndarray] = []

    def observe(self, clip: np.ndarray) -> SceneInsight:
        if self.fails:
            raise OSError("no route to host")
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


def wait(looks: ThreadedLooks, now_ns: int = 0) -> Answer:
    found = None
    while found is None:  # bounded by the test's own limit
        found = looks.answer(now_ns)
    return found


@pytest.fixture
def model() -> Iterator[Model]:
    model = Model()
    yield model
    model.may.set()


def looks_of(model: Model, remote: bool = False) -> ThreadedLooks:
    return ThreadedLooks(model, ModelledCost({"scene": 12.0}), "scene", remote, Patience(PatienceConfig(2.0, 0.5, 8.0)))


def test_a_look_in_a_thread_is_never_waited_for(model: Model) -> None:
    model.may.clear()
    looks = looks_of(model)
    looks.ask(CLIP, 0)
    assert looks.answer(0) is None
    assert not looks.ready(0)
    model.may.set()
    assert wait(looks).took_ms == 12.0
    assert looks.ready(0)
    looks.close()


def test_a_look_that_is_never_answered_is_given_up_and_its_late_answer_thrown_away(model: Model) -> None:
    model.may.clear()
    looks = looks_of(model)
    looks.ask(CLIP, 0)
    assert looks.answer(2 * NS_PER_S) is None
    given_up = looks.answer(3 * NS_PER_S)
    assert given_up is not None
    assert (given_up.insight, given_up.failure) == (None, "no answer in time")
    assert not looks.ready(100 * NS_PER_S)  # the thread is still at it
    model.may.set()
    while not looks.ready(100 * NS_PER_S):
        pass
    assert looks.answer(100 * NS_PER_S) is None
    looks.ask(CLIP, 100 * NS_PER_S)
    assert wait(looks, 100 * NS_PER_S).insight is not None
    looks.close()


def test_whatever_a_model_raises_is_a_look_that_failed_and_nobody_is_asked_for_a_while(model: Model) -> None:
    model.fails = True
    looks = looks_of(model, remote=True)
    looks.ask(CLIP, 0)
    assert wait(looks).failure == "no route to host"
    assert not looks.ready(NS_PER_S // 2 - 1)
    assert looks.ready(NS_PER_S // 2)
    looks.close()


def test_a_look_in_virtual_time_is_answered_after_what_it_takes() -> None:
    looks = TimedLooks(Model(), 50.0)
    looks.ask(CLIP, 1_000_000)
    assert looks.answer(50_000_000) is None
    assert not looks.ready(50_000_000)
    assert looks.answer(51_000_000) is not None
    assert looks.answer(51_000_000) is None


def run(
    level: SceneLevel, images: int, situation: Situation = QUIET, begin: int = 1, in_view: Sequence[Vector] = ()
) -> list[Reason]:
    asked = []
    for number in range(begin, begin + images):
        now_ns = number * PERIOD_NS
        level.poll(now_ns)
        asks = level.take(frame(number)) and level.may_ask(now_ns, remote=True)
        for job in level.wanted(situation, in_view, now_ns) if asks else ():
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


class Refusing:
    """Elsewhere, and never there."""

    remote = True

    def __init__(self) -> None:
        self.asked = 0
        self.pending = False

    def ready(self, now_ns: int) -> bool:
        return not self.pending

    def ask(self, clip: np.ndarray, now_ns: int) -> None:
        self.asked += 1
        self.pending = True

    def answer(self, now_ns: int) -> Answer | None:
        self.pending = False
        return Answer(None, 0.0, "refused")

    def close(self) -> None:
        pass


def test_what_was_in_view_of_a_look_that_failed_is_still_novel() -> None:
    cube = np.eye(4, dtype=np.float32)[0]
    looks = Refusing()
    level = SceneLevel(looks, TriggerConfig())
    asked = run(level, 60, in_view=[cube])
    assert looks.asked == len(asked) > 1
    assert set(asked) == {Reason.PERIODIC | Reason.NOVEL}
    assert level.report is None
