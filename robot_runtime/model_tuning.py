"""Fits what a detector's scores mean on rendered images that no model was trained on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.manifest import Manifest
from models.preprocessing import PreparedImage
from models.roles import Detections, Detector, FeatureExtractor
from models.training.dataset import Dataset
from models.training.measures import IGNORED, Truth, partners
from models.training.truth import DETECTOR_CLASSES, truth_of
from perception.calibration import expected_calibration_error, fit_calibration
from perception.confidence_curve import ConfidenceCurve, Looked, confidence_curve, seconds_to_know
from perception.conformal import trusted_score, upper_bound
from perception.detector_calibration import DetectorCalibration
from perception.label_belief import LEVEL2_WEIGHT, LabelBelief
from perception.tracks import PERSON
from perception.triggers import TriggerConfig
from robot_runtime.line_plot import Line, Mark, Panel
from robot_runtime.report import Figure, Reference, figure
from rt_control.errors import InputError

ALPHA, DELTA = 0.05, 0.05  # of the guarantee: errors among what is trusted, and its own failure
LARGEST_ERROR = 0.05  # of calibration: 0.7 has to mean 0.7
RATE_HZ = 30.0
MISS_STD = 0.01
BINS = 10

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Samples:
    """What the detector said of a data set, one entry for each thing that it said; things that need not be found apart.

    Attributes:
        scores: (n,), of the network.
        there: (n,), whether there is a thing of that kind.
        person: (n,), whether it said a person.
        label_right: (n,), whether the name is right; False where there is no thing.
        first: (n,), of the first image of a group: the next ones show the same things.
        names: (n,), what it said.
        true_names: (n,), what is there; empty where nothing is.
        shapes: (n,), what a closer look says by its looks alone; empty for people and where nothing is.
    """

    scores: Floats
    there: Mask
    person: Mask
    label_right: Mask
    first: Mask
    names: tuple[str, ...]
    true_names: tuple[str, ...]
    shapes: tuple[dict[str, float], ...]

    @property
    def named(self) -> Mask:
        """(n,), things that are there and no people: those whose name may be wrong."""
        return self.there & ~self.person


def sample(data: Dataset, detector: Detector, features: FeatureExtractor, tell: Callable[[int, int], None]) -> Samples:
    """Let the models look at every image.

    Args:
        data: labelled images.
        detector, features: that are measured.
        tell: called with how many images were looked at, and how many there are.

    Raises:
        InputError: the detector found nothing at all.
    """
    rows: list[tuple[float, bool, bool, bool, bool, str, str, dict[str, float]]] = []
    last_group: tuple[int, int] | None = None
    for index in range(len(data)):
        shard, number = data.where(index)
        group = id(shard), int(shard.group[number])
        image = PreparedImage(np.array(shard.rgb[number]))
        found = detector.detect(image)
        truth = truth_of(shard.objects[number], np.asarray(shard.instance[number]))
        partner = _partners(found, truth)
        shapes = _shapes(features, image, found, partner)
        for place, (score, label) in enumerate(zip(found.scores.tolist(), found.labels.tolist(), strict=True)):
            if partner[place] == IGNORED:
                continue
            name = found.names[label]
            true = DETECTOR_CLASSES[truth.labels[partner[place]]] if partner[place] >= 0 else ""
            first = group != last_group
            rows.append((score, bool(true), name == PERSON, name == true, first, name, true, shapes[place]))
        last_group = group
        tell(index + 1, len(data))
    if not rows:
        raise InputError("the detector found nothing in any image; train it for longer, or take another one")
    scores, there, person, right, first_of, names, true_names, looks = zip(*rows, strict=True)
    return Samples(
        np.array(scores),
        np.array(there),
        np.array(person),
        np.array(right),
        np.array(first_of),
        names,
        true_names,
        looks,
    )


def _partners(found: Detections, truth: Truth) -> npt.NDArray[np.intp]:
    """Index of the true thing of each detection (n,), see `matched`; people only with people."""
    partner = np.full(len(found.scores), -1, dtype=np.intp)
    said_person = np.array([found.names[label] == PERSON for label in found.labels], dtype=bool)
    is_person = truth.labels == DETECTOR_CLASSES.index(PERSON)
    for kind in (False, True):
        mine, theirs = np.flatnonzero(said_person == kind), np.flatnonzero(is_person == kind)
        ignored = truth.ignored[theirs]
        got = partners(found.boxes[mine], truth.boxes[theirs], ~ignored, ignored)
        hit = got >= 0
        partner[mine] = got
        partner[mine[hit]] = theirs[got[hit]]
    return partner


def _shapes(
    features: FeatureExtractor, image: PreparedImage, found: Detections, partner: npt.NDArray[np.intp]
) -> list[dict[str, float]]:
    looks: list[dict[str, float]] = [{} for _ in partner]
    asked = [place for place in np.flatnonzero(partner >= 0) if found.names[found.labels[place]] != PERSON]
    given = features.extract(image, found.boxes[asked])
    if given.class_scores is not None:
        for place, row in zip(asked, given.class_scores.tolist(), strict=True):
            looks[place] = dict(zip(given.names, row, strict=True))
    return looks


def fit(samples: Samples, detector: Manifest) -> DetectorCalibration:
    """What the scores of a detector mean.

    Raises:
        InputError: there are no objects among the samples.
    """
    named = samples.named
    if not named.any():
        raise InputError("the detector found no object that is there; render more --images, or train it for longer")
    return DetectorCalibration(
        detector.golden.sha256,
        fit_calibration(samples.scores, samples.there),
        fit_calibration(samples.scores[named], samples.label_right[named]),
    )


def looked(samples: Samples, calibration: DetectorCalibration) -> Looked:
    """The objects that were found, each with and without a closer look; as the tracks' belief combines both."""
    chosen = np.flatnonzero(samples.named)
    probability = calibration.label.apply(samples.scores[chosen])
    after = []
    for place, sure in zip(chosen.tolist(), probability.tolist(), strict=True):
        belief = LabelBelief()
        belief.look({samples.names[place]: sure})
        if samples.shapes[place]:
            belief.look(samples.shapes[place], LEVEL2_WEIGHT)
        after.append(belief.best()[0] == samples.true_names[place])
    return Looked(probability, samples.label_right[chosen], np.array(after, dtype=bool))


