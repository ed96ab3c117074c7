"""What can go wrong with models: one subtype per reaction of the caller."""

from __future__ import annotations

from rt_control.errors import DynamicalError, InputError


class NetworkInputError(DynamicalError):
    """An array does not fit the network, or the network is closed: a mistake of the code that called it."""


class ModelOutputError(DynamicalError):
    """A network gave what nothing can be made of: the result for this input is lost, the next input may do."""


class DeviceLostError(DynamicalError):
    """The accelerator failed, and stays so: end this process and start a new one."""


class BackendUnavailableError(InputError):
    """This backend cannot be used here: install what the message names, or choose another."""


class ModelFileError(InputError):
    """A file does not hold a network that the backend can run: get the file anew, or another."""


class ModelRefusedError(InputError):
    """A model failed a check: it is not used; the message says what to mend.

    Attributes:
        model: name of the model, or path of the file where there is no name yet.
        check: that failed, one of `CHECKS` of models.activation or a word of its own kind.
    """

    def __init__(self, model: str, check: str, found: str, expected: str, mend: str) -> None:
        """Say in one line which check failed, what was found, what was expected, how to mend it."""
        self.model = model
        self.check = check
        line = f"model {model} is refused, check '{check}': found {found}; expected {expected}; {mend}"
        super().__init__(" ".join(line.split()))
