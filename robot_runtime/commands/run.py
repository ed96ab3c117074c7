"""`dynamical run`: the robot runs a mission."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from robot_runtime.commands import arguments
from rt_control.errors import InputError

if TYPE_CHECKING:
    from robot_runtime.commands.arguments import Subparsers
    from robot_runtime.run_result import RunResult

_EPILOG = """\
Exit code 0 only if the mission succeeded and the physics says that every object lies in its bin.

examples:
  dynamical run                            the demo: sort the table
  dynamical run --seed 7 --view            other places for the objects, in MuJoCo's viewer
  dynamical run my_mission.xml --json -    an own mission; the result as one JSON object
  dynamical run --cloud http://localhost:8760   with a cloud that answers (dynamical cloud up --embedded)
  dynamical run --lockstep --seed 3        the same in virtual time: one process, deterministic"""


def register(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "run",
        help="run a mission on the robot",
        description="Start every process of the robot, run a mission, end them all, and say what happened.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "mission",
        nargs="?",
        default="sort_table",
        help="name of a shipped mission, or an XML file (default: sort_table)",
    )
    parser.add_argument("--robot", default="arm7", help="name of a shipped robot, or a robot file (default: arm7)")
    parser.add_argument(
        "--seed", type=arguments.seed, default=0, metavar="N", help="where the objects lie: a whole number (default: 0)"
    )
    parser.add_argument(
        "--duration", type=arguments.positive_seconds, metavar="S", help="end after S seconds if the mission still runs"
    )
    parser.add_argument("--view", action="store_true", help="open MuJoCo's viewer; needs a display")
    parser.add_argument(
        "--lockstep", action="store_true", help="run in one process on virtual time: faster, deterministic per seed"
    )
    parser.add_argument(
        "--attended",
        action="store_true",
        help="an operator is there: a latched stop waits for a reset, and ends nothing",
    )
    parser.add_argument(
        "--person",
        metavar="JSON",
        help="a person's arm comes in, as [[time_s, x, y, z, yaw_rad], ...] in the base frame",
    )
    parser.add_argument(
        "--picture", type=arguments.png_file, metavar="FILE", help="draw the world as it is at the end into a PNG"
    )
    parser.add_argument(
        "--device",
        metavar="NAME|FILE",
        help="what perception may compute: a shipped budget or a budget file (see `dynamical models budget`)",
    )
    parser.add_argument(
        "--cloud",
        metavar="URL",
        help="a cloud that may look at the scene where this device cannot (see `dynamical cloud up`)",
    )
    parser.add_argument(
        "--policy",
        metavar="MODEL|URL",
        help="a model that moves the arm, or ws://HOST:PORT of one elsewhere (see `dynamical models serve`), with the "
        "robot's own one behind it (default: the model that is bound)",
    )
    parser.add_argument(
        "--policy-key-file", type=Path, metavar="FILE", help="holds the key that the policy elsewhere asks for"
    )
    devices = parser.add_argument_group(
        "devices of this machine", "Used only when they are named here, in no robot file; see docs/realtime.md."
    )
    devices.add_argument(
        "--scope", metavar="TTY|CHIP:LINE", help="a line that changes its level in every cycle of rt_control"
    )
    devices.add_argument(
        "--relay", metavar="TTY", help="serial line of a safety relay, fed while rt_control is healthy"
    )
    devices.add_argument(
        "--watchdog", metavar="PATH", help="the machine's watchdog: restarts it when rt_control is no longer healthy"
    )
    arguments.add_json_argument(parser)
    arguments.add_root_argument(parser)
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Run the mission."""
    from robot_runtime.outlets import Outlets

    outlets = Outlets(options.scope, options.relay, options.watchdog)
    of_live_runs = (
        (options.view, "--view"),
        (options.attended, "--attended"),
        (options.device is not None, "--device"),
        (options.cloud is not None, "--cloud"),
        *((True, f"--{name}") for name, _ in outlets.named()),
    )
    for given, name in of_live_runs:
        if options.lockstep and given:
            raise InputError(f"{name} is for a live run, and --lockstep is none: leave out one of them")
    if options.cloud is not None:
        from robot_runtime.cloud_service import CloudAddress

        CloudAddress(options.cloud)
    check_policy(options)
    if options.device is not None:
        from perception.compute_budget import load_budget

        load_budget(options.device)
    if options.view:
        from sim.view import require_display

        require_display()
    from robot_runtime.run import run
    from robot_runtime.run_options import RunOptions
    from trees.mission import mission_text

    result = run(
        RunOptions(
            mission=Path(mission_text(options.mission)[0]).resolve(),
            robot=options.robot,
            seed=options.seed,
            duration_s=options.duration,
            view=options.view,
            lockstep=options.lockstep,
            progress=options.json_path != "-",
            attended=options.attended,
            picture=options.picture,
            person=options.person,
            outlets=outlets,
            cloud=options.cloud,
            device=options.device,
            policy=options.policy,
            policy_key_file=None if options.policy_key_file is None else options.policy_key_file.resolve(),
            root=options.root,
        )
    )
    if options.json_path != "-":
        print_summary(result)
    if options.json_path is not None:
        from robot_runtime.report import write_json

        write_json(result, options.json_path)
    return 0 if result.holds() else 1


def check_policy(options: argparse.Namespace) -> None:
    """Refuse what the policy worker could not begin with."""
    elsewhere = options.policy is not None and "://" in options.policy
    if options.policy_key_file is not None:
        if not elsewhere:
            raise InputError("--policy-key-file is for a policy elsewhere; give its address with --policy")
        from robot_runtime.policy_setup import read_key

        read_key(options.policy_key_file)
    if options.policy is None:
        return
    if elsewhere:
        if options.lockstep:
            raise InputError(
                "--policy with an address is for a live run, and --lockstep is none: leave out one of them"
            )
        from robot_runtime.remote_policy import checked_url

        checked_url(options.policy)
        return
    from models.registry import Registry
    from robot_runtime import model_folders

    with Registry(model_folders.folder()) as registry:
        if "policy" not in registry.find(options.policy).manifest.roles:
            raise InputError(f"--policy {options.policy}: this model is no policy; `dynamical models list` names them")


def print_summary(result: RunResult) -> None:
    """Print the end of a run for people, on standard output."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(show_header=False, box=None, pad_edge=False)
    style = "bold green" if result.holds() else "bold red"
    outcome = result.outcome if not result.reason else f"{result.outcome}: {result.reason}"
    rows = (
        ("outcome", Text(outcome, style=style)),
        ("objects sorted", f"{result.objects_sorted} of {result.objects_total}"),
        ("modes entered", ", ".join(result.modes_entered) or "none"),
        ("interventions", f"{result.interventions} of {result.cycles} cycles"),
        ("deadline misses", f"{result.deadline_misses} of {result.cycles} cycles"),
        ("duration", f"{result.duration_s:.1f} s"),
        ("real time", result.realtime),
        ("time dilation", f"{result.time_dilation:.3f}"),
    )
    for name, value in rows:
        table.add_row(name, value)
    Console(highlight=False, soft_wrap=True).print(table)
