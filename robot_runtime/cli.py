"""The command `dynamical`: reads the command line, runs one command, turns what happened into an exit code.

0: what was asked for holds. 1: it does not. 2: the input cannot be used. 130: the user pressed Ctrl-C.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from robot_runtime import origin
from robot_runtime.commands import bench, campaign, cloud, doctor, mission, models, robot, rt, run, tree
from robot_runtime.commands import eval as evaluation
from rt_control.errors import DynamicalError, InputError

COMMANDS = (run, mission, tree, robot, models, rt, doctor, evaluation, bench, campaign, cloud)

EXIT_HOLDS = 0
EXIT_FAILS = 1
EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130

_DESCRIPTION = (
    "Run a robot: missions made of skills, skills that run policies, and below them a core that can always stop."
)
_EPILOG = """\
exit codes: 0 what was asked for holds, 1 it does not, 2 the input cannot be used.
start with: dynamical doctor, then dynamical run"""


class OneLineParser(argparse.ArgumentParser):
    """An argument parser whose refusal is one line."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}; see `{self.prog} --help`")


def parser() -> argparse.ArgumentParser:
    """The whole command line, without loading what the commands run."""
    top = OneLineParser(
        prog="dynamical",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="store_true", help="print the version and end")
    top.add_argument("--verbose", action="store_true", help="log what engineers want to know")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for module in COMMANDS:
        module.register(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: without the program's name; None takes those of the process.

    Returns:
        The exit code.
    """
    try:
        return _dispatch(arguments)
    except InputError as error:
        return _refuse(error, EXIT_BAD_INPUT)
    except DynamicalError as error:
        return _refuse(error, EXIT_FAILS)
    except KeyboardInterrupt:
        print("dynamical: stopped by Ctrl-C", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away (`| head`): nothing more can be said, also not while Python shuts down.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILS


def _dispatch(arguments: Sequence[str] | None) -> int:
    top = parser()
    options = top.parse_args(arguments)
    if options.version:
        print(f"dynamical {origin.version()}")
        return EXIT_HOLDS
    if options.command is None:
        top.print_help()
        return EXIT_BAD_INPUT
    logging.basicConfig(
        level=logging.DEBUG if options.verbose else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    code: int = options.handler(options)
    sys.stdout.flush()
    return code


def _refuse(error: DynamicalError, code: int) -> int:
    print(f"dynamical: error: {' '.join(str(error).split())}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
