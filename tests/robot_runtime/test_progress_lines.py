from __future__ import annotations

from robot_runtime.progress_lines import ProgressLines


class Told:
    def __init__(self, what: str = "step") -> None:
        self.now_s = 0.0
        self.lines: list[str] = []
        self.progress = ProgressLines(what, self.lines.append, lambda: self.now_s)


def test_a_line_comes_about_every_ten_seconds() -> None:
    told = Told()
    for second in range(35):
        told.now_s = float(second)
        told.progress.at(second, 100)
    assert told.lines == [
        "step 10 of 100 (10%), 1.5 min left",
        "step 20 of 100 (20%), 1.3 min left",
        "step 30 of 100 (30%), 1.2 min left",
    ]


def test_what_was_there_before_took_no_time() -> None:
    told = Told()
    told.progress.at(90, 100)
    told.now_s = 60.0
    told.progress.at(95, 100)
    assert told.lines == ["step 95 of 100 (95%), 1.0 min left"]


def test_a_line_may_be_told_at_once_with_more_to_say() -> None:
    told = Told("images")
    told.progress.at(1, 2, "heat 0.5", always=True)
    assert told.lines == ["images 1 of 2 (50%): heat 0.5"]
