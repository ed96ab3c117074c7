"""Networks whose answers are written by hand, manifests for them, and what a test asks of a raw answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np

from models.adapters import Adapter
from models.backends.backend import Array, Network, TensorSpec
from models.manifest import Golden, Manifest, ModelFile, Parameter, Tensor, digest_of
from models.preprocessing import PreparedImage, Preprocessing

Answers = Mapping[str, Array] | Callable[[Mapping[str, Array]], Mapping[str, Array]]


class Written:
    """A network that gives what was written down, and counts how often it was run."""

    def __init__(self, inputs: Mapping[str, Sequence[int | str]], answers: Answers) -> None:
        """`answers`: the outputs of every run, or what makes them of the inputs; then `outputs` stays empty."""
        self.inputs = tuple(TensorSpec(name, "float32", tuple(shape)) for name, shape in inputs.items())
        fixed = {} if callable(answers) else answers
        self.outputs = tuple(TensorSpec(name, str(array.dtype), array.shape) for name, array in fixed.items())
        self.answers = answers
        self.asked: list[dict[str, Array]] = []

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        self.asked.append(dict(inputs))
        return dict(self.answers(inputs) if callable(self.answers) else self.answers)

    def close(self) -> None:
        pass


def manifest(
    adapter: Adapter,
    preprocessing: Preprocessing,
    postprocessing: dict[str, Parameter] | None = None,
    class_names: Sequence[str] = (),
) -> Manifest:
    given = postprocessing or {}
    return Manifest(
        name="tried",
        variant="small",
        roles=list(adapter.roles),
        adapter=adapter.name,
        licence="Apache-2.0",
        source="a test",
        training_command="none",
        data_seed="none",
        class_names=list(class_names),
        preprocessing_digest=digest_of(preprocessing),
        postprocessing_digest=digest_of(given),
        files=[ModelFile(name="model.onnx", sha256="0" * 64, backends=["onnxruntime"])],
        inputs=[Tensor(name="x", dtype="float32", shape=[1])],
        outputs=[Tensor(name="y", dtype="float32", shape=[1])],
        preprocessing=preprocessing,
        postprocessing=given,
        golden=Golden(name="golden.npz", sha256="0" * 64, tolerance=1e-3),
    )


def misfit_text(adapter: Adapter, network: Network) -> str | None:
    """What does not fit, in one line; None if all does."""
    found = adapter.misfit(network.inputs, network.outputs)
    return None if found is None else "; ".join(found)


@lru_cache
def photograph(width: int = 640, height: int = 480, seed: int = 0) -> PreparedImage:
    """Noise; the same object each time, so that it is prepared once."""
    return PreparedImage(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))
