"""Two roles of one network ask for the same run: it is made once."""

from __future__ import annotations

from collections.abc import Mapping

from models.backends.backend import Array, Network, TensorSpec


class LastRun:
    """A network that answers from memory when it is given the very arrays of the run before.

    Arrays are the same when they are the same objects and read-only: `PreparedImage` hands out such. They are held
    until the next run, so that no other array can take their identity. Its answers are read-only, for they are shared.
    """

    def __init__(self, network: Network) -> None:
        """Wrap a loaded network, which is closed with it."""
        self._network = network
        self._asked: dict[str, Array] = {}
        self._answered: dict[str, Array] = {}

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """What it wants."""
        return self._network.inputs

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """What it gives."""
        return self._network.outputs

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Run it once, or answer as the run before; see `Network`."""
        if self._asked.keys() == inputs.keys() and all(self._asked[name] is array for name, array in inputs.items()):
            return dict(self._answered)
        self._asked, self._answered = {}, {}
        answers = self._network.run(inputs)
        for array in answers.values():
            array.flags.writeable = False
        if not any(array.flags.writeable for array in inputs.values()):
            self._asked, self._answered = dict(inputs), answers
        return dict(answers)

    def close(self) -> None:
        """Close the network."""
        self._asked, self._answered = {}, {}
        self._network.close()
