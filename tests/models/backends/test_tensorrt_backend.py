"""The TensorRT backend over a fake of the library and of CUDA; nothing here ever ran on the real ones."""

from __future__ import annotations

import logging
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from models.backends.tensorrt_backend import TensorRtBackend, installed
from models.backends.tensorrt_network import KEPT_SHAPES
from models.errors import BackendUnavailableError, DeviceLostError, ModelFileError, NetworkInputError
from tests.models import networks
from tests.models.fake_tensorrt import BuilderFlag, CudaError, FakeTensorRt

X = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.fixture(params=["10.3.0", "11.4.0"])
def fake(request: pytest.FixtureRequest) -> FakeTensorRt:
    return FakeTensorRt(request.param)


@pytest.fixture
def backend(fake: FakeTensorRt, tmp_path: Path) -> TensorRtBackend:
    return TensorRtBackend(tmp_path / "cache", libraries=fake)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return networks.affine(tmp_path / "affine.onnx")


def entry(backend: TensorRtBackend) -> Path:
    assert backend.cache is not None
    (found,) = backend.cache.iterdir()
    return found


def right(network: object) -> bool:
    return bool(np.allclose(network.run({"x": X})["y"], 2.0 * X + 1.0))  # type: ignore[attr-defined]  # a network


def test_an_engine_is_built_once_and_taken_from_the_cache_afterwards(
    backend: TensorRtBackend, fake: FakeTensorRt, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert right(backend.load(path))
        network = backend.load(path)
    assert right(network)
    assert fake.builds == 1
    assert caplog.records == []
    assert network.inputs[0].shape == ("batch", 3)  # the engine forgot the name, the cache did not


def test_what_an_engine_depends_on_is_in_its_key(
    backend: TensorRtBackend, fake: FakeTensorRt, path: Path, tmp_path: Path
) -> None:
    backend.load(path)
    other = networks.affine(tmp_path / "other.onnx", factor=3.0)
    variants = [
        (backend, other),
        (replace(backend, tf32=False), path),
        (replace(backend, free_size=(1, 2, 8)), path),
        (replace(backend, named_sizes=(("batch", 1, 2, 8),)), path),
    ]
    for number, (variant, file) in enumerate(variants, start=2):
        variant.load(file)
        assert fake.builds == number
    changes = (("gpu", b"Another GPU"), ("capability", (9, 0)), ("driver", 13000))
    for number, (name, value) in enumerate(changes, start=len(variants) + 2):
        setattr(fake.cuda, name, value)
        backend.load(path)
        assert fake.builds == number
    fake.__version__ += ".1"
    backend.load(path)
    assert fake.builds == len(variants) + len(changes) + 2


@pytest.mark.parametrize("damage", ["truncated", "flipped", "garbage", "empty"])
def test_a_damaged_entry_is_rebuilt_with_a_warning(
    backend: TensorRtBackend, fake: FakeTensorRt, path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    backend.load(path)
    file = entry(backend)
    content = file.read_bytes()
    flipped = content[:-5] + bytes([content[-5] ^ 1]) + content[-4:]
    spoilt = {"truncated": content[:-7], "flipped": flipped, "garbage": b"garbage", "empty": b""}
    file.write_bytes(spoilt[damage])
    assert right(backend.load(path))
    assert fake.builds == 2
    assert "is not used: " in caplog.text
    assert "the engine is built anew" in caplog.text
    assert right(backend.load(path))
    assert fake.builds == 2  # the rebuilt one was kept


def test_an_engine_that_tensorrt_does_not_take_is_rebuilt_with_a_warning(
    backend: TensorRtBackend,
    fake: FakeTensorRt,
    path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backend.load(path)
    real = fake._deserialize
    answers = iter([None])
    monkeypatch.setattr(fake, "_deserialize", lambda plan: next(answers, real(plan)))
    assert right(backend.load(path))
    assert fake.builds == 2
    assert "TensorRT does not take the engine that was kept" in caplog.text


def test_a_cache_that_cannot_be_written_costs_a_warning_and_no_more(
    backend: TensorRtBackend, path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    assert right(replace(backend, cache=tmp_path / "file" / "cache").load(path))
    assert "the engine is not kept" in caplog.text


def test_the_first_run_with_a_shape_enqueues_and_the_following_launch_a_graph(
    backend: TensorRtBackend, fake: FakeTensorRt, path: Path
) -> None:
    network = backend.load(path)
    right(network)
    assert fake.cuda.calls.count("cudaStreamBeginCapture") == 1
    fake.cuda.calls.clear()
    for _ in range(3):
        assert right(network)
    assert fake.cuda.calls == ["cudaGraphLaunch", "cudaStreamSynchronize"] * 3


def test_each_shape_has_a_context_of_its_own_and_the_oldest_are_dropped(
    backend: TensorRtBackend, fake: FakeTensorRt, path: Path
) -> None:
    network = backend.load(path)
    for _ in range(2):
        for batch in range(1, KEPT_SHAPES + 1):
            network.run({"x": np.ones((batch, 3), np.float32)})
    assert fake.contexts == KEPT_SHAPES
    held = fake.cuda.live
    network.run({"x": np.ones((KEPT_SHAPES + 1, 3), np.float32)})
    assert fake.cuda.live == held
    network.run({"x": np.ones((2, 3), np.float32)})
    assert fake.contexts == KEPT_SHAPES + 1
    network.run({"x": np.ones((1, 3), np.float32)})
    assert fake.contexts == KEPT_SHAPES + 2


def test_a_network_that_cannot_be_captured_runs_without_a_graph_and_says_so_once(
    backend: TensorRtBackend, fake: FakeTensorRt, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fake.cannot_be_captured = True
    network = backend.load(path)
    for _ in range(3):
        assert right(network)
    assert caplog.text.count("no CUDA graph for this network") == 1
    assert "cudaGraphLaunch" not in fake.cuda.calls


@pytest.mark.parametrize("name", ["cudaStreamBeginCapture", "cudaStreamEndCapture"])
def test_a_capture_that_is_unsupported_is_no_lost_device(
    backend: TensorRtBackend, fake: FakeTensorRt, path: Path, name: str
) -> None:
    fake.cuda.fail[name] = CudaError.cudaErrorStreamCaptureUnsupported
    network = backend.load(path)
    assert right(network)
    assert right(network)


def test_closing_frees_all(backend: TensorRtBackend, fake: FakeTensorRt, path: Path) -> None:
    network = backend.load(path)
    for batch in (1, 2, 5):
        network.run({"x": np.ones((batch, 3), np.float32)})
    assert fake.cuda.live > 0
    network.close()
    assert fake.cuda.live == 0


@pytest.mark.parametrize("name", ["cudaMallocHost", "cudaMalloc", "cudaGraphInstantiate", "cudaMemcpyAsync"])
def test_a_call_that_fails_leaks_nothing(backend: TensorRtBackend, fake: FakeTensorRt, path: Path, name: str) -> None:
    network = backend.load(path)
    fake.cuda.fail[name] = CudaError.cudaErrorMemoryAllocation
    with pytest.raises(DeviceLostError, match=rf"CUDA: {name} returned cudaErrorMemoryAllocation \(2\); end this"):
        network.run({"x": X})
    network.close()
    assert fake.cuda.live == 0


@pytest.mark.parametrize("name", ["cudaGraphLaunch", "cudaStreamSynchronize"])
def test_after_a_cuda_error_the_network_is_lost_for_good_and_can_still_be_closed(
    backend: TensorRtBackend, fake: FakeTensorRt, path: Path, name: str
) -> None:
    network = backend.load(path)
    assert right(network)
    fake.cuda.fail[name] = CudaError.cudaErrorIllegalAddress
    for _ in range(2):
        with pytest.raises(DeviceLostError, match=rf"CUDA: {name} returned cudaErrorIllegalAddress \(700\)"):
            network.run({"x": X})
    network.close()


def test_a_network_that_tensorrt_cannot_enqueue_is_lost(
    backend: TensorRtBackend, fake: FakeTensorRt, path: Path
) -> None:
    network = backend.load(path)
    fake.cannot_be_enqueued = True
    with pytest.raises(DeviceLostError, match="TensorRT: the network could not be enqueued"):
        network.run({"x": X})


def test_a_context_that_does_not_come_is_a_lost_device(
    backend: TensorRtBackend, fake: FakeTensorRt, path: Path
) -> None:
    fake.no_context = True
    with pytest.raises(DeviceLostError, match="TensorRT: no execution context"):
        backend.load(path).run({"x": X})


def test_a_size_beyond_the_engine_is_refused_and_nothing_is_lost(backend: TensorRtBackend, path: Path) -> None:
    network = backend.load(path)
    with pytest.raises(
        NetworkInputError, match=r"input 'x' has shape \(17, 3\); .* for \(1, 3\) to \(16, 3\): give the"
    ):
        network.run({"x": np.ones((17, 3), np.float32)})
    assert right(network)


def test_sizes_of_a_name_may_differ(backend: TensorRtBackend, path: Path) -> None:
    network = replace(backend, named_sizes=(("batch", 1, 8, 40),)).load(path)
    assert network.run({"x": np.ones((40, 3), np.float32)})["y"].shape == (40, 3)


def test_an_output_whose_size_depends_on_the_data_is_refused(
    backend: TensorRtBackend, fake: FakeTensorRt, path: Path
) -> None:
    fake.unknown_sizes = True
    with pytest.raises(ModelFileError, match="output 'y': its size depends on the data"):
        backend.load(path).run({"x": X})


def test_a_network_that_cannot_be_built_is_refused(backend: TensorRtBackend, fake: FakeTensorRt, path: Path) -> None:
    fake.no_plan = True
    with pytest.raises(ModelFileError, match="affine.onnx: TensorRT cannot load it: no engine could be built"):
        backend.load(path)


def test_what_tensorrt_logs_is_in_our_log(
    backend: TensorRtBackend, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"bad")
    with pytest.raises(ModelFileError, match="fake parser"):
        backend.load(tmp_path / "bad.onnx")
    assert [record.getMessage() for record in caplog.records] == ["TensorRT: parsing failed"]
    assert caplog.records[0].levelno == logging.ERROR


def test_products_are_exact_where_that_is_asked_for(backend: TensorRtBackend, fake: FakeTensorRt, path: Path) -> None:
    replace(backend, tf32=False).load(path)
    assert fake.cleared == [BuilderFlag.TF32]


@pytest.mark.parametrize("sizes", [(0, 1, 2), (3, 2, 4), (1, 5, 4)])
def test_sizes_that_are_no_range_are_refused(sizes: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="allowed: 1 <= smallest <= usual <= largest"):
        TensorRtBackend(free_size=sizes)
    with pytest.raises(ValueError, match="allowed: 1 <= smallest <= usual <= largest"):
        TensorRtBackend(named_sizes=(("batch", *sizes),))


def test_without_the_libraries_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    backend = TensorRtBackend()
    reason = backend.why_not()
    assert reason is not None
    assert "tensorrt" in reason
    assert "`pip install 'dynamical[tensorrt]'`; on a Jetson, tensorrt comes with JetPack" in reason
    with pytest.raises(BackendUnavailableError, match="backend tensorrt: .*pip install"):
        backend.load(path)


def test_a_version_that_is_not_supported_is_refused(tmp_path: Path) -> None:
    reason = TensorRtBackend(libraries=FakeTensorRt("8.6.1")).why_not()
    assert reason is not None
    assert reason.startswith("TensorRT 8.6.1 is installed; supported: 10, 11;")


def test_without_a_gpu_it_says_so(backend: TensorRtBackend, fake: FakeTensorRt) -> None:
    assert replace(backend, device=1).why_not() == "GPU 1 is not there; CUDA finds 1"
    fake.cuda.fail["cudaGetDeviceCount"] = CudaError.cudaErrorNoDevice
    reason = backend.why_not()
    assert reason is not None
    assert reason.startswith("no GPU can be used (CUDA: cudaGetDeviceCount returned cudaErrorNoDevice (100);")


def test_the_libraries_are_found_under_their_real_names(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("tensorrt", "cuda", "cuda.bindings", "cuda.bindings.runtime")
    modules = {name: ModuleType(name) for name in names}
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    assert installed() == (modules["tensorrt"], modules["cuda.bindings.runtime"])
