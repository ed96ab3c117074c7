"""The models that a cascade runs, each behind the contract of its role."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from models.backends.backend import Backend
from models.registry import Registry
from models.roles import DepthEstimator, Detector, FeatureExtractor, KeypointEstimator, Segmenter
from perception.calibration import ScoreCalibration, load_calibration
from rt_control.errors import InputError

CALIBRATIONS = Path(__file__).parent / "calibrations"


@dataclass(frozen=True, slots=True)
class CascadeModels:
    """One object for each role; those that share a network run it once.

    Attributes:
        calibration: from the detector's scores to the probability that it is right.
    """

    detector: Detector
    calibration: ScoreCalibration
    depth: DepthEstimator
    features: FeatureExtractor
    masks: Segmenter
    pose: KeypointEstimator


def load_models(registry: Registry, backend: Backend, calibrations: Path = CALIBRATIONS) -> CascadeModels:
    """Activate the models that are bound to the roles.

    Args:
        registry: knows which these are; closing it closes them.
        backend: that runs them.
        calibrations: folder with a file NAME.json for each detector.

    Raises:
        ModelRefusedError: a model fails a check.
        InputError: a role has no model, or the detector's scores were never calibrated.
        BackendUnavailableError: the backend cannot be used here.
    """
    detector = registry.activate("detector", backend)
    name = detector.manifest.name
    path = calibrations / f"{name}.json"
    if not path.exists():
        raise InputError(f"{path}: the scores of {name} were never calibrated; run `dynamical models tune`")
    return CascadeModels(
        detector=cast(Detector, detector.fills),
        calibration=load_calibration(path),
        depth=cast(DepthEstimator, registry.activate("depth", backend).fills),
        features=cast(FeatureExtractor, registry.activate("features", backend).fills),
        masks=cast(Segmenter, registry.activate("masks", backend).fills),
        pose=cast(KeypointEstimator, registry.activate("pose", backend).fills),
    )
