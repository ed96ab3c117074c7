from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import mujoco
import numpy as np
import pytest

from perception.frames import Frame
from rt_control.description import RobotDescription
from rt_control.errors import InputError
from rt_control.robot_file import Camera
from sim.cameras import Renderer
from sim.person import PersonPath
from sim.picture import render_picture, save_picture
from sim.plant import Plant
from tests.sim.driver import Driver

pytestmark = pytest.mark.sim

SHOWN = np.array([1, 1, 1, 0, 0, 0], np.uint8)  # groups of shapes that are drawn
COLOURS = {"red_cube": 0, "green_cylinder": 1, "blue_box": 2}  # the channel that dominates


@pytest.fixture(scope="module")
def renderer(arm7: RobotDescription) -> Iterator[Renderer]:
    renderer = Renderer(arm7.world_path, arm7)
    yield renderer
    renderer.close()


def ray_depth(plant: Plant, frame: Frame, row: int, column: int) -> float:
    """Distance along the optical axis to the first shape behind a pixel, by the physics' own ray casting."""
    rotation, origin = frame.pose_base_from_camera[:3, :3], frame.pose_base_from_camera[:3, 3]
    direction = rotation @ [(column - frame.cx) / frame.fx, (row - frame.cy) / frame.fy, 1.0]
    length = float(np.linalg.norm(direction))
    hit = np.zeros(1, np.int32)
    distance = mujoco.mj_ray(plant.model, plant.data, origin.copy(), direction / length, SHOWN, 1, -1, hit, None)
    return float(distance) / length


def test_depth_is_right_to_the_millimetre(driver: Driver, renderer: Renderer) -> None:
    plant = driver.plant
    frame = renderer.render("rgbd", plant.world_bytes(), 0)
    assert frame.depth_m is not None
    random = np.random.default_rng(0)
    errors = []
    for row, column in random.integers([frame.rgb.shape[:2]], size=(400, 2)):
        errors.append(abs(ray_depth(plant, frame, row, column) - float(frame.depth_m[row, column])))
    assert np.median(errors) < 1e-4
    assert np.percentile(errors, 95) < 2e-3, "round shapes are drawn with facets; edges of objects jump"


def test_every_camera_sees_where_the_frame_says(driver: Driver, renderer: Renderer) -> None:
    plant = driver.plant
    seen = dict.fromkeys(COLOURS, 0)
    for camera in ("overhead_left", "overhead_right", "rgbd"):
        frame = renderer.render(camera, plant.world_bytes(), 0)
        for name, channel in COLOURS.items():
            column, row, depth = frame.project(plant.data.body(name).xpos[None])[0]
            pixel = frame.rgb[round(row), round(column)].astype(int)
            assert depth > 0.0
            seen[name] += int(pixel.argmax() == channel and pixel[channel] > 1.5 * np.delete(pixel, channel).max())
    assert all(count == 3 for count in seen.values()), seen


def test_the_overhead_pair_is_a_rectified_stereo_pair(driver: Driver, renderer: Renderer) -> None:
    left, right = (renderer.render(f"overhead_{side}", driver.plant.world_bytes(), 0) for side in ("left", "right"))
    np.testing.assert_allclose(left.pose_base_from_camera[:3, :3], right.pose_base_from_camera[:3, :3], atol=1e-12)
    baseline = left.pose_base_from_camera[:3, :3].T @ (right.pose_base_from_camera - left.pose_base_from_camera)[:3, 3]
    np.testing.assert_allclose(baseline, [0.09, 0.0, 0.0], atol=1e-9)
    assert (left.fx, left.cx, left.cy) == (right.fx, right.cx, right.cy)


def test_the_overhead_pair_covers_the_whole_table(driver: Driver, renderer: Renderer, arm7: RobotDescription) -> None:
    (x0, y0), (x1, y1) = arm7.workcell.table_lower, arm7.workcell.table_upper
    corners = np.array([[x, y, 0.0] for x in (x0, x1) for y in (y0, y1)])
    for side in ("left", "right"):
        pixels = renderer.render(f"overhead_{side}", driver.plant.world_bytes(), 0).project(corners)
        assert (pixels[:, 0] >= 0).all() and (pixels[:, 0] <= 319).all()
        assert (pixels[:, 1] >= 0).all() and (pixels[:, 1] <= 239).all()


def test_the_wrist_camera_moves_with_the_hand(driver: Driver, renderer: Renderer) -> None:
    before = renderer.render("wrist", driver.plant.world_bytes(), 0)
    driver.move([0.5, -0.6, 0.0, -2.2, 0.0, 1.6, 0.8, 0.04], 1.0)
    after = renderer.render("wrist", driver.plant.world_bytes(), 0)
    tcp = driver.plant.data.site("tcp").xpos
    column, row, depth = after.project(tcp[None])[0]
    assert 0 < column < 320 and 0 < row < 240 and 0.0 < depth < 0.2, "it looks at what lies between the fingers"
    assert np.linalg.norm((after.pose_base_from_camera - before.pose_base_from_camera)[:3, 3]) > 0.1


def test_a_person_in_the_workspace_is_seen(arm7: RobotDescription, renderer: Renderer) -> None:
    person = PersonPath.from_rows([(0.0, 0.6, 0.0, 0.3, 0.0), (10.0, 0.6, 0.0, 0.3, 0.0)])
    plants = [Plant(arm7.world_path, arm7, 0, 5, path) for path in (person, PersonPath())]
    for plant in plants:
        plant.step(None)
    with_person, without = (renderer.render("rgbd", plant.world_bytes(), 0) for plant in plants)
    assert with_person.depth_m is not None and without.depth_m is not None
    assert np.count_nonzero(without.depth_m - with_person.depth_m > 0.1) > 500


def test_frames_are_numbered_stamped_and_equal_for_an_equal_world(driver: Driver, renderer: Renderer) -> None:
    world = driver.plant.world_bytes()
    first, second = renderer.render("rgbd", world, 5), renderer.render("rgbd", world, 6)
    assert second.number == first.number + 1
    assert (first.stamp_ns, second.stamp_ns) == (5, 6)
    np.testing.assert_array_equal(first.rgb, second.rgb)
    renderer.continue_after("rgbd", 1000)
    assert renderer.render("rgbd", world, 7).number == 1001


def test_a_camera_that_the_world_lacks_is_refused(arm7: RobotDescription) -> None:
    wrong = msgspec.structs.replace(arm7, camera=(Camera(name="nose", width=64, height=48),))
    with pytest.raises(InputError, match="camera 'nose' is not in the world; allowed: .*wrist"):
        Renderer(arm7.world_path, wrong)


def test_the_picture_of_the_readme_can_be_drawn(driver: Driver, arm7: RobotDescription, tmp_path: Path) -> None:
    rgb = render_picture(arm7.world_path, driver.plant.world_bytes(), width=320, height=180)
    assert rgb.shape == (180, 320, 3)
    assert rgb.std() > 20.0
    save_picture(tmp_path / "picture.png", rgb)
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(InputError, match="the picture cannot be written"):
        save_picture(tmp_path / "no" / "picture.png", rgb)


def test_a_picture_by_an_unknown_camera_is_refused(driver: Driver, arm7: RobotDescription) -> None:
    with pytest.raises(InputError, match="camera 'nose' is not in the world"):
        render_picture(arm7.world_path, driver.plant.world_bytes(), camera="nose")
