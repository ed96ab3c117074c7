from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.activation import CHECKS
from models.backends.onnxruntime_backend import OnnxRuntimeBackend
from models.backends.tensorrt_backend import TensorRtBackend
from models.backends.torch_backend import TorchBackend
from models.errors import ModelRefusedError
from models.registry import Registry
from tests.models import networks
from tests.models.fake_tensorrt import FakeTensorRt

BACKEND = OnnxRuntimeBackend()


def refusal(registry: Registry) -> ModelRefusedError:
    with pytest.raises(ModelRefusedError) as caught:
        registry.activate("eyes", BACKEND)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"model eyes is refused, check '{caught.value.check}': found ")
    assert "; expected " in str(caught.value)
    assert caught.value.check in CHECKS
    return caught.value


def edit(folder: Path, before: str, after: str) -> None:
    manifest = folder / "manifest.toml"
    text = manifest.read_text()
    assert re.search(before, text, re.MULTILINE), before
    manifest.write_text(re.sub(before, after, text, count=1, flags=re.MULTILINE))


def rehash(folder: Path, name: str) -> None:
    """Let the manifest name the hash of a file as it is now, as one who changes both would."""
    sha256 = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    edit(folder, rf'(name = "{name}"\nsha256 = )"\w+"', rf'\1"{sha256}"')


def rewrite_golden(folder: Path, change: Callable[[dict[str, np.ndarray]], None]) -> None:
    with np.load(folder / "golden.npz") as file:
        arrays = dict(file)
    change(arrays)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    (folder / "golden.npz").write_bytes(buffer.getvalue())
    rehash(folder, "golden.npz")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.999])
def test_a_truncated_file_is_refused_by_its_hash(
    registry: Registry, add_eyes: Callable[[], Path], share: float
) -> None:
    path = add_eyes() / "model.onnx"
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    error = refusal(registry)
    assert error.check == "hash"
    assert f"found model.onnx of {int(len(content) * share)} bytes with sha256 " in str(error)
    assert f"expected sha256 {hashlib.sha256(content).hexdigest()}; get the model anew" in str(error)


def test_one_flipped_bit_is_refused_by_the_hash(registry: Registry, add_eyes: Callable[[], Path]) -> None:
    path = add_eyes() / "model.onnx"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert refusal(registry).check == "hash"


def test_garbage_with_a_right_hash_is_refused_when_it_is_loaded(
    registry: Registry, add_eyes: Callable[[], Path]
) -> None:
    folder = add_eyes()
    (folder / "model.onnx").write_bytes(b"garbage")
    rehash(folder, "model.onnx")
    error = refusal(registry)
    assert error.check == "load"
    assert "expected a network that onnxruntime runs" in str(error)


def test_a_file_that_is_not_there_is_refused(registry: Registry, add_eyes: Callable[[], Path]) -> None:
    (add_eyes() / "model.onnx").unlink()
    assert "check 'files': found model.onnx (No such file or directory)" in str(refusal(registry))


def test_a_file_that_nobody_listed_is_refused_for_it_could_hold_weights(
    registry: Registry, add_eyes: Callable[[], Path]
) -> None:
    (add_eyes() / "weights.bin").write_bytes(b"1")
    assert "check 'files': found 'weights.bin' in its folder" in str(refusal(registry))


def test_a_network_of_another_shape_is_refused(registry: Registry, add_eyes: Callable[[], Path]) -> None:
    folder = add_eyes()
    networks.vision(folder / "model.onnx", channels=4)
    rehash(folder, "model.onnx")
    error = refusal(registry)
    assert error.check == "tensors"
    assert "found input 'image' of the network is float32 (1, 4, 4, 4); expected float32 (1, 3, 4, 4)" in str(error)


def test_a_network_with_other_names_is_refused(registry: Registry, add_eyes: Callable[[], Path]) -> None:
    folder = add_eyes()
    networks.affine(folder / "model.onnx")
    rehash(folder, "model.onnx")
    assert "check 'tensors': found inputs x in the network; expected image" in str(refusal(registry))


def test_a_network_that_answers_otherwise_is_refused(registry: Registry, add_eyes: Callable[[], Path]) -> None:
    folder = add_eyes()
    networks.vision(folder / "model.onnx", shift=0.25)
    rehash(folder, "model.onnx")
    error = refusal(registry)
    assert error.check == "golden"
    assert "found output 'depth': 16 of 16 elements differ, the first at (0, 0, 0): " in str(error)
    assert "within 0.002 * max(1, |golden|)" in str(error)


def test_a_tolerance_of_its_own_widens_the_golden_one_for_a_file(
    registry: Registry, add_eyes: Callable[[], Path]
) -> None:
    folder = add_eyes()
    networks.vision(folder / "model.onnx", shift=0.25)
    rehash(folder, "model.onnx")
    edit(folder, r'(backends = \["onnxruntime", "tensorrt"\])', r"\1\ntolerance = 0.3")
    registry.activate("eyes", BACKEND)


