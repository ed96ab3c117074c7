"""Drafts a robot file from an MJCF or URDF model: what the model says is taken, the rest is marked `CHECK`.

The axes are the joints from the base to the tool centre point, as `rt_control` will check them; of what is driven
beside them, the first is drafted as the gripper.
"""

from __future__ import annotations

import math
import os
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from robot_runtime.drafted_capsules import DraftedCapsules, draft_capsules
from rt_control.errors import InputError
from rt_control.kinematic_chain import joint_of, load_skeleton, read_chain
from rt_control.robot_file import MAX_AXES

if TYPE_CHECKING:
    import mujoco

# Careful figures for what a model does not say; revolute (rad, N m), then prismatic (m, N).
_CAREFUL = {"velocity": (1.0, 0.1), "acceleration": (2.0, 0.5), "torque": (10.0, 20.0)}
_JERK_PER_ACCELERATION_HZ = 50.0
_ENDLESS_RAD = 2 * math.pi
_MARK = "# CHECK: not in the model"
_OPENING_PER_RAD_M = 0.1  # of a gripper that turns; a careful figure, too
_NAMES = "letters, digits and _ (at most 31, a letter first)"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,30}")


@dataclass(frozen=True, slots=True)
class ModelAxis:
    """What a model says of one joint; None where it is silent. Units rad and N m, or m and N if prismatic."""

    name: str
    prismatic: bool
    lower: float | None
    upper: float | None
    velocity: float | None
    torque: float | None
    start: float


@dataclass(frozen=True, slots=True)
class Model:
    """What a model says of a robot.

    Attributes:
        tool_point: site (MJCF) or link at the tool centre point.
        arm: the axes from the base to the tool centre point, in this order.
        gripper: what else is driven; None if nothing is.
        fingers: how many joints move with the gripper's axis, itself included.
        left_out: driven, too, but a robot file has no place for them.
    """

    tool_point: str
    arm: tuple[ModelAxis, ...]
    gripper: ModelAxis | None
    fingers: int
    left_out: tuple[str, ...]

    @property
    def axes(self) -> tuple[ModelAxis, ...]:
        """All of them, the gripper's last."""
        return self.arm if self.gripper is None else (*self.arm, self.gripper)


