"""An hour of fault-free work in virtual time, a minute a piece: does rt_control ever stop without a reason?

Perception is the oracle: the scenes are made from the simulator's truth, with the errors of the real pipeline.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

import msgspec

from behaviours.workcell import Workcell
from robot_runtime.lockstep import MISSION_LIMIT_S, Lockstep, LockstepOptions
from robot_runtime.report import Figure, figure
from robot_runtime.tier1_words import named, word
from rt_control import _native as native
from rt_control.description import load_robot
from trees.mission import load_mission

PIECES = 60
PIECE_S = 60.0
SEEDS_PER_PIECE = 1000  # more than the missions of a piece
AFTERWARDS_S = 1.0  # a stop while the arm comes to rest behind the mission counts as well
PERIOD_S = 0.001


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """As many whole missions as make a minute in which the robot was operated.

    Attributes:
        seeds: of the missions, in order.
        operated_s: somebody had authority, and the drives followed.
        moving_s: a command was followed.
        wall_s: that it took.
        latched_stops: each with seed, cycle and first cause.
        failures: missions that did not succeed, each with its seed.
        stops: how often, of those that were not latched, by fault.
        scaled_cycles: in which a motion was scaled or overridden, by constraint.
        refused_commands: by reason.
        refused_requests: by kind.
        lost: events and requests that no longer could be told.
    """

    seeds: tuple[int, ...]
    operated_s: float
    moving_s: float
    wall_s: float
    latched_stops: tuple[str, ...]
    failures: tuple[str, ...]
    stops: dict[str, int]
    scaled_cycles: dict[str, int]
    refused_commands: dict[str, int]
    refused_requests: dict[str, int]
    lost: int

    def __str__(self) -> str:
        unwanted = "; ".join((*self.latched_stops, *self.failures)) or "no latched stop, no failure"
        return (
            f"seeds {self.seeds[0]} to {self.seeds[-1]}: {unwanted} in {self.operated_s:.1f} s "
            f"({self.operated_s / self.wall_s:.1f} x real time)"
        )


def piece(number: int) -> Piece:
    """Run missions until a minute is together."""
    return work(range(number * SEEDS_PER_PIECE, (number + 1) * SEEDS_PER_PIECE), PIECE_S)


def work(seeds: Sequence[int], operated_s: float) -> Piece:
    """Run one whole mission after the other until the robot was operated for so long.

    Args:
        seeds: of the scenarios, one for each mission.
        operated_s: to be reached.
    """
    description = load_robot("arm7")
    mission = load_mission("sort_table", Workcell.of(description).known_names)
    watch = Watch()
    failures: list[str] = []
    used: list[int] = []
    begun = time.perf_counter()
    for seed in seeds:
        if watch.operated_s >= operated_s:
            break
        used.append(seed)
        failure = run_mission(Lockstep(description, mission, LockstepOptions(seed, oracle=True)), watch)
        failures += [failure] if failure else []
    return Piece(
        seeds=tuple(used),
        operated_s=watch.operated_s,
        moving_s=watch.moving_s,
        wall_s=time.perf_counter() - begun,
        latched_stops=tuple(watch.latched_stops),
        failures=tuple(failures),
        stops=dict(watch.stops),
        scaled_cycles=dict(watch.scaled_cycles),
        refused_commands=dict(watch.refused_commands),
        refused_requests=dict(watch.refused_requests),
        lost=watch.lost,
    )


def run_mission(lockstep: Lockstep, watch: Watch) -> str:
    """Watch every cycle of a mission, and those behind it in which the arm comes to rest.

    Returns:
        How it failed; empty if it succeeded.
    """
    seed = lockstep.options.seed
    watch.begin(seed)
    end_s = MISSION_LIMIT_S
    while lockstep.time_s < end_s:
        lockstep.step()
        assert lockstep.state is not None
        watch.see(lockstep.state, lockstep.events)
        if lockstep.agent.outcome is not None:
            end_s = min(end_s, lockstep.time_s + AFTERWARDS_S)
    result = lockstep.result()
    return "" if result.holds() else f"seed {seed}: {result.outcome} {result.reason}".rstrip()


class Watch:
    """Counts what `rt_control` did to the motion, cycle by cycle.

    Attributes:
        latched_stops: each with seed, cycle and first cause.
        stops: how often, of those that were not latched, by fault.
        scaled_cycles: in which a motion was scaled or overridden, by constraint.
        refused_commands: by reason.
        refused_requests: by kind.
        lost: events and requests that no longer could be told.
    """

    def __init__(self) -> None:
        self.latched_stops: list[str] = []
        self.stops: Counter[str] = Counter()
        self.scaled_cycles: Counter[str] = Counter()
        self.refused_commands: Counter[str] = Counter()
        self.refused_requests: Counter[str] = Counter()
        self.lost = 0
        self._operated_cycles = 0
        self._moving_cycles = 0
        self._latching = {rule.fault.value for rule in native.fault_table() if rule.latched}
        self.begin(0)

    @property
    def operated_s(self) -> float:
        """Time in which somebody had authority and the drives followed."""
        return self._operated_cycles * PERIOD_S

    @property
    def moving_s(self) -> float:
        """Time in which a command was followed."""
        return self._moving_cycles * PERIOD_S

    def begin(self, seed: int) -> None:
        """Another `rt_control` begins, with all its counts at 0."""
        self._seed = seed
        self._latched = False
        self._interventions = self._refused = self._lost = 0

    def see(self, state: native.State, events: Sequence[native.Event]) -> None:
        """Take in one cycle.

        Args:
            state: at its end.
            events: that it pushed.
        """
        follows = bool(state.drive_status & native.DriveStatus.enabled)
        self._operated_cycles += follows and state.authority != native.Source.none
        self._moving_cycles += state.execution == native.ExecutionState.active
        if state.latched and not self._latched:
            self.latched_stops.append(f"seed {self._seed}, cycle {state.cycle}: {_cause(state.first_cause)}")
        self._latched = bool(state.latched)
        if state.interventions != self._interventions:
            self.scaled_cycles[word(state.intervention.constraint)] += state.interventions - self._interventions
        if state.refused != self._refused:
            self.refused_commands[word(state.refusal)] += state.refused - self._refused
        lost = state.events_lost + state.requests_lost
        self.lost += lost - self._lost
        self._interventions, self._refused, self._lost = state.interventions, state.refused, lost
        for event in events:
            if event.kind == native.EventKind.stop_raised and event.code not in self._latching:
                self.stops[named(native.Fault, event.code)] += 1
            elif event.kind == native.EventKind.request_refused:
                self.refused_requests[named(native.RequestKind, event.code)] += 1


def _cause(cause: native.StopCause) -> str:
    axis = f" of axis {cause.axis}" if cause.axis >= 0 else ""
    return f"{word(cause.stop)} by {word(cause.fault)}{axis}, {cause.value:.6g} (limit {cause.limit:.6g})"


def figures(pieces: Sequence[Piece]) -> list[Figure]:
    """The stops that should not have been, and a table of everything milder."""
    latched = [stop for item in pieces for stop in item.latched_stops]
    failures = [failure for item in pieces for failure in item.failures]
    return [
        figure("robot operated, simulated", sum(item.operated_s for item in pieces) / 3600.0, "h"),
        figure("share of it in motion", sum(item.moving_s for item in pieces) / _operated_s(pieces)),
        figure("missions", sum(len(item.seeds) for item in pieces), note="perception: oracle"),
        figure("latched stops (false trips)", len(latched), at_most=0, note="; ".join(latched)),
        figure("missions that did not succeed", len(failures), at_most=0, note="; ".join(failures)),
        *_table("stop not latched", [item.stops for item in pieces]),
        *_table("cycles scaled or overridden", [item.scaled_cycles for item in pieces]),
        *_table("commands refused", [item.refused_commands for item in pieces]),
        *_table("requests refused", [item.refused_requests for item in pieces]),
        figure("events or requests lost", sum(item.lost for item in pieces), at_most=0),
        figure("virtual time", _operated_s(pieces) / max(sum(item.wall_s for item in pieces), 1e-9), "x real time"),
    ]


def _operated_s(pieces: Sequence[Piece]) -> float:
    return max(sum(item.operated_s for item in pieces), 1e-9)


def _table(title: str, counts: Sequence[dict[str, int]]) -> list[Figure]:
    """One figure for each kind that occurred; one that says that none did."""
    total: Counter[str] = Counter()
    for item in counts:
        total.update(item)
    if not total:
        return [figure(title, 0)]
    return [figure(f"{title}: {kind}", number) for kind, number in sorted(total.items())]
