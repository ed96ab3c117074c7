"""Shared memory from Python: writing a command and reading the state, beside a bare copy of the same size.

Where rclpy is installed, also a topic with the same payload between two nodes of one process.
"""

from __future__ import annotations

import importlib.util
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from robot_runtime.report import Figure, Reference, figure
from rt_control import _native as native

ROUNDS = 40
CALLS_PER_ROUND = 500
TARGET_US = 5.0
SLOTS = 8  # of a latest-value ring


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
