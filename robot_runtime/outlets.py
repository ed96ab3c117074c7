"""What hangs on `rt_control` beside its channels: a line for an oscilloscope and two watchdogs."""

from __future__ import annotations

from dataclasses import dataclass, fields

from rt_control.errors import InputError


@dataclass(frozen=True, slots=True)
class Outlets:
    """Devices of this machine; None: not there. `rt_control` opens them, and refuses what it cannot use.

    Attributes:
        scope: a serial line, whose DTR is used, or CHIP:LINE of a GPIO chip; its level changes in every cycle.
        relay: serial line of a safety relay.
        watchdog: the machine's, which restarts it; counts from its opening on.

    Raises:
        InputError: a name is empty, or two are the same.
    """

    scope: str | None = None
    relay: str | None = None
    watchdog: str | None = None

    def __post_init__(self) -> None:
        for name, device in self.named():
            if not device:
                raise InputError(f"--{name} is empty; name a device, e.g. {_EXAMPLES[name]}, or leave it out")
            twin = next((other for other, same in self.named() if same == device), name)
            if twin != name:
                raise InputError(f"--{twin} and --{name} are both {device}; give each a device of its own")

    def named(self) -> tuple[tuple[str, str], ...]:
        """Those that are there, each by the name of its option."""
        devices = ((item.name, getattr(self, item.name)) for item in fields(self))
        return tuple((name, device) for name, device in devices if device is not None)

    def arguments(self) -> tuple[str, ...]:
        """For the command line of `rt_control`."""
        return tuple(word for name, device in self.named() for word in (f"--{name}", device))


_EXAMPLES = {"scope": "/dev/gpiochip0:17", "relay": "/dev/ttyUSB0", "watchdog": "/dev/watchdog"}
