from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from rt_control._native import RobotModel
from rt_control.description import compile_model, load_robot
from rt_control.errors import InputError
from rt_control.rigid_links import read_rigid_links
from tests.rt_control.rig import small_model

URDF = """
<robot name="two">
  <link name="base"/>
  <link name="upper"><inertial><origin xyz="0.1 0 0"/><mass value="2"/>
    <inertia ixx="0.01" iyy="0.02" izz="0.02" ixy="0" ixz="0" iyz="0"/></inertial>
    <visual><geometry><mesh filename="not_there.stl"/></geometry></visual></link>
  <link name="lower"><inertial><mass value="1"/>
    <inertia ixx="0.01" iyy="0.01" izz="0.01" ixy="0" ixz="0" iyz="0"/></inertial></link>
  <link name="tool"><inertial><mass value="1"/>
    <inertia ixx="0.01" iyy="0.01" izz="0.01" ixy="0" ixz="0" iyz="0"/></inertial></link>
  <joint name="shoulder" type="revolute"><parent link="base"/><child link="upper"/><axis xyz="0 0 1"/>
    <limit lower="-1.5" upper="1.5" velocity="2.0" effort="30"/><dynamics damping="0.5" friction="0.2"/></joint>
  <joint name="slide" type="prismatic"><parent link="upper"/><child link="lower"/><origin xyz="0.3 0 0"/>
    <axis xyz="1 0 0"/><limit lower="0" upper="0.2" velocity="0.5" effort="40"/></joint>
  <joint name="mount" type="fixed"><parent link="lower"/><child link="tool"/><origin xyz="0 0.2 0"/></joint>
</robot>
"""


def test_what_hangs_at_the_last_link_is_part_of_it(tmp_path: Path) -> None:
    path = tmp_path / "two.urdf"
    path.write_text(URDF)
    read = read_rigid_links(path, ["shoulder", "slide"])
    upper, lower = read.links
    assert (upper.mass_kg, upper.damping, upper.dry_friction) == (2.0, 0.5, 0.2)
    np.testing.assert_allclose(upper.centre, [0.1, 0.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(upper.inertia, np.diag([0.01, 0.02, 0.02]), atol=1e-12)
    assert lower.mass_kg == 2.0
    np.testing.assert_allclose(lower.centre, [0.0, 0.1, 0.0], atol=1e-12)
    np.testing.assert_allclose(lower.inertia, np.diag([0.04, 0.02, 0.04]), atol=1e-12)
    np.testing.assert_allclose(read.gravity, [0.0, 0.0, -9.81])


def test_the_shipped_arm_weighs_what_its_shapes_weigh_without_its_base() -> None:
    model = compile_model(load_robot("arm7"))
    np.testing.assert_allclose(model.mass[:7], [2.7, 2.7, 2.8, 2.4, 2.2, 1.4, 1.4], atol=1e-12)
    np.testing.assert_allclose(model.armature[:7], [0.1, 0.1, 0.1, 0.1, 0.08, 0.06, 0.06])
    np.testing.assert_allclose(model.gravity, [0.0, 0.0, -9.81])


def test_meshes_are_needed_only_where_nothing_else_says_what_a_link_weighs(tmp_path: Path) -> None:
    inertial = '<inertial pos="0 0 0" mass="2" diaginertia="1 1 1"/>'
    text = (
        '<mujoco><asset><mesh name="shell" file="not_there.stl"/></asset><worldbody><body>{}<joint name="elbow"/>'
        '<geom type="mesh" mesh="shell"/><site name="tcp"/></body></worldbody></mujoco>'
    )
    path = tmp_path / "one.xml"
    path.write_text(text.format(inertial))
    assert read_rigid_links(path, ["elbow"]).links[0].mass_kg == 2.0
    path.write_text(text.format(""))
    with pytest.raises(InputError, match="its masses cannot be read: .*not_there.stl.*; correct them, or add <iner"):
        read_rigid_links(path, ["elbow"])


ONE = (
    '<mujoco><compiler inertiafromgeom="false"/><worldbody><body><inertial pos="0 0 0" mass="{mass}" '
    'diaginertia="{inertia}"/><joint name="elbow"/><site name="tcp"/></body></worldbody></mujoco>'
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ONE.format(mass=-2, inertia="1 1 1"), "joint 'elbow' has the mass -2 kg; allowed: more than 0 kg"),
        (ONE.format(mass=0, inertia="1 1 1"), "joint 'elbow' has the mass 0 kg; allowed: more than 0 kg"),
        (
            ONE.format(mass=1, inertia="1 1 3"),
            "joint 'elbow' has a largest principal moment of inertia of 3 kg m2; allowed: at most the sum of the"
            " others, 2 kg m2",
        ),
        (
            ONE.format(mass=1, inertia="1 1 -1"),
            "joint 'elbow' has a principal moment of inertia of -1 kg m2; allowed: more than 0 kg m2",
        ),
        (
            "<mujoco><worldbody><body><joint name='elbow'/><site name='tcp'/></body></worldbody></mujoco>",
            "joint 'elbow' has the mass 0 kg; allowed: more than 0 kg",
        ),
    ],
)
def test_what_no_rigid_body_can_be_is_refused_with_the_joint_and_both_values(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "one.xml"
    path.write_text(text)
    with pytest.raises(InputError) as refusal:
        read_rigid_links(path, ["elbow"])
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mass": [1.0, 0.0]}, r"axis 1 \(joint2\): mass is 0, must be more than 0"),
        ({"mass": [1.0, float("nan")]}, r"axis 1 \(joint2\): mass is nan, must be more than 0"),
        ({"inertia": [[1, 1, 2.5, 0, 0, 0]]}, "largest principal moment of inertia is 2.5, at most .* others .2."),
        ({"inertia": [[1, 1, 1, 2, 0, 0]]}, "smallest principal moment of inertia is -1, must be more than 0"),
        ({"damping": [-1.0]}, "damping is -1, must be at least 0"),
        ({"gravity": [0.0, float("inf"), 0.0]}, "gravity is not finite"),
        ({"contact_gain_radps": -1.0}, "contact_gain_radps is -1, must be at least 0"),
        ({"contact_payload_kg": -1.0}, "contact_payload_kg is -1, must be at least 0"),
        ({"velocity_noise": 0.0}, "velocity_noise is 0, must be more than 0"),
    ],
)
def test_a_model_with_an_impossible_body_cannot_be_run(change: dict[str, object], message: str) -> None:
    model: RobotModel = small_model()
    for name, value in change.items():
        whole = getattr(model, name)
        if isinstance(value, list):
            whole = whole.copy()
            whole[: len(value)] = value
        setattr(model, name, whole if isinstance(value, list) else value)
    assert re.search(message, model.fault())
