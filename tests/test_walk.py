"""The one walk over a network: its steps in the order of computation, and the numbers of a forward pass bit for bit."""

import copy
import weakref

import numpy as np
import pytest
from pairs import arrays_in, same

from senet_np.containers import BlockCache, Concat, Residual, Sequential, se_caches, trace, walk
from senet_np.layers import BatchNorm, ReLU
from senet_np.nets import NETS, inception, resnet, tiny, vgg
from senet_np.nets.attention import POSITIONS
from senet_np.tree import tree_at
from senet_np.variants import BLOCKS

EVERY = {name: NETS[name].build(widths=(16, 20)) for name in ("tiny", "vgg", "inception", "resnet20", "sprint")}
EVERY |= {f"tiny, {squeeze}": tiny(widths=(4, 6), squeeze=squeeze) for squeeze in BLOCKS}
EVERY |= {f"resnet, {place}": resnet(widths=(4, 6), blocks=1, position=place) for place in POSITIONS}
EVERY |= {"inception, ECA": inception(widths=(16,), attention="eca"), "vgg without SE": vgg(se=False, widths=(4, 6))}
every_net = pytest.mark.parametrize("net", EVERY.values(), ids=EVERY)
training_and_evaluation = pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])


def start(net):
    """The net's params and state, moved a little so that no two layers have the same, and images."""
    rng = np.random.default_rng(0)
    params, state = net.init(rng)
    for array in arrays_in((params, state)):
        array += rng.uniform(0, 0.1, array.shape).astype(np.float32)
    return params, state, rng.standard_normal((3, 8, 12, 3)).astype(np.float32)


def inputs(net):
    """{path of each node: numbers of the nodes whose outputs it takes}, in order."""
    return {node.path: node.inputs for node in walk(net)}


class Noting:
    """Runs another layer, and notes its path when it does."""

    def __init__(self, layer, path, notes):
        self.layer, self.path, self.notes = layer, path, notes

    def forward(self, params, state, x, training):
        self.notes.append(self.path)
        return self.layer.forward(params, state, x, training)


def with_parts(layer, change, path=""):
    """The same network with change(layer, path) in place of each layer without parts."""
    if not hasattr(layer, "parts"):
        return change(layer, path)
    other = copy.copy(layer)
    other.parts = {n: with_parts(part, change, f"{path}.{n}" if path else n) for n, part in layer.parts.items()}
    return other


# What there is to compute


@every_net
def test_the_layers_come_in_the_order_in_which_forward_runs_them(net):
    notes = []
    with_parts(net, lambda layer, path: Noting(layer, path, notes)).forward(*start(net), False)
    assert [node.path for node in walk(net) if not isinstance(node.layer, (Residual, Concat))] == notes


@every_net
def test_a_node_has_the_layer_at_its_path(net):
    for node in walk(net):
        layer = net
        for name in node.path.split("."):
            layer = layer.parts[name]
        assert node.layer is layer


@every_net
def test_a_node_takes_only_what_is_computed_before_it(net):
    nodes = walk(net)
    assert all(-1 <= source < number for number, node in enumerate(nodes) for source in node.inputs)


@every_net
def test_every_output_but_the_last_is_taken_by_some_node(net):
    nodes = walk(net)
    assert {source for node in nodes for source in node.inputs} == {*range(-1, len(nodes) - 1)}


def test_a_layer_by_itself_is_one_node_with_an_empty_path():
    assert inputs(ReLU()) == {"": (-1,)}


def test_in_a_chain_each_layer_takes_the_one_before():
    net = Sequential([("a", ReLU()), ("b", Sequential([("c", ReLU()), ("d", ReLU())])), ("e", ReLU())])
    assert inputs(net) == {"a": (-1,), "b.c": (0,), "b.d": (1,), "e": (2,)}


def test_an_identity_shortcut_joins_the_branch_with_what_the_branch_takes():
    branch = Sequential([("b", ReLU()), ("c", ReLU())])
    net = Sequential([("a", ReLU()), ("res", Residual(branch)), ("d", ReLU())])
    assert inputs(net) == {"a": (-1,), "res.branch.b": (0,), "res.branch.c": (1,), "res": (2, 0), "d": (3,)}


def test_a_projection_takes_what_the_branch_takes():
    net = Sequential([("a", ReLU()), ("res", Residual(ReLU(), Sequential([("conv", ReLU())])))])
    assert inputs(net) == {"a": (-1,), "res.branch": (0,), "res.shortcut.conv": (0,), "res": (1, 2)}


def test_all_parts_of_a_concat_take_the_same_and_are_joined_in_order():
    parts = {"one": ReLU(), "two": Sequential([("b", ReLU()), ("c", ReLU())]), "three": ReLU()}
    net = Sequential([("a", ReLU()), ("all", Concat(parts))])
    assert inputs(net) == {
        **{"a": (-1,), "all.one": (0,), "all.two.b": (0,), "all.two.c": (2,), "all.three": (0,)},
        "all": (1, 3, 4),
    }


