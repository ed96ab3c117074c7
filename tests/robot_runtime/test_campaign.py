from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from robot_runtime import campaign, origin
from robot_runtime.campaign import Campaign
from robot_runtime.report import Figure, figure
from rt_control.errors import InputError


class Piece(msgspec.Struct, frozen=True):
    value: float


class Measurement:
    """A campaign of four pieces: each is its number squared."""

    def __init__(self) -> None:
        self.measured: list[int] = []
        self.commit = "abc"

    def piece(self, number: int) -> Piece:
        self.measured.append(number)
        return Piece(float(number**2))


def figures(pieces: Sequence[Piece]) -> tuple[Figure, ...]:
    return (figure("sum", sum(piece.value for piece in pieces)),)


@pytest.fixture
def measurement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Measurement:
    made = Measurement()
    module = ModuleType("benchmarks.campaigns.squares")
    module.__dict__.update(PIECES=4, Piece=Piece, piece=made.piece, figures=figures)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    folder = tmp_path / "campaigns"
    folder.mkdir()
    (folder / "squares.py").touch()
    monkeypatch.setattr(campaign, "FOLDER", folder)
    monkeypatch.setattr(campaign, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(origin, "commit", lambda: made.commit)
    return made


def quiet(done: int, count: int, piece: Any) -> None:
    return


def test_every_piece_is_measured_told_and_summed_up(measurement: Measurement) -> None:
    told: list[tuple[int, int, Any]] = []
    squares = Campaign("squares")
    assert squares.run(lambda *what: told.append(what))
    assert told == [(done, 4, Piece(float((done - 1) ** 2))) for done in (1, 2, 3, 4)]
    assert [item.value for item in squares.figures()] == [14.0]


def test_an_interrupted_campaign_goes_on_where_it_was(measurement: Measurement) -> None:
    def interrupt(done: int, count: int, piece: Any) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Campaign("squares").run(interrupt)
    assert Campaign("squares").run(quiet)
    assert measurement.measured == [0, 1, 2, 3]


def test_a_slice_that_is_over_leaves_the_rest_for_the_next(measurement: Measurement) -> None:
    assert not Campaign("squares").run(quiet, limit_s=-math.inf)
    assert measurement.measured == []


def test_a_line_that_was_cut_off_is_measured_again(measurement: Measurement) -> None:
    Campaign("squares").run(quiet)
    (file,) = campaign.RESULTS.glob("*")
    file.write_bytes(file.read_bytes()[:-5])
    squares = Campaign("squares")
    assert sorted(squares.done()) == [0, 1, 2]
    assert squares.run(quiet)
    assert measurement.measured == [0, 1, 2, 3, 3]
    assert sorted(Campaign("squares").done()) == [0, 1, 2, 3]


def test_fewer_pieces_can_be_asked_for(measurement: Measurement) -> None:
    squares = Campaign("squares", 2)
    assert squares.run(quiet)
    assert measurement.measured == [0, 1]


@pytest.mark.parametrize(("commits", "measured"), [(("abc", "def"), 2), (("abc+", "abc+"), 2), (("abc", "abc"), 1)])
def test_only_what_was_measured_at_the_same_clean_commit_counts(
    measurement: Measurement, commits: tuple[str, str], measured: int
) -> None:
    for measurement.commit in commits:
        Campaign("squares", 1).run(quiet)
    assert measurement.measured == [0] * measured


def test_an_unknown_campaign_is_refused_with_those_that_there_are(measurement: Measurement) -> None:
    make: Callable[[str], Campaign] = Campaign
    with pytest.raises(InputError, match="campaign 'cubes': unknown; known: squares"):
        make("cubes")