@dataclass(frozen=True, slots=True)
class Tuning:
    """What came of it.

    Attributes:
        calibration: fitted on one set.
        figures: measured on the other set.
        panels: reliability, and what the confidence threshold costs and brings in single images.
    """

    calibration: DetectorCalibration
    figures: tuple[Figure, ...]
    panels: tuple[Panel, ...]


def tune(fitting: Samples, checking: Samples, detector: Manifest, confidence: float) -> Tuning:
    """Fit on one set, and measure on the other what was fitted.

    Args:
        fitting, checking: of two data sets without a common image.
        detector: that said it.
        confidence: threshold of closer looks that is in force.
    """
    calibration = fit(fitting, detector)
    curve = confidence_curve(looked(fitting, calibration))
    checked = looked(checking, calibration)
    check = confidence_curve(checked, np.array([0.0, confidence, 1.01]))
    figures = [*_calibration_figures(checking, calibration), *_trust_figures(fitting, checking)]
    figures += [
        Figure(name="confidence below which a thing is looked at closely", value=confidence),
        Figure(name="things that are looked at for it", value=float(check.looked_at[1]), note="of single images"),
        figure(
            "wrong names with it",
            float(check.wrong[1]),
            reference=Reference("without closer looks", float(check.wrong[0])),
            note=f"with a look at everything {check.wrong[2]:.3g}",
        ),
        *_shadow_figures(checked, confidence),
    ]
    return Tuning(calibration, tuple(figures), _panels(checking, calibration, curve, confidence))


