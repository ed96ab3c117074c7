from __future__ import annotations

import pytest

from robot_runtime import machine


@pytest.mark.parametrize(
    ("version", "realtime", "mode", "command_line", "kind"),
    [
        ("#1 SMP PREEMPT_RT Debian 6.1", "", "", "", "PREEMPT_RT"),
        ("#1 SMP 6.1", "1\n", "", "", "PREEMPT_RT"),
        ("#1 SMP PREEMPT_DYNAMIC @0", "", "none voluntary (full) lazy\n", "preempt=none", "PREEMPT_DYNAMIC full"),
        ("#1 SMP PREEMPT_DYNAMIC @0", "", "", "quiet preempt=none", "PREEMPT_DYNAMIC none"),
        ("#1 SMP PREEMPT_DYNAMIC @0", "0", "", "", "PREEMPT_DYNAMIC"),
        ("#1 SMP PREEMPT 5.4", "", "", "", "PREEMPT"),
        ("#1 SMP 4.19", "", "", "", "none"),
    ],
)
def test_the_kind_of_preemption_is_read_from_what_the_kernel_says(
    version: str, realtime: str, mode: str, command_line: str, kind: str
) -> None:
    assert machine.preemption(version, realtime, mode, command_line) == kind


def test_this_machine_is_described_in_one_sentence() -> None:
    here = machine.describe()
    assert here.cores >= 1
    assert here.memory_gib > 0
    assert "\n" not in here.sentence()
