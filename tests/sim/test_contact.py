"""Contacts of the simulated arm while masses, inertias and friction differ from its model by up to 10 %."""

from __future__ import annotations

import pytest

from benchmarks.campaigns.contact import SHARE, WITHIN_S, Piece, figures, measure

pytestmark = pytest.mark.sim


@pytest.fixture(scope="module")
def pieces() -> list[Piece]:
    return [measure(seed, work_s=15.0, collisions=8) for seed in (101, 102, 103)]


def test_normal_work_with_objects_and_touches_of_the_table_is_no_contact(pieces: list[Piece]) -> None:
    assert all(piece.moved >= 1 and piece.touch_n > 0.0 for piece in pieces), "the work was done"
    assert [piece.false_positives for piece in pieces] == [0, 0, 0]


def test_collisions_with_a_person_are_found_in_time(pieces: list[Piece]) -> None:
    latencies = [latency for piece in pieces for latency in piece.latencies_s]
    assert len(latencies) == 24
    assert sum(latency <= WITHIN_S for latency in latencies) >= SHARE * len(latencies)


def test_the_figures_sum_up_the_pieces(pieces: list[Piece]) -> None:
    by_name = {item.name: item for item in figures(pieces)}
    assert by_name["contacts found in it (false positives)"].holds
    assert by_name["from there to the finding, p95"].holds
    assert by_name["normal work, simulated"].value == pytest.approx(sum(piece.work_s for piece in pieces) / 3600.0)
