"""A million steps of random and adversarial commands, constraints, stops and lost cycles, by a C++ program."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rt_control.native_programs import program, run, values_of
from tests.rt_control.shield_models import shield_model

STEPS = 125_000
ROBOTS_THAT_CAN_TOUCH = (0, 1, 7)
LEAST_SHARE = 0.98  # of the achievable speed: always stopping must not pass


@pytest.mark.parametrize("number", range(8))
def test_no_step_passes_a_limit_and_motions_are_nearly_as_fast_as_they_can_be(number: int, tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.write_bytes(shield_model(number).to_bytes())
    found = values_of(run(program("shield_trial"), str(model), str(number), str(STEPS), code=None))
    assert found["violations"] == 0, found
    assert found["steps"] >= STEPS
    assert min(found[name] for name in ("moving", "latched", "resets", "refused")) > 10, found
    assert found["near"] > 10 or number not in ROBOTS_THAT_CAN_TOUCH, found
    assert found["shortest_s"] / found["taken_s"] >= LEAST_SHARE, found
