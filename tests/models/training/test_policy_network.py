from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from models.adapters.action_chunk import ChunkPolicy, FlowPolicy
from models.backends.onnxruntime_backend import OnnxRuntimeBackend
from models.training.export import export_onnx
from models.training.policy_network import (
    AGE,
    ARM,
    AXES,
    KNOTS,
    STATE,
    TARGET,
    UNCERTAINTY,
    FlowNetwork,
    PolicyNetwork,
    PolicySize,
    example_moments,
)
from models.training.policy_recipes import make_network

TINY = PolicySize(16, 1, 1, 2)
INPUTS = ("state", "target", "noise", "prefix", "prefix_weight")


@pytest.fixture(params=["act", "flow"])
def network(request: pytest.FixtureRequest) -> PolicyNetwork:
    torch.manual_seed(0)
    return make_network(request.param, "small").eval()


def moments(network: PolicyNetwork) -> tuple[torch.Tensor, ...]:
    return example_moments(isinstance(network, FlowNetwork))


def test_a_chunk_has_a_place_for_every_axis_at_every_knot(network: PolicyNetwork) -> None:
    assert network(*moments(network)).shape == (1, KNOTS, AXES)


def test_units_are_undone_exactly(network: PolicyNetwork) -> None:
    state, chunk = torch.randn(5, STATE), torch.randn(5, KNOTS, AXES)
    network.calibrate(torch.randn(50, STATE), torch.randn(50, TARGET), torch.randn(50, KNOTS, AXES))
    assert torch.allclose(network.from_units(network.to_units(chunk, state), state), chunk, atol=1e-5)


def test_calibrated_units_are_of_size_one(network: PolicyNetwork) -> None:
    state, chunk = 0.1 * torch.randn(500, STATE), torch.randn(500, KNOTS, AXES)
    network.calibrate(state, torch.randn(500, TARGET), chunk)
    units = network.to_units(chunk, state)
    assert float(units[..., :ARM].std()) == pytest.approx(1.0, abs=0.1)
    assert float(units[..., ARM].std()) == pytest.approx(1.0, abs=0.1)


def test_how_fast_the_fingers_are_and_how_old_the_target_is_changes_nothing(network: PolicyNetwork) -> None:
    state, target, *others = moments(network)
    faster, older = state.clone(), target.clone()
    faster[0, [2 * AXES - 1, 2 * AXES + 1]] -= 0.09
    older[0, [AGE, UNCERTAINTY]] += 0.4
    with torch.inference_mode():
        assert torch.equal(network(state, target, *others), network(faster, older, *others))


def test_the_exported_file_answers_as_the_network_and_serves_the_role(network: PolicyNetwork, tmp_path: Path) -> None:
    examples = moments(network)
    export_onnx(network, examples, INPUTS[: len(examples)], ("knots",), tmp_path / "policy.onnx", False)
    loaded = OnnxRuntimeBackend().load(tmp_path / "policy.onnx")
    given = loaded.run({name: item.numpy() for name, item in zip(INPUTS, examples, strict=False)})
    with torch.inference_mode():
        assert np.allclose(given["knots"], network(*examples).numpy(), atol=1e-3)
    loaded.close()
    assert (ChunkPolicy.takes_prefix, FlowPolicy.takes_prefix) == (False, True)


def test_a_flow_that_is_told_what_is_decided_keeps_to_it() -> None:
    torch.manual_seed(0)
    network = FlowNetwork(TINY).eval()
    state, target, noise = torch.zeros(1, STATE), torch.zeros(1, TARGET), torch.randn(1, KNOTS, AXES)
    prefix = 0.01 * torch.randn(1, KNOTS, AXES)
    weight = torch.zeros(1, KNOTS)
    weight[0, :4] = 1.0
    with torch.inference_mode():
        free = network(state, target, noise, prefix, torch.zeros(1, KNOTS))
        told = network(state, target, noise, prefix, weight)
    assert float((told[0, :4] - prefix[0, :4]).abs().max()) < 1e-5
    assert float((free[0, :4] - prefix[0, :4]).abs().max()) > 0.05
