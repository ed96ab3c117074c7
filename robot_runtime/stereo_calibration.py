"""Fits the confidence of stereo on the simulated table: `python -m robot_runtime.stereo_calibration [--pairs N]`.

Writes `perception/stereo_confidence.toml`. The seeds begin at `FIRST_SEED`: benchmarks and tests use others.
"""

from __future__ import annotations

import argparse
import sys

import cv2
import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from perception.stereo import matcher_for
from perception.stereo_confidence import FEATURES, FILE, TOLERANCE_DEVIATIONS
from perception.stereo_depth import StereoDepth
from rt_control.description import load_robot
from rt_control.errors import DynamicalError, InputError
from sim.stereo_pairs import StereoPairs, with_noise

Array = npt.NDArray[np.float64]

FIRST_SEED = 100_000
PAIRS = 60
NOISE_LEVELS = (0.0, 1.0, 2.0, 4.0)  # standard deviations of the images, of 255
PIXEL_STEP = 11  # neighbours say the same
RIGHT_SURFACE_PX = 2.0  # errors beyond are wrong surfaces, not the deviation of right ones
MAD_TO_DEVIATION = 1.4826  # of a normal distribution
PENALTY = 1e-4  # of the squares of the weights, per sample


def errors_px(depth: StereoDepth, true_depth_m: npt.NDArray[np.float32]) -> Array:
    """Errors of the known depths, (n,), in pixels of disparity at the measured depth: what the deviation is of."""
    known = (depth.depth_m > 0.0) & (true_depth_m > 0.0)
    measured = depth.depth_m[known].astype(np.float64)
    return np.asarray((measured - true_depth_m[known]) * depth.focal_times_baseline / measured**2)


def fit(features: Array, right: npt.NDArray[np.bool_]) -> tuple[float, Array]:
    """Intercept and weights of a logistic regression.

    Args:
        features: (n, k).
        right: (n,), what is to be told.
    """
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-9
    inputs = np.concatenate([np.ones((len(features), 1)), (features - mean) / deviation], axis=1)
    wanted = right.astype(np.float64)

    def loss(weights: Array) -> tuple[float, Array]:
        odds = inputs @ weights
        share = 1.0 / (1.0 + np.exp(-odds))
        value = float(np.mean(np.logaddexp(0.0, odds) - wanted * odds) + PENALTY * weights @ weights)
        return value, inputs.T @ (share - wanted) / len(wanted) + 2.0 * PENALTY * weights

    weights = minimize(loss, np.zeros(inputs.shape[1]), jac=True, method="L-BFGS-B").x
    scaled = weights[1:] / deviation
    return float(weights[0] - scaled @ mean), np.asarray(scaled)


def main(arguments: list[str] | None = None) -> int:
    """Render, fit, write the file."""
    parser = argparse.ArgumentParser(
        prog="python -m robot_runtime.stereo_calibration", description="Fits the confidence of stereo depth."
    )
    parser.add_argument("--pairs", type=int, default=PAIRS, help="how many rendered pairs to fit on")
    options = parser.parse_args(arguments)
    try:
        if options.pairs < 1:
            raise InputError(f"--pairs is {options.pairs}; it must be at least 1")
        _calibrate(options.pairs)
    except DynamicalError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, InputError) else 1
    return 0


def _calibrate(count: int) -> None:
    cv2.setNumThreads(1)
    description = load_robot("arm7")
    pairs = StereoPairs(description)
    samples, errors = [], []
    try:
        for seed in range(FIRST_SEED, FIRST_SEED + count):
            pair = pairs.take(seed)
            matcher = matcher_for(description.workcell, pair.left)
            for noise in NOISE_LEVELS:
                depth, found = matcher.depth_and_features(*with_noise(pair, noise, seed))
                known = (depth.depth_m > 0.0) & (pair.depth_m > 0.0)
                samples.append(np.stack([plane[known][::PIXEL_STEP] for plane in found], axis=1).astype(np.float64))
                errors.append(np.abs(errors_px(depth, pair.depth_m))[::PIXEL_STEP])
    finally:
        pairs.close()
    features, error = np.concatenate(samples), np.concatenate(errors)
    deviation_px = MAD_TO_DEVIATION * float(np.median(error[error < RIGHT_SURFACE_PX]))
    intercept, weights = fit(features, error < TOLERANCE_DEVIATIONS * deviation_px)
    lines = [
        f"# Fitted by `python -m robot_runtime.stereo_calibration --pairs {count}` on {len(error)} pixels.",
        f"disparity_deviation_px = {deviation_px:.4f}",
        f"intercept = {intercept:.4f}",
        "",
        "[weights]",
        *(f"{name} = {weight:.4f}" for name, weight in zip(FEATURES, weights, strict=True)),
    ]
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
