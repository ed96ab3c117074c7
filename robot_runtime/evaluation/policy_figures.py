"""What tries of policies come to: shares with intervals, and what has to hold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from robot_runtime.evaluation.policy_sweep import REPLAY, Condition
from robot_runtime.evaluation.policy_trial import PolicyEpisode
from robot_runtime.line_plot import Line, Panel
from robot_runtime.report import Figure, Reference, figure

Results = Mapping[Condition, Sequence[PolicyEpisode]]

AT_LEAST = 0.85
DELAYED_MS, KEPT = 200, 0.9
LARGEST_JERK = 1.0 + 1e-6  # of the limit; the rest is rounding
Z_95 = 1.959964


def wilson(successes: int, tries: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927, doi:10.1080/01621459.1927.10502953)."""
    if tries == 0:
        return 0.0, 1.0
    share, z2 = successes / tries, Z_95 * Z_95
    centre = (share + z2 / (2 * tries)) / (1 + z2 / tries)
    half = Z_95 / (1 + z2 / tries) * math.sqrt(share * (1 - share) / tries + z2 / (4 * tries * tries))
    return max(centre - half, 0.0), min(centre + half, 1.0)


def figures(results: Results, defaults: Mapping[str, str]) -> list[Figure]:
    """All of them.

    Args:
        results: of every condition.
        defaults: how the chunks of each policy are joined as shipped.
    """
    found: list[Figure] = []
    for policy in dict.fromkeys(condition.policy for condition in results):
        if policy != REPLAY:
            found += _of_policy(policy, defaults[policy], results)
    for condition, episodes in results.items():
        found.append(
            Figure(
                name=f"{condition.policy}, {condition.seam}, {condition.delay_ms} ms",
                value=_share(episodes),
                note=_words(episodes),
            )
        )
    return found


def panels(results: Results) -> tuple[Panel, ...]:
    """Success over delay, a panel for each learned policy, a line for each way to join."""
    shown = []
    for policy in dict.fromkeys(condition.policy for condition in results if condition.policy != REPLAY):
        lines = []
        for seam in dict.fromkeys(condition.seam for condition in results if condition.policy == policy):
            points = sorted(
                (condition.delay_ms, 100.0 * _share(episodes))
                for condition, episodes in results.items()
                if (condition.policy, condition.seam) == (policy, seam) and episodes
            )
            lines.append(Line(seam, [float(x) for x, _ in points], [y for _, y in points]))
        shown.append(Panel(f"{policy}: success, %", "delay of the policy, ms", tuple(lines)))
    return tuple(shown)


def _of_policy(policy: str, default: str, results: Results) -> list[Figure]:
    def of(seam: str, delay_ms: int) -> Sequence[PolicyEpisode]:
        return next(
            (
                episodes
                for condition, episodes in results.items()
                if (condition.policy, condition.seam, condition.delay_ms) == (policy, seam, delay_ms)
            ),
            (),
        )

    found: list[Figure] = []
    now, late, naive = of(default, 0), of(default, DELAYED_MS), of("naive", DELAYED_MS)
    if now:
        found.append(figure(f"{policy}: success without delay", _share(now), at_least=AT_LEAST, note=_words(now)))
        replay = next((episodes for condition, episodes in results.items() if condition.policy == REPLAY), ())
        if replay:
            lower, upper = wilson(_count(now), len(now))[0], wilson(_count(replay), len(replay))[1]
            found.append(
                figure(
                    f"{policy}: lower end of its interval above the upper end of {REPLAY}'s",
                    lower - upper,
                    at_least=0.0,
                    reference=Reference(f"success of {REPLAY}", _share(replay)),
                )
            )
    if now and late:
        found.append(
            figure(
                f"{policy}: success at {DELAYED_MS} ms",
                _share(late),
                at_least=KEPT * _share(now),
                reference=Reference("without delay", _share(now)),
                note=_words(late),
            )
        )
    if late and naive and default != "naive":
        found.append(
            figure(
                f"{policy}: more than naive at {DELAYED_MS} ms",
                _share(late) - _share(naive),
                at_least=0.0,
                reference=Reference("naive", _share(naive)),
            )
        )
    shares = _over_delays(policy, results)
    if len(shares) > 1:
        best = max(shares.values())
        words = ", ".join(f"{seam} {share:.1%}" for seam, share in sorted(shares.items(), key=lambda item: -item[1]))
        found.append(
            figure(f"{policy}: default ({default}) below the best way to join", best - shares[default], at_most=0.0,
                   note=f"mean over delays: {words}")
        )  # fmt: skip
    own = [item for condition, episodes in results.items() for item in episodes
           if (condition.policy, condition.seam) == (policy, default)]  # fmt: skip
    ticks = sum(item.ticks for item in own)
    found.append(
        figure(f"{policy}: ticks with nothing to do next", sum(item.stalls for item in own) / max(ticks, 1),
               at_most=0.0, note=f"of {ticks} after the first chunk, {default}, all delays")
    )  # fmt: skip
    found.append(
        figure(f"{policy}: largest jerk that was commanded, of the limit", max(item.jerk for item in own),
               at_most=LARGEST_JERK)
    )  # fmt: skip
    return found


def _over_delays(policy: str, results: Results) -> dict[str, float]:
    """Mean success of each way to join, over the delays that all of them were tried with."""
    by_seam: dict[str, dict[int, float]] = {}
    for condition, episodes in results.items():
        if condition.policy == policy and episodes:
            by_seam.setdefault(condition.seam, {})[condition.delay_ms] = _share(episodes)
    shared = set.intersection(*(set(item) for item in by_seam.values())) if by_seam else set()
    return {seam: sum(item[delay] for delay in shared) / len(shared) for seam, item in by_seam.items() if shared}


def _count(episodes: Sequence[PolicyEpisode]) -> int:
    return sum(item.succeeded for item in episodes)


def _share(episodes: Sequence[PolicyEpisode]) -> float:
    return _count(episodes) / max(len(episodes), 1)


def _words(episodes: Sequence[PolicyEpisode]) -> str:
    if not episodes:
        return "not tried"
    low, high = wilson(_count(episodes), len(episodes))
    ticks, stalls = sum(item.ticks for item in episodes), sum(item.stalls for item in episodes)
    offs = sorted(1e3 * item.off_m for item in episodes if item.off_m is not None)
    parts = [
        f"{_count(episodes)} of {len(episodes)}, 95 % interval {low:.2f} to {high:.2f}",
        f"lifted {sum(item.lifted for item in episodes)}",
        f"stalled {stalls / max(ticks, 1):.2%}",
        f"jerk {max(item.jerk for item in episodes):.2f} of the limit",
        f"its mean square {sum(item.smoothness for item in episodes) / len(episodes):.3f}",
    ]
    if offs:
        parts.append(f"beside the object, median {offs[len(offs) // 2]:.1f} mm")
    return "; ".join(parts)
