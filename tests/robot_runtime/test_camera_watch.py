"""Frames that go wrong on their way into the perception and the fallback worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest

from perception.cascade import CLOSER, Cascade, Wish
from perception.compute_budget import load_budget
from perception.cost_meter import ModelledCost
from perception.frames import Frame
from perception.robot_shape import robot_capsules
from robot_runtime.workers.scene_watch import Look, SceneWatch
from robot_runtime.workers.stereo_watch import StereoWatch
from rt_control import _native as native
from rt_control.description import RobotDescription, load_robot
from rt_control.model_compiler import compile_model
from sim.camera_faults import CameraFault, FaultyCamera
from sim.cameras import Renderer
from sim.plant import Plant
from tests.perception.scripted_models import Script, models_of

pytestmark = pytest.mark.sim

PERIOD_NS = 33_000_000
SECOND = 31  # frames
MOVING = 0.5  # rad/s

SCENE_FAULTS = {
    CameraFault.FROZEN: "rgbd: frozen",
    CameraFault.BLACK: "rgbd: black",
    CameraFault.OVEREXPOSED: "rgbd: overexposed",
    CameraFault.NOISY: "rgbd: noisy",
    CameraFault.WRONG_SIZE: "rgbd: wrong size",
    CameraFault.WRONG_TYPE: "rgbd: wrong type",
    CameraFault.NAN_DEPTH: "rgbd: depth invalid",
    CameraFault.NO_RETURN: "rgbd: depth invalid",
    CameraFault.NO_DEPTH: "rgbd: depth missing",
    CameraFault.STALE: "rgbd: stale",
    CameraFault.FROM_FUTURE: "rgbd: from the future",
}
DEPTH_FAULTS = {CameraFault.NAN_DEPTH, CameraFault.NO_RETURN, CameraFault.NO_DEPTH}
STEREO_FAULTS = sorted(SCENE_FAULTS.keys() - DEPTH_FAULTS)
COST_MS = {"detector": 3.0, "depth": 0.5, "flow": 1.0, CLOSER: 2.0}


def watch_of(description: RobotDescription) -> SceneWatch:
    models, budget = models_of(Script()), load_budget("cpu_two_cores")
    return SceneWatch(description, Cascade(description, models, budget, 0, None, ModelledCost(COST_MS), COST_MS))


@pytest.fixture(scope="module")
def description() -> RobotDescription:
    cv2.setNumThreads(1)
    return load_robot("arm7")


class Stage:
    """The table, its cameras and the robot's own word, one image after the other."""

    def __init__(self, description: RobotDescription, renderer: Renderer) -> None:
        self.plant = Plant(description.world_path, description, 0, description.timing.drive_watchdog_cycles)
        self.plant.step(None)
        kinematics = native.Kinematics(compile_model(description))
        self.robot = robot_capsules(kinematics.link_poses(np.array(description.home)), description.gripper)
        self.velocity = np.full(len(description.axis), MOVING)
        self.now_ns = 10_000_000_000
        self._renderer = renderer
        self._base = self.plant.data.qpos.copy()

    def advance(self) -> None:
        """Time for the next image; the arm has moved a little."""
        self.now_ns += PERIOD_NS
        self.plant.data.qpos[0] = self._base[0] + 0.02 * (self.now_ns // PERIOD_NS % 7)

    def photograph(self, camera: str) -> Frame:
        return self._renderer.render(camera, self.plant.world_bytes(), self.now_ns)


@pytest.fixture(scope="module")
def renderer(description: RobotDescription) -> Iterator[Renderer]:
    made = Renderer(description.world_path, description)
    yield made
    made.close()


@pytest.fixture
def stage(description: RobotDescription, renderer: Renderer) -> Stage:
    return Stage(description, renderer)


def looks(stage: Stage, watch: SceneWatch, camera: FaultyCamera, count: int) -> list[Look]:
    seen = []
    for _ in range(count):
        stage.advance()
        frame = camera.spoil(stage.photograph("rgbd"))
        seen.append(watch.look(frame, stage.robot, stage.velocity, stage.now_ns, Wish()))
    return seen


@pytest.mark.parametrize("fault", SCENE_FAULTS)
def test_a_fault_of_the_scene_camera_is_named_nobody_is_told_of_people_and_it_is_left(
    fault: CameraFault, stage: Stage, description: RobotDescription
) -> None:
    watch, camera = watch_of(description), FaultyCamera()
    good = looks(stage, watch, camera, 2)[-1]
    assert watch.camera_fault == ""
    assert good.constraints is not None
    assert good.scene is not None
    assert not good.scene.remembered_only
    camera.fault = fault
    last = looks(stage, watch, camera, 20)[-1]
    assert watch.camera_fault == SCENE_FAULTS[fault]
    assert last.constraints is None
    assert last.scene is not None
    assert last.scene.remembered_only == (fault not in DEPTH_FAULTS)  # depth alone has an estimate in its place
    assert [item.name for item in last.scene.objects] == [item.name for item in good.scene.objects]
    assert stage.now_ns - last.scene.stamp_ns >= (0 if fault in DEPTH_FAULTS else PERIOD_NS)
    camera.fault = None
    after = looks(stage, watch, camera, 5)
    assert all(look.constraints is None for look in after[:4])
    assert watch.camera_fault == ""
    assert after[-1].constraints is not None
    assert after[-1].scene is not None
    assert not after[-1].scene.remembered_only


@pytest.mark.parametrize("fault", STEREO_FAULTS)
def test_a_fault_of_one_stereo_camera_is_named_and_no_distance_is_told(
    fault: CameraFault, stage: Stage, description: RobotDescription
) -> None:
    watch, camera = StereoWatch(description), FaultyCamera()

    def look() -> native.Constraints | None:
        stage.advance()
        left, right = stage.photograph("overhead_left"), camera.spoil(stage.photograph("overhead_right"))
        return watch.look(left, right, stage.robot, stage.velocity, stage.now_ns)

    assert look() is not None
    camera.fault = fault
    told = [look() for _ in range(20)]
    assert told[-1] is None
    assert watch.camera_fault == SCENE_FAULTS[fault].replace("rgbd", "overhead_right")
    camera.fault = None
    assert [look() is not None for _ in range(5)] == [False] * 4 + [True]
    assert watch.camera_fault == ""


def test_a_fault_before_anything_was_seen_gives_no_scene(stage: Stage, description: RobotDescription) -> None:
    watch, camera = watch_of(description), FaultyCamera()
    camera.fault = CameraFault.BLACK
    assert looks(stage, watch, camera, 1) == [Look(None, None)]


def test_a_robot_that_wants_no_perception_still_learns_that_its_camera_is_well_again(
    stage: Stage, description: RobotDescription
) -> None:
    watch, camera = watch_of(description), FaultyCamera()
    camera.fault = CameraFault.BLACK
    looks(stage, watch, camera, 1)
    for _ in range(5):
        stage.advance()
        look = watch.look(stage.photograph("rgbd"), stage.robot, stage.velocity, stage.now_ns, None)
        assert look == Look(None, None)
    assert watch.camera_fault == ""


def test_an_old_image_that_is_not_stale_is_let_go_without_a_word_of_people(
    stage: Stage, description: RobotDescription
) -> None:
    watch = watch_of(description)
    look = watch.look(stage.photograph("rgbd"), stage.robot, stage.velocity, stage.now_ns + 200_000_000, Wish())
    assert look == Look(None, None)
    assert watch.camera_fault == ""


@pytest.mark.parametrize("make", [watch_of, StereoWatch])
def test_a_camera_that_falls_silent_is_named(
    make: Callable[[RobotDescription], SceneWatch | StereoWatch], description: RobotDescription
) -> None:
    watch = make(description)
    for index in range(SECOND):
        watch.wait(index * PERIOD_NS)
    assert watch.camera_fault in ("rgbd: stale", "overhead_left: stale, overhead_right: stale")


def test_a_still_robot_before_a_still_table_freezes_nothing(stage: Stage, description: RobotDescription) -> None:
    watch, camera = watch_of(description), FaultyCamera()
    stage.velocity[:] = 0.0
    camera.fault = CameraFault.FROZEN
    assert all(look.constraints is not None for look in looks(stage, watch, camera, 20))
