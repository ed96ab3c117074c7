"""Read robot files strictly; what is wrong is refused in one line that names the mend."""

from __future__ import annotations

import importlib.util
import math
import re
import tomllib
import typing
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from rt_control.errors import InputError
from rt_control.model_compiler import compile_model
from rt_control.robot_file import (
    BASE,
    MAX_CAPSULES,
    MAX_ZONES,
    Axis,
    Bin,
    Camera,
    Capsule,
    ConstraintSource,
    Contact,
    Estimator,
    Gripper,
    Robot,
    RobotDescription,
    RobotFile,
    Section,
    SelfCollision,
    Separation,
    Simulation,
    Timing,
    Tolerance,
    Workcell,
    Zone,
)

__all__ = ["RobotDescription", "compile_model", "load_robot", "shipped_robots"]


def shipped_robots() -> dict[str, Path]:
    """Robot files that come with Dynamical, by name."""
    package = importlib.util.find_spec("robots")
    folders = [] if package is None else list(package.submodule_search_locations or [])
    return {file.parent.name: file for folder in folders for file in sorted(Path(folder).glob("*/robot.toml"))}


def load_robot(name_or_path: str | Path) -> RobotDescription:
    """Read and check a robot file.

    Args:
        name_or_path: name of a shipped robot, or path of a robot file or its folder.

    Raises:
        InputError: it is unknown, malformed, contradicts itself, or lacks a file; one line with the mend.
    """
    return _parse(_locate(name_or_path))


def _locate(name_or_path: str | Path) -> Path:
    text = str(name_or_path)
    path = Path(text)
    if isinstance(name_or_path, str) and "/" not in text and not text.endswith(".toml"):
        shipped = shipped_robots()
        if text not in shipped:
            raise InputError(
                f"robot {text!r} is unknown; allowed: {', '.join(shipped) or 'none shipped'},"
                " or the path of a robot file; make one with `dynamical robot import MODEL`"
            )
        return shipped[text]
    if path.is_dir():
        path = path / "robot.toml"
    if not path.is_file():
        mend = "make one with `dynamical robot import MODEL`"
        raise InputError(f"{path}: there is no robot file; allowed: the path of a robot.toml; {mend}")
    return path.resolve()


def _parse(path: Path) -> RobotDescription:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: is not TOML: {error}; mend it there") from None
    _refuse_not_finite(path, content, "")
    try:
        file = msgspec.convert(content, RobotFile, strict=True)
    except msgspec.ValidationError as error:
        _refuse_invalid(path, content, str(error))
    description = RobotDescription(**{field: getattr(file, field) for field in file.__struct_fields__}, path=path)
    _check(description)
    return description


_NAMES = "letters, digits and _ (at most 31, a letter first)"


def _refuse(path: Path, key: str, value: object, allowed: str, mend: str) -> NoReturn:
    shown = repr(value) if len(repr(value)) <= 80 else repr(value)[:77] + "..."
    raise InputError(f"{path}: {key} = {shown}; allowed: {allowed}; {mend}") from None


def _refuse_not_finite(path: Path, content: object, key: str) -> None:
    if isinstance(content, dict):
        for name, value in content.items():
            _refuse_not_finite(path, value, f"{key}.{name}" if key else str(name))
    elif isinstance(content, list):
        for index, value in enumerate(content):
            _refuse_not_finite(path, value, f"{key}[{index}]")
    elif isinstance(content, float) and not math.isfinite(content):
        _refuse(path, key, content, "a finite number", "write the figure from the datasheet")


def _refuse_invalid(path: Path, content: dict[str, Any], message: str) -> NoReturn:
    """Turn what msgspec says ("Expected `float` > 0.0 - at `$.axis[2].velocity`") into our one line."""
    what, _, where = message.partition(" - at ")
    in_keys = where.startswith("`key` in")
    key = where.removeprefix("`key` in ").strip("`").removeprefix("$").removeprefix(".")
    value: Any = content
    of = ""
    for step in re.findall(r"[^.\[\]]+", key):
        value = value[int(step)] if isinstance(value, list) else value.get(step)
        if isinstance(value, dict) and "name" in value:
            of = f" (of {value['name']!r})"
    here = key or "the file"
    if unknown := re.search(r"unknown field `(.+?)`", what):
        name = unknown.group(1)
        full = f"{key}.{name}" if key else name
        keys = ", ".join(_section_at(key).__struct_fields__)
        _refuse(path, full + of, value.get(name), keys, "remove it or correct its spelling")
    if missing := re.search(r"missing required field `(.+?)`", what):
        keys = ", ".join(_section_at(key).__struct_fields__)
        raise InputError(f"{path}: {here}{of} lacks the key {missing.group(1)!r}; allowed: {keys}; add it")
    if in_keys:
        _refuse(path, f"{here} has a key", sorted(value), _NAMES, "rename it")
    if "regex" in what:
        _refuse(path, here, value, _NAMES, "rename it")
    if "enum" in what:
        parent, _, field = key.rpartition(".")
        choices = _choices(typing.get_type_hints(_section_at(parent))[field])
        _refuse(path, here + of, value, ", ".join(choices), "choose one of them")
    allowed = what.removeprefix("Expected ").replace("`", "").replace("float", "a number", 1)
    _refuse(path, here + of, value, allowed, "correct it")


