"""The rules of the architecture that no type checker sees."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LAYERS = ("rt_control", "models", "perception", "policies", "behaviours", "trees", "robot_runtime")
PACKAGES = (*LAYERS, "sim", "cloud")

# The simulator's truth: the physics itself, the bytes that describe it, and what the scorer makes of them.
TRUTH_MODULES = {"sim.plant", "sim.score", "sim.world_state", "sim.scenario"}
TRUTH_CHANNEL = "world"
# The composition roots: lockstep owns the plant and asks the scorer; live reads the score that the plant left.
MAY_HOLD_TRUTH = {
    "robot_runtime/lockstep.py": TRUTH_MODULES,
    "robot_runtime/live.py": {"sim.score"},
    # Records in the physics, without a runtime; its expert sees what the oracle shows.
    "robot_runtime/training_demonstrations.py": {"sim.plant"},
}


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Every module that a file imports, `from a import b` counted as `a` and as `a.b`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively; name the package"
            found.add(node.module or "")
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_contracts_of_the_layers_hold() -> None:
    # In a process of its own: import-linter silences every logger that exists.
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    linted = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert linted.returncode == 0, linted.stdout + linted.stderr
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    assert {contract["type"] for contract in contracts} == {"layers", "forbidden"}


def test_nothing_but_the_simulator_and_those_who_score_with_it_sees_the_truth() -> None:
    for path in sources(*PACKAGES):
        if name_of(path).startswith("sim/"):
            continue
        seen = imports(path) & TRUTH_MODULES
        assert seen <= MAY_HOLD_TRUTH.get(name_of(path), set()), f"{name_of(path)} imports the truth: {seen}"


def test_the_channel_that_carries_the_world_is_read_by_the_cameras_alone() -> None:
    for path in sources(*PACKAGES):
        if name_of(path).startswith("sim/") or name_of(path) == "rt_control/channels.py":  # which creates it
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "path":
                named = [item.value for item in node.args if isinstance(item, ast.Constant)]
                assert TRUTH_CHANNEL not in named, f"{name_of(path)}:{node.lineno} opens the world channel"


def test_only_the_scorer_and_the_plant_look_at_the_physics() -> None:
    """Cameras get bytes; who turns them into positions of objects is the renderer, and the scorer of the plant."""
    for path in sources("models", "perception", "policies", "behaviours", "trees"):
        assert "mujoco" not in {name.split(".")[0] for name in imports(path)}, name_of(path)


def test_the_distribution_contains_every_package() -> None:
    listed = set(PROJECT["tool"]["setuptools"]["packages"])
    there = {
        path.parent.relative_to(ROOT).as_posix().replace("/", ".")
        for path in sources(*PACKAGES, "robots", "missions")
        if path.name == "__init__.py"
    }
    assert there <= listed
    assert all((ROOT / name.replace(".", "/")).is_dir() for name in listed)


def test_no_package_reads_the_environment_below_the_composition_root() -> None:
    for path in sources(*LAYERS[:-1]):
        text = path.read_text(encoding="utf-8")
        assert "os.environ" not in text, name_of(path)
        assert "getenv" not in text, name_of(path)


def test_nothing_prints_to_standard_output_but_the_command_line() -> None:
    allowed = ("commands/", "cli.py", "gl_probe.py", "run_progress.py")
    for path in sources(*PACKAGES):
        if name_of(path).removeprefix("robot_runtime/").startswith(allowed):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"):
                continue
            to_standard_error = any(keyword.arg == "file" for keyword in node.keywords)
            assert to_standard_error, f"{name_of(path)}:{node.lineno} prints; log instead"
