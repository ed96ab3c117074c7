"""Until every worker has taken up a new profile, tier 1 holds the more careful of the old and the new one."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from behaviours.profile import Profile

_NS_PER_S = 1_000_000_000


class Care(msgspec.Struct, frozen=True):
    """What tier 1 is asked to hold.

    Attributes:
        margin_scale: at least 1.
        speed_scale: 0..1.
        late: workers that have not taken the profile up in time: a fault of theirs.
    """

    margin_scale: float
    speed_scale: float
    late: frozenset[str] = frozenset()


class ProfileHandover:
    """Follows the acknowledgements of one profile after the other."""

    def __init__(self, acknowledge_s: float) -> None:
        self._limit_ns = int(acknowledge_s * _NS_PER_S)
        self._profile: Profile | None = None
        self._introduced = 0
        self._since_ns = 0
        self._pending: list[Profile] = []
        self._care = Care(1.0, 1.0)

    def update(
        self,
        now_ns: int,
        profile: Profile,
        sequence: int,
        expected: Collection[str],
        acknowledged: Mapping[str, int],
    ) -> Care:
        """The care to ask for in this tick.

        Args:
            now_ns: time of the tick.
            profile: in force.
            sequence: of the directive that carries it.
            expected: workers that must take it up: those that live, and those that are late already.
            acknowledged: newest directive that each worker works by.
        """
        if profile != self._profile:
            if self._profile is not None:
                self._pending.append(self._profile)
            self._profile, self._introduced, self._since_ns = profile, sequence, now_ns
            self._weigh(self._care.late)
        missing = {source for source in expected if acknowledged.get(source, 0) < self._introduced}
        if not missing:
            self._pending.clear()
        late = self._care.late & missing
        if now_ns - self._since_ns > self._limit_ns:
            late |= missing
        if late != self._care.late or not missing:
            self._weigh(late)
        return self._care

    def _weigh(self, late: frozenset[str]) -> None:
        assert self._profile is not None, "only called with a profile"
        held = [*self._pending, self._profile]
        care = Care(max(item.margin_scale for item in held), min(item.speed_scale for item in held), late)
        self._care = care if care != self._care else self._care
