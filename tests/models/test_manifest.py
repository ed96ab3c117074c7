from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.manifest import (
    Golden,
    Latency,
    Manifest,
    ModelFile,
    Parameter,
    Tensor,
    digest_of,
    read_manifest,
    write_manifest,
)
from models.preprocessing import Preprocessing
from rt_control.errors import InputError

PREPROCESSING = Preprocessing(width=320, height=240, fit="letterbox", mean=(0.5, 0.25, 0.125), margin=0.1)
POSTPROCESSING: dict[str, Parameter] = {"threshold": 0.25, "strides": [8, 16], "kind": "grid", "flip": True, "top": 3}
FULL = Manifest(
    name="arm7-eyes-small",
    variant="small",
    roles=["detector", "depth"],
    adapter="grid",
    licence="Apache-2.0",
    source='rendered tables, "said so"',
    training_command="dynamical models train eyes --seed 7",
    data_seed=7,
    class_names=["red cube", "blåbær"],
    gflop_per_run=1.5,
    preprocessing_digest=digest_of(PREPROCESSING),
    postprocessing_digest=digest_of(POSTPROCESSING),
    files=[
        ModelFile(name="fp16.onnx", sha256="0" * 64, backends=["tensorrt"], tolerance=0.05),
        ModelFile(name="model.onnx", sha256="1" * 64, backends=["onnxruntime", "tensorrt"]),
        ModelFile(name="model.pt2", sha256="2" * 64, backends=["torch"]),
    ],
    inputs=[Tensor(name="image", dtype="float32", shape=["batch", 3, 240, 320])],
    outputs=[Tensor(name="boxes", dtype="float32", shape=["batch", 100, 6])],
    preprocessing=PREPROCESSING,
    postprocessing=POSTPROCESSING,
    golden=Golden(name="golden.npz", sha256="3" * 64, tolerance=0.001),
    latency=Latency(p50_ms=3.5, p99_ms=5.0, backend="onnxruntime", machine="a machine, 2 cores", threads=1),
)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "manifest.toml"
    write_manifest(path, FULL)
    assert read_manifest(path) == FULL
    short = msgspec.structs.replace(FULL, latency=None, gflop_per_run=None, class_names=[], postprocessing={})
    write_manifest(path, short)
    assert read_manifest(path) == short


def test_each_backend_has_the_first_file_that_names_it() -> None:
    found = {name: FULL.file_of(name) for name in ("onnxruntime", "tensorrt", "torch", "other")}
    assert {name: file.name for name, file in found.items() if file} == {
        "onnxruntime": "model.onnx",
        "tensorrt": "fp16.onnx",
        "torch": "model.pt2",
    }
    assert found["other"] is None


@given(st.dictionaries(st.text(), st.integers() | st.booleans() | st.text() | st.lists(st.text())))
def test_the_digest_of_parameters_knows_no_order(values: dict[str, Any]) -> None:
    assert digest_of(values) == digest_of(dict(reversed(values.items())))
    assert digest_of(values) != digest_of({**values, "one more": 1})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "depth"}, "name 'depth' is that of a role"),
        ({"name": "../up"}, "matching regex"),
        ({"name": "Up"}, "matching regex"),
        ({"roles": []}, "length >= 1"),
        ({"roles": ["depth", "depth"]}, "roles: one occurs twice among depth, depth"),
        ({"class_names": ["a", "a"]}, "class_names: one occurs twice among a, a"),
        ({"data_seed": "some"}, "Invalid enum value 'some'"),
        ({"gflop_per_run": 0.0}, "> 0.0"),
        ({"preprocessing_digest": "abc"}, "matching regex"),
        ({"inputs": []}, "length >= 1"),
        ({"files": []}, "length >= 1"),
        ({"surprise": 1}, "unknown field `surprise`"),
    ],
)
def test_what_no_manifest_may_say_is_refused_with_the_file(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    from models.toml_text import to_toml

    path = tmp_path / "manifest.toml"
    path.write_text(to_toml(msgspec.to_builtins(FULL) | change))
    with pytest.raises(InputError, match=message) as caught:
        read_manifest(path)
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize("name", ["/etc/passwd", "../golden.npz", "a/b", ".hidden", "", "a\nb"])
def test_a_file_is_always_in_the_models_own_folder(name: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"name": name, "sha256": "0" * 64, "backends": []}, type=ModelFile)


def test_a_manifest_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"manifest.toml: cannot be read \(No such file"):
        read_manifest(tmp_path / "manifest.toml")
    (tmp_path / "manifest.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="manifest.toml: "):
        read_manifest(tmp_path / "manifest.toml")
