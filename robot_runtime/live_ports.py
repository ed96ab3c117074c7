"""The agent's ports in the live runtime: shared memory for what is fast, ZeroMQ for what is slow and structured."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import zmq

from behaviours.robot import RobotState
from perception.scene import Scene
from robot_runtime import tier1
from robot_runtime.agent_api import AgentApiServer, Call, Reply
from robot_runtime.agent_ports import AgentConstraints, Beat, Tier1Event, Tier1Request
from robot_runtime.directive import Directive, WorkerStatus
from robot_runtime.transport import LatestPublisher, LatestSubscriber
from rt_control import _native as native
from rt_control.channels import RunDirectory

WATCHED = ("cameras", "perception", "policy", "fallback", "plant")
WORKERS = ("perception", "policy", "fallback")
SNAPSHOT_BACKLOG = 200


class LivePorts:
    """Implements `AgentPorts` over the channels and sockets of one run directory.

    Args:
        run: the run directory, with all channels in place.
        cloud_heard: tells when the cloud last answered.
    """

    def __init__(self, run: RunDirectory, cloud_heard: Callable[[], int | None] = lambda: None) -> None:
        self._cloud_heard = cloud_heard
        self._state = native.StateReader(run.path("state"))
        self._events = native.EventReader(run.path("events"))
        self._requests = native.RequestQueue(run.path("requests.agent"))
        self._constraints = native.ConstraintsWriter(run.path("constraints.agent"))
        self._heartbeat = native.HeartbeatWriter(run.path("heartbeat.agent"))
        self._beats = {source: native.HeartbeatReader(run.path(f"heartbeat.{source}")) for source in WATCHED}
        self._scene = LatestSubscriber(run.endpoint("perception.scene"), Scene)
        self._statuses = {
            source: LatestSubscriber(run.endpoint(f"{source}.status"), WorkerStatus) for source in WORKERS
        }
        self._directive: LatestPublisher[Directive] = LatestPublisher(run.endpoint("agent.directive"))
        self._api = AgentApiServer(run.endpoint("agent.api"))
        self._snapshots: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.PUB)
        self._snapshots.setsockopt(zmq.LINGER, 0)
        self._snapshots.setsockopt(zmq.SNDHWM, SNAPSHOT_BACKLOG)
        self._snapshots.bind(run.endpoint("agent.snapshots"))

    def robot_state(self) -> RobotState | None:
        state = self._state.read()
        return None if state is None else tier1.robot_state(state)

    def events(self) -> tuple[Sequence[Tier1Event], int]:
        events, lost = self._events.read()
        return [tier1.event(item) for item in events], lost

    def scene(self) -> Scene | None:
        return self._scene.read()

    def beat(self, source: str) -> Beat | None:
        beat = self._beats[source].read()
        return None if beat is None else tier1.beat(beat)

    def worker_status(self, source: str) -> WorkerStatus | None:
        return self._statuses[source].read()

    def cloud_heard_ns(self) -> int | None:
        return self._cloud_heard()

    def calls(self) -> Sequence[Call]:
        return self._api.receive()

    def answer(self, call: Call, reply: Reply) -> None:
        self._api.answer(call, reply)

    def send_beat(self, beat: Beat) -> None:
        self._heartbeat.write(tier1.heartbeat(beat))

    def send_constraints(self, constraints: AgentConstraints) -> None:
        self._constraints.write(tier1.constraints(constraints))

    def send_request(self, request: Tier1Request) -> bool:
        return bool(self._requests.push(tier1.request(request)))

    def send_directive(self, directive: Directive) -> None:
        self._directive.publish(directive)

    def send_snapshot(self, snapshot: bytes) -> None:
        self._snapshots.send(snapshot, zmq.NOBLOCK)

    def close(self) -> None:
        """Release the sockets."""
        self._scene.close()
        for subscriber in self._statuses.values():
            subscriber.close()
        self._directive.close()
        self._api.close()
        self._snapshots.close()
