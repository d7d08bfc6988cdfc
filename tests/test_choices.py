"""The choices of a block and of its place: what each means, and which are refused."""

import re

import numpy as np
import pytest

from senet_np.layers import ECA, SE
from senet_np.nets import NETS, POSITIONS, Choices, inception, resnet, tiny, vgg
from senet_np.nets.attention import Attach
from senet_np.se import GATE
from senet_np.variants import BLOCKS

STRAIGHT = [tiny, vgg, inception]
every_straight_net = pytest.mark.parametrize("net", STRAIGHT, ids=lambda net: net.__name__)
every_net = pytest.mark.parametrize("net", [*STRAIGHT, resnet], ids=lambda net: net.__name__)
WRONG = {"squeeze": "sum", "gate": "softmax", "excite": "attention", "position": "inside"}
KNOWN = {"squeeze": [*BLOCKS], "gate": [*GATE], "excite": ["fc", "eca"], "position": [*POSITIONS]}


@pytest.mark.parametrize("name", WRONG)
def test_a_choice_that_does_not_exist_is_named_beside_those_that_do(name):
    message = f"{name} is '{WRONG[name]}', expected one of {KNOWN[name]}"
    with pytest.raises(ValueError, match=rf"^{re.escape(message)}$"):
        Choices(**{name: WRONG[name]})


@every_net
@pytest.mark.parametrize("se", [True, False], ids=["with SE", "without SE"])
def test_a_net_refuses_a_choice_that_does_not_exist_even_if_it_has_no_blocks(net, se):
    with pytest.raises(ValueError, match="squeeze is 'sum'"):
        net(se, squeeze="sum")


@every_net
def test_a_net_refuses_a_choice_of_another_name(net):
    with pytest.raises(TypeError, match="sqeeze"):
        net(sqeeze="max")


@pytest.mark.parametrize("squeeze", ["max", "none", "avg+max"])
def test_eca_squeezes_by_the_average_alone(squeeze):
    with pytest.raises(ValueError, match=rf"^excite is 'eca' and squeeze '{re.escape(squeeze)}': ECA squeezes by"):
        Choices(excite="eca", squeeze=squeeze)


@every_straight_net
@pytest.mark.parametrize("position", ["pre", "post", "identity"])
def test_a_place_on_a_residual_block_is_refused_by_a_net_that_has_none(net, position):
    with pytest.raises(ValueError, match=rf"^position is '{position}', .*residual.*: choose a residual network"):
        net(position=position)


@pytest.mark.parametrize("position", POSITIONS)
def test_a_residual_net_takes_every_position(position):
    assert resnet(position=position, widths=(4,), blocks=1)


def test_the_table_of_nets_says_which_of_them_are_residual():
    assert {name for name, net in NETS.items() if net.residual} == {name for name in NETS if "resnet" in name}


@every_net
@pytest.mark.parametrize("asked", [(0,), (-1,), (4,), (1, 2, 5)])
def test_a_stage_that_does_not_exist_is_refused(net, asked):
    message = f"stages are {[*asked]}, expected numbers from 1 to 3: this network has no others"
    with pytest.raises(ValueError, match=rf"^{re.escape(message)}$"):
        net(widths=(16, 16, 16), stages=asked)


@every_net
def test_a_stage_may_be_the_first_or_the_last(net):
    assert net(widths=(16, 16, 16), stages=(1, 3))


@pytest.mark.parametrize("squeeze", BLOCKS)
def test_the_block_is_an_se_block_with_the_choices(squeeze):
    block = Choices(r=8, squeeze=squeeze, gate="tanh", bias=False).block(64)
    assert isinstance(block, SE)
    assert (block.squeeze, block.gate) == (squeeze, "tanh")
    assert {name: a.shape for name, a in block.init(np.random.default_rng(0))[0].items()} == {
        "w1": (64, 8), "w2": (8, 64)
    }  # fmt: skip


def test_the_block_is_an_eca_block_where_that_is_the_choice():
    block = Choices(excite="eca", gate="relu").block(128)
    assert isinstance(block, ECA)
    assert (block.c, block.k, block.gate) == (128, 5, "relu")


def test_by_default_it_is_the_papers_block_with_a_reduction_of_4():
    assert Choices() == Choices(4, "avg", "sigmoid", True, "fc", "standard", ())


def test_a_block_stands_at_its_stages_and_its_position_alone():
    se_at = Attach(True, 3, {"stages": (1, 3), "position": "post"}, POSITIONS)
    found = [(stage, place) for stage in (1, 2, 3) for place in POSITIONS if se_at(stage, 8, place)]
    assert found == [(1, "post"), (3, "post")]


def test_without_stages_a_block_stands_in_all():
    se_at = Attach(True, 3, {})
    assert [[name for name, _ in se_at(stage, 8)] for stage in (1, 2, 3)] == [["se"]] * 3


def test_without_se_there_is_no_block_anywhere():
    se_at = Attach(False, 3, {"stages": (1,)}, POSITIONS)
    assert [se_at(stage, 8, place) for stage in (1, 2, 3) for place in POSITIONS] == [[]] * 12


def test_each_place_has_a_block_of_its_own():
    se_at = Attach(True, 1, {})
    assert se_at(1, 8)[0][1] is not se_at(1, 8)[0][1]
