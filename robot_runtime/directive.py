"""What the agent wants of its workers, and what each worker answers.

A directive is a level, not an edge: the agent publishes it on every change and ten times a second, and a worker
converges to the newest one. Lost messages and restarted workers need no special case.
"""

from __future__ import annotations

import msgspec

from behaviours.profile import Profile
from perception.ledger import LedgerSummary
from policies.skill import Assignment, SkillReport


class Directive(msgspec.Struct, frozen=True):
    """Everything the agent wants at this moment.

    Attributes:
        sequence: rises with each change of profile or assignment; a worker acknowledges it.
        stamp_ns: when the agent decided it.
        profile: in force.
        assignment: skill that the policy worker executes; None = hold.
    """

    sequence: int
    stamp_ns: int
    profile: Profile
    assignment: Assignment | None


class WorkerStatus(msgspec.Struct, frozen=True):
    """How one worker stands; sent on change and at least ten times a second.

    Attributes:
        source: `perception`, `policy` or `fallback`.
        pid: of the process.
        directive_sequence: newest directive that it works by; 0 = none seen yet.
        stamp_ns: when this was true.
        report: of the assignment it executes or executed last; None if none.
        queue_age_s: how long its newest input waited before it was taken up.
        device_lost: its accelerator failed; it does not work until it is restarted.
        camera_fault: what its images cannot be used for, and why, e.g. `rgbd: black`; empty = they can.
        ledger: of perception, as of the last second.
    """

    source: str
    pid: int
    directive_sequence: int
    stamp_ns: int
    report: SkillReport | None = None
    queue_age_s: float = 0.0
    device_lost: bool = False
    camera_fault: str = ""
    ledger: LedgerSummary | None = None
