from __future__ import annotations

import pytest

from robot_runtime.outlets import Outlets
from rt_control.errors import InputError


def test_only_what_is_named_is_asked_of_rt_control() -> None:
    assert Outlets().arguments() == ()
    assert Outlets(relay="/dev/ttyUSB0").arguments() == ("--relay", "/dev/ttyUSB0")
    assert Outlets("/dev/gpiochip0:17", "/dev/ttyS1", "/dev/watchdog").arguments() == (
        *("--scope", "/dev/gpiochip0:17"),
        *("--relay", "/dev/ttyS1"),
        *("--watchdog", "/dev/watchdog"),
    )


@pytest.mark.parametrize(
    ("devices", "message"),
    [
        ({"watchdog": ""}, "--watchdog is empty; name a device, e.g. /dev/watchdog, or leave it out"),
        ({"scope": "tty", "relay": "tty"}, "--scope and --relay are both tty; give each a device of its own"),
    ],
)
def test_a_device_without_a_name_or_with_that_of_another_is_refused(devices: dict[str, str], message: str) -> None:
    with pytest.raises(InputError) as refused:
        Outlets(**devices)
    assert str(refused.value) == message
