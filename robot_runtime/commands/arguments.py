"""Types of arguments that more than one command takes; a wrong value is refused with what is allowed."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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


def positive_seconds(text: str) -> float:
    """A duration, s, above zero."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; give seconds above 0, e.g. 30")
    return value


def png_file(text: str) -> Path:
    """A PNG file to be written, in a folder that exists."""
    path = Path(text)
    if path.suffix != ".png" or not path.absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r}: give a file that ends in .png, in a folder that exists")
    return path


def add_root_argument(parser: argparse.ArgumentParser) -> None:
    """The folder of the run directories, which only tests move."""
    parser.add_argument("--root", type=Path, help=argparse.SUPPRESS)


def add_json_argument(parser: argparse.ArgumentParser) -> None:
    """Give a reporting command its `--json PATH|-`."""
    parser.add_argument(
        "--json",
        metavar="PATH|-",
        dest="json_path",
        help="write one JSON object there; - is standard output, and then nothing else is printed on it",
    )
