"""`dynamical mission`: mission files, and the mission that runs."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from robot_runtime.commands import arguments
from rt_control.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from robot_runtime.client import AgentClient
    from robot_runtime.commands.arguments import Subparsers
    from trees.mission import MissionPlan, PlannedNode


def register(commands: Subparsers) -> None:
    """Add the commands."""
    group = commands.add_parser(
        "mission",
        help="mission files: check them, show one; the running mission: pause, resume, cancel it",
        description="Missions are BehaviorTree.CPP 4 XML files.",
    ).add_subparsers(title="commands", metavar="COMMAND", required=True)

    check = group.add_parser(
        "check",
        help="say what is wrong with missions, before a robot does",
        description="Check missions against the known nodes and a robot's bins and poses. Exit code 2 if one is wrong.",
    )
    check.add_argument("missions", nargs="+", metavar="MISSION", help="name of a shipped mission, or an XML file")
    _add_robot(check)
    check.set_defaults(handler=check_command)

    show = group.add_parser(
        "show",
        help="print a mission as a tree, every subtree expanded",
        description="Print a mission as the robot will run it: every subtree expanded, every port with its value.",
    )
    show.add_argument("mission", metavar="MISSION", help="name of a shipped mission, or an XML file")
    _add_robot(show)
    show.set_defaults(handler=show_command)

    _add_request(group, "pause", pause_command, "suspend the running mission; the robot holds")
    _add_request(group, "resume", resume_command, "go on after a pause, or after the reset of a stop")
    _add_request(group, "cancel", cancel_command, "end the running mission; the robot holds and is idle")


def check_command(options: argparse.Namespace) -> int:
    """Check missions; each wrong one has its line on standard error."""
    known = _known(options.robot)
    wrong = 0
    for name in options.missions:
        try:
            plan = _load(name, known)
        except InputError as error:
            wrong += 1
            print(f"dynamical: error: {error}", file=sys.stderr)
        else:
            print(f"{name}: ok, mission {plan.name}, {_count(plan.root)} nodes")
    return 2 if wrong else 0


def show_command(options: argparse.Namespace) -> int:
    """Print a mission."""
    print("\n".join(tree_lines(_load(options.mission, _known(options.robot)))))
    return 0


def pause_command(options: argparse.Namespace) -> int:
    """Suspend the mission."""
    with _agent(options) as agent:
        agent.pause()
    print("paused; `dynamical mission resume` goes on")
    return 0


def resume_command(options: argparse.Namespace) -> int:
    """Let the mission go on."""
    with _agent(options) as agent:
        agent.resume()
    print("resumed")
    return 0


def cancel_command(options: argparse.Namespace) -> int:
    """End the mission."""
    with _agent(options) as agent:
        agent.cancel_mission()
    print("cancelled")
    return 0


def tree_lines(plan: MissionPlan) -> list[str]:
    """A mission as indented text, a line for each node."""
    lines = [plan.name]

    def add(node: PlannedNode, before: str, last: bool) -> None:
        lines.append(f"{before}{'└─ ' if last else '├─ '}{_describe(node)}")
        for index, child in enumerate(node.children):
            add(child, before + ("   " if last else "│  "), index == len(node.children) - 1)

    add(plan.root, "", True)
    return lines


def _describe(node: PlannedNode) -> str:
    ports = [f"{port}={getattr(value, 'shown', value)}" for port, value in node.inputs.items()]
    ports += [f"{port}->{variable.shown}" for port, variable in node.outputs.items()]
    if node.num_attempts:
        ports.append("without end" if node.num_attempts < 0 else f"at most {node.num_attempts} attempts")
    name = node.tag if node.tag in node.name else f"{node.tag} {node.name!r}"
    return name if not ports else f"{name} ({', '.join(ports)})"


def _count(node: PlannedNode) -> int:
    return 1 + sum(_count(child) for child in node.children)


def _add_request(group: Subparsers, name: str, handler: Callable[[argparse.Namespace], int], text: str) -> None:
    parser = group.add_parser(
        name, help=text, description=f"{text[0].upper()}{text[1:]}. Exit code 1 when the robot's agent refuses."
    )
    parser.add_argument("robot", nargs="?", help="name of the robot (default: the only one that runs)")
    arguments.add_root_argument(parser)
    parser.set_defaults(handler=handler)


def _agent(options: argparse.Namespace) -> AgentClient:
    """A connection to the agent of the robot that is meant."""
    from robot_runtime.client import AgentClient
    from robot_runtime.run_folders import running_robot
    from rt_control.channels import RunDirectory

    robot = running_robot(options.robot, options.root).robot
    endpoint = RunDirectory.open(robot, options.root).endpoint("agent.api")
    return AgentClient(endpoint, name=f"dynamical mission {options.handler.__name__.partition('_')[0]}")


def _add_robot(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--robot", default="arm7", help="whose bins and poses it may name (default: arm7)")


def _known(robot: str) -> Mapping[str, Collection[str]]:
    """The names that missions may use for this robot."""
    from behaviours.workcell import Workcell
    from rt_control.description import load_robot

    return Workcell.of(load_robot(robot)).known_names


def _load(name: str, known: Mapping[str, Collection[str]]) -> MissionPlan:
    from trees.mission import load_mission

    return load_mission(name, known)
