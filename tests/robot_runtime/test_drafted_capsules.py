from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from robot_runtime.drafted_capsules import DraftedCapsules, capsule_around, draft_capsules
from robot_runtime.robot_import import draft, read_model
from rt_control.description import load_robot
from rt_control.kinematic_chain import read_chain
from rt_control.robot_check import check_robot
from rt_control.robot_file import MAX_CAPSULES, MAX_PAIRS, Capsule
from rt_control.segment_distance import distance_to_point

Array = npt.NDArray[np.float64]

# A turned shape at the end of three joints, each 0.3 m above the one before.
ARM = """
<mujoco>
  <asset>ASSET</asset>
  <worldbody>
    <geom type="plane" size="1 1 0.1"/>
    <geom name="table" type="box" size="1 1 0.1"/>
    <body name="foot"><geom name="foot" type="cylinder" size="0.05 0.05"/>
      <body name="one" pos="0 0 0.3"><joint name="first"/><inertial pos="0 0 0" mass="1" diaginertia="1 1 1"/>
        <body name="two" pos="0 0 0.3"><joint name="second" axis="1 0 0"/>
          <inertial pos="0 0 0" mass="1" diaginertia="1 1 1"/>
          <body name="three" pos="0 0 0.3"><joint name="third" axis="0 1 0"/>
            <inertial pos="0 0 0" mass="1" diaginertia="1 1 1"/>
            <geom name="part 1" pos="0.1 0 0.2" euler="30 40 50" SHAPE/>
            <site name="tcp" pos="0 0 0.3"/>MORE
          </body></body></body></body>
  </worldbody>
</mujoco>
"""


def arm(shape: str, more: str = "", asset: str = "") -> str:
    return ARM.replace("SHAPE", shape).replace("MORE", more).replace("ASSET", asset)


def drafted(tmp_path: Path, model: str) -> DraftedCapsules:
    path = tmp_path / "arm.xml"
    path.write_text(model)
    start = np.array([axis.start for axis in read_model(path, "tcp").arm])
    return draft_capsules(path, read_chain(path, "tcp"), start)


def capsule_of(found: DraftedCapsules, name: str) -> Capsule:
    return next(item for item in found.capsules if item.name == name)


def length_of(item: Capsule) -> float:
    return math.dist(item.begin, item.end)


@given(
    arrays(np.float64, (12, 3), elements=st.floats(-1.0, 1.0)),
    arrays(np.float64, 12, elements=st.floats(0.0, 0.5)),
)
@settings(deadline=None)
def test_a_capsule_around_balls_holds_each_of_them(centres: Array, radii: Array) -> None:
    begin, end, radius = capsule_around(centres, radii, np.eye(3))
    assert (distance_to_point(begin, end, centres) + radii).max() <= radius + 1e-12


def test_spheres_and_capsules_are_taken_as_they_are(tmp_path: Path) -> None:
    ball = drafted(tmp_path, arm('size="0.07"'))
    item = capsule_of(ball, "part_1")
    assert (item.link, item.begin, item.end, item.radius) == ("third", (0.1, 0, 0.2), (0.1, 0, 0.2), 0.07)
    rod = drafted(tmp_path, arm('type="capsule" size="0.04 0.11"'))
    item = capsule_of(rod, "part_1")
    assert (length_of(item), item.radius) == pytest.approx((0.22, 0.04))
    assert "part_1" in ball.exact & rod.exact


@pytest.mark.parametrize(
    ("shape", "radius", "length"),
    [
        ('type="cylinder" size="0.03 0.2"', (0.03, 0.034), (0.36, 0.4)),
        ('type="box" size="0.2 0.03 0.03"', (0.042, 0.046), (0.35, 0.4)),
        ('type="box" size="0.03 0.03 0.03"', (0.043, 0.053), (0.0, 0.04)),
    ],
)
def test_around_a_cylinder_or_box_lies_a_capsule_of_its_size(
    shape: str, radius: tuple[float, float], length: tuple[float, float], tmp_path: Path
) -> None:
    found = drafted(tmp_path, arm(shape))
    item = capsule_of(found, "part_1")
    assert radius[0] <= item.radius <= radius[1]
    assert length[0] - 1e-3 <= length_of(item) <= length[1] + 1e-3
    assert np.allclose((np.array(item.begin) + item.end) / 2, (0.1, 0.0, 0.2), atol=1e-3)
    assert "part_1" not in found.exact


def test_a_mesh_is_held_by_its_capsule(tmp_path: Path) -> None:
    corners = np.random.default_rng(0).uniform(-1.0, 1.0, (200, 3)) * [0.02, 0.03, 0.2]
    text = " ".join(f"{value:.6f}" for value in corners.ravel())
    found = drafted(tmp_path, arm('type="mesh" mesh="cloud"', asset=f'<mesh name="cloud" vertex="{text}"/>'))
    item = capsule_of(found, "part_1")
    assert 0.03 < item.radius < 0.045
    assert 0.3 < length_of(item) + 2 * item.radius < 0.45
    assert not found.remarks


