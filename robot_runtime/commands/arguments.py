"""Types of arguments that more than one command takes; a wrong value is refused with what is allowed."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.roles import Role

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def seed(text: str) -> int:
    """A seed: a whole number that is not negative."""
    try:
        value = int(text)
    except ValueError:
        value = -1
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no seed; give a whole number of at least 0")
    return value


def count(text: str) -> int:
    """How many: a whole number above zero."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no count; give a whole number of at least 1")
    return value


def count_or_none(text: str) -> int:
    """How many: a whole number that is not negative."""
    try:
        value = int(text)
    except ValueError:
        value = -1
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no count; give a whole number of at least 0")
    return value


def positive_seconds(text: str) -> float:
    """A duration, s, above zero."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; give seconds above 0, e.g. 30")
    return value


def port(text: str) -> int:
    """Number of a port; 0 is any that is free."""
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; allowed: 0 to 65535")
    return number


def png_file(text: str) -> Path:
    """A PNG file to be written, in a folder that exists."""
    path = Path(text)
    if path.suffix != ".png" or not path.absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r}: give a file that ends in .png, in a folder that exists")
    return path


def output_file(text: str) -> Path:
    """A file to be written, in a folder that exists: refused before the work, not after it."""
    path = Path(text)
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(f"cannot write {text!r}; give a file in a folder that exists")
    return path


def json_destination(text: str) -> str:
    """Where JSON goes: a file in a folder that exists, or `-`."""
    return text if text == "-" else str(output_file(text))


def role(text: str) -> Role:
    """A role of models, by name."""
    from models.roles import ROLES

    found = next((role for role in ROLES if role == text), None)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no role; roles: {', '.join(ROLES)}")
    return found


TRAINED = ("detector", "depth", "features", "masks", "pose", "scene", "act", "flow")
"""What `models train` knows: roles of perception, and kinds of policy."""


def trained(text: str) -> str:
    """Something that can be trained, by name."""
    if text not in TRAINED:
        raise argparse.ArgumentTypeError(f"{text!r} cannot be trained; allowed: {', '.join(TRAINED)}")
    return text


def add_root_argument(parser: argparse.ArgumentParser) -> None:
    """The folder of the run directories, which only tests move."""
    parser.add_argument("--root", type=Path, help=argparse.SUPPRESS)


def add_json_argument(parser: argparse.ArgumentParser) -> None:
    """Give a reporting command its `--json PATH|-`."""
    parser.add_argument(
        "--json",
        metavar="PATH|-",
        dest="json_path",
        type=json_destination,
        help="write one JSON object there; - is standard output, and then nothing else is printed on it",
    )
