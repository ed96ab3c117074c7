from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from models.registry import Registry
from robot_runtime import cli, model_folders
from robot_runtime.commands import models as command
from tests.models import networks


@pytest.fixture(autouse=True)
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder; the adapters are those of the tests, and nothing is shipped."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(
        command, "registry", lambda: Registry(model_folders.folder(), tmp_path / "shipped", networks.ADAPTERS)
    )
    return model_folders.folder()


@pytest.fixture
def eyes(tmp_path: Path) -> Path:
    return networks.vision(tmp_path / "eyes.onnx")


def add(eyes: Path, *more: str) -> int:
    roles = ("--role", "detector", "--role", "depth")
    return cli.main(["models", "add", str(eyes), *roles, "--adapter", "test_vision", "--licence", "MIT", *more])


def as_json(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    capsys.readouterr()
    cli.main(["models", *words, "--json", "-"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_the_users_models_lie_where_xdg_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert model_folders.folder() == tmp_path / "data" / "dynamical" / "models"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert model_folders.folder() == tmp_path / ".local" / "share" / "dynamical" / "models"


def test_an_added_model_is_listed_and_sound(eyes: Path, user: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert add(eyes, "--name", "mine", "--bind") == 0
    printed = capsys.readouterr().out
    assert f"added model mine for detector, depth: {user / 'mine'}" in printed
    assert "input image: float32 (1, 3, 4, 4)" in printed
    assert "depth is bound to mine" in printed
    assert cli.main(["models", "list"]) == 0
    listed = capsys.readouterr().out
    assert "detector, depth" in next(line for line in listed.splitlines() if line.startswith("mine "))
    assert "MIT" in listed
    assert "backend onnxruntime: can be used" in listed
    assert cli.main(["models", "verify"]) == 0


def test_a_model_that_is_not_bound_is_listed_in_brackets(eyes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add(eyes)
    capsys.readouterr()
    cli.main(["models", "list"])
    assert "(detector)" in capsys.readouterr().out


def test_the_names_of_models_are_listed_whole_in_a_narrow_terminal(
    eyes: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    add(eyes, "--name", "a_name_of_thirty_two_letters_____")
    capsys.readouterr()
    cli.main(["models", "list"])
    assert "a_name_of_thirty_two_letters_____" in capsys.readouterr().out


def test_a_model_is_bound_to_all_its_roles_or_to_one_and_unbound_again(
    eyes: Path, user: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add(eyes, "--name", "mine")
    assert cli.main(["models", "bind", "mine", "--role", "depth"]) == 0
    assert as_json(capsys, "list")["bindings"] == {"depth": "mine"}
    assert cli.main(["models", "bind", "mine"]) == 0
    assert as_json(capsys, "list")["bindings"] == {"depth": "mine", "detector": "mine"}
    assert cli.main(["models", "unbind", "depth", "detector"]) == 0
    assert "no model is bound to depth" in capsys.readouterr().out
    assert as_json(capsys, "list")["bindings"] == {}


def test_a_list_for_programs(eyes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add(eyes)
    found = as_json(capsys, "list")
    (model,) = found["models"]
    assert model["name"] == "eyes"
    assert model["roles"] == ["detector", "depth"]
    assert model["bound"] == []
    assert model["backends"] == ["onnxruntime", "tensorrt"]
    assert model["size_bytes"] == eyes.stat().st_size
    assert [item["name"] for item in found["backends"]] == ["onnxruntime", "tensorrt", "torch"]


def test_without_models_the_list_says_how_to_add_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["models", "list"]) == 0
    assert "there are no models; add one with `dynamical models add`" in capsys.readouterr().out


def test_verify_says_which_model_fails_which_check_and_ends_with_1(
    eyes: Path, user: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add(eyes, "--name", "good")
    add(eyes, "--name", "bad")
    with (user / "bad" / "model.onnx").open("ab") as file:
        file.write(b"!")
    assert cli.main(["models", "verify"]) == 1
    figures = {item["name"]: item for item in as_json(capsys, "verify")["figures"]}
    assert figures["good on onnxruntime"]["holds"] is True
    assert figures["bad on onnxruntime"]["holds"] is False
    assert "model bad is refused, check 'hash'" in figures["bad on onnxruntime"]["note"]
    assert cli.main(["models", "verify", "good"]) == 0
    assert cli.main(["models", "verify", "bad"]) == 1


def test_a_binding_to_a_model_that_is_gone_fails_verify(
    eyes: Path, user: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add(eyes, "--bind")
    (user / "eyes").rename(user.parent / "elsewhere")
    assert cli.main(["models", "verify"]) == 1
    figures = as_json(capsys, "verify")["figures"]
    assert figures[0]["name"] == "depth is bound to eyes"
    assert "model 'eyes' is not there" in figures[0]["note"]


def test_a_manifest_that_does_not_hold_is_listed_as_refused(
    eyes: Path, user: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add(eyes)
    (user / "eyes" / "manifest.toml").write_text("colour = 3\n")
    capsys.readouterr()
    assert cli.main(["models", "list"]) == 0
    assert "model eyes is refused, check 'manifest'" in capsys.readouterr().out
    assert cli.main(["models", "verify"]) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["verify", "nothing"], "model 'nothing' is not there; there are: none"),
        (["bind", "nothing"], "model 'nothing' is not there; there are: none"),
        (["unbind", "taste"], "'taste' is no role; roles: detector"),
        (["verify", "depth"], "model 'depth' is not there"),
        (["add", "x", "--role", "taste", "--adapter", "a", "--licence", "l"], "'taste' is no role; roles: detector"),
        (["add", "x", "--role", "depth", "--adapter", "a", "--licence", "l"], "adapter 'a' is not known; known: test"),
    ],
)
def test_bad_input_ends_with_2_and_one_line(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["models", *words]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error


def test_an_unknown_backend_ends_with_2(eyes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add(eyes)
    assert cli.main(["models", "verify", "--backend", "abacus"]) == 2
    assert "backend 'abacus' is not known; known: onnxruntime, tensorrt, torch" in capsys.readouterr().err


def test_a_file_that_does_not_fit_ends_with_2_and_leaves_nothing(
    tmp_path: Path, user: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert add(networks.affine(tmp_path / "flat.onnx")) == 2
    assert "flat.onnx is refused, check 'adapter': found 1 outputs (y)" in capsys.readouterr().err
    assert list(user.iterdir()) == []


def test_settings_are_taken_from_a_file(eyes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('variant = "medium"\nclass_names = ["a", "b", "c"]\n')
    assert add(eyes, "--settings", str(settings)) == 0
    assert as_json(capsys, "list")["models"][0]["variant"] == "medium"
