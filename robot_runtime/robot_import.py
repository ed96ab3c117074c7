"""Drafts a robot file from an MJCF or URDF model: what the model says is taken, the rest is marked `CHECK`."""

from __future__ import annotations

import math
import os
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rt_control.errors import InputError
from rt_control.robot_file import MAX_AXES

# Careful figures for what a model does not say; revolute (rad, N m), then prismatic (m, N).
_CAREFUL = {"velocity": (1.0, 0.1), "acceleration": (2.0, 0.5), "torque": (10.0, 20.0)}
_JERK_PER_ACCELERATION_HZ = 50.0
_ENDLESS_RAD = 2 * math.pi
_MARK = "# CHECK: not in the model"
_NAMES = "letters, digits and _ (at most 32, a letter first)"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")


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
        axes: from the base outward.
        tool_points: sites (MJCF) or links at the end of a chain (URDF), each a candidate for the tool centre point.
    """

    axes: tuple[ModelAxis, ...]
    tool_points: tuple[str, ...]


def read_model(path: Path) -> Model:
    """Read an MJCF or URDF file.

    Args:
        path: of the file.

    Raises:
        InputError: it cannot be read, or has no axis that can be driven, or too many.
    """
    import mujoco

    if not path.is_file():
        raise InputError(f"{path}: there is no such file; give an MJCF or URDF model")
    try:
        compiled = mujoco.MjModel.from_xml_path(str(path))
        root = ElementTree.parse(path).getroot()
    except (ValueError, ElementTree.ParseError) as error:
        raise InputError(
            f"{path}: is not a model that MuJoCo reads: {' '.join(str(error).split())}; mend it there"
        ) from None
    urdf = root.tag == "robot"
    limits = _urdf_limits(root) if urdf else {}
    axes = tuple(_axis(mujoco, compiled, index, limits) for index in _driven(mujoco, compiled, root))
    if not 1 <= len(axes) <= MAX_AXES:
        raise InputError(
            f"{path}: has {len(axes)} hinge and slide joints; allowed: 1 to {MAX_AXES}; fix the others in the model"
        )
    for axis in axes:
        if not _NAME.fullmatch(axis.name):
            raise InputError(f"{path}: joint {axis.name!r}; allowed: {_NAMES}; rename it there")
    points = _urdf_tips(root) if urdf else tuple(compiled.site(index).name for index in range(compiled.nsite))
    return Model(axes, tuple(name for name in points if name))


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
    model = read_model(path)
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
        f'tcp_site = "{_tool_point(path, model.tool_points, tool_point)}"',
        "",
        *(line for axis in model.axes for line in _axis_lines(axis)),
        _WORKCELL.format(mark=_MARK, home=home),
    ]
    return "\n".join(parts)


def _axis_lines(axis: ModelAxis) -> list[str]:
    span_known = axis.lower is not None and axis.upper is not None
    lower, upper = (axis.lower, axis.upper) if span_known else (-_ENDLESS_RAD, _ENDLESS_RAD)
    assert lower is not None and upper is not None
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


def _line(key: str, value: float, known: bool) -> str:
    return f"{key} = {_number(value)}" + ("" if known else f" {_MARK}")


def _number(value: float) -> str:
    text = f"{value:.6g}"
    return text if any(mark in text for mark in ".en") else f"{text}.0"


def _driven(mujoco: Any, compiled: Any, root: ElementTree.Element) -> list[int]:
    """Indices of the joints that are axes: hinges and slides that do not follow another joint."""
    followers = {joint.get("name", "") for joint in root.iter("joint") if joint.find("mimic") is not None}
    for index in range(compiled.neq):
        if int(compiled.eq_type[index]) != int(mujoco.mjtEq.mjEQ_JOINT) or compiled.eq_obj2id[index] < 0:
            continue
        # Of two coupled joints the one with a drive leads; without that, the one that the model names first.
        first, second = sorted((int(compiled.eq_obj1id[index]), int(compiled.eq_obj2id[index])))
        only_second_is_driven = bool(_drives(mujoco, compiled, second)) and not _drives(mujoco, compiled, first)
        followers.add(compiled.joint(first if only_second_is_driven else second).name)
    kinds = (int(mujoco.mjtJoint.mjJNT_HINGE), int(mujoco.mjtJoint.mjJNT_SLIDE))
    return [
        index
        for index in range(compiled.njnt)
        if int(compiled.jnt_type[index]) in kinds and compiled.joint(index).name not in followers
    ]


def _axis(mujoco: Any, compiled: Any, index: int, urdf: dict[str, tuple[float | None, float | None]]) -> ModelAxis:
    joint = compiled.joint(index)
    limited = bool(compiled.jnt_limited[index])
    lower, upper = (float(value) for value in compiled.jnt_range[index])
    velocity, torque = urdf.get(joint.name, (None, _drive_limit(mujoco, compiled, index)))
    address = compiled.jnt_qposadr[index]
    start = float(compiled.key_qpos[0][address] if compiled.nkey else compiled.qpos0[address])
    if limited and not lower <= start <= upper:
        start = (lower + upper) / 2
    return ModelAxis(
        name=joint.name,
        prismatic=int(compiled.jnt_type[index]) == int(mujoco.mjtJoint.mjJNT_SLIDE),
        lower=lower if limited else None,
        upper=upper if limited else None,
        velocity=velocity,
        torque=torque,
        start=start,
    )


def _drive_limit(mujoco: Any, compiled: Any, joint: int) -> float | None:
    """Largest force of the joint's drive, as the joint or its actuator declares it."""
    if compiled.jnt_actfrclimited[joint]:
        return float(compiled.jnt_actfrcrange[joint][1])
    for actuator in _drives(mujoco, compiled, joint):
        if compiled.actuator_forcelimited[actuator]:
            return float(compiled.actuator_forcerange[actuator][1])
    return None


def _drives(mujoco: Any, compiled: Any, joint: int) -> list[int]:
    """The actuators that act on a joint."""
    return [
        actuator
        for actuator in range(compiled.nu)
        if int(compiled.actuator_trntype[actuator]) == int(mujoco.mjtTrn.mjTRN_JOINT)
        and int(compiled.actuator_trnid[actuator][0]) == joint
    ]


def _urdf_limits(root: ElementTree.Element) -> dict[str, tuple[float | None, float | None]]:
    """Velocity and effort of each joint; MuJoCo does not keep the velocity."""
    found = {}
    for joint in root.iter("joint"):
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


def _tool_point(path: Path, found: Sequence[str], asked: str | None) -> str:
    allowed = ", ".join(found) or "none: add a <site> to the MJCF"
    if asked is not None:
        if asked not in found:
            raise InputError(f"--tcp {asked!r}: {path} has no such site or end link; allowed: {allowed}")
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
stop_m = 0.5 {mark}
slow_m = 1.5 {mark}
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
