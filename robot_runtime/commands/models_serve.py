"""`models serve`: a policy of this machine for robots elsewhere."""

from __future__ import annotations

import argparse
import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING

from robot_runtime.commands import arguments
from rt_control.errors import InputError

if TYPE_CHECKING:
    from robot_runtime.commands.arguments import Subparsers

PORT = 8000

_EPILOG = """\
examples:
  dynamical models serve                                     on this machine, for robots on it
  dynamical run --policy ws://localhost:8000

The protocol is openpi's: MessagePack over a WebSocket. A robot on another machine reaches it through a proxy that
speaks wss: robots take motions over a plain connection only from their own machine."""


def register(group: Subparsers) -> None:
    """Add the command to those of `models`."""
    parser = group.add_parser(
        "serve",
        help="let robots elsewhere ask a policy of this machine, until Ctrl-C",
        description="Serve a policy over WebSockets, as openpi has it, until Ctrl-C.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", nargs="?", metavar="MODEL", help="to serve (default: the one that is bound to policy)")
    parser.add_argument("--host", default="127.0.0.1", help="to listen at (default: 127.0.0.1, this machine alone)")
    parser.add_argument("--port", type=arguments.port, default=PORT, help=f"0: any that is free (default: {PORT})")
    parser.add_argument("--key-file", type=Path, metavar="FILE", help="holds the key that robots have to know")
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Serve."""
    from robot_runtime.policy_server import PolicyServer, serve
    from robot_runtime.policy_setup import activate_policy, read_key

    key = read_key(options.key_file)
    if not key and not _this_machine_alone(options.host):
        raise InputError(f"--host {options.host}: robots of others could ask; give a --key-file that holds a key")
    server = PolicyServer(activate_policy(options.model), key)

    def listening(url: str) -> None:
        print(f"serves {options.model or 'the bound policy'} at {url}; Ctrl-C ends it", flush=True)

    try:
        serve(server, options.host, options.port, listening)
    except OSError as error:
        raise InputError(f"{options.host}:{options.port}: cannot be listened at ({error.strerror})") from None
    return 0


def _this_machine_alone(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
