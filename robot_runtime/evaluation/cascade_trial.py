"""Runs the cascade and what it is compared with on the same episode."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from models import backends
from models.registry import Registry
from perception.cascade import Cascade, CascadeConfig, Wish
from perception.cascade_models import CascadeModels, load_models
from perception.compute_budget import ComputeBudget, load_budget
from perception.detector_calibration import DetectorCalibration
from perception.ledger import Outcome
from perception.robot_shape import robot_capsules
from perception.scene import Scene
from perception.trigger_file import load_triggers
from perception.triggers import Workspace
from robot_runtime import model_folders
from robot_runtime.evaluation import strategies
from robot_runtime.evaluation.compute_clock import ComputeClock
from robot_runtime.evaluation.scorer import Scorer
from robot_runtime.evaluation.strategies import Strategy
from robot_runtime.evaluation.tally import Tally
from robot_runtime.perception_setup import DEVICE, measure_costs
from robot_runtime.skill_workspace import REACH_M
from rt_control import _native as native
from rt_control.description import RobotDescription, load_robot
from rt_control.model_compiler import compile_model
from sim.evaluation_sequences import Episode, Event, Moment, render_episode

ROBOT = "arm7"
WARM_UP = 10  # images whose cost does not count: what is done for the first time takes longer
LARGEST_CHANCE = 0.95


class EpisodeResult(msgspec.Struct, frozen=True):
    """What each strategy did in one episode.

    Attributes:
        number: of the episode.
        stories: what became of each thing, in a word.
        events: how many of each kind.
        tallies: by the name of the strategy.
    """

    number: int
    stories: tuple[str, ...]
    events: dict[str, int]
    tallies: dict[str, Tally]

    def __str__(self) -> str:
        ours = self.tallies[strategies.CASCADE]
        events = ", ".join(f"{count} {kind}" for kind, count in self.events.items()) or "no event"
        return (
            f"episode {self.number}: {len(self.stories)} things, {events}; cascade {ours.ms_per_image:.2f} ms an image,"
            f" mAP50 {ours.mean_average_precision():.1%}"
        )


class CascadeTrial:
    """Holds what all strategies share."""

    def __init__(
        self, description: RobotDescription, models: CascadeModels, budget: ComputeBudget, config: CascadeConfig
    ) -> None:
        """Measure what looks cost here.

        Args:
            description: of the simulated robot.
            models: of the cascade.
            budget: of the device that it is to keep.
            config: of the cascade.
        """
        cv2.setNumThreads(1)  # or the computing time of one thread would not be all
        self._description, self._budget, self.config = description, budget, config
        self._kinematics = native.Kinematics(compile_model(description))
        self._clock = ComputeClock()
        self._models = models
        self.measured_ms = measure_costs(models, self._clock.now_s, careful=1.0)

    def episode(
        self,
        seed: int,
        number: int,
        frames: int,
        sweep: bool,
        tell: Callable[[float, str], None] = lambda share, doing: None,
    ) -> EpisodeResult:
        """Measure one episode.

        Args:
            seed, number: of the episode.
            frames: how many of its first images.
            sweep: also the points of the curves.
            tell: called with the share of it that is done, and with what is being done.

        Raises:
            InputError: there is no off-screen OpenGL, or the budget cannot bear the models.
        """
        ours = self.config
        tell(0.0, "rendering")
        episode = self._rendered(seed, number, frames)
        tell(0.1, "the cascade and what it is compared with")
        tallies = self._run(strategies.compared(ours), episode.events, episode.moments)
        others = [strategies.by_lot(strategies.RANDOM, ours, _same_looks(tallies[strategies.CASCADE]))]
        others += [*strategies.ablations(ours), *(strategies.sweep(ours) if sweep else [])]
        tell(0.3, "the cascade without its parts")
        tallies |= self._run(others, episode.events, episode.moments)
        kinds = [event.kind for event in episode.events]
        return EpisodeResult(number, episode.stories, {kind: kinds.count(kind) for kind in sorted(set(kinds))}, tallies)

    def compare(self, chosen: Sequence[Strategy], seed: int, number: int, frames: int) -> dict[str, Tally]:
        """What each of some strategies did in one episode.

        Args:
            chosen: the strategies.
            seed, number: of the episode.
            frames: how many of its first images.

        Raises: see `episode`.
        """
        episode = self._rendered(seed, number, frames)
        return self._run(chosen, episode.events, episode.moments)

    def _rendered(self, seed: int, number: int, frames: int) -> Episode:
        """An episode; what is done for the first time has been done."""
        episode = render_episode(self._description, seed, number, frames)
        warm_up = Strategy("warm-up", self.config, picker=strategies.Everything)
        self._run([warm_up], episode.events, episode.moments[:WARM_UP])
        return episode

    def _run(self, chosen: Sequence[Strategy], events: Sequence[Event], moments: Sequence[Moment]) -> dict[str, Tally]:
        """Show images to cascades of several strategies, each image to all of them in turn.

        So a time in which the machine is slow slows them all alike. Each begins as often: who looks at an image first
        pays for bringing it into the processor's caches.
        """
        looking = [
            _Looking(strategy, self._cascade(strategy, moments[0].frame.stamp_ns), events, self._clock)
            for strategy in chosen
        ]
        for number, moment in enumerate(moments):
            poses = self._kinematics.link_poses(moment.arm)
            capsules = robot_capsules(poses, self._description.gripper)
            workspace = self._workspace(moment, poses[-1, :3, 3])
            first = number % len(looking)
            for item in (*looking[first:], *looking[:first]):
                item.see(moment, capsules, workspace)
        return {item.strategy.name: item.result() for item in looking}

    def _cascade(self, strategy: Strategy, now_ns: int) -> Cascade:
        return Cascade(
            self._description,
            self._models,
            self._budget,
            now_ns,
            strategy.config,
            self._clock,
            self.measured_ms,
        )

    def _workspace(self, moment: Moment, tcp_base: npt.NDArray[np.float64]) -> Workspace:
        """As of a skill that moves the hand to where the arm stops next, and there down to the table."""
        target = self._kinematics.forward(moment.arm_goal)[:3, 3].copy()
        target[2] = self._description.workcell.table_height_m
        return Workspace(target[None], np.asarray(tcp_base)[None], np.array([REACH_M]))


class _Looking:
    """One strategy that looks at the images of an episode."""

    def __init__(self, strategy: Strategy, cascade: Cascade, events: Sequence[Event], clock: ComputeClock) -> None:
        self.strategy = strategy
        self._cascade, self._clock = cascade, clock
        self._picker = None if strategy.picker is None else strategy.picker()
        self._scorer = Scorer(events)
        self._scene: Scene | None = None
        self._took_s, self._let_go = 0.0, 0

    def see(self, moment: Moment, robot: npt.NDArray[np.float64], workspace: Workspace) -> None:
        """Look at an image, and be scored."""
        objects = {} if self._scene is None else {item.track: item for item in self._scene.objects}
        closer = None if self._picker is None else self._picker.chooser(moment, objects)
        wish = Wish(self.strategy.levels, workspace=workspace, closer=closer)
        stamp_ns = moment.frame.stamp_ns
        begun = self._clock.now_s()
        seen = self._cascade.look(moment.frame, robot, stamp_ns, wish)
        self._took_s += self._clock.now_s() - begun
        self._let_go += seen is None
        self._scene = self._scene if seen is None else seen
        self._scorer.see(moment, self._cascade.tracks, self._scene)

    def result(self) -> Tally:
        """Scores and costs, after the last image."""
        tally = self._scorer.result()
        entries = [item for item in self._cascade.ledger.entries() if item.outcome in (Outcome.RUN, Outcome.LATE)]
        tally.let_go = self._let_go
        tally.level1_ms = sum(item.cost_ms for item in entries if item.level == 1)
        tally.level2_ms = sum(item.cost_ms for item in entries if item.level == 2)
        tally.rest_ms = self._took_s * 1e3 - tally.level1_ms - tally.level2_ms
        tally.looks = sum(item.level == 2 for item in entries)
        return tally


def _same_looks(cascade: Tally) -> float:
    """The chance with which looks by lot are as many as the cascade's."""
    return float(np.clip(cascade.looks / max(cascade.candidates, 1), 1e-4, LARGEST_CHANCE))


@contextmanager
def open_trial(calibration: DetectorCalibration | None = None) -> Iterator[CascadeTrial]:
    """A trial of the bound models on the simulated robot; the models are closed with it.

    Args:
        calibration: of the detector; None: the one that is kept.

    Raises:
        ModelRefusedError: a model fails a check.
        InputError: a role has no model, or its detector was never calibrated.
    """
    with Registry(model_folders.folder()) as registry:
        models = load_models(registry, backends.get(backends.DEFAULT), calibration=calibration)
        config = CascadeConfig(triggers=load_triggers(registry.user))
        yield CascadeTrial(load_robot(ROBOT), models, load_budget(DEVICE), config)


def episodes_of(frames: int, of_one: int) -> Sequence[int]:
    """Into how many images of each episode a number of images is divided: whole episodes, and what is left."""
    whole, left = divmod(frames, of_one)
    return [of_one] * whole + ([left] if left else [])
