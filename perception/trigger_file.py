"""Thresholds of closer looks as a TOML file: those of the distribution, and the user's, which win."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import msgspec

from models import durable
from models.toml_text import to_toml
from perception.triggers import TriggerConfig
from rt_control.errors import InputError

SHIPPED = Path(__file__).parent / "thresholds" / "default.toml"
USER_FILE = "thresholds.toml"  # beside the user's models
KEYS = tuple(item.name for item in fields(TriggerConfig) if item.name != "off")


def load_triggers(user: Path | None = None) -> TriggerConfig:
    """The shipped thresholds, and in their place those that the user's file names.

    Args:
        user: folder of the user's models; None: only what is shipped.

    Raises:
        InputError: a file cannot be used.
    """
    config = read_triggers(SHIPPED, TriggerConfig())
    path = None if user is None else user / USER_FILE
    return config if path is None or not path.exists() else read_triggers(path, config)


def read_triggers(path: Path, config: TriggerConfig) -> TriggerConfig:
    """A configuration with the thresholds that a file names in place of its own.

    Raises:
        InputError: it cannot be read, names something else, or a threshold is out of range.
    """
    try:
        given = msgspec.toml.decode(path.read_bytes(), type=dict[str, float])
        if unknown := sorted(set(given) - set(KEYS)):
            raise ValueError(f"{', '.join(unknown)} is no threshold; allowed: {', '.join(KEYS)}")
        return replace(config, **given)  # type: ignore[arg-type]  # mypy takes every key for every field
    except (OSError, ValueError, msgspec.DecodeError) as error:
        raise InputError(f"{path}: no thresholds ({error}); run `dynamical models tune`, or remove it") from None


def write_triggers(path: Path, **thresholds: float) -> None:
    """Write thresholds by name, whole or not at all; others that the file names stay.

    Raises:
        InputError: what is there cannot be used, or it cannot be written.
    """
    known: dict[str, float] = {}
    if path.exists():
        read_triggers(path, TriggerConfig())
        known = msgspec.toml.decode(path.read_bytes(), type=dict[str, float])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        durable.write(path, to_toml(dict(sorted((known | thresholds).items()))).encode())
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from error
