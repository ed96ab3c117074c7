"""Shared memory: C++ to C++ beside a bare copy with an atomic, and from Python beside a bare copy of the same size.

Where rclpy is installed, also a topic with the same payload between two nodes of one process.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from robot_runtime import origin
from robot_runtime.report import Figure, Reference, figure
from rt_control import _native as native

ROUNDS = 40
CALLS_PER_ROUND = 500
TARGET_US = 5.0
SLOTS = 8  # of a latest-value ring
EXCHANGE_TARGET_US = 1.0
EXCHANGE_TARGET_RATIO = 1.5  # to a bare memcpy and atomic
EXCHANGE_SOURCES = ("channel.cpp", "crc32c.cpp", "mapping.cpp")


def measure() -> list[Figure]:
    """Command write and state read, each beside memcpy of the same bytes, in alternating rounds of one run."""
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="dynamical-bench-") as folder:
        state_path, command_path = Path(folder) / "state", Path(folder) / "command"
        native.create_state(state_path)
        native.create_command(command_path)
        native.StateWriter(state_path).write(native.State())
        reader, writer = native.StateReader(state_path), native.CommandWriter(command_path)
        command = native.Command(count=32, axes=8)
        state_bytes, command_bytes = _payload(state_path), _payload(command_path)
        read_us, copy_state_us = _alternate(reader.read, _copy_of(state_bytes))
        write_us, copy_command_us = _alternate(lambda: writer.write(command), _copy_of(command_bytes))
    figures = [
        *_exchange(),
        figure(
            "state read, p50",
            read_us,
            "us",
            at_most=TARGET_US,
            reference=Reference(f"numpy copy of the same {state_bytes} bytes", copy_state_us),
        ),
        figure(
            "command write, p50",
            write_us,
            "us",
            at_most=TARGET_US,
            reference=Reference(f"numpy copy of the same {command_bytes} bytes", copy_command_us),
        ),
    ]
    if importlib.util.find_spec("rclpy") is None:
        figures.append(Figure(name="ROS 2 topic of the same payload", value=None, note="rclpy is not installed here"))
    else:
        figures.append(_topic(command_bytes, write_us))
    return figures


def _exchange() -> list[Figure]:
    """From before a write in one thread to after the read in another, both C++."""
    compiler = shutil.which(os.environ.get("CXX", "c++"))
    if compiler is None:
        return [Figure(name="exchange C++ to C++", value=None, note="no C++ compiler here: apt-get install g++")]
    core = origin.FOLDER / "rt_control"
    sources = [
        origin.FOLDER / "benchmarks" / "channel_exchange.cpp",
        *(core / "src" / name for name in EXCHANGE_SOURCES),
    ]
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="dynamical-bench-") as folder:
        program = Path(folder) / "channel_exchange"
        flags = ("-std=c++20", "-O2", "-pthread", f"-I{core / 'include'}", "-o", str(program))
        subprocess.run([compiler, *flags, *map(str, sources)], check=True)
        done = subprocess.run([str(program), folder], check=True, capture_output=True, text=True)
    command, state = ([float(value) for value in line.split()] for line in done.stdout.splitlines())
    bare = Reference(f"memcpy and atomic of the same {command[0]:.0f} bytes", command[2] / 1e3)
    return [
        figure("drive command C++ to C++, p50", command[1] / 1e3, "us", at_most=EXCHANGE_TARGET_US, reference=bare),
        figure(
            "drive command C++ to C++, of the bare exchange", command[1] / command[2], at_most=EXCHANGE_TARGET_RATIO
        ),
        figure(
            "state C++ to C++, p50",
            state[1] / 1e3,
            "us",
            reference=Reference(f"memcpy and atomic of the same {state[0]:.0f} bytes", state[2] / 1e3),
            note="no target: it is on no path to the motors",
        ),
    ]


def _payload(path: Path) -> int:
    """Bytes of one slot of a channel: the message and its header."""
    return path.stat().st_size // SLOTS


def _copy_of(size: int) -> Callable[[], object]:
    source, target = np.ones(size, np.uint8), np.zeros(size, np.uint8)
    return lambda: np.copyto(target, source)


def _alternate(one: Callable[[], object], other: Callable[[], object]) -> tuple[float, float]:
    """Median time of each call, us; the rounds alternate so that both meet the same noise."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for call, samples in zip((one, other), times, strict=True):
            for _ in range(CALLS_PER_ROUND):
                begun = time.perf_counter_ns()
                call()
                samples.append((time.perf_counter_ns() - begun) / 1e3)
    return statistics.median(times[0]), statistics.median(times[1])


def _topic(size: int, write_us: float) -> Figure:
    import rclpy
    from rclpy.executors import SingleThreadedExecutor
    from std_msgs.msg import UInt8MultiArray

    rclpy.init()
    try:
        node = rclpy.create_node("dynamical_bench")
        received: list[int] = []
        node.create_subscription(UInt8MultiArray, "bench", lambda message: received.append(time.perf_counter_ns()), 1)
        publisher = node.create_publisher(UInt8MultiArray, "bench", 1)
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        message = UInt8MultiArray(data=bytes(size))
        samples = []
        for _ in range(ROUNDS * 10):
            begun, before = time.perf_counter_ns(), len(received)
            publisher.publish(message)
            while len(received) == before:
                executor.spin_once(timeout_sec=1.0)
            samples.append((received[-1] - begun) / 1e3)
        node.destroy_node()
    finally:
        rclpy.shutdown()
    return figure(
        "ROS 2 topic of the same payload, p50",
        statistics.median(samples),
        "us",
        reference=Reference("command write", write_us),
    )