def test_nan_in_a_golden_answer_is_refused(registry: Registry, add_eyes: Callable[[], Path]) -> None:
    def spoil(arrays: dict[str, np.ndarray]) -> None:
        arrays["output.depth"][0, 1, 2] = np.nan

    rewrite_golden(add_eyes(), spoil)
    assert "1 of 16 elements differ, the first at (0, 1, 2): " in str(refusal(registry))


def test_a_golden_input_that_does_not_fit_is_refused(registry: Registry, add_eyes: Callable[[], Path]) -> None:
    def spoil(arrays: dict[str, np.ndarray]) -> None:
        arrays["input.image"] = arrays["input.image"][:, :2]

    rewrite_golden(add_eyes(), spoil)
    assert "check 'golden': found input 'image' has shape (1, 2, 4, 4)" in str(refusal(registry))


def test_a_golden_answer_of_another_shape_is_refused(registry: Registry, add_eyes: Callable[[], Path]) -> None:
    def spoil(arrays: dict[str, np.ndarray]) -> None:
        arrays["output.depth"] = arrays["output.depth"][:, :2]

    rewrite_golden(add_eyes(), spoil)
    assert "found output 'depth': float32 (1, 4, 4); expected float32 (1, 2, 4)" in str(refusal(registry))


def test_a_golden_file_without_one_of_the_tensors_is_refused(registry: Registry, add_eyes: Callable[[], Path]) -> None:
    def spoil(arrays: dict[str, np.ndarray]) -> None:
        del arrays["output.depth"]

    rewrite_golden(add_eyes(), spoil)
    assert "found arrays input.image, output.scores in golden.npz; expected input.image, output." in str(
        refusal(registry)
    )


def test_a_golden_file_with_a_pickle_in_it_is_refused_unread(registry: Registry, add_eyes: Callable[[], Path]) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return pytest.fail, ("it was unpickled",)

    folder = add_eyes()
    with (folder / "golden.npz").open("wb") as file:
        np.savez(file, **{"input.image": np.array([Bomb()], dtype=object)})  # type: ignore[arg-type]  # as above
    rehash(folder, "golden.npz")
    error = refusal(registry)
    assert "golden.npz that cannot be read (Object arrays cannot be loaded when allow_pickle=False)" in str(error)


@pytest.mark.parametrize(
    ("before", "after", "check", "message"),
    [
        (r"^variant = .*", 'variant = "huge"', "manifest", "Invalid enum value 'huge'"),
        (r"^variant = .*", 'variant = "small"\nspeed = 3', "manifest", "unknown field `speed`"),
        (r"^licence = .*", "", "manifest", "missing required field `licence`"),
        (r"^licence = .*", "licence =", "manifest", "manifest.toml"),
        (r'^name = "model.onnx"', 'name = "../model.onnx"', "manifest", "matching regex"),
        (r'^name = "model.onnx"', 'name = "golden.npz"', "manifest", "a name occurs twice"),
        (r"^width = 4", "width = 5", "digest", "found preprocessing with digest"),
        (r"^threshold = .*", "threshold = 0.6", "digest", "found postprocessing with digest"),
        (r"^adapter = .*", 'adapter = "unheard_of"', "adapter", "found 'unheard_of'; expected one of test_embedding, "),
        (r"^adapter = .*", 'adapter = "test_embedding"', "adapter", "found role 'detector'; expected one that adapter"),
        (r"^roles = .*", 'roles = ["pose"]', "adapter", "found role 'pose'; expected one that adapter test_vision"),
        (r"^shape = \[1, 3, 4, 4\]", "shape = [1, 3, 4]", "adapter", "found input 'image' of float32 (1, 3, 4);"),
        (r"^backends = .*", 'backends = ["torch"]', "backend", "found no file for backend onnxruntime; expected one"),
    ],
)  # fmt: skip
def test_a_manifest_that_does_not_hold_is_refused(
    registry: Registry, add_eyes: Callable[[], Path], before: str, after: str, check: str, message: str
) -> None:
    edit(add_eyes(), before, after)
    error = refusal(registry)
    assert error.check == check
    assert message in str(error)


def test_a_backend_without_a_file_is_refused(registry: Registry, add_eyes: Callable[[], Path]) -> None:
    add_eyes()
    with pytest.raises(ModelRefusedError, match="found no file for backend torch; expected one of those it has"):
        registry.activate("eyes", TorchBackend())


def test_a_network_of_which_only_a_run_shows_that_it_cannot_be_run_is_refused(
    registry: Registry, add_eyes: Callable[[], Path], tmp_path: Path
) -> None:
    add_eyes()
    fake = FakeTensorRt("10.3.0")
    registry.activate("eyes", TensorRtBackend(tmp_path / "good", libraries=fake))
    fake.unknown_sizes = True
    with pytest.raises(ModelRefusedError, match="check 'golden': found output 'depth': its size depends on the data"):
        registry.activate("eyes", TensorRtBackend(tmp_path / "bad", libraries=fake))


def test_a_sound_model_passes(registry: Registry, add_eyes: Callable[[], Path]) -> None:
    add_eyes()
    registry.activate("eyes", BACKEND)
