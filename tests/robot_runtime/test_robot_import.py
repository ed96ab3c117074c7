from __future__ import annotations

from pathlib import Path

import pytest

from robot_runtime.robot_import import draft, read_model
from rt_control.description import load_robot
from rt_control.errors import InputError

URDF = """
<robot name="two">
  <link name="base"/>
  <link name="upper">INERTIA</link>
  <link name="lower">INERTIA</link>
  <link name="tool"/>
  <joint name="shoulder" type="revolute">
    <parent link="base"/><child link="upper"/><axis xyz="0 0 1"/>
    <limit lower="0.5" upper="1.5" velocity="2.0" effort="30"/>
  </joint>
  <joint name="elbow" type="continuous"><parent link="upper"/><child link="lower"/><axis xyz="0 1 0"/></joint>
  <joint name="mount" type="fixed"><parent link="lower"/><child link="tool"/></joint>
</robot>
""".replace(
    "INERTIA", '<inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial>'
)

MJCF = """
<mujoco>
  <worldbody>
    <body><geom size="0.1"/><joint name="lift" type="slide" axis="0 0 1" range="0 0.8" actuatorfrcrange="-90 90"/>
      <body><geom size="0.1"/>
        <joint name="finger" type="slide" axis="1 0 0" range="0 0.04"/><site name="tcp"/></body>
      <body><geom size="0.1"/>
        <joint name="mirror" type="slide" axis="-1 0 0" range="0 0.04"/><site name="flange"/></body>
    </body>
  </worldbody>
  <equality><joint joint1="finger" joint2="mirror"/></equality>
</mujoco>
"""


@pytest.fixture
def urdf(tmp_path: Path) -> Path:
    path = tmp_path / "two.urdf"
    path.write_text(URDF)
    return path


@pytest.fixture
def mjcf(tmp_path: Path) -> Path:
    path = tmp_path / "lifter.xml"
    path.write_text(MJCF)
    return path


@pytest.mark.parametrize("model", ["urdf", "mjcf"])
def test_a_draft_is_a_robot_file_that_loads(model: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    path = request.getfixturevalue(model)
    output = tmp_path / "robot.toml"
    output.write_text(draft(path, output, "mine", None))
    robot = load_robot(output)
    assert robot.name == "mine"
    assert robot.model_path == path
    assert not robot.robot.simulated
    assert all(axis.lower <= home <= axis.upper for axis, home in zip(robot.axis, robot.home, strict=True))


def test_limits_of_a_urdf_are_taken_and_what_it_lacks_is_marked(urdf: Path, tmp_path: Path) -> None:
    shoulder, elbow = read_model(urdf).axes
    assert (shoulder.lower, shoulder.upper, shoulder.velocity, shoulder.torque) == (0.5, 1.5, 2.0, 30.0)
    assert shoulder.start == 1.0  # zero is outside of its range
    assert (elbow.lower, elbow.velocity, elbow.torque) == (None, None, None)
    text = draft(urdf, tmp_path / "robot.toml", "mine", None)
    assert "velocity = 2.0\n" in text
    assert "velocity = 1.0 # CHECK" in text
    assert 'tcp_site = "tool"' in text


def test_a_joint_that_follows_another_is_no_axis(mjcf: Path) -> None:
    axes = read_model(mjcf).axes
    assert [axis.name for axis in axes] == ["lift", "finger"]
    assert axes[0].prismatic
    assert axes[0].torque == 90.0


def test_the_acceleration_lets_an_axis_brake_within_its_range(tmp_path: Path) -> None:
    path = tmp_path / "short.urdf"
    path.write_text(URDF.replace('lower="0.5" upper="1.5"', 'lower="0.5" upper="0.6"'))
    output = tmp_path / "robot.toml"
    output.write_text(draft(path, output, "mine", None))
    assert load_robot(output).axis[0].acceleration >= 2.0**2 / (2 * 0.1)


@pytest.mark.parametrize(
    ("content", "name", "tool", "says"),
    [
        ("<mujoco", "mine", None, "is not a model that MuJoCo reads"),
        ("<mujoco/>", "mine", None, "has 0 hinge and slide joints; allowed: 1 to 16"),
        (MJCF.replace("lift", "lift-1"), "mine", None, "joint 'lift-1'; allowed: letters, digits and _"),
        (MJCF, "my robot", None, "--name 'my robot'; allowed: letters"),
        (MJCF, "mine", "hand", "--tcp 'hand': .* allowed: tcp, flange"),
        (MJCF.replace('"tcp"', '"hand"'), "mine", None, "not clear; name it with --tcp; allowed: hand, flange"),
    ],
)
def test_a_model_that_cannot_be_used_is_refused_in_one_line(
    tmp_path: Path, content: str, name: str, tool: str | None, says: str
) -> None:
    path = tmp_path / "model.xml"
    path.write_text(content)
    with pytest.raises(InputError, match=says) as refused:
        draft(path, tmp_path / "robot.toml", name, tool)
    assert "\n" not in str(refused.value)
