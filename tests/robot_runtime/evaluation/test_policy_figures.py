from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.seam import Seam
from robot_runtime.evaluation.policy_figures import figures, panels, wilson
from robot_runtime.evaluation.policy_sweep import REPLAY, Condition
from robot_runtime.evaluation.policy_trial import PolicyEpisode


def episode(seed: int, succeeded: bool, stalls: int = 0, jerk: float = 1.0) -> PolicyEpisode:
    return PolicyEpisode(seed, succeeded, succeeded, True, 0.002, 3.0, 300, stalls, 0, jerk, 0.1, "")


def of(
    policy: str, seam: Seam, delay_ms: int, successes: int, tries: int = 20
) -> tuple[Condition, list[PolicyEpisode]]:
    return Condition(policy, seam, delay_ms), [episode(seed, seed < successes) for seed in range(tries)]


def judged(results: dict[Condition, list[PolicyEpisode]], default: str = "forward") -> dict[str, bool | None]:
    return {item.name: item.holds for item in figures(results, {"act": default})}


def test_intervals_are_those_of_the_paper() -> None:
    assert wilson(10, 10) == pytest.approx((0.7225, 1.0), abs=1e-3)
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-3)
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.integers(1, 500), st.floats(0.0, 1.0))
def test_an_interval_holds_its_share(tries: int, share: float) -> None:
    successes = round(share * tries)
    low, high = wilson(successes, tries)
    assert 0.0 <= low <= successes / tries + 1e-12
    assert successes / tries - 1e-12 <= high <= 1.0


def test_a_policy_that_does_all_it_has_to_holds() -> None:
    results = dict([of(REPLAY, "forward", 0, 3), of("act", "naive", 0, 17), of("act", "naive", 200, 8),
                    of("act", "forward", 0, 19), of("act", "forward", 200, 18)])  # fmt: skip
    said = judged(results)
    assert said["act: success without delay"] is True
    assert said["act: success at 200 ms"] is True
    assert said["act: more than naive at 200 ms"] is True
    assert said["act: default (forward) below the best way to join"] is True
    assert said["act: ticks with nothing to do next"] is True
    assert said["act: largest jerk that was commanded, of the limit"] is True
    assert all(value is not False for value in said.values())


def test_each_thing_that_falls_short_is_told() -> None:
    results = dict([of(REPLAY, "forward", 0, 15), of("act", "naive", 0, 18), of("act", "naive", 200, 14),
                    of("act", "forward", 0, 16), of("act", "forward", 200, 10)])  # fmt: skip
    results[Condition("act", "forward", 200)][0] = episode(0, True, stalls=1, jerk=1.2)
    wrong = {name for name, holds in judged(results).items() if holds is False}
    assert wrong == {
        "act: success without delay",
        "act: lower end of its interval above the upper end of nearest demonstration's",
        "act: success at 200 ms",
        "act: more than naive at 200 ms",
        "act: default (forward) below the best way to join",
        "act: ticks with nothing to do next",
        "act: largest jerk that was commanded, of the limit",
    }


def test_a_picture_has_a_panel_for_each_policy_and_a_line_for_each_way() -> None:
    results = dict([of("act", "naive", 0, 10), of("act", "naive", 200, 5), of("flow", "forward", 0, 20),
                    of(REPLAY, "forward", 0, 1)])  # fmt: skip
    act, flow = panels(results)
    assert [line.name for line in act.lines] == ["naive"]
    assert (list(act.lines[0].x), list(act.lines[0].y)) == ([0.0, 200.0], [50.0, 25.0])
    assert list(flow.lines[0].y) == [100.0]
