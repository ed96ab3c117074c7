from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from rt_control.description import load_robot, shipped_robots
from rt_control.errors import InputError

ARM7 = shipped_robots()["arm7"]
MakeFile = Callable[[str, str], Path]


@pytest.fixture
def make_file(tmp_path: Path) -> MakeFile:
    """The shipped robot file with the first match of a pattern replaced."""

    def make(pattern: str, new: str) -> Path:
        text = ARM7.read_text(encoding="utf-8")
        for folder in ('"arm7.xml"', '"../../sim/worlds/sort_table.xml"'):
            text = text.replace(folder, f'"{(ARM7.parent / folder.strip(chr(34))).resolve()}"')
        changed, count = re.subn(pattern, new, text, count=1)
        assert count == 1
        path = tmp_path / "robot.toml"
        path.write_text(changed, encoding="utf-8")
        return path

    return make


def refusal_of(path: Path | str) -> str:
    with pytest.raises(InputError) as refusal:
        load_robot(path)
    text = str(refusal.value)
    assert "\n" not in text
    return text


def test_the_shipped_robot_loads_by_name_file_and_folder() -> None:
    robot = load_robot("arm7")
    assert robot == load_robot(ARM7) == load_robot(ARM7.parent)
    assert robot.axis_names == (*(f"joint{number}" for number in range(1, 8)), "gripper")
    assert robot.arm_indices == (0, 1, 2, 3, 4, 5, 6)
    assert robot.gripper_index == 7
    assert robot.model_path.is_file() and robot.world_path.is_file()


def test_what_a_file_leaves_out_has_its_default(make_file: MakeFile) -> None:
    timing = load_robot(make_file("stream_lease_cycles = 20\n", "")).timing
    assert (timing.stream_lease_cycles, timing.chunk_duration_limit_s) == (20, 2.0)


@pytest.mark.parametrize("name", ["armx", "", "Arm7"])
def test_an_unknown_robot_is_refused_with_the_known_ones(name: str) -> None:
    assert f"robot {name!r} is unknown; allowed: arm7, or the path of a robot file" in refusal_of(name)


def test_a_path_without_a_robot_file_is_refused(tmp_path: Path) -> None:
    assert f"{tmp_path / 'robot.toml'}: there is no robot file" in refusal_of(tmp_path)
    assert "none.toml: there is no robot file" in refusal_of(tmp_path / "none.toml")


