"""Whether the cloud answers: asked twice a second by a thread beside the agent, which only reads when it last did."""

from __future__ import annotations

import logging
import threading

from cloud.protocol import BEAT, HEARTBEAT_PATH
from robot_runtime.cloud_service import CloudAddress, CloudService
from rt_control.clock import Clock
from rt_control.scheduling import step_back

PERIOD_S = 0.5
LIMIT_S = 1.0

_logger = logging.getLogger(__name__)


class CloudHeartbeat:
    """Asks until it is closed."""

    def __init__(self, address: CloudAddress, clock: Clock, period_s: float = PERIOD_S) -> None:
        self._service = CloudService(address, LIMIT_S)
        self._clock = clock
        self._period_s = period_s
        self._heard_ns: int | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cloud heartbeat", daemon=True)
        self._thread.start()

    @property
    def heard_ns(self) -> int | None:
        """When the newest question was asked that the cloud has answered; None if it never has."""
        return self._heard_ns

    def close(self) -> None:
        """Ask no more; returns when the last question is over."""
        self._ended.set()
        self._thread.join()
        self._service.close()

    def _run(self) -> None:
        step_back()
        told = ""
        while not self._ended.is_set():
            asked_ns = self._clock.now_ns()
            try:
                beat = self._service.call("GET", HEARTBEAT_PATH)
                trouble = "" if beat == BEAT else f"answers {beat[:40]!r}; it is no cloud of ours, or another version"
            except Exception as error:  # whatever happens to it: a thread that has ended hears nothing any more
                trouble = str(error) or type(error).__name__
            if not trouble:
                self._heard_ns = asked_ns
            if trouble != told:
                told = trouble
                _logger.warning("cloud: %s", trouble or "answers")
            self._ended.wait(self._period_s)