def read_model(path: Path, tool_point: str | None = None) -> Model:
    """Read an MJCF or URDF file.

    Args:
        path: of the file.
        tool_point: site or link at the tool centre point; None: `tcp`, or the only candidate there is.

    Raises:
        InputError: it cannot be read, its tool centre point is unknown or unclear, or it has too many axes.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file; give an MJCF or URDF model")
    model = load_skeleton(path)
    try:
        root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:  # MuJoCo reads more leniently
        raise InputError(f"{path}: it is not XML: {error}; correct it there, or declare the prefix (xmlns)") from None
    tool_point = _tool_point(path, model, root, tool_point)
    chain = [link.joint.name for link in read_chain(path, tool_point).links]
    leaders = _leaders(model, root)
    others = [
        model.joint(index).name
        for index in range(model.njnt)
        if model.joint(index).name not in {*chain, *leaders} and (model.nu == 0 or _drives(model, index))
    ]
    limits = _urdf_limits(root) if root.tag == "robot" else {}
    arm = tuple(_axis(model, name, limits) for name in chain)
    gripper = _axis(model, others[0], limits) if others and arm else None
    found = Model(
        tool_point, arm, gripper, 1 + sum(leader in others[:1] for leader in leaders.values()), tuple(others[1:])
    )
    if not len(found.arm) >= 1 or len(found.axes) > MAX_AXES:
        raise InputError(
            f"{path}: {len(found.arm)} joints from the base to {tool_point!r}, and {len(found.axes)} axes in all;"
            f" allowed: 1 to {MAX_AXES}; name another --tcp, or fix joints in the model"
        )
    for axis in found.axes:
        if not _NAME.fullmatch(axis.name):
            raise InputError(f"{path}: joint {axis.name!r}; allowed: {_NAMES}; rename it there")
    return found


def draft(path: Path, output: Path, name: str, tool_point: str | None) -> str:
    """The text of a robot file for a model.

    Args:
        path: of the model.
        output: where the robot file will lie; the model is named relative to it.
        name: of the robot.
        tool_point: site or link at the tool centre point; None: `tcp`, or the only one there is.

    Raises:
        InputError: the model cannot be read, the name is no name, or the tool centre point is unknown or unclear.
    """
    if not _NAME.fullmatch(name):
        raise InputError(f"--name {name!r}; allowed: {_NAMES}; choose another")
    model = read_model(path, tool_point)
    start = np.array([axis.start for axis in model.arm])
    capsules = draft_capsules(path, read_chain(path, model.tool_point), start)
    relative = os.path.relpath(path.resolve(), output.resolve().parent)
    home = ", ".join(_number(axis.start) for axis in model.axes)
    parts = [
        f"# {name}: drafted from {path.name} by `dynamical robot import`. Units: m, rad, s, N m.",
        "# A line marked CHECK rests on a careful guess: replace it by the figure of the datasheet or the workcell.",
        "",
        "[robot]",
        f'name = "{name}"',
        f'model = "{relative}"',
        "simulated = false # true, and a [simulation] section with its `world`, to run it in MuJoCo",
        f'tcp_site = "{model.tool_point}"',
        "",
        *(line for axis in model.axes for line in _axis_lines(axis)),
        *_capsule_lines(capsules),
        _WORKCELL.format(mark=_MARK, home=home),
        *_gripper_lines(model),
    ]
    return "\n".join(parts)


def _axis_lines(axis: ModelAxis) -> list[str]:
    span_known = axis.lower is not None and axis.upper is not None
    lower, upper = _span(axis)
    velocity = axis.velocity or _CAREFUL["velocity"][axis.prismatic]
    acceleration = max(_CAREFUL["acceleration"][axis.prismatic], velocity**2 / (upper - lower))
    torque = axis.torque or _CAREFUL["torque"][axis.prismatic]
    return [
        "[[axis]]",
        f'name = "{axis.name}"',
        f'kind = "{"prismatic" if axis.prismatic else "revolute"}"',
        _line("lower", lower, span_known),
        _line("upper", upper, span_known),
        _line("velocity", velocity, axis.velocity is not None),
        _line("acceleration", acceleration, False),
        _line("jerk", acceleration * _JERK_PER_ACCELERATION_HZ, False),
        _line("torque", torque, axis.torque is not None),
        "",
    ]


def _span(axis: ModelAxis) -> tuple[float, float]:
    if axis.lower is None or axis.upper is None:
        return -_ENDLESS_RAD, _ENDLESS_RAD
    return axis.lower, axis.upper


def _gripper_lines(model: Model) -> list[str]:
    """The section of the hand: that the axis closes towards its lower end is a guess like the rest."""
    axis = model.gripper
    if axis is None:
        return []
    lower, upper = _span(axis)
    per_axis = float(model.fingers) if axis.prismatic else _OPENING_PER_RAD_M
    left_out = [f"{_MARK[:7]}: driven, too, and left out: {', '.join(model.left_out)}"] if model.left_out else []
    return [
        "[gripper]",
        *left_out,
        f'axis = "{axis.name}" {_MARK}',
        _line("open", upper, False),
        _line("closed", lower, False),
        _line("opening_per_axis", per_axis, False),
        _line("max_object_m", 0.9 * (upper - lower) * per_axis, False),
        "",
    ]


def _capsule_lines(drafted: DraftedCapsules) -> list[str]:
    """The shapes of the arm; a capsule that the model has just so is not marked."""
    lines = [f"{_MARK[:7]}: {remark}" for remark in drafted.remarks]
    for item in drafted.capsules:
        lines += [
            "[[capsule]]",
            f'name = "{item.name}"',
            f'link = "{item.link}"',
            f"begin = [{', '.join(_number(value) for value in item.begin)}]",
            f"end = [{', '.join(_number(value) for value in item.end)}]",
            _line("radius", item.radius, item.name in drafted.exact),
            "",
        ]
    if drafted.ignore:
        pairs = ", ".join(f'["{first}", "{second}"]' for first, second in drafted.ignore)
        lines += [
            "[self_collision]",
            f"ignore = [{pairs}] {_MARK[:7]}: near each other at home; keep those that always are",
            "",
        ]
    return lines


def _line(key: str, value: float, known: bool) -> str:
    return f"{key} = {_number(value)}" + ("" if known else f" {_MARK}")


def _number(value: float) -> str:
    text = f"{value:.9g}"  # exact enough not to leave the model's range
    return text if any(mark in text for mark in ".en") else f"{text}.0"


def _leaders(model: mujoco.MjModel, root: ElementTree.Element) -> dict[str, str]:
    """Joints that follow another, each with the one that it follows."""
    import mujoco

    leaders = {}
    for joint in root.iter("joint"):
        mimic = joint.find("mimic")
        if mimic is not None:
            leaders[joint.get("name", "")] = mimic.get("joint", "")
    for index in range(model.neq):
        if int(model.eq_type[index]) != int(mujoco.mjtEq.mjEQ_JOINT) or model.eq_obj2id[index] < 0:
            continue
        # Of two coupled joints the one with a drive leads; without that, the one that the model names first.
        first, second = sorted((int(model.eq_obj1id[index]), int(model.eq_obj2id[index])))
        if _drives(model, second) and not _drives(model, first):
            first, second = second, first
        leaders[model.joint(second).name] = model.joint(first).name
    return leaders


def _axis(model: mujoco.MjModel, name: str, urdf: dict[str, tuple[float | None, float | None]]) -> ModelAxis:
    index = model.joint(name).id
    joint = joint_of(model, index)
    limited = math.isfinite(joint.lower) and math.isfinite(joint.upper)
    velocity, torque = urdf.get(name, (None, _drive_limit(model, index)))
    address = model.jnt_qposadr[index]
    start = float(model.key_qpos[0][address] if model.nkey else model.qpos0[address])
    if limited and not joint.lower <= start <= joint.upper:
        start = (joint.lower + joint.upper) / 2
    return ModelAxis(
        name=name,
        prismatic=joint.kind == "prismatic",
        lower=joint.lower if limited else None,
        upper=joint.upper if limited else None,
        velocity=velocity,
        torque=torque,
        start=start,
    )


def _drive_limit(model: mujoco.MjModel, joint: int) -> float | None:
    """Largest force of the joint's drive, as the joint or its actuator declares it."""
    if model.jnt_actfrclimited[joint]:
        return float(model.jnt_actfrcrange[joint][1])
    for actuator in _drives(model, joint):
        if model.actuator_forcelimited[actuator]:
            return float(model.actuator_forcerange[actuator][1])
    return None


