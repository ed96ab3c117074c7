from __future__ import annotations

from typing import Any

import msgspec

from robot_runtime.agent_ports import Tier1Request
from robot_runtime.takeover import Takeover
from tests.robot_runtime.fake_robot import FakeRobot

STATE = FakeRobot().state


def update(takeover: Takeover, now_ns: int, held: bool, free: bool = True, **tier1: Any) -> Tier1Request | None:
    return takeover.update(now_ns, msgspec.structs.replace(STATE, **tier1), held=held, free=free)


def test_the_jog_gets_authority_once_the_skill_has_ended() -> None:
    takeover = Takeover()
    assert update(takeover, 1, held=True, free=False) is None
    asked = update(takeover, 2, held=True, epoch_highest=4)
    assert asked == Tier1Request("grant_authority", "jog", 5, 0, 2)
    assert update(takeover, 3, held=True, epoch_highest=4) is None
    assert update(takeover, 4, held=True, authority="jog", epoch=5) is None


def test_an_unanswered_grant_is_asked_again_with_a_new_epoch() -> None:
    takeover = Takeover()
    update(takeover, 0, held=True)
    again = update(takeover, 300_000_000, held=True)
    assert again is not None
    assert again.epoch == 2


def test_the_release_takes_it_back() -> None:
    asked = update(Takeover(), 1, held=False, authority="jog", epoch=5)
    assert asked == Tier1Request("revoke_authority", "jog", 5, 0, 1)


def test_a_takeover_after_a_release_is_not_held_up_by_the_time_between_two_requests() -> None:
    takeover = Takeover()
    update(takeover, 0, held=False, authority="jog", epoch=5)
    assert update(takeover, 1, held=True, epoch_highest=5) is not None


def test_nothing_is_asked_while_a_stop_is_latched_or_when_nobody_holds_the_robot() -> None:
    takeover = Takeover()
    assert update(takeover, 1, held=True, latched=True) is None
    assert update(takeover, 2, held=False, authority="policy") is None
    assert takeover.update(3, None, held=True, free=True) is None