def _choices(hint: Any) -> list[str]:
    """The words that a Literal allows, also one that may be left out."""
    arguments = typing.get_args(hint)
    return [word for item in arguments for word in ([item] if isinstance(item, str) else _choices(item))]


def _section_at(key: str) -> type[Section]:
    section: type[Section] = RobotFile
    for step in re.findall(r"[A-Za-z_]\w*", key):
        section = _SECTIONS[step]
    return section


_SECTIONS: dict[str, type[Section]] = {
    "robot": Robot,
    "axis": Axis,
    "timing": Timing,
    "tolerance": Tolerance,
    "constraint_source": ConstraintSource,
    "separation": Separation,
    "estimator": Estimator,
    "contact": Contact,
    "workcell": Workcell,
    "bin": Bin,
    "capsule": Capsule,
    "self_collision": SelfCollision,
    "zone": Zone,
    "gripper": Gripper,
    "camera": Camera,
    "simulation": Simulation,
}


def _check(description: RobotDescription) -> None:
    """Refuse what is well formed but contradicts itself."""
    _check_axes(description)
    _check_timing(description)
    _check_workcell(description)
    _check_gripper(description)
    _check_shapes(description)
    _check_cameras(description)
    _check_simulation(description)
    if not description.model_path.is_file():
        _refuse(
            description.path,
            "robot.model",
            description.robot.model,
            "the path of an MJCF or URDF, relative to this file",
            f"put the model at {description.model_path}",
        )


def _check_unique(path: Path, key: str, names: list[str]) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            _refuse(path, f"{key.replace('[]', f'[{index}]')}", name, "each only once", "rename or remove one of them")


def _check_axes(description: RobotDescription) -> None:
    path = description.path
    _check_unique(path, "axis[].name", list(description.axis_names))
    for index, axis in enumerate(description.axis):
        if axis.lower >= axis.upper:
            _refuse(
                path,
                f"axis[{index}].lower",
                axis.lower,
                f"less than upper = {axis.upper}",
                f"correct the range of {axis.name}",
            )
        needed = axis.velocity**2 / (2.0 * (axis.upper - axis.lower))
        if axis.acceleration < needed:
            allowed = f"at least {needed:.6g}, so that {axis.name} can brake within its range"
            mend = "raise acceleration or lower velocity"
            _refuse(path, f"axis[{index}].acceleration", axis.acceleration, allowed, mend)
        way = axis.velocity**2 / (2.0 * axis.acceleration) + axis.velocity * axis.acceleration / (2.0 * axis.jerk)
        if way > axis.upper - axis.lower:
            room = axis.upper - axis.lower
            allowed = f"enough to brake {axis.name} within its range of {room:g}, and not only after {way:g}"
            _refuse(path, f"axis[{index}].jerk", axis.jerk, allowed, "raise jerk or lower velocity")


def _check_timing(description: RobotDescription) -> None:
    path, timing = description.path, description.timing
    if timing.lateness_limit_s <= timing.period_s:
        _refuse(
            path,
            "timing.lateness_limit_s",
            timing.lateness_limit_s,
            f"more than period_s = {timing.period_s}",
            "raise it",
        )
    for key, value, ordinary in (
        ("drive_watchdog_cycles_degraded", timing.drive_watchdog_cycles_degraded, float(timing.drive_watchdog_cycles)),
        ("drive_lost_cycles_degraded", timing.drive_lost_cycles_degraded, float(timing.drive_lost_cycles)),
        ("lateness_limit_degraded_s", timing.lateness_limit_degraded_s, timing.lateness_limit_s),
    ):
        if value is None:
            continue
        if not description.robot.simulated:
            _refuse(path, f"timing.{key}", value, "nothing: a real robot has no degraded mode", "remove it")
        if value < ordinary:
            _refuse(path, f"timing.{key}", value, f"at least the ordinary {ordinary:g}", "raise it")
    _check_unique(path, "constraint_source[].source", [item.source for item in description.constraint_source])
    separation = description.separation
    if separation.full_speed_mps < separation.reduced_tcp_speed_mps:
        allowed = f"at least reduced_tcp_speed_mps = {separation.reduced_tcp_speed_mps}"
        _refuse(path, "separation.full_speed_mps", separation.full_speed_mps, allowed, "raise it")