def _drives(model: mujoco.MjModel, joint: int) -> list[int]:
    """The actuators that act on a joint, directly or by a tendon."""
    import mujoco

    found = []
    for actuator in range(model.nu):
        kind, target = int(model.actuator_trntype[actuator]), int(model.actuator_trnid[actuator][0])
        moved = [target] if kind == int(mujoco.mjtTrn.mjTRN_JOINT) else []
        if kind == int(mujoco.mjtTrn.mjTRN_TENDON):
            first = int(model.tendon_adr[target])
            wraps = range(first, first + int(model.tendon_num[target]))
            is_joint = int(mujoco.mjtWrap.mjWRAP_JOINT)
            moved = [int(model.wrap_objid[wrap]) for wrap in wraps if int(model.wrap_type[wrap]) == is_joint]
        if joint in moved:
            found.append(actuator)
    return found


def _urdf_limits(root: ElementTree.Element) -> dict[str, tuple[float | None, float | None]]:
    """Velocity and effort of each joint; MuJoCo does not keep the velocity."""
    found = {}
    for joint in root.findall("joint"):  # of the robot: a <transmission> has a <joint> of the same name
        limit = joint.find("limit")
        values = {} if limit is None else limit.attrib
        found[joint.get("name", "")] = (_positive(values.get("velocity")), _positive(values.get("effort")))
    return found


def _positive(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None


def _urdf_tips(root: ElementTree.Element) -> tuple[str, ...]:
    parents = {element.get("link") for element in root.iter("parent")}
    return tuple(link.get("name", "") for link in root.findall("link") if link.get("name") not in parents)


def _tool_point(path: Path, model: mujoco.MjModel, root: ElementTree.Element, asked: str | None) -> str:
    """Where the tool centre point is: what was asked for, else `tcp`, else the only site or end of a chain."""
    sites = tuple(model.site(index).name for index in range(model.nsite))
    links = tuple(model.body(index).name for index in range(1, model.nbody))
    found = tuple(name for name in (_urdf_tips(root) if root.tag == "robot" else sites) if name)
    allowed = ", ".join(found) or "none: add a <site> to the MJCF"
    if asked is not None:
        if not asked or asked not in (*sites, *links):
            raise InputError(f"--tcp {asked!r}: {path} has no such site or link; allowed: {allowed}, or another link")
        return asked
    if "tcp" in found:
        return "tcp"
    if len(found) != 1:
        raise InputError(f"{path}: the tool centre point is not clear; name it with --tcp; allowed: {allowed}")
    return found[0]


_WORKCELL = """\
[[constraint_source]]
source = "agent"
lease_s = 0.25
stale_speed_scale = 0.5
stale_margin_scale = 2.0

[[constraint_source]]
source = "perception"
lease_s = 0.2
stale_tcp_speed_mps = 0.25 # the reduced speed of ISO 10218-1
stale_margin_scale = 2.0

[separation]
intrusion_m = 0.85 {mark}
person_uncertainty_m = 0.1 {mark}
reduced_tcp_speed_mps = 0.25

[workcell]
table_height_m = 0.0 {mark}
table_lower = [-1.0, -1.0] {mark}
table_upper = [1.0, 1.0] {mark}
object_zone_lower = [0.2, -0.5] {mark}
object_zone_upper = [0.8, 0.5] {mark}

[workcell.poses]
home = [{home}]
"""
