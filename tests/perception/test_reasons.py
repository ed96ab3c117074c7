from __future__ import annotations

import functools
import operator

from perception.reasons import REASONS, ReasonFlag, flags
from perception.triggers import Reason, SceneReason


def test_every_reason_of_the_triggers_has_a_flag_of_its_own() -> None:
    told = [flags([reason]) for reason in (*Reason, *SceneReason)]
    assert set(told) == set(REASONS) - {ReasonFlag.LEVEL1} and len(set(told)) == len(told)
    assert flags((*Reason, *SceneReason)) == functools.reduce(operator.or_, told)


def test_without_a_reason_there_is_no_flag() -> None:
    assert flags([]) == ReasonFlag(0)
