"""Constant-velocity Kalman filters of many numbers at once: of boxes in px, of positions in m.

Each number has a value and a rate (per second) of its own: noise of measurement and motion is taken to be independent
between the numbers of one thing, so the filter of a box is no 8 x 8 matrix but four of 2 x 2. The acceleration is
continuous white noise of a given density (Bar-Shalom, Li, Kirubarajan, Estimation with Applications to Tracking and
Navigation, 6.2.2), so that two short predictions are one long one, whatever the frame rate.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class Filters:
    """The filters of n things with k numbers each; NaN where nothing was measured yet.

    Attributes:
        state: (5, n, k): value, rate, variance of the value, covariance of value and rate, variance of the rate.
    """

    def __init__(self, size: int) -> None:
        self.state: Array = np.zeros((5, 0, size))

    def append(self) -> None:
        """Add a row of which nothing is known."""
        self.state = np.concatenate([self.state, np.full((5, 1, self.state.shape[2]), np.nan)], axis=1)

    def keep(self, rows: Sequence[int]) -> None:
        """Leave these rows only, in this order."""
        self.state = self.state[:, np.array(rows, dtype=int)]

    def predict(self, dt_s: Array, density: Array) -> None:
        """Let time pass.

        Args:
            dt_s: (n,), s, >= 0.
            density: (n, k), of the acceleration, unit^2/s^3.

        Raises:
            ValueError: a negative time.
        """
        if not (dt_s >= 0.0).all():
            raise ValueError(f"dt_s is {dt_s.tolist()}; a filter goes forward only: give stamps that rise")
        value, rate, variance, covariance, rate_variance = self.state
        dt = dt_s[:, None]
        gained = dt * density
        value += dt * rate
        variance += dt * (2.0 * covariance + dt * (rate_variance + gained / 3.0))
        covariance += dt * (rate_variance + gained / 2.0)
        rate_variance += gained

    def measure(
        self, rows: Sequence[int], measured: Array, noise: Array, start_rate_variance: Array, anew: Sequence[bool]
    ) -> None:
        """Take a measurement of each of these rows.

        Args:
            rows: m of them, each once.
            measured: (m, k); NaN: this number was not measured, and stays as it is.
            noise: (m, k), variance of the measurement.
            start_rate_variance: (m, k), of what is measured for the first time, and taken to be at rest.
            anew: (m,), forget what was known of these rows.
        """
        index = np.array(rows, dtype=int)
        old = self.state[:, index]
        value, rate, variance, covariance, rate_variance = old
        taken = np.isfinite(measured)
        begin = taken & (np.array(anew, dtype=bool)[:, None] | np.isnan(value))
        started, updated = np.zeros((2, *old.shape))
        started[0], started[2], started[4] = measured, noise, start_rate_variance
        share = 1.0 / (variance + noise)
        weight = covariance * share
        kept = noise * share
        surprise = measured - value
        updated[0] = value + variance * share * surprise
        updated[1] = rate + weight * surprise
        # Products, not differences: rounding cannot make them negative.
        updated[2] = variance * kept
        updated[3] = covariance * kept
        updated[4] = rate_variance - weight * covariance
        self.state[:, index] = np.where(begin, started, np.where(taken, updated, old))

    def squared_distances(self, columns: slice, measured: Array, noise: Array) -> Array:
        """Squared Mahalanobis distance (n, m) of measurements from where they are expected; NaN where either is NaN.

        Args:
            columns: the j numbers of the k that are compared.
            measured: (m, j).
            noise: (m, j), variance of the measurement.
        """
        gap = measured - self.state[0, :, None, columns]
        distances: Array = (gap**2 / (self.state[2, :, None, columns] + noise)).sum(axis=2)
        return distances
