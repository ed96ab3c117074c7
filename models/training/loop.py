"""The training loop of every recipe: a time limit, a smoothed copy of the weights, checkpoints, a history."""

from __future__ import annotations

import copy
import json
import math
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from rt_control.errors import InputError

WARM_UP_STEPS = 300
CHECKPOINT_EVERY_S = 60.0
TELL_EVERY_S = 10.0
DECAY = 0.998  # of the smoothed weights, per step


class Recipe(Protocol):
    """What is trained, on what, towards what."""

    def network(self) -> nn.Module:
        """A network with random weights."""

    def batch(self, random: np.random.Generator, size: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Inputs (size, ...) and what the loss compares with."""

    def losses(self, network: nn.Module, inputs: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
        """Parts of the loss, weighted; their sum is made small."""

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Measures on images that are not trained on; `score` is the one that shall rise."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast.

    Attributes:
        steps: of the optimiser.
        batch: images in each.
        rate: highest learning rate.
        decay: of the weights, AdamW.
        validations: how often in all.
    """

    steps: int
    batch: int
    rate: float
    decay: float = 0.02
    validations: int = 8


def train(
    recipe: Recipe,
    schedule: Schedule,
    folder: Path,
    seed: int,
    tell: Callable[[dict[str, float]], None],
    stop: Callable[[], bool] = lambda: False,
) -> nn.Module | None:
    """Train, or go on where an interrupted training with the same seed and schedule stopped.

    Args:
        recipe: what.
        schedule: how.
        folder: holds `checkpoint.pt` and `history.jsonl`.
        seed: of weights and batches.
        tell: called about every ten seconds with `step`, `seconds` and losses; at some steps also with measures.
        stop: asked after each step; the training can go on later.

    Returns:
        The network with the smoothed weights; None if it was stopped.

    Raises:
        InputError: the checkpoint there is of another training.
    """
    torch.manual_seed(seed)
    network = recipe.network().to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs
    smoothed: nn.Module = copy.deepcopy(network)
    optimiser = torch.optim.AdamW(network.parameters(), lr=schedule.rate, weight_decay=schedule.decay)
    step, seconds = 0, 0.0
    checkpoint, history = folder / "checkpoint.pt", folder / "history.jsonl"
    folder.mkdir(parents=True, exist_ok=True)
    identity = f"{recipe!r} {schedule!r} seed {seed}"
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        if saved["identity"] != identity:
            raise InputError(
                f"{checkpoint}: is of the training {saved['identity']!r}, not of {identity!r}; delete it to begin anew"
            )
        network.load_state_dict(saved["network"])
        smoothed.load_state_dict(saved["smoothed"])
        optimiser.load_state_dict(saved["optimiser"])
        step, seconds = int(saved["step"]), float(saved["seconds"])
    # What came after the checkpoint comes again.
    lines = [line for line in read_history(folder) if line["step"] <= step] if step else []
    history.write_text("".join(json.dumps(line) + "\n" for line in lines))

    def save() -> None:
        partial = checkpoint.with_suffix(".partial")
        torch.save(
            {
                "identity": identity,
                "network": network.state_dict(),
                "smoothed": smoothed.state_dict(),
                "optimiser": optimiser.state_dict(),
                "step": step,
                "seconds": seconds,
            },
            partial,
        )
        os.replace(partial, checkpoint)

    last_save = last_told = time.monotonic()
    begun = last_save - seconds
    sums: dict[str, float] = {}
    summed = 0
    every = max(1, schedule.steps // schedule.validations)

    def batch(number: int) -> tuple[Tensor, dict[str, Tensor]]:
        # The generator is of the step, so that a training that goes on sees the same batches.
        return recipe.batch(np.random.default_rng((seed, number)), schedule.batch)

    with ThreadPoolExecutor(1) as ahead:  # prepares the next batch while this one is learned
        following = ahead.submit(batch, step)
        while step < schedule.steps:
            network.train()
            inputs, targets = following.result()
            following = ahead.submit(batch, step + 1)
            rate = schedule.rate * _rate_share(step, schedule.steps)
            for group in optimiser.param_groups:
                group["lr"] = rate
            if inputs.dim() == 4:  # images
                inputs = inputs.contiguous(memory_format=torch.channels_last)
            losses = recipe.losses(network, inputs, targets)
            total = torch.stack(list(losses.values())).sum()
            optimiser.zero_grad()
            total.backward()  # type: ignore[no-untyped-call]  # torch's stubs
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
            _smooth(smoothed, network, min(DECAY, (1.0 + step) / (10.0 + step)))
            step += 1
            for name, value in losses.items():
                sums[name] = sums.get(name, 0.0) + float(value.detach())
            summed += 1
            now = time.monotonic()
            seconds = now - begun
            measured = step % every == 0 or step == schedule.steps
            if measured or now - last_told > TELL_EVERY_S:
                line = {"step": float(step), "seconds": seconds}
                line |= {name: value / summed for name, value in sums.items()}
                sums, summed, last_told = {}, 0, now
                if measured:
                    smoothed.eval()
                    line |= recipe.validate(smoothed)
                with history.open("a") as file:
                    file.write(json.dumps(line) + "\n")
                tell(line)
            stopped = stop() and step < schedule.steps
            if measured or stopped or now - last_save > CHECKPOINT_EVERY_S:
                save()
                last_save = now
            if stopped:
                return None
    smoothed.eval()
    return smoothed


def read_history(folder: Path) -> list[dict[str, float]]:
    """What `train` told so far, and wrote into its folder; a line with `score` holds measures too.

    Raises:
        InputError: it cannot be read.
    """
    path = folder / "history.jsonl"
    try:
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); delete {folder} to begin anew") from None


def _rate_share(step: int, steps: int) -> float:
    """Linear warm-up, then half a cosine."""
    warm = min(1.0, (step + 1) / min(WARM_UP_STEPS, max(steps // 10, 1)))
    return warm * (0.02 + 0.98 * 0.5 * (1.0 + math.cos(math.pi * step / steps)))


@torch.no_grad()
def _smooth(smoothed: nn.Module, network: nn.Module, decay: float) -> None:
    theirs = network.state_dict()
    for name, value in smoothed.state_dict().items():
        if value.dtype.is_floating_point:
            value.lerp_(theirs[name], 1.0 - decay)
        else:
            value.copy_(theirs[name])
