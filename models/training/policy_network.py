"""Networks that turn one moment into a chunk of motion: ACT, and flow matching in the manner of pi0.

ACT: arXiv:2304.13705; pi0: arXiv:2410.24164. Both are small here, and have the same encoder. Inputs are
the named numbers of `policies.observation`; what follows from them, such as where the target is from the hand, is
computed inside, so that the exported file takes the plain numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

KNOTS = 16
KNOT_SPACING_S = 0.06
AXES, ARM = 8, 7
STATE, TARGET = 2 * AXES + 9, 10
GRIPPER_M = 0.04  # largest position of the gripper's axis
CARRY_S = 0.15  # how long the velocity at the beginning still tells where the arm will be
TOKENS = 4
LATENT = 16
FLOW_STEPS = 5
# Columns of the state.
TOLD, MEASURED, TCP, YAW = AXES - 1, 2 * AXES, 2 * AXES + 2, 2 * AXES + 5
# Columns of the target.
OPENING, AGE, UNCERTAINTY, PICK = 5, 6, 7, 8


@dataclass(frozen=True, slots=True)
class PolicySize:
    """How large a network is.

    Attributes:
        width: of a token.
        encoder, decoder: layers of each.
        heads: of the attention.
    """

    width: int
    encoder: int
    decoder: int
    heads: int = 4


POLICY = {"small": PolicySize(96, 2, 3), "medium": PolicySize(128, 2, 3)}


class _Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, tokens: Tensor, memory: Tensor) -> Tensor:
        """Tokens (n, q, w) look at memory (n, k, w)."""
        key, value = self.key_value(memory).chunk(2, dim=-1)
        looked = F.scaled_dot_product_attention(self._split(self.query(tokens)), self._split(key), self._split(value))
        return cast(Tensor, self.out(looked.transpose(1, 2).flatten(2)))

    def _split(self, tokens: Tensor) -> Tensor:
        count, length, width = tokens.shape
        return tokens.reshape(count, length, self.heads, width // self.heads).transpose(1, 2)


class _Layer(nn.Module):
    """Attention to themselves, if asked to something else, and a step of each token alone; normalised before."""

    def __init__(self, size: PolicySize, crossed: bool) -> None:
        super().__init__()
        width = size.width
        self.own = _Attention(width, size.heads)
        self.other = _Attention(width, size.heads) if crossed else None
        self.alone = nn.Sequential(nn.Linear(width, 3 * width), nn.GELU(), nn.Linear(3 * width, width))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3 if crossed else 2))

    def forward(self, tokens: Tensor, memory: Tensor | None = None) -> Tensor:
        normed = self.norms[0](tokens)
        tokens = tokens + self.own(normed, normed)
        if self.other is not None:
            tokens = tokens + self.other(self.norms[2](tokens), memory)
        return cast(Tensor, tokens + self.alone(self.norms[1](tokens)))


class PolicyNetwork(nn.Module):
    """What both have in common: features, encoder, and the units of a chunk.

    Buffers hold means and deviations of the training data; see `calibrate`.
    """

    mean: Tensor
    deviation: Tensor
    unit: Tensor
    carried_s: Tensor
    seen: Tensor

    def __init__(self, size: PolicySize) -> None:
        super().__init__()
        self.size = size
        width = size.width
        self.register_buffer("mean", torch.zeros(STATE + TARGET))
        self.register_buffer("deviation", torch.ones(STATE + TARGET))
        self.register_buffer("unit", torch.ones(KNOTS, AXES))
        # What tells how far a demonstration is by now is hidden: a policy goes by that, and not by where the hand is.
        # Fingers that close go on closing in every demonstration, so any slight motion of theirs would grow; a target
        # under the hand has been out of sight the longer, the lower the hand is.
        seen = torch.ones(STATE + TARGET)
        seen[[AXES + TOLD, MEASURED + 1, STATE + AGE, STATE + UNCERTAINTY]] = 0.0
        self.register_buffer("seen", seen, persistent=False)
        times = KNOT_SPACING_S * torch.arange(1, KNOTS + 1)
        self.register_buffer("carried_s", CARRY_S * (1.0 - torch.exp(-times / CARRY_S)), persistent=False)
        self.embed = nn.Sequential(
            nn.Linear(STATE + TARGET + FEATURES, 2 * width), nn.GELU(), nn.Linear(2 * width, TOKENS * width)
        )
        self.places = nn.Parameter(0.02 * torch.randn(TOKENS, width))
        self.encoder = nn.ModuleList(_Layer(size, crossed=False) for _ in range(size.encoder))
        self.decoder = nn.ModuleList(_Layer(size, crossed=True) for _ in range(size.decoder))
        self.knots = nn.Parameter(0.02 * torch.randn(KNOTS, width))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, AXES)

    def tokens(self, state: Tensor, target: Tensor) -> Tensor:
        """(n, TOKENS, w) of states (n, STATE) and targets (n, TARGET), not yet encoded."""
        plain = (torch.cat([state, target], dim=1) - self.mean) / self.deviation * self.seen
        tokens = self.embed(torch.cat([plain.clamp(-5.0, 5.0), _features(state, target)], dim=1))
        return cast(Tensor, tokens.reshape(-1, TOKENS, self.size.width) + self.places)

    def encode(self, tokens: Tensor) -> Tensor:
        """Let tokens (n, t, w) look at each other."""
        for layer in self.encoder:
            tokens = layer(tokens)
        return tokens

    def decode(self, tokens: Tensor, memory: Tensor) -> Tensor:
        """Tokens of knots (n, KNOTS, w) to a chunk (n, KNOTS, AXES), in units."""
        for layer in self.decoder:
            tokens = layer(tokens, memory)
        return cast(Tensor, self.head(self.norm(tokens)))

    def to_units(self, chunk: Tensor, state: Tensor) -> Tensor:
        """What the network learns of chunks (n, KNOTS, AXES), rad and m, that begin at states (n, STATE)."""
        return (chunk - self._expected(state)) / self.unit

    def from_units(self, units: Tensor, state: Tensor) -> Tensor:
        """A chunk (n, KNOTS, AXES), rad and m."""
        return units * self.unit + self._expected(state)

    def _expected(self, state: Tensor) -> Tensor:
        """Where the arm would be if it soon stopped, and fingers half open: differences from it are learned."""
        drift = state[:, None, AXES : 2 * AXES] * self.carried_s[None, :, None]
        arm = state[:, None, :ARM] + drift[..., :ARM]
        finger = torch.full_like(arm[..., :1], GRIPPER_M / 2.0)
        return torch.cat([arm, finger], dim=2)

    @torch.no_grad()
    def calibrate(self, state: Tensor, target: Tensor, chunk: Tensor) -> None:
        """Take means and deviations from data: (n, STATE), (n, TARGET), (n, KNOTS, AXES)."""
        plain = torch.cat([state, target], dim=1)
        self.mean.copy_(plain.mean(dim=0))
        self.deviation.copy_(plain.std(dim=0).clamp_min(1e-3))
        self.unit.fill_(1.0)
        units = self.to_units(chunk, state).std(dim=0)
        units[:, :ARM] = units[:, :ARM].mean(dim=1, keepdim=True)  # of all axes alike: a rad is a rad
        self.unit.copy_(units)


class ActNetwork(PolicyNetwork):
    """Action chunking with a latent that is inferred while training, and zero afterwards."""

    def __init__(self, size: PolicySize) -> None:
        super().__init__(size)
        width = size.width
        self.see_chunk = nn.Linear(AXES, width)
        self.chunk_places = nn.Parameter(0.02 * torch.randn(KNOTS + TOKENS + 1, width))
        self.posterior = nn.ModuleList(_Layer(size, crossed=False) for _ in range(1))
        self.latent = nn.Linear(width, 2 * LATENT)
        self.see_latent = nn.Linear(LATENT, width)

    def forward(self, state: Tensor, target: Tensor) -> Tensor:
        """Chunks (n, KNOTS, AXES): positions of the axes at each knot, rad and m."""
        latent = torch.zeros(state.shape[0], LATENT, device=state.device)
        return self.from_units(self._chunk(self.tokens(state, target), latent), state)

    def learn(self, state: Tensor, target: Tensor, units: Tensor) -> tuple[Tensor, Tensor]:
        """Chunks in units as they come out of the latent of the true ones, and its divergence (n,) from normal."""
        tokens = self.tokens(state, target)
        seen = torch.cat([torch.zeros_like(tokens[:, :1]), tokens, self.see_chunk(units)], dim=1) + self.chunk_places
        for layer in self.posterior:
            seen = layer(seen)
        mean, log_variance = self.latent(seen[:, 0]).chunk(2, dim=1)
        latent = mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
        divergence = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1.0).sum(dim=1)
        return self._chunk(tokens, latent), divergence

    def _chunk(self, tokens: Tensor, latent: Tensor) -> Tensor:
        memory = self.encode(torch.cat([tokens, self.see_latent(latent)[:, None]], dim=1))
        return self.decode(self.knots.expand(tokens.shape[0], -1, -1), memory)


class FlowNetwork(PolicyNetwork):
    """Noise flows into a chunk along straight lines; the whole loop is one graph."""

    frequencies: Tensor

    def __init__(self, size: PolicySize, steps: int = FLOW_STEPS) -> None:
        super().__init__(size)
        width = size.width
        self.steps = steps
        self.see_action = nn.Linear(AXES, width)
        self.see_time = nn.Sequential(nn.Linear(2 * LATENT, width), nn.GELU(), nn.Linear(width, width))
        frequencies = torch.exp(torch.linspace(math.log(1.0), math.log(100.0), LATENT))
        self.register_buffer("frequencies", frequencies, persistent=False)

    def forward(self, state: Tensor, target: Tensor, noise: Tensor, prefix: Tensor, prefix_weight: Tensor) -> Tensor:
        """Chunks (n, KNOTS, AXES): positions of the axes at each knot, rad and m.

        Args:
            state, target: (n, STATE), (n, TARGET).
            noise: (n, KNOTS, AXES), normal.
            prefix: (n, KNOTS, AXES), rad and m: what is already going to be done.
            prefix_weight: (n, KNOTS), 0..1: how far each knot is to be as the prefix says.
        """
        memory = self.encode(self.tokens(state, target))
        known = self.to_units(prefix, state)
        weight = prefix_weight[..., None]
        chunk = noise
        for step in range(self.steps):
            time = step / self.steps
            velocity = self.velocity(chunk, torch.full_like(state[:, 0], time), memory)
            # In-painting as in real-time chunking (arXiv:2506.07339), with the identity for its Jacobian: what the
            # flow would end in is drawn to the prefix.
            ends = chunk + (1.0 - time) * velocity
            velocity = velocity + weight * (known - ends) / (1.0 - time)
            chunk = chunk + velocity / self.steps
        return self.from_units(chunk, state)

    def velocity(self, chunk: Tensor, time: Tensor, memory: Tensor) -> Tensor:
        """Of the flow, (n, KNOTS, AXES), at chunks in units and times (n,) from 0, noise, to 1."""
        angles = time[:, None] * self.frequencies
        when = self.see_time(torch.cat([angles.sin(), angles.cos()], dim=1))
        return self.decode(self.see_action(chunk) + self.knots + when[:, None], memory)


FEATURES = 21


def _features(state: Tensor, target: Tensor) -> Tensor:
    """What follows from the plain numbers, (n, FEATURES): finer where it is nearer."""
    off = target[:, :3] - state[:, TCP : TCP + 3]
    cos, sin = state[:, YAW], state[:, YAW + 1]
    cos_there, sin_there = target[:, 3], target[:, 4]
    turn = torch.stack([cos * cos_there + sin * sin_there, cos * sin_there - sin * cos_there], dim=1)
    lateral = off[:, :2].square().sum(dim=1, keepdim=True).add(1e-12).sqrt()
    told, measured, opening = state[:, TOLD], state[:, MEASURED], target[:, OPENING]
    pressed = measured - told
    fingers = torch.stack([pressed, told - opening, measured - opening], dim=1)
    # How far the wrist is turned from where it is easy: the direction of hand and target as seen from the base.
    return torch.cat(
        [
            (off / 0.2).clamp(-4.0, 4.0),
            torch.tanh(off / 0.03),
            torch.tanh(off / 0.006),
            turn,
            torch.tanh(turn[:, 1:] / 0.1),
            torch.tanh(lateral / 0.006),
            torch.tanh(lateral / 0.03),
            torch.tanh(fingers / 0.008),
            torch.tanh(fingers / 0.002),
            _relative_turn(state, target),
        ],
        dim=1,
    )


def _relative_turn(state: Tensor, target: Tensor) -> Tensor:
    """Sine of how far the target's yaw is from the direction in which the target lies from the base."""
    radius = target[:, :2].square().sum(dim=1).add(1e-9).sqrt()
    return ((target[:, 4] * target[:, 0] - target[:, 3] * target[:, 1]) / radius)[:, None]


def example_moments(noisy: bool) -> tuple[Tensor, ...]:
    """Arrays that a network of ACT takes, or with noise and prefix one of flow matching."""
    generator = torch.Generator().manual_seed(0)
    shapes: tuple[tuple[int, ...], ...] = ((1, STATE), (1, TARGET))
    if noisy:
        shapes += ((1, KNOTS, AXES), (1, KNOTS, AXES), (1, KNOTS))
    return tuple(torch.rand(shape, generator=generator) for shape in shapes)
