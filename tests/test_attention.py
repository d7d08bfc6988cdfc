"""The settings of an attention block and of its place: what each means, and which values are refused."""

import re

import numpy as np
import pytest

from senet_np.layers import ECA, SE
from senet_np.nets import NETS, AttentionSettings, inception, resnet, sprint, tiny, vgg
from senet_np.nets.attention import POSITIONS, Attach
from senet_np.se import GATE
from senet_np.variants import BLOCKS

STRAIGHT = [tiny, vgg, inception, sprint]
every_straight_net = pytest.mark.parametrize("net", STRAIGHT, ids=lambda net: net.__name__)
every_net = pytest.mark.parametrize("net", [*STRAIGHT, resnet], ids=lambda net: net.__name__)
WRONG = {"squeeze": "sum", "gate": "softmax", "attention": "fc", "position": "inside"}
KNOWN = {"squeeze": [*BLOCKS], "gate": [*GATE], "attention": ["se", "eca"], "position": [*POSITIONS]}


@pytest.mark.parametrize("name", WRONG)
def test_a_value_that_does_not_exist_is_named_beside_those_that_do(name):
    message = f"{name} is '{WRONG[name]}', expected one of {', '.join(KNOWN[name])}"
    with pytest.raises(ValueError, match=rf"^{re.escape(message)}$"):
        AttentionSettings(**{name: WRONG[name]})


@pytest.mark.parametrize("reduction", [0, 2.0, True, 4097])
def test_a_reduction_is_a_whole_number_from_1(reduction):
    with pytest.raises(ValueError, match=rf"^reduction is {reduction}, expected a whole number from 1 to 4,096$"):
        AttentionSettings(reduction=reduction)


def test_biases_are_there_or_not():
    with pytest.raises(ValueError, match=r"^se_bias is 1, expected true or false$"):
        AttentionSettings(se_bias=1)


@every_net
@pytest.mark.parametrize("se", [True, False], ids=["with SE", "without SE"])
def test_a_net_refuses_a_value_that_does_not_exist_even_if_it_has_no_blocks(net, se):
    with pytest.raises(ValueError, match="squeeze is 'sum'"):
        net(se, squeeze="sum")


@every_net
def test_a_net_refuses_a_setting_of_another_name(net):
    with pytest.raises(ValueError, match=r"^there is no setting 'sqeeze', expected some of attention, .*squeeze"):
        net(sqeeze="max")


@pytest.mark.parametrize("squeeze", ["max", "none", "avg+max"])
def test_eca_squeezes_by_the_average_alone(squeeze):
    with pytest.raises(ValueError, match=rf"^attention is 'eca' and squeeze '{re.escape(squeeze)}': ECA squeezes by"):
        AttentionSettings(attention="eca", squeeze=squeeze)


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
@pytest.mark.parametrize("stages", [(4,), (1, 2, 5)])
def test_a_stage_that_a_net_does_not_have_is_refused(net, stages):
    message = f"stages are {[*stages]}, expected numbers from 1 to 3: this network has no others"
    with pytest.raises(ValueError, match=rf"^{re.escape(message)}$"):
        net(widths=(16, 16, 16), stages=stages)


@pytest.mark.parametrize("stages", [(0,), (-1,), (1.0,), 2, "1"])
def test_stages_are_a_list_of_numbers_from_1(stages):
    message = f"stages is {stages!r}, expected a list of 0 to 100 whole numbers from 1 to 100"
    with pytest.raises(ValueError, match=rf"^{re.escape(message)}$"):
        AttentionSettings(stages=stages)


def test_stages_have_neither_order_nor_repetition():
    assert AttentionSettings(stages=[3, 1, 3]) == AttentionSettings(stages=(1, 3))


@every_net
def test_a_stage_may_be_the_first_or_the_last(net):
    assert net(widths=(16, 16, 16), stages=(1, 3))


@pytest.mark.parametrize("squeeze", BLOCKS)
def test_the_block_is_an_se_block_with_the_settings(squeeze):
    block = AttentionSettings(reduction=8, squeeze=squeeze, gate="tanh", se_bias=False).block(64)
    assert isinstance(block, SE)
    assert (block.squeeze, block.gate) == (squeeze, "tanh")
    assert {name: a.shape for name, a in block.init(np.random.default_rng(0))[0].items()} == {
        "w1": (64, 8), "w2": (8, 64)
    }  # fmt: skip


def test_the_block_is_an_eca_block_where_the_attention_is_eca():
    block = AttentionSettings(attention="eca", gate="relu").block(128)
    assert isinstance(block, ECA)
    assert (block.channels, block.kernel_size, block.gate) == (128, 5, "relu")


def test_by_default_it_is_the_papers_block_with_a_reduction_of_4():
    assert AttentionSettings() == AttentionSettings("se", 4, "avg", "sigmoid", True, "standard", ())


def test_a_block_stands_at_its_stages_and_its_position_alone():
    attach = Attach(True, 3, {"stages": (1, 3), "position": "post"}, POSITIONS)
    found = [(stage, place) for stage in (1, 2, 3) for place in POSITIONS if attach(stage, 8, place)]
    assert found == [(1, "post"), (3, "post")]


def test_without_stages_a_block_stands_in_all():
    attach = Attach(True, 3, {})
    assert [[name for name, _ in attach(stage, 8)] for stage in (1, 2, 3)] == [["se"]] * 3


def test_without_se_there_is_no_block_anywhere():
    attach = Attach(False, 3, {"stages": (1,)}, POSITIONS)
    assert [attach(stage, 8, place) for stage in (1, 2, 3) for place in POSITIONS] == [[]] * 12


def test_each_place_has_a_block_of_its_own():
    attach = Attach(True, 1, {})
    assert attach(1, 8)[0][1] is not attach(1, 8)[0][1]
