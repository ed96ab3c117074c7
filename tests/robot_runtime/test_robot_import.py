from __future__ import annotations

from pathlib import Path

import pytest

from robot_runtime import cli
from robot_runtime.robot_import import draft, read_model
from rt_control.description import load_robot
from rt_control.errors import InputError
from rt_control.robot_check import check_robot

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

URDF_FINGERS = """
  <link name="left">INERTIA</link>
  <link name="right">INERTIA</link>
  <link name="wheel">INERTIA</link>
  <joint name="finger" type="prismatic">
    <parent link="lower"/><child link="left"/><axis xyz="1 0 0"/>
    <limit lower="0" upper="0.04" velocity="0.1" effort="20"/>
  </joint>
  <joint name="mirror" type="prismatic">
    <parent link="lower"/><child link="right"/><axis xyz="-1 0 0"/>
    <limit lower="0" upper="0.04" velocity="0.1" effort="20"/><mimic joint="finger"/>
  </joint>
  <joint name="wheel" type="continuous"><parent link="base"/><child link="wheel"/><axis xyz="0 1 0"/></joint>
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


@pytest.mark.parametrize("model", ["urdf", "mjcf", "arm7"])
def test_what_is_imported_passes_the_check(
    model: str, tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    path = load_robot("arm7").model_path if model == "arm7" else request.getfixturevalue(model)
    output = tmp_path / "robot.toml"
    assert cli.main(["robot", "import", str(path), "--name", "mine", "--output", str(output)]) == 0
    assert "are marked CHECK" in capsys.readouterr().out
    assert cli.main(["robot", "check", str(output)]) == 0
    assert "reach" in capsys.readouterr().out


def test_a_check_says_how_many_shapes_there_are(capsys: pytest.CaptureFixture[str], urdf: Path, tmp_path: Path) -> None:
    assert cli.main(["robot", "check", "arm7"]) == 0
    out = capsys.readouterr().out
    assert "shapes: 19 capsules, 119 pairs of them kept 0.005 m apart; 2 zones: table (keep_out), workspace" in out
    output = tmp_path / "robot.toml"
    output.write_text(draft(urdf, output, "mine", None))
    assert cli.main(["robot", "check", str(output)]) == 0
    assert "shapes: 0 capsules, 0 pairs, 0 zones: nothing keeps the arm from meeting itself" in capsys.readouterr().out


def test_the_fingers_of_the_shipped_arm_become_its_gripper(tmp_path: Path) -> None:
    arm7 = load_robot("arm7")
    output = tmp_path / "robot.toml"
    output.write_text(draft(arm7.model_path, output, "mine", None))
    robot = load_robot(output)
    assert robot.axis_names == arm7.axis_names
    assert robot.gripper is not None and arm7.gripper is not None
    assert (robot.gripper.axis, robot.gripper.opening_per_axis) == ("gripper", arm7.gripper.opening_per_axis)
    assert (robot.gripper.open, robot.gripper.closed) == (arm7.gripper.open, arm7.gripper.closed)
    assert robot.axis[-1].torque == arm7.axis[-1].torque
    section = output.read_text().partition("[gripper]\n")[2].strip().splitlines()
    assert all("CHECK" in line for line in section)


def test_the_finger_of_a_urdf_becomes_its_gripper_and_what_else_moves_is_named(tmp_path: Path) -> None:
    path = tmp_path / "hand.urdf"
    path.write_text(URDF.replace("</robot>", URDF_FINGERS))
    output = tmp_path / "robot.toml"
    output.write_text(draft(path, output, "mine", "tool"))
    robot = load_robot(output)
    check_robot(robot)
    assert robot.axis_names == ("shoulder", "elbow", "finger")
    assert robot.gripper is not None
    assert (robot.gripper.axis, robot.gripper.opening_per_axis) == ("finger", 2.0)
    assert "CHECK: driven, too, and left out: wheel" in output.read_text()
    with pytest.raises(InputError, match="not clear; name it with --tcp; allowed: tool, left, right, wheel"):
        draft(path, output, "mine", None)


def test_limits_that_a_model_gives_in_degrees_stay_inside_of_it(tmp_path: Path) -> None:
    path = tmp_path / "degrees.xml"
    path.write_text(MJCF.replace('type="slide" axis="0 0 1" range="0 0.8"', 'type="hinge" range="-166 725"'))
    output = tmp_path / "robot.toml"
    output.write_text(draft(path, output, "mine", None))
    check_robot(load_robot(output))


def test_limits_of_a_urdf_are_taken_and_what_it_lacks_is_marked(urdf: Path, tmp_path: Path) -> None:
    shoulder, elbow = read_model(urdf).axes
    assert (shoulder.lower, shoulder.upper, shoulder.velocity, shoulder.torque) == (0.5, 1.5, 2.0, 30.0)
    assert shoulder.start == 1.0  # zero is outside of its range
    assert (elbow.lower, elbow.velocity, elbow.torque) == (None, None, None)
    text = draft(urdf, tmp_path / "robot.toml", "mine", None)
    assert "velocity = 2.0\n" in text
    assert "velocity = 1.0 # CHECK" in text
    assert 'tcp_site = "tool"' in text


def test_the_joint_of_a_transmission_hides_no_limits(urdf: Path) -> None:
    drive = '<transmission name="drive"><joint name="shoulder"/></transmission></robot>'
    urdf.write_text(URDF.replace("</robot>", drive))
    assert (read_model(urdf).axes[0].velocity, read_model(urdf).axes[0].torque) == (2.0, 30.0)


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
        ("<mujoco", "mine", None, "the model cannot be read: .* give a valid MJCF or URDF"),
        (URDF.replace('effort="30"', 'drake:effort="30"'), "mine", None, "not XML: unbound prefix.*; correct it there"),
        ("<mujoco/>", "mine", None, "the model has no joint; allowed: revolute and prismatic"),
        (MJCF.replace("lift", "lift-1"), "mine", None, "joint 'lift-1'; allowed: letters, digits and _"),
        (MJCF.replace("lift", "l" * 32), "mine", None, "allowed: letters, digits and _ .at most 31, a letter first"),
        (MJCF, "my robot", None, "--name 'my robot'; allowed: letters"),
        (MJCF, "mine", "hand", "--tcp 'hand': .* no such site or link; allowed: tcp, flange"),
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
