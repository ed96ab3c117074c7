"""Policies that turn one moment into a chunk of motion: networks trained here, and any other of these signatures.

`action_chunk`: `state` (1, s) and `target` (1, t) to `knots` (1, k, axes): where all axes are at the knots, rad and m.

`flow_chunk`: also `noise` (1, k, axes), normal, that the chunk is made of; `prefix` (1, k, axes) and `prefix_weight`
(1, k), what is going to be done anyway and how far the chunk is to keep to it.

The postprocessing says how far the knots are apart. `policies.observation` names the numbers of state and target.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
import numpy as np

from models.adapters.adapter import Adapter, TensorPattern
from models.adapters.outputs import checked_output
from models.adapters.suitability import parameters_of
from models.backends.backend import Network
from models.manifest import Manifest
from models.roles import Floats, PolicyMoment
from rt_control.errors import InputError


class ChunkParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Postprocessing.

    Attributes:
        spacing_s: between two knots.
        seam: how chunks are joined best, see `policies.seam`.
    """

    spacing_s: Annotated[float, msgspec.Meta(gt=0.0, le=1.0)]
    seam: str


class ChunkPolicy:
    """A policy whose network gives a chunk at once."""

    takes_prefix = False

    def __init__(self, network: Network, manifest: Manifest) -> None:
        parameters = parameters_of(manifest, ChunkParameters)
        self.spacing_s, self.seam = parameters.spacing_s, parameters.seam
        shape = next(spec for spec in network.outputs if spec.name == "knots").shape[1:]
        if not all(isinstance(size, int) for size in shape):
            raise InputError(f"model {manifest.name}, output 'knots': sizes {shape}; allowed: fixed numbers")
        self._shape = tuple(int(size) for size in shape)
        self.knots = self._shape[0]
        self._network = network

    def act(self, moment: PolicyMoment) -> Floats:
        """See `models.roles.ActionPolicy`."""
        given = self._network.run(self._inputs(moment))
        knots: Floats = checked_output(given, "knots", (1, *self._shape))[0]
        return knots

    def _inputs(self, moment: PolicyMoment) -> dict[str, Floats]:
        return {"state": moment.state[None], "target": moment.target[None]}


class FlowPolicy(ChunkPolicy):
    """A policy whose network makes a chunk of noise."""

    takes_prefix = True

    def _inputs(self, moment: PolicyMoment) -> dict[str, Floats]:
        noise = np.random.default_rng(moment.seed).standard_normal((1, *self._shape), dtype=np.float32)
        inputs = ChunkPolicy._inputs(self, moment)
        if moment.prefix is None or moment.prefix_weight is None:
            told = np.zeros((1, *self._shape), dtype=np.float32), np.zeros((1, self._shape[0]), dtype=np.float32)
        else:
            told = moment.prefix[None], moment.prefix_weight[None]
        return inputs | {"noise": noise, "prefix": told[0], "prefix_weight": told[1]}


_PLAIN = (TensorPattern((1, "state"), name="state"), TensorPattern((1, "target"), name="target"))
_KNOTS = (TensorPattern((1, "knots", "axes"), name="knots"),)

CHUNK_ADAPTER = Adapter(
    name="action_chunk",
    roles=("policy",),
    inputs=_PLAIN,
    outputs=_KNOTS,
    make=ChunkPolicy,
    sees_images=False,
    postprocessing={"spacing_s": 0.05, "seam": "forward"},
)
FLOW_ADAPTER = Adapter(
    name="flow_chunk",
    roles=("policy",),
    inputs=(
        *_PLAIN,
        TensorPattern((1, "knots", "axes"), name="noise"),
        TensorPattern((1, "knots", "axes"), name="prefix"),
        TensorPattern((1, "knots"), name="prefix_weight"),
    ),
    outputs=_KNOTS,
    make=FlowPolicy,
    sees_images=False,
    postprocessing={"spacing_s": 0.05, "seam": "forward"},
)