BAD = {
    "negative limit": (
        "velocity = 2.175",
        "velocity = -2.175",
        "axis[0].velocity (of 'joint1') = -2.175; allowed: a number > 0.0; correct it",
    ),
    "zero limit": ("torque = 87.0", "torque = 0", "axis[0].torque (of 'joint1') = 0; allowed: a number > 0.0"),
    "infinite limit": ("upper = 2.8973", "upper = inf", "axis[0].upper = inf; allowed: a finite number"),
    "limit that is not a number": ("upper = 2.8973", "upper = nan", "axis[0].upper = nan; allowed: a finite number"),
    "text for a number": ("jerk = 7500.0", 'jerk = "fast"', "axis[0].jerk (of 'joint1') = 'fast'; allowed: a number"),
    "unknown key": (
        "velocity = 2.175",
        "speed = 2.175",
        "axis[0].speed (of 'joint1') = 2.175; allowed: name, kind, lower, upper, velocity, acceleration, jerk, torque;",
    ),
    "unknown section": (r"\[gripper\]", "[hand]", "hand = {'axis': 'gripper'"),
    "unknown key in a section": (
        "intrusion_m = 0.1",
        "intrusion_m = 0.1\nintrusion_cm = 10",
        "separation.intrusion_cm = 10; allowed: person_speed_mps",
    ),
    "missing key": ('kind = "revolute"\n', "", "axis[0] (of 'joint1') lacks the key 'kind'; allowed: name, kind"),
    "missing section": (r"\[separation\]\n(\w.*\n)+", "", "the file lacks the key 'separation'"),
    "unknown kind": (
        'kind = "revolute"',
        'kind = "ball"',
        "axis[0].kind (of 'joint1') = 'ball'; allowed: revolute, prismatic; choose one",
    ),
    "unknown source": (
        'source = "agent"',
        'source = "moon"',
        "constraint_source[0].source = 'moon'; allowed: agent, perception",
    ),
    "swapped limits": ("lower = -2.8973", "lower = 3.0", "axis[0].lower = 3.0; allowed: less than upper = 2.8973"),
    "no room to brake": (
        "acceleration = 7.5",
        "acceleration = 0.1",
        "axis[0].acceleration = 0.1; allowed: at least 0.408193, so that joint1 can brake within its range",
    ),
    "no room to build the braking up": (
        "jerk = 7500.0",
        "jerk = 0.01",
        "axis[0].jerk = 0.01; allowed: enough to brake joint1 within its range of 5.7946, and not only after 815",
    ),
    "two axes of one name": ('name = "joint2"', 'name = "joint1"', "axis[1].name = 'joint1'; allowed: each only once"),
    "two sources of one name": (
        'source = "fallback"',
        'source = "agent"',
        "constraint_source[2].source = 'agent'; allowed: each only once",
    ),
    "two cameras of one name": ('name = "rgbd"', 'name = "wrist"', "camera[3].name = 'wrist'; allowed: each only once"),
    "two bins of one name": (
        'name = "right_bin"',
        'name = "left_bin"',
        "workcell.bin[1].name = 'left_bin'; allowed: each only once",
    ),
    "bad name": ('name = "arm7"', 'name = "../arm"', "robot.name = '../arm'; allowed: letters, digits and _"),
    "bad name of a pose": ("home = ", '"my home" = ', "workcell.poses has a key = ['my home'"),
    "missing home": (r"home = ", "rest = ", "; allowed: at least `home`; add home"),
    "pose of another length": (r"home = \[0.0, ", "home = [", "workcell.poses.home = [-0.7854, 0.0"),
    "pose outside its limits": (
        r"home = \[0.0, ",
        "home = [3.0, ",
        "workcell.poses.home = 3.0; allowed: -2.8973 to 2.8973 for joint1",
    ),
    "missing model": (
        "arm7.xml",
        "arm8.xml",
        "allowed: the path of an MJCF or URDF, relative to this file; put the model at",
    ),
    "missing world": (
        "sort_table.xml",
        "sort_chair.xml",
        "allowed: the path of an MJCF, relative to this file; put the world at",
    ),
    "goal without its bin": (
        'red_cube = "left_bin"',
        'red_cube = "sea"',
        "simulation.goal.red_cube = 'sea'; allowed: left_bin, right_bin",
    ),
    "gripper on no axis": ('axis = "gripper"', 'axis = "claw"', "gripper.axis = 'claw'; allowed: joint1"),
    "gripper not last": ('axis = "gripper"', 'axis = "joint7"', "gripper.axis = 'joint7'; allowed: the last [[axis]]"),
    "gripper wider than its axis": ("open = 0.04", "open = 0.05", "gripper.open = 0.05; allowed: 0.0 to 0.04"),
    "object wider than the gripper": (
        "max_object_m = 0.07",
        "max_object_m = 0.09",
        "gripper.max_object_m = 0.09; allowed: at most the opening 0.08",
    ),
    "full speed below the reduced one": (
        "full_speed_mps = 1.7",
        "full_speed_mps = 0.1",
        "separation.full_speed_mps = 0.1; allowed: at least reduced_tcp_speed_mps = 0.25",
    ),
    "degraded is stricter": (
        r"drive_watchdog_cycles_degraded = .*",
        "drive_watchdog_cycles_degraded = 4",
        "timing.drive_watchdog_cycles_degraded = 4; allowed: at least the ordinary 5",
    ),
    "real robot with a degraded mode": (
        "simulated = true",
        "simulated = false",
        "allowed: nothing: a real robot has no degraded mode",
    ),
    "lateness below the period": (
        r"lateness_limit_s = .*",
        "lateness_limit_s = 0.001",
        "timing.lateness_limit_s = 0.001; allowed: more than period_s",
    ),
    "no cycle": (
        "stream_lease_cycles = 20",
        "stream_lease_cycles = 0",
        "timing.stream_lease_cycles = 0; allowed: int >= 1",
    ),
    "table inside out": (
        r"table_lower = .*",
        "table_lower = [0.9, -0.64]",
        "workcell.table_lower = [0.9, -0.64]; allowed: less than table_upper",
    ),
    "flat bin": (
        r"size = .*",
        "size = [0.24, 0.24, 0.0]",
        "workcell.bin[0].size[2] (of 'left_bin') = 0.0; allowed: a number > 0.0",
    ),
    "two capsules of one name": (
        'name = "base_column"',
        'name = "base_plate"',
        "capsule[1].name = 'base_plate'; allowed: each only once",
    ),
    "capsule on an unknown link": (
        'link = "joint2"',
        'link = "joint9"',
        "capsule[4].link (of 'link2') = 'joint9'; allowed: base, joint1, joint2,",
    ),
    "capsule on the gripper": ('link = "joint2"', 'link = "gripper"', "joint6, joint7; name the axis of the arm that"),
    "capsule without a radius": (
        r"radius = .*",
        "radius = 0.0",
        "capsule[0].radius (of 'base_plate') = 0.0; allowed: a number > 0.0",
    ),
    "capsule in a plane": (
        r"begin = \[.*",
        "begin = [0.1, 0.2]",
        "capsule[0].begin (of 'base_plate') = [0.1, 0.2]; allowed",
    ),
    "unknown key of a capsule": (
        r"radius = .*",
        "radius = 0.1\ncolour = 3",
        "capsule[0].colour (of 'base_plate') = 3; allowed: name, link, begin, end, radius; remove it",
    ),
    "ignored capsule that is none": (
        r'ignore = \[\["link5_wrist"',
        'ignore = [["wrist"',
        "self_collision.ignore[0] = 'wrist'; allowed: base_plate, base_column, ",
    ),
    "ignored with itself": (
        r"ignore = .*",
        'ignore = [["link7", "link7"]]',
        "self_collision.ignore[0] = ['link7', 'link7']; allowed: two different capsules; correct it",
    ),
    "negative clearance": (
        r"clearance_m = .*",
        "clearance_m = -0.001",
        "self_collision.clearance_m = -0.001; allowed: a number >= 0.0",
    ),
    "two zones of one name": (
        'name = "workspace"',
        'name = "table"',
        "zone[1].name = 'table'; allowed: each only once",
    ),
    "zone of an unknown kind": (
        'kind = "keep_out"',
        'kind = "keep_off"',
        "zone[0].kind (of 'table') = 'keep_off'; allowed: keep_out, keep_in; choose one",
    ),
    "zone inside out": (
        r"upper = \[0.82, 0.64, .*",
        "upper = [0.82, 0.64, -0.9]",
        "zone[0].lower (of 'table') = -0.8; allowed: less than upper = -0.9 in z; swap them",
    ),
    "endless zone": (
        r"upper = \[0.82, 0.64, .*",
        "upper = [0.82, 0.64, inf]",
        "zone[0].upper[2] = inf; allowed: a finite number",
    ),
    "zone without an arm": (
        r"(?s)\[\[capsule\]\].*(?=\[\[zone\]\].*\[\[zone\]\])",
        "",
        "zone[0].name = 'table'; allowed: none where there is no [[capsule]]; add the arm's shapes",
    ),
    "no TOML": (r"\[robot\]", "[robot", "is not TOML: Expected ']'"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_robot_file_is_refused_in_one_line_that_names_file_key_value_and_mend(
    case: str, make_file: MakeFile
) -> None:
    pattern, new, message = BAD[case]
    path = make_file(pattern, new)
    text = refusal_of(path)
    assert text.startswith(f"{path}: ")
    assert message in text
    assert re.search(r"; [a-z]", text), "a mend follows"


@pytest.mark.parametrize(("section", "most"), [("capsule", 32), ("zone", 8)])
def test_more_shapes_than_the_model_holds_are_refused_with_both_figures(
    section: str, most: int, make_file: MakeFile
) -> None:
    path = make_file("name", "name")
    text = path.read_text()
    more = most + 1 - text.count(f"[[{section}]]")
    shape = {
        "capsule": 'link = "base"\nbegin = [0, 0, 0]\nend = [0, 0, 0]\nradius = 0.1',
        "zone": 'kind = "keep_out"\nlower = [5, 5, 5]\nupper = [6, 6, 6]',
    }[section]
    path.write_text(text + "".join(f'\n[[{section}]]\nname = "more{index}"\n{shape}\n' for index in range(more)))
    assert f"[[{section}]] is there {most + 1} times; allowed: at most {most}; merge or remove" in refusal_of(path)


def test_an_axis_named_as_the_base_is_refused_where_there_are_capsules(make_file: MakeFile) -> None:
    path = make_file('name = "joint1"', 'name = "base"')
    assert "axis[0].name = 'base'; allowed: any but 'base', which means the base where there are" in refusal_of(path)


def test_a_simulated_robot_without_a_world_is_refused(make_file: MakeFile) -> None:
    path = make_file("name", "name")
    path.write_text(path.read_text().split("[simulation]")[0])
    assert "robot.simulated = True; allowed: false where there is no [simulation]" in refusal_of(path)


def test_asking_a_robot_without_simulation_for_its_world_is_refused(make_file: MakeFile) -> None:
    path = make_file("simulated = true", "simulated = false")
    text = re.sub(r"\w+_degraded\w* = .*\n", "", path.read_text().split("[simulation]")[0])
    path.write_text(text)
    robot = load_robot(path)
    assert robot.watchdog_cycles_degraded == 5
    with pytest.raises(InputError, match=r"'arm7' has no \[simulation\]; add one"):
        _ = robot.world_path
