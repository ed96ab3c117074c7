"""What the mode leaves decide from: one immutable picture of what works, made by the monitors of the runtime."""

from __future__ import annotations

import msgspec


class Condition(msgspec.Struct, frozen=True):
    """Whether one thing works.

    Attributes:
        ok: it works, hysteresis included.
        reason: what was seen, for people; never empty when `ok` is false.
    """

    ok: bool
    reason: str = ""


OK = Condition(True)


class Health(msgspec.Struct, frozen=True):
    """What works at one moment.

    Attributes:
        stamp_ns: since when it is so.
        tier1: `rt_control` publishes fresh states.
        cameras: they deliver fresh images, of which some can be used.
        perception: the perception worker lives, answers, has its device and images that it can use.
        policy: the policy worker lives, answers and has its device.
        fallback: the fallback worker lives, answers and has images that it can use.
        load: the workers keep their deadlines; not ok = the GPU (or what stands for it) is overloaded.
        cloud: the cloud's heartbeat answers.
    """

    stamp_ns: int
    tier1: Condition
    cameras: Condition
    perception: Condition
    policy: Condition
    fallback: Condition
    load: Condition
    cloud: Condition