def test_a_residual_layer_inside_a_concat_is_joined_before_it():
    net = Concat({"one": Residual(ReLU()), "two": ReLU()})
    assert inputs(net) == {"one.branch": (-1,), "one": (0, -1), "two": (-1,), "": (1, 2)}


def test_an_empty_branch_is_its_input():
    x = np.ones((1, 2, 2, 3))
    (only,) = trace(Residual(Sequential([])), {}, {}, x)
    assert np.array_equal(only.output, 2 * x)


# Computing it


@training_and_evaluation
@every_net
def test_the_last_output_is_that_of_forward_bit_for_bit(net, training):
    arguments = start(net)
    *_, last = trace(net, *arguments, training)
    assert np.array_equal(last.output, net.forward(*arguments, training)[0])


@training_and_evaluation
@every_net
def test_the_blocks_caches_are_those_of_forward(net, training):
    arguments = start(net)
    ours = {s.node.path: s.cache.s for s in trace(net, *arguments, training) if isinstance(s.cache, BlockCache)}
    expected = {path: block.s for path, block in se_caches(net.forward(*arguments, training)[1]).items()}
    assert [*ours] == [*expected]
    assert all(np.array_equal(ours[path], s) for path, s in expected.items())


@every_net
def test_a_step_has_the_layers_own_params_and_state_and_a_join_has_none(net):
    params, state, images = start(net)
    for step in trace(net, params, state, images):
        join = isinstance(step.node.layer, (Residual, Concat))
        assert step.params == ({} if join else tree_at(params, step.node.path))
        assert step.state == ({} if join else tree_at(state, step.node.path))


@every_net
def test_a_trace_changes_neither_params_nor_state_nor_images(net):
    arguments = start(net)
    [*trace(net, *arguments, training=True)]
    assert same([*arrays_in(arguments)], [*arrays_in(start(net))])


class Gates:
    """Stands for a block: multiplies by a constant, and notes what it is given."""

    def forward(self, params, state, x, training):
        self.given = params, state, training
        return x * x.dtype.type(0.5), None, state


@every_net
def test_a_replaced_layer_runs_in_place_of_the_one_at_its_path(net):
    arguments, path = start(net), next(node.path for node in walk(net) if isinstance(node.layer, ReLU))
    *_, last = trace(net, *arguments, replace={path: Gates()})
    other = with_parts(net, lambda layer, here: Gates() if here == path else layer)
    assert np.array_equal(last.output, other.forward(*arguments, False)[0])


def test_what_is_computed_before_a_replaced_layer_stays_the_same():
    net = tiny(widths=(4, 6))
    arguments = start(net)
    steps = zip(trace(net, *arguments), trace(net, *arguments, replace={"stage2.se": Gates()}), strict=True)
    equal = {ours.node.path: np.array_equal(ours.output, other.output) for ours, other in steps}
    assert [path for path in equal if not equal[path]] == ["stage2.se", "head.pool", "head.fc"]


def test_a_replaced_layer_gets_the_originals_params_and_state():
    net = Sequential([("bn", BatchNorm(3)), ("relu", ReLU())])
    (params, state, images), gates = start(net), Gates()
    [*trace(net, params, state, images, True, {"bn": gates})]
    assert gates.given == (params["bn"], state["bn"], True)


def outputs_alive(net, *arguments):
    """For each step of a trace, the numbers of the steps whose outputs are still in memory."""
    outputs, alive = [], []
    for step in trace(net, *arguments):
        outputs.append(weakref.ref(step.output))
        alive.append({number for number, output in enumerate(outputs) if output() is not None})
    return alive


def test_in_a_chain_only_a_layers_input_and_output_are_in_memory():
    net = Sequential([(name, ReLU()) for name in "abcde"])
    assert outputs_alive(net, {}, {}, np.ones((1, 2, 2, 3))) == [{0}, {0, 1}, {1, 2}, {2, 3}, {3, 4}]


def test_what_a_shortcut_takes_is_in_memory_until_the_sum_and_no_longer():
    branch = Sequential([(name, ReLU()) for name in "bcd"])
    net = Sequential([("a", ReLU()), ("res", Residual(branch)), ("e", ReLU()), ("f", ReLU())])
    alive = outputs_alive(net, {}, {}, np.ones((1, 2, 2, 3)))
    assert [0 in numbers for numbers in alive] == [True] * 5 + [False] * 2


def test_a_path_where_no_layer_is_cannot_be_replaced():
    net = Sequential([("relu", ReLU())])
    with pytest.raises(ValueError, match=r"replace names \['se'\], expected paths of layers: \['relu'\]"):
        [*trace(net, {}, {}, np.ones((1, 2, 2, 3)), replace={"se": ReLU()})]
