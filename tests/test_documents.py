"""What the documents claim and the code decides."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
RULE = re.compile(
    r'FaultRule\{Fault::(\w+), Stop::(\w+), (true|false), Resetter::(\w+),\s*"([^"]*)",\s*(kContinues|kEnds)\}'
)
STOPS = {"none": "none", "ss2": "SS2", "ss1": "SS1", "sto": "STO"}
RESETTERS = {"nobody": "-", "operator_": "operator", "requester": "operator; the agent only its own"}
OUTCOMES = {"kContinues": "continues", "kEnds": "`stopped_by_safety`"}


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
    assert len(rows) == 15
    assert [line for line in page.splitlines() if line.startswith("| `")] == rows


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_local_link_of_a_page_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"


def test_the_readme_names_no_make_target_that_does_not_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    for page in PAGES:
        named = set(re.findall(r"`make ([a-z]+)", page.read_text(encoding="utf-8")))
        assert named <= targets, f"{page.name} names {named - targets}"
