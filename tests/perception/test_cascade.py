from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from models.roles import SceneInsight
from perception.cascade import CLOSER, Cascade, CascadeConfig, Wish
from perception.compute_budget import load_budget
from perception.cost_meter import ModelledCost
from perception.frames import Frame
from perception.ledger import Outcome
from perception.level_three import Answer, Pixels, SceneLooks
from perception.reasons import Reason
from perception.robot_shape import robot_capsules
from perception.scene import Scene
from perception.tracks import Track
from perception.triggers import TriggerConfig, Workspace
from rt_control._native import Kinematics
from rt_control.robot_file import RobotDescription
from tests.perception.scripted_models import Script, models_of

PERIOD_NS = 33_333_333
HEIGHT_M = 1.5  # of a camera that looks straight down at the table
FOCAL_PX = 330.0
COST_MS = {"detector": 3.0, "depth": 0.5, "flow": 1.0, CLOSER: 2.0}
RED = (200, 20, 20)
AT = (0.5, 0.1)  # where the thing lies, base frame, m
SIDE_M = 0.04


def overhead(number: int, things: list[tuple[float, float]], depth: bool = True) -> Frame:
    """Cubes on an empty table from above; the arm is out of the image."""
    rgb = np.full((240, 320, 3), 180, dtype=np.uint8)
    distance = np.full((240, 320), HEIGHT_M, dtype=np.float32)
    rotation = np.array([[0.0, -1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = rotation, (0.5, 0.0, HEIGHT_M)
    for x, y in things:
        left, top, right, bottom = (round(value) for value in box_of((x, y)))
        rgb[top:bottom, left:right] = RED
        distance[top:bottom, left:right] = HEIGHT_M - SIDE_M
        rgb[bottom, left:right], distance[bottom, left:right] = RED, HEIGHT_M - 0.01  # a little of a side face
    return Frame(
        "rgbd", number, number * PERIOD_NS, rgb, distance if depth else None, FOCAL_PX, FOCAL_PX, 159.5, 119.5, pose
    )


def box_of(at: tuple[float, float]) -> tuple[float, float, float, float]:
    """Of a cube's upper face, px."""
    depth = HEIGHT_M - SIDE_M
    u, v = 160.0 - FOCAL_PX * at[1] / depth, 120.0 - FOCAL_PX * (at[0] - 0.5) / depth
    half = FOCAL_PX * SIDE_M / 2.0 / depth
    return u - half, v - half, u + half, v + half


class Rig:
    """A cascade with scripted models, fed with overhead images."""

    def __init__(
        self,
        description: RobotDescription,
        kinematics: Kinematics,
        config: CascadeConfig | None = None,
        looks: SceneLooks | None = None,
        measured_ms: dict[str, float] | None = None,
    ):
        self.script = Script()
        quiet = CascadeConfig(triggers=TriggerConfig(off=Reason.SHADOW))
        self.cascade = Cascade(
            description,
            models_of(self.script),
            load_budget("cpu_two_cores"),
            0,
            quiet if config is None else config,
            ModelledCost(COST_MS),
            {**COST_MS, **(measured_ms or {})},
            looks,
        )
        self.robot = robot_capsules(kinematics.link_poses(np.array(description.home)), description.gripper)
        self.number = 0

    def look(
        self,
        things: list[tuple[float, float]],
        label: str = "cube",
        score: float = 0.9,
        wish: Wish | None = None,
        late_ms: float = 0.0,
        depth: bool = True,
    ) -> Scene | None:
        self.number += 1
        frame = overhead(self.number, things, depth)
        self.script.seen = [(label, box_of(at), score) for at in things]
        return self.cascade.look(frame, self.robot, frame.stamp_ns + round(late_ms * 1e6), wish)

    def reasons(self) -> list[Reason]:
        return [Reason(entry.reasons) for entry in self.cascade.ledger.entries() if entry.level == 2]


@pytest.fixture
def rig(description: RobotDescription, kinematics: Kinematics) -> Rig:
    return Rig(description, kinematics)


def settle(rig: Rig, images: int = 8) -> Scene:
    scene = None
    for _ in range(images):
        scene = rig.look([AT])
    assert scene is not None
    return scene


def test_a_thing_gets_its_name_place_and_size(rig: Rig) -> None:
    scene = settle(rig)
    (item,) = scene.objects
    assert item.name == "red_cube"
    assert item.position_base == pytest.approx((*AT, SIDE_M / 2.0), abs=0.004)
    assert item.size_m == pytest.approx((SIDE_M,) * 3, abs=0.006)
    assert item.measured_ns == scene.stamp_ns
    assert item.track > 0


def test_a_new_thing_is_looked_at_once_and_then_left_alone(rig: Rig) -> None:
    settle(rig, images=60)
    assert rig.script.asked == 1
    assert rig.reasons() == [Reason.NEW_OBJECT]


def test_a_thing_that_was_moved_is_looked_at_again(rig: Rig) -> None:
    settle(rig)
    before = rig.script.asked
    for step in range(30):
        rig.look([(AT[0], AT[1] - 0.002 * step)])
    scene = rig.look([(AT[0], AT[1] - 0.058)])
    assert scene is not None
    assert rig.script.asked > before
    assert scene.objects[0].position_base[1] == pytest.approx(AT[1] - 0.058, abs=0.01)


def test_what_lies_where_the_skill_acts_is_looked_at_for_that_reason(rig: Rig) -> None:
    there = Workspace(np.array([[*AT, 0.0]]), np.array([[*AT, 0.2]]), np.array([0.1]))
    for _ in range(8):
        rig.look([AT], wish=Wish(workspace=there))
    assert rig.reasons()
    assert all(Reason.IN_WORKSPACE in reasons for reasons in rig.reasons())


def test_a_doubtful_thing_is_looked_at_again_when_its_result_holds_no_more(
    description: RobotDescription, kinematics: Kinematics
) -> None:
    config = CascadeConfig(triggers=TriggerConfig(off=Reason.SHADOW | Reason.NEW_OBJECT))
    rig = Rig(description, kinematics, config)
    for _ in range(8):
        rig.look([AT], score=0.55)
    assert Reason.LOW_CONFIDENCE in rig.reasons()


def test_without_level_two_things_are_measured_roughly(rig: Rig) -> None:
    scene = None
    for _ in range(6):
        scene = rig.look([AT], wish=Wish(levels=(1,), flow=False))
    assert scene is not None
    (item,) = scene.objects
    assert item.name == "red_cube"
    assert item.position_base == pytest.approx((*AT, SIDE_M / 2.0), abs=0.006)
    assert rig.script.asked == 0


def test_an_image_that_comes_too_late_is_let_go_and_counted(rig: Rig) -> None:
    assert rig.look([AT], late_ms=31.0) is None
    outcomes = {entry.outcome for entry in rig.cascade.ledger.entries()}
    assert outcomes == {Outcome.DROPPED}
    assert rig.look([AT]) is not None


def test_looks_for_which_there_is_no_time_wait_and_are_taken_later(
    description: RobotDescription, kinematics: Kinematics
) -> None:
    rig = Rig(description, kinematics)
    many = [(0.35 + 0.08 * (index % 5), -0.2 + 0.1 * (index // 5)) for index in range(20)]
    for _ in range(3):
        rig.look(many, late_ms=24.0)
    assert rig.script.asked < len(many)
    for _ in range(12):
        rig.look(many)
    assert rig.script.asked >= len(many)
    assert not [entry for entry in rig.cascade.ledger.entries() if entry.outcome is Outcome.LATE]


def test_two_things_of_one_kind_have_two_names(rig: Rig) -> None:
    scene = None
    for _ in range(8):
        scene = rig.look([AT, (0.6, -0.1)])
    assert scene is not None
    assert [item.name for item in scene.objects] == ["red_cube", "red_cube_2"]


def test_a_person_is_no_object(rig: Rig) -> None:
    scene = None
    for _ in range(8):
        scene = rig.look([AT], label="person")
    assert scene is not None
    assert scene.objects == ()
    assert rig.script.asked == 0


def test_without_depth_nobody_is_measured_and_things_keep_their_names(rig: Rig) -> None:
    settle(rig)
    scene = None
    for _ in range(3):
        scene = rig.look([AT], depth=False)
    assert scene is not None
    assert scene.person_distance_m is None
    assert [item.name for item in scene.objects] == ["red_cube"]


def test_an_image_that_is_not_newer_is_refused(rig: Rig) -> None:
    rig.look([AT])
    rig.number -= 1
    with pytest.raises(ValueError, match="is not newer than"):
        rig.look([AT])


def test_the_same_images_give_the_same_scenes(description: RobotDescription, kinematics: Kinematics) -> None:
    config = CascadeConfig(triggers=replace(TriggerConfig(), shadow_probability=0.3))
    runs = []
    for _ in range(2):
        rig = Rig(description, kinematics, config)
        runs.append([rig.look([AT, (0.6, -0.1)]) for _ in range(20)])
        runs[-1].append(rig.script.asked)  # type: ignore[arg-type]  # compared only
    assert runs[0] == runs[1]


def test_looks_by_lot_estimate_what_level_one_gets_wrong(description: RobotDescription, kinematics: Kinematics) -> None:
    config = CascadeConfig(triggers=replace(TriggerConfig(), shadow_probability=0.5, look_interval_s=0.03))
    rig = Rig(description, kinematics, config)
    rig.script.shape = "ball"  # whatever level 1 says
    for _ in range(3):
        rig.look([AT])
    for _ in range(40):
        rig.look([AT], score=0.95)
    estimate = rig.cascade.misses.estimate()
    assert estimate is not None
    assert estimate.looks > 5


def test_what_is_chosen_is_looked_at_in_each_image_whatever_it_costs(rig: Rig) -> None:
    shown: list[int] = []

    def all_of_them(tracks: Sequence[Track]) -> list[int]:
        shown.append(len(tracks))
        return [track.id for track in tracks]

    others = [AT, (AT[0], -0.1), (AT[0] - 0.1, 0.0)]
    for _ in range(20):
        rig.look(others, wish=Wish(closer=all_of_them))
    assert rig.script.asked == sum(shown) == 60
    assert set(rig.reasons()) == {Reason.HIGH_VALUE}
    assert {item.outcome for item in rig.cascade.ledger.entries()} == {Outcome.RUN}


def test_nothing_else_is_looked_at_while_something_else_chooses(rig: Rig) -> None:
    for _ in range(20):
        rig.look([AT], wish=Wish(closer=lambda tracks: []))
    assert rig.script.asked == 0


def look_at_half_covered(rig: Rig) -> Scene | None:
    """Something 20 cm above the table hides the right half of the thing, and detections are of the other half."""
    rig.number += 1
    left, top, right, bottom = box_of(AT)
    middle = round((left + right) / 2.0)
    frame = overhead(rig.number, [AT])
    rgb, depth_m = frame.rgb.copy(), np.array(frame.depth_m)
    hidden = slice(round(top) - 4, round(bottom) + 5), slice(middle, round(right) + 8)
    rgb[hidden], depth_m[hidden] = 90, HEIGHT_M - 0.2
    rig.script.seen = [("cube", (left, top, float(middle), bottom), 0.9)]
    return rig.cascade.look(replace(frame, rgb=rgb, depth_m=depth_m), rig.robot, frame.stamp_ns)


def test_what_is_half_hidden_stays_where_it_was_measured_and_is_looked_at_until_it_is_free(rig: Rig) -> None:
    (before,) = settle(rig).objects
    for _ in range(45):
        scene = look_at_half_covered(rig)
    assert scene is not None
    assert scene.objects[0].position_base == pytest.approx(before.position_base, abs=0.004)
    assert scene.objects[0].size_m == pytest.approx(before.size_m)
    assert Reason.LOW_CONFIDENCE in rig.reasons()[-1]
    (track,) = rig.cascade.tracks
    assert track.occluded > 0.15
    settle(rig, images=60)
    asked = rig.script.asked
    settle(rig, images=60)
    assert rig.script.asked == asked
    assert rig.cascade.tracks[0].occluded == 0.0


class Elsewhere:
    """Looks at scenes off the robot, and answers after a while; or fails."""

    remote = True

    def __init__(self, fails: bool, took_ms: float = 0.0) -> None:
        self.asked = 0
        self._fails, self._took_ms = fails, took_ms
        self._asked_ns: int | None = None

    def ready(self, now_ns: int) -> bool:
        return self._asked_ns is None

    def ask(self, clip: Pixels, now_ns: int) -> None:
        self.asked += 1
        self._asked_ns = now_ns

    def answer(self, now_ns: int) -> Answer | None:
        if self._asked_ns is None or now_ns < self._asked_ns + self._took_ms * 1e6:
            return None
        self._asked_ns = None
        if self._fails:
            return Answer(None, 0.0, "no route to host")
        return Answer(SceneInsight(np.zeros(4, dtype=np.float32), 0.25, {"person": 0.1}), self._took_ms)

    def close(self) -> None:
        pass


EVERYTHING = Wish((1, 2, 3), remote=True)


def look_for_a_while(rig: Rig, wish: Wish) -> list[Scene | None]:
    return [rig.look([AT], wish=wish) for _ in range(60)]


def test_a_look_elsewhere_is_told_in_the_scene_and_takes_nothing_of_this_device(
    description: RobotDescription, kinematics: Kinematics
) -> None:
    looks = Elsewhere(fails=False)
    rig = Rig(description, kinematics, looks=looks)
    scene = look_for_a_while(rig, EVERYTHING)[-1]
    assert scene is not None and scene.report is not None
    assert (scene.report.surprise, scene.report.facts) == (0.25, {"person": 0.1})
    told = rig.cascade.ledger.summary(60 * PERIOD_NS).levels[2]
    assert (told.run, told.failed, told.used) == (looks.asked, 0, None)


def test_a_look_elsewhere_that_fails_is_counted_as_that_and_changes_nothing(
    description: RobotDescription, kinematics: Kinematics
) -> None:
    rig, alone = Rig(description, kinematics, looks=Elsewhere(fails=True)), Rig(description, kinematics)
    scenes = look_for_a_while(rig, EVERYTHING)
    assert scenes == look_for_a_while(alone, EVERYTHING)
    told = rig.cascade.ledger.summary(60 * PERIOD_NS).levels[2]
    assert told.failed > 0
    assert (told.run, told.late) == (0, 0)


@pytest.mark.parametrize("wish", [Wish((1, 2, 3)), Wish((1, 2), remote=True)])
def test_nothing_leaves_the_robot_where_the_profile_forbids_it(
    wish: Wish, description: RobotDescription, kinematics: Kinematics
) -> None:
    looks = Elsewhere(fails=False)
    look_for_a_while(Rig(description, kinematics, looks=looks), wish)
    assert looks.asked == 0


@pytest.mark.parametrize("local_ms", [None, 600.0, 5000.0])
@pytest.mark.parametrize("took_ms", [0.0, 100.0, 700.0, 1900.0])
def test_how_long_a_look_would_take_here_or_took_there_keeps_nobody_from_asking(
    local_ms: float | None, took_ms: float, description: RobotDescription, kinematics: Kinematics
) -> None:
    looks = Elsewhere(fails=False, took_ms=took_ms)
    rig = Rig(description, kinematics, looks=looks, measured_ms=None if local_ms is None else {"scene": local_ms})
    wish = Wish((1, 2, 3), remote=True, high_value=True)  # a reason at each clip
    for _ in range(300):
        rig.look([AT], wish=wish)
    # Once in a quarter of a second there is a clip; the next one is asked about when the last one is answered.
    assert looks.asked == pytest.approx(8.0 / (0.25 * (1 + took_ms // 250)), rel=0.35)
