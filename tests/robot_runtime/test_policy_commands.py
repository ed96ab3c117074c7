from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from models.roles import PolicyMoment
from policies.observation import TARGET_NAMES
from robot_runtime.policy_setup import activate_policy, choose_policy, read_key
from robot_runtime.remote_policy import PolicyWithFallback, RemotePolicy
from rt_control.errors import InputError
from tests.robot_runtime.refusals import refusal

COMMAND = ("env", "--default-signal=INT", sys.executable, "-m", "robot_runtime.cli", "models", "serve")
MOMENT = PolicyMoment(np.zeros(25, np.float32), np.zeros(len(TARGET_NAMES), np.float32))


def test_a_served_policy_answers_robots_that_know_the_key_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("secret\n")
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", "--key-file", str(key)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("serves the bound policy at ws://127.0.0.1:"), line
        local = activate_policy()
        remote = RemotePolicy(line.split()[5].rstrip(";"), "secret", local, limit_s=10.0)
        np.testing.assert_allclose(remote.act(MOMENT), local.act(MOMENT), atol=1e-5)
        remote.close()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        assert process.returncode in (0, 130)
        assert "Traceback" not in errors
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def test_a_policy_elsewhere_has_the_robot_s_own_one_behind_it(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(" secret\n")
    assert read_key(key) == "secret"
    assert read_key(None) == ""
    chosen = choose_policy("ws://localhost:1", None)
    assert isinstance(chosen, PolicyWithFallback)
    assert chosen.act(MOMENT).shape == (chosen.knots, 8)  # nobody listens there
    assert "localhost:1" in chosen.lost


def test_a_model_that_is_no_policy_cannot_move_the_arm() -> None:
    with pytest.raises(InputError, match="is not there"):
        activate_policy("no_such_model")


def test_a_port_that_is_taken_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refusal(capsys, "models", "serve", "--port", str(port))
    assert f"127.0.0.1:{port}: cannot be listened at" in line


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("models", "serve", "--host", "0.0.0.0"), "give a --key-file that holds a key"),
        (("models", "serve", "--key-file", "/no/such/file"), "/no/such/file: cannot be read"),
        (("models", "serve", "dynamical_scene_small", "--port", "0"), "is no policy"),
        (("run", "--policy", "dynamical_scene_small"), "this model is no policy"),
        (("run", "--policy", "http://localhost"), "this is no address of a policy"),
        (("run", "--policy", "ws://robot.example"), "give wss://robot.example"),
        (("run", "--policy", "ws://localhost:1", "--lockstep"), "--policy with an address is for a live run"),
        (("run", "--policy-key-file", "key"), "--policy-key-file is for a policy elsewhere"),
        (("eval", "policy", "--policy", "no_such_model"), "no_such_model"),
        (("models", "train", "segmenter"), "'segmenter' cannot be trained; allowed: detector"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    arguments: tuple[str, ...], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert why in refusal(capsys, *arguments)
