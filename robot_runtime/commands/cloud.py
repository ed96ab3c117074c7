"""`dynamical cloud`: services off the robot."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from robot_runtime.commands import arguments
from rt_control.errors import InputError

if TYPE_CHECKING:
    from robot_runtime.commands.arguments import Subparsers

PORT = 8760

_EPILOG = """\
examples:
  dynamical cloud up --embedded            on this machine, for robots on it
  dynamical run --cloud http://localhost:8760

A robot on another machine reaches it through a proxy that speaks https: robots send images of a workplace over plain
http only to their own machine."""


def register(commands: Subparsers) -> None:
    """Add the command."""
    group = commands.add_parser(
        "cloud",
        help="services off the robot: a heartbeat, and looks at the scene",
        description="Services that make robots cleverer, and that none of them needs.",
    ).add_subparsers(title="commands", metavar="COMMAND", required=True)
    up = group.add_parser(
        "up",
        help="serve until Ctrl-C",
        description="Serve a heartbeat and looks of level 3 at scenes, with the model that is bound to the role `scene`"
        " here, until Ctrl-C.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    up.add_argument("--embedded", action="store_true", help="all in one process; the only way so far")
    up.add_argument("--host", default="127.0.0.1", help="address to listen at (default: 127.0.0.1, this machine alone)")
    up.add_argument(
        "--port", type=arguments.port, default=PORT, help=f"to listen at; 0: any that is free (default: {PORT})"
    )
    up.set_defaults(handler=up_command)


def up_command(options: argparse.Namespace) -> int:
    """Serve."""
    if not options.embedded:
        raise InputError("cloud up: services in processes of their own are not there yet; add --embedded")
    try:
        from cloud.app import make_app
        from cloud.serve import listen, serve
    except ModuleNotFoundError as error:
        raise InputError(
            f"cloud up: {error.name} is missing; install it with `pip install 'dynamical[cloud]'`"
        ) from None
    from models import backends
    from models.registry import Registry
    from perception.cascade_models import load_scene_model
    from robot_runtime import model_folders

    listener = listen(options.host, options.port)
    scene = load_scene_model(Registry(model_folders.folder()), backends.get(backends.DEFAULT))
    serve(make_app(scene), listener, lambda url: print(f"cloud: listening at {url}; end with Ctrl-C", flush=True))
    return 0
