"""The table of a network's layers, and what SE adds: every count is made a second time, in another way."""

import numpy as np
import pytest

from senet_np import fast
from senet_np.bench.nets import convolution_flops
from senet_np.cli import main
from senet_np.layers import ECA, SE, Stateless
from senet_np.nets import NETS
from senet_np.nets.describe import added_by_se, count_parameters, describe, equation_5, multiply_adds
from senet_np.se import hidden_width
from senet_np.tree import tree_items, tree_size
from senet_np.variants import BLOCKS

every_net = pytest.mark.parametrize("name", NETS)
KINDS = [*({"squeeze": squeeze} for squeeze in BLOCKS), {"se_bias": False}, {"attention": "eca"}]
SIDES = (32, 16, 8)


NARROW = {name: {"widths": (8, 8, 12, 12)} for name in NETS if name.startswith("resnet50")}  # to take less time
NARROW["mobilenet_v3_small"] = {"width": 0.25}


def build(name, se=True, **attention):
    return NETS[name].build(se, **NARROW.get(name, {}), **attention)


def start(net):
    return *net.init(np.random.default_rng(0)), np.zeros((1, 32, 32, 3), np.float32)


def products_of_a_block(c, side):
    return 2 * c * (c // 4) + side * side * c


def run(capsys, *words):
    assert main(["describe", *words]) == 0
    return capsys.readouterr().out.splitlines()


@every_net
@pytest.mark.parametrize("se", [True, False], ids=["with SE", "without SE"])
def test_the_layers_parameters_are_those_of_the_network_path_by_path(name, se):
    net = build(name, se)
    params, _, _ = start(net)
    sizes = {}
    for path, array in tree_items(params):
        layer = path.rpartition(".")[0]
        sizes[layer] = sizes.get(layer, 0) + array.size
    rows = describe(net)
    assert {row.path: row.parameters for row in rows if row.parameters} == sizes
    assert sum(row.parameters for row in rows) == count_parameters(net) == tree_size(params)


@every_net
def test_every_layer_has_a_path_of_its_own_and_the_last_one_is_what_the_network_returns(name):
    net = build(name)
    rows = describe(net)
    assert len({row.path for row in rows}) == len(rows)
    assert rows[-1].shape == net.forward(*start(net), False)[0].shape[1:]


def test_the_shapes_are_those_that_the_nets_page_draws():
    shapes = {row.path: row.shape for row in describe(build("inception"))}
    assert shapes["stage1.pool"] == (16, 16, 64)
    assert shapes["stage1.module1.branches.five.unit.conv"] == (16, 16, 16)
    assert shapes["stage2.module2.branches"] == (8, 8, 256)
    assert shapes["head.pool"] == (256,)


@pytest.mark.parametrize("se", [True, False], ids=["with SE", "without SE"])
def test_the_tiny_nets_multiply_adds_are_those_of_a_calculation_by_hand(se):
    convs = 9 * (32**2 * 3 * 32 + 16**2 * 32 * 64 + 8**2 * 64 * 128)
    blocks = sum(products_of_a_block(c, side) for c, side in zip((32, 64, 128), SIDES, strict=True))
    assert multiply_adds(build("tiny", se)) == convs + se * blocks + 128 * 10


@pytest.mark.parametrize("se", [True, False], ids=["with SE", "without SE"])
def test_resnet20s_multiply_adds_are_those_of_a_calculation_by_hand(se):
    total, c_in = 32**2 * 27 * 16 + 64 * 10, 16
    for c, side in zip((16, 32, 64), SIDES, strict=True):
        total += side**2 * (9 * c_in * c + 5 * 9 * c * c)  # three blocks of two convolutions
        total += side**2 * c_in * c if c > c_in else 0  # the projection on the shortcut
        total += se * 3 * products_of_a_block(c, side)
        c_in = c
    assert multiply_adds(build("resnet20", se)) == total


@every_net
def test_the_convolutions_multiply_adds_are_the_products_that_the_op_really_forms(name, monkeypatch):
    net, formed = build(name), []
    rows, arguments, conv2d = describe(net), start(net), fast.conv2d_forward

    def count(x, w, *rest):
        y, cache = conv2d(x, w, *rest)
        formed.append(y[..., 0].size * w.size)
        return y, cache

    monkeypatch.setattr(fast, "conv2d_forward", count)
    net.forward(*arguments, False)
    assert [row.multiply_adds for row in rows if row.what.startswith("conv ")] == formed
    monkeypatch.undo()
    left_out = 2 * formed[0] + formed[1] if name == "sprint" else formed[0]  # what no gradient needs
    assert convolution_flops(net, 1) == 2 * (3 * sum(formed) - left_out)


@pytest.mark.parametrize("attention", KINDS, ids=str)
def test_the_other_multiply_adds_are_the_products_that_the_ops_really_form(attention, monkeypatch):
    net, formed = build("resnet20", **attention), []
    rows, arguments = describe(net), start(net)
    linear, scale = fast.linear_forward, fast.channel_scale_forward
    monkeypatch.setattr(fast, "linear_forward", lambda x, w, b: formed.append(len(x) * w.size) or linear(x, w, b))
    monkeypatch.setattr(fast, "channel_scale_forward", lambda u, s: formed.append(u.size) or scale(u, s))
    net.forward(*arguments, False)
    kernels = sum(row.shape[-1] * row.layer.kernel_size for row in rows if isinstance(row.layer, ECA))  # not by an op
    assert sum(row.multiply_adds for row in rows if "conv" not in row.what) == sum(formed) + kernels


@pytest.mark.parametrize("attention", KINDS, ids=str)
@every_net
def test_what_se_adds_is_the_difference_from_the_same_net_without_it(name, attention):
    added, with_se, without = added_by_se(build(name, **attention)), build(name, **attention), build(name, False)
    assert added.parameters == count_parameters(with_se) - count_parameters(without)
    assert added.multiply_adds == multiply_adds(with_se) - multiply_adds(without)


@pytest.mark.parametrize("position", ["standard", "pre", "post", "identity"])
def test_what_se_adds_is_right_at_every_position(position):
    net = build("resnet20", position=position)
    assert added_by_se(net).parameters == count_parameters(net) - count_parameters(build("resnet20", False))
    assert len(added_by_se(net).channels) == 9


@pytest.mark.parametrize("reduction", [1, 2, 3, 4, 5, 8, 16, 32])
@every_net
def test_without_biases_se_adds_exactly_equation_5_where_h_is_c_over_r_and_nowhere_else(name, reduction):
    added = added_by_se(build(name, reduction=reduction, se_bias=False))
    multiple = 8 if name == "mobilenet_v3_small" else 1
    assert added.hidden == tuple(hidden_width(c, reduction, multiple) for c in added.channels)
    divides = all(c == reduction * h for c, h in zip(added.channels, added.hidden, strict=True))
    assert (added.parameters == equation_5(added.channels, reduction)) == divides


@pytest.mark.parametrize("name", [name for name in NETS if name != "mobilenet_v3_small"])  # its h is rounded
def test_with_biases_it_is_more_by_h_plus_c_per_block(name):
    added = added_by_se(build(name, reduction=4))
    assert added.parameters - equation_5(added.channels, 4) == sum(added.channels) + sum(added.hidden) == added.biases


def test_equation_5_of_the_papers_se_resnet_50_is_2_5_million():
    stages = {256: 3, 512: 4, 1024: 6, 2048: 3}
    assert equation_5((c for c, n in stages.items() for _ in range(n)), 16) == 2_514_944


class Softplus(Stateless):
    """A layer that describe.py does not know."""

    pair = fast.relu_forward, fast.relu_backward


def test_a_layer_that_cannot_be_counted_is_refused():
    net = build("tiny")
    net.parts["stage2"] = Softplus()
    with pytest.raises(ValueError, match=r"layer 'stage2' is a Softplus .* add its name and its products there"):
        describe(net)


@every_net
def test_the_command_prints_every_layer_in_115_columns_and_sums_that_agree(name, capsys):
    widths = NARROW.get(name, {}).get("widths", ())
    net = NETS[name].build(**({"widths": widths} if widths else {}))
    lines = run(
        capsys, "--net", name, "--image-size=32", *(f"--widths={','.join(map(str, widths))}" for _ in widths[:1])
    )
    (total,) = [line for line in lines if line.startswith("total")]
    assert total.split()[1:] == [f"{count_parameters(net):,}", f"{multiply_adds(net):,}"]
    paths = [row.path for row in describe(net)]
    assert [line.split()[0] for line in lines[3 : 3 + len(paths)]] == paths
    assert max(map(len, lines)) <= 115
    assert lines[-1].startswith("multiply-adds: products of")


def test_every_line_of_the_table_is_as_wide_as_the_others(capsys):
    lines = run(capsys, "--net", "resnet20")
    table = lines[2 : lines.index("", 2)]
    assert len({len(line) for line in table}) == 1


def test_the_command_sets_what_se_adds_beside_the_papers_count(capsys):
    text = "\n".join(run(capsys, "--net", "resnet20"))
    for number in ("8,484", "8,064", "420", "94,080", "3.11 % of the 272,474"):
        assert f" {number} " in text
    assert "2/4 · (3·16² + 3·32² + 3·64²)" in text


def test_where_h_is_not_c_over_r_the_command_says_so(capsys):
    rounded = run(capsys, "--net", "resnet20", "--reduction", "16")
    assert "the number of hidden units is rounded where C is 16" in "\n".join(rounded)
    assert "C/4 hidden units everywhere" in "\n".join(run(capsys, "--no-se-bias"))


def test_without_se_no_row_is_a_block_and_the_command_says_what_se_would_add(capsys):
    lines = run(capsys, "--net", "resnet20", "--no-se")
    assert not [line for line in lines if line.split(" ")[0].endswith(".se")]
    assert "SE would add, in 9 blocks:" in lines
    assert any(line.startswith("  parameters            8,484 ") for line in lines)
    assert not [row for row in describe(build("resnet20", False)) if isinstance(row.layer, (SE, ECA))]


def test_eca_is_named_and_has_no_biases_to_explain(capsys):
    text = "\n".join(run(capsys, "--attention", "eca"))
    assert "ECA adds, in 3 blocks:" in text
    assert "ECA has no FCs" in text


@pytest.mark.parametrize("words", [["--position", "pre"], ["--net", "vgg", "--no-se", "--position", "post"]])
def test_a_position_on_a_net_without_shortcuts_is_one_line_and_exit_status_2(words, capsys):
    assert main(["describe", *words]) == 2
    out, err = capsys.readouterr()
    assert "this network has none: choose a residual network" in err
    assert (out, err.count("\n")) == ("", 1)
