"""The fallback worker: always warm, at a low rate, without any GPU library. Looks by stereo, and can move the arm."""

from __future__ import annotations

import os

import cv2
import numpy as np

from perception.robot_shape import position_at, robot_capsules
from policies.reactive import ReactiveController
from policies.skill import SkillReport
from robot_runtime.directive import Directive, WorkerStatus
from robot_runtime.frames import read_frame
from robot_runtime.transport import LatestPublisher, LatestSubscriber
from robot_runtime.workers.context import WorkerContext, worker_main
from robot_runtime.workers.loop import PeriodicLoop
from robot_runtime.workers.stereo_watch import StereoWatch
from rt_control import _native as native
from rt_control.heartbeat import Pulse

RATE_HZ = 10.0


def work(context: WorkerContext) -> None:
    """Measure the nearest unexplained point ten times a second; move the arm while it has the authority."""
    cv2.setNumThreads(1)
    run, description = context.run, context.description
    kinematics = native.Kinematics(context.model())
    watch = StereoWatch(description)
    controller = ReactiveController(description, kinematics)
    left_name, right_name = (description.camera_of(role).name for role in ("stereo_left", "stereo_right"))
    left_frames, right_frames = (native.FrameReader(run.path(f"frame.{name}")) for name in (left_name, right_name))
    states = native.StateReader(run.path("state"))
    constraints = native.ConstraintsWriter(run.path("constraints.fallback"))
    commands = native.CommandWriter(run.path("command.fallback"))
    directives = LatestSubscriber(run.endpoint("agent.directive"), Directive)
    statuses: LatestPublisher[WorkerStatus] = LatestPublisher(run.endpoint("fallback.status"))
    pulse = Pulse(run.path("heartbeat.fallback"), native.Source.fallback)
    seen_number = 0
    report: SkillReport | None = None

    def step(now_ns: int) -> None:
        nonlocal seen_number, report
        directive, state = directives.read(), states.read()
        sequence = 0 if directive is None else directive.sequence
        queue_age_s = 0.0
        if state is not None:
            left = read_frame(left_frames, left_name, seen_number)
            right = read_frame(right_frames, right_name)
            if left is not None and right is not None and left.stamp_ns == right.stamp_ns:  # else: of two moments
                seen_number = left.number
                position = position_at(left.stamp_ns, state.position, state.velocity, state.stamp_ns)
                capsules = robot_capsules(kinematics.link_poses(position), description.gripper)
                seen = watch.look(left, right, capsules, np.asarray(state.velocity), now_ns)
                if seen is not None:
                    constraints.write(seen)
                if not watch.camera_fault:  # a wrong stamp is no overload
                    queue_age_s = (now_ns - left.stamp_ns) / 1e9
            else:
                watch.wait(now_ns)
            assignment = None
            if directive is not None and directive.profile.policy == "reactive":
                assignment = directive.assignment
            if assignment is not None or state.authority == native.Source.fallback:
                command, report = controller.tick(now_ns, state, assignment)
                if command is not None:
                    commands.write(command)
        statuses.publish(
            WorkerStatus(
                "fallback", os.getpid(), sequence, now_ns, report, queue_age_s, camera_fault=watch.camera_fault
            )
        )

    PeriodicLoop(RATE_HZ, pulse).run(step)


if __name__ == "__main__":
    worker_main("fallback", work)
