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
    end_ns: int,
    observation_ns: int,
    epoch: int,
    skill: int,
    command_id: int,
    source: Source,
) -> Command:
    """A chunk for `rt_control`.

    Args:
        setpoints: (count, axes), SPACING_NS apart.
        start_ns: of the first, on the time of the reference (`State.trajectory_ns`).
        end_ns: when braking begins, on the monotonic clock; not after the last one.
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
    command.end_ns = end_ns
    command.count = count
    command.position[:count, :axes] = setpoints  # a view; the rest of a new command is zero
    return command
