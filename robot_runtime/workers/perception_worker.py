"""The perception worker: camera images in, scene and nearest person out. Touches no motor."""

from __future__ import annotations

import os
import time

import cv2

from perception.frames import Frame
from perception.robot_shape import LONGEST_LOOK_BACK_S, position_at, robot_capsules
from perception.scene import Scene
from robot_runtime.directive import Directive, WorkerStatus
from robot_runtime.frames import read_frame
from robot_runtime.perception_setup import make_cascade
from robot_runtime.person_constraints import person_constraints
from robot_runtime.skill_workspace import wish_of
from robot_runtime.transport import LatestPublisher, LatestSubscriber
from robot_runtime.workers.context import WorkerContext, worker_main
from robot_runtime.workers.loop import PeriodicLoop
from rt_control import _native as native
from rt_control.heartbeat import Pulse

RATE_HZ = 30.0
STATUS_PERIOD_NS = 50_000_000


def work(context: WorkerContext) -> None:
    """Look at each new image of the RGB-D camera, at most as often as the profile in force says."""
    cv2.setNumThreads(1)
    run, description = context.run, context.description
    cascade = make_cascade(description, time.monotonic_ns())
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
    scene: Scene | None = None
    seen_number = 0
    told_ns = 0
    acknowledged = 0

    def arrived() -> bool:
        nonlocal frame
        frame = read_frame(frames, camera, seen_number)
        return frame is not None

    def step(now_ns: int) -> None:
        nonlocal frame, scene, seen_number, told_ns, acknowledged
        directive = directives.read()
        rate_hz = RATE_HZ if directive is None else directive.profile.perception_rate_hz
        sequence = 0 if directive is None else directive.sequence
        loop.rate_hz = rate_hz or RATE_HZ
        queue_age_s = 0.0
        state = states.read()
        if frame is not None and state is not None and rate_hz > 0.0:
            seen_number = frame.number
            queue_age_s = (now_ns - frame.stamp_ns) / 1e9
            position = position_at(frame.stamp_ns, state.position, state.velocity, state.stamp_ns)
            poses = kinematics.link_poses(position)
            capsules = robot_capsules(poses, description.gripper)
            wish = wish_of(directive, scene, poses[-1, :3, 3], description.workcell)
            seen = cascade.look(frame, capsules, now_ns, wish)
            if seen is not None:  # else it was too late for this image: the next one is newer
                scene = seen
                scenes.publish(seen)
                if queue_age_s <= LONGEST_LOOK_BACK_S:  # else the robot's own place is not known: be stale, and say so
                    constraints.write(
                        person_constraints(native.Source.perception, seen.stamp_ns, seen.person_distance_m)
                    )
        frame = None
        if sequence != acknowledged or now_ns - told_ns >= STATUS_PERIOD_NS:
            acknowledged, told_ns = sequence, now_ns
            statuses.publish(WorkerStatus("perception", os.getpid(), sequence, now_ns, None, queue_age_s))

    loop = PeriodicLoop(RATE_HZ, pulse, arrived)
    loop.run(step)


if __name__ == "__main__":
    worker_main("perception", work)
