from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from rt_control.errors import InputError
from rt_control.kinematic_chain import read_chain
from tests.rt_control.chain_forward import forward

LINK = '<inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial>'
URDF = f"""
<robot name="two">
  <link name="base"/>
  <link name="upper">{LINK}<visual><geometry><mesh filename="not_there.stl"/></geometry></visual></link>
  <link name="lower">{LINK}</link>
  <link name="tool"/>
  <joint name="shoulder" type="revolute">
    <parent link="base"/><child link="upper"/><origin xyz="0 0 0.5"/><axis xyz="0 0 1"/>
    <limit lower="-1.5" upper="1.5" velocity="2.0" effort="30"/>
  </joint>
  <joint name="slide" type="prismatic">
    <parent link="upper"/><child link="lower"/><origin xyz="0.3 0 0"/><axis xyz="1 0 0"/>
    <limit lower="0" upper="0.2" velocity="0.5" effort="40"/>
  </joint>
  <joint name="mount" type="fixed"><parent link="lower"/><child link="tool"/><origin xyz="0.1 0 0"/></joint>
</robot>
"""


@pytest.fixture
def urdf(tmp_path: Path) -> Path:
    path = tmp_path / "two.urdf"
    path.write_text(URDF)
    return path


def test_a_urdf_is_read_without_its_meshes_up_to_a_fixed_link(urdf: Path) -> None:
    chain = read_chain(urdf, "tool")
    shoulder, slide = (link.joint for link in chain.links)
    assert (shoulder.name, shoulder.kind, shoulder.lower, shoulder.upper) == ("shoulder", "revolute", -1.5, 1.5)
    assert (slide.name, slide.kind, slide.upper) == ("slide", "prismatic", 0.2)
    pose = forward(chain, np.array([math.pi / 2, 0.15]))
    np.testing.assert_allclose(pose[:3, 3], [0.0, 0.55, 0.5], atol=1e-12)


def test_joints_beside_the_chain_are_told_apart(urdf: Path) -> None:
    chain = read_chain(urdf, "upper")
    assert [link.joint.name for link in chain.links] == ["shoulder"]
    assert [joint.name for joint in chain.others] == ["slide"]


def test_positions_of_a_joint_count_from_zero_also_where_the_model_has_a_reference(tmp_path: Path) -> None:
    path = tmp_path / "one.xml"
    path.write_text(
        '<mujoco><worldbody><body pos="0 0 1"><geom size="0.1"/><joint name="a" type="hinge" axis="0 0 1" ref="90"/>'
        '<site name="tcp" pos="1 0 0"/></body></worldbody></mujoco>'
    )
    chain = read_chain(path, "tcp")
    np.testing.assert_allclose(forward(chain, np.array([math.pi / 2]))[:3, 3], [1.0, 0.0, 1.0], atol=1e-12)
    np.testing.assert_allclose(forward(chain, np.array([math.pi]))[:3, 3], [0.0, 1.0, 1.0], atol=1e-12)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<mujoco><worldbody><body><geom size='1'/></body></worldbody></mujoco>", "the model has no joint"),
        (
            "<mujoco><worldbody><body><freejoint name='f'/><geom size='1'/></body></worldbody></mujoco>",
            "joints ['f'] can be neither; allowed: revolute and prismatic joints on a fixed base",
        ),
        ("<mujoco><worldbdy/></mujoco>", "the model cannot be read"),
        ("no xml", "the model cannot be read"),
    ],
)
def test_what_is_no_arm_is_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.xml"
    path.write_text(text)
    with pytest.raises(InputError) as refusal:
        read_chain(path, "tcp")
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_an_unknown_tool_point_is_refused_with_the_known_ones(urdf: Path) -> None:
    with pytest.raises(
        InputError, match="tcp_site 'nose' is neither a site nor a link .* upper, lower, tool; name one"
    ):
        read_chain(urdf, "nose")
