from __future__ import annotations

import signal
import socket
import subprocess
import sys

import pytest

from cloud.protocol import BEAT, HEARTBEAT_PATH
from robot_runtime.cloud_service import CloudAddress, CloudService
from tests.robot_runtime.refusals import refusal

COMMAND = ("env", "--default-signal=INT", sys.executable, "-m", "robot_runtime.cli", "cloud", "up", "--embedded")


def test_it_says_where_it_listens_answers_there_and_ends_with_ctrl_c() -> None:
    process = subprocess.Popen([*COMMAND, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("cloud: listening at http://127.0.0.1:"), line
        service = CloudService(CloudAddress(line.split()[3].rstrip(";")), 10.0)
        assert service.call("GET", HEARTBEAT_PATH) == BEAT
        service.close()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        assert process.returncode in (0, 130)
        assert "Traceback" not in errors
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def test_a_port_that_is_taken_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refusal(capsys, "cloud", "up", "--embedded", "--port", str(port))
    assert f"--port {port}: address already in use; name another" in line


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("cloud", "up"), "add --embedded"),
        (("cloud", "up", "--embedded", "--port", "70000"), "'70000' is no port; allowed: 0 to 65535"),
        (("cloud", "up", "--embedded", "--host", "no.such.host.invalid"), "--host no.such.host.invalid"),
        (("run", "--cloud", "http://cloud.example"), "everybody can read them"),
        (("run", "--cloud", "https://cloud.example", "--lockstep"), "--cloud is for a live run"),
        (("run", "--device", "abacus"), "abacus"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    arguments: tuple[str, ...], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert why in refusal(capsys, *arguments)
