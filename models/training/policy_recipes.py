"""Learns to move from demonstrations; what a demonstrator did about something that came later is left out."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from models.training.lerobot_dataset import load
from models.training.policy_network import (
    ARM,
    AXES,
    POLICY,
    STATE,
    ActNetwork,
    FlowNetwork,
    PolicyNetwork,
)
from models.training.policy_samples import Samples

SHOWN_LATE_S = 0.35  # targets are shown as they were up to so long ago
SMALL = 0.15  # of a unit: what moves less is not weighted more
NEAR_SHARE, NEAR_M = 0.4, 0.06  # of a batch are moments with an empty hand so near to the target
DIVERGENCE_WEIGHT = 1.0
VALIDATED, SOON = 4000, 5  # moments, and knots
VELOCITY_NOISE = 0.02  # rad/s, added to what the arm is said to do


class PolicyRecipe:
    """ACT: L1 and a small divergence; flow matching: the mean square of the velocity."""

    def __init__(self, kind: str, variant: str, training: Path, validation: Path) -> None:
        """Read the data sets.

        Args:
            kind: act or flow.
            variant: small or medium.
            training, validation: folders of demonstrations.

        Raises:
            InputError: one of them is not there.
        """
        self._kind, self._variant = kind, variant
        self._training, self._validation = Samples(load(training)), Samples(load(validation))

        self._near = self._training.near(NEAR_M)

    def __repr__(self) -> str:
        return f"{self._kind}, {self._variant}, {len(self._training)} moments"

    def network(self) -> nn.Module:
        network = make_network(self._kind, self._variant)
        random = np.random.default_rng(0)
        rows = random.choice(self._training.rows, min(len(self._training), 20_000), replace=False)
        state, target, chunk, _ = self._training.take(rows, np.zeros(len(rows), dtype=np.int64))
        network.calibrate(torch.from_numpy(state), torch.from_numpy(target), torch.from_numpy(chunk))
        return network

    def batch(self, random: np.random.Generator, size: int) -> tuple[Tensor, dict[str, Tensor]]:
        """States and targets side by side (size, STATE + TARGET), and what was done."""
        near = round(NEAR_SHARE * size)
        rows = np.concatenate([random.choice(self._training.rows, size - near), random.choice(self._near, near)])
        most = round(SHOWN_LATE_S * self._training.rate_hz)
        ages = random.integers(0, most + 1, size) * (random.random(size) < 0.7)
        state, target, chunk, counted = self._training.take(rows, ages)
        state = state.copy()
        state[:, AXES : AXES + ARM] += random.normal(0.0, VELOCITY_NOISE, (size, ARM))
        inputs = np.concatenate([state, target], axis=1).astype(np.float32)
        return torch.from_numpy(inputs), {"chunk": torch.from_numpy(chunk), "counted": torch.from_numpy(counted)}

    def losses(self, network: nn.Module, inputs: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
        state, target = inputs[:, :STATE], inputs[:, STATE:]
        counted = targets["counted"][..., None]
        units = cast(PolicyNetwork, network).to_units(targets["chunk"], state)
        # What moves little has to be right to the mm: errors count in relation to how far the arm goes.
        size = (units.abs() * counted).sum(dim=(1, 2)) / (counted.sum(dim=(1, 2)) * AXES).clamp_min(1.0)
        weight = (SMALL / (SMALL + size))[:, None, None] * counted
        total = weight.sum() * AXES
        if isinstance(network, ActNetwork):
            chunk, divergence = network.learn(state, target, units)
            off = (chunk - units).abs() * weight
            return {"chunk": off.sum() / total, "divergence": DIVERGENCE_WEIGHT * divergence.mean()}
        assert isinstance(network, FlowNetwork), "made by `network`"
        time = 0.999 * (1.0 - torch.rand(len(state)).sqrt())  # more of it early, where the noise decides
        noise = torch.randn_like(units)
        between = torch.lerp(noise, units, time[:, None, None])
        velocity = network.velocity(between, time, network.encode(network.tokens(state, target)))
        return {"velocity": ((velocity - (units - noise)).square() * weight).sum() / total}

    @torch.inference_mode()
    def validate(self, network: nn.Module) -> dict[str, float]:
        """How far chunks are from what the demonstrator did: anywhere, and where the hand is about to grasp."""
        samples = self._validation
        anywhere = self._errors(network, samples.rows)
        near = self._errors(network, samples.near(NEAR_M))
        return {
            "error within 0.3 s, mrad": anywhere[0],
            "error within 1 s, mrad": anywhere[1],
            "error of the fingers, mm": anywhere[2],
            "error within 0.3 s near the target, mrad": near[0],
            "score": -near[0] - 0.1 * anywhere[1],
        }

    def _errors(self, network: nn.Module, rows: npt.NDArray[np.int64]) -> tuple[float, float, float]:
        """Means over some of these moments: of the first five knots, of all, mrad; of the fingers, mm."""
        chosen = np.random.default_rng(1).choice(rows, min(len(rows), VALIDATED), replace=False)
        state, target, chunk, counted = (
            torch.from_numpy(item) for item in self._validation.take(chosen, np.zeros(len(chosen), dtype=np.int64))
        )
        if isinstance(network, FlowNetwork):
            none = torch.zeros_like(chunk)
            noise = torch.randn(chunk.shape, generator=torch.Generator().manual_seed(1))
            given = network(state, target, noise, none, none[..., 0])
        else:
            given = network(state, target)
        off, counts = 1e3 * (given - chunk).abs(), counted > 0.5
        soon = off[:, :SOON, :ARM][counts[:, :SOON]].mean()
        return float(soon), float(off[..., :ARM][counts].mean()), float(off[..., ARM][counts].mean())


def make_network(kind: str, variant: str) -> PolicyNetwork:
    """With random weights: `act` or `flow`, small or medium."""
    return ActNetwork(POLICY[variant]) if kind == "act" else FlowNetwork(POLICY[variant])
