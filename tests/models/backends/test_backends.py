from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from models import backends
from models.backends.onnxruntime_backend import OnnxRuntimeBackend
from models.backends.torch_backend import TorchBackend
from models.errors import BackendUnavailableError, ModelFileError
from rt_control.errors import InputError
from tests.models import networks


def test_every_backend_is_found_by_its_own_name() -> None:
    assert backends.DEFAULT in backends.BACKENDS
    for name in backends.BACKENDS:
        assert backends.get(name).name == name


def test_a_backend_is_equal_to_another_with_the_same_settings() -> None:
    for name in backends.BACKENDS:
        assert backends.get(name) == backends.get(name)
        assert hash(backends.get(name)) == hash(backends.get(name))
    assert OnnxRuntimeBackend(2) != OnnxRuntimeBackend(1)


def test_an_unknown_backend_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError, match="backend 'abacus' is not known; known: onnxruntime, tensorrt, torch"):
        backends.get("abacus")


@pytest.mark.parametrize("name", ["onnxruntime", "torch"])
def test_a_backend_that_is_not_installed_says_how_to_install_it(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda wanted: None)
    backend = backends.get(name)
    reason = backend.why_not()
    assert reason is not None
    assert f"{name} is not installed; `pip install " in reason
    with pytest.raises(BackendUnavailableError, match=f"backend {name}: {name} is not installed"):
        backend.load(tmp_path / "file")


def test_onnx_runtime_uses_one_thread_unless_told_otherwise_and_never_spins(tmp_path: Path) -> None:
    path = networks.affine(tmp_path / "a.onnx")
    options = OnnxRuntimeBackend().load(path)._session.get_session_options()  # type: ignore[union-attr]  # loaded
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    assert options.get_session_config_entry("session.inter_op.allow_spinning") == "0"
    options = OnnxRuntimeBackend(2, 3).load(path)._session.get_session_options()  # type: ignore[union-attr]  # loaded
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (2, 3)


@pytest.mark.parametrize("threads", [(0, 1), (1, 0), (-1, 1)])
def test_a_count_of_threads_below_one_is_refused(threads: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="allowed: at least 1 each"):
        OnnxRuntimeBackend(*threads)


def test_a_tensor_of_a_type_that_is_not_supported_is_refused(tmp_path: Path) -> None:
    from onnx import TensorProto, helper

    text = helper.make_tensor_value_info("text", TensorProto.STRING, [1])
    same = helper.make_tensor_value_info("same", TensorProto.STRING, [1])
    path = networks.save(tmp_path / "a.onnx", [helper.make_node("Identity", ["text"], ["same"])], [text], [same])
    with pytest.raises(ModelFileError, match=r"'text' is a tensor\(string\); supported: tensor\(float\)"):
        OnnxRuntimeBackend().load(path)


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")
def test_torch_names_a_device_that_is_not_there() -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    reason = TorchBackend(device="cuda").why_not()
    assert reason == "torch finds no CUDA device for 'cuda'; use device 'cpu', or install a CUDA build"


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")
def test_torch_refuses_a_network_whose_outputs_have_no_names(tmp_path: Path) -> None:
    import torch

    path = tmp_path / "a.pt2"
    torch.export.save(torch.export.export(torch.nn.ReLU(), (torch.rand(2),)), path)
    with pytest.raises(ModelFileError, match="torch cannot load it: its network returns no dictionary of tensors"):
        TorchBackend().load(path)
