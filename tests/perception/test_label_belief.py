from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perception.label_belief import LabelBelief


def after(*looks: dict[str, float]) -> tuple[str, float]:
    belief = LabelBelief()
    for look in looks:
        belief.look(look)
    return belief.best()


@given(score=st.floats(0.05, 0.95), count=st.integers(1, 40))
def test_many_looks_that_say_the_same_are_no_surer_than_one(score: float, count: int) -> None:
    label, probability = after(*[{"cube": score}] * count)
    assert label == "cube"
    assert probability == pytest.approx(score)


@given(before=st.integers(3, 30), wrong=st.floats(0.5, 0.99))
def test_one_wrong_look_does_not_flip_the_name(before: int, wrong: float) -> None:
    label, probability = after(*[{"cube": 0.9}] * before, {"ball": wrong})
    assert label == "cube"
    assert probability < 0.9


def test_looks_that_keep_saying_something_else_do_flip_it() -> None:
    assert after(*[{"cube": 0.9}] * 30, *[{"ball": 0.9}] * 30)[0] == "ball"


def test_a_heavy_look_counts_as_many() -> None:
    belief = LabelBelief()
    belief.look({"cube": 0.6})
    belief.look({"ball": 0.95, "cube": 0.05}, weight=5.0)
    assert belief.best()[0] == "ball"


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.floats(0.0, 0.33), min_size=1), min_size=1, max_size=20))
def test_what_is_believed_is_a_probability(looks: list[dict[str, float]]) -> None:
    assert 0.0 < after(*looks)[1] <= 1.0


def test_of_two_equal_names_the_first_in_the_alphabet_is_taken() -> None:
    assert after({"b": 0.5, "a": 0.5})[0] == "a"


def test_without_a_look_there_is_no_name() -> None:
    with pytest.raises(ValueError, match=r"nothing was looked at; call look\(\) with at least one name first"):
        LabelBelief().best()
