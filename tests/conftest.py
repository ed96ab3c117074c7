"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# No test asserts a maximum of wall time, so no example of one may either.
settings.register_profile("dynamical", deadline=None)
settings.load_profile("dynamical")
