"""The simulator-internal `world` message: where everything is, for the cameras and the viewer of the same machine.

It is truth, so nothing in the runtime reads it: only `sim.camera_process`, `sim.view`, `sim.picture` and the scorer.
"""

from __future__ import annotations

import struct
from pathlib import Path

import mujoco
import numpy as np

from rt_control.errors import ChannelError, InputError

_HEADER = struct.Struct("<qd")


def load_world(path: Path) -> mujoco.MjModel:
    """Read an MJCF scene.

    Raises:
        InputError: it cannot be loaded.
    """
    try:
        return mujoco.MjModel.from_xml_path(str(path))
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: the world cannot be loaded: {reason}; correct the MJCF") from None


def world_size(model: mujoco.MjModel) -> int:
    """Bytes that one message of this world takes."""
    return int(_HEADER.size + 8 * (model.nq + 7 * model.nmocap))


def pack_world(data: mujoco.MjData, stamp_ns: int) -> bytes:
    """The state of the world as bytes: stamp, simulated time, positions, poses of what is moved by hand."""
    parts = (data.qpos, data.mocap_pos, data.mocap_quat)
    return _HEADER.pack(stamp_ns, data.time) + b"".join(part.tobytes() for part in parts)


def stamp_of(content: bytes) -> int:
    """When a packed world was like this, ns."""
    return int(_HEADER.unpack_from(content)[0])


def unpack_world(content: bytes, model: mujoco.MjModel, data: mujoco.MjData) -> int:
    """Put a packed world into `data` and place every body, camera and light.

    Returns:
        The stamp, ns.

    Raises:
        ChannelError: the bytes are not of this world.
    """
    if len(content) != world_size(model):
        raise ChannelError(
            f"world message has {len(content)} bytes, this world takes {world_size(model)}; use the plant's world file"
        )
    stamp_ns, data.time = _HEADER.unpack_from(content)
    numbers = np.frombuffer(content, dtype=np.float64, offset=_HEADER.size)
    positions, mocap = np.split(numbers, [model.nq])
    data.qpos[:] = positions
    data.mocap_pos[:] = mocap[: 3 * model.nmocap].reshape(-1, 3)
    data.mocap_quat[:] = mocap[3 * model.nmocap :].reshape(-1, 4)
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    mujoco.mj_camlight(model, data)
    return int(stamp_ns)
