"""Every pair of execution state and event, written out once more by hand; the page in docs shows the same."""

from __future__ import annotations

from pathlib import Path

from rt_control import _native as rt
from rt_control._native import ExecutionEvent as Event
from rt_control._native import ExecutionState as State

PAGE = Path(__file__).parents[2] / "docs" / "execution-state.md"
# Columns: moves, brakes, rests, released, ramps_down, ramp_ended, torque_off, reset.
EXPECTED = {
    State.idle: "active   idle     idle     idle     stopping idle     fault    idle",
    State.active: "active   stopping active   active   stopping active   fault    active",
    State.holding: "active   holding  holding  idle     stopping holding  fault    holding",
    State.stopping: "active   stopping holding  stopping stopping stopped  fault    stopping",
    State.stopped: "stopped  stopped  stopped  stopped  stopped  stopped  fault    idle",
    State.fault: "fault    fault    fault    fault    fault    fault    fault    idle",
}


def table() -> list[str]:
    """The table of the page, as the code has it."""
    rows = [f"| state | {' | '.join(f'`{event.name}`' for event in Event)} |", "|---" * (len(Event) + 1) + "|"]
    for state, nexts in zip(State, rt.execution_table(), strict=True):
        cells = [f"**{after.name}**" if after != state else "-" for after in nexts]
        rows.append(f"| `{state.name}` | {' | '.join(cells)} |")
    return rows


def diagram() -> list[str]:
    """The diagram of the page, as the code has it."""
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> idle"]
    for state, nexts in zip(State, rt.execution_table(), strict=True):
        for target in State:
            events = [event.name for event, after in zip(Event, nexts, strict=True) if after == target != state]
            if events:
                lines.append(f"    {state.name} --> {target.name}: {', '.join(events)}")
    return [*lines, "```"]


def test_every_pair_of_state_and_event_leads_where_it_should() -> None:
    assert {state: [after.name for after in row] for state, row in zip(State, rt.execution_table(), strict=True)} == {
        state: row.split() for state, row in EXPECTED.items()
    }
    assert sum(len(row.split()) for row in EXPECTED.values()) == len(State) * len(Event) == 48


def test_the_page_shows_the_table_and_the_diagram_of_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8").splitlines()
    for lines in (table(), diagram()):
        begin = page.index(lines[0])
        assert page[begin : begin + len(lines)] == lines, "\n".join(lines)
