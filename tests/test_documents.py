"""What the documents claim and the code decides."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from robot_runtime import campaign, cli
from robot_runtime.commands import bench

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = (
    "benchmarks",
    "missions",
    "models",
    "perception",
    "policies",
    "behaviours",
    "robot_runtime",
    "robots",
    "rt_control",
    "sim",
    "trees",
)
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
RULE = re.compile(
    r'FaultRule\{Fault::(\w+), Stop::(\w+), (true|false), Resetter::(\w+),\s*"([^"]*)",\s*(kContinues|kEnds)\}'
)
STOPS = {"none": "none", "ss2": "SS2", "ss1": "SS1", "sto": "STO"}
RESETTERS = {"nobody": "-", "operator_": "operator", "requester": "operator; the agent only its own"}
OUTCOMES = {"kContinues": "continues", "kEnds": "`stopped_by_safety`"}


SOURCES = sorted(
    path
    for path in [*PAGES, *(item for folder in FOLDERS for item in (ROOT / folder).rglob("*"))]
    if path.suffix in (".md", ".toml", ".py", ".xml", ".cpp", ".hpp") and "`dynamical " in path.read_text()
)
COMMAND = re.compile(r"`dynamical ([a-z][^`{]*)[`{]")  # up to what an f-string fills in


def is_command(words: list[str]) -> bool:
    """Whether these words after `dynamical`, as a text names them, are a command or a group; `a|b` are two of them."""
    parser: argparse.ArgumentParser = cli.parser()
    known = {"bench": set(bench.summaries(bench.BENCHMARKS)), "campaign": {*campaign.names(), "list"}}
    for before, word in zip(["", *words], words, strict=False):
        group = next((item for item in parser._actions if isinstance(item, argparse._SubParsersAction)), None)
        if group is None:
            return not word.islower() or word in known.get(before, {word})
        if not set(word.split("|")) <= set(group.choices):
            return False
        parser = group.choices[word.split("|")[0]]
    return True


def fault_rows() -> list[str]:
    """The rows of docs/faults.md, as the table in the code has them."""
    header = (ROOT / "rt_control/include/rt_control/faults.hpp").read_text(encoding="utf-8")
    return [
        f"| `{fault}` | {text} | {STOPS[stop]} | {'yes' if latched == 'true' else 'no'} | {RESETTERS[resetter]} "
        f"| {OUTCOMES[outcome]} |"
        for fault, stop, latched, resetter, text, outcome in RULE.findall(header)
        if fault != "none"
    ]


def test_the_page_of_faults_says_what_the_table_in_the_code_does() -> None:
    page = (ROOT / "docs/faults.md").read_text(encoding="utf-8")
    rows = fault_rows()
    assert len(rows) == 17
    assert [line for line in page.splitlines() if line.startswith("| `")] == rows


def test_the_page_of_models_names_every_test_that_ran_over_a_fake_alone() -> None:
    page = (ROOT / "docs/models.md").read_text(encoding="utf-8")
    for name in ("test_tensorrt_backend.py", "test_conformance.py"):
        tests = re.findall(r"^def (test_\w+)", (ROOT / "tests/models/backends" / name).read_text(), re.MULTILINE)
        assert tests
        assert [test for test in tests if f"`{test}`" not in page] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_local_link_of_a_page_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_command_that_is_named_exists(source: Path) -> None:
    for named in COMMAND.findall(source.read_text(encoding="utf-8")):
        assert is_command(named.split()), f"{source.name} names `dynamical {named}`"


@pytest.mark.parametrize("words", ["run --lockstep", "rt estop|reset", "bench tick", "bench", "mission check FILE"])
def test_a_command_that_exists_is_known(words: str) -> None:
    assert is_command(words.split())


@pytest.mark.parametrize("words", ["fly", "rt fly", "rt estop|fly", "bench fly", "campaign fly"])
def test_a_command_that_does_not_exist_is_not(words: str) -> None:
    assert not is_command(words.split())


def test_the_readme_names_no_make_target_that_does_not_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    for page in PAGES:
        named = set(re.findall(r"`make ([a-z]+)", page.read_text(encoding="utf-8")))
        assert named <= targets, f"{page.name} names {named - targets}"
