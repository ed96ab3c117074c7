"""One thread: the networks are too small for more, and tests run beside each other."""

from __future__ import annotations

import importlib.util

import cv2

cv2.setNumThreads(1)
if importlib.util.find_spec("torch") is not None:
    import torch

    torch.set_num_threads(1)
