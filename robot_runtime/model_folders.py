"""Where the user's own models lie."""

from __future__ import annotations

import os
from pathlib import Path


def folder() -> Path:
    """The folder of the models and bindings that a user added."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "dynamical" / "models"
