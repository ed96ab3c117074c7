"""The cascade: every image gets a cheap look, and what deserves it a closer one, within the image's time.

One call per image. Level 1 finds things and people; tracks tell what is new, moves or is doubtful; level 2 looks at
those, as far as the deadline and the device's budget allow; the scene tells what is believed. Each look is written
into the ledger with its cost and its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from models.preprocessing import PreparedImage
from models.roles import DepthMap
from perception.cascade_models import CascadeModels
from perception.colour import colour_of, is_skin, to_hsv
from perception.compute_budget import ComputeBudget
from perception.compute_plan import place
from perception.cost_meter import CostMeter, MeasuredCost
from perception.deadline_scheduler import DeadlineScheduler
from perception.feature_cache import CacheConfig, FeatureCache
from perception.frames import Frame
from perception.jobs import NO_TRACK, Admitted, Decision, Job, Why
from perception.ledger import Entry, Ledger, Outcome
from perception.level_one import MODEL_POSITION_STD_M, POSITION_STD_M, observations, points_of_depth_model, rough_region
from perception.level_three import SceneLooks
from perception.level_two import look_closer
from perception.miss_rate import MissRate
from perception.object_geometry import Placed, is_in_hand, may_be_object, place_thing, points_of
from perception.observation import Observation
from perception.optical_flow import OpticalFlow, speed_in_box
from perception.person import PersonFinder
from perception.person_range import EXACT, DepthNoise, PersonRange, person_range
from perception.place import place_at, place_in
from perception.point_image import PointImage, Unprojector
from perception.reasons import Reason
from perception.scene import Scene, SceneObject, SceneReport, Vector3
from perception.scene_level import SceneLevel
from perception.scene_triggers import Situation
from perception.schedule_rules import allowed_ms_per_s, first_estimates, scheduler_rules
from perception.shape import SHAPES
from perception.things import Things
from perception.track_life import Place
from perception.tracker import Tracker
from perception.tracker_config import TrackerConfig
from perception.tracks import PERSON, Track
from perception.triggers import LastLook, LookPlan, TriggerConfig, Workspace, plan_looks
from rt_control.robot_file import RobotDescription

Array = npt.NDArray[np.float64]

CLOSER = "closer_look"
PERSON_STEP = 2  # each second pixel: a finger covers a few at the table
CAPACITY = 64  # tracks whose closer looks are remembered
EMBEDDING = 64
NEVER_NS = 2**63 - 1


@dataclass(frozen=True, slots=True)
class CascadeConfig:
    """What the cascade decides by.

    Attributes:
        triggers, tracker, cache: see there.
        depth_noise: of the depth camera; a simulated one has none.
        seed: of looks by lot.
    """

    triggers: TriggerConfig = TriggerConfig()
    tracker: TrackerConfig = TrackerConfig()
    cache: CacheConfig = CacheConfig(moved_m=0.015, moved_px=6.0)
    depth_noise: DepthNoise = DepthNoise()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Wish:
    """What the profile in force and the running skill ask for.

    Attributes:
        levels: that may run.
        flow: whether level 1 includes optical flow.
        workspace: where the running skill acts; None: none runs.
        high_value: the running skill is worth a look of level 3.
        remote: whether level 3 may run elsewhere.
        closer: instead of triggers and budget, which of the things in view level 2 looks at, by track, whatever it
            costs: to compare the cascade with.
    """

    levels: tuple[int, ...] = (1, 2)
    flow: bool = True
    workspace: Workspace | None = None
    high_value: bool = False
    remote: bool = False
    closer: Callable[[Sequence[Track]], Collection[int]] | None = None


@dataclass
class _Moment:
    """What is known of the image in hand."""

    frame: Frame
    image: PreparedImage
    points: PointImage | None
    robot: Array
    now_ns: int
    flow: npt.NDArray[np.float32] | None = None

    @cached_property
    def hsv(self) -> npt.NDArray[np.uint8]:
        """Of the whole image; most images are never asked for it."""
        return to_hsv(self.frame.rgb)


class Cascade:
    """Holds tracks, caches, budget and ledger; used by one thread."""

    def __init__(
        self,
        description: RobotDescription,
        models: CascadeModels,
        budget: ComputeBudget,
        now_ns: int,
        config: CascadeConfig | None = None,
        cost: CostMeter | None = None,
        measured_ms: dict[str, float] | None = None,
        scene_looks: SceneLooks | None = None,
    ) -> None:
        """Set it up.

        Args:
            description: of the robot.
            models: that it runs.
            budget: of the device.
            now_ns: this moment.
            config: see there.
            cost: what computing costs; by default measured.
            measured_ms: what looks were measured to take on this device, by role.
            scene_looks: level 3, here or elsewhere; None: there is none.

        Raises:
            InputError: what must run on the robot does not fit into the budget.
        """
        self._config = CascadeConfig() if config is None else config
        self._workcell = description.workcell
        self._models = models
        self._cost: CostMeter = MeasuredCost() if cost is None else cost
        plan = place(budget, measured_ms or {})
        rules = scheduler_rules(budget, plan, measured_ms or {})
        self._scheduler = DeadlineScheduler(rules, first_estimates(budget, measured_ms or {}), now_ns)
        self.device = budget.device
        self.ledger = Ledger(allowed_ms_per_s(budget, plan, measured_ms or {}), now_ns)
        self.misses = MissRate()
        self._tracker = Tracker(self._config.tracker)
        self._cache = FeatureCache(CAPACITY, EMBEDDING, len(SHAPES), self._config.cache)
        self._looked_ns: dict[int, int] = {}
        self._random = np.random.default_rng(self._config.seed)
        self._flow = OpticalFlow()
        self._unprojector, self._coarse_unprojector = Unprojector(), Unprojector(PERSON_STEP)
        self._people = PersonFinder(description.workcell)
        self._noise = EXACT if description.robot.simulated else self._config.depth_noise
        self._things = Things()
        self._scene_level = None if scene_looks is None else SceneLevel(scene_looks, self._config.triggers)
        self._person_m: float | None = None
        self._sequence = 0
        self._stamp_ns = -1

    @property
    def tracks(self) -> tuple[Track, ...]:
        """After the last image."""
        return self._tracker.tracks

    def look(self, frame: Frame, robot: Array, now_ns: int, wish: Wish | None = None) -> Scene | None:
        """Look at an image.

        Args:
            frame: of the camera; without depth, a network's estimate takes its place, and no person is measured.
            robot: its capsules when the frame was measured, see `robot_capsules`, (k, 8).
            now_ns: this moment.
            wish: of profile and skill.

        Returns:
            The scene after it; None where the image was let go because level 1 would have been late.
        """
        wish = Wish() if wish is None else wish
        if frame.stamp_ns <= self._stamp_ns:
            raise ValueError(f"frame {frame.number} of stamp {frame.stamp_ns} is not newer than {self._stamp_ns}")
        # What a depth camera measures no network need estimate.
        roles = ("detector", *(() if frame.depth_m is not None else ("depth",)), *(("flow",) if wish.flow else ()))
        first = [Job(1, role, NO_TRACK, Reason.LEVEL1, 10.0) for role in roles]
        decision = self._scheduler.begin_frame(frame.stamp_ns, now_ns, first)
        if not decision.run:
            self._record_refused(decision, frame)
            return None
        self._stamp_ns = frame.stamp_ns
        moment = _Moment(frame, PreparedImage(frame.rgb), None, robot, now_ns)
        seen = self._level_one(moment, decision.run)
        gone_before = {track.id for track in self._tracker.tracks}
        tracks = self._tracker.update(seen, frame.stamp_ns, self._place_in(frame))
        gone = gone_before - {track.id for track in tracks}
        self._closer(moment, tracks, gone, wish)
        tracks = self._tracker.tracks
        self._measure_roughly(moment, tracks)
        return self._scene(moment, tracks)

    def close(self) -> None:
        """Ask nobody any more."""
        if self._scene_level is not None:
            self._scene_level.close()

    def _place_in(self, frame: Frame) -> Callable[[Track], Place]:
        """What an image shows where a thing should be: where it was measured, else where its track says."""
        elsewhere = place_in(frame, self._workcell.table_height_m)

        def place_is(track: Track) -> Place:
            placed = self._things.placed(track.id)
            if placed is None:
                return elsewhere(track)
            x, y, z = (float(value) for value in placed.measured.position_base)
            return place_at((x, y, z), placed.measured.size_m[2], frame)

        return place_is

    def _level_one(self, moment: _Moment, admitted: Sequence[Admitted]) -> list[Observation]:
        frame, models = moment.frame, self._models
        depth_map: DepthMap | None = None
        for look in admitted:
            begun = self._cost.begin()
            if look.job.role == "detector":
                detections = models.detector.detect(moment.image)
            elif look.job.role == "depth":
                depth_map = models.depth.estimate(moment.image)
            else:
                moment.flow = self._flow.update(frame.rgb, frame.stamp_ns)
            self._finish(moment, look, self._cost.took_ms(look.job.role, 1, begun))
        std_m = POSITION_STD_M
        if frame.depth_m is not None:
            moment.points = self._unprojector.points(frame)
        elif depth_map is not None and depth_map.metric:
            std_m = MODEL_POSITION_STD_M
            estimated = points_of_depth_model(depth_map.depth, frame)
            moment.points = self._unprojector.points_at(frame, estimated)
        table_m = self._workcell.table_height_m
        return observations(detections, models.calibration, moment.points, std_m, moment.robot, table_m)

    def _closer(self, moment: _Moment, tracks: tuple[Track, ...], gone: set[int], wish: Wish) -> None:
        """Levels 2 and 3: what they should look at, what of it there is time for, and the looks."""
        things = [track for track in tracks if track.label != PERSON]
        by_id = {track.id: track for track in things}
        jobs: list[Job] = []
        chances: dict[int, float] = {}
        chosen: list[Admitted] | None = None
        if 2 in wish.levels:
            self._release_moved(moment, things)
            if wish.closer is not None:
                chosen = _chosen(wish.closer, things)
            else:
                plan = self._wanted(moment, things, wish)
                chances = {item.track_id: item.probability for item in plan.requests}
                jobs += [Job(2, CLOSER, item.track_id, item.reasons, item.priority) for item in plan.requests]
        in_view = [track.embedding for track in things if track.missed == 0 and track.embedding is not None]
        shut = {2, 3} - set(wish.levels)
        scene_level = self._scene_level
        if scene_level is not None and 3 not in shut:
            has_clip = scene_level.take(moment.frame)
            if not scene_level.may_ask(moment.now_ns, wish.remote):
                shut.add(3)
            elif has_clip:
                jobs += scene_level.wanted(self._situation(things, wish), in_view, moment.now_ns)
        out_of_view = {track.id for track in tracks if track.label == PERSON or track.missed}
        decision = self._scheduler.plan(moment.frame.stamp_ns, moment.now_ns, jobs, gone | out_of_view, shut)
        self._record_refused(decision, moment.frame)
        run = [item for item in decision.run if item.job.level == 2 and item.job.track in by_id]
        self._look_closer(moment, run if chosen is None else chosen, by_id, chances)
        for item in decision.run:
            if item.job.level == 3 and scene_level is not None:
                scene_level.ask(item, in_view, moment.now_ns)

    def _release_moved(self, moment: _Moment, things: Sequence[Track]) -> None:
        """What was measured closely holds no more where a thing has moved."""
        stamp_ns = moment.frame.stamp_ns
        for track in things:
            holds = self._cache.holds(track.id, track.position_base, track.box, stamp_ns)
            if track.id in self._looked_ns and not holds:
                self._things.release(track.id)

    def _wanted(self, moment: _Moment, things: Sequence[Track], wish: Wish) -> LookPlan:
        stamp_ns = moment.frame.stamp_ns
        last = {
            track.id: LastLook(
                (stamp_ns - self._looked_ns[track.id]) * 1e-9,
                self._cache.holds(track.id, track.position_base, track.box, stamp_ns),
            )
            for track in things
            if track.id in self._looked_ns
        }
        speeds = self._image_speeds(moment, things)
        plan = plan_looks(things, last, wish.workspace, self._config.triggers, self._random, speeds)
        self.misses.pass_over(plan.passed_over)
        return plan

    def _situation(self, things: Sequence[Track], wish: Wish) -> Situation:
        """What level 3's reasons are judged by; people as of the image before."""
        occluded = max((track.occluded for track in things), default=0.0)
        return Situation(self._person_m, occluded, wish.high_value, None, None)

    def _look_closer(
        self, moment: _Moment, run: Sequence[Admitted], by_id: Mapping[int, Track], chances: Mapping[int, float]
    ) -> None:
        if not run:
            return
        frame = moment.frame
        begun = self._cost.begin()
        boxes = [by_id[item.job.track].box for item in run]
        looks = look_closer(
            self._models, moment.image, boxes, frame, moment.points, moment.hsv, moment.robot, self._workcell
        )
        took_ms = self._cost.took_ms(CLOSER, len(run), begun) / len(run)
        for item, look in zip(run, looks, strict=True):
            track = by_id[item.job.track]
            if item.job.reasons == Reason.SHADOW:
                best = max(look.appearance.class_scores, key=look.appearance.class_scores.__getitem__, default="")
                self.misses.looked(best != track.label, chances.get(track.id, 1.0))
            self._looked_ns[track.id] = frame.stamp_ns
            goes_on = self._tracker.looked_at(track.id, look.appearance, look.covered_share)
            if goes_on is not None:
                self._looked_ns[goes_on] = frame.stamp_ns
                classes = np.array([look.appearance.class_scores.get(shape, 0.0) for shape in SHAPES], dtype=np.float32)
                self._cache.put(
                    goes_on, look.appearance.embedding, classes, track.position_base, track.box, frame.stamp_ns
                )
                if look.placed is not None and not look.in_hand and self._is_worth(moment, goes_on, look.placed):
                    measured = replace(track, id=goes_on)
                    self._things.measured(measured, look.colour, look.placed, frame.stamp_ns, close=True)
            self._finish(moment, item, took_ms)

    def _image_speeds(self, moment: _Moment, things: Sequence[Track]) -> dict[int, float]:
        """How fast each thing's image moves, m/s; only of those in view whose distance is known."""
        if moment.flow is None:
            return {}
        places = {track: track.position_base for track in things if track.missed == 0 and track.position_base}
        if not places:
            return {}
        depths_m = moment.frame.project(np.array(list(places.values())))[:, 2].tolist()
        flow, width, fx = moment.flow, moment.image.width, moment.frame.fx
        return {
            track.id: speed_in_box(flow, track.box, width, depth_m / fx)
            for track, depth_m in zip(places, depths_m, strict=True)
        }

    def _measure_roughly(self, moment: _Moment, tracks: tuple[Track, ...]) -> None:
        """Things that level 2 has not measured get the place that their box and the depth image show."""
        if moment.points is None or moment.frame.depth_m is None:
            return
        candidates = None
        for track in tracks:
            if track.missed or track.label == PERSON or self._holds(track, moment.frame.stamp_ns):
                continue
            candidates = may_be_object(moment.points, self._workcell) if candidates is None else candidates
            region = rough_region(track.box, track.label, moment.hsv, candidates, moment.frame)
            if region is None:
                continue
            thing = points_of(moment.points, region)
            if is_in_hand(thing, moment.robot):
                continue
            shape = next((item for item in SHAPES if item == track.label), None)
            placed = place_thing(thing, shape, self._workcell)
            if placed is not None and self._is_worth(moment, track.id, placed):
                left, top, width, height = region.box
                colour = colour_of(moment.hsv[top : top + height, left : left + width][region.mask])
                self._things.measured(track, colour, placed, moment.frame.stamp_ns, close=False)

    def _is_worth(self, moment: _Moment, track_id: int, placed: Placed) -> bool:
        """Whether a measurement may replace what is known: of what is half hidden only if its place is seen empty."""
        known = self._things.placed(track_id)
        hidden = placed.hidden_share > self._config.triggers.half_hidden
        if known is None or not hidden or placed.certainty >= known.certainty:
            return True
        x, y, z = (float(value) for value in known.measured.position_base)
        return place_at((x, y, z), known.measured.size_m[2], moment.frame) is Place.EMPTY

    def _holds(self, track: Track, stamp_ns: int) -> bool:
        known = self._things.knows(track.id)
        return known and self._cache.holds(track.id, track.position_base, track.box, stamp_ns)

    def _scene(self, moment: _Moment, tracks: tuple[Track, ...]) -> Scene:
        self._things.keep(track.id for track in tracks)
        self._looked_ns = {key: value for key, value in self._looked_ns.items() if any(t.id == key for t in tracks)}
        objects = self._things.objects(tracks)
        person, person_at = self._nearest_person(moment, objects)
        self._person_m = None if person is None else person.careful_distance_m
        self._sequence += 1
        return Scene(
            sequence=self._sequence,
            stamp_ns=min(moment.frame.stamp_ns, moment.now_ns),
            objects=objects,
            person_distance_m=None if person is None else person.distance_m,
            source="cascade",
            report=self._report(moment),
            person_uncertainty_m=None if person is None else person.uncertainty_m,
            person_point_base=person_at,
        )

    def _nearest_person(
        self, moment: _Moment, objects: Sequence[SceneObject]
    ) -> tuple[PersonRange | None, Vector3 | None]:
        """The nearest person, how well that is known, and its point; None if nobody is seen, or nothing measured."""
        frame = moment.frame
        if frame.depth_m is None or moment.points is None:
            return None, None
        points = self._coarse_unprojector.points(frame)
        rows, columns = points.shape
        # The nearest pixel of a whole step is each step-th one, as of the points.
        pixels = np.asarray(cv2.resize(frame.rgb, (columns, rows), interpolation=cv2.INTER_NEAREST), dtype=np.uint8)
        found = self._people.nearest(points, is_skin(to_hsv(pixels)), moment.robot, objects)
        if found is None:
            return None, None
        depth_m = found.pixel_m * frame.fx
        known = person_range(found.distance_m, depth_m, frame.fx, self._noise, pixel_step=PERSON_STEP)
        return known, found.point_base

    def _report(self, moment: _Moment) -> SceneReport | None:
        """The newest answer of level 3."""
        if self._scene_level is None:
            return None
        ended = self._scene_level.poll(moment.now_ns)
        if ended is not None:
            look, answer = ended
            if answer.insight is None:
                self._scheduler.fail(look)
                self._record(moment.frame, look.job, 0.0, Outcome.FAILED)
            else:
                self._finish(moment, look, answer.took_ms, beside=True)
        return self._scene_level.report

    def _finish(self, moment: _Moment, look: Admitted, took_ms: float, beside: bool = False) -> None:
        """Write a look down; one beside the images took none of their time."""
        if not beside:
            moment.now_ns += round(took_ms * 1e6)
        late = self._scheduler.finish(look, took_ms, moment.now_ns)
        self._record(moment.frame, look.job, took_ms, Outcome.LATE if late else Outcome.RUN)

    def _record_refused(self, decision: Decision, frame: Frame) -> None:
        refused: list[tuple[tuple[Job, Why], Outcome]] = [(item, Outcome.DEFERRED) for item in decision.deferred]
        refused += [(item, Outcome.DROPPED) for item in decision.dropped]
        for (job, _), outcome in refused:
            self._record(frame, job, 0.0, outcome)

    def _record(self, frame: Frame, job: Job, took_ms: float, outcome: Outcome) -> None:
        reasons = int(job.reasons)
        self.ledger.record(
            Entry(frame.stamp_ns, frame.number, job.level, job.role, job.track, reasons, took_ms, outcome)
        )


def _chosen(closer: Callable[[Sequence[Track]], Collection[int]], things: Sequence[Track]) -> list[Admitted]:
    """Looks that no scheduler has planned: they are never late."""
    in_view = [track for track in things if track.missed == 0]
    jobs = [Job(2, CLOSER, track_id, Reason.HIGH_VALUE, 10.0) for track_id in sorted(closer(in_view))]
    return [Admitted(job, 0.0, NEVER_NS) for job in jobs]
