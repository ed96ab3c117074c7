"""Where data sets and trainings lie: they can be made again, so they are a cache."""

from __future__ import annotations

import os
from pathlib import Path


def folder() -> Path:
    """The user's folder of data sets and trainings."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "dynamical" / "training"
