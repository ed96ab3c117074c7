from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from models.adding import Addition, Settings, add, read_settings
from models.backends.onnxruntime_backend import OnnxRuntimeBackend
from models.errors import ModelFileError, ModelRefusedError
from models.manifest import read_manifest
from models.preprocessing import Preprocessing
from models.registry import Registry
from rt_control.errors import InputError
from tests.models import networks

BACKEND = OnnxRuntimeBackend()


@pytest.fixture
def asked(onnx_file: Path) -> Addition:
    return Addition(onnx_file, ("detector",), "test_vision", "MIT")


def test_an_added_model_passes_every_check(registry: Registry, asked: Addition) -> None:
    model = add(registry, asked, BACKEND)
    assert model.folder == registry.user / "eyes-v1"
    assert registry.activate("eyes-v1", BACKEND).manifest == model.manifest


def test_what_the_file_says_is_in_the_manifest(registry: Registry, asked: Addition) -> None:
    manifest = add(registry, asked, BACKEND).manifest
    assert [(item.name, item.dtype, item.shape) for item in manifest.inputs] == [("image", "float32", [1, 3, 4, 4])]
    assert [item.name for item in manifest.outputs] == ["scores", "depth"]
    assert manifest.roles == ["detector"]
    assert manifest.licence == "MIT"
    assert (manifest.training_command, manifest.data_seed) == ("none", "none")
    assert (manifest.image_preprocessing.width, manifest.image_preprocessing.height) == (4, 4)
    assert manifest.postprocessing == {"threshold": 0.5}


def test_the_manifest_on_the_disk_is_the_one_that_is_returned(registry: Registry, asked: Addition) -> None:
    model = add(registry, asked, BACKEND)
    assert read_manifest(model.folder / "manifest.toml") == model.manifest


def test_the_same_file_makes_the_same_model_bit_by_bit(registry: Registry, asked: Addition, tmp_path: Path) -> None:
    first = add(registry, asked, BACKEND).folder
    second = add(Registry(tmp_path / "again", tmp_path / "no", networks.ADAPTERS), asked, BACKEND).folder
    for path in first.iterdir():
        assert path.read_bytes() == (second / path.name).read_bytes()


def test_settings_override_what_the_adapter_takes_for_granted(registry: Registry, asked: Addition) -> None:
    settings = Settings(
        variant="medium",
        class_names=["a", "b", "c"],
        gflop_per_run=0.5,
        preprocessing=Preprocessing(width=9, height=9, mean=(0.5, 0.5, 0.5)),
        postprocessing={"names": ["a", 1, 0.5], "threshold": 0.75},
    )
    manifest = add(registry, replace(asked, settings=settings), BACKEND).manifest
    assert manifest.variant == "medium"
    assert manifest.class_names == ["a", "b", "c"]
    assert manifest.preprocessing == Preprocessing(width=4, height=4, mean=(0.5, 0.5, 0.5))
    assert manifest.postprocessing == {"names": ["a", 1, 0.5], "threshold": 0.75}


def test_settings_are_read_strictly(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('class_names = ["a"]\n[postprocessing]\nthreshold = 0.2\n')
    assert read_settings(path) == Settings(class_names=["a"], postprocessing={"threshold": 0.2})
    path.write_text("colour = 3\n")
    with pytest.raises(InputError, match="settings.toml: Object contains unknown field `colour`"):
        read_settings(path)
    with pytest.raises(InputError, match="absent.toml: cannot be read"):
        read_settings(tmp_path / "absent.toml")


def nothing_was_left(registry: Registry) -> bool:
    return not registry.user.exists() or not list(registry.user.iterdir())


def test_a_file_that_does_not_fit_the_adapter_is_refused_and_leaves_nothing(
    registry: Registry, asked: Addition, tmp_path: Path
) -> None:
    flat = networks.affine(tmp_path / "flat.onnx")
    with pytest.raises(ModelRefusedError, match="check 'adapter': found 1 outputs .y.; expected 2, as adapter"):
        add(registry, replace(asked, file=flat), BACKEND)
    assert nothing_was_left(registry)


def test_a_role_that_the_adapter_does_not_fill_is_refused_and_leaves_nothing(
    registry: Registry, asked: Addition
) -> None:
    with pytest.raises(ModelRefusedError, match="check 'adapter': found role 'pose'"):
        add(registry, replace(asked, roles=("pose",)), BACKEND)
    assert nothing_was_left(registry)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_truncated_file_is_refused_and_leaves_nothing(registry: Registry, asked: Addition, share: float) -> None:
    content = asked.file.read_bytes()
    asked.file.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ModelRefusedError, match="Eyes V1.onnx is refused, check 'load'"):
        add(registry, asked, BACKEND)
    assert nothing_was_left(registry)


