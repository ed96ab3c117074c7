"""The perception worker: camera images in, scene and nearest person out. Touches no motor."""

from __future__ import annotations

import os
import time

import cv2
import numpy as np

from perception import ledger_file
from perception.frames import Frame
from perception.robot_shape import position_at, robot_capsules
from perception.scene import Scene
from robot_runtime.directive import Directive, WorkerStatus
from robot_runtime.frames import read_frame
from robot_runtime.kept_ledger import LEDGER_FILE
from robot_runtime.perception_setup import DEVICE, make_cascade
from robot_runtime.skill_workspace import wish_of
from robot_runtime.transport import LatestPublisher, LatestSubscriber
from robot_runtime.workers.context import WorkerContext, worker_main
from robot_runtime.workers.loop import PeriodicLoop
from robot_runtime.workers.scene_watch import SceneWatch
from rt_control import _native as native
from rt_control.heartbeat import Pulse

RATE_HZ = 30.0
STATUS_PERIOD_NS = 50_000_000
LEDGER_PERIOD_NS = 1_000_000_000


def work(context: WorkerContext) -> None:
    """Look at each new image of the RGB-D camera, at most as often as the profile in force says."""
    cv2.setNumThreads(1)
    run, description = context.run, context.description
    remote = None
    if context.cloud is not None:
        from robot_runtime.cloud_scene import CloudScene
        from robot_runtime.cloud_service import CloudAddress

        remote = CloudScene(CloudAddress(context.cloud))
    device = context.device or DEVICE
    cascade = make_cascade(description, time.monotonic_ns(), device=device, remote=remote)
    watch = SceneWatch(description, cascade)
    kinematics = native.Kinematics(context.model())
    camera = description.camera_of("scene").name
    frames = native.FrameReader(run.path(f"frame.{camera}"))
    states = native.StateReader(run.path("state"))
    constraints = native.ConstraintsWriter(run.path("constraints.perception"))
    scenes: LatestPublisher[Scene] = LatestPublisher(run.endpoint("perception.scene"))
    statuses: LatestPublisher[WorkerStatus] = LatestPublisher(run.endpoint("perception.status"))
    directives = LatestSubscriber(run.endpoint("agent.directive"), Directive)
    pulse = Pulse(run.path("heartbeat.perception"), native.Source.perception)
    frame: Frame | None = None
    seen_number = 0
    told_ns = 0
    told: tuple[int, str] = (0, "")
    ledger = cascade.ledger.summary(time.monotonic_ns())

    def arrived() -> bool:
        nonlocal frame
        frame = read_frame(frames, camera, seen_number)
        return frame is not None

    def step(now_ns: int) -> None:
        nonlocal frame, seen_number, told_ns, told, ledger
        directive = directives.read()
        rate_hz = RATE_HZ if directive is None else directive.profile.perception_rate_hz
        sequence = 0 if directive is None else directive.sequence
        loop.rate_hz = rate_hz or RATE_HZ
        queue_age_s = 0.0
        state = states.read()
        if frame is None:
            watch.wait(now_ns)
        elif state is not None:
            seen_number = frame.number
            position = position_at(frame.stamp_ns, state.position, state.velocity, state.stamp_ns)
            poses = kinematics.link_poses(position)
            capsules = robot_capsules(poses, description.gripper)
            wish = wish_of(directive, watch.scene, poses[-1, :3, 3], description.workcell) if rate_hz > 0.0 else None
            look = watch.look(frame, capsules, np.asarray(state.velocity), now_ns, wish)
            if look.scene is not None:
                scenes.publish(look.scene)
            if look.constraints is not None:
                constraints.write(look.constraints)
            if not watch.camera_fault:  # a wrong stamp is no overload
                queue_age_s = (now_ns - frame.stamp_ns) / 1e9
        frame = None
        if (now_told := (sequence, watch.camera_fault)) != told or now_ns - told_ns >= STATUS_PERIOD_NS:
            told, told_ns = now_told, now_ns
            if now_ns - ledger.stamp_ns >= LEDGER_PERIOD_NS:
                ledger = cascade.ledger.summary(now_ns)
            fault = watch.camera_fault
            statuses.publish(
                WorkerStatus(
                    "perception", os.getpid(), sequence, now_ns, None, queue_age_s, camera_fault=fault, ledger=ledger
                )
            )

    loop = PeriodicLoop(RATE_HZ, pulse, arrived)
    try:
        loop.run(step)
    finally:
        cascade.close()
    ledger_file.save(cascade.ledger, run.path(LEDGER_FILE), cascade.device, time.monotonic_ns())


if __name__ == "__main__":
    worker_main("perception", work)
