"""The policy worker: state and scene in, action chunks out, at 100 Hz. Moves nothing without the agent's authority."""

from __future__ import annotations

import os

from perception.scene import Scene
from policies.skill import SkillReport
from robot_runtime.directive import Directive, WorkerStatus
from robot_runtime.policy_setup import choose_policy, make_executor
from robot_runtime.transport import LatestPublisher, LatestSubscriber
from robot_runtime.workers.context import WorkerContext, worker_main
from robot_runtime.workers.loop import PeriodicLoop
from rt_control import _native as native
from rt_control.errors import DynamicalError
from rt_control.heartbeat import Pulse

RATE_HZ = 100.0
STATUS_PERIOD_NS = 50_000_000


def work(context: WorkerContext) -> None:
    """Execute what the newest directive assigns."""
    run, description = context.run, context.description
    executor = make_executor(
        description, native.Kinematics(context.model()), choose_policy(context.policy, context.policy_key_file)
    )
    states = native.StateReader(run.path("state"))
    commands = native.CommandWriter(run.path("command.policy"))
    scenes = LatestSubscriber(run.endpoint("perception.scene"), Scene)
    directives = LatestSubscriber(run.endpoint("agent.directive"), Directive)
    statuses: LatestPublisher[WorkerStatus] = LatestPublisher(run.endpoint("policy.status"))
    pulse = Pulse(run.path("heartbeat.policy"), native.Source.policy)
    loop = PeriodicLoop(RATE_HZ, pulse)
    told: tuple[int, SkillReport | None] = (-1, None)
    told_ns = 0

    def step(now_ns: int) -> None:
        nonlocal told, told_ns
        state, directive = states.read(), directives.read()
        if state is None or directive is None:
            return
        loop.rate_hz = directive.profile.policy_rate_hz or RATE_HZ
        assignment = directive.assignment if directive.profile.policy == "learned" else None
        command, report = executor.tick(now_ns, state, scenes.read(), assignment)
        if command is not None:
            commands.write(command)
        now_told = (directive.sequence, report)
        if now_told != told or now_ns - told_ns >= STATUS_PERIOD_NS:
            told, told_ns = now_told, now_ns
            statuses.publish(WorkerStatus("policy", os.getpid(), directive.sequence, now_ns, report))
        if executor.fault:  # a policy that hangs cannot be ended but with its process; the supervisor starts it anew
            raise DynamicalError(executor.fault)

    loop.run(step)


if __name__ == "__main__":
    worker_main("policy", work)
