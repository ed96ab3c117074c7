"""The messages as Python sees them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import rt_control
from rt_control import _native as rt
from rt_control.errors import ChannelError
from tests.rt_control.rig import small_model


def test_importing_the_package_loads_no_native_code() -> None:
    script = (
        "import sys, rt_control, rt_control.channels, rt_control.errors, rt_control.executable\n"
        "sys.exit(any(name.startswith('rt_control._native') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_arrays_are_views_and_assignment_fills_up_with_zeros() -> None:
    command = rt.Command(position=np.ones((2, 3)))
    command.position[0, 0] = 5.0
    assert command.position.shape == (32, 16)
    assert command.position.sum() == 5.0 + 5.0
    command.position = [[1.0]]
    assert command.position.sum() == 1.0


def test_what_does_not_fit_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="position: 17 values, at most 16"):
        rt.State(position=np.zeros(17))
    with pytest.raises(TypeError, match="unknown field 'speed'"):
        rt.State(speed=1.0)  # type: ignore[call-arg]  # the point of the test
    with pytest.raises(TypeError, match="source: expected Source, got 'policy'"):
        rt.Command(source="policy")  # type: ignore[arg-type]  # the point of the test


def test_a_copy_is_independent() -> None:
    state = rt.State(cycle=1)
    copy = state.copy()
    copy.cycle = 2
    assert state.cycle == 1 and state != copy


def test_a_model_survives_its_bytes_and_nothing_else_does() -> None:
    model = small_model()
    data = model.to_bytes()
    assert rt.RobotModel.from_bytes(data) == model
    damaged = bytearray(data)
    damaged[len(data) // 2] ^= 1
    with pytest.raises(ChannelError, match="the checksum does not fit"):
        rt.RobotModel.from_bytes(bytes(damaged))
    with pytest.raises(ChannelError, match="bytes, expected"):
        rt.RobotModel.from_bytes(data[:-1])


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("axes", 17, "axes is 17, allowed are 1 to 16"),
        ("arm_axes", 9, "arm_axes is 9, allowed are 1 to axes"),
        ("velocity", [-1.0], r"axis 0 \(joint1\): velocity limit is -1, must be more than 0"),
        ("lower", [3.0], r"axis 0 \(joint1\): lower limit is 3 and upper 2, lower must be less"),
        ("quaternion_parent", [[1.0, 1.0, 0.0, 0.0]], "quaternion_parent is not of length 1"),
        ("person_speed_mps", 0.0, "person_speed_mps is 0, must be more than 0"),
        ("period_ns", 0, "period_ns is 0, must be more than 0"),
    ],
)
def test_a_model_that_cannot_be_run_says_why(field: str, value: object, message: str) -> None:
    model = small_model()
    setattr(model, field, value)
    with pytest.raises(ChannelError, match=message):
        rt.Controller(model)
    with pytest.raises(ChannelError, match=message):
        rt.RobotModel.from_bytes(model.to_bytes())


def test_the_stub_file_is_that_of_the_built_module() -> None:
    folder = Path(rt_control.__file__).parent
    script = folder / "bindings" / "make_stub.py"
    if not script.exists():
        pytest.skip("an installed package has no sources")
    code = f"import runpy, sys; sys.stdout.write(runpy.run_path({str(script)!r})['stub']())"
    made = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert made == (folder / "_native.pyi").read_text(encoding="utf-8"), f"run {script.name}"
