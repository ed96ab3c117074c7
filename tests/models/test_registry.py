from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.backends.onnxruntime_backend import OnnxRuntimeBackend
from models.errors import ModelRefusedError, NetworkInputError
from models.preprocessing import PreparedImage
from models.registry import SHIPPED, Registry
from rt_control.errors import InputError
from tests.models import networks

BACKEND = OnnxRuntimeBackend()
IMAGE = np.full((4, 4, 3), (10, 200, 30), np.uint8)


class CountingBackend:
    """ONNX Runtime that counts what it is asked."""

    name = "onnxruntime"

    def __init__(self) -> None:
        self.loads = self.runs = 0

    def why_not(self) -> None:
        return None

    def load(self, path: Path) -> Any:
        self.loads += 1
        network = BACKEND.load(path)
        run = network.run

        def counted(inputs: Any) -> Any:
            self.runs += 1
            return run(inputs)

        network.run = counted  # type: ignore[method-assign]  # to count
        return network


def test_an_empty_registry_has_no_models_and_no_bindings(registry: Registry) -> None:
    assert registry.names() == ()
    assert registry.bindings() == {}


def test_a_role_without_a_model_is_refused(registry: Registry) -> None:
    with pytest.raises(InputError, match="no model is bound to role 'depth'; `dynamical models add --role depth"):
        registry.activate("depth", BACKEND)


def test_an_unknown_name_is_refused_with_those_there_are(registry: Registry, add_eyes: Callable[[], Path]) -> None:
    add_eyes()
    with pytest.raises(InputError, match="model 'ears' is not there; there are: eyes"):
        registry.activate("ears", BACKEND)


@pytest.mark.parametrize("name", ["..", "../user/eyes", "/etc", ".", "eyes/../eyes"])
def test_a_name_never_leads_out_of_the_folders(registry: Registry, add_eyes: Callable[[], Path], name: str) -> None:
    add_eyes()
    with pytest.raises(InputError, match="is not there"):
        registry.activate(name, BACKEND)


def test_a_bound_model_fills_its_role(registry: Registry, add_eyes: Callable[[], Path]) -> None:
    add_eyes()
    registry.bind("detector", "eyes")
    active = registry.activate("detector", BACKEND)
    assert active.manifest.name == "eyes"
    assert active.backend == "onnxruntime"
    assert isinstance(active.fills, networks.Vision)
    found = active.fills.detect(PreparedImage(IMAGE))
    assert found.names[found.labels[0]] == "green"


def test_two_roles_of_one_model_share_the_network_and_one_run_for_one_image(
    registry: Registry, add_eyes: Callable[[], Path]
) -> None:
    add_eyes()
    registry.bind("detector", "eyes")
    registry.bind("depth", "eyes")
    backend = CountingBackend()
    detector, depth = registry.activate("detector", backend), registry.activate("depth", backend)
    assert detector.fills is depth.fills
    assert backend.loads == 1
    before = backend.runs
    image = PreparedImage(IMAGE)
    detector.fills.detect(image)  # type: ignore[attr-defined]  # the adapter of the tests
    depth.fills.estimate(image)  # type: ignore[attr-defined]  # the adapter of the tests
    assert backend.runs == before + 1


def test_two_models_with_the_same_file_share_the_network(
    registry: Registry, add_eyes: Callable[[], Path], onnx_file: Path
) -> None:
    folder = add_eyes()
    other = folder.with_name("other")
    shutil.copytree(folder, other)
    manifest = other / "manifest.toml"
    manifest.write_text(manifest.read_text().replace('name = "eyes"', 'name = "other"', 1))
    backend = CountingBackend()
    first, second = registry.activate("eyes", backend), registry.activate("other", backend)
    assert backend.loads == 1
    assert first.network is second.network
    assert first.fills is not second.fills


def test_what_is_in_use_is_the_same_object_again(registry: Registry, add_eyes: Callable[[], Path]) -> None:
    add_eyes()
    assert registry.activate("eyes", BACKEND) is registry.activate("eyes", BACKEND)


def test_closing_closes_the_networks(registry: Registry, add_eyes: Callable[[], Path]) -> None:
    add_eyes()
    active = registry.activate("eyes", BACKEND)
    registry.close()
    with pytest.raises(NetworkInputError, match="closed"):
        active.network.run({"image": np.zeros((1, 3, 4, 4), np.float32)})


