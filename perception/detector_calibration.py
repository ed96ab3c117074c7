"""What the scores of a detector mean: how likely there is a thing where it says so, and how likely its name is right.

The two differ: half a cube and half a box, seen at a distance, is surely something. A tracker asks whether there is a
thing, the belief in its name asks for the name.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from models import durable
from models.roles import Floats
from perception.calibration import ScoreCalibration
from perception.tracks import PERSON
from rt_control.errors import InputError

Array = npt.NDArray[np.float64]


class DetectorCalibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of one network; another one's scores mean something else.

    Attributes:
        golden: SHA-256 of the model's golden answer, by which it is known.
        thing: from a score to the probability that there is a thing of that kind (a person, or anything else).
        label: from a score to the probability that the class is right, given that there is such a thing.
    """

    golden: str
    thing: ScoreCalibration
    label: ScoreCalibration

    def label_scores(self, scores: Floats, names: Sequence[str]) -> Array:
        """Probability (n,) that a thing has the name that was said; a person is the only one of its kind.

        Args:
            scores: (n,), of the network.
            names: (n,), what it says.
        """
        person = np.array([name == PERSON for name in names], dtype=bool)
        return np.where(person, 1.0, self.label.apply(scores))

    def save(self, path: Path) -> None:
        """Write it as JSON, whole or not at all.

        Raises:
            InputError: it cannot be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            durable.write(path, msgspec.json.format(msgspec.json.encode(self)) + b"\n")
        except OSError as error:
            raise InputError(f"{path}: cannot be written ({error.strerror})") from error


def load_calibration(path: Path) -> DetectorCalibration:
    """Read what `save` wrote.

    Raises:
        InputError: there is no such file, or it is no calibration.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=DetectorCalibration)
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(f"{path}: no calibration of a detector ({error}); run `dynamical models tune`") from None