def _calibration_figures(samples: Samples, calibration: DetectorCalibration) -> list[Figure]:
    named = samples.named
    found = []
    for what, scores, right, fitted in (
        ("that there is a thing", samples.scores, samples.there, calibration.thing),
        ("that its name is right", samples.scores[named], samples.label_right[named], calibration.label),
    ):
        error = expected_calibration_error(fitted.apply(scores), right)
        before = Reference("uncalibrated", expected_calibration_error(scores, right))
        name = f"expected calibration error, {what}"
        found.append(
            figure(name, error, at_most=LARGEST_ERROR, reference=before, note=f"{len(scores)} of another seed")
        )
    return found


def _trust_figures(fitting: Samples, checking: Samples) -> list[Figure]:
    found = []
    for what, right, right_there in (
        ("there is a thing", fitting.there, checking.there),
        ("there is a thing of that name", fitting.label_right, checking.label_right),
    ):
        name = f"score from which {what}, at most {ALPHA:.0%} wrong with probability {1 - DELTA:.0%}"
        first = fitting.first
        trusted = trusted_score(fitting.scores[first], right[first], ALPHA, DELTA)
        if trusted is None:
            note = f"no score can be guaranteed with {int(first.sum())} things; render more --images"
            found.append(Figure(name=name, value=None, note=note))
            continue
        note = f"{trusted.kept} of {int(first.sum())} kept, {trusted.wrong} wrong, bound {trusted.error_bound:.3g}"
        found.append(Figure(name=name, value=trusted.score, note=note))
        kept = (checking.scores >= trusted.score) & checking.first
        wrong = int((kept & ~right_there).sum())
        count = int(kept.sum())
        lower, upper = 1.0 - float(upper_bound(count - wrong, count, DELTA)), float(upper_bound(wrong, count, DELTA))
        found.append(
            Figure(
                name=f"wrong above it, another seed: {what}",
                value=wrong / max(count, 1),
                target=f"not surely above {ALPHA:g}",  # so many things cannot say more
                holds=lower <= ALPHA,
                note=f"{wrong} of {count}: {lower:.3g} to {upper:.3g}, each with probability {1 - DELTA:.0%}",
            )
        )
    return found


def _shadow_figures(things: Looked, confidence: float) -> list[Figure]:
    """What looks by lot at things that give no other reason cost, and how soon they tell what is missed."""
    share = TriggerConfig().shadow_probability
    passed = things.probability >= confidence
    missed = float((things.right_after & ~things.right)[passed].mean()) if passed.any() else 0.0
    return [
        Figure(name="wrong names that a look would mend and no reason asks for", value=missed),
        Figure(name="looks by lot for each thing", value=share * RATE_HZ, unit="1/s", note=f"share {share:g}, 30 Hz"),
        Figure(
            name=f"until that is known to {MISS_STD:.0%}",
            value=seconds_to_know(missed, share * RATE_HZ, MISS_STD),
            unit="s",
            note="of one thing in view; of n things an n-th",
        ),
    ]


def _panels(
    samples: Samples, calibration: DetectorCalibration, curve: ConfidenceCurve, confidence: float
) -> tuple[Panel, ...]:
    named = samples.named
    ideal = Line("as it should be", (0.0, 1.0), (0.0, 1.0))
    return (
        Panel(
            "reliability, another seed",
            "said",
            (
                ideal,
                _reliability("thing, uncalibrated", samples.scores, samples.there),
                _reliability("thing", calibration.thing.apply(samples.scores), samples.there),
                _reliability("name", calibration.label.apply(samples.scores[named]), samples.label_right[named]),
            ),
        ),
        Panel(
            "the confidence threshold, in single images",
            "threshold",
            (
                Line("share of things looked at", curve.thresholds.tolist(), curve.looked_at.tolist()),
                Line("share with a wrong name", curve.thresholds.tolist(), curve.wrong.tolist()),
            ),
            mark=Mark(f"in force: {confidence:g}", confidence),
        ),
    )


def _reliability(name: str, said: Floats, right: Mask) -> Line:
    which = np.clip((said * BINS).astype(int), 0, BINS - 1)
    filled = [place for place in range(BINS) if (which == place).sum() >= BINS]
    means = [(float(said[which == place].mean()), float(right[which == place].mean())) for place in filled]
    return Line(name, [x for x, _ in means], [y for _, y in means])
