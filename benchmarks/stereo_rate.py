"""Stereo at 10 Hz for a minute on the real clock: missed deadlines, beside the stalls that a bare loop sees meanwhile.

Rendered pairs are matched as the fallback worker does it, the person's distance included.
"""

from __future__ import annotations

import multiprocessing
import time
from multiprocessing.connection import Connection

import cv2
import numpy as np

from perception.robot_shape import robot_capsules
from perception.stereo import StereoRange
from robot_runtime.report import Figure, Reference, figure
from rt_control import _native as native
from rt_control.description import load_robot
from rt_control.model_compiler import compile_model
from rt_control.scheduling import end_with_parent
from sim.stereo_pairs import StereoPairs

LONG = True
DURATION_S = 60.0
PERIOD_S = 0.1
PAIRS = 10
LOOP_S = 0.005  # of the bare loop
STALL_S = 0.02  # by so much the bare loop wakes too late: the host gave it no time


def measure() -> list[Figure]:
    """A deadline is missed when the distance is not there 100 ms after its pair was due."""
    cv2.setNumThreads(1)
    description = load_robot("arm7")
    kinematics = native.Kinematics(compile_model(description))
    capsules = robot_capsules(kinematics.link_poses(np.array(description.home)), description.gripper)
    source = StereoPairs(description)
    try:
        pairs = [source.take(seed) for seed in range(PAIRS)]
    finally:
        source.close()
    stereo = StereoRange(description)
    stereo.measure(pairs[0].left, pairs[0].right, capsules)  # the first call loads and allocates
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    watcher = context.Process(target=watch_stalls, args=(theirs,), daemon=True)
    watcher.start()
    ours.recv()  # it runs
    missed, took_ms = 0, []
    begun = time.monotonic()
    looks = round(DURATION_S / PERIOD_S)
    for look in range(looks):
        due = begun + look * PERIOD_S
        time.sleep(max(due - time.monotonic(), 0.0))
        own = time.monotonic()
        pair = pairs[look % PAIRS]
        stereo.measure(pair.left, pair.right, capsules)
        done = time.monotonic()
        took_ms.append((done - own) * 1e3)
        missed += done > due + PERIOD_S
    ours.send(None)
    stalls, longest_s = ours.recv()
    watcher.join()
    seen = Reference(f"stalls over {STALL_S * 1e3:g} ms that a bare loop saw", stalls)
    return [
        figure(
            f"deadlines missed in {DURATION_S:g} s at {1.0 / PERIOD_S:g} Hz",
            missed,
            f"of {looks}",
            at_most=0,
            reference=seen,
            judged=missed == 0 or stalls == 0,
            note="" if missed == 0 or stalls == 0 else "the host stalled meanwhile",
        ),
        figure("longest stall of a bare loop", longest_s * 1e3, "ms"),
        figure("one distance, p50", float(np.percentile(took_ms, 50)), "ms"),
        figure("one distance, p95", float(np.percentile(took_ms, 95)), "ms"),
        figure("one distance, longest", max(took_ms), "ms"),
    ]


def watch_stalls(connection: Connection) -> None:
    """Count how often, and by how much at most, a loop that does nothing wakes too late, until told to end."""
    end_with_parent()
    stalls, longest_s = 0, 0.0
    connection.send(None)
    while not connection.poll():
        begun = time.monotonic()
        time.sleep(LOOP_S)
        late_s = time.monotonic() - begun - LOOP_S
        stalls += late_s > STALL_S
        longest_s = max(longest_s, late_s)
    connection.recv()
    connection.send((stalls, longest_s))