def test_a_model_that_was_refused_leaves_no_network_open_and_not_that_of_another(
    registry: Registry, add_eyes: Callable[[], Path]
) -> None:
    folder = add_eyes()
    good = registry.activate("eyes", BACKEND)
    bad = folder.with_name("bad")
    shutil.copytree(folder, bad)
    manifest = bad / "manifest.toml"
    text = manifest.read_text().replace('name = "eyes"', 'name = "bad"', 1)
    manifest.write_text(text.replace("training", 'class_names = ["x"]\ntraining', 1))
    with pytest.raises(ModelRefusedError, match="check 'adapter': found class_names: 1 of them; allowed: 3"):
        registry.activate("bad", BACKEND)
    assert good.network.run({"image": np.zeros((1, 3, 4, 4), np.float32)})


def test_without_the_users_binding_the_shipped_model_serves_again(
    registry: Registry, add_eyes: Callable[[], Path]
) -> None:
    add_eyes()
    registry.shipped.mkdir(parents=True, exist_ok=True)
    (registry.shipped / "bindings.toml").write_text('depth = "shipped_eyes"\n')
    registry.bind("depth", "eyes")
    registry.bind("detector", "eyes")
    assert registry.unbind("depth") == "shipped_eyes"
    assert registry.unbind("detector") is None
    assert registry.bindings() == {"depth": "shipped_eyes"}


def test_a_binding_to_a_model_of_another_role_is_refused(registry: Registry, add_eyes: Callable[[], Path]) -> None:
    add_eyes()
    with pytest.raises(
        ModelRefusedError, match="check 'role': found a model for detector, depth; expected one for pose"
    ):
        registry.bind("pose", "eyes")
    registry.user.joinpath("bindings.toml").write_text('pose = "eyes"\n')
    with pytest.raises(
        ModelRefusedError, match="check 'role': found a model for detector, depth; expected one for pose"
    ):
        registry.activate("pose", BACKEND)
    registry.activate("eyes", BACKEND)
    with pytest.raises(ModelRefusedError, match="check 'role'"):
        registry.activate("pose", BACKEND)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("detector = 3\n", "Expected `str`"),
        ('taste = "eyes"\n', "Invalid enum value 'taste'"),
        ("detector\n", "holds lines like"),
        ("\udcff", "holds lines like"),
    ],
)
def test_a_binding_file_that_says_something_else_is_refused(registry: Registry, text: str, message: str) -> None:
    registry.user.mkdir()
    (registry.user / "bindings.toml").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match=message):
        registry.bindings()


def test_the_users_binding_wins_over_the_shipped_one(registry: Registry, add_eyes: Callable[[], Path]) -> None:
    add_eyes()
    registry.shipped.mkdir()
    (registry.shipped / "bindings.toml").write_text('detector = "shipped-one"\ndepth = "shipped-one"\n')
    registry.bind("detector", "eyes")
    assert registry.bindings() == {"detector": "eyes", "depth": "shipped-one"}


def test_a_name_in_both_folders_is_refused(registry: Registry, add_eyes: Callable[[], Path]) -> None:
    shutil.copytree(add_eyes(), registry.shipped / "eyes")
    with pytest.raises(InputError, match="model 'eyes' is in .*shipped and in .*user; rename or remove the latter"):
        registry.find("eyes")


def test_a_folder_under_another_name_is_refused(registry: Registry, add_eyes: Callable[[], Path]) -> None:
    folder = add_eyes()
    folder.rename(folder.with_name("nose"))
    with pytest.raises(ModelRefusedError, match="model nose is refused, check 'manifest': found name 'eyes'"):
        registry.find("nose")


@pytest.mark.parametrize("name", Registry(Path("/nonexistent")).names())
def test_every_shipped_model_passes_all_checks(name: str, tmp_path: Path) -> None:
    with Registry(tmp_path) as registry:
        registry.activate(name, BACKEND)


def test_every_shipped_binding_is_of_a_shipped_model_that_fills_the_role(tmp_path: Path) -> None:
    with Registry(tmp_path) as registry:
        for role, name in registry.bindings().items():
            model = registry.find(name)
            assert role in model.manifest.roles
            assert model.folder.parent == SHIPPED
