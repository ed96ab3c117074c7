"""`models export`: the network of a model, or of a training, as an ONNX file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from robot_runtime.commands import arguments
from robot_runtime.commands.models_train import require_torch
from rt_control.errors import InputError

if TYPE_CHECKING:
    from robot_runtime.commands.arguments import Subparsers


def register(group: Subparsers) -> None:
    """Add the command to those of `models`."""
    parser = group.add_parser(
        "export",
        help="the network of a model, or of a training that goes on, as an ONNX file",
        description="Write the network of a model, after every check of it, or that of a training as far as it has "
        "come, as an ONNX file.",
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="of a model, or a role")
    parser.add_argument("file", type=arguments.output_file, metavar="FILE.onnx", help="to be written")
    parser.add_argument("--run", type=Path, metavar="FOLDER", help="of a training, instead of a model")
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Write the file."""
    if (options.name is None) == (options.run is None):
        raise InputError("give either the NAME of a model or the --run FOLDER of a training")
    if options.file.exists():
        raise InputError(f"{options.file} is there already; give another name, or remove it")
    if options.run is not None:
        require_torch("models export --run")
        from robot_runtime.model_training import export_checkpoint

        steps = export_checkpoint(options.run, options.file)
        print(f"{options.file}: network of {options.run} after {steps} steps")
        return 0
    from models import backends, durable
    from models.registry import Registry
    from robot_runtime import model_folders

    with Registry(model_folders.folder()) as registry:
        manifest = registry.activate(options.name, backends.get("onnxruntime")).manifest
        model = registry.find(manifest.name)
    network = manifest.file_of("onnxruntime")
    assert network is not None  # or it would not have been activated
    durable.write(options.file, (model.folder / network.name).read_bytes())
    print(f"{options.file}: network of {manifest.name}, licence {manifest.licence}, sha256 {network.sha256}")
    return 0
