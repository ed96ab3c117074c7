"""Which camera of a robot does what, by its file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rt_control.description import load_robot
from rt_control.errors import InputError

STEREO = 'role = "stereo_left"'


def changed(tmp_path: Path, old: str, new: str) -> Path:
    """A copy of arm7's robot file with a change."""
    arm7 = load_robot("arm7")
    text = arm7.path.read_text(encoding="utf-8").replace('"arm7.xml"', f'"{arm7.model_path}"')
    text = text.replace('"../../sim/worlds/sort_table.xml"', f'"{arm7.world_path}"')
    assert old in text
    path = tmp_path / "robot.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def test_the_shipped_robot_has_a_camera_for_each_role() -> None:
    arm7 = load_robot("arm7")
    assert (arm7.camera_of("scene").name, arm7.camera_of("wrist").name) == ("rgbd", "wrist")
    pair = (arm7.camera_of("stereo_left").name, arm7.camera_of("stereo_right").name)
    assert pair == ("overhead_left", "overhead_right")


def test_a_role_that_no_camera_has_is_refused_with_the_cameras_that_there_are(tmp_path: Path) -> None:
    robot = load_robot(changed(tmp_path, STEREO, ""))
    says = "no camera has the role 'stereo_left'; allowed: rgbd, overhead_left, overhead_right, wrist; give one `role ="
    with pytest.raises(InputError, match=re.escape(says)):
        robot.camera_of("stereo_left")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (STEREO, 'role = "scene"', "camera[1].role = 'scene'; allowed: each only once"),
        (STEREO, 'role = "door"', "camera[1].role (of 'overhead_left') = 'door'; allowed: scene, stereo_left, stereo"),
        ("depth = true", "depth = false", "camera[0].depth = False; allowed: true where the role is scene"),
    ],
)
def test_roles_that_contradict_themselves_are_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(InputError, match=re.escape(says)) as refused:
        load_robot(changed(tmp_path, old, new))
    assert "\n" not in str(refused.value)
