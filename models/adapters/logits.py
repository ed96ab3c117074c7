"""From what a network gives before its last function to probabilities."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
LARGEST = 80.0  # whose exponential float32 still holds


def sigmoid(logits: Floats) -> Floats:
    """Each as a probability of its own."""
    return (1.0 / (1.0 + np.exp(-np.clip(logits, -LARGEST, LARGEST)))).astype(np.float32)


def softmax(logits: Floats) -> Floats:
    """Probabilities that sum to 1 along the last axis."""
    shares: Floats = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    return shares.astype(np.float32)
