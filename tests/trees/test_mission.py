from __future__ import annotations

import re
from pathlib import Path

import pytest

from behaviours.workcell import Workcell
from rt_control.description import load_robot
from rt_control.errors import InputError
from trees.mission import Variable, load_mission, mission_text, parse_mission, shipped_missions

KNOWN = {"bin": ("left_bin", "right_bin"), "pose": ("home",)}


def mission(body: str, more: str = "", root: str = 'BTCPP_format="4" main_tree_to_execute="Main"') -> str:
    return f'<root {root}>\n<BehaviorTree ID="Main">\n{body}\n</BehaviorTree>\n{more}\n</root>'


REFUSALS = [
    # XML
    ("<root", "m.xml:1: not well-formed XML (unclosed token, column 1)"),
    ('<!DOCTYPE root [<!ENTITY a "b">]><root/>', "m.xml:1: a document type is declared; allowed: none"),
    (mission("hello"), "m.xml:3: text 'hello' stands between the nodes"),
    # The frame
    ("<mission/>", "m.xml:1: the outermost element is <mission>; allowed: <root>"),
    ('<root main_tree_to_execute="Main"/>', "m.xml:1: BTCPP_format is None; allowed: '4'; write BTCPP_format=\"4\""),
    ('<root BTCPP_format="3" main_tree_to_execute="Main"/>', "BTCPP_format is '3'; allowed: '4'"),
    ('<root BTCPP_format="4"/>', "m.xml:1: <root> lacks 'main_tree_to_execute'"),
    (
        mission("<Sequence><Holding object='a'/></Sequence>", root='BTCPP_format="4" main_tree_to_execute="Mane"'),
        "m.xml:1: main_tree_to_execute 'Mane' is unknown; allowed: Main; did you mean 'Main'?",
    ),
    (mission("<Holding object='a'/>", "<TreeNodesModel/>"), "m.xml:5: <TreeNodesModel> stands directly in <root>"),
    (
        mission("<Holding object='a'/>", "<BehaviorTree ID='Main'><Holding object='a'/></BehaviorTree>"),
        "m.xml:5: BehaviorTree ID 'Main' is used twice, first on line 2; allowed: each ID once",
    ),
    (mission("<Holding object='a'/><Holding object='b'/>"), "<BehaviorTree> has 2 children; allowed: exactly 1; wrap"),
    (mission(""), "m.xml:2: <BehaviorTree> has 0 children"),
    (mission("<Holding object='a'/>", root='BTCPP_format="4" main_tree_to_execute="Main" x="1"'), "attribute 'x' of"),
    # Nodes
    (mission("<Pik object='a'/>"), "m.xml:3: node <Pik> is unknown; allowed: Sequence, Fallback"),
    (mission("<Pik object='a'/>"), "did you mean 'Pick'?"),
    (mission("<Sequence/>"), "m.xml:3: <Sequence> has 0 children; allowed: at least 1"),
    (
        mission("<Sequence memory='true'><Holding object='a'/></Sequence>"),
        "attribute 'memory' of <Sequence> is unknown",
    ),
    (mission("<Pick object='a'><Holding object='a'/></Pick>"), "<Pick> has 1 children; allowed: none"),
    (mission("<RetryUntilSuccessful><Holding object='a'/></RetryUntilSuccessful>"), "lacks 'num_attempts'"),
    *(
        (
            mission(f"<RetryUntilSuccessful num_attempts='{bad}'><Holding object='a'/></RetryUntilSuccessful>"),
            f"num_attempts '{bad}'; allowed: a whole number from 1, or -1 for without end",
        )
        for bad in ("0", "-2", "3.5", "{n}", "")
    ),
    # Ports
    (
        mission("<Pick objekt='a'/>"),
        "m.xml:3: port 'objekt' of Pick is unknown; allowed: timeout_s, high_value, object; did you mean 'object'?",
    ),
    (mission("<Pick/>"), "m.xml:3: Pick lacks its required port 'object' (name of the object)"),
    (mission("<Pick object=''/>"), "port 'object' of Pick is given ''; allowed: text"),
    (
        mission("<Pick object='a' timeout_s='soon'/>"),
        "m.xml:3: port 'timeout_s' of Pick is given 'soon'; allowed: a number; it means: s; the skill fails when",
    ),
    (mission("<Pick object='a' timeout_s='nan'/>"), "is given 'nan'; allowed: a number"),
    (mission("<Pick object='the {a}'/>"), "value 'the {a}'; allowed: a literal, or {key} alone"),
    (
        mission("<Place bin='left_bn'/>"),
        "bin 'left_bn' for port 'bin' of Place is unknown; allowed: left_bin, right_bin; did you mean 'left_bin'?",
    ),
    (
        mission("<MoveTo pose='up'/>"),
        "m.xml:3: pose 'up' for port 'pose' of MoveTo is unknown; allowed: home; choose one",
    ),
    (mission("<Pick object='{thing}'/>"), "m.xml:3: port 'object' of Pick reads {thing}, which nothing in Main gives"),
    (
        mission("<LocateObject object='a' position='b'/>"),
        "port 'position' of LocateObject is an output, but is given 'b'",
    ),
    (
        mission("<Sequence><LocateObject object='a' position='{p}'/><Pick object='{p}'/></Sequence>"),
        "port 'object' of Pick reads {p} as str, LocateObject writes tuple; allowed: ports of one type",
    ),
    # Subtrees
    (mission("<SubTree/>"), "m.xml:3: <SubTree> lacks 'ID'"),
    (mission("<SubTree ID='Main2'/>"), "m.xml:3: SubTree ID 'Main2' is unknown; allowed: Main; did you mean 'Main'?"),
    (mission("<SubTree ID='Main'/>"), "m.xml:3: the subtrees form a cycle: Main > Main"),
    (
        mission("<SubTree ID='A'/>", "<BehaviorTree ID='A'><Sequence><SubTree ID='Main'/></Sequence></BehaviorTree>"),
        "m.xml:5: the subtrees form a cycle: Main > A > Main; allowed: no cycle; break it here",
    ),
    (
        mission("<SubTree ID='A' objekt='x'/>", "<BehaviorTree ID='A'><Pick object='{object}'/></BehaviorTree>"),
        "m.xml:3: port 'objekt' of SubTree A is unknown; allowed: object; did you mean 'object'?",
    ),
    (
        mission("<SubTree ID='A'/>", "<BehaviorTree ID='A'><Pick object='{object}'/></BehaviorTree>"),
        "m.xml:5: port 'object' of Pick reads {object}, which nothing in A gives; allowed: an attribute of the SubTree",
    ),
    (
        mission("<SubTree ID='A' b='left_bn'/>", "<BehaviorTree ID='A'><Place bin='{b}'/></BehaviorTree>"),
        "m.xml:3: bin 'left_bn' for port 'bin' of Place is unknown",
    ),
]


