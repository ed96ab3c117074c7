"""Which sources run: their version, and their commit where they run from a checkout."""

from __future__ import annotations

import subprocess
from importlib import metadata
from pathlib import Path

# Where the packages lie side by side: a checkout, or a folder of installed packages.
FOLDER = Path(__file__).resolve().parent.parent


def version() -> str:
    """The version of the installed distribution, or `not installed`."""
    try:
        return metadata.version("dynamical")
    except metadata.PackageNotFoundError:
        return "not installed"


def commit() -> str:
    """The commit of the checkout, `+` at its end when files differ from it; `version ...` outside of a checkout."""
    if (FOLDER / ".git").exists():
        try:
            described = subprocess.run(
                ["git", "-C", str(FOLDER), "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"],
                capture_output=True,
                text=True,
                check=True,
                timeout=20,
            )
            return described.stdout.strip()
        except (OSError, subprocess.SubprocessError):
            pass  # no git here, or no commit yet: the version is all that can be said
    return f"version {version()}"