def _check_workcell(description: RobotDescription) -> None:
    path, workcell = description.path, description.workcell
    for area in ("table", "object_zone"):
        lower, upper = getattr(workcell, f"{area}_lower"), getattr(workcell, f"{area}_upper")
        if lower[0] >= upper[0] or lower[1] >= upper[1]:
            _refuse(
                path,
                f"workcell.{area}_lower",
                list(lower),
                f"less than {area}_upper = {list(upper)} in x and y",
                "swap them",
            )
    _check_unique(path, "workcell.bin[].name", [item.name for item in workcell.bin])
    if "home" not in workcell.poses:
        _refuse(
            path, "workcell.poses", sorted(workcell.poses), "at least `home`", "add home with a position for each axis"
        )
    for name, pose in workcell.poses.items():
        key = f"workcell.poses.{name}"
        if len(pose) != len(description.axis):
            _refuse(path, key, list(pose), f"{len(description.axis)} positions, one for each axis", "correct the pose")
        for axis, position in zip(description.axis, pose, strict=True):
            if not axis.lower <= position <= axis.upper:
                _refuse(
                    path,
                    key,
                    position,
                    f"{axis.lower} to {axis.upper} for {axis.name}",
                    "move the pose inside its limits",
                )


def _check_gripper(description: RobotDescription) -> None:
    path, gripper = description.path, description.gripper
    if gripper is None:
        return
    if gripper.axis not in description.axis_names:
        _refuse(
            path,
            "gripper.axis",
            gripper.axis,
            ", ".join(description.axis_names),
            "name the axis that moves the fingers",
        )
    index = description.axis_names.index(gripper.axis)
    if index != len(description.axis) - 1 or index == 0:
        _refuse(
            path, "gripper.axis", gripper.axis, "the last [[axis]]", "put the arm's axes first, from base to flange"
        )
    axis = description.axis[index]
    for key, position in (("open", gripper.open), ("closed", gripper.closed)):
        if not axis.lower <= position <= axis.upper:
            _refuse(
                path, f"gripper.{key}", position, f"{axis.lower} to {axis.upper}", f"keep to the range of {axis.name}"
            )
    opening = abs(gripper.open - gripper.closed) * gripper.opening_per_axis
    if gripper.max_object_m > opening:
        _refuse(path, "gripper.max_object_m", gripper.max_object_m, f"at most the opening {opening:g}", "lower it")


def _check_shapes(description: RobotDescription) -> None:
    path, capsules, zones = description.path, description.capsule, description.zone
    for key, count, most in (("capsule", len(capsules), MAX_CAPSULES), ("zone", len(zones), MAX_ZONES)):
        if count > most:
            raise InputError(f"{path}: [[{key}]] is there {count} times; allowed: at most {most}; merge or remove some")
    names = [item.name for item in capsules]
    _check_unique(path, "capsule[].name", names)
    if capsules and BASE in description.axis_names:
        index = description.axis_names.index(BASE)
        allowed = f"any but {BASE!r}, which means the base where there are capsules"
        _refuse(path, f"axis[{index}].name", BASE, allowed, "rename the joint")
    links = (BASE, *description.arm_names)
    for index, item in enumerate(capsules):
        if item.link not in links:
            where = f"capsule[{index}].link (of {item.name!r})"
            _refuse(path, where, item.link, ", ".join(links), "name the axis of the arm that moves it")
    for index, pair in enumerate(description.self_collision.ignore):
        where = f"self_collision.ignore[{index}]"
        for name in pair:
            if name not in names:
                allowed = ", ".join(names) or "nothing: no capsule is declared"
                _refuse(path, where, name, allowed, "name two of the [[capsule]]s")
        if pair[0] == pair[1]:
            _refuse(path, where, list(pair), "two different capsules", "correct it")
    _check_unique(path, "zone[].name", [item.name for item in zones])
    for index, zone in enumerate(zones):
        where = f"zone[{index}].lower (of {zone.name!r})"
        for side, lower, upper in zip("xyz", zone.lower, zone.upper, strict=True):
            if lower >= upper:
                _refuse(path, where, lower, f"less than upper = {upper} in {side}", "swap them")
        if not capsules:
            _refuse(
                path, f"zone[{index}].name", zone.name, "none where there is no [[capsule]]", "add the arm's shapes"
            )


def _check_cameras(description: RobotDescription) -> None:
    path, cameras = description.path, description.camera
    _check_unique(path, "camera[].name", [item.name for item in cameras])
    for index, camera in enumerate(cameras):
        if camera.role is not None and camera.role in [item.role for item in cameras[:index]]:
            mend = "give another camera another role"
            _refuse(path, f"camera[{index}].role", camera.role, "each only once", mend)
        if camera.role == "scene" and not camera.depth:
            _refuse(path, f"camera[{index}].depth", False, "true where the role is scene", "give the role to another")


def _check_simulation(description: RobotDescription) -> None:
    path, simulation = description.path, description.simulation
    if simulation is None:
        if description.robot.simulated:
            _refuse(
                path,
                "robot.simulated",
                True,
                "false where there is no [simulation]",
                "add [simulation] with a world, or set it to false",
            )
        return
    if not description.world_path.is_file():
        _refuse(
            path,
            "simulation.world",
            simulation.world,
            "the path of an MJCF, relative to this file",
            f"put the world at {description.world_path}",
        )
    for item, bin_name in simulation.goal.items():
        if description.workcell.find_bin(bin_name) is None:
            names = ", ".join(entry.name for entry in description.workcell.bin)
            _refuse(
                path,
                f"simulation.goal.{item}",
                bin_name,
                names or "nothing: no bin is declared",
                "name a bin of [[workcell.bin]]",
            )
