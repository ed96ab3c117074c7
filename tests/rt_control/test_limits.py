"""Laws of the limits of one axis, and of a whole robot under random and adversarial setpoints."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rt_control import _native as rt

support = importlib.import_module("tests.rt_control.conftest") if False else None