def test_meshes_that_cannot_be_read_are_left_out_and_it_is_said(tmp_path: Path) -> None:
    found = drafted(tmp_path, arm('type="mesh" mesh="gone"', asset='<mesh name="gone" file="gone.stl"/>'))
    assert [item.name for item in found.capsules] == ["foot"]
    assert found.remarks[0].startswith("no capsules around meshes, which cannot be read: ")


def test_what_does_not_collide_and_scenery_has_no_capsule(tmp_path: Path) -> None:
    found = drafted(tmp_path, arm('size="0.07" contype="0" conaffinity="0"'))
    assert [item.name for item in found.capsules] == ["foot"]
    nothing = drafted(tmp_path, arm('size="0.07"').replace("<geom", '<geom contype="0" conaffinity="0"'))
    assert nothing.capsules == ()
    assert nothing.remarks == ("no capsules: without them nothing keeps the arm from meeting itself",)


def test_a_finger_is_held_over_all_of_its_travel(tmp_path: Path) -> None:
    finger = """<body name="finger" pos="0 0 0.3"><joint name="grip" type="slide" axis="1 0 0" range="-0.1 0.3"/>
      <geom name="tip" size="0.01"/></body>"""
    item = capsule_of(drafted(tmp_path, arm('size="0.07"', finger)), "tip")
    assert item.link == "third"
    assert sorted((item.begin, item.end)) == [
        pytest.approx((-0.1, 0.0, 0.3), abs=1e-4),
        pytest.approx((0.3, 0.0, 0.3), abs=1e-4),
    ]
    assert item.radius == pytest.approx(0.01, abs=3e-4)


def test_names_are_made_unique_and_allowed(tmp_path: Path) -> None:
    names = ["part_1", "part-1", "1", "", "x" * 40, "x" * 41]
    more = "".join(f'<geom name="{name}" size="0.01" pos="0.1 0 0.2"/>' for name in names)
    found = [item.name for item in drafted(tmp_path, arm('size="0.07"', more)).capsules]
    assert found == [
        "foot", "part_1", "part_1_2", "part_1_3", "shape_1", "three", "x" * 31, "x" * 29 + "_2",
    ]  # fmt: skip


def test_too_many_shapes_become_one_capsule_a_link(tmp_path: Path) -> None:
    more = "".join(f'<geom size="0.03" pos="0 0 {0.01 * step:.2f}"/>' for step in range(MAX_CAPSULES))
    found = drafted(tmp_path, arm('size="0.03"', more))
    assert [item.name for item in found.capsules] == ["foot", "third_shapes"]
    held = found.capsules[1]
    for point in [(0.1, 0.0, 0.2), (0.0, 0.0, 0.0), (0.0, 0.0, 0.31)]:
        around = distance_to_point(np.array(held.begin), np.array(held.end), np.array(point))
        assert float(around) + 0.03 <= held.radius + 1e-9
    assert found.remarks[0] == (
        f"one capsule a link: 34 shapes make 33 pairs, allowed are {MAX_CAPSULES} and {MAX_PAIRS}"
    )


def test_what_lies_inside_another_link_at_home_is_left_out_and_what_is_near_is_ignored(tmp_path: Path) -> None:
    near = '<body name="tall" pos="0 0.2 0"><geom name="tall" type="capsule" size="0.15 1.2"/></body>'
    inside = drafted(tmp_path, arm('size="0.01"').replace('<body name="foot">', f'<body name="foot">{near}'))
    assert [item.name for item in inside.capsules] == ["foot", "tall", "part_1"]
    assert inside.ignore == ()
    model = arm('size="0.06"').replace('<body name="foot">', f'<body name="foot">{near}')
    assert drafted(tmp_path, model.replace("0.15 1.2", "0.17 1.2")).ignore == (("tall", "part_1"),)
    held = drafted(tmp_path, model.replace("0.15 1.2", "0.40 1.2"))
    assert [item.name for item in held.capsules] == ["foot", "part_1"]
    assert held.remarks == ("'tall' is left out: 'part_1' lies inside 'tall' at home",)


def test_a_joint_named_base_leaves_no_capsules(tmp_path: Path) -> None:
    found = drafted(tmp_path, arm('size="0.07"').replace('"first"', '"base"'))
    assert found.capsules == ()
    assert found.remarks == (
        "no capsules: a joint is named 'base', which means the base in a capsule: rename it, and import again",
    )


def test_the_draft_of_the_shipped_arm_has_its_collision_shapes(tmp_path: Path) -> None:
    arm7 = load_robot("arm7")
    output = tmp_path / "robot.toml"
    output.write_text(draft(arm7.model_path, output, "mine", None))
    robot = load_robot(output)
    names = [*(f"link{number}" for number in range(8)), "hand", "finger_left", "finger_right"]
    assert [item.name for item in robot.capsule] == names
    report = check_robot(robot)
    assert (report.capsules, report.zones) == (11, 0)
    text = output.read_text()
    assert text.count("radius = ") - text.count("radius = 0.072\n") == 10
    assert "near each other at home; keep those that always are" in text
    marked = [line for line in text.splitlines() if line.startswith("radius") and "CHECK" in line]
    assert len(marked) == 3, "a cylinder and two fingers; the rest are capsules in the model"
