"""`dynamical models`: the networks that the robot sees with."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from robot_runtime.commands import arguments, models_budget, models_export, models_serve, models_train, models_tune

if TYPE_CHECKING:
    from models.registry import Registry
    from models.roles import Role
    from robot_runtime.commands.arguments import Subparsers
    from robot_runtime.model_listing import ModelListing
    from robot_runtime.report import Figure

DEFAULT_BACKEND = "onnxruntime"  # models.backends.DEFAULT, without loading it
BYTES_PER_MB = 1e6


def register(commands: Subparsers) -> None:
    """Add the commands."""
    group = commands.add_parser(
        "models",
        help="networks: list them, add your own, verify, train and tune them",
        description="A model is a folder: a network, a manifest, a golden answer. A role is bound to one of them.",
    ).add_subparsers(title="commands", metavar="COMMAND", required=True)

    listed = group.add_parser(
        "list",
        help="which model serves which role, and what else there is",
        description="List the models, what serves each role, and the backends that can be used here.",
    )
    arguments.add_json_argument(listed)
    listed.set_defaults(handler=list_command)

    add = group.add_parser(
        "add",
        help="make a model of your own ONNX file",
        description="Check an ONNX file as every other model is checked, and put it into your models. Exit code 2 if "
        "it does not run or does not fit. docs/models.md says what each refusal means.",
    )
    add.add_argument("file", type=Path, help="ONNX file with its weights inside")
    add.add_argument(
        "--role", action="append", required=True, type=arguments.role, help="that it fills; several if repeated"
    )
    add.add_argument("--adapter", required=True, help="that understands its outputs")
    add.add_argument("--licence", required=True, help="SPDX expression, e.g. Apache-2.0")
    add.add_argument("--name", help="of the model (default: the file's name)")
    add.add_argument("--settings", type=Path, metavar="FILE", help="TOML with class names, pre- and postprocessing")
    add.add_argument("--bind", action="store_true", help="let it serve its roles from now on")
    add.set_defaults(handler=add_command)

    bind = group.add_parser(
        "bind",
        help="let a model serve its roles",
        description="Let a model serve the roles that it fills, from the next start on.",
    )
    bind.add_argument("name", metavar="NAME", help="of the model")
    bind.add_argument("--role", action="append", type=arguments.role, help="only this one; several if repeated")
    bind.set_defaults(handler=bind_command)

    unbind = group.add_parser(
        "unbind",
        help="go back to the shipped model of a role",
        description="Forget which model you bound to a role: the shipped one serves it from the next start on.",
    )
    unbind.add_argument("role", nargs="+", type=arguments.role, help="of the models")
    unbind.set_defaults(handler=unbind_command)

    verify = group.add_parser(
        "verify",
        help="run every check of a model: hash, tensors, golden answer",
        description="Run every check that a model passes before it is used. Exit code 1 if one fails.",
    )
    verify.add_argument("names", nargs="*", metavar="NAME", help="models (default: all)")
    verify.add_argument("--backend", default=DEFAULT_BACKEND, help=f"that runs them (default: {DEFAULT_BACKEND})")
    arguments.add_json_argument(verify)
    verify.set_defaults(handler=verify_command)

    models_train.register(group)
    models_export.register(group)
    models_tune.register(group)
    models_serve.register(group)
    models_budget.register(group)


def list_command(options: argparse.Namespace) -> int:
    """List the models."""
    from robot_runtime.model_listing import listing
    from robot_runtime.report import write_json

    found = listing(registry())
    if options.json_path != "-":
        print_listing(found)
    if options.json_path is not None:
        write_json(found, options.json_path)
    return 0


def add_command(options: argparse.Namespace) -> int:
    """Add a model."""
    from models import backends
    from models.adding import Addition, Settings, add, read_settings

    settings = read_settings(options.settings) if options.settings else Settings()
    roles = tuple(dict.fromkeys(options.role))
    addition = Addition(options.file, roles, options.adapter, options.licence, options.name, settings)
    known = registry()
    model = add(known, addition, backends.get(DEFAULT_BACKEND))
    print(f"added model {model.manifest.name} for {', '.join(roles)}: {model.folder}")
    for kind, tensors in (("input", model.manifest.inputs), ("output", model.manifest.outputs)):
        for item in tensors:
            print(f"{kind} {item.name}: {item.dtype} ({', '.join(map(str, item.shape))})")
    for role in roles if options.bind else ():
        known.bind(role, model.manifest.name)
        print(f"{role} is bound to {model.manifest.name}")
    return 0


def bind_command(options: argparse.Namespace) -> int:
    """Bind a model to roles."""
    known = registry()
    roles = tuple(dict.fromkeys(options.role or known.find(options.name).manifest.roles))
    for role in roles:
        known.bind(role, options.name)
        print(f"{role} is bound to {options.name}")
    return 0


def unbind_command(options: argparse.Namespace) -> int:
    """Go back to the shipped models of roles."""
    known = registry()
    for role in dict.fromkeys(options.role):
        name = known.unbind(role)
        print(f"{role} is bound to {name}" if name else f"no model is bound to {role}")
    return 0


def verify_command(options: argparse.Namespace) -> int:
    """Verify models."""
    from robot_runtime import machine, origin
    from robot_runtime.report import Report, emit

    known = registry()
    names = options.names or known.names()
    figures = [_verified(known, name, options.backend) for name in names]
    figures += (
        [] if options.names else [_verified_binding(known, role, name) for role, name in known.bindings().items()]
    )
    words = " ".join(("models verify", *options.names))
    return emit(Report(words, origin.commit(), machine.describe(), tuple(figures)), options.json_path)


def registry() -> Registry:
    """Of the shipped models and of the user's."""
    from models.registry import Registry
    from robot_runtime import model_folders

    return Registry(model_folders.folder())


