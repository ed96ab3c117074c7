"""The root error type and one subtype per reaction of the caller."""


class DynamicalError(Exception):
    """Anything that Dynamical refuses or cannot do; the message says what, the value, what is allowed and the mend."""


class InputError(DynamicalError):
    """What the user gave cannot be used: the command ends with exit code 2 and this one line."""


class ChannelError(DynamicalError):
    """A shared-memory channel is missing, of another layout, or not writable: open it again or give up."""


class WorkerLost(DynamicalError):
    """A process that was needed ended or does not answer: its supervisor decides what follows."""
