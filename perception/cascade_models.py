"""The models that a cascade runs, each behind the contract of its role."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from models.backends.backend import Backend
from models.manifest import Manifest
from models.registry import Registry
from models.roles import DepthEstimator, Detector, FeatureExtractor, KeypointEstimator, SceneModel, Segmenter
from perception.detector_calibration import DetectorCalibration, load_calibration
from rt_control.errors import InputError

CALIBRATIONS = Path(__file__).parent / "calibrations"


@dataclass(frozen=True, slots=True)
class CascadeModels:
    """One object for each role; those that share a network run it once.

    Attributes:
        calibration: what the detector's scores mean.
    """

    detector: Detector
    calibration: DetectorCalibration
    depth: DepthEstimator
    features: FeatureExtractor
    masks: Segmenter
    pose: KeypointEstimator


def load_models(
    registry: Registry,
    backend: Backend,
    shipped: Path = CALIBRATIONS,
    calibration: DetectorCalibration | None = None,
) -> CascadeModels:
    """Activate the models that are bound to the roles.

    Args:
        registry: knows which these are; closing it closes them.
        backend: that runs them.
        shipped: folder with a file NAME.json for each detector of the distribution.
        calibration: of the detector, in place of the one that is kept.

    Raises:
        ModelRefusedError: a model fails a check.
        InputError: a role has no model, or the detector's scores were never calibrated.
        BackendUnavailableError: the backend cannot be used here.
    """
    detector = registry.activate("detector", backend)
    return CascadeModels(
        detector=cast(Detector, detector.fills),
        calibration=calibration or calibration_of(detector.manifest, registry.user, shipped),
        depth=cast(DepthEstimator, registry.activate("depth", backend).fills),
        features=cast(FeatureExtractor, registry.activate("features", backend).fills),
        masks=cast(Segmenter, registry.activate("masks", backend).fills),
        pose=cast(KeypointEstimator, registry.activate("pose", backend).fills),
    )


def load_scene_model(registry: Registry, backend: Backend) -> SceneModel | None:
    """The model of level 3, if one is bound: the robot works without it.

    Raises:
        ModelRefusedError: it fails a check.
        BackendUnavailableError: the backend cannot be used here.
    """
    if "scene" not in registry.bindings():
        return None
    return cast(SceneModel, registry.activate("scene", backend).fills)


def calibration_of(detector: Manifest, user: Path, shipped: Path = CALIBRATIONS) -> DetectorCalibration:
    """The calibration of a detector; the user's own wins.

    Args:
        detector: its manifest.
        user: folder of the user's models.
        shipped: folder of the calibrations of the distribution.

    Raises:
        InputError: there is none, or it is of another network.
    """
    path = user_calibration(user, detector.name)
    if not path.exists():
        path = shipped / path.name
    if not path.exists():
        raise InputError(f"{path}: the scores of {detector.name} were never calibrated; run `dynamical models tune`")
    found = load_calibration(path)
    if found.golden != detector.golden.sha256:
        raise InputError(
            f"{path}: is of a network with the golden answer {found.golden[:12]}, {detector.name} has"
            f" {detector.golden.sha256[:12]}; run `dynamical models tune`"
        )
    return found


def user_calibration(user: Path, name: str) -> Path:
    """Where the user's calibration of a detector is kept."""
    return user / "calibrations" / f"{name}.json"
