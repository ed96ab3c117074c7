"""Setpoints as the command that `rt_control` takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from policies.follower import SPACING_NS

if TYPE_CHECKING:
    from rt_control._native import Command, Source


def make_chunk(
    setpoints: npt.NDArray[np.float64],
    *,
    start_ns: int,
    observation_ns: int,
    epoch: int,
    skill: int,
    command_id: int,
    source: Source,
) -> Command:
    """A chunk that ends with its last setpoint.

    Args:
        setpoints: (count, axes), SPACING_NS apart.
        start_ns: time of the first.
        observation_ns: stamp of the oldest observation that they rest on.
        epoch: of the authority.
        skill: number of the execution.
        command_id: must rise from command to command of one source.
        source: whose ring it goes to.
    """
    from rt_control import _native

    count, axes = setpoints.shape
    command = _native.Command()
    command.epoch = epoch
    command.command_id = command_id
    command.source = source
    command.kind = _native.CommandKind.chunk
    command.skill = skill
    command.axes = axes
    command.observation_ns = observation_ns
    command.start_ns = start_ns
    command.spacing_ns = SPACING_NS
    command.end_ns = start_ns + (count - 1) * SPACING_NS
    command.count = count
    command.position[:count, :axes] = setpoints  # a view; the rest of a new command is zero
    return command
