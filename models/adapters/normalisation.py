"""Means and deviations that many public networks were trained with, of values 0..1, red, green, blue."""

from __future__ import annotations

# https://docs.pytorch.org/vision/stable/models.html
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)
