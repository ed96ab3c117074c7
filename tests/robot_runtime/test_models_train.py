from __future__ import annotations

import importlib.util
import signal
from pathlib import Path

import cv2
import numpy as np
import pytest

from models import backends
from models.registry import Registry
from robot_runtime import cli, model_folders, training_folder
from robot_runtime.commands.models_train import StopOnInterrupt

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="the extra `train` is not installed")


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_trainings_lie_where_xdg_says(tmp_path: Path) -> None:
    assert training_folder.folder() == tmp_path / "cache" / "dynamical" / "training"


def test_without_torch_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert cli.main(["models", "train", "detector"]) == 2
    assert capsys.readouterr().err == (
        "dynamical: error: models train: PyTorch is not installed; `pip install 'dynamical[train]'`\n"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("train", "nose"), "'nose' cannot be trained; allowed: detector, depth"),
        (("train", "detector", "--images", "0"), "'0' is no count; give a whole number of at least 1"),
        (("export", "file.onnx"), "give either the NAME of a model or the --run FOLDER of a training"),
        (("export", "eyes", "none/file.onnx"), "cannot write 'none/file.onnx'; give a file in a folder that exists"),
        (("tune", "--slack", "100"), "'100' are no points; give a number from 0 to below 100"),
    ],
)
def test_what_cannot_be_done_is_refused(
    words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["models", *words]) == 2
    assert message in capsys.readouterr().err


def test_the_first_interrupt_asks_to_stop_and_the_second_ends_the_program() -> None:
    before = signal.getsignal(signal.SIGINT)
    with StopOnInterrupt() as stop:
        with pytest.raises(KeyboardInterrupt):  # nothing to go on with yet
            signal.raise_signal(signal.SIGINT)
        assert not stop()
        signal.raise_signal(signal.SIGINT)
        assert stop()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_after_the_training_ends_the_program() -> None:
    with StopOnInterrupt() as stop:
        assert not stop()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


@needs_torch
def test_a_folder_without_a_training_cannot_be_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["models", "export", str(tmp_path / "file.onnx"), "--run", str(tmp_path)]) == 2
    assert "holds no training" in capsys.readouterr().err
    assert not (tmp_path / "file.onnx").exists()


@needs_torch
@pytest.mark.sim
def test_a_model_is_trained_measured_added_and_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["models", "train", "detector", "--images", "8", "--steps", "2", "--seed", "7", "--threads", "1"]
    assert cli.main([*words, "--bind"]) == 0
    printed = capsys.readouterr().out
    assert "step 2 of 2 (100%)" in printed
    assert "model my_level1_small: " in printed

    run = training_folder.folder() / "runs" / "dynamical_level1-small-seed7-8x2"
    report = (run / "report.md").read_text()
    assert "models train detector --variant small --images 8 --steps 2 --seed 7" in report
    assert "ap50, colours and sizes that it never saw" in report
    assert cv2.imread(str(run / "curves.png")) is not None

    with Registry(model_folders.folder()) as registry:
        model = registry.activate("depth", backends.get(backends.DEFAULT)).manifest
        content = (registry.find(model.name).folder / "model.onnx").read_bytes()
    assert (model.name, model.data_seed, model.adapter) == ("my_level1_small", 7, "dynamical_level1")
    assert model.training_command == "dynamical models train detector --variant small --images 8 --steps 2 --seed 7"
    assert model.gflop_per_run is not None and 0.1 < model.gflop_per_run < 1.0

    assert cli.main(["models", "export", "my_level1_small", str(tmp_path / "copy.onnx")]) == 0
    assert (tmp_path / "copy.onnx").read_bytes() == content
    assert cli.main(["models", "export", str(tmp_path / "again.onnx"), "--run", str(run)]) == 0
    assert "after 2 steps" in capsys.readouterr().out
    backend = backends.get(backends.DEFAULT)
    image = np.random.default_rng(0).random((1, 3, 240, 320), dtype=np.float32)
    answers = []
    for name in ("copy", "again"):
        network = backend.load(tmp_path / f"{name}.onnx")
        answers.append(np.asarray(network.run({"image": image})["heat"], dtype=np.float32))
        network.close()
    np.testing.assert_allclose(answers[0], answers[1], atol=1e-5)

    assert cli.main(words) == 2
    assert "model 'my_level1_small' is there already; give another --name" in capsys.readouterr().err


@needs_torch
def test_every_plan_makes_a_network_that_its_adapter_takes_and_is_asked_for_by_one_name() -> None:
    import torch

    from models import adapters
    from robot_runtime.commands.arguments import TRAINED
    from robot_runtime.training_plan import NAMES, PLANS, plan_for

    assert sorted(NAMES) == sorted(TRAINED)
    assert len(NAMES) == len(set(NAMES))
    for plan in PLANS:
        assert all(plan_for(name) is plan for name in ((plan.name,) if plan.name else plan.roles))
        adapter = adapters.get(plan.adapter)
        with torch.inference_mode():
            answer = plan.network("small").eval()(*(item[:1] for item in plan.examples(adapter)))
        answers = (answer,) if isinstance(answer, torch.Tensor) else answer
        for pattern, answer in zip(adapter.outputs, answers, strict=True):
            assert len(pattern.shape) == answer.ndim
            sizes = zip(pattern.shape, answer.shape, strict=True)
            assert all(isinstance(size, str) or size == given for size, given in sizes)


@needs_torch
def test_too_few_clips_are_refused_before_anything_is_made(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["models", "train", "scene", "--images", "8"]) == 2
    assert "--images 8 is too few for dynamical_scene; give at least 400" in capsys.readouterr().err
    assert not training_folder.folder().exists()