def outside(path: Path, location: str) -> Path:
    """A network whose weights lie in another file, `w.bin` in its folder or elsewhere."""
    weight = onnx.TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[3], data_location=TensorProto.EXTERNAL)
    weight.external_data.add(key="location", value=location)
    x, y = networks.tensor("x", ("n", 3)), networks.tensor("y", ("n", 3))
    graph = helper.make_graph([helper.make_node("Mul", ["x", "w"], ["y"])], "g", [x], [y], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    path.write_bytes(model.SerializeToString())
    return path


def test_a_network_whose_weights_lie_in_another_file_is_refused(registry: Registry, tmp_path: Path) -> None:
    path = outside(tmp_path / "outside.onnx", "w.bin")
    (tmp_path / "w.bin").write_bytes(np.ones(3, np.float32).tobytes())
    BACKEND.load(path).close()  # beside its weights it loads
    with pytest.raises(ModelRefusedError, match="expected an ONNX network with its weights inside"):
        add(registry, Addition(path, ("features",), "test_embedding", "MIT"), BACKEND)
    assert nothing_was_left(registry)


def test_weights_are_never_read_from_elsewhere_on_the_disk(tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(np.ones(3, np.float32).tobytes())
    (tmp_path / "inner").mkdir()
    for location in ("../w.bin", str(tmp_path / "w.bin")):
        with pytest.raises(ModelFileError, match="ONNX Runtime cannot load it"):
            BACKEND.load(outside(tmp_path / "inner" / "model.onnx", location))


def test_a_network_that_answers_with_nan_is_refused(registry: Registry, tmp_path: Path) -> None:
    path = networks.affine(tmp_path / "nan.onnx", factor=float("nan"))
    with pytest.raises(ModelRefusedError, match="check 'golden': found NaN or infinity in 'y'"):
        add(registry, Addition(path, ("features",), "test_embedding", "MIT"), BACKEND)


def test_free_sizes_are_one_in_the_golden_input(registry: Registry, tmp_path: Path) -> None:
    path = networks.affine(tmp_path / "free.onnx")
    folder = add(registry, Addition(path, ("features",), "test_embedding", "MIT"), BACKEND).folder
    with np.load(folder / "golden.npz") as golden:
        assert golden["input.x"].shape == (1, 3)


def test_a_name_that_is_taken_is_refused(registry: Registry, asked: Addition) -> None:
    add(registry, asked, BACKEND)
    with pytest.raises(InputError, match="model 'eyes-v1' is there already; give another --name"):
        add(registry, asked, BACKEND)


@pytest.mark.parametrize("name", ["..", "a/b", "/tmp/x", ".hidden", "depth", "A"])
def test_a_name_that_is_no_name_is_refused_and_leaves_nothing(registry: Registry, asked: Addition, name: str) -> None:
    with pytest.raises(InputError):
        add(registry, replace(asked, name=name), BACKEND)
    assert nothing_was_left(registry)


def test_an_unknown_adapter_is_refused_with_those_there_are(registry: Registry, asked: Addition) -> None:
    with pytest.raises(InputError, match="adapter 'yolo' is not known; known: test_embedding, test_vision"):
        add(registry, replace(asked, adapter="yolo"), BACKEND)


def test_a_file_that_is_not_there_is_refused(registry: Registry, asked: Addition, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="absent.onnx: cannot be added to .*No such file"):
        add(registry, replace(asked, file=tmp_path / "absent.onnx"), BACKEND)


def test_a_refusal_by_the_adapter_itself_leaves_nothing(registry: Registry, asked: Addition) -> None:
    with pytest.raises(ModelRefusedError, match="found class_names: 1 of them; allowed: 3 or none"):
        add(registry, replace(asked, settings=Settings(class_names=["x"])), BACKEND)
    assert nothing_was_left(registry)


def test_what_is_half_added_is_no_model(registry: Registry, add_eyes: Callable[[], Path]) -> None:
    folder = add_eyes()
    folder.rename(folder.with_name(".adding-xyz"))
    assert ".adding-xyz" not in registry.names()