@pytest.mark.parametrize(("text", "message"), REFUSALS)
def test_what_is_not_understood_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)) as refusal:
        parse_mission(text, "m.xml", KNOWN)
    said = str(refusal.value)
    assert "\n" not in said
    assert re.match(r"m\.xml:\d+: .+; allowed: .+; .+", said)


def test_subtrees_nested_too_deeply_are_refused() -> None:
    trees = "".join(f"<BehaviorTree ID='T{i}'><SubTree ID='T{i + 1}'/></BehaviorTree>" for i in range(300))
    last = "<BehaviorTree ID='T300'><Holding object='a'/></BehaviorTree>"
    with pytest.raises(InputError, match="257 subtrees inside each other; allowed: 256"):
        parse_mission(mission("<SubTree ID='T0'/>", trees + last), "m.xml")


def test_a_mission_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"mission 'sort_tabel' cannot be read: No such file.*did you mean 'sort_table'"
    ):
        load_mission("sort_tabel")
    (tmp_path / "m.xml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="it is not UTF-8 text"):
        load_mission(tmp_path / "m.xml")


def test_the_shipped_missions_run_on_the_shipped_robot() -> None:
    known = Workcell.of(load_robot("arm7")).known_names
    assert "sort_table" in shipped_missions()
    for name in shipped_missions():
        assert load_mission(name, known).root.children


def test_names_are_not_checked_where_the_robot_is_not_known() -> None:
    assert parse_mission(mission("<Place bin='anywhere'/>"), "m.xml").root.inputs == {"bin": "anywhere"}


def test_literals_reach_the_leaves_through_subtrees_and_are_converted() -> None:
    plan = parse_mission(
        mission(
            "<SubTree ID='A' what='cube' limit='12'/>",
            "<BehaviorTree ID='A'><SubTree ID='B' thing='{what}' seconds='{limit}'/></BehaviorTree>"
            "<BehaviorTree ID='B'><Pick object='{thing}' timeout_s='{seconds}'/></BehaviorTree>",
        ),
        "m.xml",
    )
    leaf = plan.root.children[0].children[0]
    assert leaf.inputs == {"object": "cube", "timeout_s": 12.0}
    assert (leaf.name, leaf.path) == ("Pick cube", "0.0.0")


def test_the_same_subtree_twice_has_variables_of_its_own_each_time() -> None:
    body = "<Sequence><SubTree ID='A' what='x'/><SubTree ID='A' what='y'/></Sequence>"
    inner = "<BehaviorTree ID='A'><LocateObject object='{what}' position='{where}'/></BehaviorTree>"
    plan = parse_mission(mission(body, inner), "m.xml")
    assert sorted(plan.variables) == ["/mission/data/0.0.0/where", "/mission/data/0.1.0/where"]
    assert all(isinstance(variable, Variable) for variable in plan.variables.values())


def test_a_variable_passed_into_a_subtree_is_the_callers() -> None:
    body = "<Sequence><SubTree ID='A' out='{where}'/></Sequence>"
    inner = "<BehaviorTree ID='A'><LocateObject object='x' position='{out}'/></BehaviorTree>"
    plan = parse_mission(mission(body, inner), "m.xml")
    assert list(plan.variables) == ["/mission/data/0/where"]


def test_a_name_in_the_file_is_the_name_of_the_node() -> None:
    plan = parse_mission(mission("<Sequence name='all'><Pick name='take it' object='a'/></Sequence>"), "m.xml")
    assert (plan.root.name, plan.root.children[0].name) == ("all", "take it")


def test_the_text_of_a_shipped_mission_can_be_sent() -> None:
    path, text = mission_text("sort_table")
    assert path.endswith("sort_table.xml")
    assert parse_mission(text, path).name == "SortTable"