def print_listing(found: ModelListing) -> None:
    """Print a listing for people, on standard output."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("model", no_wrap=True)
    for title in ("roles", "variant", "MB", "licence", "from"):
        table.add_column(title, justify="right" if title == "MB" else "left")
    for item in found.models:
        if item.refused is not None:
            continue
        roles = ", ".join(role if role in item.bound else f"({role})" for role in item.roles)
        table.add_row(
            item.name, roles, item.variant, f"{item.size_bytes / BYTES_PER_MB:.1f}", item.licence, item.origin
        )
    console = Console(highlight=False, soft_wrap=True)
    if table.rows:
        console.print(table)
        console.print("\n(role): the model could fill it, and another one does, or none")
    else:
        console.print("there are no models; add one with `dynamical models add`")
    for item in found.models:
        if item.refused is not None:
            console.print(item.refused, markup=False)
    console.print()
    for backend in found.backends:
        console.print(f"backend {backend.name}: {backend.lacks or 'can be used'}", markup=False)


def _verified(known: Registry, name: str, backend: str) -> Figure:
    from models import backends
    from models.errors import ModelRefusedError

    try:
        known.find(name)  # a model, where `activate` would take a role too
        known.activate(name, backends.get(backend))
    except ModelRefusedError as error:
        return _verdict(f"{name} on {backend}", str(error))
    finally:
        known.close()
    return _verdict(f"{name} on {backend}", "")


def _verified_binding(known: Registry, role: Role, name: str) -> Figure:
    from rt_control.errors import InputError

    try:
        known.serving(role)
    except InputError as error:
        return _verdict(f"{role} is bound to {name}", str(error))
    return _verdict(f"{role} is bound to {name}", "")


def _verdict(what: str, refusal: str) -> Figure:
    from robot_runtime.report import Figure

    return Figure(name=what, value="refused" if refusal else "sound", target="sound", holds=not refusal, note=refusal)
