"""Values that travel with a latency."""

from robot_runtime.mailbox import DelayedLatest


def test_a_value_is_not_seen_before_its_time() -> None:
    box: DelayedLatest[str] = DelayedLatest()
    box.put("scene", 30)
    assert box.read(29) is None
    assert box.read(30) == "scene"


def test_the_newest_visible_value_wins_and_stays() -> None:
    box: DelayedLatest[str] = DelayedLatest()
    box.put("first", 10)
    box.put("second", 20)
    assert box.read(15) == "first"
    assert box.read(99) == "second"
    assert box.read(99) == "second"


def test_a_slower_value_never_overtakes_the_order_in_which_values_were_put() -> None:
    box: DelayedLatest[str] = DelayedLatest()
    box.put("slow", 50)
    box.put("fast", 20)
    assert box.read(30) is None
    assert box.read(50) == "fast"
