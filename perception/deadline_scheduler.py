"""Which looks perception takes at one image: those that end before their deadline; the others wait or are let go.

No look waits with its image: a deferred one is taken at the newest image when its turn comes, so no image is ever kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from perception.cost_estimate import CostEstimates
from perception.jobs import Admitted, Decision, Job, Key, Why
from perception.look_limits import ComputeShare, RateLimit
from perception.schedule_rules import LevelRule, SchedulerRules

_NS_PER_MS = 1_000_000


class DeadlineScheduler:
    """Decides; holds the looks that wait, and what looks took."""

    def __init__(self, rules: SchedulerRules, costs: CostEstimates, now_ns: int) -> None:
        self.costs = costs
        self.late_frames = 0
        self._rules = rules
        self._levels = {item.level: item for item in rules.levels}
        self._rates = {item.level: RateLimit(item.rate_hz) for item in rules.levels}
        self._shares = {
            item.level: ComputeShare(item.ms_per_s, now_ns) for item in rules.levels if item.ms_per_s is not None
        }
        self._busy_until_ns: dict[int, int] = {}
        self._waiting: dict[Key, Job] = {}

    def begin_frame(self, stamp_ns: int, now_ns: int, first_level: Sequence[Job]) -> Decision:
        """Take an image, or let it go: the first level runs whole or not at all.

        Args:
            stamp_ns: when the image was measured.
            now_ns: this moment.
            first_level: its jobs, in the order in which they run.
        """
        deadline_ns = stamp_ns + round(self._rules.frame_deadline_ms * _NS_PER_MS)
        left_ms = (deadline_ns - now_ns) / _NS_PER_MS
        # Not the careful estimate: an image that is let go costs more than one that is some ms late, once in a while.
        estimates = [self.costs.usual_ms(job.role) for job in first_level]
        if sum(estimates) <= left_ms:
            pairs = zip(first_level, estimates, strict=True)
            return Decision(run=tuple(Admitted(job, estimate, deadline_ns) for job, estimate in pairs))
        self.late_frames += 1
        if sum(self.costs.prior_ms(job.role) for job in first_level) <= left_ms:
            for job in first_level:
                self.costs.doubt(job.role)
        return Decision(dropped=tuple((job, Why.FRAME_LATE) for job in first_level))

    def plan(
        self,
        stamp_ns: int,
        now_ns: int,
        wanted: Iterable[Job],
        gone: Collection[int] = (),
        shut: Collection[int] = (),
    ) -> Decision:
        """Decide on the looks above the first level, once per image, after it.

        Args:
            stamp_ns: when the image was measured.
            now_ns: this moment.
            wanted: looks; those that still wait are decided on with them, merged where the key is the same.
            gone: tracks that ended: what waits for them is dropped.
            shut: levels that may not look now: what waits for them is dropped, too.

        Raises:
            ValueError: a job is of a level without rule.
        """
        run: list[Admitted] = []
        deferred: list[tuple[Job, Why]] = []
        dropped: list[tuple[Job, Why]] = []
        free_ns, reserved = now_ns, set[int]()
        for job in self._by_rank(wanted, now_ns):
            rule, waited_s = self._rule(job), self._waited_s(job, now_ns)
            # What takes nothing of this device has no cost here: who asks elsewhere has patience instead.
            estimate_ms = 0.0 if rule.ms_per_s is None else self.costs.estimate_ms(job.role)
            start_ns = now_ns if rule.aside else free_ns
            end_ns = start_ns + round(estimate_ms * _NS_PER_MS)
            deadline_ns = stamp_ns + round(rule.deadline_ms * _NS_PER_MS)
            if job.level in shut or job.track in gone:
                dropped.append((job, Why.SHUT if job.level in shut else Why.GONE))
                continue
            why = self._refusal(job, rule, estimate_ms, stamp_ns, now_ns, end_ns > deadline_ns, reserved)
            if why is None:
                self._take(job, rule, estimate_ms, stamp_ns, deadline_ns)
                free_ns = free_ns if rule.aside else end_ns
                run.append(Admitted(job, estimate_ms, deadline_ns))
            elif waited_s >= self._rules.age_limit_s:
                if why is Why.NO_TIME and now_ns + self.costs.prior_ms(job.role) * _NS_PER_MS <= deadline_ns:
                    self.costs.doubt(job.role)
                dropped.append((job, Why.TOO_OLD))
            else:
                if why is Why.NO_SHARE and waited_s >= self._rules.starving_s:
                    reserved.add(job.level)
                deferred.append((job, why))
        dropped += [(job, Why.QUEUE_FULL) for job, _ in deferred[self._rules.queue_bound :]]
        deferred = deferred[: self._rules.queue_bound]
        self._waiting = {job.key: job for job, _ in deferred}
        return Decision(tuple(run), tuple(deferred), tuple(dropped))

    def finish(self, look: Admitted, took_ms: float, ended_ns: int) -> bool:
        """A look is done; True if it was late.

        Args:
            look: that was admitted.
            took_ms: its time; of a batch its part.
            ended_ns: when.
        """
        rule = self._levels.get(look.job.level)
        if rule is None or rule.ms_per_s is not None:
            self.costs.observe(look.job.role, took_ms)
        if (share := self._shares.get(look.job.level)) is not None:
            share.take(took_ms - look.estimate_ms)
        self._free(look)
        return ended_ns > look.deadline_ns

    def fail(self, look: Admitted) -> None:
        """Nothing came of a look: what was set aside for it is spent, nothing is learnt, and the next may be taken."""
        self._free(look)

    def _free(self, look: Admitted) -> None:
        if self._busy_until_ns.get(look.job.level) == look.deadline_ns:
            del self._busy_until_ns[look.job.level]

    def _by_rank(self, wanted: Iterable[Job], now_ns: int) -> list[Job]:
        """Everything to be decided on, what matters most first; equal ones in the order in which they were wanted."""
        jobs = dict(self._waiting)
        for job in wanted:
            known = jobs.get(job.key)
            if known is None:
                jobs[job.key] = replace(job, since_ns=now_ns)
            else:
                reasons, priority = job.reasons | known.reasons, max(job.priority, known.priority)
                jobs[job.key] = replace(job, reasons=reasons, priority=priority, since_ns=known.since_ns)
        return sorted(
            jobs.values(), key=lambda job: -(job.priority + self._rules.ageing_per_s * self._waited_s(job, now_ns))
        )

    def _rule(self, job: Job) -> LevelRule:
        if job.level not in self._levels:
            allowed = ", ".join(str(level) for level in self._levels)
            raise ValueError(f"job {job.key} of level {job.level}; allowed: {allowed}; the first is for begin_frame")
        return self._levels[job.level]

    @staticmethod
    def _waited_s(job: Job, now_ns: int) -> float:
        return 0.0 if job.since_ns is None else (now_ns - job.since_ns) / 1e9

    def _refusal(
        self, job: Job, rule: LevelRule, estimate_ms: float, stamp_ns: int, now_ns: int, late: bool, reserved: set[int]
    ) -> Why | None:
        if not self._rates[rule.level].allows(job.key, stamp_ns):
            return Why.RATE
        if rule.aside and now_ns <= self._busy_until_ns.get(rule.level, now_ns - 1):
            return Why.BUSY
        if late:
            return Why.NO_TIME
        share = self._shares.get(rule.level)
        if share is not None and (rule.level in reserved or not share.allows(estimate_ms, now_ns)):
            return Why.NO_SHARE
        return None

    def _take(self, job: Job, rule: LevelRule, estimate_ms: float, stamp_ns: int, deadline_ns: int) -> None:
        self._rates[rule.level].take(job.key, stamp_ns)
        if rule.level in self._shares:
            self._shares[rule.level].take(estimate_ms)
        if rule.aside:
            self._busy_until_ns[rule.level] = deadline_ns
