from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")

import torch
from torch import Tensor, nn

from models.training.loop import Schedule, read_history, train
from rt_control.errors import InputError

SCHEDULE = Schedule(steps=12, batch=4, rate=0.01, validations=3)


class Blobs:
    """Whether the left half of an image is the brighter one."""

    def __repr__(self) -> str:
        return "blobs"

    def network(self) -> nn.Module:
        convolution = nn.Conv2d(3, 4, 3, bias=False)
        return nn.Sequential(convolution, nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 1))

    def batch(self, random: np.random.Generator, size: int) -> tuple[Tensor, dict[str, Tensor]]:
        images = random.random((size, 3, 8, 8), dtype=np.float32)
        left = random.random(size) < 0.5
        images[left, :, :, :4] += 0.5
        return torch.from_numpy(images), {"left": torch.from_numpy(left.astype(np.float32))}

    def losses(self, network: nn.Module, inputs: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
        return {"side": nn.functional.binary_cross_entropy_with_logits(network(inputs)[:, 0], targets["left"])}

    @torch.inference_mode()
    def validate(self, network: nn.Module) -> dict[str, float]:
        inputs, targets = self.batch(np.random.default_rng(99), 64)
        right = ((network(inputs)[:, 0] > 0.0) == (targets["left"] > 0.5)).float().mean()
        return {"accuracy": float(right), "score": float(right)}


class StopAfter:
    def __init__(self, steps: int) -> None:
        self.left = steps

    def __call__(self) -> bool:
        self.left -= 1
        return self.left <= 0


def quietly(line: dict[str, float]) -> None:
    pass


def test_a_training_learns(tmp_path: Path) -> None:
    network = train(Blobs(), Schedule(60, 16, 0.02), tmp_path, 1, quietly)
    assert network is not None
    assert Blobs().validate(network)["accuracy"] > 0.8
    assert not network.training


@pytest.mark.parametrize("steps", [1, 5, 8])
def test_a_training_that_was_stopped_goes_on_as_if_it_had_not_been(tmp_path: Path, steps: int) -> None:
    whole = train(Blobs(), SCHEDULE, tmp_path / "whole", 1, quietly)
    assert train(Blobs(), SCHEDULE, tmp_path / "parts", 1, quietly, StopAfter(steps)) is None
    parts = train(Blobs(), SCHEDULE, tmp_path / "parts", 1, quietly)
    assert whole is not None and parts is not None
    for name, value in whole.state_dict().items():
        assert torch.equal(value, parts.state_dict()[name]), name
    measures = [
        [(line["step"], line["accuracy"]) for line in read_history(tmp_path / name)] for name in ("whole", "parts")
    ]
    assert measures[0] == measures[1] and len(measures[0]) == 3


def test_a_training_that_is_finished_is_not_done_again(tmp_path: Path) -> None:
    train(Blobs(), SCHEDULE, tmp_path, 1, quietly)
    told: list[dict[str, float]] = []
    assert train(Blobs(), SCHEDULE, tmp_path, 1, told.append) is not None
    assert told == []
    assert len(read_history(tmp_path)) == 3


def test_a_stop_at_the_last_step_is_the_end(tmp_path: Path) -> None:
    assert train(Blobs(), SCHEDULE, tmp_path, 1, quietly, StopAfter(12)) is not None


def test_the_checkpoint_of_another_training_is_refused(tmp_path: Path) -> None:
    train(Blobs(), SCHEDULE, tmp_path, 1, quietly, StopAfter(2))
    with pytest.raises(InputError, match="is of the training 'blobs .* seed 1', not of 'blobs .* seed 2'; delete it"):
        train(Blobs(), SCHEDULE, tmp_path, 2, quietly)


def test_what_came_after_the_checkpoint_is_forgotten(tmp_path: Path) -> None:
    train(Blobs(), SCHEDULE, tmp_path, 1, quietly, StopAfter(5))
    with (tmp_path / "history.jsonl").open("a") as file:
        file.write(json.dumps({"step": 8.0, "accuracy": 0.0, "score": 0.0}) + "\n")
    train(Blobs(), SCHEDULE, tmp_path, 1, quietly)
    assert [line["step"] for line in read_history(tmp_path)] == [4.0, 8.0, 12.0]
    assert all(line["accuracy"] > 0.0 for line in read_history(tmp_path))


def test_a_broken_history_is_refused_with_the_mend(tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_text("{")
    with pytest.raises(InputError, match="history.jsonl: cannot be read .*; delete"):
        read_history(tmp_path)
